"""What Modbus sources must keep among themselves: lines agree on their settings, registers have one meaning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from green_shield_bridge.config.modbus import Function, ModbusPoint, ModbusSource
from green_shield_bridge.config.problems import Path, dotted
from green_shield_bridge.modbus.codec import Order, ValueType

Finding = tuple[Path, str]
Numbered = Sequence[tuple[int, ModbusSource]]


def check_modbus(sources: Numbered) -> Iterator[Finding]:
    """Findings about Modbus sources, given with their numbers in the file."""
    yield from _lines_agree(sources)
    for index, source in sources:
        yield from _registers_exist(("sources", index), source)
        yield from _points_fit_in_requests(("sources", index), source)
        yield from _holes_are_left_alone(("sources", index), source)
    yield from _registers_have_one_meaning(sources)


def _lines_agree(sources: Numbered) -> Iterator[Finding]:
    first_of: dict[str, tuple[int, ModbusSource]] = {}
    for index, source in sources:
        first_index, first = first_of.setdefault(source.line, (index, source))
        if source.line_settings != first.line_settings:
            yield (
                ("sources", index, "kind"),
                f"{source.name} and {first.name} (sources[{first_index}]) share the line {source.line}, "
                f"but one says {source.line_settings} and the other {first.line_settings}",
            )


def _registers_exist(path: Path, source: ModbusSource) -> Iterator[Finding]:
    first, last = source.address_base, 65_535 + source.address_base
    allowed = f"allowed: {first} to {last} (address_base is {source.address_base})"
    for index, point in enumerate(source.points):
        end = point.register + point.words - 1
        if point.register < first or end > last:
            what = f"got {point.register}, a {point.type} ends at {end}; "
            yield (*path, "points", index, "register"), what + allowed
        scale = point.scale_register
        if scale is not None and not first <= scale <= last:
            yield (*path, "points", index, "scale_register"), f"got {scale}; {allowed}"


def _points_fit_in_requests(path: Path, source: ModbusSource) -> Iterator[Finding]:
    for index, point in enumerate(source.points):
        if point.words > source.max_registers:
            what = f"a {point.type} of {point.words} registers is longer than max_registers ({source.max_registers})"
            yield (*path, "points", index, "register"), what


def _holes_are_left_alone(path: Path, source: ModbusSource) -> Iterator[Finding]:
    for index, point in enumerate(source.points):
        if point.function not in ("holding", "input"):
            continue
        for register, words, field in _taken(point):
            for number, (first, last) in enumerate(source.holes or ()):
                if register <= last and register + words - 1 >= first:
                    what = (
                        f"{point.point} needs register {max(register, first)}, which holes[{number}] says never to read"
                    )
                    yield (*path, "points", index, field), what


def _taken(point: ModbusPoint) -> Iterator[tuple[int, int, str]]:
    yield point.register, point.words, "register"
    if point.scale_register is not None:
        yield point.scale_register, 1, "scale_register"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a point says of registers: where they begin (counted from 0), how they are coded, and where it says so."""

    function: Function
    first: int
    words: int
    type: ValueType
    order: Order
    told: str
    path: Path

    @property
    def meaning(self) -> tuple[int, ValueType, Order, int]:
        # Bits are taken out of a word, which another point may read as a whole.
        type_ = "uint16" if self.type == "bit" else self.type
        return self.first, type_, self.order, self.words


def _registers_have_one_meaning(sources: Numbered) -> Iterator[Finding]:
    """Two points may read the very same value, but not overlap with a different type, order or start."""
    taken: dict[tuple[str, int, Function, int], _Claim] = {}
    for index, source in sources:
        for claim in _claims(("sources", index), source):
            for register in range(claim.first, claim.first + claim.words):
                other = taken.setdefault((source.line, source.device_id, claim.function, register), claim)
                if other.meaning != claim.meaning:
                    where = f"{claim.function} register {register + source.address_base}"
                    yield claim.path, f"{claim.told} overlaps {other.told} ({_place(other, claim)}) in {where}"
                    break


def _place(other: _Claim, seen_from: _Claim) -> str:
    """Where the other one stands: short within one source."""
    is_near = other.path[:2] == seen_from.path[:2]
    return dotted(other.path[2:4] if is_near else other.path[:4])


def _claims(path: Path, source: ModbusSource) -> Iterator[_Claim]:
    base = source.address_base
    for index, point in enumerate(source.points):
        here: Path = (*path, "points", index)
        told = f"{point.point} ({point.type} {point.order} at {point.register})"
        first = point.register - base
        yield _Claim(point.function, first, point.words, point.type, point.order, told, (*here, "register"))
        if point.scale_register is not None:
            first = point.scale_register - base
            told = f"the scale register of {point.point} (int16 {point.order} at {point.scale_register})"
            yield _Claim(point.function, first, 1, "int16", point.order, told, (*here, "scale_register"))
