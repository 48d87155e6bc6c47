"""A person decides about an operation that came too late: it is applied to the task as it now stands, or discarded. It is never lost."""

from chalicelib.domain.access import Action, can_see_task, require
from chalicelib.domain.errors import Forbidden, NotFound, WriteConflict
from chalicelib.domain.field_command import concerns
from chalicelib.domain.field_operation import Decision, KeptOperation, Outcome, Ruling
from chalicelib.domain.person import Person, Role
from chalicelib.ports import OperationRepo, Page, TaskRepo
from chalicelib.usecases.apply_operation import FieldDesk
from chalicelib.usecases.sync_operations import apply_anew, told


def list_conflicts(
    person: Person, cursor: str | None, limit: int, *, operations: OperationRepo, tasks: TaskRepo
) -> Page[KeptOperation]:
    """Undecided ones, newest first: one's own, and to those who may decide all that they can see."""
    require(person, Action.READ_CONFLICT)
    decides = person.role in (Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN)
    page = operations.conflicts("park" if decides else f"person:{person.id}", cursor, limit)
    return Page(tuple(one for one in page.items if _can_see(one, person, tasks)), page.cursor)


def see_operation(person_id: str, operation_id: str, person: Person, *, operations: OperationRepo, tasks: TaskRepo) -> KeptOperation:  # fmt: skip
    """Raises NotFound where there is none, or the person may not know of it."""
    require(person, Action.READ_CONFLICT)
    kept = operations.get(person_id, operation_id)
    if kept is None or not _can_see(kept, person, tasks):
        raise NotFound(what="operation")
    return kept


def decide_conflict(
    person_id: str, operation_id: str, decision: Decision, reason: str, person: Person, *, field_desk: FieldDesk
) -> KeptOperation:
    """Raises IllegalTransition for what is no conflict, and what applying it raises where it still cannot be: it stays a conflict.

    The same decision again is a success that changes nothing.
    """
    require(person, Action.DECIDE_CONFLICT)
    kept = see_operation(person_id, operation_id, person, operations=field_desk.operations, tasks=field_desk.tasks)
    if kept.ruling and (kept.ruling.by, kept.ruling.decision, kept.ruling.reason) == (person.id, decision, reason):
        return kept
    side = concerns(kept.operation.command)
    is_of_side = person.role is not Role.DEPARTMENT or side in (None, person.dimension)
    if person.id == kept.operation.person_id or not is_of_side:
        raise Forbidden(action=Action.DECIDE_CONFLICT.value)
    ruling = Ruling(person.id, field_desk.clock.now_ms(), decision, reason)
    discarded = kept.ruled(ruling, Outcome.DISCARDED, kept.task_version)
    decided = (
        discarded if decision is Decision.DISCARD else kept.ruled(ruling, Outcome.APPLIED, _apply(kept, field_desk))
    )
    task = field_desk.tasks.get(kept.operation.task_id)
    try:
        return field_desk.operations.save(decided, [told(decided, task, field_desk)])
    except WriteConflict:
        again = field_desk.operations.get(person_id, operation_id)
        if again is None or again.ruling is None:
            raise
        return again


def _apply(kept: KeptOperation, desk: FieldDesk) -> int | None:
    """On behalf of who did it, who may have moved since."""
    owner = desk.registry.person(kept.operation.person_id)
    if owner is None:
        raise NotFound(what="person")
    return apply_anew(kept.operation, owner, desk)


def _can_see(kept: KeptOperation, person: Person, tasks: TaskRepo) -> bool:
    if kept.operation.person_id == person.id:
        return True
    if person.role not in (Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN):
        return False
    task = tasks.get(kept.operation.task_id)
    return task is not None and can_see_task(person, task)
