"""Modbus devices, the lines they hang on, and their registers.

Devices with the same line (host and port, or serial port) share one connection and are read in turn.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from green_shield_bridge.config.points import Point
from green_shield_bridge.config.rules import STRICT, Finite, Host, Name, Port, Rule, Text
from green_shield_bridge.modbus.codec import (
    FAULT,
    INTEGERS,
    Conversion,
    Order,
    ValueType,
    bits_of,
    conversion_of,
    words_of,
)

Function = Literal["holding", "input", "coil", "discrete"]
# HJ 212's letters for why there is no value; N would be one.
FLAGS = "FMSDCTB"
Marker = tuple[int, str]
MAX_WORDS = 125


class _Markers:
    """`[0x8000]`, `{0x8000: D, 0x7FFF: T}` or `[0x8000, {0x7FFF: T}]`, as (marker, flag) each."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_markers)


def _markers(given: Any) -> tuple[Marker, ...]:
    if isinstance(given, dict):
        return tuple((_marker(marker), _flag(flag)) for marker, flag in given.items())
    if not isinstance(given, list | tuple):
        raise ValueError("a list of markers, such as [0x8000, 0xFFFF], or each with its flag, such as {0x7FFF: T}")
    return tuple(
        pair for one in given for pair in (_markers(one) if isinstance(one, dict) else ((_marker(one), FAULT),))
    )


