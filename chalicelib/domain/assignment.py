"""Who holds a side, and how it goes on where they do not answer: the next of the group, then the chief, each step in the task's ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import NobodyLeft
from chalicelib.domain.side import SETTLED, SideState
from chalicelib.domain.task import Assignment, AssignmentReason, Task, TaskState

HALF, TENTH = "half", "tenth"  # of its time is left


@dataclass(frozen=True, slots=True)
class Crew:
    """Who may be called for a side, in order, and who answers for the group."""

    ranked: tuple[str, ...]
    chief: str | None


def hand_over(task: Task, step: Assignment, acknowledge_ms: int | None) -> Task:
    """The task with a side in other hands. Who gets it is told until when to acknowledge it, and belongs to the party."""
    side = task.side(step.dimension)
    by_ms = None if acknowledge_ms is None or step.to is None else step.at_ms + acknowledge_ms
    party = task.party if step.to is None else tuple(sorted({*task.party, step.to}))
    held = task.with_side(step.dimension, replace(side, inspector_id=step.to, acknowledge_by_ms=by_ms))
    told = replace(step, former=side.inspector_id or "")
    return replace(held, party=party, assignments=(*task.assignments, told))


def _had(task: Task, dimension: Dimension) -> set[str | None]:
    """Everybody who holds or has held a side."""
    steps = [one for one in task.assignments if one.dimension is dimension]
    return {task.side(dimension).inspector_id, *(one.to for one in steps), *(one.former for one in steps)}


def has_lost(task: Task, dimension: Dimension, person_id: str) -> bool:
    """Whether a side was theirs and is somebody else's now."""
    return person_id != task.side(dimension).inspector_id and person_id in _had(task, dimension)


def holds_nothing_any_more(task: Task, person_id: str) -> bool:
    """Whether all that they had of a task went to somebody else."""
    holds = any(task.side(dimension).inspector_id == person_id for dimension in SIDES)
    return not holds and any(has_lost(task, dimension, person_id) for dimension in SIDES)


def next_holder(task: Task, dimension: Dimension, crew: Crew) -> tuple[str, AssignmentReason] | None:
    """Who is called when the holder does not want it or does not answer: nobody twice, the chief last. None: nobody is left."""
    had = _had(task, dimension)
    fresh = [one for one in crew.ranked if one not in had and one != crew.chief]
    asked = sum(one.why is AssignmentReason.UNANSWERED for one in task.assignments if one.dimension is dimension)
    if fresh and not asked:
        return fresh[0], AssignmentReason.UNANSWERED
    return (crew.chief, AssignmentReason.CHIEF) if crew.chief is not None and crew.chief not in had else None


def next_willing(task: Task, dimension: Dimension, crew: Crew) -> str:
    """Who is called when the holder declines. Raises NobodyLeft."""
    had = _had(task, dimension)
    willing = [one for one in (*crew.ranked, *([crew.chief] if crew.chief else [])) if one not in had]
    if not willing:
        raise NobodyLeft()
    return willing[0]


def unanswered_sides(task: Task, now_ms: int) -> tuple[Dimension, ...]:
    """Sides whose holder has not taken them in time."""
    if task.state is TaskState.CLOSED or task.acknowledge_due_at_ms is None:
        return ()
    taken = {one.by for one in task.acknowledgements}
    return tuple(
        one
        for one in SIDES
        if (side := task.side(one)).inspector_id is not None
        and side.inspector_id not in taken
        and side.state not in SETTLED
        and now_ms > (side.acknowledge_by_ms or task.acknowledge_due_at_ms)
    )


def due_reminder(task: Task, now_ms: int) -> str | None:
    """Which reminder is due that was not given yet: when half of the task's time is left, and a tenth of it."""
    whole_ms, left_ms = task.due_at_ms - task.opened_at_ms, task.due_at_ms - now_ms
    if task.state is TaskState.CLOSED or left_ms <= 0 or not unfinished(task):
        return None
    for name, share in ((TENTH, 0.1), (HALF, 0.5)):
        if left_ms <= share * whole_ms:
            return None if name in task.reminded else name
    return None


def unfinished(task: Task) -> Sequence[Dimension]:
    """Sides that their people still have to hand in."""
    return [one for one in SIDES if task.side(one).state in (SideState.PENDING, SideState.REJECTED)]
