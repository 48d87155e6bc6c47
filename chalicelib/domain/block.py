"""A block: many readings of one enterprise, packed columnar into bytes.

unpack(pack(series)) gives back the very same instants, doubles (bit for bit, NaN for missing) and flags.

Layout, before DEFLATE: one version byte, then for each series: point id, count, times as zigzag varints of their second
differences, flags as one byte when all are N, and values in the smallest of two exact forms: decimals (a power of ten and
zigzag varints of differences; used only where value == integer / 10**places holds for each) or raw little-endian doubles.
Series whose times equal those of the series before say so in one byte, as plants deliver many points at one instant.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan

from chalicelib.domain.reading import NORMAL, Series

VERSION = 1
MAX_PLACES = 6
EXACT_INTEGER = 2**53  # above it a double no longer holds every integer
LEVEL = 6


@dataclass(frozen=True)
class Block:
    """`id` is made by the client; `digest` is of the upload as it was sent and tells a repeat from a conflict."""

    id: str
    enterprise_id: str
    bridge_id: str
    received_at_ms: int
    first_ms: int
    last_ms: int
    readings: int
    digest: str
    payload: bytes
    correlation_id: str = ""

    @cached_property
    def series(self) -> tuple[Series, ...]:
        return unpack(self.payload)


def pack(series: Iterable[Series]) -> bytes:
    """Pack series into bytes. The order of the series is kept."""
    out = bytearray([VERSION])
    previous: Sequence[int] = ()
    for one in series:
        _put_text(out, one.point_id)
        _put_varint(out, len(one))
        same = one.times_ms == previous
        out.append(1 if same else 0)
        if not same:
            _put_deltas_of_deltas(out, one.times_ms)
        _put_flags(out, one.flags)
        _put_values(out, one.values)
        previous = one.times_ms
    return zlib.compress(bytes(out), LEVEL)


def unpack(payload: bytes) -> tuple[Series, ...]:
    """The series that were packed. Raises ValueError for bytes that are no block."""
    try:
        data = zlib.decompress(payload)
        if data[:1] != bytes([VERSION]):
            raise ValueError("unknown block version")
        return tuple(_read(data))
    except (zlib.error, IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("not a block") from error


def _read(data: bytes) -> Iterator[Series]:
    at, end = 1, len(data)
    times: list[int] = []
    while at < end:
        size, at = _varint(data, at)
        point_id, at = data[at : at + size].decode(), at + size
        count, at = _varint(data, at)
        same, at = data[at], at + 1
        if not same:
            times, at = _deltas_of_deltas(data, at, count)
        mixed, at = data[at], at + 1
        flags, at = (data[at : at + count].decode(), at + count) if mixed else (NORMAL * count, at)
        values, at = _values(data, at, count)
        yield Series(point_id, times, values, flags)


def _put_text(out: bytearray, text: str) -> None:
    raw = text.encode()
    _put_varint(out, len(raw))
    out += raw


def _put_flags(out: bytearray, flags: str) -> None:
    mixed = flags.count(NORMAL) != len(flags)
    out.append(1 if mixed else 0)
    if mixed:
        out += flags.encode()


def _put_values(out: bytearray, values: Sequence[float]) -> None:
    decimals = _as_decimals(values)
    if decimals is None:
        out.append(255)
        out += struct.pack(f"<{len(values)}d", *values)
        return
    places, integers = decimals
    out.append(places)
    previous = 0
    for integer in integers:
        _put_zigzag(out, integer - previous)
        previous = integer


def _values(data: bytes, at: int, count: int) -> tuple[Sequence[float], int]:
    places, at = data[at], at + 1
    if places == 255:
        return struct.unpack_from(f"<{count}d", data, at), at + 8 * count
    scale = 10**places
    values, current = [], 0
    for _ in range(count):
        step, at = _zigzag(data, at)
        current += step
        values.append(current / scale)
    return values, at


def _as_decimals(values: Sequence[float]) -> tuple[int, list[int]] | None:
    """The fewest decimal places at which every value is exactly integer / 10**places, or None."""
    places = 0
    integers: list[int] = []
    for value in values:
        if isnan(value) or abs(value) >= EXACT_INTEGER / 10**MAX_PLACES or (value == 0 and str(value)[0] == "-"):
            return None
        while round(value * 10**places) / 10**places != value:
            places += 1
            if places > MAX_PLACES:
                return None
    scale = 10**places
    for value in values:
        integer = round(value * scale)
        if integer / scale != value:
            return None
        integers.append(integer)
    return places, integers


def _put_deltas_of_deltas(out: bytearray, times: Sequence[int]) -> None:
    previous, step = 0, 0
    for time in times:
        _put_zigzag(out, time - previous - step)
        step = time - previous
        previous = time


def _deltas_of_deltas(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    times, previous, step = [], 0, 0
    for _ in range(count):
        change, at = _zigzag(data, at)
        step += change
        previous += step
        times.append(previous)
    return times, at


def _put_zigzag(out: bytearray, number: int) -> None:
    _put_varint(out, number << 1 if number >= 0 else (-number << 1) - 1)


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1 if not number & 1 else -((number + 1) >> 1)), at


def _put_varint(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


