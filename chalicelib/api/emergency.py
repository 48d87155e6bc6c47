"""Emergency resources: what stands where, how much of it, who answers for it, and when it was checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.emergency import EmergencyResourceOut, EmergencyResourcesOut, ResourceHistoryOut
    from chalicelib.domain.emergency import EmergencyResource

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/emergency-resources/{resource_id}", summary="Register an emergency resource",
    action=Action.KEEP_RESOURCE, request="emergency.EmergencyResourceIn", response="emergency.EmergencyResourceOut",
    problems=(NotFound, Forbidden),
)  # fmt: skip
def put_resource(call: Call, resource_id: str) -> EmergencyResourceOut:
    from chalicelib.usecases import keep_resources as keep

    ports = call.services
    kept = keep.put_resource(
        call.body.value_of(resource_id),
        call.person,
        resources=ports.resources,
        registry=ports.registry,
        clock=ports.clock,
    )
    return _view(call, kept.value)


@endpoint(
    api, "GET", "/v1/emergency-resources/{resource_id}", summary="An emergency resource", action=Action.READ_RESOURCE,
    response="emergency.EmergencyResourceOut", problems=(NotFound,),
)  # fmt: skip
def get_resource(call: Call, resource_id: str) -> EmergencyResourceOut:
    from chalicelib.usecases import keep_resources as keep

    return _view(call, keep.see_resource(resource_id, call.person, resources=call.services.resources).value)


@endpoint(
    api, "GET", "/v1/emergency-resources", summary="Emergency resources you can see", action=Action.READ_RESOURCE,
    response="emergency.EmergencyResourcesOut",
)  # fmt: skip
def list_resources(call: Call) -> EmergencyResourcesOut:
    from chalicelib.api.models.emergency import EmergencyResourcesOut
    from chalicelib.usecases import keep_resources as keep

    found = keep.list_resources(call.person, resources=call.services.resources)
    return EmergencyResourcesOut(items=[_view(call, one.value) for one in found])


@endpoint(
    api, "DELETE", "/v1/emergency-resources/{resource_id}", summary="Take an emergency resource from the list",
    action=Action.KEEP_RESOURCE, status=204, problems=(NotFound,),
)  # fmt: skip
def delete_resource(call: Call, resource_id: str) -> None:
    from chalicelib.usecases.keep_resources import remove_resource

    remove_resource(resource_id, call.person, resources=call.services.resources, clock=call.services.clock)


@endpoint(
    api, "POST", "/v1/emergency-resources/{resource_id}/checks", summary="Say what was found where it stands",
    action=Action.KEEP_RESOURCE, request="emergency.ResourceCheckIn", response="emergency.EmergencyResourceOut",
    problems=(NotFound,),
)  # fmt: skip
def post_resource_check(call: Call, resource_id: str) -> EmergencyResourceOut:
    from chalicelib.usecases.keep_resources import check_resource

    given, ports = call.body, call.services
    kept = check_resource(
        resource_id,
        given.checked_at,
        given.quantity,
        given.is_usable,
        given.note,
        call.person,
        resources=ports.resources,
        clock=ports.clock,
    )
    return _view(call, kept.value)


@endpoint(
    api, "GET", "/v1/emergency-resources/{resource_id}/history", summary="All that a resource ever was, and who changed it",
    action=Action.READ_RESOURCE, response="emergency.ResourceHistoryOut", problems=(NotFound,),
)  # fmt: skip
def get_resource_history(call: Call, resource_id: str) -> ResourceHistoryOut:
    from chalicelib.api.models.emergency import ResourceEditionOut, ResourceHistoryOut
    from chalicelib.usecases.keep_resources import see_history

    found = see_history(resource_id, call.person, resources=call.services.resources)
    return ResourceHistoryOut(
        items=[
            ResourceEditionOut(
                version=one.version, by=one.by, at=one.at_ms, is_removed=one.is_removed, resource=_view(call, one.value)
            )
            for one in found
        ]
    )


def _view(call: Call, one: EmergencyResource) -> EmergencyResourceOut:
    from chalicelib.api.models.emergency import EmergencyResourceOut, Shown
    from chalicelib.domain.emergency import may_see_phones

    shown = Shown(call.language, call.services.zone, with_phones=may_see_phones(call.person, one))
    return EmergencyResourceOut.of(one, call.services.clock.now_ms(), shown)
