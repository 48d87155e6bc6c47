"""Training: courses are published, assigned, taken and marked; passes and missed deadlines feed the score, and a recount finds the same."""

from typing import Any

import pytest

from chalicelib.adapters.course_repo import shipped_courses
from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.course import Course
from chalicelib.handlers.on_clock import on_clock
from tests.acts import client_id
from tests.park import PEOPLE, START_MS, Park

DAY_S = 86_400
BASICS, HYDROGEN = "/v1/courses/coupled-risk-basics/versions/1", "/v1/courses/hydrogen-safety/versions/1"
TEXT = {"zh-CN": "甲", "en": "a"}
QUESTION: dict[str, Any] = {
    "id": "q1", "kind": "single", "text": TEXT, "right": ["b"], "reference": {"zh-CN": "因为乙", "en": "because of b"},
    "options": [{"id": "a", "text": TEXT}, {"id": "b", "text": {"zh-CN": "乙", "en": "b"}}],
}  # fmt: skip
OWN: dict[str, Any] = {
    "title": {"zh-CN": "本园区规定", "en": "Rules of the park"},
    "roles": ["enterprise"], "sections": [{"title": TEXT, "text": TEXT}], "questions": [QUESTION],
}  # fmt: skip
WHERE = "/v1/courses/park-rules/versions/1"


@pytest.fixture
def park() -> Park:
    return Park().register()


def publishes(park: Park, path: str = BASICS) -> None:
    park.as_("admin").post(f"{path}/publication")
    park.pump()


def the_course(path: str = BASICS) -> Course:
    return next(one for one in shipped_courses() if one.id == path.split("/")[3])


def answers(path: str = BASICS, *, wrong: int = 0) -> dict[str, list[str]]:
    questions = the_course(path).questions
    return {one.id: [] if n < wrong else list(one.right) for n, one in enumerate(questions)}


def takes(
    park: Park, person: str, number: int, *, path: str = BASICS, wrong: int = 0, expect: int = 201
) -> dict[str, Any]:
    attempt = {"id": client_id(number), "answers": answers(path, wrong=wrong)}
    found = park.as_(person).post(f"{path}/attempts", attempt, expect=expect)
    park.pump()
    return found


def passes_a_day(park: Park, days: float = 1) -> None:
    park.clock.advance(days * DAY_S)
    on_clock(park.services)
    park.pump()


def entries(park: Park, month: str = "2026-03", eid: str = "acme") -> list[tuple[str, float]]:
    ledger = park.as_("committee").get(f"/v1/enterprises/{eid}/score?month={month}")["entries"]
    return [(one["rule"], one["points"]) for one in ledger if one["cause"] == "training"]


def is_same_as_history(park: Park, month: str = "2026-03") -> bool:
    recount = park.as_("committee").get(f"/v1/enterprises/acme/score/recount?month={month}")
    return bool(recount["is_same"])


def standing(park: Park, person: str = "enterprise", path: str = BASICS) -> tuple[str, str] | None:
    (found,) = (one for one in park.as_(person).get("/v1/courses")["items"] if one["name"] == the_course(path).name)
    return (found["standing"], found["due_at"]) if "standing" in found else None


def inbox(park: Park, person: str) -> list[tuple[str, str]]:
    items = park.as_(person).get("/v1/inbox")["items"]
    return [(one["kind"], one["title"]) for one in items if one["kind"].startswith("course_")]


