"""An upload as a bridge sent it, and the check that turns each of its series into readings or a named refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import isfinite
from operator import lt
from typing import Any

from chalicelib.domain.reading import FLAGS, MISSING, NORMAL, Series

MAX_AHEAD_MS = 5 * 60_000
MAX_SPAN_MS = 24 * 3_600_000
MAX_READINGS = 20_000
EARLIEST_MS = 946_684_800_000  # 2000-01-01: whoever measures before that has no clock
LATEST_MS = 253_402_300_800_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one series was not stored: a stable code and the values its text needs."""

    code: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SeriesResult:
    index: int
    point_id: str
    stored: int
    refusal: Refusal | None = None


def check_series(raw: Mapping[str, Any], now_ms: int) -> Series | Refusal:
    """One series of the wire format: {"point", "times", "values", "flags"?}. Never raises for bad content."""
    times, values, flags = raw.get("times"), raw.get("values"), raw.get("flags")
    if not isinstance(times, list) or not isinstance(values, list) or not (flags is None or isinstance(flags, list)):
        return Refusal("malformed_series", {})
    if not times:
        return Refusal("empty_series", {})
    if len(values) != len(times) or (flags is not None and len(flags) != len(times)):
        return Refusal("length_mismatch", {"times": len(times), "values": len(values)})
    checked_flags = _flags(flags, len(times))
    if isinstance(checked_flags, Refusal):
        return checked_flags
    instants = _times(times, now_ms)
    if isinstance(instants, Refusal):
        return instants
    numbers = _values(values, checked_flags)
    if isinstance(numbers, Refusal):
        return numbers
    return Series(str(raw["point"]), instants, numbers, checked_flags)


def _flags(flags: list[Any] | None, count: int) -> str | Refusal:
    if flags is None:
        return NORMAL * count
    for at, flag in enumerate(flags):
        if not isinstance(flag, str) or flag not in FLAGS:
            return Refusal("unknown_flag", {"at": at, "allowed": "".join(sorted(FLAGS))})
    return "".join(flags)


def _times(times: list[Any], now_ms: int) -> list[int] | Refusal:
    instants = times if _are_rising(times) else _each_time(times)
    if not isinstance(instants, Refusal) and instants[-1] > now_ms + MAX_AHEAD_MS:
        return Refusal("time_ahead", {"at": len(times) - 1, "allowed_s": MAX_AHEAD_MS // 1000})
    return instants


def _are_rising(times: list[Any]) -> bool:
    """Are these good instants as they stand, as almost always? What is wrong otherwise is for _each_time to say."""
    if set(map(type, times)) != {int}:
        return False
    return times[0] >= EARLIEST_MS and times[-1] < LATEST_MS and all(map(lt, times, islice(times, 1, None)))


def _each_time(times: list[Any]) -> list[int] | Refusal:
    instants: list[int] = []
    previous = 0
    for at, time in enumerate(times):
        instant = time if type(time) is int else instant_ms(time)
        if instant is None or not EARLIEST_MS <= instant < LATEST_MS:
            return Refusal("malformed_time", {"at": at})
        if instant <= previous:
            return Refusal("duplicate_times" if instant == previous else "times_not_increasing", {"at": at})
        previous = instant
        instants.append(instant)
    return instants


def _values(values: Sequence[Any], flags: str) -> list[float] | Refusal:
    if set(map(type, values)) == {float} and all(map(isfinite, values)):
        return list(values)
    numbers: list[float] = []
    for at, value in enumerate(values):
        kind = type(value)
        if (kind is float or kind is int) and (number := _as_double(value)) is not None:
            numbers.append(number)
        elif value is None and flags[at] != NORMAL:
            numbers.append(MISSING)
        else:
            return Refusal("value_missing" if value is None else "not_a_number", {"at": at})
    return numbers


def _as_double(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def instant_ms(text: object) -> int | None:
    """Epoch milliseconds of an RFC 3339 instant with offset; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return round(moment.timestamp() * 1000)
