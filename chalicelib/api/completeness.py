"""What of a day arrived, from source to chart, and why the rest did not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.completeness import (
    BridgeLedgerOut,
    CompletenessOut,
    CompletenessQuery,
    CompletenessTotals,
    GapOut,
    LinkFaultOut,
    MissingRangeOut,
    PointLedgerOut,
    SpoolLedgerOut,
    StoredRangeOut,
    UnsourcedOut,
)
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.domain.completeness import BridgeLedger, MissingRange, SpoolLedger, Unsourced
    from chalicelib.domain.gap import Gap
    from chalicelib.domain.point_ledger import PointLedger

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/completeness", summary="What of a day arrived, and why the rest did not",
    action=Action.READ_READINGS, query=CompletenessQuery, response=CompletenessOut, problems=(NotFound,),
)  # fmt: skip
def get_completeness(call: Call, enterprise_id: str) -> CompletenessOut:
    from chalicelib.usecases.read_completeness import read_completeness, span_of

    ports = call.services
    span = span_of(date.fromisoformat(call.query.day), call.query.hour, ports.zone)
    ledger = read_completeness(
        enterprise_id,
        span,
        call.person,
        registry=ports.registry,
        blocks=ports.blocks,
        gaps=ports.gaps,
        reports=ports.reports,
        clock=ports.clock,
    )
    return CompletenessOut(
        enterprise_id=enterprise_id,
        day=call.query.day,
        from_=span.from_ms,
        to=span.to_ms,
        complete=ledger.is_complete,
        totals=CompletenessTotals.model_validate(ledger.totals),
        bridges=[_bridge(one, call.language) for one in ledger.bridges],
        points=[_point(one) for one in ledger.points],
    )


def _bridge(one: BridgeLedger, language: str) -> BridgeLedgerOut:
    return BridgeLedgerOut(
        bridge_id=one.bridge_id,
        complete=one.is_complete,
        silent=one.is_silent,
        last_report_at=one.report.received_at_ms if one.report else None,
        spools=[_spool(spool, language) for spool in one.spools],
        unsourced=None if one.unsourced is None else _unsourced(one.unsourced),
    )


def _spool(one: SpoolLedger, language: str) -> SpoolLedgerOut:
    return SpoolLedgerOut(
        spool=one.spool,
        complete=one.is_complete,
        start_known=one.is_start_known,
        readings=one.readings,
        stored=[
            StoredRangeOut(rows=known.rows, from_=known.from_ms, to=known.to_ms, readings=known.readings)
            for known in one.stored
        ],
        missing=[_missing(range, language) for range in one.missing],
        gaps=[_gap(gap, language) for gap in one.gaps],
    )


def _unsourced(one: Unsourced) -> UnsourcedOut:
    return UnsourcedOut(blocks=one.blocks, readings=one.readings, from_=one.from_ms, to=one.to_ms)


def _missing(one: MissingRange, language: str) -> MissingRangeOut:
    gap = one.gap
    return MissingRangeOut(
        rows=one.rows,
        from_=one.from_ms,
        to=one.to_ms,
        reason=one.reason,
        reason_text=text(f"word.gap.{one.reason}", language),
        gap=gap.id if gap else None,
        readings=gap.readings if gap else None,
        detail=gap.detail if gap else None,
    )


def _gap(one: Gap, language: str) -> GapOut:
    return GapOut(
        id=one.id,
        rows=one.rows,
        from_=one.from_ms,
        to=one.to_ms,
        readings=one.readings,
        reason=one.reason,
        reason_text=text(f"word.gap.{one.reason.value}", language),
        detail=one.detail,
        points=None if one.point_ids is None else list(one.point_ids),
    )


def _point(one: PointLedger) -> PointLedgerOut:
    return PointLedgerOut(
        point=one.point_id,
        readings=one.readings,
        valid=one.valid,
        by_flag=dict(one.by_flag),
        first=one.first_ms,
        last=one.last_ms,
        hourly=list(one.hourly),
        link_faults=[LinkFaultOut(from_=fault.from_ms, to=fault.to_ms) for fault in one.link_faults],
    )
