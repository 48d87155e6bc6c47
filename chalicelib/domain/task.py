"""One joint task for one warning and those that joined it, with two sides. It is closed when, and only when, both sides
are settled. What may happen to a side stands in side.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.catalogue import Deadlines
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.side import SETTLED, Side, SideState

MAX_MEMBERS = 500
MAX_ENTERPRISES = 30  # of a regional task: each takes two list entries of one commit


class TaskState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class TaskKind(StrEnum):
    UNIT = "unit"
    REGIONAL = "regional"  # one task for a flood of warnings in a joint group
    HAZARD = "hazard"  # somebody reported what no sensor sees
    FOLLOW_UP = "follow_up"  # an item of a checklist failed
    SENSOR_FAULT = "sensor_fault"  # a retest and an instrument disagree
    JOINT_VISIT = "joint_visit"  # a measure asks for it
    CHAIN = "chain"  # what a unit gives, or takes, is over a receiver's limit


WARNED = frozenset({TaskKind.UNIT, TaskKind.REGIONAL})  # the kinds that are about warnings; the others have none


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Member:
    """A warning that a task is about."""

    warning_id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    tier: int
    joined_at_ms: int
    cleared_at_ms: int | None = None


class AssignmentReason(StrEnum):
    DISPATCHED = "dispatched"
    ESCALATED = "escalated"
    TRANSFERRED = "transferred"
    DECLINED = "declined"
    UNANSWERED = "unanswered"  # nobody acknowledged in time: the next person
    CHIEF = "chief"  # nor did the next: the chief


@dataclass(frozen=True, slots=True)
class Assignment:
    """A step in the ledger of who holds a side. `to` is None where nobody is left; `by` is empty where nobody decided it, `former`
    where nobody held it before."""

    dimension: Dimension
    to: str | None
    at_ms: int
    why: AssignmentReason
    by: str = ""
    text: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """`party` are all who are told: inspectors, enterprise people, departments, and for tier 3 the committee.

    `members` are its warnings, the first one included. A regional task is of many enterprises and units: `enterprise_id` and
    `unit_id` are empty, `warning_id` and `rule_id` are those of the first member.

    A task without a warning (`kind` not in WARNED) has no members, and `warning_id` and `rule_id` are empty; `about` says in words
    what it is about, `parent_id` names the task that it follows from, `reported_by` who asked for it.
    """

    id: str
    warning_id: str
    enterprise_id: str
    unit_id: str
    region: str
    industry: str
    rule_id: str
    tier: int
    safety: Side
    environment: Side
    party: tuple[str, ...]
    opened_at_ms: int
    due_at_ms: int
    acknowledge_due_at_ms: int | None
    acknowledgements: tuple[Acknowledgement, ...] = ()
    overdue: tuple[str, ...] = ()  # deadlines already reported as missed: "acknowledge", "finish"
    warning_cleared_at_ms: int | None = None
    closed_at_ms: int | None = None
    version: int = 0
    correlation_id: str = ""
    kind: TaskKind = TaskKind.UNIT
    members: tuple[Member, ...] = ()
    about: str = ""
    parent_id: str = ""
    reported_by: str = ""
    assignments: tuple[Assignment, ...] = ()
    reminded: tuple[str, ...] = ()
    reopenings: int = 0
    doubts: tuple[str, ...] = ()  # tasks about instruments that an inspector's retest disagreed with

    @property
    def enterprises(self) -> frozenset[str]:
        return frozenset(one.enterprise_id for one in self.members) or frozenset({self.enterprise_id})

    @property
    def state(self) -> TaskState:
        settled = all(self.side(dimension).state in SETTLED for dimension in SIDES)
        return TaskState.CLOSED if settled else TaskState.OPEN

    def side(self, dimension: Dimension) -> Side:
        return self.safety if dimension is Dimension.SAFETY else self.environment

    def with_side(self, dimension: Dimension, side: Side) -> "Task":
        side = replace(side, changed_in=self.version + 1)
        return replace(self, safety=side) if dimension is Dimension.SAFETY else replace(self, environment=side)


def settled(task: Task, dimension: Dimension, side: Side, at_ms: int) -> Task:
    """The task with a side that was judged or waived. The last one that is settled closes it."""
    changed = task.with_side(dimension, side)
    return replace(changed, closed_at_ms=at_ms) if changed.state is TaskState.CLOSED else changed


def reopened(task: Task, dimension: Dimension, side: Side, at_ms: int, deadlines: Deadlines) -> Task:
    """The task with a side that was opened again: its time runs anew. One that was closed is open."""
    return replace(
        task.with_side(dimension, side),
        closed_at_ms=None,
        due_at_ms=at_ms + deadlines.finish_ms,
        overdue=(),
        reminded=(),
        reopenings=task.reopenings + (task.closed_at_ms is not None),
    )


def task_id(warning_id: str) -> str:
    """One task per warning: the id follows from the warning's."""
    return "t-" + warning_id.removeprefix("w-")


