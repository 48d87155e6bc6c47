"""The part of the walk about training: a course is written, published, taken, and counted."""

from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import client_id

WHERE = {"course_id": "park-rules", "number": "1"}
COURSE: dict[str, Any] = {
    "title": {"zh-CN": "园区安全环保管理规定", "en": "The park's rules"},
    "industries": ["circular_chemical"],
    "roles": ["enterprise", "inspector"],
    "sections": [
        {
            "title": {"zh-CN": "联合处置", "en": "Working together"},
            "text": {
                "zh-CN": "安全、环保两侧都验收通过，任务才办结。",
                "en": "A task closes when both sides are accepted.",
            },
        }
    ],
    "questions": [
        {
            "id": "q1",
            "kind": "true_false",
            "text": {
                "zh-CN": "读数恢复正常，任务即自动办结。",
                "en": "A task closes by itself when its readings are normal again.",
            },
            "right": ["false"],
            "reference": {"zh-CN": "两侧都通过验收才办结。", "en": "It closes when both sides are accepted."},
        }
    ],
    "pass_mark": 80,
    "deadline_days": 30,
    "valid_months": 12,
    "attempts_a_day": 2,
}


def courses(w: Walker) -> None:
    w.call("put_course", "admin", body=COURSE, expect=200, **WHERE)
    w.call("publish_course", "admin", expect=200, **WHERE)
    w.call("put_course", "admin", body=COURSE | {"pass_mark": 60}, expect=409, **WHERE)
    w.park.pump()
    w.call("list_courses", "enterprise", expect=200)
    w.call("get_course", "enterprise", expect=200, **WHERE)
    wrong = {"id": client_id(82), "answers": {"q1": ["true"]}}
    w.call("post_attempt", "enterprise", body=wrong, expect=201, **WHERE)
    w.call("post_attempt", "enterprise", body=wrong | {"answers": {}}, expect=409, **WHERE)
    right = {"id": client_id(83), "answers": {"q1": ["false"]}}
    w.call("post_attempt", "enterprise", body=right, expect=201, **WHERE)
    w.call("post_attempt", "enterprise", body=right | {"id": client_id(84)}, expect=409, **WHERE)
    w.call("list_attempts", "enterprise", expect=200, **WHERE)
    w.park.pump()
    w.call("get_training", "enterprise", enterprise_id="acme", expect=200)
    w.call("list_training", "committee", query={"limit": "20"}, expect=200)
