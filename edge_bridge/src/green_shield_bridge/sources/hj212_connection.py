"""One peer of the HJ 212 server: what it sends and is sent, each within a time limit, and the task that serves it."""

import asyncio

from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.session import Session
from green_shield_bridge.hj212.wire import frame_of

READ_BYTES = 16_384
WRITE_TIMEOUT_S = 10.0


class Connection:
    """`since_s`: when it came about, in seconds of the steady clock. Made by the task that serves it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session, now_s: float
    ) -> None:
        self.writer = writer
        self.session = session
        self.since_s = now_s
        self._reader = reader
        peer = writer.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "unknown"
        task = asyncio.current_task()
        assert task is not None
        self.task = task

    async def read(self, within_s: float) -> bytes | None:
        """What came, b"" at the end, None when it is time for something else."""
        try:
            async with asyncio.timeout(max(0.0, within_s)):
                return await self._reader.read(READ_BYTES)
        except TimeoutError:
            return None

    async def send(self, packet: Packet, sm4_key: bytes | None = None) -> None:
        """Raises OSError or TimeoutError where the peer is gone or does not read."""
        try:
            frame = frame_of(packet, sm4_key)
        except ValueError:
            return  # its own words cannot be said back: a head with a separator in it
        self.writer.write(frame)
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await self.writer.drain()
