"""Phones without a signal: fetch what changed, bring what was done, and decide about what came too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint, field_text
from chalicelib.domain.access import Action
from chalicelib.domain.errors import FieldError, Forbidden, IllegalTransition, InvalidCursor, InvalidRequest, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.api.models.sync import (
        ConflictOut,
        ConflictsOut,
        FieldTaskOut,
        OperationIn,
        OperationOut,
        OperationProblem,
        SyncedOut,
        SyncOut,
    )
    from chalicelib.api.models.why import WhyOut
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.field_operation import FieldOperation, KeptOperation, KeptProblem
    from chalicelib.domain.field_pack import FieldPack
    from chalicelib.usecases.sync_operations import Result

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/sync", summary="What of your tasks has changed, with all that is needed without a signal",
    action=Action.READ_TASK, query="sync.SyncQuery", response="sync.SyncOut", problems=(InvalidCursor,),
)  # fmt: skip
def get_sync(call: Call) -> SyncOut:
    from chalicelib.api.models.checklists import ChecklistOut
    from chalicelib.api.models.sync import ContactOut, SyncOut
    from chalicelib.usecases.read_sync import read_sync

    ports, query = call.services, call.query
    found = read_sync(query.cursor, query.limit, call.person, packs=ports.packs, clock=ports.clock)
    people = {one.id: one for pack in found.packs for one in pack.contacts}
    checklists = {one.name: one for pack in found.packs for one in pack.checklists}
    catalogues: dict[str, Catalogue] = {}
    return SyncOut(
        tasks=[_field_task(call, pack, catalogues) for pack in found.packs],
        gone=list(found.gone),
        people=[ContactOut.model_validate(people[person_id]) for person_id in sorted(people)],
        checklists=[ChecklistOut.model_validate(checklists[name]) for name in sorted(checklists)],
        next_cursor=found.cursor,
        more=found.has_more,
        reset=found.is_reset,
        server_time=ports.clock.now_ms(),
    )


@endpoint(
    api, "POST", "/v1/sync", summary="Bring what was done without a signal: each once, however often it is sent",
    action=Action.READ_TASK, request="sync.SyncIn", response="sync.SyncedOut",
)  # fmt: skip
def post_sync(call: Call) -> SyncedOut:
    from chalicelib.api.models.sync import SyncedOut
    from chalicelib.domain.field_operation import DeviceClock
    from chalicelib.usecases.sync_operations import Batch, sync_operations

    given, ports = call.body, call.services
    read = [_read(call, one) for one in given.operations]
    batch = Batch(given.device_id, given.sent_at, tuple(one for one in read if not isinstance(one, InvalidRequest)))
    results = iter(sync_operations(batch, call.person, field_desk=ports.field_desk))
    now_ms = ports.clock.now_ms()
    clock = DeviceClock(call.person.id, given.device_id, given.sent_at - now_ms, now_ms)
    return SyncedOut(
        results=[
            _malformed(call, sent, one) if isinstance(one, InvalidRequest) else _result(call, next(results))
            for sent, one in zip(given.operations, read, strict=True)
        ],
        clock_skew_ms=clock.skew_ms,
        clock_text=_clock_text(call, clock) if clock.is_wrong else None,
        server_time=now_ms,
    )


@endpoint(
    api, "GET", "/v1/sync/operations/{owner_id}/{operation_id}", summary="What became of an operation",
    action=Action.READ_CONFLICT, response="sync.ConflictOut", problems=(NotFound,),
)  # fmt: skip
def get_operation(call: Call, owner_id: str, operation_id: str) -> ConflictOut:
    from chalicelib.usecases.decide_conflict import see_operation

    ports = call.services
    kept = see_operation(owner_id, operation_id, call.person, operations=ports.operations, tasks=ports.tasks)
    return _conflict(call, kept)


@endpoint(
    api, "GET", "/v1/sync/conflicts", summary="What came too late and waits for a decision, newest first",
    action=Action.READ_CONFLICT, query="sync.ConflictQuery", response="sync.ConflictsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_conflicts(call: Call) -> ConflictsOut:
    from chalicelib.api.models.sync import ConflictsOut
    from chalicelib.usecases import decide_conflict as decide

    ports, query = call.services, call.query
    page = decide.list_conflicts(call.person, query.cursor, query.limit, operations=ports.operations, tasks=ports.tasks)
    return ConflictsOut(items=[_conflict(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "POST", "/v1/sync/operations/{owner_id}/{operation_id}/decision", summary="Apply what came too late, or discard it",
    action=Action.DECIDE_CONFLICT, request="sync.DecisionIn", response="sync.ConflictOut",
    problems=(NotFound, Forbidden, IllegalTransition),
)  # fmt: skip
def post_decision(call: Call, owner_id: str, operation_id: str) -> ConflictOut:
    from chalicelib.usecases.decide_conflict import decide_conflict

    given = call.body
    kept = decide_conflict(
        owner_id, operation_id, given.decision, given.reason, call.person, field_desk=call.services.field_desk
    )
    return _conflict(call, kept)


def _field_task(call: Call, pack: FieldPack, catalogues: dict[str, Catalogue]) -> FieldTaskOut:
    from chalicelib.api.models.checklists import AnswerOut
    from chalicelib.api.models.evidence import RectificationOut
    from chalicelib.api.models.registry import PositionModel
    from chalicelib.api.models.sync import FieldTaskOut
    from chalicelib.api.tasks import photo_view, retest_view, task_view

    position = pack.enterprise.position if pack.enterprise else None
    return FieldTaskOut(
        task=task_view(call, pack.task, pack.enterprise, pack.unit),
        why=_why(call, pack, catalogues),
        position=None if position is None else PositionModel.model_validate(position),
        contacts=[one.id for one in pack.contacts],
        photos=[photo_view(call, one) for one in pack.photos],
        retests=[retest_view(call, one) for one in pack.retests],
        rectifications=[RectificationOut.model_validate(one) for one in pack.rectifications],
        checklists=[one.name for one in pack.checklists],
        answers=[AnswerOut.model_validate(one) for one in pack.answers],
    )


def _why(call: Call, pack: FieldPack, catalogues: dict[str, Catalogue]) -> WhyOut | None:
    from chalicelib.api.why_card import bare
    from chalicelib.domain.downwind import Downwind, Sector, Wind
    from chalicelib.domain.enterprise import Profile
    from chalicelib.usecases.read_why import Why, decided_at_ms

    warning = pack.warning
    if warning is None or pack.enterprise is None:
        return None
    name = warning.why.catalogue_version
    if name not in catalogues:
        current = call.services.catalogues.current()
        catalogues[name] = current if current.version == name else call.services.catalogues.version(name) or current
    rule = next((rule for rule in catalogues[name].rules if rule.id == warning.rule_id), None)
    profile = Profile(pack.enterprise, () if pack.unit is None else (pack.unit,), ())
    unknown = Downwind(pack.enterprise.id, decided_at_ms(warning), False, Sector(Wind.UNKNOWN, 0.0))
    return bare(Why(warning, profile, catalogues[name], rule, {}, (), unknown), call.language, call.services.zone)


def _read(call: Call, sent: OperationIn) -> FieldOperation | InvalidRequest:
    """An operation that is wrong refuses no other of its batch."""
    from chalicelib.api.read_operation import read_operation

    try:
        return read_operation(sent, call.person.id, call.body.device_id)
    except InvalidRequest as error:
        return error


def _malformed(call: Call, sent: OperationIn, error: InvalidRequest) -> OperationOut:
    from chalicelib.api.models.sync import OperationOut
    from chalicelib.domain.field_operation import Outcome

    return OperationOut(
        id=sent.id,
        outcome=Outcome.REFUSED,
        outcome_text=text(f"word.outcome.{Outcome.REFUSED.value}", call.language),
        task_id=sent.task_id,
        problem=_problem(call, error.code, error.errors),
    )


def _result(call: Call, result: Result) -> OperationOut:
    from chalicelib.api.models.evidence import UploadOut
    from chalicelib.api.models.sync import OperationOut

    kept = result.kept
    return OperationOut(
        id=kept.operation.id,
        outcome=kept.outcome,
        outcome_text=text(f"word.outcome.{kept.outcome.value}", call.language),
        task_id=kept.operation.task_id,
        task_version=kept.task_version,
        merged_with=list(kept.merged_with),
        forced=kept.forced,
        problem=_refused(call, kept.refusal),
        upload=None if result.ticket is None else UploadOut.model_validate(result.ticket),
    )


def _problem(call: Call, code: str, errors: Sequence[FieldError]) -> OperationProblem:
    from chalicelib.api.models.sync import OperationProblem
    from chalicelib.api.models.wire import FieldProblem

    wrong = [FieldProblem(field=one.field, code=one.code, detail=field_text(one, call.language)) for one in errors]
    return OperationProblem(code=code, title=text(f"problem.{code}", call.language), errors=wrong)


def _refused(call: Call, refusal: KeptProblem | None) -> OperationProblem | None:
    return (
        None
        if refusal is None
        else _problem(call, refusal.code, [FieldError(field, code, detail) for field, code, detail in refusal.fields])
    )


def _conflict(call: Call, kept: KeptOperation) -> ConflictOut:
    from dataclasses import asdict

    from chalicelib.api.models.sync import ConflictOut
    from chalicelib.domain.field_command import KINDS

    one, ruling = kept.operation, kept.ruling
    owner = call.services.registry.person(one.person_id)
    kind = KINDS[type(one.command)]
    return ConflictOut(
        id=one.id,
        person_id=one.person_id,
        person_name=one.person_id if owner is None else owner.name,
        task_id=one.task_id,
        operation=kind,
        operation_text=text(f"word.operation.{kind}", call.language),
        payload=asdict(one.command),
        base_version=one.base_version,
        at=one.at_ms,
        received_at=one.received_at_ms,
        outcome=kept.outcome,
        outcome_text=text(f"word.outcome.{kept.outcome.value}", call.language),
        problem=_refused(call, kept.refusal),
        decided_by=ruling.by if ruling else None,
        decided_at=ruling.at_ms if ruling else None,
        decision=ruling.decision if ruling else None,
        reason=ruling.reason if ruling else None,
    )


def _clock_text(call: Call, clock: Any) -> str:
    minutes = max(round(abs(clock.skew_ms) / 60_000), 1)
    amount = f"{minutes} min" if call.language == "en" else f"{minutes}分钟"
    return text(f"word.clock.{'ahead' if clock.skew_ms > 0 else 'behind'}", call.language, amount=amount)
