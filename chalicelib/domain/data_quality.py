"""How much of what a plant sent is fit to be judged: neither flagged by its source nor marked as implausible."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.completeness import Span
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.mark import SPARES_READINGS, Mark, MarkKind


@dataclass(frozen=True, slots=True)
class Fitness:
    """`by_mark` counts the readings that each kind doubts; one reading may have several marks."""

    readings: int
    fit: int
    by_mark: Mapping[MarkKind, int]

    @property
    def share(self) -> float | None:
        """None where there were no readings."""
        return self.fit / self.readings if self.readings else None


@dataclass(frozen=True, slots=True)
class PointFitness:
    point_id: str
    unit_id: str
    dimension: Dimension
    fitness: Fitness


def fitness_of(times_ms: Sequence[int], marks: Iterable[Mark], span: Span) -> Fitness:
    """Of one point: its readings within the span, against its own marks."""
    start, end = bisect_left(times_ms, span.from_ms), bisect_left(times_ms, span.to_ms)
    unfit = bytearray(end - start)
    by_mark: dict[MarkKind, int] = {}
    for mark in marks:
        first = max(bisect_left(times_ms, mark.from_ms), start) - start
        last = min(bisect_right(times_ms, mark.until_ms), end) - start
        if last <= first:
            continue
        if mark.kind in SPARES_READINGS:
            by_mark[mark.kind] = by_mark.get(mark.kind, 0) + mark.readings
            continue
        by_mark[mark.kind] = by_mark.get(mark.kind, 0) + last - first
        unfit[first:last] = b"\1" * (last - first)
    return Fitness(end - start, end - start - sum(unfit), by_mark)


def total(parts: Iterable[Fitness]) -> Fitness:
    readings = fit = 0
    by_mark: dict[MarkKind, int] = {}
    for part in parts:
        readings, fit = readings + part.readings, fit + part.fit
        for kind, count in part.by_mark.items():
            by_mark[kind] = by_mark.get(kind, 0) + count
    return Fitness(readings, fit, by_mark)
