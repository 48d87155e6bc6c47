"""The walk's parts about phones without a signal: what they fetch and bring, and a retest that came after its task was closed."""

from collections.abc import Callable

from mobile_api_spec.recorder import Walker
from tests.acts import client_id, photo_body, retest_body

At = Callable[[float], str]


def sync(w: Walker, at: At) -> None:
    """With the task open: a first sync, and a batch of which one operation is wrong."""
    w.call("get_sync", "inspector_safety", expect=200)
    task = {"task_id": w.task_id, "at": at(6)}
    seen = w.call("get_task", "inspector_safety", task_id=w.task_id, expect=200)["version"]
    operations = [
        {"id": client_id(81), "kind": "acknowledge", "base_version": seen, **task},
        {"id": client_id(82), "kind": "photo", "payload": photo_body(15, "safety"), **task},
        {"id": client_id(83), "kind": "retest", "payload": retest_body(83, "safety", unit="ppm"), **task},
    ]
    sent = {"device_id": "phone-1", "sent_at": at(7), "operations": operations}
    w.call("post_sync", "inspector_safety", body=sent, expect=200)


def conflicts(w: Walker, at: At) -> None:
    """With the task closed: its department cannot apply what came too late, and says so."""
    late = {
        "id": client_id(84),
        "kind": "retest",
        "task_id": w.task_id,
        "at": at(8),
        "payload": retest_body(84, "safety"),
    }
    w.call(
        "post_sync", "inspector_safety", expect=200,
        body={"device_id": "phone-1", "sent_at": at(9), "operations": [late]},
    )  # fmt: skip
    w.park.pump()
    which = {"owner_id": "inspector_safety", "operation_id": client_id(84)}
    w.call("list_conflicts", "department_safety", query={"limit": "20"}, expect=200)
    w.call("get_operation", "inspector_safety", expect=200, **which)
    ruling = {"decision": "discard", "reason": "任务已办结，数值已另行记录"}
    w.call("post_decision", "department_environment", body=ruling, expect=403, **which)
    w.call("post_decision", "department_safety", body=ruling | {"decision": "apply"}, expect=409, **which)
    w.call("post_decision", "department_safety", body=ruling, expect=200, **which)
