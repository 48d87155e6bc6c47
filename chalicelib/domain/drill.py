"""A drill: several enterprises and the people of the park practise a coupled risk on test data.

A scenario says how far which rules' terms deviate and for how long; a drill says at which units and with whom. What happens in a drill
stays in its own room (decision 0039). Times of a drill: planned, started, ended or cancelled; nothing comes back from the last two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.access import Action
from chalicelib.domain.errors import IllegalTransition
from chalicelib.domain.person import Person, Role

MINUTE_MS = 60_000
# How soon the park itself must be, from the test data on: it is the only part of a drill that no deadline of the catalogue measures.
WARNED_WITHIN_MS, DISPATCHED_WITHIN_MS = 60_000, 120_000


class DrillState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class DrillAction(StrEnum):
    START = "start"
    END = "end"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[DrillState, DrillAction], DrillState] = {
    (DrillState.PLANNED, DrillAction.START): DrillState.RUNNING,
    (DrillState.PLANNED, DrillAction.CANCEL): DrillState.CANCELLED,
    (DrillState.RUNNING, DrillAction.END): DrillState.ENDED,
    (DrillState.RUNNING, DrillAction.CANCEL): DrillState.CANCELLED,
}
# What a participant may do in a drill's room, and whoever looks on may read. Nothing of it changes the registry or the catalogue.
IN_DRILL = frozenset(
    {
        Action.READ_ENTERPRISE,
        Action.READ_READINGS,
        Action.READ_WARNING,
        Action.READ_OBSERVATION,
        Action.READ_TASK,
        Action.READ_CHECKLIST,
        Action.READ_DELIVERIES,
        Action.READ_SCORE,
        Action.READ_AUDIT,
        Action.READ_CONFLICT,
        Action.READ_INSTRUMENT,
        Action.ACKNOWLEDGE_TASK,
        Action.ADD_EVIDENCE,
        Action.ADD_RETEST,
        Action.RECTIFY,
        Action.ANSWER_CHECKLIST,
        Action.SUBMIT_SIDE,
        Action.JUDGE_SIDE,
        Action.HAND_OVER,
        Action.TRANSFER,
        Action.REPORT_HAZARD,
        Action.PLAN_VISIT,
        Action.DECIDE_CONFLICT,
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """From `after_min` on, for `for_min`, the terms of a rule deviate so far: `deviations` by leg (safety, response, energy), 1.0 being
    exactly the trigger. `rules`: at which rules' units; empty: at every unit, by its first rule."""

    id: str
    deviations: Mapping[str, float]
    after_min: int
    for_min: int
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`title` and `text` by language."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    acts: tuple[Act, ...]

    @property
    def lasts_min(self) -> int:
        return max(one.after_min + one.for_min for one in self.acts)


@dataclass(frozen=True, slots=True)
class Target:
    """A unit at which a drill plays."""

    enterprise_id: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Injection:
    """Test data that was stored: the readings of one act at one unit, as it begins or as it ends."""

    block_id: str
    unit_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """`target_ms` is by when; None: there is no such deadline. `at_ms` None: it has not happened."""

    name: str
    at_ms: int | None
    target_ms: int | None

    def is_late(self, now_ms: int) -> bool:
        return self.target_ms is not None and (now_ms if self.at_ms is None else self.at_ms) > self.target_ms


@dataclass(frozen=True, slots=True)
class Course:
    """What became of the test data at one unit. `task_id` and `warning_id` empty: nothing came of it (yet)."""

    enterprise_id: str
    unit_id: str
    warning_id: str
    task_id: str
    tier: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """How far each course had come by then."""

    at_ms: int
    courses: tuple[Course, ...]

    @property
    def steps(self) -> Iterator[Step]:
        return (step for one in self.courses for step in one.steps)

    @property
    def done(self) -> int:
        return sum(one.at_ms is not None for one in self.steps)

    @property
    def late(self) -> int:
        return sum(one.is_late(self.at_ms) for one in self.steps)

    @property
    def total(self) -> int:
        return sum(1 for _ in self.steps)


@dataclass(frozen=True, slots=True)
class Drill:
    """`scenario` is as it stood when the drill was planned; `people` are all who take part. It is over at `ends_at_ms`, if nobody ends
    it before. `report` is kept with its end."""

    id: str
    title: str
    scenario: Scenario
    targets: tuple[Target, ...]
    people: tuple[str, ...]
    starts_at_ms: int
    lasts_min: int
    planned_by: str
    planned_at_ms: int
    state: DrillState = DrillState.PLANNED
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    injections: tuple[Injection, ...] = ()
    report: Report | None = None
    version: int = 0

    @property
    def enterprises(self) -> frozenset[str]:
        return frozenset(one.enterprise_id for one in self.targets)

    @property
    def ends_at_ms(self) -> int:
        return (self.starts_at_ms if self.started_at_ms is None else self.started_at_ms) + self.lasts_min * MINUTE_MS

    @property
    def content(self) -> tuple[object, ...]:
        """What whoever plans it again must say again."""
        return (self.title, self.scenario.id, self.targets, self.people, self.starts_at_ms, self.lasts_min)


def moved(drill: Drill, action: DrillAction, at_ms: int) -> Drill:
    """The drill after an action; done already: as it is. Raises IllegalTransition."""
    to = TRANSITIONS.get((drill.state, action))
    if to is None:
        if drill.state in {after for (_, one), after in TRANSITIONS.items() if one is action}:
            return drill
        raise IllegalTransition(state=drill.state.value, action=action.value)
    if to is DrillState.RUNNING:
        return replace(drill, state=to, started_at_ms=at_ms)
    return replace(drill, state=to, ended_at_ms=at_ms)


def may_see(person: Person, drill: Drill) -> bool:
    """Who takes part, and those who hold drills."""
    return person.id in drill.people or person.role in (Role.COMMITTEE, Role.ADMIN)
