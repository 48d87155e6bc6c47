"""Reads a stretch of a device's registers to help write a configuration: what can be read, and what it may mean.

Reads only, one request at a time, with a pause between two, and no more than a bounded number of them. Where a device refuses a
request, it is halved until the refused registers are known.
"""

import argparse
import asyncio
import math
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, get_args

from green_shield_bridge.config.modbus import (
    Function,
    ModbusRtuSource,
    ModbusRtuTcpSource,
    ModbusSource,
    ModbusTcpSource,
)
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.modbus.codec import Order, Unpacker, shortest_float32, words_to_bytes
from green_shield_bridge.modbus.request import BIT_FUNCTIONS, FUNCTION_CODES, Request
from green_shield_bridge.sources.faults import LinkFault
from green_shield_bridge.sources.modbus_link import Link, least_pause_s, new_link
from green_shield_bridge.sources.modbus_pdu import ExceptionAnswer, payload_of

REGISTERS_AT_ONCE, BITS_AT_ONCE = 64, 512
MAX_REQUESTS = 20_000
MAX_SILENCES = 3
_PLAUSIBLE = (1e-3, 1e7)


class ScanFailed(BridgeError):
    """The device cannot be read at all."""

    code: ClassVar[str] = "scan"


@dataclass(slots=True)
class Findings:
    """`held`: registers (or bits) by address counted from 0; `refused`: (first, last, why), adjacent ones joined."""

    held: dict[int, int] = field(default_factory=dict)
    refused: list[tuple[int, int, str]] = field(default_factory=list)
    requests: int = 0
    is_complete: bool = True

    def refuse(self, first: int, count: int, why: str) -> None:
        last = first + count - 1
        if self.refused and self.refused[-1][1] == first - 1 and self.refused[-1][2] == why:
            first = self.refused.pop()[0]
        self.refused.append((first, last, why))


Progress = Callable[[int], None]


async def scan(
    source: ModbusSource, function: Function, first: int, count: int, *, pause_s: float, progress: Progress
) -> Findings:
    """Read `count` registers from `first` (counted from 0). `progress` is told how many are settled. Raises ScanFailed."""
    found = Findings()
    silences = 0
    try:
        async for at, some, outcome in _pieces(source, function, first, count, max(pause_s, least_pause_s(source))):
            found.requests += 1
            if isinstance(outcome, LinkFault):
                silences += 1
                found.refuse(at, some, str(outcome))
            elif isinstance(outcome, ExceptionAnswer):
                found.refuse(at, some, str(outcome))
            else:
                silences = 0
                found.held.update(zip(range(at, at + some), outcome, strict=True))
            progress(at + some - first)
            if silences >= MAX_SILENCES or found.requests >= MAX_REQUESTS:
                found.is_complete = at + some == first + count
                break
    except LinkFault as fault:
        raise ScanFailed(f"{source.address}: {fault}") from fault
    if not found.held and silences:
        raise ScanFailed(f"{source.address}: {found.refused[0][2]}")
    return found


Piece = tuple[int, int, "Sequence[int] | ExceptionAnswer | LinkFault"]


