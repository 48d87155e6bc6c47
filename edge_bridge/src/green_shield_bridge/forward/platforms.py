"""What is on disk goes to superior platforms too, each by a forwarder of its own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from green_shield_bridge.clock import Clock
from green_shield_bridge.config import Config
from green_shield_bridge.crew import Crew
from green_shield_bridge.frames import Frame, series_of, unpack
from green_shield_bridge.sources.status import SourceStatus

if TYPE_CHECKING:
    from green_shield_bridge.forward.forwarder import Forwarder


class Forwards:
    """`series`: the spool's id of each point. Raises KeyFileError where a secret's file cannot be used."""

    def __init__(self, config: Config, series: Mapping[str, int], clock: Clock) -> None:
        self._forwarders = _forwarders(config, clock)
        wanted = frozenset[str]().union(*(forwarder.points for forwarder in self._forwarders))
        self._points = {id_: point for point, id_ in series.items() if point in wanted}
        self._crew = Crew()

    @property
    def crashed(self) -> set[str]:
        return self._crew.crashed

    def start(self) -> None:
        self._crew.start(self._forwarders)

    async def stop(self) -> None:
        await self._crew.stop()
        for forwarder in self._forwarders:
            await forwarder.close()

    def status(self) -> list[SourceStatus]:
        return [row for forwarder in self._forwarders for row in forwarder.status()]

    def take(self, frames: Sequence[Frame]) -> None:
        """Hand over what was just stored."""
        if not self._points:
            return
        for frame in frames:
            if not self._points.keys().isdisjoint(series_of(frame)):
                readings = [(self._points[s], value, flag) for s, value, flag in unpack(frame) if s in self._points]
                for forwarder in self._forwarders:
                    forwarder.take(frame.time_ms, readings)


def _forwarders(config: Config, clock: Clock) -> "list[Forwarder]":
    if not config.forward:
        return []
    from green_shield_bridge.forward.forwarder import Forwarder  # what a bridge without a platform does without

    return [Forwarder(one, clock, f"{config.spool.path}.forward-{one.name}") for one in config.forward]
