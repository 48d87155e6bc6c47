"""The photo queue: inspect every original that lands in the bucket."""

import json
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.bootstrap import Services, ports_of
from chalicelib.handlers.batch import Record, message_id, process
from chalicelib.observability import count, logger
from chalicelib.ports import MediaMissing
from chalicelib.usecases.submit_evidence import inspect_photo


def on_photo(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        # S3 sends a test event without "Records" when the notification is set up.
        for one in json.loads(record["body"]).get("Records", []):
            _inspect(unquote_plus(one["s3"]["object"]["key"]), services)

    return process(event["Records"], work, stage="photo", identify=message_id, ordered=False)


def _inspect(key: str, services: Services) -> None:
    home, seen = services.home_of_key(key)
    try:
        photo = inspect_photo(seen, **ports_of(inspect_photo, home))
    except MediaMissing:
        # Deleted before we came: there is nothing to judge, and trying again brings nothing back.
        logger.warning("photo object is gone")
        return
    if photo is None:
        logger.warning("object nobody announced")
        return
    logger.set_correlation_id(photo.correlation_id)
    count("Photo", state=photo.state.value)
    logger.info("photo judged", extra={"state": photo.state.value, "reason": photo.reason})
