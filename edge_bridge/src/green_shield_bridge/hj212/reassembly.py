"""Messages in several packets (PNUM > 1) put together again.

Parts belong together by (MN, CN, PNUM, and QN or without one DataTime); they may come in any order and more than once.
Time is an argument. Never more than `max_messages` and `max_bytes` wait: past that the oldest message is given up.
Nothing is dropped in silence: what is given up comes out as Incomplete, with the parts that came.
"""

from dataclasses import dataclass, field, replace

from green_shield_bridge.hj212.packet import Item, Packet

TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Incomplete:
    """What came of a message, as one packet, and the PNO that did not."""

    packet: Packet
    missing: tuple[int, ...]


@dataclass(slots=True)
class _Waiting:
    since_ms: int
    pnum: int
    parts: dict[int, Packet] = field(default_factory=dict)

    def size(self) -> int:
        return sum(_size(part) for part in self.parts.values())


# PNUM is a number that a device made up: more missing ones than this are not listed.
_MAX_LISTED = 100
_Key = tuple[str, str, int, str]


class Assembler:
    """Puts parts together. One for each connection or source."""

    def __init__(self, timeout_ms: int = TIMEOUT_MS, max_messages: int = 100, max_bytes: int = 1_000_000) -> None:
        self._timeout_ms = timeout_ms
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: dict[_Key, _Waiting] = {}  # oldest first

    def add(self, packet: Packet, now_ms: int) -> list[Packet | Incomplete]:
        """What is complete with this packet (a whole message passes straight through), and what had to be given up."""
        if packet.pnum is None or packet.pno is None or packet.pnum <= 1:
            return [packet]
        key = _key_of(packet, packet.pnum)
        message = self._waiting.setdefault(key, _Waiting(now_ms, packet.pnum))
        if packet.pno not in message.parts:
            message.parts[packet.pno] = packet
            self._bytes += _size(packet)
        if len(message.parts) == message.pnum:
            self._forget(key)
            return [_joined(message.parts)]
        return self._given_up_for_room()

    def expired(self, now_ms: int) -> list[Incomplete]:
        """Messages whose first part came longer than the timeout ago."""
        late = [key for key, message in self._waiting.items() if now_ms - message.since_ms >= self._timeout_ms]
        return [self._give_up(key) for key in late]

    def next_expiry_ms(self) -> int | None:
        """When expired() will next have something, or None."""
        oldest = min((message.since_ms for message in self._waiting.values()), default=None)
        return None if oldest is None else oldest + self._timeout_ms

    def _given_up_for_room(self) -> list[Packet | Incomplete]:
        given_up: list[Packet | Incomplete] = []
        while len(self._waiting) > self._max_messages or self._bytes > self._max_bytes:
            given_up.append(self._give_up(next(iter(self._waiting))))
        return given_up

    def _give_up(self, key: _Key) -> Incomplete:
        message = self._forget(key)
        wanted = range(1, min(message.pnum, len(message.parts) + _MAX_LISTED) + 1)
        return Incomplete(_joined(message.parts), tuple(pno for pno in wanted if pno not in message.parts))

    def _forget(self, key: _Key) -> _Waiting:
        message = self._waiting.pop(key)
        self._bytes -= message.size()
        return message


def _key_of(packet: Packet, pnum: int) -> _Key:
    return packet.mn, packet.cn, pnum, packet.qn or packet.value("DataTime") or ""


def _size(packet: Packet) -> int:
    return len(packet.cp_text) + len(packet.mn) + len(packet.qn) + sum(len(k) + len(v) for k, v in packet.extra)


def _joined(parts: dict[int, Packet]) -> Packet:
    """One packet with the head of the first part and the items of all in order of PNO."""
    ordered = [parts[pno] for pno in sorted(parts)]
    items: list[Item] = [item for part in ordered for item in part.items]
    first = ordered[0]
    return replace(
        first,
        flag=None if first.flag is None else first.flag & ~2,
        pnum=None,
        pno=None,
        cp_text=";".join(part.cp_text for part in ordered if part.cp_text),
        deviations=tuple(dict.fromkeys(deviation for part in ordered for deviation in part.deviations)),
        items=tuple(items),
        data_time_ms=next((part.data_time_ms for part in ordered if part.data_time_ms is not None), None),
    )
