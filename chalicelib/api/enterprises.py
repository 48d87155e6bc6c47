"""Enterprises, their units, their score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.registry import EnterpriseOut, EnterprisesOut, PointOut, UnitOut, UnitsOut
from chalicelib.domain.access import Action, can_see
from chalicelib.domain.errors import NotFound

if TYPE_CHECKING:
    from chalicelib.domain.enterprise import Profile, Unit

api = Blueprint(__name__)


@endpoint(
    api,
    "GET",
    "/v1/enterprises",
    summary="Enterprises you can see",
    action=Action.READ_ENTERPRISE,
    response=EnterprisesOut,
)
def list_enterprises(call: Call) -> EnterprisesOut:
    seen = [
        one
        for one in call.services.registry.enterprises()
        if can_see(call.person, enterprise_id=one.id, region=one.region, industry=one.industry)
    ]
    return EnterprisesOut(items=[EnterpriseOut.model_validate(one) for one in seen])


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}", summary="One enterprise", action=Action.READ_ENTERPRISE,
    response=EnterpriseOut, problems=(NotFound,),
)  # fmt: skip
def get_enterprise(call: Call, enterprise_id: str) -> EnterpriseOut:
    from chalicelib.usecases.see_enterprise import see_enterprise

    return EnterpriseOut.model_validate(
        see_enterprise(enterprise_id, call.person, registry=call.services.registry).enterprise
    )


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/units", summary="An enterprise's units with their points",
    action=Action.READ_ENTERPRISE, response=UnitsOut, problems=(NotFound,),
)  # fmt: skip
def list_units(call: Call, enterprise_id: str) -> UnitsOut:
    from chalicelib.usecases.see_enterprise import see_enterprise

    profile = see_enterprise(enterprise_id, call.person, registry=call.services.registry)
    return UnitsOut(items=[_unit(unit, profile) for unit in profile.units])


@endpoint(
    api, "GET", "/v1/units/{unit_id}", summary="One unit with its points", action=Action.READ_ENTERPRISE,
    response=UnitOut, problems=(NotFound,),
)  # fmt: skip
def get_unit(call: Call, unit_id: str) -> UnitOut:
    from chalicelib.usecases.read_readings import visible_unit
    from chalicelib.usecases.see_enterprise import see_enterprise

    unit = visible_unit(unit_id, call.person, call.services.registry)
    return _unit(unit, see_enterprise(unit.enterprise_id, call.person, registry=call.services.registry))


def _unit(unit: Unit, profile: Profile) -> UnitOut:
    points = [PointOut.model_validate(point) for point in profile.points_of(unit.id)]
    return UnitOut.of(unit, points)
