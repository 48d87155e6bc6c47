"""Read a window of stored readings and mark what of it cannot well be true, unit by unit."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from chalicelib.domain.block import Block
from chalicelib.domain.catalogue import Catalogue, UnitRole
from chalicelib.domain.completeness import Span
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.mark import Mark, Roles
from chalicelib.domain.reading import Series
from chalicelib.ports import BlockRepo

CONTEXT_MS = 24 * 3_600_000  # before the window: what is usual for a signal must be known from somewhere
MAX_READINGS = 2_000_000  # 25 bytes each while they are gathered, and about 5 s to be judged
MAX_SERIES = 400_000
MAX_BLOCKS = 20_000


@dataclass(frozen=True, slots=True)
class MarkedUnit:
    """A unit's readings of the window and its context, each instant once, and the marks that reach into the window."""

    unit: Unit
    series: Mapping[str, Series]
    marks: tuple[Mark, ...]


def find_marks(
    profile: Profile, units: Sequence[Unit], span: Span, catalogue: Catalogue, *, blocks: BlockRepo
) -> tuple[MarkedUnit, ...]:
    """Raises InvalidRequest (`too_much_for_units`) for more than fits into memory and time."""
    points = {point.id: point for unit in units for point in profile.points_of(unit.id)}
    read = _read(profile.enterprise.id, points, Span(span.from_ms - CONTEXT_MS, span.to_ms), blocks)
    return tuple(_marked(unit, profile.points_of(unit.id), read, span, catalogue) for unit in units)


def _marked(
    unit: Unit, points: Sequence[Point], read: Mapping[str, Series], span: Span, catalogue: Catalogue
) -> MarkedUnit:
    from chalicelib.domain import plausibility  # numpy, which only this needs
    from chalicelib.domain.signal import signal_of

    series = {point.id: read[point.id] for point in points}
    signals = [
        signal_of(series[point.id], indicator.plausible, indicator.max_rate_per_s)
        for point in points
        for indicator in [catalogue.indicators[point.indicator]]
    ]
    found = plausibility.find_marks(signals, roles_of(unit, points, catalogue))
    return MarkedUnit(unit, series, tuple(mark for mark in found if mark.until_ms >= span.from_ms))


def roles_of(unit: Unit, points: Sequence[Point], catalogue: Catalogue) -> Roles:
    """Which of a unit's points play the roles of its type; of several with one indicator, the first."""
    known = catalogue.unit_types.get(unit.type)
    first = {point.indicator: point.id for point in reversed(points)}
    load = power = None
    if known is not None:
        load = first.get(known.roles.get(UnitRole.LOAD, ""))
        power = first.get(known.roles.get(UnitRole.TREATMENT_POWER, ""))
    emissions = tuple(p.id for p in points if catalogue.indicators[p.indicator].dimension is Dimension.ENVIRONMENT)
    return Roles(load, power, tuple(one for one in emissions if one != load))


def _read(enterprise_id: str, points: Iterable[str], span: Span, blocks: BlockRepo) -> dict[str, Series]:
    """By point, its readings of the span by time, each instant once: as it was first stored."""
    gathered = {point_id: _Gathered() for point_id in points}
    count = series = readings = 0
    for block in blocks.between(enterprise_id, span.from_ms, span.to_ms):
        count, series = count + 1, series + len(block.readable)
        readings += _gather(block, gathered, span)
        for what, given, allowed in (
            ("blocks", count, MAX_BLOCKS), ("series", series, MAX_SERIES), ("readings", readings, MAX_READINGS),
        ):  # fmt: skip
            if given > allowed:
                raise InvalidRequest(errors=[FieldError("unit", "too_much_for_units", f"{allowed} {what}")])
    return {point_id: one.series(point_id) for point_id, one in gathered.items()}


def _gather(block: Block, gathered: Mapping[str, "_Gathered"], span: Span) -> int:
    return sum(
        gathered[one.point_id].add(one, block.received_at_ms, span)
        for one in block.readable
        if one.point_id in gathered
    )  # fmt: skip


class _Gathered:
    """Readings of one point, block by block in any order."""

    __slots__ = ("_flags", "_received_ms", "_times_ms", "_values")

    def __init__(self) -> None:
        self._times_ms, self._received_ms = array("q"), array("q")
        self._values, self._flags = array("d"), bytearray()

    def add(self, one: Series, received_at_ms: int, span: Span) -> int:
        start, end = bisect_left(one.times_ms, span.from_ms), bisect_left(one.times_ms, span.to_ms)
        self._times_ms.extend(one.times_ms[start:end])
        self._values.extend(one.values[start:end])
        self._flags += one.flags[start:end].encode()
        self._received_ms.extend(repeat(received_at_ms, end - start))
        return end - start

    def series(self, point_id: str) -> Series:
        times, received = self._times_ms, self._received_ms
        order = sorted(range(len(times)), key=lambda at: (times[at], received[at]))
        kept = [at for place, at in enumerate(order) if not place or times[order[place - 1]] != times[at]]
        flags = bytes(self._flags[at] for at in kept).decode()
        return Series(
            point_id, array("q", (times[at] for at in kept)), array("d", (self._values[at] for at in kept)), flags
        )
