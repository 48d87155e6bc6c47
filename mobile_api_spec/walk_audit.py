"""The walk's part about the audit: who did what to the task that was just closed."""

from mobile_api_spec.recorder import Walker


def audit(w: Walker) -> None:
    w.call("get_audit", "department_safety", object=f"task:{w.task_id}", query={"limit": "3"}, expect=200)
    w.call("get_audit", "department_safety", object=f"task:{w.task_id}", query={"after": "999"}, expect=400)
    w.call("export_audit", "department_safety", object=f"task:{w.task_id}", expect=200)
