"""The photo queue: inspect every original that lands in the bucket, photo, snapshot or inspection report."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.bootstrap import Services, ports_of
from chalicelib.handlers.batch import Record, message_id, process
from chalicelib.observability import count, logger
from chalicelib.ports import MediaMissing
from chalicelib.usecases.submit_evidence import inspect_photo
from chalicelib.usecases.take_inspection import KEY as INSPECTION
from chalicelib.usecases.take_snapshot import KEY as SNAPSHOT


def on_photo(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        # S3 sends a test event without "Records" when the notification is set up.
        for one in json.loads(record["body"]).get("Records", []):
            key = unquote_plus(one["s3"]["object"]["key"])
            _work_of(key)(key, services)

    return process(event["Records"], work, stage="photo", identify=message_id, ordered=False)


def _work_of(key: str) -> Callable[[str, Services], None]:
    if INSPECTION.match(key):
        return _read
    return _look if SNAPSHOT.match(key) else _inspect


def _look(key: str, services: Services) -> None:
    from chalicelib.usecases.take_snapshot import inspect_snapshot

    try:
        snapshot = inspect_snapshot(key, **ports_of(inspect_snapshot, services))
    except MediaMissing:
        logger.warning("snapshot object is gone")
        return
    if snapshot is None:
        logger.warning("object nobody announced")
        return
    count("Snapshot", state=snapshot.state.value)
    logger.info("snapshot judged", extra={"state": snapshot.state.value, "reason": snapshot.reason})


def _read(key: str, services: Services) -> None:
    from chalicelib.usecases.take_inspection import read_inspection

    try:
        report = read_inspection(key, **ports_of(read_inspection, services))
    except MediaMissing:
        logger.warning("report object is gone")
        return
    if report is None:
        logger.warning("object nobody announced")
        return
    count("Inspection", state=report.state.value)
    logger.info(
        "inspection read", extra={"state": report.state.value, "reason": report.reason, "values": len(report.values)}
    )


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
