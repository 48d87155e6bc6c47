"""The bridge's Modbus source as a test uses it: a sink that remembers, and a way to run lines for a while."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from green_shield_bridge.clock import Clock
from green_shield_bridge.config.modbus import ModbusSource
from green_shield_bridge.sources.modbus import ModbusLine, modbus_lines
from green_shield_bridge.stats import Activity

Told = tuple[float | None, str]


class Memory:
    """What each point of a source was told, in order."""

    def __init__(self, source: ModbusSource) -> None:
        self.names = [point.point for point in source.points]
        self.told: dict[str, list[Told]] = {name: [] for name in self.names}
        self.stamps: list[int] = []

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        self.stamps.append(time_ms)
        for index, value, flag in zip(points, values, flags, strict=True):
            self.told[self.names[index]].append((value, flag))

    async def durable(self) -> None:
        """Nothing is kept."""

    def has_all(self) -> bool:
        return all(self.told.values())

    def first(self) -> dict[str, Told]:
        return {name: told[0] for name, told in self.told.items()}


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- plain values change
            await asyncio.sleep(0.005)


def run_lines(
    sources: Sequence[ModbusSource], story: Callable[[list[ModbusLine], dict[str, Memory], Activity], Awaitable[Any]]
) -> Any:
    """Run the lines of these sources while a story goes on; its result. `Memory` is by source name."""

    async def run() -> Any:
        sinks = {source.name: Memory(source) for source in sources}
        activity = Activity()
        lines = modbus_lines(sources, lambda source: sinks[source.name], activity, Clock())
        tasks = [asyncio.create_task(line.run()) for line in lines]
        try:
            return await story(lines, sinks, activity)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def read_once(source: ModbusSource) -> dict[str, Told]:
    """The first thing that each point of a source is told."""

    async def story(_lines: list[ModbusLine], sinks: dict[str, Memory], _activity: Activity) -> dict[str, Told]:
        await until(sinks[source.name].has_all)
        return sinks[source.name].first()

    return run_lines([source], story)  # type: ignore[no-any-return]
