"""The other side of the wire: the bridge as a device of a superior platform. It knows no socket and no clock.

One packet is under way at a time. It is sent again with the same QN when no answer comes, `resends` times; then the line counts
as lost. The platform has a packet when it said 9014, and only then. HJ 212-2017, 6.4.4 and annex C.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from green_shield_bridge.hj212 import answers
from green_shield_bridge.hj212.answers import ExeRtn, QnRtn
from green_shield_bridge.hj212.commands import Address, qn_of
from green_shield_bridge.hj212.packet import Packet, Version
from green_shield_bridge.hj212.times import format_time

REQUEST_TAKEN, DATA_TAKEN = "9011", "9014"
LONGEST_LIVE_INTERVAL_S = 3_600
# What says that the platform does not know who we are: nothing else that we send will be taken either.
_IDENTITY = frozenset({QnRtn.WRONG_PW, QnRtn.WRONG_MN, QnRtn.WRONG_ST})
# What may be otherwise the next time.
_PASSING = frozenset({QnRtn.REFUSED, QnRtn.WRONG_CRC, QnRtn.OTHER})


class End(Enum):
    """What became of the packet that was under way."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"  # the platform will not take this one
    UNKNOWN_TO_PLATFORM = "unknown_to_platform"  # nor any other of ours
    LOST = "lost"  # no answer, however often it was sent


@dataclass(frozen=True, slots=True)
class Ended:
    """`code`: the QnRtn, where one was given."""

    end: End
    code: int | None = None


@dataclass(slots=True)
class Settings:
    """What the platform may change while the bridge runs."""

    live_interval_s: int
    is_live_on: bool = True
    minute_interval_min: int = 10


@dataclass(slots=True)
class _UnderWay:
    packet: Packet
    until_s: float
    tries: int = 1
    code: int | None = None


@dataclass(slots=True)
class Client:
    """The state of one connection."""

    address: Address
    settings: Settings
    timeout_s: float
    resends: int
    _under_way: _UnderWay | None = field(default=None, repr=False)

    @property
    def is_free(self) -> bool:
        return self._under_way is None

    @property
    def next_s(self) -> float | None:
        """When due() has to be asked; None while nothing is under way."""
        return None if self._under_way is None else self._under_way.until_s

    def offer(self, cn: str, cp_text: str, qn: str, now_s: float) -> Packet:
        """A packet to send now. Only when is_free."""
        assert self._under_way is None
        to = self.address
        packet = Packet(cn, to.mn, to.st, to.pw, qn, to.version << 2 | 1, cp_text=cp_text)
        self._under_way = _UnderWay(packet, now_s + self.timeout_s)
        return packet

    def due(self, now_s: float) -> Packet | Ended | None:
        """The same packet again, or its end, when its time is over."""
        going = self._under_way
        if going is None or now_s < going.until_s:
            return None
        if going.tries > self.resends:
            self._under_way = None
            return Ended(End.LOST if going.code is None else End.REFUSED, going.code)
        going.tries += 1
        going.until_s = now_s + self.timeout_s
        return going.packet

    def heard(self, packet: Packet) -> Ended | None:
        """An answer to what is under way; anything else is None (and may be a request: see replies)."""
        going = self._under_way
        if going is None or qn_of(packet) not in (going.packet.qn, ""):
            return None
        if packet.cn == DATA_TAKEN:
            self._under_way = None
            return Ended(End.CONFIRMED)
        if packet.cn != REQUEST_TAKEN:
            return None
        return self._objected(going, _number(packet.value("QnRtn")))

    def replies(self, request: Packet, now_ms: int) -> list[Packet]:
        """What a request of the platform is answered with; nothing for what is no request."""
        if request.cn[:1] not in ("1", "2", "3"):
            return []
        verdict, result = self._carried_out(request, now_ms)
        taken = [answers.request_answer(request, verdict)] if request.is_answer_wanted else []
        if verdict is not QnRtn.OK:
            return taken
        shown = [replace(self._own(request), cp_text=result)] if result else []
        return [*taken, *shown, answers.done(request, ExeRtn.OK)]

    def _objected(self, going: _UnderWay, code: int | None) -> Ended | None:
        if code == QnRtn.OK:
            return None  # of a request; for data it says nothing
        if code in _PASSING or code is None:
            going.code = code
            return None
        self._under_way = None
        return Ended(End.UNKNOWN_TO_PLATFORM if code in _IDENTITY else End.REFUSED, code)

    def _carried_out(self, request: Packet, now_ms: int) -> tuple[QnRtn, str]:
        """The verdict on a request, and what it asked to see."""
        if request.mn != self.address.mn:
            return QnRtn.WRONG_MN, ""
        if request.pw != self.address.pw:
            return QnRtn.WRONG_PW, ""
        match request.cn:
            case "1011":
                return QnRtn.OK, f"SystemTime={format_time(now_ms)}"
            case "1061":
                return QnRtn.OK, f"RtdInterval={self.settings.live_interval_s}"
            case "1063":
                return QnRtn.OK, f"MinInterval={self.settings.minute_interval_min}"
            case "1062":
                return self._set_live_interval(_number(request.value("RtdInterval"))), ""
            case "2011" | "2012":
                self.settings.is_live_on = request.cn == "2011"
                return QnRtn.OK, ""
        # The bridge's clock follows the park, its other settings its own configuration.
        return (QnRtn.REFUSED if request.cn in _NOT_FROM_OUTSIDE else QnRtn.WRONG_CN), ""

    def _set_live_interval(self, seconds: int | None) -> QnRtn:
        if seconds is None or not 1 <= seconds <= LONGEST_LIVE_INTERVAL_S:
            return QnRtn.REFUSED
        self.settings.live_interval_s = seconds
        return QnRtn.OK

    def _own(self, request: Packet) -> Packet:
        to = self.address
        flag = None if to.version is Version.HJ2005 and request.flag is None else to.version << 2
        return Packet(request.cn, to.mn, to.st, to.pw, request.qn, flag)


_NOT_FROM_OUTSIDE = frozenset({"1000", "1012", "1064", "1072", "2031", "2041", "2051", "2061"})


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 6 and text.isascii() and text.isdigit() else None
