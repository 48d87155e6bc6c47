"""From what a packet says to values of points: by station, kind of data, factor (old code or new) and field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from green_shield_bridge.config.hj212 import DataKind, Hj212Point, Hj212Source
from green_shield_bridge.hj212.factors import canonical_code
from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.readings import DAY, HOUR, LIVE, MINUTE, RUN_TIME, STATE, readings
from green_shield_bridge.hj212.session import EARLIEST_MS, MAX_AHEAD_MS
from green_shield_bridge.hj212.taken import Key

COMMAND_OF: Mapping[DataKind, str] = {
    "live": LIVE,
    "state": STATE,
    "day": DAY,
    "run_time": RUN_TIME,
    "minute": MINUTE,
    "hour": HOUR,
}


class Value(NamedTuple):
    """`point` is an index into the source's points, `mark` the name under which the value is known to have come."""

    point: int
    mark: str
    value: float | None
    flag: str


@dataclass(frozen=True, slots=True)
class Instant:
    """Values of one station, kind of data and DataTime."""

    key: Key
    values: tuple[Value, ...]

    def without(self, marks: Iterable[str]) -> "Instant":
        known = set(marks)
        return Instant(self.key, tuple(value for value in self.values if value.mark not in known))


@dataclass(frozen=True, slots=True)
class _Target:
    index: int
    point: Hj212Point
    mark: str


class Values:
    """Which value of which packet is which point of a source."""

    def __init__(self, source: Hj212Source) -> None:
        self._targets: dict[tuple[str, str, str, str], _Target] = {}
        self._of_point: dict[str, tuple[str, str, str]] = {}
        index = 0
        for station in source.stations:
            for point in station.points:
                factor, cn = canonical_code(point.factor), COMMAND_OF[point.data]
                mark = f"{factor}-{point.sent_as}"
                self._targets[station.mn, cn, factor, point.sent_as] = _Target(index, point, mark)
                self._of_point[point.point] = station.mn, cn, mark
                index += 1

    def instants(self, packet: Packet, now_ms: int) -> list[Instant]:
        """Values of configured points, by DataTime, each once. What has no credible time of its own is left out."""
        found: dict[int, dict[int, Value]] = {}
        for reading in readings(packet):
            target = self._targets.get((packet.mn, packet.cn, canonical_code(reading.factor), reading.field))
            if target is None or reading.time_ms is None:
                continue
            if EARLIEST_MS <= reading.time_ms <= now_ms + MAX_AHEAD_MS:
                value = _scaled(target.point, reading.value)
                of_time = found.setdefault(reading.time_ms, {})
                of_time.setdefault(target.index, Value(target.index, target.mark, value, reading.flag))
        return [
            Instant(Key(packet.mn, packet.cn, time_ms), tuple(values.values())) for time_ms, values in found.items()
        ]

    def marks_of(self, rows: Iterable[tuple[str, int]]) -> list[tuple[Key, Sequence[str]]]:
        """(point, time) as the spool knows them, as what was taken; points of other sources are left out."""
        of_points = ((self._of_point.get(point), time_ms) for point, time_ms in rows)
        return [(Key(of[0], of[1], time_ms), (of[2],)) for of, time_ms in of_points if of is not None]


def _scaled(point: Hj212Point, value: float | None) -> float | None:
    # A scale of 1 leaves the number as the device wrote it.
    if value is None or (point.scale == 1.0 and point.offset == 0.0):
        return value
    return value * point.scale + point.offset
