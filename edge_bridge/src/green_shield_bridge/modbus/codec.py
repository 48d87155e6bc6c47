"""Registers to numbers and back: types, the four byte orders, scale, offset, markers for "no value", texts.

Bytes in, values out; no sockets. A, B, C, D are the value's bytes from the most significant down, in the order in
which the device sends them. Every order is one of two byte orders (struct's > and <) over the words as sent or over
the words with their two bytes swapped:

    ABCD  > as sent        DCBA  < as sent
    BADC  > swapped        CDAB  < swapped

64-bit values follow the same four patterns (ABCDEFGH, HGFEDCBA, BADCFEHG, GHEFCDAB); in 16-bit ones only the bytes
can change places.
"""

import math
import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Literal

ValueType = Literal[
    "bool", "bit", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "string"
]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Raw = int | float | bytes
Values = list[float | None]

NORMAL, FAULT = "N", "D"
INTEGERS: tuple[ValueType, ...] = ("int16", "uint16", "int32", "uint32", "int64", "uint64")
_FORMATS: dict[ValueType, str] = {
    "bool": "?",
    "bit": "H",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
_IS_SWAPPED = {"ABCD": False, "DCBA": False, "BADC": True, "CDAB": True}
_SIGN = {"ABCD": ">", "BADC": ">", "DCBA": "<", "CDAB": "<"}
_F32 = struct.Struct("<f")
# SunSpec's limits of a scale factor; anything else, such as 0x8000 for "not implemented", is none.
_EXPONENTS = range(-10, 11)


def bits_of(type_: ValueType) -> int:
    """Bits of a number; a string has as many as its length says."""
    return 1 if type_ == "bool" else 8 * struct.calcsize("=" + _FORMATS[type_])


def words_of(type_: ValueType, length: int = 1) -> int:
    """How many registers (or bits, for bool) a value takes. `length`: of a string, in registers."""
    if type_ == "string":
        return length
    return 1 if type_ == "bool" else bits_of(type_) // 16


@dataclass(frozen=True, slots=True)
class Field:
    """A value's place in a block of registers."""

    first: int
    type: ValueType
    words: int

    @property
    def end(self) -> int:
        return self.first + self.words

    @property
    def layout(self) -> str:
        return f"{2 * self.words}s" if self.type == "string" else _FORMATS[self.type]


class Unpacker:
    """Takes many values of one order out of a block of registers with one struct.

    `fields` are (first register within the block, type) or `Field`s, ascending and not overlapping.
    """

    __slots__ = ("_struct", "is_swapped")

    def __init__(self, count: int, order: Order, fields: Sequence[tuple[int, ValueType] | Field]) -> None:
        self.is_swapped = _IS_SWAPPED[order]
        layout, at = _SIGN[order], 0
        for field in fields:
            place = field if isinstance(field, Field) else Field(*field, words_of(field[1]))
            layout += f"{2 * (place.first - at)}x{place.layout}"
            at = place.end
        self._struct = struct.Struct(f"{layout}{2 * (count - at)}x")

    def __call__(self, as_sent: bytes, swapped: bytes) -> tuple[Raw, ...]:
        return self._struct.unpack(swapped if self.is_swapped else as_sent)


def words_to_bytes(registers: Sequence[int]) -> tuple[bytes, bytes]:
    """(bytes as sent, bytes with each word's two swapped)."""
    as_sent = struct.pack(f">{len(registers)}H", *registers)
    return as_sent, with_swapped_bytes(as_sent)


def with_swapped_bytes(as_sent: bytes) -> bytes:
    """Each register's two bytes changed."""
    words = array("H", as_sent)
    words.byteswap()
    return words.tobytes()


@dataclass(frozen=True)
class Conversion:
    """Raw values to engineering values, many at a time; None where the device says that it has none.

    NaN and infinities are None. A float32 becomes the shortest decimal that is the same float32 (182.3, not
    182.3000030517578). An integer with a decimal scale is scaled exactly: 3 * 0.1 is 0.3. Two points with equal
    conversions are converted together. `markers` are raw values with their flag.
    """

    kind: Literal["integer", "float32", "float64", "string"]
    scale: float = 1.0
    offset: float = 0.0
    markers: tuple[tuple[Raw, str], ...] = ()
    texts: tuple[tuple[str, float], ...] = ()

    def values(self, raws: Sequence[Raw]) -> Values:
        values = self._bulk(raws)
        if self._flags and not self._flags.keys().isdisjoint(raws):
            return [None if raw in self._flags else value for raw, value in zip(raws, values, strict=True)]
        return values

    def flags(self, raws: Sequence[Raw], values: Values, normal: str) -> str:
        """One flag a value: `normal`, a marker's own, or D."""
        told = self._flags
        return "".join(
            normal if value is not None else told.get(raw, FAULT) for raw, value in zip(raws, values, strict=True)
        )

    def with_exponent(self, exponent: int) -> "Conversion | None":
        """This conversion with a scale of 10^exponent; None where that is no scale factor."""
        return replace(self, scale=float(f"1e{exponent}")) if exponent in _EXPONENTS else None

    @cached_property
    def _flags(self) -> Mapping[Raw, str]:
        return dict(self.markers)

    @cached_property
    def _bulk(self) -> Callable[[Sequence[Raw]], Values]:
        if self.kind == "integer":
            return _integers(self.scale, self.offset)
        if self.kind == "string":
            return _texts(dict(self.texts))
        return _floats(self.kind, self.scale, self.offset)


def conversion_of(
    type_: ValueType,
    scale: float = 1.0,
    offset: float = 0.0,
    markers: Sequence[tuple[int, str]] = (),
    texts: Mapping[str, float] | None = None,
) -> Conversion:
    """The conversion of a type. `markers`: bit patterns or numbers, each with its flag."""
    if type_ == "string":
        return Conversion("string", texts=tuple((texts or {}).items()))
    kind: Literal["integer", "float32", "float64"]
    kind = "float32" if type_ == "float32" else "float64" if type_ == "float64" else "integer"
    return Conversion(kind, scale, offset, tuple((_as_read(type_, marker), flag) for marker, flag in markers))


def _as_read(type_: ValueType, marker: int) -> Raw:
    """A marker given as a bit pattern or a number, as `Unpacker` would return it."""
    bits = bits_of(type_)
    pattern = (marker % (1 << bits)).to_bytes(bits // 8, "big")
    (raw,) = struct.unpack(">" + _FORMATS[type_], pattern)
    return raw  # type: ignore[no-any-return]


def _exact(scale: float, offset: float) -> tuple[int, int, int]:
    """(factor, addend, divisor) of the integers with (raw * factor + addend) / divisor == raw * scale + offset."""
    exact_scale, exact_offset = Decimal(str(scale)), Decimal(str(offset))
    places = max(0, -int(exact_scale.as_tuple().exponent), -int(exact_offset.as_tuple().exponent))
    return int(exact_scale.scaleb(places)), int(exact_offset.scaleb(places)), 10**places


def _integers(scale: float, offset: float) -> Callable[[Sequence[Raw]], Values]:
    if scale == 1.0 and offset == 0.0:
        return lambda raws: list(map(float, raws))
    factor, addend, divisor = _exact(scale, offset)
    return lambda raws: [(raw * factor + addend) / divisor for raw in raws]  # type: ignore[operator]


def _texts(numbers: Mapping[str, float]) -> Callable[[Sequence[Raw]], Values]:
    """Texts end at the first NUL; blanks around them do not count. A text that is not in the table has no value."""

    def convert(raws: Sequence[Raw]) -> Values:
        return [numbers.get(raw.split(b"\0", 1)[0].decode("latin-1").strip()) for raw in raws]  # type: ignore[union-attr]

    return convert


def _floats(kind: Literal["float32", "float64"], scale: float, offset: float) -> Callable[[Sequence[Raw]], Values]:
    shorten: Callable[[Sequence[float]], list[float]] = shortest_float32s if kind == "float32" else list
    is_plain = scale == 1.0 and offset == 0.0

    def convert(raws: Sequence[Raw]) -> Values:
        numbers = shorten(raws)  # type: ignore[arg-type] # floats, as the format says
        if not is_plain:
            numbers = [number * scale + offset for number in numbers]
        # The sum of numbers is finite unless one of them is not, or they are huge; then each is looked at.
        if math.isfinite(sum(numbers)):
            return numbers  # type: ignore[return-value] # a list of floats is one of floats and None
        return [number if math.isfinite(number) else None for number in numbers]

    return convert


def shortest_float32s(values: Sequence[float]) -> list[float]:
    """The shortest decimal of each that rounds to the same float32: most need seven digits, none more than nine."""
    shorts = _rounded(values, 7)
    floats = struct.Struct(f"<{len(values)}f")
    packed = floats.pack(*shorts)
    if packed == floats.pack(*values):
        return shorts
    wrong = [at for at, (a, b) in enumerate(zip(floats.unpack(packed), values, strict=True)) if a != b]
    for digits in (8, 9):
        for at, longer in zip(wrong, _rounded([values[at] for at in wrong], digits), strict=True):
            shorts[at] = longer
        wrong = [
            at for at in wrong if math.isfinite(shorts[at]) and _F32.unpack(_F32.pack(shorts[at]))[0] != values[at]
        ]
    return shorts


def _rounded(values: Sequence[float], digits: int) -> list[float]:
    return [*map(float, (f"%.{digits}g " * len(values) % tuple(values)).split())]


def shortest_float32(value: float) -> float:
    """The shortest decimal that rounds to this float32."""
    return shortest_float32s((value,))[0]


def encode(value: float, type_: ValueType, order: Order = "ABCD", scale: float = 1.0, offset: float = 0.0) -> bytes:
    """The registers, as sent, that show a value. Raises ValueError where the type cannot hold it."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a register can hold")
    number = (Decimal(str(value)) - Decimal(str(offset))) / Decimal(str(scale))
    raw: float = float(number) if type_ in ("float32", "float64") else round(number)
    try:
        packed = struct.pack(_SIGN[order] + _FORMATS[type_], raw)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value:g} does not fit in {type_}") from error
    return with_swapped_bytes(packed) if _IS_SWAPPED[order] else packed


def encode_text(text: str, words: int, order: Order = "ABCD") -> bytes:
    """The registers, as sent, that show a text, filled up with NUL. Raises ValueError where it is too long."""
    data = text.encode("latin-1", errors="strict")
    if len(data) > 2 * words:
        raise ValueError(f"{text!r} does not fit in {words} registers")
    padded = data.ljust(2 * words, b"\0")
    return with_swapped_bytes(padded) if _IS_SWAPPED[order] else padded
