"""The completeness ledger of a span of time, from source to chart: which rows of a spool are stored, which are missing and why.

A spool numbers its rows without holes, so whatever lies between two rows that are known was produced. For each spool the stored
and the missing ranges do not overlap, and together they are all that is known of it. Rows carry no time of their own: a stored
range is dated by its blocks, a missing one by the gap ledger or by its neighbours, so that either may reach over the span's ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.block import made_at_ms
from chalicelib.domain.gap import BridgeReport, Gap
from chalicelib.domain.source import RowRange, Source, intersect, merge, subtract

WAITING, UNKNOWN = "waiting", "unknown"  # beside the reasons that the gap ledger gives


@dataclass(frozen=True, slots=True)
class Span:
    """from_ms <= t < to_ms."""

    from_ms: int
    to_ms: int

    def touches(self, from_ms: int, to_ms: int) -> bool:
        return from_ms < self.to_ms and to_ms >= self.from_ms


@dataclass(frozen=True, slots=True)
class BlockRows:
    """What the ledger needs of a block. `readings` counts those within the span; a block without any is a neighbour."""

    bridge_id: str
    source: Source | None
    first_ms: int
    last_ms: int
    readings: int


@dataclass(frozen=True, slots=True)
class StoredRange:
    """`readings` None: a block of this range has rows of another too, and only their sum is known."""

    rows: RowRange
    from_ms: int
    to_ms: int
    readings: int | None


@dataclass(frozen=True, slots=True)
class MissingRange:
    """`reason` is the gap's, or WAITING or UNKNOWN. A bound None: no neighbour on that side is known."""

    rows: RowRange
    from_ms: int | None
    to_ms: int | None
    reason: str
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class SpoolLedger:
    """`gaps` are those of the span that no missing range tells of: of readings without rows, of some readings of rows that are
    stored, and marks. `is_start_known` False: what came before the first stored row could not be found."""

    spool: str
    readings: int
    stored: tuple[StoredRange, ...]
    missing: tuple[MissingRange, ...]
    gaps: tuple[Gap, ...]
    is_start_known: bool = True

    @property
    def is_complete(self) -> bool:
        return self.is_start_known and not self.missing and all(gap.is_mark for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class Unsourced:
    """Blocks of a bridge that does not number its rows: nothing can be said of what is missing between them."""

    blocks: int
    readings: int
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class BridgeLedger:
    """`is_silent`: it was there, and nothing is known of the span."""

    bridge_id: str
    spools: tuple[SpoolLedger, ...]
    unsourced: Unsourced | None
    report: BridgeReport | None
    is_silent: bool

    @property
    def is_complete(self) -> bool:
        return not self.is_silent and self.unsourced is None and all(spool.is_complete for spool in self.spools)


@dataclass(frozen=True, slots=True)
class _Segment:
    """Rows that are dated: of a block, or of a gap."""

    rows: RowRange
    from_ms: int
    to_ms: int


def explain(
    whole: RowRange, stored: Iterable[RowRange], gaps: Iterable[Gap], waiting: RowRange | None
) -> tuple[tuple[RowRange, str, Gap | None], ...]:
    """Every row of `whole` that is not stored, once, with its reason: the first gap that names it, else that it waits."""
    rest = list(subtract([whole], stored))
    found: list[tuple[RowRange, str, Gap | None]] = []
    for gap in sorted(gaps, key=lambda gap: gap.id):
        if gap.rows is not None and not gap.is_mark:
            found += [(rows, gap.reason.value, gap) for rows in _take(rest, gap.rows)]
    if waiting is not None:
        found += [(rows, WAITING, None) for rows in _take(rest, waiting)]
    found += [(rows, UNKNOWN, None) for rows in rest]
    return tuple(sorted(found, key=lambda one: one[0]))


def _take(rest: list[RowRange], rows: RowRange) -> list[RowRange]:
    """Cut rows out of rising ranges, in place. Returns what was cut."""
    first, last = rows
    start = bisect_left(rest, first, key=lambda one: one[1])
    end = bisect_right(rest, last, key=lambda one: one[0])
    hit = rest[start:end]
    if not hit:
        return []
    before, after = (hit[0][0], first - 1), (last + 1, hit[-1][1])
    rest[start:end] = [one for one in (before, after) if one[0] <= one[1]]
    return [(max(a, first), min(b, last)) for a, b in hit]


def spool_ledger(
    spool: str, blocks: Sequence[BlockRows], gaps: Sequence[Gap], report: BridgeReport | None, span: Span
) -> SpoolLedger:
    """What is known of one spool for a span. `blocks` are its own, neighbours included; `report` its bridge's last word."""
    inside = [block for block in blocks if block.readings]
    segments = [_Segment(rows, block.first_ms, block.last_ms) for block in blocks for rows in _rows_of(block)]
    covered = merge(segment.rows for segment in segments)
    is_new = made_at_ms(spool) >= span.from_ms and bool(inside)
    first = min((rows[0] for block in inside for rows in _rows_of(block)), default=1)
    return SpoolLedger(
        spool,
        sum(block.readings for block in inside),
        _stored(inside),
        tuple(_missing(spool, segments, covered, gaps, report, span, is_new=is_new)),
        tuple(gap for gap in gaps if _is_noted(gap, covered, span)),
        first == 1 or is_new or any(segment.rows[1] < first for segment in segments),
    )


def _missing(
    spool: str,
    segments: Sequence[_Segment],
    covered: Sequence[RowRange],
    gaps: Sequence[Gap],
    report: BridgeReport | None,
    span: Span,
    *,
    is_new: bool,
) -> list[MissingRange]:
    """`is_new`: the spool was made within the span, so that its first row belongs there."""
    own = report if report is not None and report.spool.id == spool else None
    waiting = _waiting(own)
    lost = [_Segment(gap.rows, gap.earliest_ms, gap.latest_ms) for gap in gaps if gap.rows and not gap.is_mark]
    known = [*covered, *(one.rows for one in lost), *([waiting] if waiting else []), *([(1, 1)] if is_new else [])]
    if not known:
        return []
    dates = _Dates([*segments, *lost], made_at_ms(spool) or None, own.received_at_ms if own else None)
    whole = (min(first for first, _ in known), max(last for _, last in known))
    ranges = (dates.date(*one) for one in explain(whole, covered, gaps, waiting))
    return [one for one in ranges if _is_of(one, span)]


def _rows_of(block: BlockRows) -> tuple[RowRange, ...]:
    return block.source.rows if block.source else ()


def _waiting(report: BridgeReport | None) -> RowRange | None:
    if report is None or report.spool.oldest_waiting is None or report.spool.newest is None:
        return None
    first, last = report.spool.oldest_waiting, report.spool.newest
    return (first, last) if first <= last else None


class _Dates:
    """Dates missing ranges by what is known on both sides of them."""

    def __init__(self, segments: Sequence[_Segment], earliest_ms: int | None, latest_ms: int | None) -> None:
        self._by_last = sorted(segments, key=lambda one: one.rows[1])
        self._by_first = sorted(segments, key=lambda one: one.rows[0])
        self._earliest_ms, self._latest_ms = earliest_ms, latest_ms

    def date(self, rows: RowRange, reason: str, gap: Gap | None) -> MissingRange:
        if gap is not None:
            return MissingRange(rows, gap.earliest_ms, gap.latest_ms, reason, gap)
        return MissingRange(rows, *self._between(rows), reason)

    def _between(self, rows: RowRange) -> tuple[int | None, int | None]:
        at = bisect_left(self._by_last, rows[0], key=lambda one: one.rows[1])
        before = self._by_last[at - 1] if at else None
        at = bisect_right(self._by_first, rows[1], key=lambda one: one.rows[0])
        after = self._by_first[at] if at < len(self._by_first) else None
        if before is not None and after is not None and before.to_ms > after.from_ms:  # as two ranges of one block
            return min(before.from_ms, after.from_ms), max(before.to_ms, after.to_ms)
        from_ms = before.to_ms if before else self._earliest_ms
        return from_ms, after.from_ms if after else self._latest(from_ms)

    def _latest(self, from_ms: int | None) -> int | None:
        if self._latest_ms is None or from_ms is None:
            return self._latest_ms
        return max(self._latest_ms, from_ms)


def _is_of(one: MissingRange, span: Span) -> bool:
    """May readings of the range be of the span? Without one bound, only where the other is within it."""
    known = [at for at in (one.from_ms, one.to_ms) if at is not None]
    return bool(known) and span.touches(min(known), max(known))


def _is_noted(gap: Gap, covered: Sequence[RowRange], span: Span) -> bool:
    if not span.touches(gap.earliest_ms, gap.latest_ms):
        return False
    return gap.rows is None or gap.is_mark or bool(intersect([gap.rows], _near(covered, gap.rows)))


def _near(ranges: Sequence[RowRange], rows: RowRange) -> Sequence[RowRange]:
    start = bisect_left(ranges, rows[0], key=lambda one: one[1])
    return ranges[start : bisect_right(ranges, rows[1], key=lambda one: one[0])]


def _stored(inside: Sequence[BlockRows]) -> tuple[StoredRange, ...]:
    merged = merge(rows for block in inside for rows in _rows_of(block))
    firsts = [first for first, _ in merged]
    times = [(2**63, 0)] * len(merged)
    readings: list[int | None] = [0] * len(merged)
    for block in inside:
        places = {bisect_right(firsts, first) - 1 for first, _ in _rows_of(block)}
        for at in places:
            times[at] = (min(times[at][0], block.first_ms), max(times[at][1], block.last_ms))
            so_far = readings[at]
            readings[at] = None if so_far is None or len(places) > 1 else so_far + block.readings
    return tuple(StoredRange(rows, *when, count) for rows, when, count in zip(merged, times, readings, strict=True))


def bridge_ledger(
    bridge_id: str,
    blocks: Sequence[BlockRows],
    gaps: Sequence[Gap],
    report: BridgeReport | None,
    span: Span,
    *,
    is_expected: bool,
) -> BridgeLedger:
    """What is known of one bridge for a span: of each of its spools, oldest first. `is_expected`: it should have been heard."""
    by_spool = _by_spool(blocks)
    names = {*by_spool, *(gap.spool for gap in gaps), *([report.spool.id] if report else [])}
    ledgers = [
        spool_ledger(name, by_spool.get(name, []), [gap for gap in gaps if gap.spool == name], report, span)
        for name in sorted(names, key=lambda name: (made_at_ms(name), name))
    ]
    told = tuple(one for one in ledgers if one.stored or one.missing or one.gaps)
    unsourced = _unsourced(blocks)
    is_silent = is_expected and report is not None and made_at_ms(report.spool.id) < span.to_ms
    return BridgeLedger(bridge_id, told, unsourced, report, is_silent and not told and unsourced is None)


def _by_spool(blocks: Sequence[BlockRows]) -> Mapping[str, list[BlockRows]]:
    found: dict[str, list[BlockRows]] = {}
    for block in blocks:
        if block.source is not None:
            found.setdefault(block.source.spool, []).append(block)
    return found


def _unsourced(blocks: Sequence[BlockRows]) -> Unsourced | None:
    bare = [block for block in blocks if block.source is None and block.readings]
    if not bare:
        return None
    readings = sum(block.readings for block in bare)
    return Unsourced(len(bare), readings, min(one.first_ms for one in bare), max(one.last_ms for one in bare))
