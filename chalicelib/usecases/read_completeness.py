"""Draw up the completeness ledger of a day, or of an hour of it: blocks stream through, and only their accounts are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from chalicelib.domain.access import Action, require
from chalicelib.domain.block import Block, made_at_ms
from chalicelib.domain.completeness import WAITING, BlockRows, BridgeLedger, Span, SpoolLedger, bridge_ledger
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.gap import BridgeReport, Gap
from chalicelib.domain.person import Bridge, Person
from chalicelib.domain.point_ledger import HOUR_MS, PointLedger, PointTally
from chalicelib.domain.source import count_rows
from chalicelib.ports import BlockRepo, Clock, GapRepo, RegistryRepo, ReportRepo
from chalicelib.usecases.see_enterprise import see_enterprise

MAX_READINGS = 4_000_000  # 17 bytes each while they are counted
MAX_SERIES = 400_000  # in all blocks together: unpacking one takes as long as ten readings of it
MAX_BLOCKS = 10_000
MAX_GAPS = 5_000
MAX_ENTRIES = 20_000  # ranges, gaps, points and link faults of an answer, which must stay under Lambda's 6 MB
NEAR_MS = 2 * HOUR_MS  # blocks from so long before and after the span are read for the rows that they have
FAR_BLOCKS = 500  # and, for a spool that has none there, at most so many of those beyond


@dataclass(frozen=True, slots=True)
class Totals:
    """`rows_waiting` are among the missing; `readings_lost` is what the gap ledger counts."""

    readings: int
    valid: int
    rows_stored: int
    rows_missing: int
    rows_waiting: int
    readings_lost: int
    readings_unsourced: int
    points: int
    points_without_readings: int


@dataclass(frozen=True, slots=True)
class CompletenessLedger:
    enterprise_id: str
    span: Span
    bridges: tuple[BridgeLedger, ...]
    points: tuple[PointLedger, ...]

    @property
    def is_complete(self) -> bool:
        """All that sources are known to have produced is stored, and there was something."""
        return any(one.stored for one in self.spools) and all(bridge.is_complete for bridge in self.bridges)

    @property
    def spools(self) -> tuple[SpoolLedger, ...]:
        return tuple(spool for bridge in self.bridges for spool in bridge.spools)

    @property
    def totals(self) -> Totals:
        missing = [one for spool in self.spools for one in spool.missing]
        lost = {(gap.spool, gap.id): gap.readings for spool in self.spools for gap in spool.gaps if not gap.is_mark}
        lost |= {(one.gap.spool, one.gap.id): one.gap.readings for one in missing if one.gap}
        return Totals(
            readings=sum(point.readings for point in self.points),
            valid=sum(point.valid for point in self.points),
            rows_stored=count_rows(one.rows for spool in self.spools for one in spool.stored),
            rows_missing=count_rows(one.rows for one in missing),
            rows_waiting=count_rows(one.rows for one in missing if one.reason == WAITING),
            readings_lost=sum(lost.values()),
            readings_unsourced=sum(one.unsourced.readings for one in self.bridges if one.unsourced),
            points=len(self.points),
            points_without_readings=sum(not point.readings for point in self.points),
        )


def span_of(day: date, hour: int | None, zone: ZoneInfo) -> Span:
    """The park's day, or the given hour of it, counted from its beginning."""
    from_ms, to_ms = _midnight_ms(day, zone), _midnight_ms(day + timedelta(days=1), zone)
    if hour is None:
        return Span(from_ms, to_ms)
    return Span(from_ms + hour * HOUR_MS, from_ms + (hour + 1) * HOUR_MS)


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def read_completeness(
    enterprise_id: str,
    span: Span,
    person: Person,
    *,
    registry: RegistryRepo,
    blocks: BlockRepo,
    gaps: GapRepo,
    reports: ReportRepo,
    clock: Clock,
) -> CompletenessLedger:
    """The ledger of a span. Raises NotFound, or InvalidRequest (`too_much`) for a span with more than fits into an answer."""
    require(person, Action.READ_READINGS)
    profile = see_enterprise(enterprise_id, person, registry=registry)
    return ledger_of(profile, span, registry=registry, blocks=blocks, gaps=gaps, reports=reports, clock=clock)


def ledger_of(
    profile: Profile,
    span: Span,
    *,
    registry: RegistryRepo,
    blocks: BlockRepo,
    gaps: GapRepo,
    reports: ReportRepo,
    clock: Clock,
) -> CompletenessLedger:
    """As `read_completeness`, for nobody in particular."""
    enterprise_id = profile.enterprise.id
    told = {one.bridge_id: one for one in reports.of_enterprise(enterprise_id)}
    tallies = {point.id: PointTally() for point in profile.points}
    rows = _read_blocks(enterprise_id, span, blocks, tallies)
    rows += _neighbours(enterprise_id, span, blocks, _alone(rows, told.values(), span))
    ledger = CompletenessLedger(
        enterprise_id,
        span,
        _bridges(
            rows,
            _read_gaps(enterprise_id, span, rows, gaps),
            told,
            registry.bridges(enterprise_id),
            span,
            clock.now_ms(),
        ),
        tuple(tallies[point_id].ledger(point_id, span) for point_id in sorted(tallies)),
    )
    _bound("entries", _entries(ledger), MAX_ENTRIES)
    return ledger


