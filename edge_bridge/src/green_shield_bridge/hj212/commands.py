"""Requests that go down to a device: one at a time, asked again when nothing comes, told how each ended.

    waiting ----> sent ----> taken (9011) ----> ended (9012, or the values asked for)
                   | no answer in time: the same request again, `resends` times, then `no_answer`
                   | QnRtn other than 1: `refused`

The state machine knows no socket and no clock: instants are arguments, in seconds of a steady clock. Timeouts and resends:
HJ 212-2017, 6.4.4; the exchanges: annex C. A request is never sent to two connections: what was under way when one is lost has
ended as `lost`.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from green_shield_bridge.hj212.answers import ExeRtn, QnRtn
from green_shield_bridge.hj212.packet import Packet, Version
from green_shield_bridge.hj212.times import format_time

REQUEST_TAKEN, DONE = "9011", "9012"
MAX_WAITING = 100
# What a device does after it took a request may take it a while; HJ 212-2017 leaves the limit to the parties.
EXECUTION_TIMEOUT_S = 60.0


class Kind(StrEnum):
    SET_TIME = "set_time"
    SET_LIVE_INTERVAL = "set_live_interval"
    SET_MINUTE_INTERVAL = "set_minute_interval"
    FETCH_MINUTES = "fetch_minutes"
    FETCH_HOURS = "fetch_hours"
    KEEP_SAMPLE = "keep_sample"


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    NOT_ENDED = "not_ended"
    LOST = "lost"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a device. CP is made when it is sent: a time that waited would be wrong."""

    kind: Kind
    cn: str
    cp_text: Callable[[int], str] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended. `code` is the QnRtn or ExeRtn that said so, None where the device said nothing."""

    kind: Kind
    result: Result
    code: int | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a request is for, and in which edition of the standard."""

    mn: str
    pw: str = field(repr=False)
    st: str
    version: Version


def set_time() -> Request:
    return Request(Kind.SET_TIME, "1012", lambda now_ms: f"SystemTime={format_time(now_ms)}")


def set_live_interval(seconds: int) -> Request:
    return Request(Kind.SET_LIVE_INTERVAL, "1062", lambda _: f"RtdInterval={seconds}")


def set_minute_interval(minutes: int) -> Request:
    """Since 2017; a 2005 device does not know the command and says so."""
    return Request(Kind.SET_MINUTE_INTERVAL, "1064", lambda _: f"MinInterval={minutes}")


def fetch_minutes(from_ms: int, to_ms: int, version: Version) -> Request:
    return Request(Kind.FETCH_MINUTES, "2051", lambda _: _span(from_ms, to_ms, version))


def fetch_hours(from_ms: int, to_ms: int, version: Version) -> Request:
    return Request(Kind.FETCH_HOURS, "2061", lambda _: _span(from_ms, to_ms, version))


def keep_sample() -> Request:
    return Request(Kind.KEEP_SAMPLE, "3015", lambda _: "")


def _span(from_ms: int, to_ms: int, version: Version) -> str:
    separator = ";" if version is Version.HJ2025 else ","
    return f"BeginTime={format_time(from_ms)}{separator}EndTime={format_time(to_ms)}"


@dataclass(slots=True)
class _UnderWay:
    request: Request
    packet: Packet
    tries: int
    until_s: float
    is_taken: bool = False


class Exchange:
    """The requests of one device. `counts`: by kind and result, such as ("set_time", "done")."""

    def __init__(
        self,
        new_qn: Callable[[int], str],
        *,
        timeout_s: float,
        resends: int = 3,
        execution_timeout_s: float = EXECUTION_TIMEOUT_S,
    ) -> None:
        self._new_qn = new_qn
        self._timeout_s = timeout_s
        self._resends = resends
        self._execution_timeout_s = execution_timeout_s
        self._waiting: deque[Request] = deque()
        self._under_way: _UnderWay | None = None
        self.counts: Counter[tuple[Kind, Result]] = Counter()

    @property
    def next_s(self) -> float | None:
        """When due() has to be asked next: 0 for at once, None for not until something is added."""
        if self._under_way is not None:
            return self._under_way.until_s
        return 0.0 if self._waiting else None

    def add(self, request: Request) -> Outcome | None:
        """Queue a request. One that waits already is not queued again. An Outcome: there is no room."""
        if any(other.kind is request.kind and other.cn == request.cn for other in self._waiting) and (
            request.kind not in (Kind.FETCH_MINUTES, Kind.FETCH_HOURS)
        ):
            return None
        if len(self._waiting) >= MAX_WAITING:
            return self._counted(Outcome(request.kind, Result.NO_ROOM))
        self._waiting.append(request)
        return None

    def due(self, address: Address, now_s: float, now_ms: int) -> Packet | Outcome | None:
        """What has to be sent now, or what ended for want of an answer. Ask until it is None."""
        going = self._under_way
        if going is None:
            return self._send_next(address, now_s, now_ms) if self._waiting else None
        if now_s < going.until_s:
            return None
        if going.is_taken:
            return self._ended(Result.NOT_ENDED)
        if going.tries > self._resends:
            return self._ended(Result.NO_ANSWER)
        going.tries += 1
        going.until_s = now_s + self._timeout_s
        return going.packet

    def heard(self, packet: Packet, now_s: float) -> Outcome | None:
        """Take what the device said; an Outcome where it ends the request."""
        going = self._under_way
        if going is None or qn_of(packet) not in (going.packet.qn, ""):
            return None
        if packet.cn == REQUEST_TAKEN:
            return self._taken(going, _code(packet, "QnRtn"), now_s)
        if packet.cn == DONE:
            code = _code(packet, "ExeRtn")
            return self._ended(Result.DONE if code in (ExeRtn.OK, ExeRtn.NO_DATA) else Result.FAILED, code)
        if packet.cn == going.request.cn and qn_of(packet):
            going.is_taken = True
            going.until_s = now_s + self._execution_timeout_s
        return None

    def lost(self) -> Outcome | None:
        """The connection is gone; what waits is asked on the next one."""
        return self._ended(Result.LOST) if self._under_way is not None else None

    def _send_next(self, address: Address, now_s: float, now_ms: int) -> Packet:
        request = self._waiting.popleft()
        flag = address.version << 2 | 1
        packet = Packet(
            request.cn,
            address.mn,
            address.st,
            address.pw,
            self._new_qn(now_ms),
            flag,
            cp_text=request.cp_text(now_ms),
        )
        self._under_way = _UnderWay(request, packet, 1, now_s + self._timeout_s)
        return packet

    def _taken(self, going: _UnderWay, code: int | None, now_s: float) -> Outcome | None:
        if code != QnRtn.OK:
            return self._ended(Result.REFUSED, code)
        going.is_taken = True
        going.until_s = now_s + self._execution_timeout_s
        return None

    def _ended(self, result: Result, code: int | None = None) -> Outcome:
        going = self._under_way
        assert going is not None
        self._under_way = None
        return self._counted(Outcome(going.request.kind, result, code, going.tries))

    def _counted(self, outcome: Outcome) -> Outcome:
        self.counts[outcome.kind, outcome.result] += 1
        return outcome


def qn_of(packet: Packet) -> str:
    """The QN that a packet speaks of: of its head, in 2005 of its CP; "" where it has none."""
    return packet.qn or packet.value("QN") or ""


def _code(packet: Packet, name: str) -> int | None:
    text = packet.value(name) or ""
    return int(text) if len(text) <= 4 and text.isascii() and text.isdigit() else None
