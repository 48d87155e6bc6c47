"""A value into a register and back: for commands, by whoever holds the device's line. Never tried twice by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from green_shield_bridge.modbus.codec import (
    Order,
    Unpacker,
    ValueType,
    conversion_of,
    encode,
    with_swapped_bytes,
    words_of,
)
from green_shield_bridge.modbus.request import FUNCTION_CODES
from green_shield_bridge.sources.faults import LinkFault, WriteRefused
from green_shield_bridge.sources.modbus_pdu import (
    ExceptionAnswer,
    check_echo,
    payload_of,
    read_coil,
    read_holding,
    write_coil,
    write_registers,
)

Ask = Callable[[bytes], Awaitable[bytes]]


class Writable(Protocol):
    """Which register is written, and how it is coded (config.commands.AllowedCommand is one)."""

    @property
    def register(self) -> int: ...
    @property
    def type(self) -> ValueType: ...
    @property
    def order(self) -> Order: ...
    @property
    def scale(self) -> float: ...
    @property
    def offset(self) -> float: ...


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A write that waits for its line."""

    device: str
    target: Writable
    value: float
    done: "asyncio.Future[float]"


async def write_and_read_back(ask: Ask, target: Writable, address_base: int, value: float) -> float:
    """Write, then read what the device shows. Raises WriteRefused, LinkFault."""
    address = target.register - address_base
    question = _question(target, address, value)
    try:
        check_echo(await ask(question), question)
    except ExceptionAnswer as refusal:
        raise WriteRefused(str(refusal)) from refusal
    try:
        return await _read_back(ask, target, address)
    except (ExceptionAnswer, LinkFault) as fault:
        raise LinkFault(f"written, but not read back: {fault}") from fault


def _question(target: Writable, address: int, value: float) -> bytes:
    if not 0 <= address <= 65_536 - words_of(target.type):
        raise WriteRefused(f"there is no register {target.register}")
    if target.type == "bool":
        if value not in (0.0, 1.0):
            raise WriteRefused(f"a coil takes 0 or 1, not {value:g}")
        return write_coil(address, bool(value))
    try:
        return write_registers(address, encode(value, target.type, target.order, target.scale, target.offset))
    except ValueError as error:
        raise WriteRefused(str(error)) from error


async def _read_back(ask: Ask, target: Writable, address: int) -> float:
    if target.type == "bool":
        payload = payload_of(await ask(read_coil(address)), FUNCTION_CODES["coil"])
        if len(payload) != 1:
            raise LinkFault(f"asked for one coil, got {len(payload)} bytes")
        return float(payload[0] & 1)
    count = words_of(target.type)
    payload = payload_of(await ask(read_holding(address, count)), FUNCTION_CODES["holding"])
    if len(payload) != 2 * count:
        raise LinkFault(f"asked for {2 * count} bytes, got {len(payload)}")
    raws = Unpacker(count, target.order, [(0, target.type)])(payload, with_swapped_bytes(payload))
    (value,) = conversion_of(target.type, target.scale, target.offset).values(raws)
    if value is None:
        raise LinkFault("the device shows no valid number")
    return value
