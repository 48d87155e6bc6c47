"""The bridge put together: sources -> sampling -> spool -> park.

    source task ----> Intake ----> Writer ----> spool (its own thread) ----> Uploader ----> park
      one each         what is      one commit     on disk before             until it says yes
                       forwarded    for many       anything else

This is the only file that names concrete parts. The spool works on one thread of its own, so that a slow disk does
not delay a poll.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from green_shield_bridge import __version__, log
from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.config import Config, ModbusPoint, ModbusTcpSource
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.flush import FlushTimer
from green_shield_bridge.frames import Frame, total
from green_shield_bridge.identity import Identity, read_key
from green_shield_bridge.intake import Intake, Writer
from green_shield_bridge.park_client import ParkClient
from green_shield_bridge.sampling import PointSampler
from green_shield_bridge.sources.modbus import ModbusTcpPoller, keep_running
from green_shield_bridge.spool import Spool
from green_shield_bridge.stats import Activity, snapshot, write_atomically
from green_shield_bridge.uploader import Line, Uploader

STATS_INTERVAL_S = 1.0

_T = TypeVar("_T")


class Bridge:
    """A running bridge. `run` returns after `stop`, within the configured time, with nothing lost."""

    def __init__(
        self, config: Config, spool: Spool, line: Line, identity: Identity, *, clock: Clock | None = None
    ) -> None:
        self._config = config
        self._spool = spool
        self._clock = clock or Clock()
        self._activity = Activity()
        self._stop = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._samplers: dict[str, PointSampler] = {}
        self._timer = FlushTimer(
            max_age_s=config.upload.max_batch_age_s,
            max_readings=config.upload.max_batch_readings,
            monotonic_s=self._clock.monotonic_s,
        )
        self._writer = Writer(
            self._append,
            self._stored,
            self._activity,
            linger_s=config.spool.commit_interval_s,
            memory_readings=config.spool.memory_readings,
        )
        self._uploader = Uploader(
            line=line,
            on_spool=self._on_spool,
            identity=identity,
            timer=self._timer,
            limits=Limits(readings=config.upload.max_batch_readings),
            retry_max_s=config.upload.retry_max_s,
            activity=self._activity,
            clock=self._clock,
            told_intervals=self._told_intervals,
        )
        series = spool.series_of([point.point for source in config.sources for point in source.points])
        self._pollers = [self._poller(source, index, series) for index, source in enumerate(config.sources)]
        self._told_intervals(spool.intervals())

    async def run(self, stats_file: str | None = None) -> None:
        """Work until `stop`; then commit what was read and give the park a last chance to take it."""
        if self._spool.counters.waiting:
            self._timer.hurry()
        sources = [asyncio.create_task(keep_running(poller)) for poller in self._pollers]
        writer, uploader = asyncio.create_task(self._writer.run()), asyncio.create_task(self._uploader.run())
        reporter, stopping = asyncio.create_task(self._report(stats_file)), asyncio.create_task(self._stop.wait())
        log.event(
            "started",
            version=__version__,
            sources=len(sources),
            points=len(self._samplers),
            waiting=self._spool.counters.waiting,
        )
        await asyncio.wait([stopping, writer, uploader, reporter], return_when=asyncio.FIRST_COMPLETED)
        await _cancel(*sources, stopping, reporter)
        self._writer.stop()
        await writer
        await self._finish(uploader)
        self._thread.shutdown()
        self._write_stats(stats_file)
        log.event("stopped", waiting=self._spool.counters.waiting)

    def stop(self) -> None:
        self._stop.set()

    def stats(self) -> dict[str, int]:
        return snapshot(self._spool.counters, self._activity, self._clock.wall_ms())

    async def _finish(self, uploader: asyncio.Task[None]) -> None:
        """Let the park take what it takes readily, within the time limit. The rest stays on disk."""
        self._uploader.stop()
        try:
            async with asyncio.timeout(self._config.shutdown_s):
                await asyncio.shield(uploader)
        except TimeoutError:
            log.warn("stopped_during_upload")
            await _cancel(uploader)
        except SpoolError as error:
            log.error("spool_refused", code=error.code, detail=str(error))

    async def _report(self, stats_file: str | None) -> None:
        while True:
            self._write_stats(stats_file)
            await asyncio.sleep(STATS_INTERVAL_S)

    def _write_stats(self, stats_file: str | None) -> None:
        if stats_file is None:
            return
        try:
            write_atomically(stats_file, self.stats())
        except OSError as error:
            log.warn("stats_not_written", path=stats_file, reason=error.strerror)

    def _poller(self, source: ModbusTcpSource, index: int, series: Mapping[str, int]) -> ModbusTcpPoller:
        points = [point.point for point in source.points]
        samplers = [self._sampler(source, point) for point in source.points]
        self._samplers.update(zip(points, samplers, strict=True))
        sink = Intake([series[point] for point in points], samplers, self._writer)
        # Devices are read one after the other within the first second, so that their answers do not all come at once
        # ever after.
        phase_s = index / len(self._config.sources) * min(1.0, source.poll_interval_s)
        return ModbusTcpPoller(source, sink, self._activity, self._clock, phase_s=phase_s)

    def _sampler(self, source: ModbusTcpSource, point: ModbusPoint) -> PointSampler:
        low, high = point.trigger.limits() if point.trigger else (float("-inf"), float("inf"))
        return PointSampler(
            interval_ms=_ms(self._config.upload.default_interval_s),
            poll_ms=_ms(source.poll_interval_s),
            keeps_all=source.forward == "all",
            low=low,
            high=high,
        )

    def _told_intervals(self, intervals_s: Mapping[str, float]) -> None:
        """The park says how often it wants which point. No reading waits longer than the shortest of these."""
        for point, interval_s in intervals_s.items():
            if (sampler := self._samplers.get(point)) is not None:
                sampler.interval_ms = _ms(interval_s)
        shortest_s = min((sampler.interval_ms for sampler in self._samplers.values()), default=0) / 1000
        self._timer.max_age_s = min(self._config.upload.max_batch_age_s, shortest_s)

    async def _append(self, frames: Sequence[Frame]) -> None:
        await self._on_spool(lambda spool: spool.append(frames))

    def _stored(self, frames: Sequence[Frame]) -> None:
        self._timer.added(total(frames), is_urgent=any(frame.is_urgent for frame in frames))

    def _on_spool(self, work: Callable[[Spool], _T]) -> Awaitable[_T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, self._spool)


@asynccontextmanager
async def open_bridge(config: Config) -> AsyncIterator[Bridge]:
    """A bridge with its key, spool and line. Raises BridgeError where one of them cannot be used."""
    identity = Identity(config.bridge_id, read_key(config.key_file))
    line = ParkClient(
        config.server.url,
        ca_file=config.server.ca_file,
        timeout_s=config.server.timeout_s,
        user_agent=f"green-shield-bridge/{__version__}",
    )
    spool = Spool(config.spool.path)
    try:
        yield Bridge(config, spool, line, identity)
    finally:
        spool.close()
        await line.close()


async def run_bridge(config: Config, stats_file: str | None = None) -> None:
    """Run until SIGTERM or SIGINT. Raises BridgeError."""
    async with open_bridge(config) as bridge:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, bridge.stop)
        await bridge.run(stats_file)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until all are done: asyncio.wait_for, as pymodbus uses it, can swallow a cancellation (Python 3.11)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
