"""One request for registers, and how the points are taken out of its answer.

An answer is taken apart by few calls for many points, not by one a point: points with the same byte order and the same
conversion form a group, which one struct unpacks and one call converts.
"""

import struct
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from green_shield_bridge.config.modbus import Function, ModbusPoint
from green_shield_bridge.modbus.codec import (
    FAULT,
    NORMAL,
    Conversion,
    Field,
    Order,
    Raw,
    Unpacker,
    Values,
    with_swapped_bytes,
)

FUNCTION_CODES: dict[Function, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
BIT_FUNCTIONS = ("coil", "discrete")

# Exponents of scale registers, by function and address counted from 0, as far as this poll has read them.
Exponents = MutableMapping[tuple[Function, int], int]


class Decoded(NamedTuple):  # cheaper to make than a frozen dataclass, and there is one for each answer
    """Values of one answer, in the request's order of points; None goes with a flag other than N."""

    values: Values
    flags: str


@dataclass(frozen=True, slots=True)
class Member:
    """A point within a request: its index in the source, its place, and where its scale register is."""

    index: int
    field: Field
    point: ModbusPoint
    scale_key: tuple[Function, int] | None


class Request:
    """One read of adjacent registers or bits. `points` are indices into the source's list of points.

    `pdu` is the question as it stands in a frame, without the device's address.
    """

    __slots__ = ("_groups", "_scales", "_size", "_swaps", "address", "count", "function", "pdu", "points")

    def __init__(
        self, function: Function, address: int, count: int, members: Sequence[Member], scales: Sequence["Scale"]
    ) -> None:
        self.function = function
        self.address = address
        self.count = count
        self.pdu = struct.pack(">BHH", FUNCTION_CODES[function], address, count)
        self._size = (count + 7) // 8 if function in BIT_FUNCTIONS else 2 * count
        self._scales = scales
        self._groups = list(_groups(function, count, members))
        self._swaps = any(group.is_swapped for group in self._groups) or any(scale.is_swapped for scale in scales)
        self.points = [index for group in self._groups for index in group.points]

    def decode(self, payload: bytes, exponents: Exponents | None = None) -> Decoded:
        """The answer's registers or packed bits, as sent, to values. Raises ValueError when it is not as long as asked.

        `exponents` carries scale registers from request to request of one poll.
        """
        if len(payload) != self._size:
            raise ValueError(f"asked for {self._size} bytes, got {len(payload)}")
        exponents = {} if exponents is None else exponents
        swapped = with_swapped_bytes(payload) if self._swaps else payload
        for scale in self._scales:
            exponents[scale.key] = scale.take(payload, swapped)
        if len(self._groups) == 1:
            return self._groups[0].decode(payload, swapped, exponents)
        parts = [group.decode(payload, swapped, exponents) for group in self._groups]
        return Decoded([value for part in parts for value in part.values], "".join(part.flags for part in parts))


class Scale:
    """A scale register within a request."""

    __slots__ = ("_unpack", "is_swapped", "key")

    def __init__(self, key: tuple[Function, int], count: int, at: int, order: Order) -> None:
        self.key = key
        self._unpack = Unpacker(count, order, [(at, "int16")])
        self.is_swapped = self._unpack.is_swapped

    def take(self, payload: bytes, swapped: bytes) -> int:
        return int(self._unpack(payload, swapped)[0])


class _Registers:
    """Points of one byte order and one conversion."""

    __slots__ = ("_conversion", "_is_always_valid", "_normal", "_unpack", "is_swapped", "points")

    def __init__(self, count: int, order: Order, conversion: Conversion, members: Sequence[Member]) -> None:
        self.points = [member.index for member in members]
        self._conversion = conversion
        self._is_always_valid = conversion.kind == "integer" and not conversion.markers
        self._unpack = Unpacker(count, order, [member.field for member in members])
        self.is_swapped = self._unpack.is_swapped
        self._normal = NORMAL * len(members)

    def decode(self, payload: bytes, swapped: bytes, _exponents: Exponents) -> Decoded:
        return self._converted(self._conversion, self._unpack(payload, swapped))

    def _converted(self, conversion: Conversion, raws: Sequence[Raw]) -> Decoded:
        values = conversion.values(raws)
        if self._is_always_valid or None not in values:
            return Decoded(values, self._normal)
        return Decoded(values, conversion.flags(raws, values, NORMAL))


class _ScaledRegisters(_Registers):
    """Points that share a scale register. Without a valid exponent they have no value."""

    __slots__ = ("_by_exponent", "_scale_key")

    def __init__(
        self, count: int, order: Order, conversion: Conversion, members: Sequence[Member], key: tuple[Function, int]
    ) -> None:
        super().__init__(count, order, conversion, members)
        self._scale_key = key
        self._by_exponent: dict[int, Conversion | None] = {}

    def decode(self, payload: bytes, swapped: bytes, exponents: Exponents) -> Decoded:
        exponent = exponents.get(self._scale_key)
        conversion = None if exponent is None else self._scaled_by(exponent)
        if conversion is None:
            return Decoded([None] * len(self.points), FAULT * len(self.points))
        return self._converted(conversion, self._unpack(payload, swapped))

    def _scaled_by(self, exponent: int) -> Conversion | None:
        known = self._by_exponent
        if exponent not in known:
            if len(known) > 32:  # a device that sends nonsense must not fill the memory
                known.clear()
            known[exponent] = self._conversion.with_exponent(exponent)
        return known[exponent]


class _RegisterBits(_Registers):
    """Bits of registers; several may be of one register."""

    __slots__ = ("_bits",)

    def __init__(self, count: int, order: Order, conversion: Conversion, members: Sequence[Member]) -> None:
        super().__init__(count, order, conversion, members[:1])
        self.points = [member.index for member in members]
        self._normal = NORMAL * len(members)
        places = {member.field.first: member.field for member in members}
        self._unpack = Unpacker(count, order, [places[first] for first in sorted(places)])
        at = {first: number for number, first in enumerate(sorted(places))}
        self._bits = [(at[member.field.first], member.point.bit or 0) for member in members]

    def decode(self, payload: bytes, swapped: bytes, _exponents: Exponents) -> Decoded:
        raws = self._unpack(payload, swapped)
        words = self._converted(self._conversion, raws)
        values: Values = [
            None if words.values[at] is None else float(int(raws[at]) >> bit & 1) for at, bit in self._bits
        ]
        if None not in values:
            return Decoded(values, self._normal)
        flags = self._conversion.flags(raws, words.values, NORMAL)
        return Decoded(values, "".join(flags[at] for at, _ in self._bits))


class _Bits:
    """Coils or discrete inputs, eight to a byte, the lowest bit first."""

    __slots__ = ("_normal", "_places", "is_swapped", "points")

    def __init__(self, members: Sequence[Member]) -> None:
        self.points = [member.index for member in members]
        self.is_swapped = False
        self._places = [divmod(member.field.first, 8) for member in members]
        self._normal = NORMAL * len(members)

    def decode(self, payload: bytes, _swapped: bytes, _exponents: Exponents) -> Decoded:
        return Decoded([float(payload[byte] >> bit & 1) for byte, bit in self._places], self._normal)


def _groups(function: Function, count: int, members: Sequence[Member]) -> Iterator[_Registers | _Bits]:
    if function in BIT_FUNCTIONS:
        yield _Bits(members)
        return
    alike: dict[tuple[bool, Order, Conversion, tuple[Function, int] | None], list[Member]] = {}
    for member in members:
        point = member.point
        alike.setdefault((point.type == "bit", point.order, point.conversion, member.scale_key), []).append(member)
    for (is_bit, order, conversion, key), group in alike.items():
        if is_bit:
            yield _RegisterBits(count, order, conversion, group)
            continue
        for apart in _passes(group):
            if key is None:
                yield _Registers(count, order, conversion, apart)
            else:
                yield _ScaledRegisters(count, order, conversion, apart, key)


def _passes(members: Iterable[Member]) -> list[list[Member]]:
    """Members in passes in which no two overlap (two points may read the very same register)."""
    passes: list[list[Member]] = []
    for member in members:
        found = next((p for p in passes if member.field.first >= p[-1].field.end), None)
        if found is None:
            passes.append([member])
        else:
            found.append(member)
    return passes
