"""Messages in several packets: each part is kept and answered by itself, as soon as its DataTime is known.

A sender may wait for the answer of one part before it sends the next (HJ 212-2017, annex C), so parts cannot wait for the
whole message. A part without DataTime has that of an earlier part; one that comes before any is held until the message is
whole, or until its time is over. Which messages never became whole is told. Time is an argument.
"""

from dataclasses import dataclass, replace

from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.reassembly import Assembler, Incomplete

_MAX_TIMES = 200
_BY_TIME = "time "
_Message = tuple[str, str, str, int | None]


@dataclass(frozen=True, slots=True)
class Ready:
    """A packet to be kept; `held` are parts that wait for their answer with it."""

    packet: Packet
    held: tuple[Packet, ...] = ()


class Parts:
    """The messages of one connection that are not whole yet."""

    def __init__(self, timeout_s: float) -> None:
        self._assembler = Assembler(round(timeout_s * 1000))
        self._times: dict[_Message, int] = {}
        self._held: dict[_Message, list[Packet]] = {}

    def add(self, packet: Packet, now_s: float) -> list[Ready | Incomplete]:
        """What may be kept with this packet, and messages given up for want of room."""
        if not packet.is_part:
            return [Ready(packet)]
        message = _message_of(packet)
        ready: list[Ready | Incomplete] = []
        timed = self._with_time(packet, message)
        if timed is not None:
            ready.append(Ready(timed))
        else:
            self._held.setdefault(message, []).append(packet)
        for whole in self._assembler.add(_told_apart(packet, timed), _ms(now_s)):
            ready += self._ended(whole)
        return ready

    def expired(self, now_s: float) -> list[Ready | Incomplete]:
        """Messages whose parts did not all come in time: what is held of them, and that they are not whole."""
        return [one for whole in self._assembler.expired(_ms(now_s)) for one in self._ended(whole)]

    def next_s(self) -> float | None:
        expiry_ms = self._assembler.next_expiry_ms()
        return None if expiry_ms is None else expiry_ms / 1000

    def _with_time(self, packet: Packet, message: _Message) -> Packet | None:
        if packet.data_time_ms is None:
            time_ms = self._times.get(message)
            return None if time_ms is None else replace(packet, data_time_ms=time_ms)
        if len(self._times) >= _MAX_TIMES:
            del self._times[next(iter(self._times))]
        self._times[message] = packet.data_time_ms
        return packet

    def _ended(self, whole: Packet | Incomplete) -> list[Ready | Incomplete]:
        packet = whole.packet if isinstance(whole, Incomplete) else whole
        # The joined packet has lost PNUM, so parts are found by what else they share.
        shared = packet.mn, packet.cn, "" if packet.qn.startswith(_BY_TIME) else packet.qn
        messages = [key for key in {*self._times, *self._held} if key[:3] == shared]
        held = [part for key in messages for part in self._held.pop(key, ())]
        for key in messages:
            self._times.pop(key, None)
        ended: list[Ready | Incomplete] = [whole] if isinstance(whole, Incomplete) else []
        if held:
            ended.append(Ready(packet, tuple(held)))
        return ended


def _message_of(packet: Packet) -> _Message:
    return packet.mn, packet.cn, packet.qn, packet.pnum


def _told_apart(packet: Packet, timed: Packet | None) -> Packet:
    """A part without QN, which many senders leave out, under its time instead."""
    return packet if packet.qn or timed is None else replace(packet, qn=f"{_BY_TIME}{timed.data_time_ms}")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
