"""Take what people did while they were offline: each operation once, in whatever order and however often it comes.

An operation is written down with its outcome: applied, merged, held, in conflict, without effect or refused. One that changes a task leaves a
receipt in the very commit of the change, so that a lost answer loses and doubles nothing; what adds to a task stands under its own id.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from chalicelib.domain.access import can_see_task
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.errors import (
    Busy,
    ChecklistIncomplete,
    ContentConflict,
    EvidenceMissing,
    Forbidden,
    GreenShieldError,
    IllegalTransition,
    ModuleOff,
    NotFound,
    SideChanged,
    SidePassedOn,
    StaleRevision,
    WriteConflict,
)
from chalicelib.domain.events import OperationSettled
from chalicelib.domain.field_command import AnnouncePhoto, Submit, side_of, tasks_named
from chalicelib.domain.field_operation import DeviceClock, FieldOperation, KeptOperation, KeptProblem, Outcome
from chalicelib.domain.field_pack import PhotoJudged
from chalicelib.domain.hazard import is_hazard_task
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task
from chalicelib.ports import UploadTicket
from chalicelib.usecases.apply_operation import FieldDesk, apply_operation, is_done
from chalicelib.usecases.submit_evidence import renew_leave

# What others did stands against it: a person must look.
HARD = (IllegalTransition, SideChanged, StaleRevision)
TRIED_A_RUN = 200


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

    @property
    def is_held(self) -> bool:
        return self.kept.outcome is Outcome.HELD


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
    settled = (replace(one, kept=tried.get(one.kept.operation.id, one.kept)) if one.is_held else one for one in results)
    return tuple(replace(one, ticket=_ticket(one.kept, person, field_desk)) for one in settled)


def retry_held(*, field_desk: FieldDesk) -> int:
    """Once a minute: try what is held, what has waited longest for a try first. Returns how many are held no longer.

    Each is put off before it is tried, so that one that stays stuck, or breaks the run, stands in nobody's way.
    """
    settled = 0
    for kept in field_desk.operations.due(field_desk.clock.now_ms(), TRIED_A_RUN):
        with suppress(Busy, WriteConflict):  # somebody else settles it just now, or the store is busy: another time
            settled += _retry(kept, field_desk).outcome is not Outcome.HELD
    return settled


def _retry(kept: KeptOperation, desk: FieldDesk) -> KeptOperation:
    waiting = desk.operations.put_off(kept, desk.clock.now_ms())
    person = desk.registry.person(kept.operation.person_id)
    return _orphaned(waiting, desk) if person is None else try_held(waiting, person, desk)


def retry_on_photo(event: PhotoJudged, *, field_desk: FieldDesk) -> int:
    """When a photo was judged: try what its owner wants done to that task. Returns how many are held no longer.

    Where the store is busy the clock tries again.
    """
    person = field_desk.registry.person(event.uploaded_by)
    settled = 0
    for kept in () if person is None else field_desk.operations.held_by(event.uploaded_by):
        if person is None or kept.operation.task_id != event.task_id or side_of(kept.operation.command) is None:
            continue
        with suppress(Busy, WriteConflict):
            settled += try_held(kept, person, field_desk).outcome is not Outcome.HELD
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
    return Result(known)


def _ticket(kept: KeptOperation, person: Person, desk: FieldDesk) -> UploadTicket | None:
    """Announcing a photo again gives new leave to upload it, as long as it has not come."""
    command = kept.operation.command
    if not isinstance(command, AnnouncePhoto) or kept.outcome not in (Outcome.APPLIED, Outcome.MERGED):
        return None
    try:
        return renew_leave(
            kept.operation.task_id,
            command.photo.id,
            person,
            tasks=desk.tasks,
            evidence=desk.evidence,
            media=desk.media,
            clock=desk.clock,
        )
    except (IllegalTransition, NotFound):  # the task was closed meanwhile, or is theirs no more
        return None


def _apply(operation: FieldOperation, person: Person, known: KeptOperation | None, desk: FieldDesk) -> KeptOperation:
    verdict = _judge(operation, person, desk)
    return known if known is not None and verdict.outcome is Outcome.HELD else _keep(verdict, known, person, desk)


def _keep(verdict: KeptOperation, known: KeptOperation | None, person: Person, desk: FieldDesk) -> KeptOperation:
    kept = verdict
    if known is not None:
        kept = replace(verdict, version=known.version, tries=known.tries, try_at_ms=known.try_at_ms)
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
    apply_operation(replace(operation, base_version=None), owner, desk)
    task = desk.tasks.get(operation.task_id)
    return None if task is None else task.version


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
    if _is_before_its_hazard(operation, person, desk):
        return replace(kept, task_version=None, refusal=_refusal(NotFound(what="task")))
    try:
        apply_operation(operation, person, desk)
    except (Busy, WriteConflict):
        if not is_done(operation, desk):
            raise Busy() from None
    except GreenShieldError as error:
        if not is_done(operation, desk):
            return replace(kept, outcome=_outcome_of(error, person, before), refusal=_refusal(error))
    return _done(kept, before, desk)


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


def _is_before_its_hazard(operation: FieldOperation, person: Person, desk: FieldDesk) -> bool:
    """Whether it names a task that a hazard's report makes, and that has not come as far as its owner may know. A task of others is
    none for them: so nobody learns from an answer which tasks there are."""
    named = [one for one in tasks_named(operation.command, operation.task_id) if is_hazard_task(one)]
    if not named:
        return False
    known = {one.id for one in desk.tasks.many(named) if can_see_task(person, one) or person.id in one.party}
    return not known.issuperset(named)


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
    if isinstance(error, EvidenceMissing | ChecklistIncomplete | ModuleOff):  # the module may come back
        return Outcome.HELD
    if isinstance(error, SidePassedOn):
        return Outcome.SUPERSEDED
    if isinstance(error, HARD):
        return Outcome.CONFLICT
    was_theirs = task is not None and person.role is Role.INSPECTOR and person.id in task.party
    return Outcome.CONFLICT if isinstance(error, Forbidden) and was_theirs else Outcome.REFUSED


def _refusal(error: GreenShieldError) -> KeptProblem:
    params = tuple(
        (name, ", ".join(map(str, v)) if isinstance(v, list) else str(v)) for name, v in error.params.items()
    )
    return KeptProblem(error.code, params, tuple((one.field, one.code, one.detail) for one in error.errors))
