"""Where a batch ends, and what it looks like on the wire.

A batch is a run of spool rows, and its content never changes: the same rows give the same bytes however often the
block has to be sent. Within a series times strictly increase; a batch ends before a row that would break that (a clock
set back).

Tens of thousands of readings a second pass here, so nothing loops over readings in Python: frames of the same series
are one group, whose columns zip turns over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import orjson

from green_shield_bridge.frames import Frame, Reading, flags_of, series_of, unpack, values_of
from green_shield_bridge.modbus.plan import NORMAL
from green_shield_bridge.upload.deflate import gzipped

MAX_SPAN_MS = 24 * 3_600_000

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Limits:
    readings: int = 20_000
    span_ms: int = MAX_SPAN_MS


@dataclass(frozen=True, slots=True)
class Source:
    """Which rows of which spool a block is made of: inclusive ranges, in order."""

    spool: str
    rows: Ranges


@dataclass(frozen=True, slots=True)
class Block:
    """What is sent: one upload of the park's API. `series` are the spool's series ids, in the order of the body."""

    block_id: str
    series: tuple[int, ...]
    readings: int
    body: bytes


@dataclass(slots=True)
class _Column:
    times: Sequence[int]
    values: Sequence[float]
    flags: Sequence[str] | None


class Cut:
    """Takes rows in order until one does not fit any more."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._readings = 0
        self._first_ms = self._last_ms = 0
        self._latest_ms: dict[bytes, int] = {}

    def takes(self, frame: Frame) -> bool:
        """Whether the frame belongs to this batch. The first always does."""
        if self._readings and not (self._fits(frame) and self._is_later(frame)):
            return False
        self._first_ms = min(self._first_ms, frame.time_ms) if self._readings else frame.time_ms
        self._last_ms = max(self._last_ms, frame.time_ms) if self._readings else frame.time_ms
        self._readings += frame.count
        key = frame.key
        self._latest_ms[key] = max(frame.time_ms, self._latest_ms.get(key, frame.time_ms))
        return True

    def _fits(self, frame: Frame) -> bool:
        span_ms = max(self._last_ms, frame.time_ms) - min(self._first_ms, frame.time_ms)
        return self._readings + frame.count <= self._limits.readings and span_ms <= self._limits.span_ms

    def _is_later(self, frame: Frame) -> bool:
        """Whether every series of the frame would increase. Only groups that are not earlier need a look."""
        if frame.time_ms > self._last_ms:
            return True
        if self._latest_ms.get(frame.key, frame.time_ms - 1) >= frame.time_ms:
            return False
        series = frozenset(series_of(frame))
        others = (key for key, latest_ms in self._latest_ms.items() if latest_ms >= frame.time_ms)
        return all(series.isdisjoint(memoryview(key).cast("I")) for key in others)


def take(frames: Iterable[tuple[int, Frame]], limits: Limits) -> Iterator[tuple[int, Frame]]:
    """The leading (row number, frame) pairs that make one batch."""
    cut = Cut(limits)
    for number, frame in frames:
        if not cut.takes(frame):
            return
        yield number, frame


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """Rising numbers as inclusive ranges: 1, 2, 3, 7 -> (1, 3), (7, 7)."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


def build_block(
    block_id: str, created_ms: int, frames: Iterable[Frame], points: Mapping[int, str], source: Source | None = None
) -> Block:
    """Pack a batch for the wire. The same arguments give the same bytes, so `sent_at` is when the batch was made."""
    columns = _columns(frames)
    body: dict[str, Any] = {"block_id": block_id, "sent_at": _rfc3339(created_ms)}
    if source is not None:
        body["source"] = {"spool": source.spool, "rows": source.rows}
    body["series"] = [_series(points[series], column) for series, column in columns.items()]
    readings = sum(len(column.times) for column in columns.values())
    return Block(block_id, tuple(columns), readings, gzipped(orjson.dumps(body)))


def readings_of(frames: Iterable[Frame]) -> Iterator[tuple[int, Reading]]:
    """(time, reading) of every reading of some frames."""
    return ((frame.time_ms, reading) for frame in frames for reading in unpack(frame))


def _columns(frames: Iterable[Frame]) -> dict[int, _Column]:
    groups: dict[bytes, list[Frame]] = {}
    for frame in frames:
        groups.setdefault(frame.key, []).append(frame)
    pieces: dict[int, list[_Column]] = {}
    for group in groups.values():
        for series, column in zip(series_of(group[0]), _group_columns(group), strict=True):
            pieces.setdefault(series, []).append(column)
    return {series: parts[0] if len(parts) == 1 else _joined(parts) for series, parts in pieces.items()}


def _group_columns(group: Sequence[Frame]) -> Iterator[_Column]:
    """The columns of frames that have the same series; they share one list of times."""
    times = [frame.time_ms for frame in group]
    columns = zip(*map(values_of, group), strict=True)
    plain = NORMAL * group[0].count
    letters = [flags_of(frame) for frame in group]
    if all(flags == plain for flags in letters):
        return (_Column(times, values, None) for values in columns)
    return (_Column(times, values, flags) for values, flags in zip(columns, zip(*letters, strict=True), strict=True))


def _joined(parts: Sequence[_Column]) -> _Column:
    """A series that came in several groups, in the order of its times."""
    times = list(chain.from_iterable(part.times for part in parts))
    order = sorted(range(len(times)), key=times.__getitem__)
    values = list(chain.from_iterable(part.values for part in parts))
    flags = list(chain.from_iterable(part.flags or NORMAL * len(part.times) for part in parts))
    return _Column([times[i] for i in order], [values[i] for i in order], [flags[i] for i in order])


def _series(point: str, column: _Column) -> dict[str, Any]:
    # NaN stands for None in a frame; orjson writes it as null.
    series = {"point": point, "times": column.times, "values": column.values}
    if column.flags is None or set(column.flags) == {NORMAL}:
        return series
    return {**series, "flags": column.flags}


def _rfc3339(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
