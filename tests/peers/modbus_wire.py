"""A device that answers as a test says, right or wrong, and the bridge's lines in front of it."""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pymodbus.framer import FramerRTU

from green_shield_bridge.clock import Clock
from green_shield_bridge.config.modbus import ModbusSource
from green_shield_bridge.sources.modbus import modbus_lines
from green_shield_bridge.stats import Activity
from tests.peers.modbus_reader import Memory

# What a device does with a question: (unit, PDU) to a PDU, None for silence, or raw bytes as they go out.
Answer = Callable[[int, bytes], bytes | None]


class Raw(bytes):
    """Bytes that are sent as they are."""


class Wire:
    """A TCP listener for MBAP or RTU frames that answers as a test says. `asked`: (seconds, unit, PDU) of every question."""

    def __init__(self, answer: Answer, *, is_rtu: bool = False, delay_s: float = 0.0) -> None:
        self.answer = answer
        self.asked: list[tuple[float, int, bytes]] = []
        self.connections = 0
        self.transaction = b""
        self._is_rtu = is_rtu
        self._delay_s = delay_s
        self._writers: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        size = 8 if self._is_rtu else 12
        while question := await reader.read(size):
            transaction, unit, pdu = (
                (b"", question[0], question[1:6]) if self._is_rtu else (question[:2], question[6], question[7:])
            )
            self.transaction = transaction
            self.asked.append((time.monotonic(), unit, pdu))
            answer = self.answer(unit, pdu)
            await asyncio.sleep(self._delay_s)
            if isinstance(answer, Raw):
                writer.write(answer)
            elif answer is not None:
                writer.write(rtu(unit, answer) if self._is_rtu else tcp(transaction, unit, answer))
        writer.close()


def tcp(transaction: bytes, unit: int, pdu: bytes) -> bytes:
    return transaction + struct.pack(">HHB", 0, len(pdu) + 1, unit) + pdu


def rtu(unit: int, pdu: bytes) -> bytes:
    frame = bytes([unit]) + pdu
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def holds(value: int) -> bytes:
    return struct.pack(">BBH", 3, 2, value)


def on_wire(
    answer: Answer, make: Callable[[int], Sequence[ModbusSource]], story: Callable[..., Awaitable[Any]], **options: Any
) -> Any:
    """Run a story with the bridge's lines and the wire; `make` gives the sources for its port."""

    async def listening() -> Wire:
        wire = Wire(answer, **options)
        await wire.open()
        return wire

    with asyncio.Runner() as runner:
        wire = runner.run(listening())

        async def told(*facts: Any) -> Any:
            return await story(wire, *facts)

        return runner.run(_run_in(make(wire.port), told))


async def _run_in(sources: Sequence[ModbusSource], story: Callable[..., Awaitable[Any]]) -> Any:

    sinks = {source.name: Memory(source) for source in sources}
    activity = Activity()
    lines = modbus_lines(sources, lambda source: sinks[source.name], activity, Clock())
    tasks = [asyncio.create_task(line.run()) for line in lines]
    try:
        return await story(lines, sinks, activity)
    finally:
        for task in tasks:
            task.cancel()
        done = await asyncio.wait(tasks, timeout=1)
        assert not done[1], "one cancellation must be enough"
