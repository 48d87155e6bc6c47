"""The walk's part about checklists: a version is published, and items of the task's own list are answered."""

from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import answer_body

VERSION: dict[str, Any] = {"checklist_id": "park-reactor-safety", "number": "1"}


def publish(w: Walker) -> None:
    """Before there is a task: one that is open keeps the list that it was opened with."""
    items = [
        {"id": "cooling", "text": {"zh-CN": "冷却系统运行正常", "en": "The cooling system runs"}, "is_critical": True}
    ]
    document = {"dimension": "safety", "unit_type": "reactor", "items": items}
    w.call("put_checklist", "admin", body=document, expect=200, **VERSION)
    w.call("put_checklist", "admin", body=document | {"unit_type": "boiler"}, expect=409, **VERSION)
    w.call("put_checklist", "admin", body=document | {"items": []}, expect=400, **VERSION)


def checklists(w: Walker) -> None:
    w.call("get_checklist", "inspector_safety", expect=200, **VERSION)
    w.call("get_checklist", "inspector_safety", checklist_id="park-reactor-safety", number="2", expect=404)
    w.call("list_checklists", "inspector_safety", expect=200)
    side: dict[str, Any] = {"task_id": w.task_id, "side": "safety"}
    w.call("post_submission", "inspector_safety", body={"note": "已处置"}, expect=409, **side)
    answer = answer_body(50, answer="failed", reason="备用泵未投用", follow_up=True)
    w.call("answer_item", "inspector_safety", body=answer | {"reason": ""}, expect=400, **side, item="cooling")
    w.call("answer_item", "inspector_environment", body=answer, expect=403, **side, item="cooling")
    w.call("answer_item", "inspector_safety", body=answer, expect=200, **side, item="cooling")
    w.call("answer_item", "inspector_safety", body=answer | {"reason": "另一原因"}, expect=409, **side, item="cooling")
    w.call("answer_item", "inspector_safety", body=answer_body(51), expect=404, **side, item="nothing")
    w.call("get_task_checklists", "department_safety", task_id=w.task_id, expect=200)
    w.park.pump()
