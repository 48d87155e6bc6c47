"""Readings of this bridge to a superior HJ 212 platform, as one of its devices.

    stored readings -> take() -> outbox (its own file and thread) -> one packet at a time -> platform says 9014 -> deleted

Invariants:
- It never delays or loses the upload to the park: `take` only appends to a list of bounded length, everything else happens on a
  task and a thread of its own, and whatever fails here stays here.
- A packet leaves the outbox when the platform confirmed it, or refused it for good (logged and counted). Until then it goes again,
  after every reconnect, for ever.
- What came in during the last second before a kill is missing from the platform's means; the park has it.
- The PW is in no log line and in no repr.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from green_shield_bridge import log
from green_shield_bridge.clock import Clock
from green_shield_bridge.config.hj212 import Forward
from green_shield_bridge.errors import SpoolDamaged, SpoolError
from green_shield_bridge.forward.composing import SECONDS_OF, Outlet
from green_shield_bridge.forward.line import Line
from green_shield_bridge.forward.outbox import Outbox, Row, Waiting
from green_shield_bridge.hj212.readings import HOUR, MINUTE
from green_shield_bridge.sources.status import SourceStatus

STEP_S = 1.0
# A reading reaches the outbox a moment after its instant: by the spool's commit and by ours.
LIVE_GRACE_MS = 2_000
SPAN_GRACE_MS = 10_000
HOUR_MS = 3_600_000
MAX_PENDING = 100_000

_T = TypeVar("_T")


class Forwarder:
    """One platform. Raises KeyFileError when a secret's file cannot be used.

    `path`: the outbox, a file of its own beside the spool.
    """

    def __init__(self, config: Forward, clock: Clock, path: str) -> None:
        self.name = config.name
        self.lost = 0  # readings that came while the outbox could not keep up
        self._config = config
        self._clock = clock
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forward")
        self._factors: dict[str, list[str]] = {}
        for point in config.points:
            self._factors.setdefault(point.point, []).append(point.factor)
        self._pending: list[Row] = []
        self._outbox: Outbox | None = None
        self._tick: int | None = None
        self._is_refused = False
        self._line = Line(config, clock, self._next, self._done)

    @property
    def points(self) -> frozenset[str]:
        """What it wants to be handed."""
        return frozenset(self._factors)

    def take(self, time_ms: int, readings: Iterable[tuple[str, float | None, str]]) -> None:
        """(point, value, flag) of one instant, as they are on disk for the park. Points that are not forwarded are left out."""
        for point, value, flag in readings:
            for factor in self._factors.get(point, ()):
                if len(self._pending) >= MAX_PENDING:
                    self.lost += 1
                else:
                    self._pending.append(Row(factor, time_ms, value, flag))

    async def run(self) -> None:
        """Compose and send until cancelled."""
        composing, sending = asyncio.create_task(self._compose()), asyncio.create_task(self._line.run())
        try:
            await asyncio.wait([composing, sending], return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (composing, sending):
                task.cancel()
            done = await asyncio.gather(composing, sending, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, Exception):
                raise outcome

    async def close(self) -> None:
        """Keep what came last, and close the outbox; it cannot run again."""
        try:
            await self._on_outbox(self._add_pending)
            await self._on_outbox(lambda outbox: outbox.close())
        except SpoolError as error:
            log.error("forward_not_kept", platform=self.name, code=error.code, readings=len(self._pending))
        self._thread.shutdown(wait=False)

    def status(self) -> list[SourceStatus]:
        """One row: `polls` are packets confirmed, `failed` refused ones, `late` packets sent again."""
        line, waiting = self._line, self._outbox.waiting if self._outbox is not None else 0
        dropped = self._outbox.dropped if self._outbox is not None else 0
        parts = [
            f"{waiting} packets wait",
            f"{dropped} dropped" if dropped else "",
            f"{self.lost} lost" if self.lost else "",
        ]
        return [
            SourceStatus(
                name=self.name,
                kind="hj212_forward",
                address=f"{self._config.host}:{self._config.port}",
                state="ok" if line.is_connected else "lost" if line.has_tried else "starting",
                points=len(self._config.points),
                last_value_ms=line.confirmed_ms,
                polls=line.confirmed,
                failed=line.refused,
                late=line.resent,
                detail=", ".join([*filter(None, parts), *filter(None, [line.problem])]),
            )
        ]

    async def _compose(self) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            await self.step(self._clock.wall_ms())

    async def step(self, now_ms: int) -> None:
        """Keep what came, and make the packets that are due. What the disk refuses is tried again at the next step."""
        try:
            await self._on_outbox(self._add_pending)
            await self._on_outbox(lambda outbox: self._close_spans(outbox, now_ms))
            self._is_refused = False
        except SpoolError as error:
            if not self._is_refused:
                log.error("forward_not_kept", platform=self.name, code=error.code, detail=str(error))
            self._is_refused = True
        self._line.wake()

    def _add_pending(self, outbox: Outbox) -> None:
        rows = self._pending[:]
        if rows:
            outbox.add(rows)
            del self._pending[: len(rows)]

    def _close_spans(self, outbox: Outbox, now_ms: int) -> None:
        settings = self._line.settings
        interval_ms = settings.live_interval_s * 1000
        tick = (now_ms - LIVE_GRACE_MS) // interval_ms * interval_ms
        if settings.is_live_on and self._tick is not None and tick != self._tick:
            outbox.close_live(tick, tick - interval_ms)
        self._tick = tick
        outbox.close_spans(MINUTE, self._config.minute_interval_min * 60_000, now_ms - SPAN_GRACE_MS)
        if self._config.is_hour_sent:
            outbox.close_spans(HOUR, HOUR_MS, now_ms - SPAN_GRACE_MS)
        outbox.forget(now_ms)

    async def _next(self) -> Waiting | None:
        fresh_ms = self._clock.wall_ms() - 2 * self._line.settings.live_interval_s * 1000 - LIVE_GRACE_MS
        return await self._on_outbox(lambda outbox: outbox.next(fresh_ms))

    async def _done(self, number: int) -> None:
        await self._on_outbox(lambda outbox: outbox.done(number))

    async def _on_outbox(self, work: Callable[[Outbox], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._opened()))

    def _opened(self) -> Outbox:
        if self._outbox is None:
            self._outbox = self._open()
        return self._outbox

    def _open(self) -> Outbox:
        """A damaged outbox is set aside: the park has what was in it."""
        outlets = [_outlet(point.factor, self._config) for point in self._config.points]
        try:
            return Outbox(self._path, outlets, max_packets=self._config.max_packets)
        except SpoolDamaged as error:
            log.error("forward_outbox_set_aside", platform=self.name, path=self._path, reason=str(error))
            for suffix in ("", "-wal", "-shm"):
                if Path(self._path + suffix).exists():
                    Path(self._path + suffix).replace(f"{self._path}.damaged{suffix}")
            return Outbox(self._path, outlets, max_packets=self._config.max_packets)


def _outlet(factor: str, config: Forward) -> Outlet:
    point = next(point for point in config.points if point.factor == factor)
    rate = point.total_of_rate_per
    return Outlet(factor, point.scale, point.offset, point.digits, SECONDS_OF[rate] if rate else None)
