"""Take what people did while they were offline: each operation once, in whatever order and however often it comes.

An operation is written down with its outcome: applied, merged, held, in conflict or refused. One that changes a task leaves a receipt in the very commit of the change, so that a lost answer loses and doubles nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.acting import acting, author
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import (
    Busy,
    ChecklistIncomplete,
    ContentConflict,
    EvidenceMissing,
    Forbidden,
    GreenShieldError,
    IllegalTransition,
    NotFound,
    SideChanged,
    StaleRevision,
    WriteConflict,
)
from chalicelib.domain.events import OperationSettled
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.field_operation import (
    Acknowledge,
    AddRetest,
    AnnouncePhoto,
    Command,
    DeviceClock,
    FieldOperation,
    Judge,
    KeptOperation,
    KeptProblem,
    Outcome,
    Rectify,
    ReportHazard,
    Submit,
    side_of,
)
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import Claim, Photo
from chalicelib.domain.task import Task
from chalicelib.ports import (
    CatalogueRepo,
    ChecklistRepo,
    Clock,
    DutyRepo,
    EvidenceRepo,
    HazardRepo,
    MediaStore,
    OperationRepo,
    RegistryRepo,
    TaskRepo,
    UploadTicket,
)
from chalicelib.usecases.add_retest import RetestDesk, add_retest
from chalicelib.usecases.report_hazard import report_hazard
from chalicelib.usecases.submit_evidence import announce_photo, rectify
from chalicelib.usecases.work_task import SideCommand, acknowledge, judge_side, submit_side

# What others did stands against it: a person must look.
HARD = (IllegalTransition, SideChanged, StaleRevision)
HELD_A_RUN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDesk:
    """The ports that applying operations needs, together."""

    operations: OperationRepo
    tasks: TaskRepo
    evidence: EvidenceRepo
    media: MediaStore
    catalogues: CatalogueRepo
    registry: RegistryRepo
    checklists: ChecklistRepo
    retest_desk: RetestDesk
    hazards: HazardRepo
    duty: DutyRepo
    clock: Clock


@dataclass(frozen=True, slots=True)
class Batch:
    """What a phone sends: `sent_at_ms` by its own clock."""

    device_id: str
    sent_at_ms: int
    operations: tuple[FieldOperation, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """`ticket` is leave to upload an announced photo that has not come yet."""

    kept: KeptOperation
    ticket: UploadTicket | None = None


def sync_operations(batch: Batch, person: Person, *, field_desk: FieldDesk) -> tuple[Result, ...]:
    """The outcome of each operation, in their order; then what was held is tried again.

    The same batch again, whole or in part, has the same outcomes. Raises Busy where the store is: what was not answered is sent again.
    """
    now_ms = field_desk.clock.now_ms()
    skew_ms = batch.sent_at_ms - now_ms
    if any(field_desk.operations.get(person.id, one.id) is None for one in batch.operations):
        # A batch that the network brings again says nothing of the clock any more.
        field_desk.operations.note_clock(DeviceClock(person.id, batch.device_id, skew_ms, now_ms))
    results = [_take(one, person, skew_ms, field_desk) for one in batch.operations]
    tried = {one.operation.id: try_held(one, person, field_desk) for one in field_desk.operations.held_by(person.id)}
    return tuple(replace(one, kept=tried.get(one.kept.operation.id, one.kept)) for one in results)


def retry_held(*, field_desk: FieldDesk) -> int:
    """Once a minute: try what is held, oldest first. Returns how many are held no longer."""
    settled = 0
    for kept in field_desk.operations.held(HELD_A_RUN):
        person = field_desk.registry.person(kept.operation.person_id)
        tried = _orphaned(kept, field_desk) if person is None else try_held(kept, person, field_desk)
        settled += tried.outcome is not Outcome.HELD
    return settled


def _orphaned(kept: KeptOperation, desk: FieldDesk) -> KeptOperation:
    refused = replace(kept, outcome=Outcome.REFUSED, refusal=_refusal(NotFound(what="person")))
    return desk.operations.save(refused, [told(refused, None, desk)])


def try_held(kept: KeptOperation, person: Person, desk: FieldDesk) -> KeptOperation:
    """Try it as it is; after five days without what it named, and where that cannot be, refuse it."""
    tried = _apply(kept.operation, person, kept, desk)
    if not tried.has_waited_too_long(desk.clock.now_ms()):
        return tried
    forced = replace(_judge(_without_needs(tried.operation), person, desk), operation=tried.operation, forced=True)
    if forced.outcome is Outcome.HELD:
        forced = replace(forced, outcome=Outcome.REFUSED, refusal=tried.refusal, forced=False)
    return _keep(forced, tried, person, desk)


def _without_needs(operation: FieldOperation) -> FieldOperation:
    command = operation.command
    return replace(operation, command=replace(command, media=())) if isinstance(command, Submit) else operation


def _take(operation: FieldOperation, person: Person, skew_ms: int, desk: FieldDesk) -> Result:
    draft = replace(operation, at_ms=operation.at_ms - skew_ms, skew_ms=skew_ms, received_at_ms=desk.clock.now_ms())
    known = desk.operations.get(person.id, operation.id)
    if known is not None and known.operation.digest != operation.digest:
        return Result(replace(known, outcome=Outcome.REFUSED, refusal=_refusal(ContentConflict(id=operation.id))))
    if known is None or known.outcome is Outcome.HELD:
        known = _apply(draft if known is None else known.operation, person, known, desk)
    return Result(known, _ticket(known, person, desk))


def _ticket(kept: KeptOperation, person: Person, desk: FieldDesk) -> UploadTicket | None:
    """Announcing a photo again gives new leave to upload it, as long as it has not come."""
    if not isinstance(kept.operation.command, AnnouncePhoto) or kept.outcome not in (Outcome.APPLIED, Outcome.MERGED):
        return None
    try:
        return _announce(kept.operation.command.photo, person, desk)[1]
    except (IllegalTransition, NotFound):  # the task was closed meanwhile, or is theirs no more
        return None


def _apply(operation: FieldOperation, person: Person, known: KeptOperation | None, desk: FieldDesk) -> KeptOperation:
    verdict = _judge(operation, person, desk)
    return known if known is not None and verdict.outcome is Outcome.HELD else _keep(verdict, known, person, desk)


def _keep(verdict: KeptOperation, known: KeptOperation | None, person: Person, desk: FieldDesk) -> KeptOperation:
    kept = replace(verdict, version=0 if known is None else known.version)
    has_news = kept.outcome is Outcome.CONFLICT or (known is not None and kept.outcome is not Outcome.HELD)
    task = desk.tasks.get(kept.operation.task_id) if has_news else None
    try:
        return desk.operations.save(kept, [told(kept, task, desk)] if has_news else [])
    except WriteConflict:  # the same operation came twice at once, and the other one was first
        stored = desk.operations.get(person.id, kept.operation.id)
        if stored is None:
            raise
        return stored


def apply_anew(operation: FieldOperation, owner: Person, desk: FieldDesk) -> int | None:
    """Do it on the task as it now stands, because a person decided so. Returns the task's version then; raises what speaks against it."""
    anew = replace(operation, base_version=None)
    with _acting_as(anew, owner):
        if not _is_done(anew, desk):
            _do(anew, owner, desk)
    task = desk.tasks.get(operation.task_id)
    return None if task is None else task.version


