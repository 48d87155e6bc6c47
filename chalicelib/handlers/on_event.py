"""The operations table's stream: run the stages that each event starts, as flow.py has them, and those of each task touched."""

from typing import Any

from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.dynamo.rows import row_of_image
from chalicelib.adapters.operations_repos import EVENT_PREFIX
from chalicelib.bootstrap import Services, ports_of
from chalicelib.domain.events import Event
from chalicelib.domain.field_pack import PhotoJudged, TaskTouched
from chalicelib.flow import stages_on
from chalicelib.handlers.batch import Record, process, stream_sequence
from chalicelib.observability import logger

TASK_PREFIX, PHOTO_PREFIX = "TASK#", "PHOTO#"
# Of a task's partition: the task, and what its pack is made of. Deliveries and the pack itself touch nothing.
TOUCHING = ("TASK", PHOTO_PREFIX, "RETEST#", "RECTIFICATION#", "ANSWER#")


def on_event(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        image = record["dynamodb"].get("NewImage")
        if image is None:  # the row was removed
            return
        row = row_of_image(image)
        if row.pk.startswith(TASK_PREFIX) and row.sk.startswith(TOUCHING):
            task_id = row.pk.removeprefix(TASK_PREFIX)
            relay(TaskTouched(task_id), services)
            if (
                row.sk.startswith(PHOTO_PREFIX) and record["eventName"] == "MODIFY"
            ):  # it was announced, and is judged now
                relay(PhotoJudged(task_id, row.body["uploaded_by"]), services)
        elif row.sk.startswith(EVENT_PREFIX) and record["eventName"] == "INSERT":
            logger.set_correlation_id(row.body.get("correlation_id"))
            relay(event_from_body(row.body), services)

    return process(event["Records"], work, stage="relay", identify=stream_sequence, ordered=True)


def relay(event: Event | TaskTouched | PhotoJudged, services: Services) -> None:
    """Run every stage of the relay that this event starts, in flow order, but those of modules that are off: for them it is gone."""
    for stage in stages_on(type(event), "relay"):
        if not services.runs(stage.run.__name__):
            continue
        stage.run(event, **ports_of(stage.run, services))
        logger.info("event relayed", extra={"kind": event.kind, "stage": stage.name})
