"""What follows from a grade or from key supervision: measures with cause, start, end and how they are unlocked. Which there are is catalogue data.

`decide` is pure: from a settled month and the measures that stand come those that start and those that end. A measure that stands is not begun again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.catalogue import ConsequenceRule
from chalicelib.domain.score import GRADES, Grade

KEY_SUPERVISION = "key_supervision"
ORDER = (*(grade for _, grade in GRADES), Grade.SUPERVISED)  # best first


class EndReason(StrEnum):
    GRADE_LOST = "grade_lost"  # the grade that brought it is no more
    GRADE_REACHED = "grade_reached"
    WORK_DONE = "work_done"  # no task is open
    DELISTED = "delisted"
    WITHDRAWN = "withdrawn"  # the month was settled again, and gives another grade


@dataclass(frozen=True, slots=True)
class Consequence:
    """One measure in force, or that was. `month`: the one whose settlement, or whose figures, brought it."""

    id: str
    measure: str
    enterprise_id: str
    cause: str
    month: str
    started_at_ms: int
    catalogue_version: str
    ended_at_ms: int | None = None
    ended_by: EndReason | None = None
    visits: int = 0  # joint visits that were opened for it
    version: int = 0

    @property
    def is_standing(self) -> bool:
        return self.ended_at_ms is None

    def ended(self, by: EndReason, at_ms: int) -> "Consequence":
        return replace(self, ended_at_ms=at_ms, ended_by=by)


def consequence_id(enterprise_id: str, measure: str, month: str, at_ms: int) -> str:
    """A measure starts at most once at an instant; in a month it may start again after it ended."""
    return f"{enterprise_id}:{measure}:{month}:{at_ms}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision comes to: measures that start, and such that end."""

    started: tuple[Consequence, ...] = ()
    ended: tuple[Consequence, ...] = ()

    @property
    def all(self) -> tuple[Consequence, ...]:
        return (*self.ended, *self.started)


@dataclass(frozen=True, slots=True)
class Judged:
    """A settled month as measures see it. `is_again`: it was settled before, with another grade."""

    enterprise_id: str
    month: str
    grade: Grade
    at_ms: int
    catalogue_version: str
    is_again: bool = False


def by_grade(judged: Judged, standing: Iterable[Consequence], rules: Mapping[str, ConsequenceRule]) -> Change:
    """What a grade starts and ends. A measure that the catalogue names no more ends with its grade."""
    stood = {one.measure: one for one in standing if one.cause != KEY_SUPERVISION}
    ended = tuple(
        one.ended(why, judged.at_ms) for one in stood.values() if (why := _ends(one, judged, rules.get(one.measure)))
    )
    over = {one.measure for one in ended}
    wanted = [one for one in rules.values() if one.cause == judged.grade and (one.id not in stood or one.id in over)]
    return Change(tuple(_started(one.id, one.cause, judged) for one in wanted), ended)


def _ends(one: Consequence, judged: Judged, rule: ConsequenceRule | None) -> EndReason | None:
    if one.cause == judged.grade:
        return None
    if judged.is_again and one.month == judged.month:
        return EndReason.WITHDRAWN
    if rule is None or rule.until_grade is None:
        return EndReason.GRADE_LOST
    is_reached = ORDER.index(judged.grade) <= ORDER.index(Grade(rule.until_grade))
    return EndReason.GRADE_REACHED if is_reached else None


def by_listing(judged: Judged, standing: Iterable[Consequence], rules: Mapping[str, ConsequenceRule], *, is_listed: bool) -> Change:  # fmt: skip
    """What being put on the list of key supervision starts, or being taken off it ends."""
    stood = {one.measure: one for one in standing if one.cause == KEY_SUPERVISION}
    if not is_listed:
        return Change(ended=tuple(one.ended(EndReason.DELISTED, judged.at_ms) for one in stood.values()))
    wanted = [one for one in rules.values() if one.cause == KEY_SUPERVISION and one.id not in stood]
    return Change(started=tuple(_started(one.id, one.cause, judged) for one in wanted))


def by_work(standing: Iterable[Consequence], rules: Mapping[str, ConsequenceRule], at_ms: int) -> Change:
    """What ends because no task of the enterprise is open any more."""
    return Change(
        ended=tuple(
            one.ended(EndReason.WORK_DONE, at_ms)
            for one in standing
            if one.measure in rules and rules[one.measure].unlocked_by_work
        )
    )


def _started(measure: str, cause: str, judged: Judged) -> Consequence:
    return Consequence(
        id=consequence_id(judged.enterprise_id, measure, judged.month, judged.at_ms),
        measure=measure,
        enterprise_id=judged.enterprise_id,
        cause=cause,
        month=judged.month,
        started_at_ms=judged.at_ms,
        catalogue_version=judged.catalogue_version,
    )