def _acting_as(operation: FieldOperation, owner: Person) -> AbstractContextManager[None]:
    """The operation is its owner's, whoever brought or applied it."""
    who = replace(
        author(),
        kind=owner.role.value,
        id=owner.id,
        device_id=operation.device_id,
        operation_id=operation.id,
        device_at_ms=operation.at_ms,
    )
    return acting(who)


def told(kept: KeptOperation, task: Task | None, desk: FieldDesk) -> OperationSettled:
    one = kept.operation
    head = (
        "" if task is None else task.enterprise_id,
        desk.clock.now_ms(),
        "" if task is None else task.correlation_id,
    )
    return OperationSettled(*head, one.task_id, one.person_id, one.id, kept.outcome.value)


def _judge(operation: FieldOperation, person: Person, desk: FieldDesk) -> KeptOperation:
    """Do it, or say why not. Raises Busy: nothing is known of it then, and it is sent again."""
    is_behind = _is_behind_a_held_one(operation, desk)
    before = desk.tasks.get(operation.task_id)
    kept = KeptOperation(operation, Outcome.HELD, desk.clock.now_ms(), None if before is None else before.version)
    if is_behind:
        return kept
    try:
        with _acting_as(operation, person):
            if not _is_done(operation, desk):
                _do(operation, person, desk)
    except (Busy, WriteConflict):
        if not _is_done(operation, desk):
            raise Busy() from None
    except GreenShieldError as error:
        if not _is_done(operation, desk):
            return replace(kept, outcome=_outcome_of(error, person, before), refusal=_refusal(error))
    return _done(kept, before, desk)


def _is_done(operation: FieldOperation, desk: FieldDesk) -> bool:
    """Whether its receipt is there: it was done before, and the answer, or our own note of it, was lost."""
    return operation.id in desk.operations.receipts(operation.person_id, operation.task_id)


def _is_behind_a_held_one(operation: FieldOperation, desk: FieldDesk) -> bool:
    """What a person did to a side stays in the order in which they did it."""
    side = side_of(operation.command)
    if side is None:
        return False
    return any(
        one.operation.task_id == operation.task_id
        and side_of(one.operation.command) is side
        and (one.operation.received_at_ms, one.operation.at_ms) < (operation.received_at_ms, operation.at_ms)
        and one.operation.id != operation.id
        for one in desk.operations.held_by(operation.person_id)
    )


def _done(kept: KeptOperation, before: Task | None, desk: FieldDesk) -> KeptOperation:
    one = kept.operation
    after = desk.tasks.get(one.task_id)
    made = desk.operations.receipts(one.person_id, one.task_id)
    version = made.get(one.id, None if after is None else after.version)
    others = _changed_by_others(one.base_version, before, frozenset(made.values()))
    outcome = Outcome.MERGED if others else Outcome.APPLIED
    return replace(kept, outcome=outcome, task_version=version, merged_with=others)


