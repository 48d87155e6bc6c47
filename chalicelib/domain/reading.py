"""Readings as they arrive: one series a point, columnar. Values are doubles; instants are epoch milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    `flags` one letter a reading, all of the same length."""

    point_id: str
    times_ms: Sequence[int]
    values: Sequence[float]
    flags: str

    def __len__(self) -> int:
        return len(self.times_ms)
