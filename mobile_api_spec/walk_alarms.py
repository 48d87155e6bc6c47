"""The part of the walk about alarm habits: a unit's warnings are shelved, maintenance is announced, the figures are read."""

from collections.abc import Callable

from chalicelib.api.models.wire import rfc3339
from mobile_api_spec.recorder import Walker
from tests.acts import client_id

At = Callable[[float], str]
SHELVING, WINDOW = client_id(60), "m-2026-03-03"


def alarms(w: Walker, at: At) -> None:
    _shelve(w, at)
    _plan(w, at)
    w.call("get_alarm_kpis", "committee", query={"from": at(0), "to": at(60)}, expect=200)


def _shelve(w: Walker, at: At) -> None:
    body = {"id": SHELVING, "unit": "acme-r1", "reason": "在线监测仪校准", "until": at(120)}
    w.call("post_shelving", "department_safety", body=body, expect=201)
    w.call("post_shelving", "department_safety", body=body | {"reason": "其他原因"}, expect=409)
    w.call("list_shelvings", "enterprise", query={"limit": "20"}, expect=200)
    w.call("get_shelving", "enterprise", shelving_id=SHELVING, expect=200)
    w.call("confirm_shelving", "department_safety", shelving_id=SHELVING, expect=409)
    w.call("confirm_shelving", "department_environment", shelving_id=SHELVING, expect=200)
    w.call("end_shelving", "department_safety", shelving_id=SHELVING, expect=200)
    w.call("confirm_shelving", "committee", shelving_id=SHELVING, expect=409)
    _past(w)


def _past(w: Walker) -> None:
    """What has run out cannot be ended any more."""
    body = {
        "id": client_id(61),
        "unit": "acme-r1",
        "reason": "在线监测仪校准",
        "until": rfc3339(w.park.clock.ms + 60_000),
    }
    w.call("post_shelving", "department_safety", body=body, expect=201)
    now_ms = w.park.clock.ms
    w.park.clock.advance(120)
    w.call("end_shelving", "department_safety", shelving_id=client_id(61), expect=409)
    w.park.clock.ms = now_ms


def _plan(w: Walker, at: At) -> None:
    unit = {"unit_id": "acme-r1"}
    window = {"from": at(24 * 60), "to": at(26 * 60), "reason": "更换搅拌密封"}
    w.call("propose_window", "enterprise", **unit, window_id=WINDOW, body=window, expect=200)
    w.call("approve_window", "department_safety", **unit, window_id=WINDOW, expect=200)
    w.call("propose_window", "enterprise", **unit, window_id=WINDOW, body=window | {"reason": "其他原因"}, expect=409)
    w.call("list_windows", "department_environment", expect=200, **unit)
    w.call("end_window", "enterprise", **unit, window_id=WINDOW, expect=200)
    w.call("approve_window", "department_safety", **unit, window_id=WINDOW, expect=409)
    w.call(
        "propose_window",
        "enterprise",
        window_id="m-past",
        body=window | {"from": rfc3339(w.park.clock.ms), "to": rfc3339(w.park.clock.ms + 60_000)},
        expect=200,
        **unit,
    )
    now_ms = w.park.clock.ms
    w.park.clock.advance(120)
    w.call("end_window", "enterprise", **unit, window_id="m-past", expect=409)
    w.park.clock.ms = now_ms
