"""A frame: values of one source that were read at one instant and have one priority, packed for the spool.

One frame is one spool row whatever the number of values, which is what keeps the disk cheap: 13 bytes a reading, one
insert an answer. The leading bytes name its series, so frames of the same points begin with the same bytes.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from green_shield_bridge.modbus.plan import NORMAL

LOW_PRIORITY, NORMAL_PRIORITY, HIGH_PRIORITY = 0, 1, 2
PRIORITIES = {"low": LOW_PRIORITY, "normal": NORMAL_PRIORITY, "high": HIGH_PRIORITY}

# (series id of the spool, value, flag); the value is None only where the flag is not N. A plain tuple: millions of
# them pass here a day.
Reading = tuple[int, float | None, str]


class Frame(NamedTuple):  # cheaper to make than a frozen dataclass, and there is one for each answer
    """`body` is what `pack` makes of the readings."""

    time_ms: int
    count: int  # type: ignore[assignment] # a tuple has a method of that name, which nobody wants here
    body: bytes
    is_urgent: bool = False
    priority: int = NORMAL_PRIORITY

    @property
    def key(self) -> bytes:
        """The bytes that name the series, alike for frames of the same series in the same order."""
        return self.body[: 4 * self.count]


def pack(
    time_ms: int, readings: Sequence[Reading], *, is_urgent: bool = False, priority: int = NORMAL_PRIORITY
) -> Frame:
    """Little endian, column after column: series as u32, values as f64 with NaN for None, flags as one letter."""
    count = len(readings)
    series, values, flags = zip(*readings, strict=True)
    numbers = values if None not in values else [math.nan if value is None else value for value in values]
    body = struct.pack(f"<{count}I{count}d", *series, *numbers) + "".join(flags).encode("ascii")
    return Frame(time_ms, count, body, is_urgent, priority)


def pack_alike(
    key: bytes, time_ms: int, values: Sequence[float | None], flags: str, *, priority: int = NORMAL_PRIORITY
) -> Frame:
    """The same for readings whose series come together again and again, so that `key` (Frame.key) is known."""
    count = len(values)
    numbers = values if None not in values else [math.nan if value is None else value for value in values]
    return Frame(
        time_ms, count, b"".join((key, _doubles(count).pack(*numbers), flags.encode("ascii"))), priority=priority
    )


def key_of(series: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(series)}I", *series)


@cache
def _doubles(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}d")


def unpack(frame: Frame) -> Iterator[Reading]:
    """The readings of a frame, in the order in which they were packed."""
    flags = flags_of(frame)
    if flags == NORMAL * frame.count:
        return zip(series_of(frame), values_of(frame), flags, strict=True)
    values = (None if math.isnan(value) else value for value in values_of(frame))
    return zip(series_of(frame), values, flags, strict=True)


def series_of(frame: Frame) -> tuple[int, ...]:
    return struct.unpack_from(f"<{frame.count}I", frame.body)


def values_of(frame: Frame) -> tuple[float, ...]:
    """The values, NaN where there is none."""
    return struct.unpack_from(f"<{frame.count}d", frame.body, 4 * frame.count)


def flags_of(frame: Frame) -> str:
    return frame.body[12 * frame.count :].decode("ascii")


def total(frames: Iterable[Frame]) -> int:
    return sum(frame.count for frame in frames)
