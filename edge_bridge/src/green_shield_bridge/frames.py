"""A frame: values that were read at one instant, packed for the spool.

One frame is one spool row whatever the number of values, which is what keeps the disk cheap: 13 bytes a reading, one
insert an answer.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from green_shield_bridge.plan import NORMAL

# (series id of the spool, value, flag); the value is None only where the flag is not N. A plain tuple: millions of
# them pass here a day.
Reading = tuple[int, float | None, str]


@dataclass(frozen=True, slots=True)
class Frame:
    time_ms: int
    count: int
    body: bytes
    is_urgent: bool = False


def pack(time_ms: int, readings: Sequence[Reading], *, is_urgent: bool = False) -> Frame:
    """Little endian, column after column: series as u32, values as f64 with NaN for None, flags as one letter."""
    count = len(readings)
    series, values, flags = zip(*readings, strict=True)
    numbers = values if None not in values else [math.nan if value is None else value for value in values]
    body = struct.pack(f"<{count}I{count}d", *series, *numbers) + "".join(flags).encode("ascii")
    return Frame(time_ms, count, body, is_urgent)


def unpack(frame: Frame) -> Iterator[Reading]:
    """The readings of a frame, in the order in which they were packed."""
    count = frame.count
    values = struct.unpack_from(f"<{count}d", frame.body, 4 * count)
    flags = frame.body[12 * count :].decode("ascii")
    if flags == NORMAL * count:
        return zip(series_of(frame), values, flags, strict=True)
    return zip(series_of(frame), (None if math.isnan(value) else value for value in values), flags, strict=True)


def series_of(frame: Frame) -> tuple[int, ...]:
    return struct.unpack_from(f"<{frame.count}I", frame.body)


def total(frames: Iterable[Frame]) -> int:
    return sum(frame.count for frame in frames)