def _changed_by_others(base: int | None, task: Task | None, own: frozenset[int]) -> tuple[str, ...]:
    """What of a task others changed since a version: its sides by name, or "task" for the rest of it."""
    if base is None or task is None or own >= {*range(base + 1, task.version + 1)}:
        return ()
    sides = tuple(
        side.value for side in SIDES if task.side(side).changed_in > base and task.side(side).changed_in not in own
    )
    return sides or ("task",)


def _outcome_of(error: GreenShieldError, person: Person, task: Task | None) -> Outcome:
    if isinstance(error, EvidenceMissing | ChecklistIncomplete):
        return Outcome.HELD
    if isinstance(error, HARD):
        return Outcome.CONFLICT
    was_theirs = task is not None and person.role is Role.INSPECTOR and person.id in task.party
    return Outcome.CONFLICT if isinstance(error, Forbidden) and was_theirs else Outcome.REFUSED


def _refusal(error: GreenShieldError) -> KeptProblem:
    params = tuple(
        (name, ", ".join(map(str, v)) if isinstance(v, list) else str(v)) for name, v in error.params.items()
    )
    return KeptProblem(error.code, params, tuple((one.field, one.code, one.detail) for one in error.errors))


def _do(operation: FieldOperation, person: Person, desk: FieldDesk) -> None:
    APPLY[type(operation.command)](operation, operation.command, person, desk)


def _report_hazard(_operation: FieldOperation, command: ReportHazard, person: Person, desk: FieldDesk) -> Task:
    return report_hazard(
        command.hazard,
        person,
        hazards=desk.hazards,
        tasks=desk.tasks,
        registry=desk.registry,
        catalogues=desk.catalogues,
        duty=desk.duty,
        clock=desk.clock,
    )


def _acknowledge(operation: FieldOperation, _command: Acknowledge, person: Person, desk: FieldDesk) -> None:
    acknowledge(operation.task_id, person, tasks=desk.tasks, clock=desk.clock)


def _announce_photo(operation: FieldOperation, command: AnnouncePhoto, person: Person, desk: FieldDesk) -> None:
    claim = replace(command.photo.claim or Claim(), skew_ms=operation.skew_ms)
    _announce(replace(command.photo, claim=claim), person, desk)


def _announce(photo: Photo, person: Person, desk: FieldDesk) -> tuple[Photo, UploadTicket | None]:
    return announce_photo(
        photo, person, tasks=desk.tasks, evidence=desk.evidence, media=desk.media, clock=desk.clock
    )  # fmt: skip


def _add_retest(_operation: FieldOperation, command: AddRetest, person: Person, desk: FieldDesk) -> Retest:
    return add_retest(command.retest, person, retest_desk=desk.retest_desk)


def _rectify(_operation: FieldOperation, command: Rectify, person: Person, desk: FieldDesk) -> Rectification:
    return rectify(command.rectification, person, tasks=desk.tasks, evidence=desk.evidence, clock=desk.clock)


def _submit(operation: FieldOperation, command: Submit, person: Person, desk: FieldDesk) -> Task:
    base = _base(operation, command.dimension, desk)
    side = SideCommand(operation.task_id, command.dimension, command.note, base=base, media=command.media)
    return submit_side(
        side,
        person,
        tasks=desk.tasks,
        evidence=desk.evidence,
        registry=desk.registry,
        checklists=desk.checklists,
        clock=desk.clock,
    )


def _judge_side(operation: FieldOperation, command: Judge, person: Person, desk: FieldDesk) -> Task:
    base = _base(operation, command.dimension, desk)
    side = SideCommand(
        operation.task_id,
        command.dimension,
        command.reason,
        base=base,
        lacks=command.lacks,
        redo_by_ms=command.redo_by_ms,
    )
    return judge_side(
        side,
        command.revision,
        command.action,
        person,
        tasks=desk.tasks,
        evidence=desk.evidence,
        catalogues=desk.catalogues,
        clock=desk.clock,
    )


def _base(operation: FieldOperation, dimension: Dimension, desk: FieldDesk) -> int | None:
    """The version that the person has seen of a side: the phone's, or the one that an operation of their own made of it since."""
    task = desk.tasks.get(operation.task_id)
    if task is None or operation.base_version is None:
        return operation.base_version
    changed_in = task.side(dimension).changed_in
    is_own = changed_in in desk.operations.receipts(operation.person_id, operation.task_id).values()
    return max(operation.base_version, changed_in) if is_own else operation.base_version


APPLY: Mapping[type[Command], Callable[[FieldOperation, Any, Person, FieldDesk], object]] = {
    ReportHazard: _report_hazard,
    Acknowledge: _acknowledge,
    AnnouncePhoto: _announce_photo,
    AddRetest: _add_retest,
    Rectify: _rectify,
    Submit: _submit,
    Judge: _judge_side,
}
