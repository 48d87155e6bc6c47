"""Who of a joint group is there: the rota, leave, and how much each has to do. A decision about people carries its reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.person import Person, Role


class DutyKind(StrEnum):
    SHIFT = "shift"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """A shift that a person has, or a leave that they take: from_ms <= t < to_ms."""

    id: str
    person_id: str
    kind: DutyKind
    from_ms: int
    to_ms: int
    reason: str = ""

    def covers(self, at_ms: int) -> bool:
        return self.from_ms <= at_ms < self.to_ms


class Standing(StrEnum):
    """Why somebody is called, or is not."""

    AVAILABLE = "available"
    OFF_DUTY = "off_duty"
    ON_LEAVE = "on_leave"
    NOT_ON_SHIFT = "not_on_shift"


@dataclass(frozen=True, slots=True)
class Rota:
    """All entries that have not ended."""

    entries: tuple[DutyEntry, ...] = ()

    def standings(self, group: Sequence[Person], at_ms: int) -> Mapping[str, Standing]:
        """Of each of a group. Shifts count where anybody of the group has one just then: a group without a rota is always there."""
        now = [one for one in self.entries if one.covers(at_ms)]
        away = {one.person_id for one in now if one.kind is DutyKind.LEAVE}
        on_shift = {one.person_id for one in now if one.kind is DutyKind.SHIFT} & {one.id for one in group}
        return {one.id: _standing(one, away, on_shift) for one in group}


def _standing(person: Person, away: set[str], on_shift: set[str]) -> Standing:
    if not person.on_duty:
        return Standing.OFF_DUTY
    if person.id in away:
        return Standing.ON_LEAVE
    return Standing.NOT_ON_SHIFT if on_shift and person.id not in on_shift else Standing.AVAILABLE


def group_of(people: Iterable[Person], region: str, industry: str, dimension: Dimension) -> list[Person]:
    return [
        one
        for one in people
        if one.role is Role.INSPECTOR
        and one.dimension is dimension
        and region in one.regions
        and industry in one.industries
    ]


def ranked(group: Sequence[Person], rota: Rota, at_ms: int, load: Callable[[str], int]) -> tuple[str, ...]:
    """Who may be called, the least loaded first. A chief is called when nobody else is there, or answers."""
    standings = rota.standings(group, at_ms)
    there = [one for one in group if standings[one.id] is Standing.AVAILABLE]
    staff = [one.id for one in there if not one.is_chief]
    return tuple(sorted(staff or [one.id for one in there], key=lambda one: (load(one), one)))


def chief_of(group: Sequence[Person], rota: Rota, at_ms: int) -> str | None:
    standings = rota.standings(group, at_ms)
    chiefs = [
        one.id for one in group if one.is_chief and standings[one.id] not in (Standing.OFF_DUTY, Standing.ON_LEAVE)
    ]
    return min(chiefs, default=None)
