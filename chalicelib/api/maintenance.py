"""Maintenance windows of units, in which tiers 1 and 2 call nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.alarms import WindowIn, WindowOut, WindowsOut
    from chalicelib.domain.maintenance import MaintenanceWindow

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/units/{unit_id}/maintenance-windows/{window_id}", summary="Announce a maintenance window",
    action=Action.PLAN_MAINTENANCE, request="alarms.WindowIn", response="alarms.WindowOut", problems=(NotFound, ContentConflict),
)  # fmt: skip
def propose_window(call: Call, unit_id: str, window_id: str) -> WindowOut:
    from chalicelib.usecases import plan_maintenance as use

    body: WindowIn = call.body
    ports = call.services
    window = use.propose_window(
        use.WindowRequest(window_id, unit_id, body.from_, body.to, body.reason),
        call.person,
        call.correlation_id,
        registry=ports.registry,
        windows=ports.windows,
        clock=ports.clock,
    )
    return _view(call, window)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/maintenance-windows", summary="Maintenance windows of a unit",
    action=Action.READ_MAINTENANCE, response="alarms.WindowsOut", problems=(NotFound,),
)  # fmt: skip
def list_windows(call: Call, unit_id: str) -> WindowsOut:
    from chalicelib.api.models.alarms import WindowsOut
    from chalicelib.usecases import plan_maintenance as use

    ports = call.services
    found = use.list_windows(unit_id, call.person, registry=ports.registry, windows=ports.windows)
    return WindowsOut(items=[_view(call, one) for one in found])


@endpoint(
    api, "POST", "/v1/units/{unit_id}/maintenance-windows/{window_id}/approval",
    summary="Let a maintenance window suppress warnings", action=Action.APPROVE_MAINTENANCE, response="alarms.WindowOut",
    problems=(NotFound, IllegalTransition),
)  # fmt: skip
def approve_window(call: Call, unit_id: str, window_id: str) -> WindowOut:
    from chalicelib.usecases import plan_maintenance as use

    ports = call.services
    approved = use.approve_window(
        unit_id, window_id, call.person, registry=ports.registry, windows=ports.windows, clock=ports.clock
    )
    return _view(call, approved)


@endpoint(
    api, "POST", "/v1/units/{unit_id}/maintenance-windows/{window_id}/end",
    summary="Withdraw a maintenance window, or end it early", action=Action.END_MAINTENANCE, response="alarms.WindowOut",
    problems=(NotFound, IllegalTransition),
)  # fmt: skip
def end_window(call: Call, unit_id: str, window_id: str) -> WindowOut:
    from chalicelib.usecases import plan_maintenance as use

    ports = call.services
    ended = use.end_window(
        unit_id, window_id, call.person, registry=ports.registry, windows=ports.windows, clock=ports.clock
    )
    return _view(call, ended)


def _view(call: Call, window: MaintenanceWindow) -> WindowOut:
    from chalicelib.api.models.alarms import WindowOut

    view = WindowOut.model_validate(window)
    view.state = window.state_at(call.services.clock.now_ms())
    return view
