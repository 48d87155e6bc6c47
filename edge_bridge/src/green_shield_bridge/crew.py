"""Tasks that run as long as the bridge: what reads from the plant, what hands on to platforms."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from green_shield_bridge import log
from green_shield_bridge.sources.status import SourceStatus

RESTART_S = 5.0


class Runner(Protocol):
    """One source, one line of several, or one platform."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None:
        """Work until cancelled."""

    def status(self) -> Sequence[SourceStatus]: ...


class Crew:
    """Runners, each a task of its own. A defect in one does not stop the others: it is logged, and the runner started again."""

    def __init__(self) -> None:
        self.crashed: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, runners: Iterable[Runner]) -> None:
        self._tasks += [asyncio.create_task(self._keep_running(runner)) for runner in runners]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep_running(self, runner: Runner) -> None:
        while True:
            try:
                await runner.run()
            except Exception as error:  # noqa: BLE001 -- the last line of defence of all other runners
                self.crashed.add(runner.name)
                log.error("source_crashed", error, source=runner.name)
            await asyncio.sleep(RESTART_S)
            self.crashed.discard(runner.name)
