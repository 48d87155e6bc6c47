"""Registers to numbers: types, the four byte orders, scale, offset, markers for "no value".

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
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

ValueType = Literal["bool", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Raw = int | float
Convert = Callable[[Raw], float | None]

_FORMATS: dict[ValueType, str] = {
    "bool": "?",
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


def bits_of(type_: ValueType) -> int:
    return 1 if type_ == "bool" else 8 * struct.calcsize("=" + _FORMATS[type_])


def words_of(type_: ValueType) -> int:
    """How many registers (or bits, for bool) a value takes."""
    return 1 if type_ == "bool" else bits_of(type_) // 16


class Unpacker:
    """Takes many values of one order out of a block of registers with one struct.

    `fields` are (first register within the block, type), ascending and not overlapping.
    """

    __slots__ = ("_struct", "_words", "is_swapped")

    def __init__(self, count: int, order: Order, fields: Sequence[tuple[int, ValueType]]) -> None:
        self.is_swapped = _IS_SWAPPED[order]
        layout, at = _SIGN[order], 0
        for first, type_ in fields:
            layout += f"{2 * (first - at)}x{_FORMATS[type_]}"
            at = first + words_of(type_)
        self._struct = struct.Struct(f"{layout}{2 * (count - at)}x")

    def __call__(self, as_sent: bytes, swapped: bytes) -> tuple[Raw, ...]:
        return self._struct.unpack(swapped if self.is_swapped else as_sent)


def words_to_bytes(registers: Sequence[int]) -> tuple[bytes, bytes]:
    """(bytes as sent, bytes with each word's two swapped)."""
    count = len(registers)
    return struct.pack(f">{count}H", *registers), struct.pack(f"<{count}H", *registers)


def converter(type_: ValueType, scale: float = 1.0, offset: float = 0.0, invalid: Sequence[int] = ()) -> Convert:
    """A function from a raw value to an engineering value, or None where the device says that it has none.

    NaN and infinities are None. A float32 becomes the shortest decimal that is the same float32 (182.3, not
    182.3000030517578). An integer with a decimal scale is scaled exactly: 3 * 0.1 is 0.3.
    """
    markers = frozenset(_as_read(type_, marker) for marker in invalid)
    to_value = (
        _float_converter(type_, scale, offset) if type_.startswith("float") else _integer_converter(scale, offset)
    )
    if not markers:
        return to_value
    return lambda raw: None if raw in markers else to_value(raw)


def _as_read(type_: ValueType, marker: int) -> Raw:
    """A marker given as a bit pattern or a number, as `Unpacker` would return it."""
    bits = bits_of(type_)
    pattern = (marker % (1 << bits)).to_bytes(bits // 8, "big")
    (raw,) = struct.unpack(">" + _FORMATS[type_], pattern)
    return raw  # type: ignore[no-any-return]


def _integer_converter(scale: float, offset: float) -> Convert:
    if scale == 1.0 and offset == 0.0:
        return float
    exact_scale, exact_offset = Decimal(str(scale)), Decimal(str(offset))
    places = max(0, -int(exact_scale.as_tuple().exponent), -int(exact_offset.as_tuple().exponent))
    factor, addend, divisor = int(exact_scale.scaleb(places)), int(exact_offset.scaleb(places)), 10**places
    return lambda raw: (int(raw) * factor + addend) / divisor


def _float_converter(type_: ValueType, scale: float, offset: float) -> Convert:
    to_number: Callable[[float], float] = shortest_float32 if type_ == "float32" else float
    is_finite = math.isfinite
    if scale == 1.0 and offset == 0.0:
        return lambda raw: to_number(raw) if is_finite(raw) else None

    def scaled(raw: Raw) -> float | None:
        value = to_number(raw) * scale + offset if is_finite(raw) else math.nan
        return value if is_finite(value) else None

    return scaled


def shortest_float32(value: float) -> float:
    """The shortest decimal that rounds to this float32."""
    short = float(f"{value:.7g}")
    if _F32.unpack(_F32.pack(short))[0] == value:
        return short
    short = float(f"{value:.8g}")
    return short if _F32.unpack(_F32.pack(short))[0] == value else float(f"{value:.9g}")
