"""Tell people. Each event of a task becomes notices in inboxes, and for each notice a pointer on the push queue."""

from collections.abc import Iterable
from dataclasses import replace
from math import ceil

from chalicelib.domain.access import can_see_task
from chalicelib.domain.assignment import unfinished
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.events import (
    PhotoMissing,
    PhotoRefused,
    SideAssigned,
    SideEvent,
    SideRejected,
    SideReopened,
    SideSubmitted,
    SideWaived,
    TaskClosed,
    TaskDispatched,
    TaskEscalated,
    TaskEvent,
    TaskOverdue,
    TaskReminder,
    TaskWarningCleared,
    WaiverEvent,
    WaiverProposed,
    WaiverRefused,
)
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import WARNED, Task, TaskKind
from chalicelib.ports import CatalogueRepo, ChannelRepo, EvidenceRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.tell_channels import for_channels

KINDS: dict[type[TaskEvent], NoticeKind] = {
    TaskDispatched: NoticeKind.TASK_DISPATCHED,
    TaskEscalated: NoticeKind.TASK_ESCALATED,
    TaskWarningCleared: NoticeKind.WARNING_CLEARED,
    SideSubmitted: NoticeKind.SIDE_SUBMITTED,
    SideRejected: NoticeKind.SIDE_REJECTED,
    WaiverProposed: NoticeKind.WAIVER_PROPOSED,
    WaiverRefused: NoticeKind.WAIVER_REFUSED,
    SideWaived: NoticeKind.SIDE_WAIVED,
    SideReopened: NoticeKind.SIDE_REOPENED,
    TaskClosed: NoticeKind.TASK_CLOSED,
    TaskOverdue: NoticeKind.TASK_OVERDUE,
    TaskReminder: NoticeKind.TASK_REMINDER,
    SideAssigned: NoticeKind.SIDE_ASSIGNED,
    PhotoRefused: NoticeKind.PHOTO_REFUSED,
    PhotoMissing: NoticeKind.PHOTO_MISSING,
}
CASES = {TaskKind.SENSOR_FAULT: NoticeKind.SENSOR_IN_DOUBT, TaskKind.CHAIN: NoticeKind.CHAIN_CASE}


def notify(
    event: TaskEvent,
    *,
    tasks: TaskRepo,
    registry: RegistryRepo,
    evidence: EvidenceRepo,
    post: Post,
    channels: ChannelRepo,
    catalogues: CatalogueRepo,
) -> tuple[Notice, ...]:
    """Put the event into the inbox of everyone and every channel concerned, then ask for pushes. Twice: the inbox has it once, and the
    delivery ledger keeps a second push from going out.

    What may wait for others of its kind (a dispatch under tier 3) is pushed a little later, so that they go out as one.
    """
    task = tasks.get(event.task_id)
    if task is None:
        return ()
    news = _news(event, task, registry)
    notices = tuple(
        replace(
            news if _may_know_why(person_id, task, registry) else news.without_reason(),
            id=notice_id(event.id, person_id),
            person_id=person_id,
            kind=_kind(event, task, person_id),
        )
        for person_id in sorted(set(_readers(event, task, registry, evidence)))
        if _may_know(person_id, task, registry)
    )
    may_wait = any(n.may_be_grouped for n in notices)
    delay_s = ceil(catalogues.current().grouping.wait_ms / 1000) if may_wait else 0
    return hand_out((*notices, *for_channels(news, task, channels.all())), post, delay_s=delay_s)


def _news(event: TaskEvent, task: Task, registry: RegistryRepo) -> Notice:
    """What there is to tell, to nobody in particular yet."""
    return Notice(
        id=event.id,
        person_id="",
        kind=_kind(event, task, ""),
        task_id=task.id,
        enterprise_id=task.enterprise_id,
        tier=task.tier,
        created_at_ms=event.at_ms,
        params=tuple(_params(event, task, registry).items()),
        correlation_id=event.correlation_id,
    )


def _kind(event: TaskEvent, task: Task, person_id: str) -> NoticeKind:
    if isinstance(event, SideAssigned) and person_id != event.to:
        return NoticeKind.SIDE_HANDED_ON
    if isinstance(event, SideSubmitted) and person_id in _behind(event, task):
        return NoticeKind.SIDE_BEHIND
    if isinstance(event, TaskDispatched) and task.kind not in WARNED:
        return CASES.get(task.kind, NoticeKind.CASE_DISPATCHED)
    return KINDS[type(event)]


