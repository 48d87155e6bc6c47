"""The walk's part about the score: an enterprise objects to an entry, and a second person judges that."""

from mobile_api_spec.recorder import Walker
from tests.acts import client_id

MONTH = "2026-03"


def objections(w: Walker) -> None:
    """With the task closed and scored."""
    score = w.call("get_score", "enterprise", enterprise_id="acme", query={"month": MONTH}, expect=200)
    w.call("get_recount", "committee", enterprise_id="acme", query={"month": MONTH}, expect=200)
    by_cause = {one["cause"]: one["key"] for one in score["entries"]}
    body = {"id": client_id(95), "month": MONTH, "entry": by_cause["returned"], "reason": "退回所列照片当时已上传"}
    w.call("post_objection", "enterprise", body=body, expect=201)
    w.call("post_objection", "enterprise", body=body | {"reason": "另一理由"}, expect=409)
    w.call("post_objection", "enterprise", body=body | {"id": client_id(96)}, expect=409)
    w.call("post_objection", "enterprise", body=body | {"entry": "t-none:late"}, expect=404)
    w.call("post_objection", "enterprise", body=body | {"id": client_id(97), "entry": by_cause["timely"]}, expect=400)
    w.call("list_objections", "department_safety", query={"limit": "20"}, expect=200)
    w.call("get_objection", "enterprise", objection_id=client_id(95), expect=200)
    decision = {"uphold": True, "reason": "核对上传记录，照片确在期限内"}
    w.call("decide_objection", "department_safety", objection_id=client_id(95), body=decision, expect=409)
    w.call("decide_objection", "committee", objection_id=client_id(95), body=decision, expect=200)
    again = decision | {"uphold": False}
    w.call("decide_objection", "committee", objection_id=client_id(95), body=again, expect=409)
    w.park.pump()


def objects_too_late(w: Walker) -> None:
    """Long after the task was closed."""
    score = w.call("get_score", "enterprise", enterprise_id="acme", query={"month": MONTH}, expect=200)
    key = next(one["key"] for one in score["entries"] if one["cause"] == "warning")
    body = {"id": client_id(98), "month": MONTH, "entry": key, "reason": "传感器当时故障"}
    w.call("post_objection", "enterprise", body=body, expect=409)
