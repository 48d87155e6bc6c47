"""The walk's part about what follows from months: results, a ranking, measures, key supervision, interviews and their minutes."""

from chalicelib.domain.interview import Interview, InterviewState
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.domain.times import month_span
from mobile_api_spec.recorder import Walker
from tests.year import lists, months_pass

MINUTES = {
    "held_at": "2026-06-02T10:00:00+08:00",
    "minutes": "企业说明了连续三个月得分偏低的原因，承诺在6月30日前完成尾气治理设施改造。",
    "outcome": "plan_agreed",
    "attended": "企业负责人、安环部长",
}
INTERVIEW = {"enterprise_id": "acme", "month": "2026-05"}


def consequences(w: Walker) -> None:
    """Three low months, one after the other. What comes after it in the walk is in March again."""
    before_ms = w.park.clock.ms
    zone = w.park.services.zone
    for month in ("2026-03", "2026-04", "2026-05"):
        at_ms = month_span(month, zone)[0] + 1
        w.park.services.scores.add([ScoreEntry("acme", month, "t-x:late", Cause.LATE, -80.0, "t-x", at_ms, "1")])
    months_pass(w.park, "2026-03", "2026-04", "2026-05")
    lists(w.park, "acme")
    page = {"limit": "20"}
    w.call("list_results", "enterprise", enterprise_id="acme", query=page, expect=200)
    w.call("get_ranking", "enterprise", query={"month": "2026-05", **page}, expect=200)
    w.call("list_published", "enterprise", query=page, expect=200)
    w.call("list_measures_of", "enterprise", enterprise_id="acme", query=page, expect=200)
    w.call("list_measures", "committee", query=page, expect=200)
    w.call("list_supervised", "department_safety", query=page, expect=200)
    w.call("list_interviews", "committee", query=page, expect=200)
    seen = w.call("get_interview", "enterprise", **INTERVIEW, expect=200)
    w.call(
        "put_interview", "committee", **INTERVIEW, body=MINUTES | {"held_at": "2027-06-09T10:00:00+08:00"}, expect=400
    )
    w.call(
        "put_interview",
        "committee",
        **INTERVIEW,
        body=MINUTES,
        headers={"If-Match": f'"{seen["version"]}"'},
        expect=200,
    )
    gone = Interview("acme:2026-04", "acme", "2026-04", (40.0, 45.0), w.park.clock.ms, state=InterviewState.WITHDRAWN)
    w.park.services.consequences.save_interview(gone, [])
    w.call("put_interview", "committee", enterprise_id="acme", month="2026-04", body=MINUTES, expect=409)
    again = MINUTES | {"outcome": "under_watch"}
    w.call("put_interview", "committee", **INTERVIEW, body=again, headers={"If-Match": '"1"'}, expect=412)
    w.park.clock.ms = before_ms
