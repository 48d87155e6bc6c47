"""A block: many readings of one enterprise, packed columnar into bytes.

unpack(pack(series)) gives back the very same instants, doubles (bit for bit, NaN for missing) and flags.

Layout, before DEFLATE: one version byte, then for each series: point id, count, a byte that says what there is, and
those columns. Instants are integers: second differences, and none where they equal those of the series before, as plants
deliver many points at one instant. Flags: one letter a reading, none when all are N. Missing values (NaN): one byte a reading,
none when all are there. Values, in the first exact form that there is: decimals (a power of ten and an integer column of
differences; used only where value == integer / 10**places holds for each), singles (what a 32-bit register gives), doubles.

An integer column is written in the narrowest width that holds it; where few numbers are wider, they are marked and follow in a
column of the next width.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import copysign
from operator import ne, sub

from chalicelib.domain.reading import MISSING, NORMAL, Series
from chalicelib.domain.source import Source

VERSION = 1
MAX_PLACES = 6
SCALES = tuple(10**places for places in range(MAX_PLACES + 1))
MAX_INTEGER = 2**61  # so that differences stay within 64 bits
LEVEL = 1  # what is left after differences is noise: higher levels cost time and save nothing
MAX_UNPACKED_BYTES = 16 * 1024 * 1024


HAS_FLAGS, HAS_MISSING, AS_SINGLES, AS_DOUBLES, SAME_TIMES = 1, 2, 4, 8, 16  # bits of a series' form: what there is
WIDTHS = ((1 << 7, "b", 1), (1 << 15, "h", 2), (1 << 31, "i", 4), (1 << 63, "q", 8))
FITS, WIDER, MARKED = 0, 1, 2


@dataclass(frozen=True)
class Block:
    """`id` is made by the client; `digest` is of the upload as it was sent and tells a repeat from a conflict.

    `source` None: a bridge that does not number its rows.
    """

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
    source: Source | None = None

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Raises ValueError for a payload that is no block."""
        return unpack(self.payload)

    @property
    def readable(self) -> tuple[Series, ...]:
        """Its series; none of a damaged block. That one was set aside when its turn came, and must not keep what is stored
        around it from being judged again or learnt from."""
        try:
            return self.series
        except ValueError:
            return ()


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
UUID_CHARS, ULID_CHARS = 36, 26


def made_at_ms(block_id: str) -> int:
    """When an id was made, by its own account: of a UUIDv7 (RFC 9562, 5.7) or a ULID; 0 for any other id."""
    try:
        if len(block_id) == UUID_CHARS and block_id[14] == "7":
            return int(block_id[:8] + block_id[9:13], 16)
        if len(block_id) == ULID_CHARS:
            return sum(CROCKFORD.index(char) << 5 * n for n, char in enumerate(reversed(block_id[:10])))
    except ValueError:
        pass
    return 0


def pack(series: Iterable[Series]) -> bytes:
    """Pack series into bytes. The order of the series is kept."""
    out = bytearray([VERSION])
    previous: list[int] = []
    for one in series:
        times = list(one.times_ms)
        _put_series(out, one, times, times == previous)
        previous = times
    return zlib.compress(out, LEVEL)


