"""One connection of a device: bytes in, events out. It knows no socket and no clock.

    bytes -> frames -> judged by station -> parts -> events

- `Data` is to be stored, and only then may its `answers` be sent.
- `Say` may be sent at once: a refusal, a heartbeat's answer. Nothing in it says that data are kept.
- `Cut` ends the connection. A peer is cut for too much garbage, too many refusals in a row, an idle line, or no login in time.
Neither a frame nor a message can be kept open by sending slowly: a frame's time runs from its first byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from green_shield_bridge.hj212 import answers
from green_shield_bridge.hj212.answers import QnRtn
from green_shield_bridge.hj212.frames import Frame, Garbage
from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.parts import Parts, Ready
from green_shield_bridge.hj212.readings import DATA_COMMANDS
from green_shield_bridge.hj212.reassembly import Incomplete
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.station import Accepted, Refused, Station, judge, rules_for_all

EARLIEST_MS = 946_656_000_000  # 2000-01-01 in Beijing
MAX_AHEAD_MS = 86_400_000

HEARTBEAT, ASKS_TIME = "9015", "1013"
# What a device says about a request of ours.
_ABOUT_REQUESTS = frozenset({"9011", "9012"})
# Values that were asked for, and news without readings: time, intervals, boot, sampling, device log and settings.
_NEWS = frozenset({"1011", "1061", "1063", "2081", "3015", "3019", "3020", "3021"})


@dataclass(frozen=True, slots=True)
class Data:
    """Readings to store; then `answers` go out."""

    station: Station
    packet: Packet
    answers: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """An answer that waits for nothing."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class Heard:
    """Anything a station said that has no readings: answers to requests, heartbeats, news."""

    station: Station
    packet: Packet


@dataclass(frozen=True, slots=True)
class Accounted:
    """A packet that was accepted (`refused` is "") or not, and what was odd about it. `mn` "": no station of ours."""

    mn: str
    deviations: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection has to end."""

    reason: str


Event = Data | Say | Heard | Accounted | Cut


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may do. Times in seconds, sizes in bytes."""

    max_data_bytes: int = 9_999
    max_garbage: int = 4_096
    max_refused: int = 20
    login_timeout_s: float = 30.0
    idle_timeout_s: float = 7_200.0
    packet_timeout_s: float = 10.0


