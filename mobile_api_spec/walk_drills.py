"""The part of the walk about a drill, from its plan to its report."""

from chalicelib.api.models.wire import rfc3339
from mobile_api_spec.recorder import Walker
from tests.acts import client_id

DRILL = client_id(80)
PEOPLE = ["inspector_safety", "inspector_environment", "enterprise", "department_safety", "department_environment"]


def drills(w: Walker) -> None:
    w.call("list_scenarios", "committee", expect=200)
    plan = {
        "id": DRILL,
        "title": "一季度跨企业联合演练",
        "scenario": "coupled-tier2",
        "units": ["acme-r1"],
        "people": PEOPLE,
        "starts_at": rfc3339(w.park.clock.ms + 3_600_000),
        "lasts_min": 60,
    }
    w.call("post_drill", "committee", body=plan, expect=201)
    w.call("post_drill", "committee", body=plan | {"lasts_min": 90}, expect=409)
    w.call("post_drill", "committee", body=plan | {"scenario": "unheard-of"}, expect=400)
    w.call("get_drill", "enterprise", drill_id=DRILL, expect=200)
    w.call("end_drill", "committee", drill_id=DRILL, expect=409)
    w.call("start_drill", "committee", drill_id=DRILL, expect=200)
    w.park.pump()
    w.park.clock.advance(120)
    w.call("get_drill_report", "department_safety", drill_id=DRILL, expect=200)
    w.call("end_drill", "committee", drill_id=DRILL, expect=200)
    w.call("start_drill", "committee", drill_id=DRILL, expect=409)
    w.call("cancel_drill", "committee", drill_id=DRILL, expect=409)
    other = client_id(81)
    w.call("post_drill", "committee", body=plan | {"id": other, "title": "二季度联合演练"}, expect=201)
    w.call("cancel_drill", "committee", drill_id=other, expect=200)
    w.call("list_drills", "committee", query={"limit": "20"}, expect=200)
    w.park.pump()
