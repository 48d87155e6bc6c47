"""The plant's side of the bridge: every source of a configuration with its sink, running, and what is known of each."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from green_shield_bridge.clock import Clock
from green_shield_bridge.config import Config, Point, Source
from green_shield_bridge.config.commands import AllowedCommand
from green_shield_bridge.config.hj212 import Hj212Source
from green_shield_bridge.crew import Crew, Runner
from green_shield_bridge.frames import PRIORITIES
from green_shield_bridge.intake import Intake
from green_shield_bridge.sampling import PointSampler
from green_shield_bridge.sources.faults import WriteRefused
from green_shield_bridge.sources.modbus import ModbusLine, modbus_lines
from green_shield_bridge.sources.status import SourceStatus
from green_shield_bridge.stats import Activity
from green_shield_bridge.writer import Writer

# (point, time_ms) of what the spool holds newest of these points.
RecallOf = Callable[[Collection[str]], Awaitable[Iterable[tuple[str, int]]]]

# What a device sends by itself has no beat; half of this is how early a value may be and still count as due.
_UNPOLLED_MS = 1_000


class Sources:
    """All sources of one configuration. `series`: the spool's id of each point."""

    def __init__(
        self,
        config: Config,
        series: Mapping[str, int],
        writer: Writer,
        activity: Activity,
        clock: Clock,
        recall: RecallOf,
    ) -> None:
        self._config = config
        self._series = series
        self._writer = writer
        self._samplers: dict[str, PointSampler] = {}
        self._intakes: list[Intake] = []
        self._crew = Crew()
        polled = [source for source in config.sources if not isinstance(source, Hj212Source)]
        self._lines = modbus_lines(polled, self._intake, activity, clock)
        self._owner: dict[str, ModbusLine] = {row.name: line for line in self._lines for row in line.status()}
        self._servers = [
            _hj212(source, self._intake(source), clock, config, recall)
            for source in config.sources
            if isinstance(source, Hj212Source)
        ]

    @property
    def points(self) -> int:
        return len(self._samplers)

    @property
    def crashed(self) -> set[str]:
        return self._crew.crashed

    def start(self) -> None:
        self._crew.start((*self._lines, *self._servers))

    async def stop(self) -> None:
        """Stop reading. What was handed over stays with the writer."""
        await self._crew.stop()
        for server in self._servers:
            await server.close()

    def status(self) -> list[SourceStatus]:
        runners: Iterable[Runner] = (*self._lines, *self._servers)
        return [row for runner in runners for row in runner.status()]

    def told_intervals(self, intervals_s: Mapping[str, float]) -> float:
        """The park says how often it wants which point. Returns the shortest interval of all, in seconds."""
        for point, interval_s in intervals_s.items():
            if (sampler := self._samplers.get(point)) is not None:
                sampler.interval_ms = _ms(interval_s)
        for intake in self._intakes:
            intake.intervals_changed()
        return min((sampler.interval_ms for sampler in self._samplers.values()), default=0) / 1000

    async def write(self, target: AllowedCommand, value: float) -> float:
        """Carry out a command; returns what the device then shows. Raises WriteRefused, LinkFault."""
        line = self._owner.get(target.source)
        if line is None:
            raise WriteRefused(f"there is no Modbus source {target.source!r}")
        return await line.write(target.source, target, value)

    def _intake(self, source: Source) -> Intake:
        points: Sequence[Point] = source.points
        samplers = [self._sampler(source, point) for point in points]
        self._samplers.update((point.point, sampler) for point, sampler in zip(points, samplers, strict=True))
        priorities = [PRIORITIES[point.priority] for point in points]
        intake = Intake([self._series[point.point] for point in points], samplers, priorities, self._writer)
        self._intakes.append(intake)
        return intake

    def _sampler(self, source: Source, point: Point) -> PointSampler:
        low, high = point.trigger.limits() if point.trigger else (float("-inf"), float("inf"))
        return PointSampler(
            interval_ms=_ms(self._config.upload.default_interval_s),
            poll_ms=_UNPOLLED_MS if isinstance(source, Hj212Source) else _ms(source.poll_interval_s),
            keeps_all=source.forward == "all",
            low=low,
            high=high,
        )


def _hj212(source: Hj212Source, sink: Intake, clock: Clock, config: Config, recall: RecallOf) -> Any:
    from green_shield_bridge.sources.hj212 import Hj212Server  # 2 MB that a bridge of Modbus devices does without

    points = frozenset(point.point for point in source.points)
    taken_path = f"{config.spool.path}.{source.name}.taken"
    return Hj212Server(source, sink, clock, taken_path=taken_path, recall=lambda: recall(points))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
