"""Modbus TCP devices that count their answers, in a process of their own and by asyncio alone: nothing of the bridge tests itself.

A device holds 50 values of 32 bits in its 100 holding registers. Value i of its n-th answer is n * 64 + i, so every value names the answer that it
came in. The process is told what to do by lines of JSON on its standard input, and answers each with one line:

    {"open": [{"kind": "counting"}, {"kind": "slow", "delay_s": 3}]}  ->  the ports
    {"log": [ports]}                                                  ->  by port, the answers given
    {"hush": [ports], "on": true}                                     ->  they stop answering, or begin again
    {"close": [ports]}
"""

import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
REGISTERS = 100
VALUES = REGISTERS // 2
STEP = 64
_HEADER = struct.Struct(">HHHB")
_READ = struct.Struct(">BHH")
_READ_HOLDING = 3
_NOISE = 300


@dataclass(slots=True)
class Device:
    """`answers` are (monotonic s, wall ms, first register, registers); the first is answer number 1."""

    kind: str = "counting"
    delay_s: float = 0.0
    is_hushed: bool = False
    answers: list[tuple[float, int, int, int]] = field(default_factory=list)
    server: asyncio.Server | None = None
    links: set["_Link"] = field(default_factory=set)

    def registers(self, first: int, count: int) -> bytes:
        """The next answer, which counts from now on."""
        self.answers.append((time.monotonic(), time.time_ns() // 1_000_000, first, count))
        base = len(self.answers) * STEP
        image = struct.pack(f">{VALUES}I", *range(base, base + VALUES))
        return image[2 * first : 2 * (first + count)]


class _Link(asyncio.Protocol):
    """One connection to a device."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._device.links.add(self)
        if self._device.kind == "garbage":
            transport.write(os.urandom(_NOISE))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._device.links.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            _, _, length, _ = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < 6 + length:
                return
            request, self._buffer = self._buffer[: 6 + length], self._buffer[6 + length :]
            self._asked(request)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _asked(self, request: bytes) -> None:
        if self._device.kind == "silent" or self._device.is_hushed:
            return
        if self._device.kind == "garbage":
            self._send(os.urandom(_NOISE))
        elif self._device.delay_s:
            asyncio.get_running_loop().call_later(self._device.delay_s, self._answer, request)
        else:
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return  # nobody is there to hear it: not an answer
        transaction, _, _, unit = _HEADER.unpack_from(request)
        function, first, count = _READ.unpack_from(request, _HEADER.size)
        if function != _READ_HOLDING or first + count > REGISTERS:
            self._send(_HEADER.pack(transaction, 0, 3, unit) + bytes((function | 0x80, 2)))
            return
        words = self._device.registers(first, count)
        self._send(_HEADER.pack(transaction, 0, 3 + len(words), unit) + bytes((function, len(words))) + words)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


class Site:
    """All devices of the process, by port."""

    def __init__(self) -> None:
        self._devices: dict[int, Device] = {}

    async def do(self, order: dict[str, Any]) -> Any:
        match order:
            case {"open": specs}:
                return [await self._open(Device(**spec)) for spec in specs]
            case {"log": ports}:
                return [self._devices[port].answers for port in ports]
            case {"count": ports}:
                return [len(self._devices[port].answers) for port in ports]
            case {"hush": ports, "on": is_on}:
                self._each(ports, lambda device: setattr(device, "is_hushed", is_on))
            case {"close": ports}:
                self._each(ports, _close)
        return None

    async def _open(self, device: Device) -> int:
        device.server = await asyncio.get_running_loop().create_server(lambda: _Link(device), HOST, 0)
        port: int = device.server.sockets[0].getsockname()[1]
        self._devices[port] = device
        return port

    def _each(self, ports: list[int], change: Callable[[Device], None]) -> None:
        for port in ports:
            change(self._devices[port])


def _close(device: Device) -> None:
    if device.server is not None:
        device.server.close()
    for link in list(device.links):
        link.abort()


async def serve() -> None:
    """Do what each line of standard input says, until its end."""
    loop, site = asyncio.get_running_loop(), Site()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await site.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
