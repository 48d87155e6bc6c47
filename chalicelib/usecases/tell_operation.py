"""Tell people what became of an operation that a phone brought: the side's department of a conflict, its owner of every later outcome."""

from chalicelib.domain.access import can_see_task
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.events import OperationSettled
from chalicelib.domain.field_command import KINDS, concerns
from chalicelib.domain.field_operation import KeptOperation, Outcome
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task
from chalicelib.ports import OperationRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out

NOTICES = {
    Outcome.CONFLICT: NoticeKind.OPERATION_CONFLICT,
    Outcome.APPLIED: NoticeKind.OPERATION_APPLIED,
    Outcome.MERGED: NoticeKind.OPERATION_APPLIED,
    Outcome.SUPERSEDED: NoticeKind.OPERATION_REFUSED,
    Outcome.REFUSED: NoticeKind.OPERATION_REFUSED,
    Outcome.DISCARDED: NoticeKind.OPERATION_DISCARDED,
}


def tell_operation(
    event: OperationSettled,
    *,
    operations: OperationRepo,
    tasks: TaskRepo,
    registry: RegistryRepo,
    post: Post,
) -> tuple[Notice, ...]:
    """Doing it twice tells each reader once."""
    kept = operations.get(event.person_id, event.operation_id)
    task = tasks.get(event.task_id)
    if kept is None:
        return ()
    notices = tuple(_notice(event, kept, task, person, registry) for person in _readers(event, kept, task, registry))
    return hand_out(notices, post)


def _readers(event: OperationSettled, kept: KeptOperation, task: Task | None, registry: RegistryRepo) -> list[Person]:
    owner = registry.person(event.person_id)
    if Outcome(event.outcome) is not Outcome.CONFLICT:
        return [] if owner is None else [owner]
    return [] if task is None else _deciders(concerns(kept.operation.command), kept, task, registry)


def _deciders(side: Dimension | None, kept: KeptOperation, task: Task, registry: RegistryRepo) -> list[Person]:
    departments = (one for one in registry.people() if one.role is Role.DEPARTMENT and can_see_task(one, task))
    return [one for one in departments if side in (None, one.dimension) and one.id != kept.operation.person_id]


def _notice(
    event: OperationSettled, kept: KeptOperation, task: Task | None, person: Person, registry: RegistryRepo
) -> Notice:
    profile = registry.profile(task.enterprise_id) if task else None
    unit = profile.units_by_id.get(task.unit_id) if profile and task else None
    owner = registry.person(event.person_id)
    reason = kept.refusal.code if kept.refusal else ""
    params = {
        "enterprise": profile.enterprise.name if profile else "",
        "unit": unit.name if unit else "",
        "operation": KINDS[type(kept.operation.command)],
        "person": event.person_id if owner is None else owner.name,
        "problem": reason,
        "text": kept.ruling.reason if kept.ruling else "",
    }
    return Notice(
        id=notice_id(event.id, person.id),
        person_id=person.id,
        kind=NOTICES[Outcome(event.outcome)],
        task_id=event.task_id if task else "",
        enterprise_id=event.enterprise_id,
        tier=task.tier if task else 0,
        created_at_ms=event.at_ms,
        params=tuple(params.items()),
        correlation_id=event.correlation_id,
    )
