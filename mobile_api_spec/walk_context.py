"""The part of the walk about the park's context: emergency resources, targets, lists that come and go, reports."""

from collections.abc import Callable
from typing import Any

from mobile_api_spec.recorder import Walker

At = Callable[[float], str]
RESOURCE: dict[str, Any] = {
    "name": "泡沫消防车",
    "kind": "firefighting",
    "region": "east",
    "where": "东门应急库",
    "position": {"latitude": 31.2311, "longitude": 121.4801},
    "quantity": 2,
    "unit": "台",
    "least": 1,
    "on_call": [{"name": "应急值班员甲", "phone": "13800001234", "hours": {"begins": "20:00", "ends": "08:00"}}],
}


def context(w: Walker, at: At) -> None:
    resources(w, at)


def resources(w: Walker, at: At) -> None:
    foam = {"resource_id": "foam-east"}
    w.call("put_resource", "department_safety", body=RESOURCE, expect=200, **foam)
    w.call("put_resource", "department_elsewhere", body=RESOURCE, expect=403, **foam)
    found = {"checked_at": at(20), "quantity": 2, "is_usable": True, "note": "泡沫液在有效期内"}
    w.call("post_resource_check", "department_safety", body=found, expect=200, **foam)
    w.call("post_resource_check", "department_safety", body=found | {"checked_at": at(10)}, expect=400, **foam)
    w.call("get_resource", "inspector_safety", expect=200, **foam)
    w.call("list_resources", "enterprise", expect=200)
    spare = {"resource_id": "boom-east"}
    boom = {"name": "围油栏", "kind": "containment", "quantity": 300, "unit": "m", "on_call": []}
    w.call("put_resource", "committee", body=RESOURCE | boom, expect=200, **spare)
    w.call("delete_resource", "committee", expect=204, **spare)
    w.call("delete_resource", "committee", expect=404, **spare)
    w.call("get_resource_history", "committee", expect=200, **spare)
