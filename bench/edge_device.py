"""Fifty Modbus TCP devices in one process, by asyncio alone: no Modbus library, so that nothing of the bridge measures itself.

Each device listens on a port of its own and has 100 registers: 0 and 1 hold the millisecond of the answer (modulo 2^32), 2 goes up
and down from answer to answer, the rest count on. On `GET`-less standard input, a line asks for the polls since the line before.
"""

import asyncio
import json
import struct
import sys
import time
from array import array

HOST = "127.0.0.1"
REGISTERS = 100
_HEADER = struct.Struct(">HHHBBHH")  # transaction, protocol, length, unit, function, address, count
_REST = [(7 * at) & 0xFFFF for at in range(REGISTERS)]


class Device(asyncio.Protocol):
    """One device; `polls` are the monotonic seconds at which its registers were asked for."""

    def __init__(self) -> None:
        self.polls = array("d")
        self._transport: asyncio.Transport | None = None
        self._answers = 0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            request, self._buffer = self._buffer[: _HEADER.size], self._buffer[_HEADER.size :]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        assert self._transport is not None
        self.polls.append(time.monotonic())
        self._answers += 1
        transaction, _, _, unit, function, address, count = _HEADER.unpack(request)
        now_ms = time.time_ns() // 1_000_000
        words = [
            now_ms >> 16 & 0xFFFF,
            now_ms & 0xFFFF,
            self._answers % 2,
            *(v + self._answers & 0xFFFF for v in _REST[3:]),
        ]
        wanted = struct.pack(f">{count}H", *words[address : address + count])
        self._transport.write(
            struct.pack(">HHHBBB", transaction, 0, 3 + len(wanted), unit, function, len(wanted)) + wanted
        )


async def serve(count: int) -> None:
    """Print the ports as one JSON line; then, for each line read, the polls of every device since the last, until the end of input."""
    loop = asyncio.get_running_loop()
    devices = [Device() for _ in range(count)]
    servers = [await loop.create_server(lambda d=device: d, HOST, 0) for device in devices]  # type: ignore[misc]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([list(device.polls) for device in devices]), flush=True)
        for device in devices:
            device.polls = array("d")


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
