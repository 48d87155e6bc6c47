"""What an admin registers. Every route is a PUT under a chosen id: the same twice is the same once."""

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.registry import (
    BridgeIn,
    BridgeOut,
    EnterpriseIn,
    EnterpriseOut,
    PersonIn,
    PersonOut,
    PointIn,
    PointOut,
    UnitIn,
    UnitOut,
)
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, NotFound

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/enterprises/{enterprise_id}", summary="Register an enterprise", action=Action.REGISTER,
    request=EnterpriseIn, response=EnterpriseOut,
)  # fmt: skip
def put_enterprise(call: Call, enterprise_id: str) -> EnterpriseOut:
    from chalicelib.usecases import register

    ports = call.services
    fields = dict(call.body)
    done = register.put_enterprise(
        enterprise_id,
        fields,
        registry=ports.registry,
        catalogues=ports.catalogues,
        packs=ports.packs,
        clock=ports.clock,
    )
    return EnterpriseOut.model_validate(done)


@endpoint(
    api, "PUT", "/v1/units/{unit_id}", summary="Register a unit", action=Action.REGISTER, request=UnitIn,
    response=UnitOut, problems=(NotFound, ContentConflict),
)  # fmt: skip
def put_unit(call: Call, unit_id: str) -> UnitOut:
    from chalicelib.usecases import register

    ports = call.services
    unit = register.put_unit(
        unit_id,
        dict(call.body),
        registry=ports.registry,
        catalogues=ports.catalogues,
        packs=ports.packs,
        clock=ports.clock,
    )
    return UnitOut.of(unit)


@endpoint(
    api, "PUT", "/v1/points/{point_id}", summary="Register a point", action=Action.REGISTER, request=PointIn,
    response=PointOut, problems=(NotFound, ContentConflict),
)  # fmt: skip
def put_point(call: Call, point_id: str) -> PointOut:
    from chalicelib.usecases import register

    ports = call.services
    return PointOut.model_validate(
        register.put_point(point_id, dict(call.body), registry=ports.registry, catalogues=ports.catalogues)
    )


@endpoint(
    api, "PUT", "/v1/people/{person_id}", summary="Register a person", action=Action.REGISTER, request=PersonIn,
    response=PersonOut, problems=(NotFound,),
)  # fmt: skip
def put_person(call: Call, person_id: str) -> PersonOut:
    from chalicelib.usecases import register

    ports, fields = call.services, dict(call.body)
    return PersonOut.model_validate(
        register.put_person(person_id, fields, registry=ports.registry, packs=ports.packs, clock=ports.clock)
    )


@endpoint(
    api, "PUT", "/v1/bridges/{bridge_id}", summary="Register a bridge's public key", action=Action.REGISTER,
    request=BridgeIn, response=BridgeOut, problems=(NotFound, ContentConflict),
)  # fmt: skip
def put_bridge(call: Call, bridge_id: str) -> BridgeOut:
    from chalicelib.usecases import register

    ports = call.services
    done = register.put_bridge(bridge_id, dict(call.body), registry=ports.registry, signatures=ports.signatures)
    return BridgeOut.model_validate(done)
