"""The bridge put together: sources -> sampling -> spool -> park.

    source task ----> Intake ----> Writer ----> spool (its own thread) ----> Uploader ----> park
      one a line       what is      one commit     on disk before             until it says yes
                       forwarded    for many       anything else

This is the only file that names concrete parts. The spool works on one thread of its own, so that a slow disk does
not delay a poll. A reload replaces the two ends, sources and uploader; writer and spool go on.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import count
from typing import Any, TypeVar

from green_shield_bridge import __version__, log
from green_shield_bridge.clock import Clock, Discipline, Jump
from green_shield_bridge.commands import CommandDesk
from green_shield_bridge.config import Config
from green_shield_bridge.errors import RestartNeeded, SpoolError, SpoolFull
from green_shield_bridge.forward.platforms import Forwards
from green_shield_bridge.frames import Frame, total
from green_shield_bridge.journal import SpoolJournal
from green_shield_bridge.operate.operation import operated
from green_shield_bridge.operate.spool_view import recent_gaps_of
from green_shield_bridge.operate.status_model import GapRow, Snapshot, SourceRow
from green_shield_bridge.sourcing import Sources
from green_shield_bridge.spool import MEBIBYTE, Keeping, Loss, Spool, SpoolState
from green_shield_bridge.spool.upkeep import keep_bounded
from green_shield_bridge.stats import Activity, snapshot, write_atomically
from green_shield_bridge.upload.flush import FlushTimer
from green_shield_bridge.upload.uplink import Uplink, open_uplink
from green_shield_bridge.writer import NotStored, Writer

LOOK_INTERVAL_S = 1.0
GAPS_EVERY = 5
# Twenty uploads a second at most: a whole plant in alarm makes small blocks, and nobody sees 50 ms.
URGENT_GAP_S = 0.05
# Objects made between two collections: a poll makes hundreds, and none of them is part of a cycle.
GC_THRESHOLD = 20_000
# Rows of the spool that sources which are sent things twice compare with after a start.
RECALLED_ROWS = 5_000

_T = TypeVar("_T")


class Bridge:
    """A running bridge. `run` returns after `stop`, within the configured time, with nothing lost."""

    def __init__(
        self, config: Config, spool: Spool, uplink: Uplink, clock: Clock, discipline: Discipline | None = None
    ) -> None:
        self._config = config
        self._spool = spool
        self._clock = clock
        self._discipline = discipline
        self._activity = Activity()
        self._stop = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._started_ms = clock.wall_ms()
        self._timer = FlushTimer(
            max_age_s=config.upload.max_batch_age_s,
            max_readings=config.upload.max_batch_readings,
            monotonic_s=clock.monotonic_s,
            urgent_gap_s=URGENT_GAP_S,
        )
        self._writer = Writer(
            self._append,
            self._stored,
            self._activity,
            linger_s=config.spool.commit_interval_s,
            memory_readings=config.spool.memory_readings,
        )
        self._state: SpoolState = spool.state()
        self._gaps: list[GapRow] = []
        self._refusing: str | None = None
        self._uplink = uplink
        series = spool.series_of(_points_of(config))
        self._sources = self._new_sources(config, series)
        self._forwards = Forwards(config, series, clock)
        self._desk = self._new_desk(config, self._sources)

    async def run(self, stats_file: str | None = None) -> None:
        """Work until `stop`; then commit what was read and give the park a last chance to take it."""
        if self._spool.counters.waiting:
            self._timer.hurry()
        await self._start_ends()
        writer = asyncio.create_task(self._writer.run())
        upkeep = asyncio.create_task(keep_bounded(lambda: self._on_spool(lambda spool: spool.expire())))
        looking = asyncio.create_task(self._look_around(stats_file))
        stopping = asyncio.create_task(self._stop.wait())
        gc.freeze()  # what is there now stays; collections need not look at it again and again
        gc.set_threshold(GC_THRESHOLD, 20, 20)
        log.event(
            "started",
            version=__version__,
            sources=len(self._config.sources),
            points=self._sources.points,
            waiting=self._spool.counters.waiting,
        )
        ended, _ = await asyncio.wait([stopping, writer, upkeep, looking], return_when=asyncio.FIRST_COMPLETED)
        await self._sources.stop()
        await _cancel(stopping, upkeep, looking)
        self._writer.stop()
        await writer
        await self._forwards.stop()
        await self._uplink.finish(self._config.shutdown_s)
        self._thread.shutdown()
        self._write_stats(stats_file)
        log.event("stopped", waiting=self._spool.counters.waiting)
        for task in ended:
            task.result()  # a defect in a part that all need ends the bridge; whoever started it starts it again

    def stop(self) -> None:
        self._stop.set()

    async def reload(self, config: Config) -> None:
        """Go on with another configuration. Raises BridgeError, and then goes on with the old one."""
        if (config.bridge_id, config.spool) != (self._config.bridge_id, self._config.spool):
            raise RestartNeeded("bridge_id or spool: changed; they take effect when the bridge is started again")
        uplink = open_uplink(config)
        series = await self._on_spool(lambda spool: spool.series_of(_points_of(config)))
        sources, forwards = self._new_sources(config, series), Forwards(config, series, self._clock)
        await self._sources.stop()
        await self._forwards.stop()
        await self._uplink.close()
        self._config, self._uplink, self._sources, self._forwards = config, uplink, sources, forwards
        self._desk = self._new_desk(config, sources)
        await self._start_ends()

    async def probe(self) -> None:
        """Return when the spool's thread has done a round and the writer waits for nothing old. Raises SpoolError."""
        await self._on_spool(lambda spool: spool.open_gaps)
        if self._refusing is None:
            with contextlib.suppress(NotStored):
                await self._writer.durable()

    def stats(self) -> dict[str, int]:
        return snapshot(self._spool.counters, self._activity, self._clock.wall_ms(), gaps=self._spool.open_gaps)

    def snapshot(self) -> Snapshot:
        """Everything there is to see, as of the last look a second ago."""
        state, line = self._state, self._uplink.activity
        return {
            "version": __version__,
            "bridge_id": self._config.bridge_id,
            "started_ms": self._started_ms,
            "now_ms": self._clock.wall_ms(),
            "counters": self.stats(),
            "sources": [SourceRow(**asdict(row)) for row in (*self._sources.status(), *self._forwards.status())],  # type: ignore[typeddict-item]
            "crashed": sorted(self._sources.crashed | self._forwards.crashed),
            "spool": {
                "id": state.spool_id,
                "path": self._config.spool.path,
                "bytes": state.bytes,
                "oldest_waiting_ms": state.oldest_waiting_ms,
                "newest_ms": state.newest_waiting_ms,
                "waiting": self._spool.counters.waiting,
                "refusing": self._refusing,
                "gaps_open": self._spool.open_gaps,
                "gaps": self._gaps,
            },
            "upload": {
                "last_ack_ms": line.last_ack_ms,
                "last_error": line.last_error,
                "retrying_since_ms": line.retrying_since_ms,
                "backlog": max(0, state.waiting_readings - state.live_readings),
                "live": state.live_readings,
            },
            "clock": {
                "offset_ms": self._discipline.offset_ms if self._discipline else 0,
                "jumps": self._discipline.jumps if self._discipline else 0,
            },
        }

    def clock_jumped(self, jump: Jump) -> None:
        """Note in the ledger that times around here need a second look."""
        log.warn("clock_jumped", by_ms=jump.by_ms, reaction=jump.reaction)
        mark = Loss("clock_jump", jump.at_ms, jump.at_ms, 0, detail=f"{jump.by_ms / 1000:+.3f} s, {jump.reaction}")
        self._writer.note(mark)

    async def _start_ends(self) -> None:
        await self._desk.start()
        self._told_intervals(await self._on_spool(lambda spool: spool.intervals()))
        self._sources.start()
        self._forwards.start()
        self._uplink.start(
            on_spool=self._on_spool,
            timer=self._timer,
            activity=self._activity,
            clock=self._clock,
            told_intervals=self._told_intervals,
            park_said=self._discipline.park_said if self._discipline else None,
            desk=self._desk,
        )

    def _new_sources(self, config: Config, series: Mapping[str, int]) -> Sources:
        return Sources(config, series, self._writer, self._activity, self._clock, self._recall)

    def _new_desk(self, config: Config, sources: Sources) -> CommandDesk:
        return CommandDesk(config.commands.allow, SpoolJournal(self._on_spool), sources.write, self._clock.wall_ms)

    def _recall(self, points: Collection[str]) -> Awaitable[list[tuple[str, int]]]:
        return self._on_spool(lambda spool: spool.newest_readings(RECALLED_ROWS, points))

    def _told_intervals(self, intervals_s: Mapping[str, float]) -> None:
        """No reading waits longer than the shortest interval the park wants."""
        shortest_s = self._sources.told_intervals(intervals_s)
        self._timer.max_age_s = min(self._config.upload.max_batch_age_s, shortest_s)

    async def _append(self, frames: Sequence[Frame], losses: Sequence[Loss]) -> Sequence[int]:
        try:
            refused = await self._on_spool(lambda spool: spool.append(frames, losses))
        except SpoolError as error:
            self._refusing = error.code
            raise
        self._refusing = SpoolFull.code if refused else None
        return refused

    def _stored(self, frames: Sequence[Frame]) -> None:
        self._timer.added(total(frames), is_urgent=any(frame.is_urgent for frame in frames))
        self._forwards.take(frames)

    async def _look_around(self, stats_file: str | None) -> None:
        """Once a second, what the spool holds and how it is; so whoever asks for it never waits for the disk."""
        for look in count():
            try:
                self._state = await self._on_spool(lambda spool: spool.state())
                if look % GAPS_EVERY == 0:
                    self._gaps = await self._on_spool(lambda _: recent_gaps_of(self._config.spool.path))
            except SpoolError as error:
                self._refusing = error.code
            self._write_stats(stats_file)
            await asyncio.sleep(LOOK_INTERVAL_S)

    def _write_stats(self, stats_file: str | None) -> None:
        if stats_file is None:
            return
        try:
            write_atomically(stats_file, self.stats())
        except OSError as error:
            log.warn("stats_not_written", path=stats_file, reason=error.strerror)

    def _on_spool(self, work: Callable[[Spool], _T]) -> Awaitable[_T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, self._spool)


