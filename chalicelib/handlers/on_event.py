"""The operations table's stream: run the stages that each event starts, as flow.py has them, and those of each task touched."""

from typing import Any

from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.dynamo.rows import row_of_image
from chalicelib.adapters.operations_repos import EVENT_PREFIX
from chalicelib.adapters.rows import Row
from chalicelib.bootstrap import Services, ports_of
from chalicelib.domain.dashboard import Thing, ThingKind, ThingTouched, anchor_of
from chalicelib.domain.events import Event
from chalicelib.domain.field_pack import PhotoJudged, TaskTouched
from chalicelib.flow import stages_on
from chalicelib.handlers.batch import Record, process, stream_sequence
from chalicelib.observability import logger

TASK_PREFIX, PHOTO_PREFIX, SCORE_PREFIX = "TASK#", "PHOTO#", "SCORE#"
# Of a task's partition: the task, and what its pack is made of. Deliveries and the pack itself touch nothing.
TOUCHING = ("TASK", PHOTO_PREFIX, "RETEST#", "RECTIFICATION#", "ANSWER#")
COUNTED = {"TASK": ThingKind.TASK, "WARNING": ThingKind.WARNING, "OBSERVATION": ThingKind.OBSERVATION}  # by sort key


def on_event(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        image = record["dynamodb"].get("NewImage")
        if image is None:  # the row was removed
            return
        home, row = services.home_of(row_of_image(image))
        if row.pk.startswith(TASK_PREFIX) and row.sk.startswith(TOUCHING):
            task_id = row.pk.removeprefix(TASK_PREFIX)
            relay(TaskTouched(task_id), home)
            if (
                row.sk.startswith(PHOTO_PREFIX) and record["eventName"] == "MODIFY"
            ):  # it was announced, and is judged now
                relay(PhotoJudged(task_id, row.body["uploaded_by"]), home)
        elif row.sk.startswith(EVENT_PREFIX) and record["eventName"] == "INSERT":
            logger.set_correlation_id(row.body.get("correlation_id"))
            relay(event_from_body(row.body), home)
        # Last: figures hold nobody up. What is in the room of a drill is in none.
        if home is services and (counted := touched(row)) is not None:
            relay(counted, services)

    return process(event["Records"], work, stage="relay", identify=stream_sequence, ordered=True)


def touched(row: Row) -> ThingTouched | None:
    """What of the dashboard's figures a row is about."""
    if row.pk.startswith(SCORE_PREFIX):
        enterprise_id, _, month = row.pk.removeprefix(SCORE_PREFIX).rpartition("#")
        return ThingTouched(anchor_of(enterprise_id, "", ""), Thing(ThingKind.SCORE, month))
    kind = COUNTED.get(row.sk)
    if kind is None or row.pk.partition("#")[0] != row.sk:
        return None
    body = row.body
    if not body["enterprise_id"] and not body.get("region"):  # of the whole park, and in no figure of a part of it
        return None
    anchor = anchor_of(body["enterprise_id"], body.get("region", ""), body.get("industry", ""))
    return ThingTouched(anchor, Thing(kind, row.pk.partition("#")[2]))


def relay(event: Event | TaskTouched | PhotoJudged | ThingTouched, services: Services) -> None:
    """Run every stage of the relay that this event starts, in flow order, but those of modules that are off: for them it is gone."""
    for stage in stages_on(type(event), "relay"):
        if not services.runs(stage.run.__name__):
            continue
        stage.run(event, **ports_of(stage.run, services))
        logger.info("event relayed", extra={"kind": event.kind, "stage": stage.name})
