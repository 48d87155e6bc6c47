"""Reports from bridges, and how bridges are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.bridges import (
    BridgeReportOut,
    BridgesOut,
    BridgeStatusOut,
    CommandForBridge,
    GapIn,
    OutcomeIn,
    ReportIn,
    ReportReceiptOut,
)
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Bridge

if TYPE_CHECKING:
    from chalicelib.domain.command import Outcome
    from chalicelib.domain.gap import Gap
    from chalicelib.usecases.read_bridges import BridgeStatus
    from chalicelib.usecases.take_report import Report

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/bridges/reports", summary="Report losses, what waits, and what came of commands",
    request=ReportIn, response=ReportReceiptOut,
)  # fmt: skip
def post_report(call: Call) -> ReportReceiptOut:
    from chalicelib.usecases.take_report import take_report

    ports = call.services
    receipt = take_report(
        _report(call.body, call.bridge),
        call.bridge,
        registry=ports.registry,
        gaps=ports.gaps,
        reports=ports.reports,
        commands=ports.commands,
        clock=ports.clock,
    )
    answer = ReportReceiptOut.model_validate(receipt)
    answer.commands = waiting_commands(call)
    return answer


def waiting_commands(call: Call) -> list[CommandForBridge]:
    """What waits for the calling bridge, for the answer to whatever it sent."""
    from chalicelib.usecases.deliver_commands import deliver_commands

    ports = call.services
    if not ports.runs(deliver_commands.__name__):
        return []
    waiting = deliver_commands(call.bridge, commands=ports.commands, clock=ports.clock)
    return [CommandForBridge.model_validate(one) for one in waiting]


def _report(body: ReportIn, bridge: Bridge) -> Report:
    from chalicelib.domain.gap import SpoolState
    from chalicelib.usecases.take_report import Report

    spool = SpoolState(body.spool.id, body.spool.newest, body.spool.oldest_waiting, body.spool.waiting_readings)
    outcomes = [(one.id, _outcome(one)) for one in body.commands]
    return Report(body.sent_at, spool, [_gap(one, bridge) for one in body.gaps], outcomes)


def _gap(one: GapIn, bridge: Bridge) -> Gap:
    from chalicelib.domain.gap import Gap

    return Gap(
        id=one.id,
        spool=one.spool,
        enterprise_id=bridge.enterprise_id,
        bridge_id=bridge.id,
        rows=one.rows,
        from_ms=one.from_,
        to_ms=one.to,
        readings=one.readings,
        reason=one.reason,
        detail=one.detail,
        point_ids=None if one.points is None else tuple(one.points),
    )


def _outcome(one: OutcomeIn) -> Outcome:
    from chalicelib.domain.command import CommandState, Outcome

    return Outcome(CommandState(one.state), one.at, 0, one.code, one.detail, one.value, one.read_back)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/bridges", summary="An enterprise's bridges: last report, what waits",
    action=Action.READ_ENTERPRISE, response=BridgesOut, problems=(NotFound,),
)  # fmt: skip
def list_bridges(call: Call, enterprise_id: str) -> BridgesOut:
    from chalicelib.usecases.read_bridges import read_bridges

    ports = call.services
    found = read_bridges(
        enterprise_id,
        call.person,
        registry=ports.registry,
        reports=ports.reports,
        blocks=ports.blocks,
        clock=ports.clock,
    )
    return BridgesOut(items=[_status(one) for one in found])


def _status(one: BridgeStatus) -> BridgeStatusOut:
    return BridgeStatusOut(
        id=one.bridge.id,
        enterprise_id=one.bridge.enterprise_id,
        revoked=one.bridge.revoked,
        report=None if one.report is None else BridgeReportOut.model_validate(one.report),
        last_upload_at=one.last_upload_at_ms,
    )
