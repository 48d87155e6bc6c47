"""Tries what a configuration names: reads each source once through the very code that will read it, and asks the park for its health.

Nothing is stored. A source that devices send to by themselves is not run, because what they would send would be lost: only its port is
tried. Devices of one line are read in turn, lines at once up to a bound, each within a time limit.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from green_shield_bridge.clock import Clock
from green_shield_bridge.config import Config, Source
from green_shield_bridge.config.hj212 import Forward, Hj212Source
from green_shield_bridge.config.modbus import ModbusSource
from green_shield_bridge.modbus.plan import LINK_FAULT, NORMAL
from green_shield_bridge.operate.check_park import ParkFinding, ask_park
from green_shield_bridge.sources.modbus import modbus_lines
from green_shield_bridge.sources.status import SourceStatus
from green_shield_bridge.stats import Activity
from green_shield_bridge.writer import NotStored

MOST_AT_ONCE = 64


class Line(Protocol):
    """What reads the devices of one connection."""

    async def run(self) -> None: ...

    def status(self) -> Sequence[SourceStatus]: ...


@dataclass(frozen=True, slots=True)
class PointRead:
    """What one point gave: the flag is one of HJ 212, the value None where it is not valid."""

    point: str
    value: float | None
    flag: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One source. `problem` is None when every point has a valid value; `is_ok` already when one has, and none is silent."""

    name: str
    kind: str
    is_ok: bool
    problem: str | None
    took_ms: int
    points: list[PointRead]


@dataclass(frozen=True, slots=True)
class Findings:
    park: ParkFinding
    sources: list[Tried]
    platforms: list[Tried]

    @property
    def are_all_ok(self) -> bool:
        return self.park.is_ok and all(one.is_ok for one in (*self.sources, *self.platforms))


@dataclass(slots=True)
class Collector:
    """A sink that keeps the first value of each point of a source, and says when it has all."""

    source: Source
    seen: dict[int, tuple[float | None, str]] = field(default_factory=dict)
    has_all: asyncio.Event = field(default_factory=asyncio.Event)
    began_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        for point, value, flag in zip(points, values, flags, strict=True):
            self.seen.setdefault(point, (value, flag))
        if len(self.seen) == len(self.source.points) and self.ended_s is None:
            self.ended_s = time.monotonic()
            self.has_all.set()

    async def durable(self) -> None:
        raise NotStored("a check stores nothing")  # so nothing may be confirmed to a device

    def tried(self, detail: str | None) -> Tried:
        """`detail`: what the line says about the device."""
        points = self.source.points
        read = [PointRead(points[index].point, *self.seen[index]) for index in sorted(self.seen)]
        took_ms = round(((self.ended_s or time.monotonic()) - self.began_s) * 1000)
        problem = _problem(read, len(points), detail)
        flags = {point.flag for point in read}
        is_ok = len(read) == len(points) and NORMAL in flags and LINK_FAULT not in flags
        return Tried(self.source.name, self.source.kind, is_ok, problem, took_ms, read)


async def try_all(config: Config, timeout_s: float) -> Findings:
    """Try the park and every source; `timeout_s` for each."""
    asking = asyncio.create_task(ask_park(config.server, timeout_s))
    platforms = await asyncio.gather(*(_try_platform(forward, timeout_s) for forward in config.forward))
    tried = {one.name: one async for one in _tried_sources(config.sources, timeout_s)}
    return Findings(await asking, [tried[source.name] for source in config.sources], platforms)


async def try_line(line: Line, collectors: Sequence[Collector], timeout_s: float) -> list[Tried]:
    """Run a line until every point of its devices was told, or the time is over."""
    running = asyncio.create_task(line.run())
    waiting = asyncio.gather(*(collector.has_all.wait() for collector in collectors))
    await asyncio.wait((running, waiting), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    details = {row.name: row.detail for row in line.status()}
    waiting.cancel()
    while not running.done():  # asyncio.wait_for can swallow a cancellation (Python 3.11)
        running.cancel()
        await asyncio.wait((running,), timeout=0.1)
    crash = None if running.cancelled() else running.exception()
    why = None if crash is None else f"{type(crash).__name__}: {crash}"
    return [collector.tried(why or details.get(collector.source.name)) for collector in collectors]


async def _tried_sources(sources: Sequence[Source], timeout_s: float) -> AsyncIterator[Tried]:
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def within_room(line: Line, collectors: Sequence[Collector]) -> list[Tried]:
        async with room:
            for collector in collectors:
                collector.began_s = time.monotonic()
            return await try_line(line, collectors, timeout_s * len(collectors))

    for done in asyncio.as_completed([within_room(*pair) for pair in _lines(sources)]):
        for one in await done:
            yield one
    for source in sources:
        if isinstance(source, Hj212Source):
            yield await _try_port(source)


def _lines(sources: Sequence[Source]) -> Iterator[tuple[Line, list[Collector]]]:
    """Each line with the collectors of its devices."""
    collectors: dict[str, Collector] = {}

    def sink_of(source: ModbusSource) -> Collector:
        collectors[source.name] = Collector(source)
        return collectors[source.name]

    modbus = [source for source in sources if not isinstance(source, Hj212Source)]
    for line in modbus_lines(modbus, sink_of, Activity(), Clock()):
        yield line, [collectors[row.name] for row in line.status()]


async def _try_port(source: Hj212Source) -> Tried:
    problem = None
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), source.listen, source.port)
    except OSError as error:
        problem = f"cannot listen on {source.listen}:{source.port}: {error.strerror}; a running bridge holds it"
    else:
        server.close()
    return Tried(source.name, source.kind, problem is None, problem, 0, [])


async def _try_platform(forward: Forward, timeout_s: float) -> Tried:
    """Whether a connection comes about. Nothing is said on it: the platform would take it for data."""
    problem, began_s = None, time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(forward.host, forward.port)
        writer.close()
    except TimeoutError:
        problem = f"no connection to {forward.host}:{forward.port} within {timeout_s:g} s"
    except OSError as error:
        problem = f"no connection to {forward.host}:{forward.port}: {error.strerror or error}"
    took_ms = round((time.monotonic() - began_s) * 1000)
    return Tried(forward.name, "hj212_platform", problem is None, problem, took_ms, [])


def _problem(points: Sequence[PointRead], asked: int, detail: str | None) -> str | None:
    """Why not every point has a valid value; None when each has."""
    faults = [point for point in points if point.flag != NORMAL]
    if len(points) == asked and not faults:
        return None
    why = f": {detail}" if detail else ""
    if any(point.flag == LINK_FAULT for point in faults):
        return f"no answer{why}"
    if len(points) < asked:
        return f"{asked - len(points)} of {asked} points gave nothing in time{why}"
    return f"{len(faults)} of {asked} points have no valid value{why}"
