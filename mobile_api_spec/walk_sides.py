"""The walk's parts about sides: a waiver that is refused, and a task that is opened again."""

from typing import Any

from mobile_api_spec.recorder import Walker

STALE = {"If-Match": '"1"'}


def waiver(w: Walker) -> None:
    """The environment side is not handed in yet."""
    side: dict[str, Any] = {"task_id": w.task_id, "side": "environment"}
    proposal = {"reason": "废气改由园区集中处理，本侧无须验收"}
    refusal = {"consent": False, "reason": "集中处理尚未验收"}
    w.call("post_waiver", "department_environment", body=proposal, headers=STALE, expect=412, **side)
    w.call("post_waiver", "department_environment", body=proposal, expect=200, **side)
    w.call("post_waiver", "department_environment", body={"reason": "另一理由"}, expect=409, **side)
    w.call("decide_waiver", "department_safety", body=refusal, headers=STALE, expect=412, **side)
    w.call("decide_waiver", "department_safety", body=refusal, expect=200, **side)
    w.call("decide_waiver", "department_safety", body=refusal | {"reason": "另一理由"}, expect=409, **side)


def reopening(w: Walker) -> None:
    """Both sides are settled; one of them is opened again, and the other is left for too long."""
    side: dict[str, Any] = {"task_id": w.task_id, "side": "safety"}
    again = {"reason": "复查发现密封处仍有渗漏"}
    w.call("post_reopening", "department_safety", body=again, headers=STALE, expect=412, **side)
    w.call("post_reopening", "department_safety", body=again, expect=200, **side)
    w.call("post_reopening", "department_safety", body={"reason": "另一原因"}, expect=409, **side)
    w.park.clock.advance(31 * 86_400)
    side |= {"side": "environment"}
    w.call("post_reopening", "department_environment", body=again, expect=409, **side)
