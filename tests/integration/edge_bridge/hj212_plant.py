"""What HJ 212 tests share: a sink that is durable when it is told to be, devices on a socket, a server of the bridge."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from green_shield_bridge.clock import Clock
from green_shield_bridge.config.hj212 import Hj212Source
from green_shield_bridge.config.read import as_value
from green_shield_bridge.errors import SpoolFull
from green_shield_bridge.hj212.frames import Frame, Rules
from green_shield_bridge.hj212.packet import Packet, parse
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.times import format_qn, format_time, parse_time
from green_shield_bridge.hj212.wire import frame_of
from green_shield_bridge.sources.hj212 import Hj212Server, Recall

PASSWORD = "plain-text-secret-41"
NOW_MS, _ = parse_time("20260801101502")
MINUTE_MS = 60_000


def at_ms(minute: int) -> int:
    """So many minutes after ten."""
    return NOW_MS - 15 * MINUTE_MS - 2_000 + minute * MINUTE_MS


@dataclass
class Disk:
    """A sink. `refuses`: durable() raises. `gate`: durable() waits for it. `on_disk`: (time, point) to value."""

    refuses: bool = False
    gate: asyncio.Event | None = None
    pending: list[tuple[int, int, float | None, str]] = field(default_factory=list)
    on_disk: list[tuple[int, int, float | None, str]] = field(default_factory=list)

    def take(self, time_ms, points, values, flags) -> None:
        self.pending += [(time_ms, *rest) for rest in zip(points, values, flags, strict=True)]

    async def durable(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if self.refuses:
            self.pending.clear()
            raise SpoolFull("no room")
        self.on_disk += self.pending
        self.pending.clear()


def station(folder: Path, mn: str = "MN1", **options: Any) -> dict[str, Any]:
    secret = folder / "pw"
    if not secret.exists():
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
    points = [
        {"point": f"{mn}-so2", "factor": "a21026", "trigger": {"above": 100.0}},
        {"point": f"{mn}-dust", "factor": "01"},
        {"point": f"{mn}-so2-hour", "factor": "a21026", "data": "hour"},
    ]
    return {"mn": mn, "password_file": str(secret), "points": points, **options}


def source(stations: list[dict[str, Any]], **options: Any) -> Hj212Source:
    return as_value(Hj212Source, {"name": "gas", "kind": "hj212_server", "port": 0, "stations": stations, **options})


@contextlib.asynccontextmanager
async def serving(
    config: Hj212Source, sink: Disk, folder: Path, *, recall: Recall | None = None, clock: Clock | None = None
) -> AsyncIterator[Hj212Server]:
    clock = clock or Clock(wall_ms=lambda: NOW_MS)
    server = Hj212Server(config, sink, clock, taken_path=str(folder / "taken.db"), recall=recall)
    running = asyncio.create_task(server.run())
    waiting = asyncio.create_task(server.is_listening.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield server
    finally:
        running.cancel()
        await asyncio.wait([running])
        await server.close()


class Device:
    """One device, or platform, at the other end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._splitter = Splitter(Rules())
        self._heard: list[Packet] = []

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def hears(self, within_s: float = 3.0) -> Packet:
        """The next packet. Raises TimeoutError, ConnectionError at the end of the stream."""
        async with asyncio.timeout(within_s):
            while not self._heard:
                data = await self._reader.read(65_536)
                if not data:
                    raise ConnectionError("closed")
                for frame in self._splitter.feed(data):
                    assert isinstance(frame, Frame)
                    packet = parse(frame.data)
                    assert isinstance(packet, Packet)
                    self._heard.append(packet)
        return self._heard.pop(0)

    async def hears_nothing(self, for_s: float = 0.15) -> bool:
        try:
            await self.hears(for_s)
        except TimeoutError:
            return True
        return False

    async def is_cut(self, within_s: float = 3.0) -> bool:
        try:
            while True:
                await self.hears(within_s)
        except ConnectionError:
            return True
        except TimeoutError:
            return False


@contextlib.asynccontextmanager
async def device(port: int) -> AsyncIterator[Device]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Device(reader, writer)
    finally:
        writer.transport.abort()


def live(minute: int = 15, value: float = 12.5, mn: str = "MN1", **changes: Any) -> Packet:
    time_ms = at_ms(minute)
    cp_text = f"DataTime={format_time(time_ms)};a21026-Rtd={value},a21026-Flag=N;a34013-Rtd=3.5,a34013-Flag=N"
    packet = Packet("2011", mn, "31", PASSWORD, format_qn(time_ms + 1_000), 5, cp_text=cp_text)
    return replace(packet, **changes)


def wire(minute: int = 15, value: float = 12.5, mn: str = "MN1", **changes: Any) -> bytes:
    return frame_of(live(minute, value, mn, **changes))
