"""Call people for a raised warning, and follow the warning from then on."""

from dataclasses import replace

from chalicelib.domain import membership
from chalicelib.domain.chattering import stale_id
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.events import (
    TaskClosed,
    TaskEscalated,
    TaskWarningCleared,
    WarningCleared,
    WarningEscalated,
    WarningRaised,
)
from chalicelib.domain.handling import Course, Handling
from chalicelib.domain.task import Task, TaskKind, TaskState
from chalicelib.domain.warning import WarningState
from chalicelib.ports import ObservationRepo
from chalicelib.usecases.change_task import change_task_if_any
from chalicelib.usecases.plan_task import raise_tier
from chalicelib.usecases.settle_warning import ATTEMPTS, Desk, current_warning, look_at, settle_warning


def dispatch_task(event: WarningRaised, *, desk: Desk) -> Handling | None:
    """Give a warning its handling: a joint task and those it calls, or the reason why it has none. Twice: it has one."""
    return settle_warning(event.warning_id, lambda known: known is None, desk)


def follow_escalation(event: WarningEscalated, *, desk: Desk) -> Task | None:
    """Raise the open task of a warning to its new tier, or call people where what held it does not hold that tier.

    A task that is closed stays as it is. A warning not dispatched yet does too: dispatch reads it as it then stands.
    """

    def is_due(known: Handling | None) -> bool:
        return known is not None and (known.is_held or (known.course is Course.FLOOD and event.tier == 3))

    handling = settle_warning(event.warning_id, is_due, desk)
    if handling is None or handling.task_id is None:
        return None

    def decide(task: Task) -> tuple[Task, list[TaskEscalated]]:
        if task.state is TaskState.CLOSED:
            return task, []
        noted = membership.note_tier(task, event.warning_id, event.tier)
        if task.tier >= event.tier or task.kind is TaskKind.REGIONAL:
            return noted, []
        scene = look_at(task.enterprise_id, event.tier, desk)
        raised = raise_tier(noted, event.tier, scene, desk.tasks)
        head = (task.enterprise_id, scene.now_ms, event.correlation_id, task.id)
        return raised, [TaskEscalated(*head, event.tier, raised.party)]

    return change_task_if_any(handling.task_id, decide, tasks=desk.tasks)


def note_clearing(event: WarningCleared, *, desk: Desk) -> Handling | None:
    """Write that a warning's readings are back; on its task, when those of all its warnings are. The task stays open: people
    close it, not sensors."""
    for _ in range(ATTEMPTS):
        handling = desk.dispatches.handling(event.warning_id)
        if handling is None:
            return None
        task = None if handling.task_id is None else desk.tasks.get(handling.task_id)
        noted = None if task is None else membership.note_clearing(task, event.warning_id, event.at_ms)
        cleared = replace(handling, cleared_at_ms=event.at_ms)
        _close_stale(cleared, desk.observations)
        if cleared == handling and noted == task:
            return handling
        changed = [] if noted is None or noted == task else [noted]
        head = (event.enterprise_id, event.at_ms, event.correlation_id)
        told = [TaskWarningCleared(*head, one.id) for one in changed if one.warning_cleared_at_ms is not None]
        try:
            return desk.dispatches.commit(cleared, tasks=changed, events=told)
        except WriteConflict:
            continue
    raise WriteConflict


def _close_stale(handling: Handling, observations: ObservationRepo) -> None:
    stale = observations.get(stale_id(handling))
    if stale is not None and stale.closed_at_ms is None:
        observations.save(stale.closed(handling.cleared_at_ms))


def release_members(event: TaskClosed, *, desk: Desk) -> tuple[Handling, ...]:
    """Handle anew those warnings that had joined a task now closed and are still open: people closed it, not them."""
    task = desk.tasks.get(event.task_id)
    if task is None:
        raise NotFound(what="task")

    def is_due(known: Handling | None) -> bool:
        return known is not None and known.task_id == task.id and known.course is not Course.OWN_TASK

    joined = [one.warning_id for one in task.members if one.cleared_at_ms is None]
    is_open = [
        one for one in joined if (w := current_warning(one, desk.warnings)) is not None and w.state is WarningState.OPEN
    ]
    settled = (settle_warning(one, is_due, desk) for one in is_open)
    return tuple(handling for handling in settled if handling is not None)