class Session:
    """The state of one connection. Instants: `now_s` of a steady clock, `now_ms` of the wall clock."""

    def __init__(self, stations: dict[str, Station], limits: Limits, now_s: float) -> None:
        self._stations = stations
        self._limits = limits
        self._splitter = Splitter(rules_for_all(stations, limits.max_data_bytes))
        self._parts = Parts(limits.packet_timeout_s)
        self._garbage = 0
        self._refused = 0
        self._unproven = 0  # bytes since the last good packet
        self._begun_s: float | None = None  # when the frame that is coming in began
        self._heard_s = now_s  # the last good packet; before the first, the connection
        self.mns: set[str] = set()

    def feed(self, data: bytes, now_s: float, now_ms: int) -> list[Event]:
        """What these bytes complete."""
        found = self._splitter.feed(data)
        self._unproven += len(data)
        if found or self._begun_s is None:
            self._begun_s = now_s if self._splitter.is_waiting else None
        events = self._events(found, now_s, now_ms)
        # Garbage without a frame in it is told by the splitter only when one comes.
        if self._unproven > self._limits.max_garbage + self._limits.max_data_bytes and not _is_cut(events):
            events += [Accounted("", refused="garbage"), Cut("garbage")]
        return events

    def tick(self, now_s: float, now_ms: int) -> list[Event]:
        """What the passing of time ends."""
        found: list[Frame | Garbage] = []
        if self._begun_s is not None and now_s - self._begun_s >= self._limits.packet_timeout_s:
            found = self._splitter.timeout()
            self._begun_s = None
        events = self._events(found, now_s, now_ms)
        for ended in self._parts.expired(now_s):
            events += self._ready(ended, now_ms)
        if now_s - self._heard_s >= self._patience_s:
            events.append(Cut("idle" if self.mns else "no_login"))
        return events

    @property
    def next_s(self) -> float:
        """When tick() is due."""
        times = [self._heard_s + self._patience_s]
        if self._begun_s is not None:
            times.append(self._begun_s + self._limits.packet_timeout_s)
        parts_s = self._parts.next_s()
        return min(times if parts_s is None else [*times, parts_s])

    @property
    def _patience_s(self) -> float:
        return self._limits.idle_timeout_s if self.mns else self._limits.login_timeout_s

    def _events(self, found: list[Frame | Garbage], now_s: float, now_ms: int) -> list[Event]:
        events: list[Event] = []
        for one in found:
            events += self._garbled(one) if isinstance(one, Garbage) else self._framed(one, now_s, now_ms)
            if _is_cut(events):
                break
        return events

    def _garbled(self, garbage: Garbage) -> Iterator[Event]:
        self._garbage += garbage.size
        yield Accounted("", refused="garbage")
        if self._garbage > self._limits.max_garbage:
            yield Cut("garbage")

    def _framed(self, frame: Frame, now_s: float, now_ms: int) -> Iterator[Event]:
        judged = judge(frame, self._stations)
        if isinstance(judged, Refused):
            yield from self._refuse(judged)
            return
        self._garbage = self._refused = self._unproven = 0
        self._heard_s = now_s
        self.mns.add(judged.station.mn)
        line_ends = tuple(str(one) for one in self._splitter.line_ends)
        self._splitter.line_ends.clear()
        yield Accounted(judged.station.mn, (*judged.deviations, *line_ends))
        yield from self._accepted(judged, now_s, now_ms)

    def _accepted(self, judged: Accepted, now_s: float, now_ms: int) -> Iterator[Event]:
        station, packet = judged.station, judged.packet
        is_asked = station.wants_answer(packet)
        if packet.cn in DATA_COMMANDS and packet.items:
            for ready in self._parts.add(packet, now_s):
                yield from self._ready(ready, now_ms)
            return
        if packet.cn in (HEARTBEAT, ASKS_TIME):
            if station.answers != "never" and (is_asked or packet.cn == HEARTBEAT):
                yield Say(answers.notice_answer(packet))
        elif packet.cn in _NEWS or packet.cn in DATA_COMMANDS:
            if is_asked:
                yield Say(answers.data_answer(packet))
        elif packet.cn not in _ABOUT_REQUESTS:
            if packet.cn != "9013" and packet.cn != "9014":
                yield Accounted(station.mn, refused="cn_unknown")
                if is_asked:
                    yield Say(answers.request_answer(packet, QnRtn.WRONG_CN))
            return
        yield Heard(station, packet)

    def _ready(self, ready: Ready | Incomplete, now_ms: int) -> Iterator[Event]:
        packet = ready.packet
        station = self._stations[packet.mn]
        if isinstance(ready, Incomplete):
            yield Accounted(station.mn, refused="message_incomplete")
            return
        asked = [part for part in ready.held or (packet,) if station.wants_answer(part)]
        reason = _time_refusal(packet.data_time_ms, now_ms)
        if reason:
            yield Accounted(station.mn, refused=reason)
            yield from (Say(answers.request_answer(part, QnRtn.REFUSED)) for part in asked)
            return
        yield Data(station, packet, tuple(answers.data_answer(part) for part in asked))

    def _refuse(self, refused: Refused) -> Iterator[Event]:
        self._refused += 1
        yield Accounted(refused.mn, refused=refused.reason)
        station = self._stations.get(refused.mn)
        packet = refused.packet
        is_silent = station is not None and station.answers == "never"
        if packet is not None and packet.is_answer_wanted and not is_silent:
            yield Say(answers.request_answer(packet, refused.rtn))
        if self._refused >= self._limits.max_refused:
            yield Cut("refused")


def _is_cut(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], Cut)


def _time_refusal(time_ms: int | None, now_ms: int) -> str:
    """Why data of this instant are not taken; "" where they are."""
    if time_ms is None:
        return "time_missing"
    if time_ms < EARLIEST_MS:
        return "time_too_early"
    return "time_ahead" if time_ms > now_ms + MAX_AHEAD_MS else ""