async def _pieces(
    source: ModbusSource, function: Function, first: int, count: int, pause_s: float
) -> AsyncIterator[Piece]:
    """Settled stretches in order: what they hold, or why they cannot be read."""
    at_once = BITS_AT_ONCE if function in BIT_FUNCTIONS else REGISTERS_AT_ONCE
    todo = [(at, min(at_once, first + count - at)) for at in range(first, first + count, at_once)][::-1]
    link = new_link(source)
    try:
        await link.open(source.timeout_s)
        while todo:
            at, some = todo.pop()
            try:
                yield at, some, await _read(link, source, function, at, some)
            except ExceptionAnswer as refusal:
                if some == 1 or refusal.code == 1:
                    yield at, some, refusal
                else:
                    todo += [(at + some // 2, some - some // 2), (at, some // 2)]
            except LinkFault as fault:
                yield at, some, fault
                link.close()
                link = new_link(source)
                await link.open(source.timeout_s)
            await asyncio.sleep(pause_s)
    finally:
        link.close()


async def _read(link: Link, source: ModbusSource, function: Function, at: int, some: int) -> list[int]:
    question = Request(function, at, some, (), ())
    payload = payload_of(await link.ask(source.device_id, question.pdu, source.timeout_s), FUNCTION_CODES[function])
    try:
        question.decode(payload)
    except ValueError as error:
        raise LinkFault(str(error)) from error
    if function in BIT_FUNCTIONS:
        return [payload[n >> 3] >> (n & 7) & 1 for n in range(some)]
    return [int.from_bytes(payload[2 * n : 2 * n + 2], "big") for n in range(some)]


def as_table(found: Findings, function: Function) -> str:
    """One line a register: address, hex, unsigned, signed, and what it may be together with the next."""
    if function in BIT_FUNCTIONS:
        lines = [f"{at:>6}  {value}" for at, value in sorted(found.held.items())]
    else:
        head = f"{'from 0':>6} {'hex':>8} {'uint16':>7} {'int16':>7}  as float32 / uint32 / int32 with the next"
        lines = [head, *(_line(at, found.held) for at in sorted(found.held))]
    lines += [f"{first:>6} to {last}: not readable: {why}" for first, last, why in found.refused]
    lines.append(
        f"{len(found.held)} read, {sum(last - first + 1 for first, last, _ in found.refused)} not, "
        f"{found.requests} requests" + ("" if found.is_complete else "; broken off")
    )
    return "\n".join(lines)


def _line(at: int, held: Mapping[int, int]) -> str:
    word = held[at]
    text = f"{at:>6} {f'0x{word:04X}':>8} {word:>7} {_signed(word, 16):>7}"
    return f"{text}  {guesses_at(at, held)}".rstrip()


def guesses_at(at: int, held: Mapping[int, int]) -> str:
    """What two registers may be: float32 in the orders in which they look like a measured value, and whole numbers."""
    if at + 1 not in held or not held[at] | held[at + 1]:
        return ""
    both = words_to_bytes([held[at], held[at + 1]])
    texts = []
    for order in get_args(Order):
        (raw,) = Unpacker(2, order, [(0, "float32")])(*both)
        assert isinstance(raw, float)
        if math.isfinite(raw) and _PLAUSIBLE[0] <= abs(raw) <= _PLAUSIBLE[1]:
            texts.append(f"{order} {shortest_float32(raw):g}")
    whole = held[at] << 16 | held[at + 1]
    return "  ".join([*texts, f"u32 {whole}", *([f"i32 {_signed(whole, 32)}"] if whole >> 31 else [])])


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def as_yaml(found: Findings, source: ModbusSource, function: Function) -> str:
    """A source to start from: one point a register. What they are called and how they are coded is for a person to say."""
    type_ = "bool" if function in BIT_FUNCTIONS else "uint16"
    lines = ["sources:", f"  - name: {source.name}", f"    kind: {source.kind}", *_yaml_line_of(source)]
    lines += [f"    device_id: {source.device_id}", "    poll_interval_s: 1", "    address_base: 0"]
    if found.refused and function not in BIT_FUNCTIONS:
        lines.append(f"    holes: [{', '.join(f'[{first}, {last}]' for first, last, _ in found.refused)}]")
    lines.append("    points:")
    for at, value in sorted(found.held.items()):
        note = f"{value} {guesses_at(at, found.held)}".strip() if type_ == "uint16" else str(value)
        point = f"{{point: {source.name}-{at}, register: {at}, function: {function}, type: {type_}}}"
        lines.append(f"      - {point}  # {note}")
    return "\n".join(lines)


def _yaml_line_of(source: ModbusSource) -> list[str]:
    if isinstance(source, ModbusRtuSource):
        return [
            f"    serial_port: {source.serial_port}",
            f"    baudrate: {source.baudrate}",
            f"    parity: {source.parity}",
        ]
    return [f"    host: {source.host}", f"    port: {source.port}"]


def source_of(options: argparse.Namespace) -> ModbusSource:
    """The device that the command line names. Raises ScanFailed."""
    if (options.target is None) == (options.serial is None):
        raise ScanFailed("give either HOST[:PORT] or --serial DEVICE")
    common = {
        "name": "device",
        "device_id": options.device_id,
        "timeout_s": options.timeout_s,
        "poll_interval_s": 1.0,
        "address_base": 0,
        "points": [],
    }
    if options.serial is not None:
        line = {"serial_port": options.serial, "baudrate": options.baudrate, "parity": options.parity}
        return ModbusRtuSource(kind="modbus_rtu", **line, **common)
    host, port = host_and_port(options.target)
    if options.rtu_over_tcp:
        return ModbusRtuTcpSource(kind="modbus_rtu_tcp", host=host, port=port, **common)
    return ModbusTcpSource(kind="modbus_tcp", host=host, port=port, **common)


def host_and_port(target: str) -> tuple[str, int]:
    """`host`, `host:port` or `[v6 address]:port`; port 502 unless given. Raises ScanFailed."""
    host, separator, port = target.rpartition(":")
    if not separator or target.endswith("]") or (":" in host and not target.startswith("[")):
        return target.strip("[]"), 502
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ScanFailed(f"{target!r} is not HOST[:PORT]")
    return host.strip("[]"), int(port)


def run(options: argparse.Namespace) -> int:
    """The command `scan`. Returns the exit status; 1 when nothing can be read. Raises ScanFailed."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    source = source_of(options)
    count = min(options.count, 65_536 - options.first)
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{source.address} {options.function}", total=count)
        found = asyncio.run(
            scan(
                source,
                options.function,
                options.first,
                count,
                pause_s=options.pause_s,
                progress=lambda done: bar.update(task, completed=done),
            )
        )
    print(as_yaml(found, source, options.function) if options.yaml else as_table(found, options.function))
    if options.yaml and not found.is_complete:
        print("broken off: there may be more", file=sys.stderr)
    return 0 if found.held else 1
