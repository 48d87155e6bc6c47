"""A byte stream to frames: see frames.py for the rules.

The buffer holds at most the longest frame allowed and what was fed last. Every byte is looked at once by the search for
marks and at most four times by a check sum, whatever is fed and in whatever pieces: frames that hold no "##" inside do
not overlap, and of those that do hold one, only such are checked that do not overlap one checked before.
"""

import re
from collections import Counter
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from green_shield_bridge.hj212.crc import crc16
from green_shield_bridge.hj212.deviations import Deviation
from green_shield_bridge.hj212.frames import STRICT, Crc, Frame, Garbage, Rules, crc_holds, crc_variant, judged

# A head, or "&&" with four hex digits; the "&&" that opens CP may stand before a factor that reads as hex (a210...).
_MARK = re.compile(rb"##([0-9]{2,8})(?=[;A-Za-z])|&&(?<!CP=&&)[0-9A-Fa-f]{4}")
_LONGEST_MARK = 11
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_ENDS = (b"\r\n", b"\n", b"")
_LINE_ENDS = re.compile(rb"[\r\n]*")
_GARBAGE_HEAD = 32
# Moving what is left to the front of the buffer costs a step for each open frame.
_WORTH_MOVING = 4096


@dataclass(slots=True, eq=False)
class _Open:
    """A frame that has begun. Positions are in the buffer; `end` is where the data ends by the length it claims."""

    start: int
    data: int
    digits: str
    end: int
    tail: int | None = None  # where the data ends by "&&" and four hex digits
    is_exact: bool = False  # a CRC stands where its length says, but does not hold
    is_spent: bool = False  # its length was looked at, in vain
    is_gone: bool = False


