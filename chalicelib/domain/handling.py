"""What is done about a raised warning: who is called, or why nobody is. One choice in one place, each with its reason.

Tier 3 always calls people: it is never suppressed nor folded into a flood, and shelved only by two persons.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.group_load import GroupLoad
from chalicelib.domain.maintenance import MaintenanceWindow
from chalicelib.domain.shelving import Shelving
from chalicelib.domain.task import MAX_ENTERPRISES, MAX_MEMBERS, Task, TaskKind, TaskState
from chalicelib.domain.warning import Warning


class Course(StrEnum):
    """Each with whose id a step names: a task, a shelving, a maintenance window."""

    OWN_TASK = "own_task"
    UNDER_PARENT = "under_parent"  # joined the task of the warning that it derives from
    CHATTERING = "chattering"  # joined the open task of the same rule
    FLOOD = "flood"  # folded into the group's regional task
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"


HELD = frozenset({Course.SHELVED, Course.SUPPRESSED})


@dataclass(frozen=True, slots=True)
class Step:
    course: Course
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Handling:
    """The record beside a warning. The last of `steps` is how it stands; those before say how it came to that."""

    warning_id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    tier: int
    raised_at_ms: int
    steps: tuple[Step, ...]
    cleared_at_ms: int | None = None
    version: int = 0

    @property
    def course(self) -> Course:
        return self.steps[-1].course

    @property
    def by(self) -> str:
        return self.steps[-1].by

    @property
    def at_ms(self) -> int:
        return self.steps[-1].at_ms

    @property
    def is_held(self) -> bool:
        """Nobody was called, and people will be once nothing holds it."""
        return self.course in HELD and self.cleared_at_ms is None

    @property
    def task_id(self) -> str | None:
        return None if self.course in HELD else self.by

    def then(self, step: Step) -> "Handling":
        return replace(self, steps=(*self.steps, step))


def first_handling(warning: Warning, step: Step) -> Handling:
    return Handling(
        warning_id=warning.id,
        enterprise_id=warning.enterprise_id,
        unit_id=warning.unit_id,
        rule_id=warning.rule_id,
        tier=warning.tier,
        raised_at_ms=warning.opened_at_ms,
        steps=(step,),
        cleared_at_ms=warning.cleared_at_ms,
    )


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that the choice depends on. `openings`: how often the unit's rule has opened within the chattering window, this
    warning included. `regional` is the task of the flood that lasts."""

    now_ms: int
    windows: tuple[MaintenanceWindow, ...]
    shelvings: tuple[Shelving, ...]
    open_tasks: tuple[Task, ...]
    openings: int
    load: GroupLoad
    regional: Task | None


@dataclass(frozen=True, slots=True)
class Choice:
    """`task` is the one to join, or None for a new one; `by` names what holds the warning."""

    course: Course
    task: Task | None = None
    by: str = ""


def choose_course(warning: Warning, seen: Circumstances, catalogue: Catalogue) -> Choice:
    """The first that applies: suppressed, shelved, derived, chattering, flood, and else a task of its own."""
    if (hold := hold_on(warning, seen.windows, seen.shelvings, seen.now_ms)) is not None:
        return hold
    candidates = [task for task in seen.open_tasks if _may_join(warning, task)]
    parents = next((rule.inhibited_by for rule in catalogue.rules if rule.id == warning.rule_id), ())
    if (task := _task_of(candidates, warning.unit_id, parents, is_open=True)) is not None:
        return Choice(Course.UNDER_PARENT, task)
    chatters = seen.openings >= catalogue.chattering.count
    if chatters and (task := _task_of(candidates, warning.unit_id, (warning.rule_id,), is_open=False)) is not None:
        return Choice(Course.CHATTERING, task)
    if warning.tier < 3 and seen.load.is_flood(seen.now_ms, catalogue.grouping):
        known = seen.regional
        return Choice(Course.FLOOD, known if known is not None and _may_join(warning, known) else None)
    return Choice(Course.OWN_TASK)


def hold_on(
    warning: Warning, windows: Iterable[MaintenanceWindow], shelvings: Iterable[Shelving], now_ms: int
) -> Choice | None:
    """What keeps a warning of a unit from calling people now."""
    for window in windows:
        if window.suppresses(warning.tier, now_ms):
            return Choice(Course.SUPPRESSED, by=window.id)
    for shelving in shelvings:
        if shelving.covers(warning.rule_id, warning.tier, now_ms):
            return Choice(Course.SHELVED, by=shelving.id)
    return None


def _may_join(warning: Warning, task: Task) -> bool:
    if task.state is TaskState.CLOSED or len(task.members) >= MAX_MEMBERS:
        return False
    is_regional = task.kind is TaskKind.REGIONAL
    enterprises = task.enterprises | {warning.enterprise_id}
    return not is_regional or (warning.tier < 3 and len(enterprises) <= MAX_ENTERPRISES)


def _task_of(tasks: Iterable[Task], unit_id: str, rule_ids: Iterable[str], *, is_open: bool) -> Task | None:
    """The task that has a warning (still open, if asked) of one of these rules in the unit."""
    wanted = set(rule_ids)
    return next(
        (
            task
            for task in tasks
            for one in task.members
            if one.unit_id == unit_id and one.rule_id in wanted and not (is_open and one.cleared_at_ms is not None)
        ),
        None,
    )
