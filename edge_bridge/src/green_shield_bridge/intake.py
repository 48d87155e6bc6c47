"""From what a source read to frames: decide what the park gets, and pack it.

A source hands its values over and goes on; it never waits for the disk unless it asks to (`durable`).
"""

from collections.abc import Sequence
from typing import Protocol

from green_shield_bridge.frames import Reading, key_of, pack, pack_alike
from green_shield_bridge.sampling import ROUTINE, Decision, PointSampler
from green_shield_bridge.writer import Writer

MAX_GROUPS = 1_000


class Sink(Protocol):
    """What a source hands its values to."""

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        """Values of one instant; `points` are indices into the source's points. A value is None only with a flag other than N."""

    async def durable(self) -> None:
        """Return when everything taken so far is on disk. Raises NotStored when some of it was refused."""


class _Group:
    """Points that come together, and what is known of all of them at once, so that nothing new costs nothing each."""

    __slots__ = (
        "due_ms",
        "flags",
        "keeps_all",
        "key",
        "points",
        "priorities",
        "samplers",
        "series",
        "since_ms",
        "watched",
    )

    def __init__(
        self,
        points: Sequence[int],
        series: Sequence[int],
        samplers: Sequence[PointSampler],
        priorities: Sequence[int],
    ) -> None:
        self.points = points
        self.series = [series[point] for point in points]
        self.samplers = [samplers[point] for point in points]
        self.priorities = [priorities[point] for point in points]
        self.watched = [at for at, sampler in enumerate(self.samplers) if sampler.is_watched]
        self.keeps_all = len(set(self.priorities)) == 1 and all(sampler.keeps_all for sampler in self.samplers)
        self.key = key_of(self.series)
        self.flags: str | None = None  # of the values before; None: each point has to be asked
        self.since_ms = self.due_ms = 0  # between these nothing is due

    def is_calm(self, values: Sequence[float | None], flags: str) -> bool:
        """Whether no point has anything urgent to say."""
        if flags != self.flags:
            return False
        samplers = self.samplers
        return not self.watched or all(samplers[at].is_calm(values[at]) for at in self.watched)

    def decided(self, time_ms: int, flags: str) -> None:
        """Every point has been asked at this instant."""
        self.flags = flags
        self.since_ms = time_ms
        self.due_ms = 0 if self.keeps_all else min(sampler.due_ms() for sampler in self.samplers)


class Intake:
    """The sink of one source: samples its points and packs what is kept, one frame for each priority."""

    def __init__(
        self, series: Sequence[int], samplers: Sequence[PointSampler], priorities: Sequence[int], writer: Writer
    ) -> None:
        self._series = series
        self._samplers = samplers
        self._priorities = priorities
        self._writer = writer
        self._groups: dict[tuple[int, ...], _Group] = {}
        self._by_list: dict[int, _Group] = {}  # by the identity of the list, which most sources give again and again

    def take(self, time_ms: int, points: Sequence[int], values: Sequence[float | None], flags: str) -> None:
        group = self._by_list.get(id(points))
        if group is None or group.points is not points:
            group = self._group(points)
        if not group.is_calm(values, flags):
            self._ask_each(group, time_ms, values, flags)
        elif group.keeps_all:
            self._writer.add(pack_alike(group.key, time_ms, values, flags, priority=group.priorities[0]))
        elif not group.since_ms <= time_ms < group.due_ms:
            self._ask_each(group, time_ms, values, flags)

    async def durable(self) -> None:
        await self._writer.durable()

    def intervals_changed(self) -> None:
        """The park has told other intervals: what was known about when values are due holds no more."""
        for group in self._groups.values():
            group.due_ms = 0

    def _ask_each(self, group: _Group, time_ms: int, values: Sequence[float | None], flags: str) -> None:
        decisions = [
            sampler.decide(value, flag, time_ms)
            for sampler, value, flag in zip(group.samplers, values, flags, strict=True)
        ]
        if Decision.QUALITY_CHANGED in decisions:
            for other in self._groups.values():
                other.flags = None  # it may hold the same points
        group.decided(time_ms, flags)
        kept = [at for at, decision in enumerate(decisions) if decision is not Decision.NOT_DUE]
        readings: list[Reading] = [(group.series[at], values[at], flags[at]) for at in kept]
        is_urgent = any(decisions[at] not in ROUTINE for at in kept)
        self._add(time_ms, [group.priorities[at] for at in kept], readings, is_urgent=is_urgent)

    def _add(self, time_ms: int, priorities: Sequence[int], readings: list[Reading], *, is_urgent: bool) -> None:
        for priority in sorted(set(priorities)):
            some = [reading for reading, own in zip(readings, priorities, strict=True) if own == priority]
            self._writer.add(pack(time_ms, some, is_urgent=is_urgent, priority=priority))

    def _group(self, points: Sequence[int]) -> _Group:
        if len(self._groups) >= MAX_GROUPS:
            self._groups.clear()
            self._by_list.clear()
        wanted = tuple(points)
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = _Group(points, self._series, self._samplers, self._priorities)
            self._by_list[id(points)] = group
        return group
