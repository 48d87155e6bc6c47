"""Readings as they arrive: one series a point, columnar. Values are doubles; instants are epoch milliseconds."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import nan


class Quality(StrEnum):
    """HJ 212's data flags. Anything but N is stored and never judged."""

    NORMAL = "N"
    STOPPED = "F"
    MAINTENANCE = "M"
    MANUAL = "S"
    FAULT = "D"
    CALIBRATION = "C"
    OVER_RANGE = "T"
    LINK_FAULT = "B"


FLAGS = frozenset(quality.value for quality in Quality)
NORMAL = Quality.NORMAL.value
MISSING = nan  # the value of a reading that has none (its flag says why)


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one point: `times_ms` strictly increasing, `values` with NaN where the source had none,
    `flags` one letter a reading, all of the same length. `block_id` where they come from several blocks."""

    point_id: str
    times_ms: Sequence[int]
    values: Sequence[float]
    flags: str
    block_id: str = ""

    def __len__(self) -> int:
        return len(self.times_ms)


def cut(series: Iterable[Series], at_ms: int) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """(readings before an instant, readings from it on). A series without readings on one side is not there."""
    before, after = [], []
    for one in series:
        n = bisect_left(one.times_ms, at_ms)
        before.append(replace(one, times_ms=one.times_ms[:n], values=one.values[:n], flags=one.flags[:n]))
        after.append(replace(one, times_ms=one.times_ms[n:], values=one.values[n:], flags=one.flags[n:]))
    return tuple(one for one in before if len(one)), tuple(one for one in after if len(one))
