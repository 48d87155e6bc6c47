"""The published ranking of a month: in what order, and how each place changed since the month before. Equal scores share a place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.domain.month import MonthResult
from chalicelib.domain.score import Grade

PARK = "park"


@dataclass(frozen=True, slots=True)
class Ranking:
    """A month's publication. Each revision stays: one that is corrected is published again beside it."""

    month: str
    revision: int
    published_at_ms: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class Place:
    """`number` is the position in the list, from 1; `rank` is shared by equals; `change` is how many ranks were gained since the month before, None
    where there is nothing to compare with."""

    number: int
    rank: int
    enterprise_id: str
    name: str
    value: float
    grade: Grade
    change: int | None


def industry_scope(industry: str) -> str:
    return f"industry:{industry}"


def rank(
    results: Iterable[MonthResult], before: Mapping[str, MonthResult], names: Mapping[str, str]
) -> Mapping[str, tuple[Place, ...]]:
    """Places by scope: the whole park, and each industry. `names` of enterprises, as they are at publication."""
    now = tuple(results)
    scopes = {PARK, *(industry_scope(one.industry) for one in now)}
    return {scope: tuple(_places(_of(scope, now), _of(scope, before.values()), names)) for scope in sorted(scopes)}


def _of(scope: str, results: Iterable[MonthResult]) -> list[MonthResult]:
    return [one for one in results if scope in (PARK, industry_scope(one.industry))]


def _places(now: list[MonthResult], before: list[MonthResult], names: Mapping[str, str]) -> Iterator[Place]:
    ranks, former = _ranks(now), _ranks(before)
    ordered = sorted(now, key=lambda one: (-one.value, one.enterprise_id))
    for number, one in enumerate(ordered, start=1):
        was, is_now = former.get(one.enterprise_id), ranks[one.enterprise_id]
        change = None if was is None else was - is_now
        yield Place(number, is_now, one.enterprise_id, names[one.enterprise_id], one.value, one.grade, change)


def _ranks(results: list[MonthResult]) -> dict[str, int]:
    """1 and how many are better."""
    values = sorted((one.value for one in results), reverse=True)
    first: dict[float, int] = {}
    for number, value in enumerate(values, start=1):
        first.setdefault(value, number)
    return {one.enterprise_id: first[one.value] for one in results}
