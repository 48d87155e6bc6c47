"""A unit's page, and the QR code on its door that leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.units import UnitCodeOut, UnitPageOut

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/page", summary="What is open at a unit", action=Action.READ_ENTERPRISE,
    response="units.UnitPageOut", problems=(NotFound,),
)  # fmt: skip
def get_unit_page(call: Call, unit_id: str) -> UnitPageOut:
    from chalicelib.api.models.registry import PositionModel
    from chalicelib.api.models.units import UnitPageOut
    from chalicelib.api.observations import observation_view
    from chalicelib.api.tasks import task_view
    from chalicelib.api.warnings import warning_view
    from chalicelib.usecases.see_unit import see_unit_page

    ports = call.services
    page = see_unit_page(
        unit_id,
        call.person,
        ports.clock.now_ms(),
        registry=ports.registry,
        tasks=ports.tasks,
        warnings=ports.warnings,
        observations=ports.observations,
    )
    place = page.enterprise.position
    handled = ports.dispatches.handlings([one.public_id for one in page.warnings])
    return UnitPageOut(
        unit_id=page.unit.id,
        unit_name=page.unit.name,
        unit_type=page.unit.type,
        enterprise_id=page.enterprise.id,
        enterprise_name=page.enterprise.name,
        position=None if place is None else PositionModel.model_validate(place),
        tasks=[task_view(call, one, page.enterprise, page.unit) for one in page.tasks],
        warnings=[warning_view(call, one, handled.get(one.public_id)) for one in page.warnings],
        observations=[observation_view(call, one) for one in page.observations],
    )


@endpoint(
    api, "GET", "/v1/units/{unit_id}/code", summary="The QR code on a unit's door", action=Action.READ_ENTERPRISE,
    response="units.UnitCodeOut", problems=(NotFound,),
)  # fmt: skip
def get_unit_code(call: Call, unit_id: str) -> UnitCodeOut:
    import segno

    from chalicelib.api.models.units import UnitCodeOut
    from chalicelib.usecases.see_unit import see_unit

    unit, _ = see_unit(unit_id, call.person, registry=call.services.registry)
    link = f"{call.services.settings.public_url.rstrip('/')}/units/{unit.id}"
    return UnitCodeOut(link=link, svg=segno.make_qr(link, error="q").svg_inline(scale=8, border=4))