# writing and publishing


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"right": ["c"]}, "questions.0.right", "wrong_right", id="with a right option that is not there"),
        pytest.param({"right": ["a", "b"]}, "questions.0.right", "wrong_right", id="with two right options where one is chosen"),
        pytest.param({"kind": "multiple"}, "questions.0.right", "wrong_right", id="with one right option of several"),
        pytest.param({"options": []}, "questions.0.options", "invalid", id="without options"),
        pytest.param({"options": [QUESTION["options"][0]] * 2, "right": ["a"]}, "questions.0.options", "repeated", id="with an option twice"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_refused(
    park: Park, changes: dict[str, Any], field: str, code: str
) -> None:
    body = OWN | {"questions": [QUESTION | changes]}
    problem = park.as_("admin").put(WHERE, body, expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_draft_may_be_rewritten_and_what_is_published_may_not(park: Park) -> None:
    park.as_("admin").put(WHERE, OWN)
    assert park.as_("admin").put(WHERE, OWN | {"pass_mark": 60})["is_draft"]
    park.as_("enterprise").get(WHERE, expect=404)
    published = park.as_("admin").post(f"{WHERE}/publication")
    assert published == park.as_("admin").post(f"{WHERE}/publication") and published["published_at"] == rfc3339(
        START_MS
    )
    assert park.as_("admin").put(WHERE, OWN | {"pass_mark": 60}) == published
    park.as_("admin").put(WHERE, OWN, expect=409)
    park.as_("enterprise").get(WHERE)


@pytest.mark.parametrize("person", ["enterprise", "inspector_safety", "department_safety", "committee"])
def test_only_admins_write_and_publish_courses(park: Park, person: str) -> None:
    park.as_(person).put(WHERE, OWN, expect=403)
    park.as_(person).post(f"{BASICS}/publication", expect=403)


def test_courses_that_ship_concern_nobody_until_they_are_published(park: Park) -> None:
    assert park.as_("enterprise").get("/v1/courses")["items"] == []
    drafts = park.as_("admin").get("/v1/courses")["items"]
    assert len(drafts) == 5 and all(one["is_draft"] for one in drafts)
    passes_a_day(park, 60)
    assert inbox(park, "enterprise") == [] and entries(park, "2026-05") == []


# who sees what


def test_a_course_is_for_its_industries_and_its_roles(park: Park) -> None:
    publishes(park)
    publishes(park, HYDROGEN)
    names = {one: [c["id"] for c in park.as_(one).get("/v1/courses")["items"]] for one in PEOPLE}
    assert names["enterprise"] == names["inspector_safety"] == ["coupled-risk-basics"]
    assert names["committee"] == names["department_safety"] == ["coupled-risk-basics", "hydrogen-safety"]
    for person in ("enterprise", "inspector_safety"):
        park.as_(person).get(HYDROGEN, expect=404)
        park.as_(person).post(f"{HYDROGEN}/attempts", {"id": client_id(1), "answers": {}}, expect=404)
    park.as_("committee").post(f"{BASICS}/attempts", {"id": client_id(1), "answers": {}}, expect=403)


def test_right_answers_are_for_admins_only(park: Park) -> None:
    publishes(park)
    for person in ("enterprise", "inspector_safety", "department_safety", "committee"):
        course = park.as_(person).get(BASICS)
        assert len(course["questions"]) == 6 and not any("right" in q or "reference" in q for q in course["questions"])
    assert all(q["right"] and q["reference"] for q in park.as_("admin").get(BASICS)["questions"])


# taking


def test_an_attempt_is_marked_and_says_what_was_wrong_and_why(park: Park) -> None:
    publishes(park)
    failed = takes(park, "enterprise", 1, wrong=2)
    assert (failed["score"], failed["passed"]) == (66.7, False)
    assert [one["question"] for one in failed["wrong"]] == ["q1", "q2"]
    assert failed["wrong"][0]["reference"] == the_course().questions[0].reference
    passed = takes(park, "enterprise", 2, wrong=1)
    assert (passed["score"], passed["passed"]) == (83.3, True)
    assert standing(park) == ("passed", "2027-03-02T10:00:00.000+08:00")
    assert park.as_("enterprise").get(f"{BASICS}/attempts")["items"] == [passed, failed]


def test_an_attempt_that_comes_again_is_one(park: Park) -> None:
    publishes(park)
    first = takes(park, "enterprise", 1)
    park.clock.advance(DAY_S)
    assert takes(park, "enterprise", 1) == first
    takes(park, "enterprise", 1, wrong=1, expect=409)
    assert entries(park) == [("coupled-risk-basics@1", 0.5)]


def test_a_day_has_three_attempts(park: Park) -> None:
    publishes(park)
    first = takes(park, "enterprise", 1, wrong=6)
    for number in (2, 3):
        takes(park, "enterprise", number, wrong=6)
    problem = takes(park, "enterprise", 4, expect=409)
    assert (problem["code"], problem["allowed"]) == ("attempts_spent", 3)
    assert takes(park, "enterprise", 1, wrong=6) == first
    takes(park, "inspector_safety", 5)
    park.clock.advance(DAY_S)
    assert takes(park, "enterprise", 4)["passed"]


def test_answers_to_what_is_not_asked_are_refused(park: Park) -> None:
    publishes(park)
    body = {"id": client_id(1), "answers": {"q9": ["a"], "q1": ["z"]}}
    problem = park.as_("enterprise").post(f"{BASICS}/attempts", body, expect=400)
    assert [one["code"] for one in problem["errors"]] == ["unknown_question", "unknown_option"]


# deadlines, and the score


def test_a_published_course_is_told_to_all_whom_it_concerns(park: Park) -> None:
    for _ in range(2):
        publishes(park)
    for person in ("enterprise", "enterprise_other", "inspector_safety", "inspector_elsewhere"):
        assert inbox(park, person) == [("course_assigned", "【培训】请学习《安全环保耦合风险基础》")]
    for person in ("department_safety", "committee", "admin"):
        assert inbox(park, person) == []
    assert standing(park) == ("due", "2026-04-01T10:00:00.000+08:00")


def test_a_pass_earns_once_a_term_and_no_more_than_the_month_allows(park: Park) -> None:
    publishes(park)
    takes(park, "enterprise", 1)
    takes(park, "enterprise", 2)
    takes(park, "inspector_safety", 3)
    assert entries(park) == [("coupled-risk-basics@1", 0.5)] and is_same_as_history(park)
    for number in range(10):
        person = f"worker-{number}"
        park.as_("admin").put(f"/v1/people/{person}", {"name": person, "role": "enterprise", "enterprise_id": "acme"})
        takes(park, person, 10 + number)
    assert len(entries(park)) == 11 and is_same_as_history(park)
    park.services.registry.forget()
    score = park.as_("committee").get("/v1/enterprises/acme/score")
    assert score["score"] == 100 and {one["cause_text"] for one in score["entries"]} == {"培训"}


def test_a_missed_deadline_costs_once_however_many_have_missed_it(park: Park) -> None:
    second = {"name": "second", "role": "enterprise", "enterprise_id": "acme"}
    park.as_("admin").put("/v1/people/second", second)
    publishes(park)
    takes(park, "enterprise_other", 1)
    for days in (29, 2, 1, 1):
        passes_a_day(park, days)
    assert entries(park, "2026-04") == [("coupled-risk-basics@1", -2.0)] and entries(park, "2026-04", "other") == []
    assert is_same_as_history(park, "2026-04") and standing(park) == ("overdue", "2026-04-01T10:00:00.000+08:00")
    for person in ("enterprise", "second"):
        assert inbox(park, person)[0] == ("course_overdue", "【培训逾期】《安全环保耦合风险基础》")
    assert inbox(park, "enterprise_other") == [("course_assigned", "【培训】请学习《安全环保耦合风险基础》")]
    score = park.as_("committee").get("/v1/enterprises/acme/score?month=2026-04")
    assert [one["score"] for one in score["parts"]] == [98.0, 98.0, 100.0]


def test_a_deadline_that_is_near_is_called_to_mind_once(park: Park) -> None:
    publishes(park)
    takes(park, "enterprise_other", 1)
    for days in (22, 1.5, 1, 1):
        passes_a_day(park, days)
        if days == 22:
            assert [kind for kind, _ in inbox(park, "enterprise")] == ["course_assigned"]
    for person in ("enterprise", "inspector_safety"):
        assert inbox(park, person)[0] == ("course_due", "【培训提醒】《安全环保耦合风险基础》即将到期")
        assert len(inbox(park, person)) == 2
    assert [kind for kind, _ in inbox(park, "enterprise_other")] == ["course_assigned"]


def test_a_pass_is_due_again_when_its_term_is_over(park: Park) -> None:
    publishes(park)
    takes(park, "enterprise", 1)
    passes_a_day(park, 366)
    assert standing(park) == ("overdue", "2027-03-02T10:00:00.000+08:00")
    assert entries(park, "2027-03") == [("coupled-risk-basics@1", -2.0)]
    takes(park, "enterprise", 2)
    assert entries(park, "2027-03") == [("coupled-risk-basics@1", -2.0), ("coupled-risk-basics@1", 0.5)]
    assert is_same_as_history(park, "2027-03")


def test_who_is_new_has_the_whole_time_from_when_they_came(park: Park) -> None:
    publishes(park)
    takes(park, "enterprise", 1)
    passes_a_day(park, 60)
    park.as_("admin").put("/v1/people/new", {"name": "new", "role": "enterprise", "enterprise_id": "acme"})
    passes_a_day(park)
    (course,) = park.as_("new").get("/v1/courses")["items"]
    assert (course["standing"], course["due_at"]) == ("due", rfc3339(park.clock.ms + 30 * DAY_S * 1000))
    assert inbox(park, "new")[0][0] == "course_assigned" and entries(park, "2026-05") == []


def test_a_newer_version_takes_the_place_of_the_one_before(park: Park) -> None:
    park.as_("admin").put(WHERE, OWN)
    publishes(park, WHERE)
    newer = WHERE.replace("/1", "/2")
    park.as_("admin").put(newer, OWN | {"pass_mark": 100})
    assert [one["version"] for one in park.as_("enterprise").get("/v1/courses")["items"]] == [1]
    publishes(park, newer)
    assert [one["version"] for one in park.as_("enterprise").get("/v1/courses")["items"]] == [2]
    park.as_("enterprise").post(f"{WHERE}/attempts", {"id": client_id(1), "answers": {}}, expect=404)


# how enterprises stand


def test_an_enterprise_and_the_park_see_who_has_passed_and_who_should_have(park: Park) -> None:
    park.as_("admin").put("/v1/people/second", {"name": "老周", "role": "enterprise", "enterprise_id": "acme"})
    publishes(park)
    takes(park, "enterprise", 1)
    passes_a_day(park, 31)
    own = park.as_("enterprise").get("/v1/enterprises/acme/training")
    assert (own["passed"], own["due"], own["overdue"]) == (1, 0, 1)
    assert [(one["person_name"], one["standing_text"]) for one in own["items"]] == [
        ("老周", "已逾期"),
        ("enterprise", "已通过"),
    ]
    park.as_("enterprise_other").get("/v1/enterprises/acme/training", expect=404)
    park.as_("inspector_safety").get("/v1/enterprises/acme/training", expect=403)
    first = park.as_("committee").get("/v1/training?limit=1")
    second = park.as_("committee").get(f"/v1/training?limit=1&cursor={first['next_cursor']}")
    rows = [(o["enterprise_id"], o["passed"], o["due"], o["overdue"]) for o in first["items"] + second["items"]]
    assert rows == [("acme", 1, 0, 1), ("other", 0, 0, 1)] and "next_cursor" not in second
    assert park.as_("department_elsewhere").get("/v1/training")["items"] == []
    park.as_("enterprise").get("/v1/training", expect=403)


def test_an_entry_of_training_may_be_objected_to(park: Park) -> None:
    publishes(park)
    passes_a_day(park, 31)
    (entry,) = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-04")["entries"]
    raised = {"id": client_id(5), "month": "2026-04", "entry": entry["key"], "reason": "人员已离职"}
    park.as_("enterprise").post("/v1/score-objections", raised, expect=201)
    park.as_("committee").post(f"/v1/score-objections/{client_id(5)}/decision", {"uphold": True, "reason": "属实"})
    score = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-04")
    assert score["score"] == 100 and is_same_as_history(park, "2026-04")
