"""A data logger (数采仪) of the plant: it sends its values by HJ 212-2017 once a second, to whoever listens on its port.

Each packet wants an answer. One that is not answered is kept and sent again in its order, over any number of connections, as
loggers in the field do; so a bridge that dies loses nothing of it.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from green_shield_bridge.hj212.frames import Frame
from green_shield_bridge.hj212.packet import Malformed, Packet, encode, parse
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.times import format_qn, format_time

HOST = "127.0.0.1"
PERIOD_S = 1.0
ANSWER_WITHIN_S = 5.0
RECONNECT_S = 0.5
KEPT = 10_000
WANTS_ANSWER_2017 = 1 << 2 | 1


@dataclass(frozen=True, slots=True)
class FactorPoint:
    """A value of a station, under the code of its factor."""

    point_id: str
    factor: str
    initial: float = 0.0


@dataclass(slots=True)
class Station:
    """One data logger. `port`: where it sends to."""

    name: str
    points: Sequence[FactorPoint]
    mn: str
    password: str
    st: str = "31"
    port: int = 0


class RunningStation:
    """A station's values, what it has not been answered yet, and the connection it keeps trying for."""

    def __init__(self, station: Station) -> None:
        self.device = station
        self.reads = 0
        self.values = {point.point_id: point.initial for point in station.points}
        self._unanswered: deque[tuple[str, bytes]] = deque(maxlen=KEPT)
        self._all_answered = asyncio.Event()
        self._lock = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    def show(self, values: Mapping[str, float]) -> None:
        with self._lock:
            self.values.update(values)

    async def listen(self) -> None:
        """Start to send (a station calls; it is the bridge that listens)."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Measure no more, and end once everything is answered or nobody answers any more."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        sender = asyncio.create_task(self._keep_sending())
        try:
            while True:
                await asyncio.sleep(PERIOD_S - time.time() % PERIOD_S)
                self._measure(time.time_ns() // 1_000_000)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._all_answered.wait()
            sender.cancel()

    def _measure(self, now_ms: int) -> None:
        with self._lock:
            items = [f"{p.factor}-Rtd={self.values[p.point_id]:.3f},{p.factor}-Flag=N" for p in self.device.points]
        qn = format_qn(now_ms)
        cp_text = ";".join([f"DataTime={format_time(now_ms)}", *items])
        station = self.device
        packet = Packet("2011", station.mn, station.st, station.password, qn, WANTS_ANSWER_2017, cp_text=cp_text)
        self._unanswered.append((qn, encode(packet)))
        self._all_answered.clear()

    async def _keep_sending(self) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, EOFError):
                reader, writer = await asyncio.open_connection(HOST, self.device.port)
                try:
                    await self._send_in_order(reader, writer)
                finally:
                    writer.close()
            await asyncio.sleep(RECONNECT_S)

    async def _send_in_order(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        while True:
            if not self._unanswered:
                self._all_answered.set()
                await asyncio.sleep(0.05)
                continue
            qn, frame = self._unanswered[0]
            writer.write(frame)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                while not await _is_answered(reader, splitter, qn):
                    pass
            self._unanswered.popleft()
            self.reads += 1


async def _is_answered(reader: asyncio.StreamReader, splitter: Splitter, qn: str) -> bool:
    data = await reader.read(4096)
    if not data:
        raise EOFError
    packets = [parse(one.data) for one in splitter.feed(data) if isinstance(one, Frame)]
    return any(not isinstance(p, Malformed) and p.cn == "9014" and p.qn == qn for p in packets)
