"""What of a point arrived in a span: counted as it is charted, each instant once, as it was first stored.

A tally holds 17 bytes a reading, whatever the number of blocks that the readings came in.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, repeat
from operator import lt

from chalicelib.domain.completeness import Span
from chalicelib.domain.reading import FLAGS, NORMAL, Quality, Series

HOUR_MS = 3_600_000
LINK_FAULTS = re.compile(Quality.LINK_FAULT.value.encode() + b"+")


@dataclass(frozen=True, slots=True)
class LinkFault:
    """Its source said that the link was broken, from `from_ms` until the next other reading; `to_ms` None: none came yet."""

    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class PointLedger:
    """`by_flag` has the flags that occur; `hourly` one count for each hour of the span."""

    point_id: str
    readings: int
    valid: int
    by_flag: Mapping[str, int]
    first_ms: int | None
    last_ms: int | None
    hourly: tuple[int, ...]
    link_faults: tuple[LinkFault, ...]


class PointTally:
    """Readings of one point, gathered block by block in any order."""

    __slots__ = ("_flags", "_received_ms", "_times_ms")

    def __init__(self) -> None:
        self._times_ms, self._received_ms, self._flags = array("q"), array("q"), bytearray()

    def add(self, one: Series, received_at_ms: int, span: Span) -> int:
        """Take what lies within the span. Returns how many readings that is."""
        start, end = bisect_left(one.times_ms, span.from_ms), bisect_left(one.times_ms, span.to_ms)
        self._times_ms.extend(one.times_ms[start:end])
        self._flags += one.flags[start:end].encode()
        self._received_ms.extend(repeat(received_at_ms, end - start))
        return end - start

    def ledger(self, point_id: str, span: Span) -> PointLedger:
        times, flags = self._as_charted()
        counts = {flag: flags.count(flag.encode()) for flag in sorted(FLAGS)}
        bounds = [bisect_left(times, at) for at in (*range(span.from_ms, span.to_ms, HOUR_MS), span.to_ms)]
        return PointLedger(
            point_id,
            len(times),
            counts[NORMAL],
            {flag: count for flag, count in counts.items() if count},
            times[0] if times else None,
            times[-1] if times else None,
            tuple(end - start for start, end in pairwise(bounds)),
            tuple(_link_fault(times, *found.span()) for found in LINK_FAULTS.finditer(flags)),
        )

    def _as_charted(self) -> tuple[Sequence[int], bytes]:
        """By time, each instant once: the reading that was stored first."""
        times, flags = self._times_ms, bytes(self._flags)
        if all(map(lt, times, islice(times, 1, None))):
            return times, flags
        order = sorted(range(len(times)), key=lambda at: (times[at], self._received_ms[at]))
        kept = [at for place, at in enumerate(order) if not place or times[order[place - 1]] != times[at]]
        return array("q", (times[at] for at in kept)), bytes(flags[at] for at in kept)


def _link_fault(times: Sequence[int], start: int, end: int) -> LinkFault:
    return LinkFault(times[start], times[end] if end < len(times) else None)
