"""Values of a CSV file, and the registers that show them: the pure part of `simulate`."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import ClassVar

from green_shield_bridge.config.modbus import ModbusPoint, ModbusSource
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.modbus.codec import INTEGERS, encode, encode_text
from green_shield_bridge.modbus.sim_server import Image

TIME_COLUMNS = ("time_s", "time")
# Scale registers say 10^-3 where that holds the values, and more where it does not.
_EXPONENTS = range(-3, 11)


class SimulationFailed(BridgeError):
    """The values cannot be shown."""

    code: ClassVar[str] = "simulate"


@dataclass(frozen=True, slots=True)
class Row:
    """What changes at an instant: `time_s` since the first row; None: the point has no value then."""

    time_s: float
    values: Mapping[str, float | None]


def read_rows(lines: Iterable[str], points: Iterable[str]) -> list[Row]:
    """Rows of a CSV: a column time_s (seconds) or time (RFC 3339), then one a point. An empty cell: as before; nan: no value.

    Raises SimulationFailed with the line.
    """
    reader = csv.reader(lines)
    header = [name.strip() for name in next(reader, [])]
    if not header or header[0] not in TIME_COLUMNS:
        raise SimulationFailed(f"line 1: the first column must be {' or '.join(TIME_COLUMNS)}")
    strange = sorted(set(header[1:]) - set(points))
    if strange or len(set(header)) != len(header):
        raise SimulationFailed(
            f"line 1: {', '.join(strange) + ' is no point of the configuration' if strange else 'a column twice'}"
        )
    rows = [_row(header, cells, reader.line_num) for cells in reader if cells]
    if not rows:
        raise SimulationFailed("line 2: there are no values")
    begin_s = rows[0].time_s
    for before, after in pairwise(rows):
        if after.time_s <= before.time_s:
            raise SimulationFailed(
                f"the times do not rise: {after.time_s - begin_s:g} s after {before.time_s - begin_s:g} s"
            )
    return [Row(row.time_s - begin_s, row.values) for row in rows]


def _row(header: Sequence[str], cells: Sequence[str], line: int) -> Row:
    if len(cells) != len(header):
        raise SimulationFailed(f"line {line}: {len(cells)} cells, the header has {len(header)}")
    try:
        time_s = float(cells[0]) if header[0] == "time_s" else datetime.fromisoformat(cells[0]).timestamp()
        numbers = {name: float(cell) for name, cell in zip(header[1:], cells[1:], strict=True) if cell.strip()}
    except ValueError as error:
        raise SimulationFailed(f"line {line}: {error}") from error
    return Row(time_s, {name: value if math.isfinite(value) else None for name, value in numbers.items()})


def new_image(source: ModbusSource) -> Image:
    """A device's registers, all 0: those of its points and scale registers, and none else."""
    image: Image = {"coil": {}, "discrete": {}, "holding": {}, "input": {}}
    for point in source.points:
        first = point.register - source.address_base
        image[point.function].update(dict.fromkeys(range(first, first + point.words), 0))
        if point.scale_register is not None:
            image[point.function][point.scale_register - source.address_base] = 0
    return image


def show(image: Image, source: ModbusSource, values: Mapping[str, float | None]) -> None:
    """Put values into a device's registers. Raises SimulationFailed where a point's type cannot hold its value."""
    scaled: dict[tuple[str, int], list[ModbusPoint]] = {}
    for point in source.points:
        if point.scale_register is not None:
            scaled.setdefault((point.function, point.scale_register), []).append(point)
        elif point.point in values:
            _put(image, source, point, _encoded(image, source, point, values[point.point]))
    for group in scaled.values():
        _show_scaled(image, source, group, values)


def _put(image: Image, source: ModbusSource, point: ModbusPoint, data: bytes, register: int | None = None) -> None:
    first = (point.register if register is None else register) - source.address_base
    registers = image[point.function]
    if point.type == "bool":
        registers[first] = data[0]
        return
    for at in range(0, len(data), 2):
        registers[first + at // 2] = int.from_bytes(data[at : at + 2], "big")


def _encoded(image: Image, source: ModbusSource, point: ModbusPoint, value: float | None) -> bytes:
    try:
        if point.type == "bool":
            return bytes((value == 1.0,))
        if point.type == "bit":
            word = image[point.function][point.register - source.address_base].to_bytes(2, "big")
            return _with_bit(word, point, value == 1.0)
        if point.type == "string":
            return encode_text(_text_of(point, value), point.words, point.order)
        return (
            _without_value(point)
            if value is None
            else encode(value, point.type, point.order, point.scale, point.offset)
        )
    except ValueError as error:
        raise SimulationFailed(f"{point.point}: {error}") from error


def _with_bit(word: bytes, point: ModbusPoint, is_set: bool) -> bytes:
    is_swapped = encode(1, "uint16", point.order) == b"\x01\x00"
    whole = int.from_bytes(word, "little" if is_swapped else "big")
    mask = 1 << (point.bit or 0)
    whole = whole | mask if is_set else whole & ~mask
    return whole.to_bytes(2, "little" if is_swapped else "big")


def _text_of(point: ModbusPoint, value: float | None) -> str:
    known = {number: text for text, number in (point.map or {}).items()}
    if value is None:
        return ""
    if value not in known:
        raise ValueError(f"no text of the map stands for {value:g}")
    return known[value]


def _without_value(point: ModbusPoint) -> bytes:
    if point.invalid:
        pattern = point.invalid[0][0] % (1 << 16 * point.words)
        return encode_pattern(pattern, point)
    if point.type in ("float32", "float64"):
        return encode_pattern(0x7FC00000 if point.type == "float32" else 0x7FF8 << 48, point)
    raise ValueError("a value that is missing cannot be shown: the point has no `invalid` marker")


def encode_pattern(pattern: int, point: ModbusPoint) -> bytes:
    """A bit pattern in a point's byte order."""
    type_ = INTEGERS[{1: 1, 2: 3, 4: 5}[point.words]]
    if point.words < 4:
        return encode(pattern, type_, point.order)
    high, low = pattern >> 32, pattern & 0xFFFFFFFF  # beyond what a float argument holds
    halves = [encode(half, "uint32", point.order) for half in (high, low)]
    return b"".join(halves if point.order in ("ABCD", "BADC") else halves[::-1])


def _show_scaled(
    image: Image, source: ModbusSource, group: Sequence[ModbusPoint], values: Mapping[str, float | None]
) -> None:
    """Points that share a scale register are shown with the smallest exponent that holds them all."""
    shown = [(point, values.get(point.point, 0.0)) for point in group]
    for exponent in _EXPONENTS:
        try:
            scale = float(f"1e{exponent}")
            data = [_without_value(p) if v is None else encode(v, p.type, p.order, scale) for p, v in shown]
        except ValueError:
            continue
        for point, registers in zip(group, data, strict=True):
            _put(image, source, point, registers)
        _put(image, source, group[0], encode(exponent, "int16", group[0].order), group[0].scale_register)
        return
    raise SimulationFailed(f"{group[0].point}: no scale factor lets {group[0].type} hold the values")
