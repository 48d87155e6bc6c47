"""A unit's readings on the even grid of its model, as they arrive: in any blocks, doubled, a little out of order.

An instant of the grid is judged once event time is an interval past it, so that points that come in other blocks are there. It is
judged once: what arrives for it later, or is older, changes nothing. At an instant each point has its last valid value, which holds
for HOLD intervals; where one has none, the row is None and nothing is judged.
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
Row = tuple[float, ...] | None
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WatchTrack:
    """`next_ms` is the first instant not judged yet. `held` has each point's last valid value up to the instant before, `waiting`
    what is newer, by rising time. `watch` is the packed state of the model's memories (empty: fresh). `open` are the
    observations of the present alarm, `hot_since_ms` when it began to show."""

    model_version: str = ""
    next_ms: int = 0
    held: Mapping[str, Value] = field(default_factory=dict)
    waiting: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    watch: bytes = b""
    open: Mapping[ObservationKind, str] = field(default_factory=dict)
    hot_since_ms: int | None = None


def valid_values(series: Iterable[Series], plausible: Mapping[str, Range]) -> dict[str, list[Value]]:
    """Readings that may be judged, of the points in `plausible`: flagged normal, and within their range. NaN is within none."""
    found: dict[str, list[Value]] = {}
    for one in series:
        if one.point_id in plausible:
            low, high = plausible[one.point_id]
            rows = zip(one.times_ms, one.values, one.flags, strict=True)
            found.setdefault(one.point_id, []).extend(
                (at, value) for at, value, flag in rows if flag == NORMAL and low <= value <= high
            )
    return found


def advance(
    track: WatchTrack, fresh: Mapping[str, Sequence[Value]], points: Sequence[str], interval_ms: int
) -> tuple[WatchTrack, list[tuple[int, Row]]]:
    """Take valid values in and give the rows (instant, values in the order of points) that can be judged now."""
    behind_ms = track.next_ms - interval_ms if track.next_ms else -1
    waiting = {point: _merged(fresh.get(point, ()), track.waiting.get(point, ()), behind_ms) for point in points}
    times = [at for values in waiting.values() for at, _ in values]
    if not times:
        return track, []
    held, rows = dict(track.held), []
    instant = track.next_ms or _grid(min(times), interval_ms)
    past_last_ms = max(times) // interval_ms * interval_ms
    while instant < past_last_ms:
        _move(waiting, held, instant)
        row = _row(held, points, instant - HOLD * interval_ms)
        rows.append((instant, row))
        # With nothing new there is no row either: a gap of days is not gone through instant by instant.
        instant = instant + interval_ms if row else max(instant + interval_ms, _grid(_earliest(waiting), interval_ms))
    kept = {point: values for point, values in waiting.items() if values}
    return replace(track, next_ms=instant, held=held, waiting=kept), rows


def _grid(at_ms: int, interval_ms: int) -> int:
    """The first instant of the grid that is not before."""
    return -(-at_ms // interval_ms) * interval_ms


def _earliest(waiting: Mapping[str, Sequence[Value]]) -> int:
    return min(values[0][0] for values in waiting.values() if values)


def _merged(fresh: Iterable[Value], waiting: Iterable[Value], behind_ms: int) -> tuple[Value, ...]:
    """What waits and what is new and not behind. Of two values of one instant the one that came first stays."""
    known = {at: value for at, value in fresh if at > behind_ms} | dict(waiting)
    return tuple(sorted(known.items()))


def _move(waiting: dict[str, tuple[Value, ...]], held: dict[str, Value], instant: int) -> None:
    """Values up to an instant are waited for no longer; the last of each point holds."""
    for point, values in waiting.items():
        if done := bisect_right(values, instant, key=lambda value: value[0]):
            held[point], waiting[point] = values[done - 1], values[done:]


def _row(held: Mapping[str, Value], points: Sequence[str], oldest_ms: int) -> Row:
    values = [held[point][1] for point in points if point in held and held[point][0] >= oldest_ms]
    return tuple(values) if len(values) == len(points) else None


def pack_track(track: WatchTrack) -> bytes:
    head = {
        "v": VERSION,
        "m": track.model_version,
        "n": track.next_ms,
        "h": track.held,
        "w": track.waiting,
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
            {point: tuple((at, value) for at, value in values) for point, values in head["w"].items()},
            data[4 + size :],
            {ObservationKind(kind): one for kind, one in head["o"].items()},
            head["s"],
        )
    except (zlib.error, struct.error, KeyError, TypeError) as error:
        raise ValueError("not a track") from error