def _readers(event: TaskEvent, task: Task, registry: RegistryRepo, evidence: EvidenceRepo) -> Iterable[str]:
    match event:
        case TaskDispatched() | TaskEscalated():
            return event.party
        case SideSubmitted():
            return _department(event.dimension, task, registry) | _behind(event, task)
        case SideRejected():
            submission = task.side(event.dimension).submission
            workers = {submission.by} if submission else set()
            return workers | _enterprise_people(task, registry)
        case SideAssigned():
            return {event.to, event.former} - {""}
        case TaskReminder():
            return _workers(task, registry)
        case WaiverProposed():
            (other,) = (one for one in SIDES if one is not event.dimension)
            return _department(other, task, registry)
        case WaiverRefused():
            return _department(event.dimension, task, registry)
        case PhotoRefused() | PhotoMissing():
            photo = evidence.photo(task.id, event.photo_id)
            return {photo.uploaded_by} if photo else ()
        case _:
            return task.party


def _may_know(person_id: str, task: Task, registry: RegistryRepo) -> bool:
    """Who was concerned and has moved since (another enterprise, another region) is told no more."""
    person = registry.person(person_id)
    return person is not None and can_see_task(person, task)


def _may_know_why(person_id: str, task: Task, registry: RegistryRepo) -> bool:
    """What is written about a regional task is about many enterprises: one of them is told that it was, and not what."""
    person = registry.person(person_id)
    return task.kind is not TaskKind.REGIONAL or person is None or person.role is not Role.ENTERPRISE


def _workers(task: Task, registry: RegistryRepo) -> set[str]:
    """Who still has to hand something in."""
    if task.tier == 1:
        return _enterprise_people(task, registry)
    return {holder for side in unfinished(task) if (holder := task.side(side).inspector_id) is not None}


def _behind(event: SideSubmitted, task: Task) -> set[str]:
    """Whose side the task now waits for: the inspector of the other one, where somebody else handed in this one."""
    others = {task.side(side).inspector_id for side in unfinished(task) if side is not event.dimension}
    return {one for one in others if one is not None} - {task.side(event.dimension).inspector_id}


def _department(dimension: Dimension, task: Task, registry: RegistryRepo) -> set[str]:
    return {p.id for p in _party(task, registry) if p.role is Role.DEPARTMENT and p.dimension is dimension}


def _enterprise_people(task: Task, registry: RegistryRepo) -> set[str]:
    return {p.id for p in _party(task, registry) if p.role is Role.ENTERPRISE}


def _party(task: Task, registry: RegistryRepo) -> list[Person]:
    return [person for person_id in task.party if (person := registry.person(person_id)) is not None]


def _params(event: TaskEvent, task: Task, registry: RegistryRepo) -> dict[str, str]:
    profile = registry.profile(task.enterprise_id)
    params = {"tier": str(task.tier), "rule": task.rule_id}
    if profile is not None:
        unit = profile.units_by_id.get(task.unit_id)
        params |= {"enterprise": profile.enterprise.name, "unit": unit.name if unit else task.unit_id}
    if task.kind not in WARNED:
        params["subject"] = task.about
    if task.kind is TaskKind.REGIONAL:
        params |= {"enterprise": task.region, "unit": "", "kind": task.kind.value}
    if isinstance(event, SideAssigned):
        step = task.assignments[event.step - 1] if event.step <= len(task.assignments) else None
        params |= {
            "side": event.dimension.value,
            "why": step.why.value if step else "",
            "text": step.text if step else "",
        }
    if isinstance(event, TaskReminder):
        params["left"] = event.left
    if isinstance(event, SideEvent | WaiverEvent):
        params["side"] = event.dimension.value
        waiver = task.side(event.dimension).waiver
        params |= {"reason": waiver.decision_reason or waiver.reason} if waiver else {}
    if isinstance(event, SideRejected | SideReopened | PhotoRefused):
        params["reason"] = event.reason
    if isinstance(event, TaskOverdue):
        params["deadline"] = event.deadline
    return params
