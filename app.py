"""Registers blueprints and event handlers; nothing else."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.api import (
    alarm_kpis,
    audit,
    bridges,
    catalogue,
    chain,
    chain_gain,
    chain_plans,
    channels,
    checklists,
    commands,
    completeness,
    consequences,
    courses,
    credit_files,
    crew,
    dashboard,
    data_quality,
    drills,
    emergency,
    enterprises,
    exchange,
    foresight,
    hazards,
    inbox,
    inspections,
    instruments,
    laws,
    maintenance,
    me,
    modules,
    observations,
    privacy,
    readings,
    registry,
    scores,
    shelvings,
    snapshots,
    sync,
    targets,
    tasks,
    units,
    visits,
    warnings,
    weather,
    what_if,
)
from chalicelib.bootstrap import services

app = Chalice(app_name="green-shield")
for part in (
    readings,
    bridges,
    enterprises,
    scores,
    consequences,
    units,
    checklists,
    completeness,
    data_quality,
    warnings,
    observations,
    laws,
    tasks,
    crew,
    hazards,
    visits,
    sync,
    shelvings,
    maintenance,
    alarm_kpis,
    audit,
    commands,
    inbox,
    channels,
    me,
    modules,
    registry,
    instruments,
    catalogue,
    weather,
    what_if,
    foresight,
    chain,
    chain_gain,
    chain_plans,
    courses,
    drills,
    privacy,
    credit_files,
    dashboard,
    emergency,
    targets,
    exchange,
    inspections,
    snapshots,
):
    app.register_blueprint(part.api)


# The ARNs below are placeholders: chalice wants a string, and the template puts the real source in its place.
@app.on_dynamodb_record(stream_arn="arn:placeholder", name="evaluate", starting_position="TRIM_HORIZON")
def evaluate(event: DynamoDBEvent) -> dict[str, Any]:
    from chalicelib.handlers.on_block import on_block

    return on_block(event.to_dict(), services())


@app.on_dynamodb_record(stream_arn="arn:placeholder", name="relay", starting_position="TRIM_HORIZON")
def relay(event: DynamoDBEvent) -> dict[str, Any]:
    from chalicelib.handlers.on_event import on_event

    return on_event(event.to_dict(), services())


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:push", name="push")
def push(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.handlers.on_push import on_push

    return on_push(event.to_dict(), services())


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:photo", name="photo")
def photo(event: SQSEvent) -> dict[str, Any]:
    from chalicelib.handlers.on_photo import on_photo

    return on_photo(event.to_dict(), services())


@app.schedule(Rate(1, unit=Rate.MINUTES), name="clock")
def clock(event: CloudWatchEvent) -> None:
    from chalicelib.handlers.on_clock import on_clock

    on_clock(services())


@app.schedule(Rate(1, unit=Rate.HOURS), name="learn")
def learn(event: CloudWatchEvent) -> None:
    from chalicelib.handlers.on_learn import on_learn

    on_learn(services())
