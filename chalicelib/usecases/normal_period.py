"""A unit's stored readings as rows on an even grid, and what in a period was not normal."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.observation import Observation
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.domain.watch_track import Row, Values, WatchTrack, advance, merged, valid_values
from chalicelib.ports import BlockRepo, ObservationRepo, Page, WarningRepo

PAGE = 100
LOOK_BACK_MS = 366 * 86_400_000  # what began before that is not looked for
AROUND_MS = 3_600_000  # what led to an abnormality and what followed it is not normal either

Span = tuple[int, int]
Event = TypeVar("Event", Warning, Observation)


@dataclass(frozen=True, slots=True)
class Period:
    """`rows` are the unit's points in turn at each of `instants`; None where one has no valid value, and after a gap.

    `readings` counts those of the unit in the span, `refused` those of them that are flagged or implausible; `absent` are
    registered points without a single valid one, which are no part of the rows.
    """

    points: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    instants: tuple[int, ...]
    rows: tuple[Row, ...]
    readings: int
    refused: int
    absent: tuple[str, ...]

    @property
    def whole(self) -> int:
        return sum(row is not None for row in self.rows)

    def without(self, spans: tuple[Span, ...]) -> "Period":
        """With a gap wherever one of the spans lies."""
        rows = (
            None if any(begin <= at < end for begin, end in spans) else row
            for at, row in zip(self.instants, self.rows, strict=True)
        )
        return replace(self, rows=tuple(rows))


def read_period(
    unit_id: str, span: Span, interval_ms: int, *, profile: Profile, catalogue: Catalogue, blocks: BlockRepo
) -> Period:
    """What is stored of a unit for begin <= t < end."""
    indicators = {point.id: catalogue.indicators[point.indicator] for point in profile.points_of(unit_id)}
    plausible = {point: indicator.plausible for point, indicator in indicators.items()}
    found: dict[str, Values] = {}
    readings = refused = 0
    for block in blocks.between(profile.enterprise.id, *span):
        own = [_within(one, span) for one in block.readable if one.point_id in plausible]
        readings += sum(len(one) for one in own)
        refused += sum(_refused(one, *plausible[one.point_id]) for one in own)
        for point, values in valid_values(own, plausible, interval_ms).items():
            found[point] = merged(found.get(point, {}), values)
    points = tuple(point for point in plausible if found.get(point))
    _, grid = advance(WatchTrack(), found, points, interval_ms)
    return Period(
        points,
        tuple(indicators[point].dimension for point in points),
        tuple(at for at, _ in grid),
        tuple(row for _, row in grid),
        readings,
        refused,
        tuple(point for point in plausible if not found.get(point)),
    )


def _within(one: Series, span: Span) -> Series:
    first, last = (bisect_left(one.times_ms, at) for at in span)
    return Series(one.point_id, one.times_ms[first:last], one.values[first:last], one.flags[first:last])


def _refused(one: Series, low: float, high: float) -> int:
    """How many readings are flagged or implausible."""
    valid = sum(flag == NORMAL and low <= value <= high for value, flag in zip(one.values, one.flags, strict=True))
    return len(one) - valid


def abnormal_spans(
    unit_id: str, enterprise_id: str, span: Span, *, warnings: WarningRepo, observations: ObservationRepo
) -> tuple[Span, ...]:
    """When warnings or observations of a unit stood within a span, each with an hour around it. What is open goes on to its end."""
    stood = [
        (one.onset_ms, one.cleared_at_ms)
        for one in _since(warnings.listing, enterprise_id, span)
        if one.unit_id == unit_id and one.state is not WarningState.OBSERVED
    ]
    seen = [
        (one.onset_ms, one.closed_at_ms)
        for one in _since(observations.listing, enterprise_id, span)
        if one.unit_id == unit_id
    ]
    spans = ((begin - AROUND_MS, (end or span[1]) + AROUND_MS) for begin, end in stood + seen)
    return tuple(sorted(one for one in spans if one[0] < span[1] and one[1] > span[0]))


def _since(
    listing: Callable[[str | None, str | None, int], Page[Event]], enterprise_id: str, span: Span
) -> Iterator[Event]:
    cursor: str | None = None
    while True:
        page = listing(enterprise_id, cursor, PAGE)
        for one in page.items:
            if one.onset_ms < span[0] - LOOK_BACK_MS:
                return
            yield one
        if (cursor := page.cursor) is None:
            return
