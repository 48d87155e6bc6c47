"""From what a source read to frames on disk: decide what the park gets, collect for a moment, commit.

A source hands its values over and goes on; it never waits for the disk. While the disk refuses, frames wait in memory
up to a declared number of readings; beyond it new ones are dropped and counted.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from green_shield_bridge import log
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.frames import Frame, Reading, pack, total
from green_shield_bridge.sampling import ROUTINE, Decision, PointSampler
from green_shield_bridge.stats import Activity

RETRY_S = 1.0

Store = Callable[[Sequence[Frame]], Awaitable[None]]


class Sink(Protocol):
    """What a source hands its values to."""

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        """Values read at one instant; `points` are indices into the source's points."""


class Writer:
    """Commits frames in groups. `stored` is called after each commit, with what is then on disk."""

    def __init__(
        self,
        store: Store,
        stored: Callable[[Sequence[Frame]], None],
        activity: Activity,
        *,
        linger_s: float,
        memory_readings: int,
    ) -> None:
        self._store = store
        self._stored = stored
        self._activity = activity
        self._linger_s = linger_s
        self._memory_readings = memory_readings
        self._frames: list[Frame] = []
        self._has_frames = asyncio.Event()
        self._must_hurry = asyncio.Event()
        self._is_stopping = False

    def add(self, frame: Frame) -> None:
        if self._activity.in_memory + frame.count > self._memory_readings:
            self._activity.dropped += frame.count
            return
        self._frames.append(frame)
        self._activity.in_memory += frame.count
        self._has_frames.set()
        if frame.is_urgent:
            self._must_hurry.set()

    async def run(self) -> None:
        """Commit what comes in, until stopped; then once more."""
        while not self._is_stopping:
            await self._has_frames.wait()
            await _wait_at_most(self._must_hurry, self._linger_s)
            if not await self.commit() and not self._is_stopping:
                await asyncio.sleep(RETRY_S)
        if not await self.commit():
            log.error("readings_lost_at_stop", readings=self._activity.in_memory)

    def stop(self) -> None:
        self._is_stopping = True
        self._has_frames.set()
        self._must_hurry.set()

    async def commit(self) -> bool:
        """Store what is in memory. False: the disk refused, and all of it is still in memory."""
        frames, self._frames = self._frames, []
        self._has_frames.clear()
        self._must_hurry.clear()
        if not frames:
            return True
        try:
            await self._store(frames)
        except SpoolError as error:
            log.error("spool_refused", code=error.code, detail=str(error), in_memory=self._activity.in_memory)
            self._frames = frames + self._frames
            self._has_frames.set()
            return False
        self._activity.in_memory -= total(frames)
        self._activity.spooled += total(frames)
        self._stored(frames)
        return True


class Intake:
    """The sink of one source: samples its points and packs what is kept."""

    def __init__(self, series: Sequence[int], samplers: Sequence[PointSampler], writer: Writer) -> None:
        self._series = series
        self._samplers = samplers
        self._writer = writer

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        series, samplers = self._series, self._samplers
        kept: list[Reading] = []
        is_urgent = False
        for point, value, flag in zip(points, values, flags, strict=True):
            decision = samplers[point].decide(value, flag, time_ms)
            if decision is not Decision.NOT_DUE:
                kept.append((series[point], value, flag))
                is_urgent = is_urgent or decision not in ROUTINE
        if kept:
            self._writer.add(pack(time_ms, kept, is_urgent=is_urgent))


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