class Splitter:
    """Takes frames out of a stream. One for each connection."""

    def __init__(self, rules: Rules = STRICT) -> None:
        self.rules = rules
        # Line ends as they came: LF_ONLY and NO_CRLF. They are told by what follows a frame, so they are the stream's.
        self.line_ends: Counter[Deviation] = Counter()
        self._buffer = bytearray()
        self._floor = 0  # everything before it is dealt with
        self._at = 0  # everything before it is searched for marks
        self._open: list[_Open] = []
        self._due: list[tuple[int, int, _Open]] = []  # (position, start, frame): when a claimed length is reached
        self._checked_to = 0
        self._line_end: bytes | None = None  # the first two bytes of a line end that is being read
        self._garbage = 0
        self._garbage_head = b""
        self._out: list[Frame | Garbage] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a frame has begun that is not complete: set a clock, and when it runs out call timeout()."""
        return bool(self._open)

    def feed(self, data: bytes) -> list[Frame | Garbage]:
        """What is complete after these bytes, in order."""
        whole = self._whole(data)
        if whole is not None:
            return [whole]
        self._buffer += data
        self._work()
        self._settle()
        return self._taken()

    def _whole(self, data: bytes) -> Frame | None:
        """The short way for what nearly always comes: exactly one good frame, and nothing unfinished before it."""
        head = None if self._buffer or self._garbage else _MARK.match(data)
        if head is None or head.lastindex is None:
            return None
        length = int(head[1][-4:])
        end = head.end() + length
        tail = _MARK.search(data, head.end())
        if tail is None or tail.end() != end + 4 or length > self.rules.max_data_bytes or data[end + 4 :] not in _ENDS:
            return None
        segment, given = data[head.end() : end], data[end : end + 4].decode()
        if crc16(segment) != int(given, 16):
            return None
        self._end_line()
        self._line_end = data[end + 4 :]
        return judged(segment, head[1].decode(), given, Crc.HJ212)

    def timeout(self) -> list[Frame | Garbage]:
        """Give up what has begun: nothing more comes, or not in time."""
        while self._open:
            self._give_up_first()
        self._discard(len(self._buffer))
        self._at = len(self._buffer)
        self._end_line()
        self._flush_garbage()
        self._settle()
        return self._taken()

    def _work(self) -> None:
        mark = _MARK.search(self._buffer, self._at)
        while True:
            if mark and mark.start() < self._at:
                mark = _MARK.search(self._buffer, self._at)
            horizon = mark.end() if mark else len(self._buffer)
            if self._due and self._due[0][0] <= horizon:
                self._reach(*heappop(self._due))
            elif mark:
                self._at = mark.end()
                self._note(mark)
            else:
                return
            self._resolve()

    def _note(self, mark: re.Match[bytes]) -> None:
        if mark.lastindex is None:
            self._note_tail(mark.start() + 2)
            return
        digits = mark[1].decode()
        if not self._open:
            self._discard(mark.start())
            self._end_line()
            self._flush_garbage()
        length = int(digits[-4:])
        begun = _Open(mark.start(), mark.end(), digits, mark.end() + length)
        begun.is_spent = length > self.rules.max_data_bytes
        self._open.append(begun)
        heappush(self._due, (self._last_of(begun) if begun.is_spent else begun.end + 4, begun.start, begun))

    def _note_tail(self, end: int) -> None:
        last = self._open[-1] if self._open else None
        if last is None or last.tail is not None:
            return
        last.tail = end
        if end != last.end and end - last.data <= self.rules.max_data_bytes:
            self._accept_if_good(last, end)

    def _reach(self, at: int, _start: int, begun: _Open) -> None:
        """The claimed length of a frame is there, or no hope is left for it."""
        if begun.is_gone:
            return
        if begun.is_spent:
            # It is the only one open: a further one would have ended it. A head may just be coming in.
            self._give_up_first(at - _LONGEST_MARK)
            return
        begun.is_spent = True
        has_crc = _HEX.fullmatch(self._buffer, begun.end, begun.end + 4) is not None
        is_clean = begun is self._open[-1]
        if has_crc and (is_clean or begun.start >= self._checked_to):
            if self._accept_if_good(begun, begun.end):
                return
            if not is_clean:
                self._checked_to = begun.end
        # Digits are everywhere in the data: four of them are no CRC unless CP has just ended.
        begun.is_exact = has_crc and is_clean and b"&&" in self._buffer[max(begun.data, begun.end - 3) : begun.end]
        if not begun.is_exact and begun.tail is None:
            heappush(self._due, (max(at, self._last_of(begun)), begun.start, begun))

    def _last_of(self, begun: _Open) -> int:
        return begun.data + self.rules.max_data_bytes + 4 + _LONGEST_MARK

    def _accept_if_good(self, begun: _Open, end: int) -> bool:
        data = bytes(self._buffer[begun.data : end])
        given = self._buffer[end : end + 4].decode()
        crc = self._crc(data, int(given, 16))
        if not crc_holds(crc, self.rules):
            return False
        while self._open[0] is not begun:
            self._give_up_first()
        self._emit(begun, end, data, given, crc)
        for nested in self._open:
            nested.is_gone = True
        self._open.clear()
        return True

    def _crc(self, data: bytes, given: int) -> Crc:
        if self.rules.accept_modbus_crc:
            return crc_variant(data, given)
        return Crc.HJ212 if crc16(data) == given else Crc.NONE

    def _resolve(self) -> None:
        """Let go of the frames in front that have come to nothing."""
        while self._open:
            first = self._open[0]
            if not first.is_spent or not (first.is_exact or first.tail is not None or len(self._open) > 1):
                return
            self._give_up_first()

    def _give_up_first(self, at: int | None = None) -> None:
        begun = self._open.pop(0)
        begun.is_gone = True
        limit = self._open[0].start if self._open else len(self._buffer) if at is None else at
        end = self._end_of(begun, limit)
        if end is not None:
            data = bytes(self._buffer[begun.data : end])
            given = self._buffer[end : end + 4].decode()
            self._emit(begun, end, data, given, crc_variant(data, int(given, 16)))
        if self._open or end is None:
            self._discard(limit)
            self._end_line()
            self._flush_garbage()

    def _end_of(self, begun: _Open, limit: int) -> int | None:
        """Where the data of a frame ends that no CRC confirms."""
        if begun.is_exact:
            return begun.end
        if begun.tail is not None:
            return begun.tail
        end = begun.data + len(self._buffer[begun.data : limit].rstrip(b"\r\n")) - 4
        return end if end > begun.data and _HEX.fullmatch(self._buffer, end, end + 4) else None

    def _emit(self, begun: _Open, end: int, data: bytes, crc_given: str, crc: Crc) -> None:
        self._discard(begun.start)
        self._end_line()
        self._flush_garbage()
        self._out.append(judged(data, begun.digits, crc_given, crc))
        self._floor = end + 4
        self._at = max(self._at, self._floor)
        self._line_end = b""

    def _discard(self, to: int) -> None:
        """Bytes up to `to` belong to no frame: the line end of the last one, then garbage."""
        if to <= self._floor:
            return
        rest = bytes(self._buffer[self._floor : to])
        self._floor = to
        if self._line_end is not None:
            after = rest.lstrip(b"\r\n")
            self._line_end = (self._line_end + rest[: len(rest) - len(after)])[:2]
            rest = after
            if rest:
                self._end_line()
        self._garbage += len(rest)
        self._garbage_head = (self._garbage_head + rest[:_GARBAGE_HEAD])[:_GARBAGE_HEAD]

    def _end_line(self) -> None:
        if self._line_end is not None and self._line_end != b"\r\n":
            self.line_ends[Deviation.LF_ONLY if self._line_end[:1] == b"\n" else Deviation.NO_CRLF] += 1
        self._line_end = None

    def _flush_garbage(self) -> None:
        if self._garbage:
            self._out.append(Garbage(self._garbage, self._garbage_head))
        self._garbage, self._garbage_head = 0, b""

    def _settle(self) -> None:
        """Forget what is dealt with; positions move to the front."""
        if not self._open:
            self._discard(max(self._at, len(self._buffer) - _LONGEST_MARK))
            self._discard(self._floor + _count_line_ends(self._buffer, self._floor))
        self._at = max(self._at, len(self._buffer) - _LONGEST_MARK, self._floor)
        if self._floor >= _WORTH_MOVING or not self._open:
            self._move_to_front(self._floor)

    def _move_to_front(self, shift: int) -> None:
        del self._buffer[:shift]
        self._floor, self._at, self._checked_to = 0, self._at - shift, self._checked_to - shift
        for begun in self._open:
            begun.start, begun.data, begun.end = begun.start - shift, begun.data - shift, begun.end - shift
            begun.tail = None if begun.tail is None else begun.tail - shift
        self._due = [(at - shift, start - shift, begun) for at, start, begun in self._due if not begun.is_gone]
        heapify(self._due)

    def _taken(self) -> list[Frame | Garbage]:
        taken, self._out = self._out, []
        return taken


def _count_line_ends(buffer: bytes | bytearray, at: int) -> int:
    found = _LINE_ENDS.match(buffer, at)
    return found.end() - at if found else 0
