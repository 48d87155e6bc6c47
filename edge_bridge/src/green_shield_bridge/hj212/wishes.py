"""What the bridge wants of a device, and when: its time right, its intervals, history after a gap, a sample on exceedance.

Decisions only: a Wish says which, commands.py how. Each is off unless the station's configuration switches it on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from green_shield_bridge.hj212 import commands
from green_shield_bridge.hj212.commands import Request
from green_shield_bridge.hj212.packet import Version
from green_shield_bridge.hj212.readings import HOUR, MINUTE

DRIFT_MS = 60_000
# A backlog is old data too, but its age changes from packet to packet.
_STEADY_MS = 10_000
_STEADY_PACKETS = 3
DAY_MS = 86_400_000
MAX_HISTORY_MS = 7 * DAY_MS
GAP_MS = {MINUTE: 20 * 60_000, HOUR: 2 * 3_600_000}
SAMPLE_PAUSE_MS = 600_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is switched on for a station. `history`: the kinds of data (CN) that are fetched after a gap."""

    sets_time: bool = False
    live_interval_s: int | None = None
    minute_interval_min: int | None = None
    history: frozenset[str] = frozenset()
    keeps_sample: bool = False


@dataclass(slots=True)
class Wishes:
    """The memory of one station: how far its clock is off, when it was set, which points are beyond their trigger."""

    wanted: Wanted
    drifts: list[int] = field(default_factory=list)
    time_set_ms: int | None = None
    sampled_ms: int | None = None
    beyond: set[int] = field(default_factory=set)

    def at_login(self, newest_ms: Mapping[str, int | None], version: Version, now_ms: int) -> list[Request]:
        """Requests for a device that has just connected. `newest_ms`: the latest DataTime that is known, by CN."""
        self.drifts.clear()
        self.time_set_ms = None
        requests: list[Request] = []
        if self.wanted.live_interval_s is not None:
            requests.append(commands.set_live_interval(self.wanted.live_interval_s))
        if self.wanted.minute_interval_min is not None and version is not Version.HJ2005:
            requests.append(commands.set_minute_interval(self.wanted.minute_interval_min))
        for cn in sorted(self.wanted.history):
            requests += _history(cn, newest_ms.get(cn), version, now_ms)
        return requests

    def at_live_data(self, data_time_ms: int, now_ms: int) -> list[Request]:
        """Set a clock that is off steadily; once a day, and after each login."""
        if not self.wanted.sets_time:
            return []
        self.drifts = [*self.drifts[1 - _STEADY_PACKETS :], data_time_ms - now_ms]
        is_steady = len(self.drifts) == _STEADY_PACKETS and max(self.drifts) - min(self.drifts) <= _STEADY_MS
        is_off = all(abs(drift) > DRIFT_MS for drift in self.drifts)
        was_set = self.time_set_ms is not None and now_ms - self.time_set_ms < DAY_MS
        if not is_steady or not is_off or was_set:
            return []
        self.time_set_ms = now_ms
        return [commands.set_time()]

    def at_time_asked(self, now_ms: int) -> list[Request]:
        """The device itself asked for the time (1013)."""
        self.time_set_ms = now_ms
        return [commands.set_time()] if self.wanted.sets_time else []

    def at_values(self, states: Iterable[tuple[int, bool]], now_ms: int) -> list[Request]:
        """(point, whether it is beyond its trigger) of valid live values: a sample when one crosses."""
        crossed = False
        for point, is_beyond in states:
            crossed = crossed or (is_beyond and point not in self.beyond)
            (self.beyond.add if is_beyond else self.beyond.discard)(point)
        is_resting = self.sampled_ms is not None and now_ms - self.sampled_ms < SAMPLE_PAUSE_MS
        if not crossed or not self.wanted.keeps_sample or is_resting:
            return []
        self.sampled_ms = now_ms
        return [commands.keep_sample()]


def _history(cn: str, newest_ms: int | None, version: Version, now_ms: int) -> list[Request]:
    """One request a day of the gap, the oldest first; nothing where nothing was ever known."""
    if newest_ms is None or now_ms - newest_ms <= GAP_MS[cn]:
        return []
    fetch = commands.fetch_minutes if cn == MINUTE else commands.fetch_hours
    begin_ms = max(newest_ms, now_ms - MAX_HISTORY_MS)
    return [fetch(at, min(at + DAY_MS, now_ms), version) for at in range(begin_ms, now_ms, DAY_MS)]
