"""The walk's parts about who works on what: a side that changes hands, and the rota."""

from collections.abc import Callable
from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import answer_body, client_id
from tests.park import PEOPLE

At = Callable[[float], str]
STALE = {"If-Match": '"999"'}
SECOND = "inspector_second"


def crew(w: Walker, at: At) -> None:
    """A second inspector of the group gets the side, and gives it back."""
    side: dict[str, Any] = {"task_id": w.task_id, "side": "safety"}
    second = {"name": "安全网格员乙", **PEOPLE["inspector_safety"], "phone": "+86 139 0000 0002"}
    w.call("put_person", "admin", person_id=SECOND, body=second, expect=200)
    shift = {"from": at(0), "to": at(720), "reason": "白班"}
    leave = {"from": at(1440), "to": at(2880), "reason": "年休假"}
    for who in ("inspector_safety", SECOND):
        w.call("put_shift", "department_safety", person_id=who, entry_id="s-0302", body=shift, expect=200)
    w.call("put_shift", "department_environment", person_id=SECOND, entry_id="s-0302", body=shift, expect=403)
    w.call("put_leave", "inspector_safety", person_id="inspector_safety", entry_id="l-1", body=leave, expect=200)
    w.call("get_duty", "department_safety", query={"region": "east", "industry": "circular_chemical"}, expect=200)
    w.call("delete_leave", "inspector_safety", person_id="inspector_safety", entry_id="l-1", expect=204)
    w.call("delete_shift", "department_safety", person_id="inspector_safety", entry_id="s-0302", expect=204)
    w.call("delete_shift", "department_environment", person_id=SECOND, entry_id="s-0302", expect=403)
    w.call("delete_shift", "department_safety", person_id=SECOND, entry_id="s-0302", expect=204)
    w.call("post_acceptance", "inspector_safety", headers=STALE, expect=412, **side)
    w.call("post_acceptance", "inspector_safety", expect=200, **side)
    reason = {"reason": "本人正在另一现场"}
    w.call("post_decline", "inspector_safety", body=reason, headers=STALE, expect=412, **side)
    w.call("post_decline", "inspector_safety", body=reason, expect=200, **side)
    w.call("post_decline", SECOND, body=reason, expect=409, **side)
    back = {"to": "inspector_safety", "reason": "已返回"}
    w.call("post_transfer", SECOND, body=back, headers=STALE, expect=412, **side)
    w.call("post_transfer", "inspector_environment", body=back, expect=403, **side)
    w.call("post_transfer", SECOND, body=back, expect=200, **side)
    _no_more_the_holder(w, side, reason)
    w.park.pump()
    hazard = {
        "id": client_id(86), "enterprise_id": "acme", "unit_id": "acme-r1", "dimension": "safety", "severity": 2,
        "text": "二层平台护栏松动，下方为人行通道", "seen_at": at(5),
    }  # fmt: skip
    w.call("post_hazard", "inspector_safety", body=hazard, expect=201)
    w.call("post_hazard", "inspector_safety", body=hazard | {"severity": 3}, expect=409)
    visit = {"id": client_id(88), "tasks": [w.task_id, f"t-{client_id(86)}"], "planned_at": at(30)}
    w.call("post_visit", "department_safety", body=visit, expect=201)
    w.call("post_visit", "department_safety", body=visit | {"planned_at": at(60)}, expect=409)
    w.call("get_visit", "inspector_safety", visit_id=client_id(88), expect=200)
    w.call("list_visits", "enterprise", query={"limit": "20"}, expect=200)
    w.park.pump()


def settled(w: Walker) -> None:
    """With the side accepted, nobody hands it on."""
    side: dict[str, Any] = {"task_id": w.task_id, "side": "safety"}
    w.call("post_transfer", "department_safety", body={"to": SECOND, "reason": "换人"}, expect=409, **side)
    w.call("post_decline", "inspector_safety", body={"reason": "已办结"}, expect=409, **side)
    w.call("answer_item", "inspector_safety", body=answer_body(52), expect=409, **side, item="cooling")


def _no_more_the_holder(w: Walker, side: dict[str, Any], reason: dict[str, str]) -> None:
    w.call("acknowledge", SECOND, task_id=w.task_id, expect=409)
    w.call("post_acceptance", SECOND, expect=409, **side)
    w.call("post_decline", SECOND, body=reason, expect=409, **side)
    w.call("post_transfer", SECOND, body=reason | {"to": SECOND}, expect=409, **side)
