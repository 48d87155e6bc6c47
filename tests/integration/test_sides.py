"""Two-dimension acceptance through the API: who may waive, return and reopen what, and what comes of it."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain import side as sides
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.side import Submission
from chalicelib.handlers.on_clock import on_clock
from tests.acts import FakeInspector, brings_retest, closes, judges, submits, the_task
from tests.park import PEOPLE, Park

DAY_S = 86_400


@pytest.fixture
def park() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    return park


def says(park: Park, person: str, what: str, body: dict[str, Any], expect: int = 200, side: str = "safety") -> Any:
    path = f"/v1/tasks/{task_of(park)['id']}/sides/{side}/{what}"
    answer = park.as_(person).post(path, body, expect=expect)
    park.pump()
    return answer


def task_of(park: Park) -> dict[str, Any]:
    (task,) = park.as_("committee").get("/v1/tasks?state=all")["items"]
    return dict(task)


def kinds(park: Park, person: str) -> list[str]:
    return [one["kind"] for one in park.as_(person).get("/v1/inbox")["items"]]


PROPOSE = {"reason": "该装置已停用并拆除"}
CONSENT = {"consent": True, "reason": "情况属实"}


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("department_environment", 403),
        ("department_elsewhere", 404),
        ("inspector_safety", 403),
        ("enterprise", 403),
        ("committee", 403),
        ("admin", 403),
    ],
)
@pytest.mark.parametrize("what", ["waiver", "reopening"])
def test_only_its_own_department_waives_or_reopens_a_side(park: Park, person: str, status: int, what: str) -> None:
    says(park, person, what, PROPOSE, expect=status)


@pytest.mark.parametrize(
    ("person", "status"), [("department_safety", 403), ("inspector_environment", 403), ("enterprise", 403)]
)
def test_only_the_other_department_decides_about_a_waiver(park: Park, person: str, status: int) -> None:
    says(park, "department_safety", "waiver", PROPOSE)
    says(park, person, "waiver/decision", CONSENT, expect=status)


def test_a_waiver_needs_a_reason_and_a_proposal(park: Park) -> None:
    assert says(park, "department_safety", "waiver", {"reason": " "}, expect=400)["errors"][0]["field"] == "reason"
    problem = says(park, "department_environment", "waiver/decision", CONSENT, expect=409)
    assert problem["code"] == "illegal_transition"


def test_a_side_is_waived_once_both_departments_agree(park: Park) -> None:
    proposed = says(park, "department_safety", "waiver", PROPOSE)
    assert proposed["safety"]["state"] == "pending"
    assert says(park, "department_safety", "waiver", PROPOSE) == proposed
    assert "waiver_proposed" in kinds(park, "department_environment")
    assert "waiver_proposed" not in kinds(park, "department_safety")
    waived = says(park, "department_environment", "waiver/decision", CONSENT)
    assert (waived["safety"]["state"], waived["state"]) == ("waived", "open")
    assert says(park, "department_environment", "waiver/decision", CONSENT) == waived
    assert "side_waived" in kinds(park, "enterprise")
    assert submits(park, task_of(park), "safety", expect=409)["code"] in ("illegal_transition", "evidence_missing")
    brings_retest(park, task_of(park), "environment")
    submits(park, task_of(park), "environment")
    assert judges(park, task_of(park), "environment")["state"] == "closed"


def test_a_waiver_that_is_refused_is_told_to_who_proposed_it(park: Park) -> None:
    says(park, "department_safety", "waiver", PROPOSE)
    refused = says(park, "department_environment", "waiver/decision", {"consent": False, "reason": "仍须验收"})
    assert (refused["safety"]["state"], refused["safety"]["waiver"]["is_given"]) == ("pending", False)
    assert "waiver_refused" in kinds(park, "department_safety")


def test_a_rejection_says_what_lacks_and_until_when(park: Park) -> None:
    brings_retest(park, task_of(park), "safety")
    submits(park, task_of(park), "safety")
    redo_by = rfc3339(park.clock.ms + 3_600_000)
    lacks = [{"what": "阀门编号不清"}, {"what": "缺联锁复位照片", "evidence_id": "p-1"}]
    verdict = {"revision": 1, "verdict": "rejected", "reason": "证据不足", "lacks": lacks, "redo_by": redo_by}
    side = says(park, "department_safety", "verdict", verdict)["safety"]
    assert [one["what"] for one in side["verdict"]["lacks"]] == ["阀门编号不清", "缺联锁复位照片"]
    assert side["verdict"]["redo_by"] == redo_by
    park.clock.advance(3601)
    on_clock(park.services)
    park.pump()
    assert "redo_safety" in task_of(park)["overdue"]
    (told,) = [n for n in park.as_("inspector_safety").get("/v1/inbox")["items"] if "安全侧整改" in n["body"]]
    assert told["kind"] == "task_overdue"


def test_a_rejection_with_a_reason_only_lacks_what_the_reason_says(park: Park) -> None:
    brings_retest(park, task_of(park), "safety")
    submits(park, task_of(park), "safety")
    side = judges(park, task_of(park), "safety", "rejected", reason="照片不清")["safety"]
    assert [one["what"] for one in side["verdict"]["lacks"]] == ["照片不清"]
    assert side["verdict"]["redo_by"] == rfc3339(park.clock.ms + 2 * 3_600_000)


@pytest.mark.parametrize("ahead_ms", [-1, 30 * DAY_S * 1000 + 1])
def test_a_time_to_redo_that_is_past_or_too_far_is_refused(park: Park, ahead_ms: int) -> None:
    brings_retest(park, task_of(park), "safety")
    submits(park, task_of(park), "safety")
    verdict = {"revision": 1, "verdict": "rejected", "reason": "x", "redo_by": rfc3339(park.clock.ms + ahead_ms)}
    assert says(park, "department_safety", "verdict", verdict, expect=400)["errors"][0]["field"] == "redo_by"


def test_a_closed_task_is_opened_again_by_one_side_and_scores_once(park: Park) -> None:
    closes(park, task_of(park))
    score = park.as_("enterprise").get("/v1/enterprises/acme/score")
    park.clock.advance(29 * DAY_S)
    opened = says(park, "department_safety", "reopening", {"reason": "现场复查又见泄漏"})
    assert says(park, "department_safety", "reopening", {"reason": "现场复查又见泄漏"}) == opened
    assert (opened["state"], opened["safety"]["state"], opened["environment"]["state"]) == (
        "open",
        "rejected",
        "passed",
    )
    assert opened["due_at"] == rfc3339(park.clock.ms + 2 * 3_600_000)
    assert "side_reopened" in kinds(park, "inspector_safety")
    assert [one["id"] for one in park.as_("inspector_safety").get("/v1/tasks")["items"]] == [opened["id"]]
    park.clock.advance(3 * 3600)
    submits(park, task_of(park), "safety", "已重新紧固")
    assert judges(park, task_of(park), "safety", revision=2)["state"] == "closed"
    month = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")
    assert month["entries"] == score["entries"]
    assert kinds(park, "enterprise").count("task_closed") == 2


def test_after_thirty_days_it_stays_closed(park: Park) -> None:
    closes(park, task_of(park))
    park.clock.advance(30 * DAY_S + 1)
    problem = says(park, "department_safety", "reopening", {"reason": "x"}, expect=409)
    assert (problem["code"], problem["days"]) == ("reopening_too_late", 30)


def test_what_is_open_cannot_be_opened(park: Park) -> None:
    assert says(park, "department_safety", "reopening", {"reason": "x"}, expect=409)["code"] == "illegal_transition"


def test_the_story_of_the_task_is_the_one_that_was_seen(park: Park) -> None:
    assert the_task(park) == task_of(park)


def test_who_brought_evidence_of_a_side_does_not_judge_it(park: Park) -> None:
    """The inspector who measured has moved to the department; a colleague had handed the side in."""
    task = park.services.tasks.get(task_of(park)["id"])
    assert task is not None
    brings_retest(park, task_of(park), "safety")
    handed_in = sides.submit(task.safety, Submission("colleague", park.clock.ms, "已处置"))
    park.services.tasks.save(task.with_side(Dimension.SAFETY, handed_in), [])
    moved = {"name": "x", **PEOPLE["inspector_safety"], "role": "department"}
    park.as_("admin").put("/v1/people/inspector_safety", moved)
    problem = says(park, "inspector_safety", "verdict", {"revision": 1, "verdict": "passed"}, 409)
    assert problem["code"] == "judge_is_submitter"