def regional_task_id(region: str, industry: str, warning_id: str, step: int) -> str:
    """Of a flood's task, from the warning that opened it at its `step`-th handling."""
    return "t-" + sha256(f"{region}|{industry}|{warning_id}|{step}".encode()).hexdigest()[:20]


def acknowledge(task: Task, acknowledgement: Acknowledgement) -> Task:
    """Note that a person has taken the task. The first acknowledgement of each person stands."""
    if any(known.by == acknowledgement.by for known in task.acknowledgements):
        return task
    return replace(task, acknowledgements=(*task.acknowledgements, acknowledgement))


def escalate(task: Task, tier: int, at_ms: int, deadlines: Deadlines, inspectors: Mapping[Dimension, str | None], party: tuple[str, ...]) -> Task:  # fmt: skip
    """Raise the tier: deadlines run anew from now but never later than before, and open sides get their inspectors."""
    raised = replace(
        task,
        tier=tier,
        party=party,
        due_at_ms=min(task.due_at_ms, at_ms + deadlines.finish_ms),
        acknowledge_due_at_ms=None if deadlines.acknowledge_ms is None else at_ms + deadlines.acknowledge_ms,
        overdue=(),
        acknowledgements=(),  # who took it at a lower tier has not taken this
    )
    for dimension in SIDES:
        side = raised.side(dimension)
        holder = side.inspector_id or inspectors[dimension]
        if (holder, None) != (side.inspector_id, side.acknowledge_by_ms):
            raised = raised.with_side(dimension, replace(side, inspector_id=holder, acknowledge_by_ms=None))
        if side.inspector_id is None and holder is not None:
            step = Assignment(dimension, holder, at_ms, AssignmentReason.ESCALATED)
            raised = replace(raised, assignments=(*raised.assignments, step))
    return raised


def overdue_deadlines(task: Task, now_ms: int) -> tuple[str, ...]:
    """Which deadlines have passed that were not reported yet."""
    if task.state is TaskState.CLOSED:
        return ()
    unanswered = task.acknowledge_due_at_ms is not None and not task.acknowledgements
    missed = ["acknowledge"] if unanswered and now_ms > (task.acknowledge_due_at_ms or 0) else []
    if now_ms > task.due_at_ms:
        missed.append("finish")
    missed += [f"redo_{side}" for side in SIDES if _has_missed_redoing(task, task.side(side), now_ms)]
    return tuple(m for m in missed if m not in task.overdue)


def _has_missed_redoing(task: Task, side: Side, now_ms: int) -> bool:
    """A time of its own: where it is the task's, missing that is said already."""
    redo_by_ms = side.verdict.redo_by_ms if side.verdict else None
    return side.state is SideState.REJECTED and redo_by_ms not in (None, task.due_at_ms) and now_ms > (redo_by_ms or 0)