def _read_blocks(enterprise_id: str, span: Span, blocks: BlockRepo, tallies: dict[str, PointTally]) -> list[BlockRows]:
    """The blocks of the span, counted into the tallies, and those near it, for the rows that they have."""
    found: list[BlockRows] = []
    series = readings = 0
    for block in blocks.between(enterprise_id, span.from_ms - NEAR_MS, span.to_ms + NEAR_MS):
        counted = 0
        if span.touches(block.first_ms, block.last_ms):
            counted = _count(block, span, tallies)
            series, readings = series + len(block.series), readings + counted
        found.append(_rows_of(block, counted))
        _bound("blocks", len(found), MAX_BLOCKS)
        _bound("series", series, MAX_SERIES)
        _bound("readings", readings, MAX_READINGS)
    return found


def _count(block: Block, span: Span, tallies: dict[str, PointTally]) -> int:
    counted = 0
    for one in block.series:
        if one.point_id not in tallies:
            tallies[one.point_id] = PointTally()
        counted += tallies[one.point_id].add(one, block.received_at_ms, span)
    return counted


def _rows_of(block: Block, readings: int) -> BlockRows:
    return BlockRows(block.bridge_id, block.source, block.first_ms, block.last_ms, readings)


def _alone(rows: Sequence[BlockRows], reports: Iterable[BridgeReport], span: Span) -> tuple[set[str], set[str]]:
    """Spools that may have had rows at the span's beginning, and at its end, and none was found near."""
    before = {one.source.spool for one in rows if one.source and one.first_ms < span.from_ms}
    after = {one.source.spool for one in rows if one.source and one.last_ms >= span.to_ms}
    spools = {one.source.spool for one in rows if one.source} | {report.spool.id for report in reports}
    return {one for one in spools if made_at_ms(one) < span.from_ms} - before, spools - after


def _neighbours(enterprise_id: str, span: Span, blocks: BlockRepo, alone: tuple[set[str], set[str]]) -> list[BlockRows]:
    """The nearest blocks of spools that have none near the span, on either side, live or late."""
    found: list[BlockRows] = []
    for wanted, at_ms, backward in ((alone[0], span.from_ms - NEAR_MS, True), (alone[1], span.to_ms + NEAR_MS, False)):
        for late in (False, True) if wanted else ():
            stream = blocks.beyond(enterprise_id, at_ms, backward=backward, late=late, limit=FAR_BLOCKS)
            found += _nearest(stream, wanted)
    return found


def _nearest(stream: Iterable[Block], wanted: set[str]) -> list[BlockRows]:
    """Blocks of the wanted spools until each was met, and a little on: backlog goes up beside what is live."""
    found: list[BlockRows] = []
    unmet, met_ms = set(wanted), 0
    for block in stream:
        if block.source is not None and block.source.spool in wanted:
            found.append(_rows_of(block, 0))
            met_ms = block.last_ms if unmet else met_ms
            unmet.discard(block.source.spool)
        if not unmet and abs(block.last_ms - met_ms) > NEAR_MS:
            break
    return found


def _read_gaps(enterprise_id: str, span: Span, rows: Sequence[BlockRows], gaps: GapRepo) -> list[Gap]:
    """The ledger's entries from the first row's time to the last one's: a missing range reaches from neighbour to neighbour."""
    from_ms = min((span.from_ms, *(one.first_ms for one in rows)))
    to_ms = max((span.to_ms, *(one.last_ms for one in rows)))
    found = list(islice(gaps.between(enterprise_id, from_ms, to_ms), MAX_GAPS + 1))
    _bound("gaps", len(found), MAX_GAPS)
    return found


def _bridges(
    rows: Sequence[BlockRows],
    gaps: Sequence[Gap],
    told: Mapping[str, BridgeReport],
    registered: Sequence[Bridge],
    span: Span,
    now_ms: int,
) -> tuple[BridgeLedger, ...]:
    by_bridge: dict[str, tuple[list[BlockRows], list[Gap]]] = {}
    for one in rows:
        by_bridge.setdefault(one.bridge_id, ([], []))[0].append(one)
    for gap in gaps:
        by_bridge.setdefault(gap.bridge_id, ([], []))[1].append(gap)
    in_use = {bridge.id for bridge in registered if not bridge.revoked}
    expected = in_use if span.from_ms <= now_ms else set()
    return tuple(
        bridge_ledger(id, *by_bridge.get(id, ([], [])), told.get(id), span, is_expected=id in expected)
        for id in sorted({*by_bridge, *told, *(bridge.id for bridge in registered)})
    )


def _entries(ledger: CompletenessLedger) -> int:
    listed = sum(len(one.stored) + len(one.missing) + len(one.gaps) for one in ledger.spools)
    return listed + sum(1 + len(point.link_faults) for point in ledger.points)


def _bound(what: str, given: int, allowed: int) -> None:
    if given > allowed:
        raise InvalidRequest(errors=[FieldError("hour", "too_much", f"{allowed} {what}")])
