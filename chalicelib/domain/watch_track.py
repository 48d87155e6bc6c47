"""A unit's readings on the even grid of its model, as they arrive: in any blocks, doubled, a little out of order.

An instant of the grid is judged once event time is an interval past it, so that points that come in other blocks are there. It is
judged once: what arrives for it later, or is older, changes nothing. At an instant each point has its last valid value, which holds
for HOLD intervals; where one has none, the row is None and nothing is judged. Of the values between two instants only the last counts,
so that no others are kept.
"""

import json
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.observation import ObservationKind
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.watch_record import HOLD

VERSION = 1
Value = tuple[int, float]  # when, and what
Values = Mapping[int, Value]  # by the instant of the grid at which it counts
Row = tuple[float, ...] | None
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WatchTrack:
    """`next_ms` is the first instant not judged yet. `held` has each point's last valid value up to the instant before, `waiting`
    what is newer. `watch` is the packed state of the model's memories (empty: fresh). `open` are the
    observations of the present alarm, `hot_since_ms` when it began to show."""

    model_version: str = ""
    next_ms: int = 0
    held: Mapping[str, Value] = field(default_factory=dict)
    waiting: Mapping[str, Values] = field(default_factory=dict)
    watch: bytes = b""
    open: Mapping[ObservationKind, str] = field(default_factory=dict)
    hot_since_ms: int | None = None


def valid_values(
    series: Iterable[Series], plausible: Mapping[str, Range], interval_ms: int
) -> dict[str, dict[int, Value]]:
    """Of the points in `plausible` the last value before each instant of the grid that may be judged: flagged normal, and within the
    point's range. NaN is within none."""
    found: dict[str, dict[int, Value]] = {}
    for one in series:
        if one.point_id in plausible:
            last = _last_valid(one, plausible[one.point_id], interval_ms)
            found[one.point_id] = merged(found.get(one.point_id, {}), last)
    return found


def _last_valid(one: Series, plausible: Range, interval_ms: int) -> dict[int, Value]:
    """From the end, interval by interval: what is before an interval's last valid value is not looked at."""
    low, high = plausible
    times, values, flags = one.times_ms, one.values, one.flags
    last: dict[int, Value] = {}
    at = len(times) - 1
    while at >= 0:
        instant = -(-times[at] // interval_ms) * interval_ms
        begin = bisect_right(times, instant - interval_ms)
        while at >= begin and not (flags[at] == NORMAL and low <= values[at] <= high):
            at -= 1
        if at >= begin:
            last[instant] = (times[at], values[at])
        at = begin - 1
    return last


def merged(first: Values, then: Values) -> dict[int, Value]:
    """The later of two values for an instant; of two of the same time the one that came first."""
    found = dict(first)
    for instant, value in then.items():
        if instant not in found or found[instant][0] < value[0]:
            found[instant] = value
    return found


def advance(
    track: WatchTrack, fresh: Mapping[str, Values], points: Sequence[str], interval_ms: int
) -> tuple[WatchTrack, list[tuple[int, Row]]]:
    """Take valid values in and give the rows (instant, values in the order of points) that can be judged now."""
    waiting = {
        point: merged(
            track.waiting.get(point, {}),
            {instant: value for instant, value in fresh.get(point, {}).items() if instant >= track.next_ms},
        )
        for point in points
    }
    newest_ms = max((value[0] for values in waiting.values() for value in values.values()), default=0)
    if not newest_ms:
        return track, []
    held = dict(track.held)
    rows: list[tuple[int, Row]] = []
    instant = track.next_ms or _earliest(waiting)
    past_last_ms = newest_ms // interval_ms * interval_ms
    while instant < past_last_ms:
        for point, values in waiting.items():
            if (value := values.pop(instant, None)) is not None:
                held[point] = value
        row = _row(held, points, instant - HOLD * interval_ms)
        rows.append((instant, row))
        # With nothing new there is no row either: a gap of days is not gone through instant by instant.
        instant = instant + interval_ms if row else max(instant + interval_ms, _earliest(waiting))
    kept = {point: values for point, values in waiting.items() if values}
    return replace(track, next_ms=instant, held=held, waiting=kept), rows


def _earliest(waiting: Mapping[str, Values]) -> int:
    return min(min(values) for values in waiting.values() if values)


def _row(held: Mapping[str, Value], points: Sequence[str], oldest_ms: int) -> Row:
    values = [held[point][1] for point in points if point in held and held[point][0] >= oldest_ms]
    return tuple(values) if len(values) == len(points) else None


def pack_track(track: WatchTrack) -> bytes:
    head = {
        "v": VERSION,
        "m": track.model_version,
        "n": track.next_ms,
        "h": track.held,
        "w": {
            point: [[instant, *value] for instant, value in values.items()] for point, values in track.waiting.items()
        },
        "o": track.open,
        "s": track.hot_since_ms,
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    return zlib.compress(struct.pack("<I", len(text)) + text + track.watch, 1)


def unpack_track(payload: bytes) -> WatchTrack:
    """The track that was packed. Raises ValueError for bytes that are no track of this version."""
    try:
        data = zlib.decompress(payload)
        (size,) = struct.unpack_from("<I", data)
        head = json.loads(data[4 : 4 + size])
        if head["v"] != VERSION:
            raise ValueError("unknown version of a track")
        return WatchTrack(
            head["m"],
            head["n"],
            {point: (at, value) for point, (at, value) in head["h"].items()},
            {point: {instant: (at, value) for instant, at, value in values} for point, values in head["w"].items()},
            data[4 + size :],
            {ObservationKind(kind): one for kind, one in head["o"].items()},
            head["s"],
        )
    except (zlib.error, struct.error, KeyError, TypeError) as error:
        raise ValueError("not a track") from error