def _marker(given: Any) -> int:
    """A key of a mapping comes as the text that stands in the file."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ValueError(f"{given!r} is not a whole number")
    try:
        return int(given, 16 if given.startswith("0x") else 10) if isinstance(given, str) else given
    except ValueError:
        raise ValueError(f"{given!r} is not a whole number") from None


def _flag(given: Any) -> str:
    if not isinstance(given, str) or len(given) != 1 or given not in FLAGS:
        raise ValueError(f"flag {given!r}; allowed: {', '.join(FLAGS)}")
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusPoint(Point):
    """One point of the park and the register it is read from."""

    __pydantic_config__ = STRICT

    register: Annotated[int, Rule("as the device's manual counts; see address_base")]
    function: Function = "holding"
    type: Annotated[ValueType, Rule("how the register is coded")]
    order: Order = "ABCD"
    scale: Finite = 1.0
    offset: Finite = 0.0
    invalid: Annotated[tuple[Marker, ...], _Markers()] = ()
    bit: Annotated[int, Rule(ge=0, le=15)] | None = None
    length: Annotated[int, Rule(ge=1, le=MAX_WORDS)] | None = None
    map: dict[str, Finite] | None = None
    scale_register: int | None = None

    @property
    def words(self) -> int:
        """Registers (or bits, for bool) that the value takes."""
        return words_of(self.type, self.length or 1)

    @property
    def conversion(self) -> Conversion:
        return conversion_of(self.type, self.scale, self.offset, self.invalid, self.map)

    def __post_init__(self) -> None:
        self._check_type()
        self._check_scale()
        self._check_invalid()

    def _check_type(self) -> None:
        is_bit = self.function in ("coil", "discrete")
        if is_bit != (self.type == "bool"):
            raise ValueError("type bool goes with function coil or discrete, every other type with holding or input")
        if (self.type == "bit") != (self.bit is not None):
            raise ValueError("bit: 0 (the lowest) to 15 goes with type bit, and type bit needs it")
        is_text = self.type == "string"
        if is_text != (self.length is not None) or is_text != (self.map is not None):
            raise ValueError("type string needs length (in registers) and map (text to number); no other type has them")
        if is_text and self.order not in ("ABCD", "BADC"):
            raise ValueError("order: a string has ABCD (first character in the high byte) or BADC")

    def _check_scale(self) -> None:
        if self.scale == 0:
            raise ValueError("scale: 0 would make every value the same")
        if not math.isfinite(2.0**64 * self.scale + self.offset):
            raise ValueError("scale: no value would be left within what a number can be")
        is_scaled = (self.scale, self.offset) != (1.0, 0.0)
        if is_scaled and self.type in ("string", "bit", "bool"):
            raise ValueError(f"scale, offset: a {self.type} has none")
        if self.scale_register is not None and (is_scaled or self.type not in INTEGERS):
            raise ValueError("scale_register goes with an integer type, and without scale and offset")

    def _check_invalid(self) -> None:
        if self.invalid and self.type == "bool":
            raise ValueError("invalid: a coil or discrete input has no marker values")
        if self.invalid and self.type == "string":
            raise ValueError("invalid: a text that is not in map is invalid anyway")
        bits = 16 if self.type == "string" else bits_of(self.type)
        for marker, _ in self.invalid:
            if not -(2 ** (bits - 1)) <= marker < 2**bits:
                raise ValueError(f"invalid: {marker} does not fit in the {bits} bits of {self.type}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _ModbusDevice:
    """What every device has, whatever line it hangs on."""

    name: Name
    device_id: Annotated[int, Rule(ge=0, le=255)] = 1
    poll_interval_s: Annotated[float, Rule(ge=0.01, le=86_400)]
    timeout_s: Annotated[float, Rule(ge=0.05, le=120)] = 3.0
    pause_s: Annotated[float, Rule(ge=0, le=60)] = 0.0
    address_base: Annotated[
        Literal[0, 1], Rule("0: registers count from 0 as in the frames; 1: from 1 as in most manuals")
    ]
    forward: Literal["sampled", "all"] = "sampled"
    suspend_max_s: Annotated[float, Rule(ge=0.1, le=3_600)] = 60.0
    max_registers: Annotated[int, Rule(ge=4, le=MAX_WORDS)] = MAX_WORDS
    max_gap: Annotated[int, Rule(ge=0, le=120)] = 0
    holes: list[Annotated[list[int], Rule(min_length=2, max_length=2)]] | None = None
    points: Annotated[list[ModbusPoint], Rule(min_length=1, max_length=5_000)]

    def __post_init__(self) -> None:
        for first, last in self.holes or ():
            if first > last:
                raise ValueError(f"holes: [{first}, {last}] ends before it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class _OverTcp(_ModbusDevice):
    host: Host
    port: Port = 502

    @property
    def line(self) -> str:
        """What devices share that are read in turn."""
        return f"{self.host.lower()}:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port} device {self.device_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusTcpSource(_OverTcp):
    """One Modbus TCP device, or one behind a gateway."""

    __pydantic_config__ = STRICT

    kind: Literal["modbus_tcp"]

    @property
    def line_settings(self) -> str:
        """What must be the same for all of a line."""
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusRtuTcpSource(_OverTcp):
    """One RTU device behind a converter that passes RTU frames on over TCP."""

    __pydantic_config__ = STRICT

    kind: Literal["modbus_rtu_tcp"]

    @property
    def line_settings(self) -> str:
        """What must be the same for all of a line."""
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusRtuSource(_ModbusDevice):
    """One RTU device on a serial port. RTU has eight data bits; `bytesize` is there to say so."""

    __pydantic_config__ = STRICT

    kind: Literal["modbus_rtu"]
    serial_port: Annotated[Text, Rule("the device file, such as /dev/ttyUSB0")]
    baudrate: Annotated[int, Rule(ge=300, le=4_000_000)] = 9_600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    bytesize: Literal[8] = 8

    @property
    def line(self) -> str:
        return self.serial_port

    @property
    def line_settings(self) -> str:
        return f"{self.baudrate} baud {self.bytesize}{self.parity}{self.stopbits}"

    @property
    def address(self) -> str:
        return f"{self.serial_port} device {self.device_id}"


ModbusSource = ModbusTcpSource | ModbusRtuTcpSource | ModbusRtuSource
MODBUS_SOURCES = (ModbusTcpSource, ModbusRtuTcpSource, ModbusRtuSource)