@asynccontextmanager
async def open_bridge(config: Config, clock: Clock | None = None) -> AsyncIterator[Bridge]:
    """A bridge with its key, spool and line. `clock`: instead of the machine's, which is held against the park's.

    Raises BridgeError where one of them cannot be used.
    """
    uplink = open_uplink(config)
    discipline = None if clock else Discipline()
    clock = clock or Clock(wall_ms=discipline.now_ms)  # type: ignore[union-attr]
    try:
        spool = Spool(config.spool.path, _keeping(config), clock=clock)
        try:
            if discipline is not None:
                discipline.epoch = _starts(spool)
            bridge = Bridge(config, spool, uplink, clock, discipline)
            if discipline is not None:
                discipline.on_jump = bridge.clock_jumped
            yield bridge
        finally:
            spool.close()
    finally:
        await uplink.close()


async def run_bridge(config: Config, config_file: str, stats_file: str | None = None) -> None:
    """Run until SIGTERM or SIGINT. Raises BridgeError."""
    async with open_bridge(config) as bridge, operated(bridge, config, config_file):
        await bridge.run(stats_file)


def _points_of(config: Config) -> list[str]:
    return [point.point for source in config.sources for point in source.points]


def _starts(spool: Spool) -> int:
    """How often a bridge was started with this spool, this time included."""
    starts = int(spool.get("starts") or 0) + 1
    spool.put("starts", str(starts))
    return starts


def _keeping(config: Config) -> Keeping:
    return Keeping(
        when_full=config.spool.when_full,
        max_bytes=round(config.spool.max_mb * MEBIBYTE),
        keep_ms=round(config.spool.keep_days * 86_400_000),
        live_window_s=config.upload.live_window_s,
        backlog_readings_per_s=config.upload.backlog_readings_per_s,
    )


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