def unpack(payload: bytes) -> tuple[Series, ...]:
    """The series that were packed. Raises ValueError for bytes that are no block."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(payload, MAX_UNPACKED_BYTES)
        if not inflater.eof or inflater.unused_data or data[0] != VERSION:
            raise ValueError("not a block of this version")
        return tuple(_read(_Reader(data, 1)))
    except (zlib.error, IndexError, struct.error) as error:
        raise ValueError("not a block") from error


def _put_series(out: bytearray, one: Series, times: list[int], same_times: bool) -> None:
    has_flags = one.flags.count(NORMAL) != len(one)
    form, values = _encode(list(one.values))
    name = one.point_id.encode()
    _put_varint(out, len(name))
    out += name
    _put_varint(out, len(one))
    out.append(form | (SAME_TIMES if same_times else 0) | (HAS_FLAGS if has_flags else 0))
    if not same_times:
        _put_differences(out, times, order=2)
    if has_flags:
        out += one.flags.encode()
    out += values


def _read(data: "_Reader") -> Iterator[Series]:
    times: list[int] = []
    while data.left:
        point_id = data.take(data.varint()).decode()
        count = data.varint()
        if count > data.left:  # a reading takes at least a byte: garbage must not make us reserve memory for it
            raise ValueError("count")
        form = data.byte()
        if not form & SAME_TIMES:
            times = data.differences(count, order=2)
        if len(times) != count:
            raise ValueError("count")
        flags = data.take(count).decode("ascii") if form & HAS_FLAGS else NORMAL * count
        missing = data.take(count) if form & HAS_MISSING else b""
        values = data.floats(count, form) if form & (AS_SINGLES | AS_DOUBLES) else data.decimals(count)
        if missing:
            values = [MISSING if gone else value for value, gone in zip(values, missing, strict=True)]
        yield Series(point_id, times, values, flags)


def _encode(values: list[float]) -> tuple[int, bytes]:
    """(form, bytes) of values, of which some may be missing."""
    missing = list(map(ne, values, values))  # only NaN is not equal to itself
    if True not in missing:
        return _encode_present(values)
    present = _without_missing(values, missing)
    if present is None:
        return AS_DOUBLES, struct.pack(f"<{len(values)}d", *values)
    form, encoded = _encode_present(present)
    return form | HAS_MISSING, bytes(missing) + encoded


def _encode_present(values: list[float]) -> tuple[int, bytes]:
    decimals = _as_decimals(values)
    if decimals is None:
        return _as_floats(values)
    places, integers = decimals
    out = bytearray([places])
    _put_differences(out, integers, order=1)
    return 0, bytes(out)


MISSING_BITS = struct.pack("<d", MISSING)


def _without_missing(values: list[float], missing: list[bool]) -> list[float] | None:
    """The values with the one before in place of each missing one; None if some NaN is another than ours."""
    out: list[float] = []
    for value, gone in zip(values, missing, strict=True):
        if gone and struct.pack("<d", value) != MISSING_BITS:
            return None
        out.append(value if not gone else out[-1] if out else 0.0)
    return out


def _as_decimals(values: list[float]) -> tuple[int, list[int]] | None:
    """The fewest decimal places at which every value is exactly integer / 10**places, or None."""
    if 0.0 in values and any(value == 0.0 and copysign(1.0, value) < 0.0 for value in values):
        return None
    try:
        for places in range(_places(values[:3]), MAX_PLACES + 1):
            scale = SCALES[places]
            integers = [round(value * scale) for value in values]
            if [integer / scale for integer in integers] == values:
                return (places, integers) if max(map(abs, integers), default=0) < MAX_INTEGER else None
    except OverflowError:  # infinite, or past what a double holds once scaled
        return None
    return None


def _as_floats(values: list[float]) -> tuple[int, bytes]:
    """(form, bytes) of values as singles where that loses nothing, else as doubles."""
    doubles = struct.pack(f"<{len(values)}d", *values)
    try:
        singles = struct.pack(f"<{len(values)}f", *values)
    except OverflowError:
        return AS_DOUBLES, doubles
    back = struct.unpack(f"<{len(values)}f", singles)
    return (AS_SINGLES, singles) if struct.pack(f"<{len(values)}d", *back) == doubles else (AS_DOUBLES, doubles)


def _places(sample: list[float]) -> int:
    """The decimal places that a few of the values need at least."""
    places = 0
    for value in sample:
        while places < MAX_PLACES and round(value * SCALES[places]) / SCALES[places] != value:
            places += 1
    return places


def _put_differences(out: bytearray, numbers: list[int], *, order: int) -> None:
    """The first number and then what they differ by, so many times over."""
    for _ in range(min(order, len(numbers))):
        _put_zigzag(out, numbers[0])
        numbers = list(map(sub, numbers[1:], numbers))
    _put_integers(out, numbers)


def _put_integers(out: bytearray, numbers: list[int], width: int = 0) -> None:
    bound, code, _ = WIDTHS[width]
    if not numbers or (max(numbers) < bound and min(numbers) > -bound) or width == len(WIDTHS) - 1:
        out.append(FITS)
        out += struct.pack(f"<{len(numbers)}{code}", *numbers)
        return
    wide = [number for number in numbers if not -bound < number < bound]
    if len(wide) * 2 > len(numbers):
        out.append(WIDER)
    else:
        out.append(MARKED)
        out += struct.pack(f"<{len(numbers)}{code}", *[n if -bound < n < bound else -bound for n in numbers])
        numbers = wide
    _put_integers(out, numbers, width + 1)


def _put_zigzag(out: bytearray, number: int) -> None:
    _put_varint(out, number << 1 if number >= 0 else (-number << 1) - 1)


def _put_varint(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


class _Reader:
    """Takes bytes off the front. Raises IndexError or struct.error at the end, ValueError for what cannot be."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def varint(self) -> int:
        number = 0
        for shift in range(0, 63, 7):
            byte = self.byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise ValueError("varint")

    def zigzag(self) -> int:
        number = self.varint()
        return number >> 1 if not number & 1 else -((number + 1) >> 1)

    def floats(self, count: int, form: int) -> list[float]:
        code, size = ("f", 4) if form & AS_SINGLES else ("d", 8)
        return list(struct.unpack(f"<{count}{code}", self.take(size * count)))

    def decimals(self, count: int) -> list[float]:
        places = self.byte()
        if places > MAX_PLACES:
            raise ValueError("places")
        scale = SCALES[places]
        return [integer / scale for integer in self.differences(count, order=1)]

    def differences(self, count: int, *, order: int) -> list[int]:
        firsts = [self.zigzag() for _ in range(min(order, count))]
        numbers = self.integers(count - len(firsts))
        for first in reversed(firsts):
            numbers = list(accumulate(numbers, initial=first))
        return numbers

    def integers(self, count: int, width: int = 0) -> list[int]:
        how = self.byte()
        bound, code, size = WIDTHS[width]
        if how == WIDER:
            return self.integers(count, width + 1)
        numbers = list(struct.unpack(f"<{count}{code}", self.take(size * count)))
        if how != MARKED:
            return numbers
        wide = iter(self.integers(numbers.count(-bound), width + 1))
        return [next(wide) if number == -bound else number for number in numbers]
