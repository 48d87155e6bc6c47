"""Joint tasks: who works them, who judges them, what may follow what, and which deadlines are told."""

from typing import Any

import pytest

from chalicelib.adapters.rows import Row
from chalicelib.domain.errors import IllegalTransition
from chalicelib.domain.side import SideAction, SideState, next_state
from chalicelib.handlers.on_clock import on_clock
from tests.acts import FakeInspector, brings_retest, closes, judges, retest_body, submits, the_task
from tests.park import PEOPLE, Park

PENDING, SUBMITTED, PASSED, REJECTED, WAIVED = SideState
SUBMIT, PASS, REJECT, WAIVE, REOPEN = SideAction
ALLOWED = {
    (PENDING, SUBMIT): SUBMITTED,
    (REJECTED, SUBMIT): SUBMITTED,
    (SUBMITTED, PASS): PASSED,
    (SUBMITTED, REJECT): REJECTED,
    (PENDING, WAIVE): WAIVED,
    (REJECTED, WAIVE): WAIVED,
    (PASSED, REOPEN): REJECTED,
    (WAIVED, REOPEN): REJECTED,
}
TIERS = {
    1: {"temperature": 182.0, "voc": 39.0, "steam": 100.0},
    2: {"temperature": 184.0, "voc": 45.0, "steam": 100.0},
    3: {"temperature": 188.0, "voc": 54.0, "steam": 112.0},
}
EAST = {"regions": ["east"], "industries": ["circular_chemical"]}


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def hot(park: Park, tier: int) -> dict[str, Any]:
    """The task of a plant that runs at a tier."""
    park.runs_hot(**TIERS[tier])
    task = the_task(park)
    assert task["tier"] == tier
    return task


def kinds(park: Park, person: str) -> list[str]:
    return [notice["kind"] for notice in park.as_(person).get("/v1/inbox")["items"]]


def verdict(park: Park, task: dict[str, Any], who: str, side: str, body: dict[str, Any], expect: int) -> dict[str, Any]:
    return park.as_(who).post(f"/v1/tasks/{task['id']}/sides/{side}/verdict", body, expect=expect)


# what may follow what


@pytest.mark.parametrize("state", SideState)
@pytest.mark.parametrize("action", SideAction)
def test_a_side_goes_where_the_table_says_and_nowhere_else(state: SideState, action: SideAction) -> None:
    if (state, action) in ALLOWED:
        assert next_state(state, action) is ALLOWED[state, action]
        return
    with pytest.raises(IllegalTransition) as refused:
        next_state(state, action)
    assert refused.value.params == {"state": state.value, "action": action.value}


@pytest.mark.parametrize("answer", ["passed", "rejected"])
def test_a_side_that_nobody_submitted_is_not_judged(park: Park, answer: str) -> None:
    problem = judges(park, hot(park, 3), "safety", answer, reason="没有提交", expect=409)
    assert (problem["code"], problem["state"]) == ("illegal_transition", "pending")


def test_a_side_without_evidence_is_not_submitted(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "environment")
    problem = submits(park, task, "safety", expect=409)
    assert (problem["code"], problem["side"]) == ("evidence_missing", "safety")


def test_a_submitted_side_is_not_submitted_anew_with_other_words(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety", "已降温")
    assert submits(park, task, "safety", "另一说明", expect=409)["state"] == "submitted"


def test_a_rejection_needs_a_reason(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    (error,) = judges(park, task, "safety", "rejected", reason="  ", expect=400)["errors"]
    assert (error["field"], error["code"]) == ("reason", "rejection_needs_reason")


def test_a_rejection_reopens_its_own_side_only(park: Park) -> None:
    task = hot(park, 3)
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
    judges(park, task, "environment")
    after = judges(park, task, "safety", "rejected", reason="缺少照片")
    assert (after["state"], after["safety"]["state"], after["environment"]["state"]) == ("open", "rejected", "passed")
    assert (after["safety"]["returns"], after["safety"]["verdict"]["reason"]) == (1, "缺少照片")
    again = submits(park, task, "safety", "已补拍")
    assert (again["safety"]["state"], again["safety"]["revision"], "verdict" in again["safety"]) == (
        "submitted",
        2,
        False,
    )
    assert judges(park, task, "safety", revision=2)["state"] == "closed"


def test_the_same_verdict_again_is_a_success_and_another_one_is_not(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    first = judges(park, task, "safety")
    park.clock.advance(60)
    assert judges(park, task, "safety") == first
    assert judges(park, task, "safety", "rejected", reason="改变主意", expect=409)["code"] == "illegal_transition"


def test_another_person_of_the_department_does_not_repeat_a_verdict(park: Park) -> None:
    colleague = {"name": "x", "role": "department", "dimension": "safety"}
    park.as_("admin").put("/v1/people/colleague", colleague)
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety")
    assert (
        verdict(park, task, "colleague", "safety", {"revision": 1, "verdict": "passed"}, 409)["code"]
        == "illegal_transition"
    )


@pytest.mark.parametrize("revision", [1, 3])
def test_a_verdict_on_another_revision_is_refused(park: Park, revision: int) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety", "rejected", reason="缺少照片")
    submits(park, task, "safety", "已补拍")
    problem = judges(park, task, "safety", revision=revision, expect=409)
    assert (problem["code"], problem["given"], problem["current"]) == ("stale_revision", revision, 2)


def test_a_task_is_closed_by_both_sides_and_then_takes_no_more(park: Park) -> None:
    task = hot(park, 3)
    closed = closes(park, task)
    assert closed["state"] == "closed" and closed["closed_at"] == closed["environment"]["verdict"]["at"]
    late = retest_body(9, "safety")
    problem = park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/retests", late, expect=409)
    assert (problem["code"], problem["state"]) == ("illegal_transition", "closed")
    assert submits(park, task, "safety", "再次", expect=409)["code"] == "illegal_transition"
    assert park.as_("inspector_safety").get("/v1/tasks")["items"] == []
    (listed,) = park.as_("inspector_safety").get("/v1/tasks?state=all")["items"]
    assert listed["id"] == task["id"]


@pytest.mark.parametrize("first", ["safety", "environment"])
def test_one_side_passed_leaves_the_task_open(park: Park, first: str) -> None:
    task = hot(park, 3)
    brings_retest(park, task, first)
    submits(park, task, first)
    assert judges(park, task, first)["state"] == "open"
    assert "task_closed" not in kinds(park, "enterprise")


# who works and who judges


def test_a_department_judges_its_own_side_only(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    passed = {"revision": 1, "verdict": "passed"}
    assert verdict(park, task, "department_environment", "safety", passed, 403)["code"] == "forbidden"


def test_nobody_judges_what_they_submitted(park: Park) -> None:
    task = hot(park, 3)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    moved = {"name": "x", "role": "department", "dimension": "safety"}
    park.as_("admin").put("/v1/people/inspector_safety", moved)
    passed = {"revision": 1, "verdict": "passed"}
    assert verdict(park, task, "inspector_safety", "safety", passed, 409)["code"] == "judge_is_submitter"


def test_tier_1_is_worked_by_the_enterprise_alone(park: Park) -> None:
    task = hot(park, 1)
    assert all("inspector_id" not in task[side] for side in ("safety", "environment"))
    assert set(task["party"]) == {"enterprise", "department_safety", "department_environment"}
    assert park.as_("inspector_safety").get("/v1/tasks")["items"] == []
    path = f"/v1/tasks/{task['id']}/sides/safety/submission"
    park.as_("enterprise").post(f"/v1/tasks/{task['id']}/retests", retest_body(1, "safety"), expect=201)
    park.as_("inspector_safety").post(path, {"note": "x"}, expect=403)
    assert closes(park, task)["state"] == "closed"


def test_tier_2_is_worked_by_the_joint_group(park: Park) -> None:
    task = hot(park, 2)
    assert [task[side]["inspector_id"] for side in ("safety", "environment")] == [
        "inspector_safety",
        "inspector_environment",
    ]
    assert "committee" not in task["party"]
    brings_retest(park, task, "safety")
    path = f"/v1/tasks/{task['id']}/sides/safety/submission"
    for who in ("enterprise", "inspector_environment"):
        assert park.as_(who).post(path, {"note": "x"}, expect=403)["code"] == "forbidden"
    assert closes(park, task)["state"] == "closed"


def test_tier_3_tells_the_committee(park: Park) -> None:
    assert set(hot(park, 3)["party"]) == set(PEOPLE) - {
        "admin",
        "enterprise_other",
        "inspector_elsewhere",
        "department_elsewhere",
    }
    assert kinds(park, "committee") == ["task_dispatched"]


def test_an_inspector_who_was_not_called_sees_the_task_and_leaves_it_alone(park: Park) -> None:
    second = {"name": "x", "role": "inspector", "dimension": "safety", **EAST}
    park.as_("admin").put("/v1/people/zz_inspector", second)
    task = hot(park, 3)
    caller = park.as_("zz_inspector")
    assert caller.get(f"/v1/tasks/{task['id']}")["id"] == task["id"]
    caller.post(f"/v1/tasks/{task['id']}/acknowledgement", expect=404)
    caller.post(f"/v1/tasks/{task['id']}/retests", retest_body(1, "safety"), expect=404)
    caller.post(f"/v1/tasks/{task['id']}/sides/safety/submission", {"note": "x"}, expect=403)


def test_the_least_loaded_inspector_on_duty_is_called(park: Park) -> None:
    admin = park.as_("admin")
    free = {"name": "x", "role": "inspector", "dimension": "safety", **EAST}
    admin.put("/v1/people/zz_free", free)
    admin.put("/v1/people/aa_off_duty", free | {"on_duty": False})
    admin.put("/v1/people/aa_elsewhere", free | {"regions": ["west"]})
    admin.put("/v1/people/aa_other_trade", free | {"industries": ["hydrogen"]})
    chosen = []
    for eid in ("acme", "other"):
        for _ in range(2):
            park.clock.advance(60)
            park.reads(eid=eid, **TIERS[2])
        chosen.append(the_task(park, eid)["safety"]["inspector_id"])
    assert chosen == ["inspector_safety", "zz_free"]


def test_a_side_that_nobody_is_on_duty_for_still_gets_its_task(park: Park) -> None:
    off = {"name": "x", **PEOPLE["inspector_environment"], "on_duty": False}
    park.as_("admin").put("/v1/people/inspector_environment", off)
    task = hot(park, 3)
    assert "inspector_id" not in task["environment"] and task["safety"]["inspector_id"] == "inspector_safety"


# acknowledgement, escalation, clearing


def test_an_acknowledgement_stands_as_first_given(park: Park) -> None:
    task = hot(park, 2)
    first = park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement")
    park.clock.advance(60)
    assert park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement") == first
    assert [one["by"] for one in first["acknowledgements"]] == ["inspector_safety"]


@pytest.mark.parametrize(
    ("tier", "who", "status"),
    [
        pytest.param(1, "enterprise", 200, id="the enterprise takes a tier 1 task"),
        pytest.param(1, "inspector_safety", 404, id="no inspector takes a tier 1 task"),
        pytest.param(2, "inspector_environment", 200, id="an inspector takes a tier 2 task"),
        pytest.param(2, "enterprise", 403, id="the enterprise does not take it for the inspectors"),
        pytest.param(3, "department_safety", 403, id="a department takes none"),
    ],
)
def test_who_takes_a_task(park: Park, tier: int, who: str, status: int) -> None:
    park.as_(who).post(f"/v1/tasks/{hot(park, tier)['id']}/acknowledgement", expect=status)


def test_an_escalation_calls_inspectors_and_shortens_deadlines(park: Park) -> None:
    calm = hot(park, 1)
    park.clock.advance(60)
    park.reads(**TIERS[3])
    task = the_task(park)
    assert (task["id"], task["tier"]) == (calm["id"], 3)
    assert [task[side]["inspector_id"] for side in ("safety", "environment")] == [
        "inspector_safety",
        "inspector_environment",
    ]
    assert "committee" in task["party"] and task["due_at"] < calm["due_at"]
    assert "acknowledge_due_at" not in calm and "acknowledge_due_at" in task
    assert [one["id"] for one in park.as_("inspector_safety").get("/v1/tasks")["items"]] == [task["id"]]
    assert kinds(park, "inspector_safety") == ["task_escalated"]
    assert kinds(park, "enterprise") == ["task_escalated", "task_dispatched"]


def test_an_escalation_never_grants_more_time(park: Park) -> None:
    task = hot(park, 2)
    park.clock.advance(7 * 3600)
    park.reads(**TIERS[3])
    park.reads(at_ms=park.clock.ms + 1000, **TIERS[3])
    after = the_task(park)
    assert after["tier"] == 3 and after["due_at"] <= task["due_at"]


def test_readings_that_are_back_are_noted_and_close_nothing(park: Park) -> None:
    task = hot(park, 2)
    park.runs_hot(temperature=170.0, voc=30.0)
    after = the_task(park)
    assert after["state"] == "open" and after["warning_cleared_at"] > task["opened_at"]
    (warning,) = park.as_("enterprise").get("/v1/warnings")["items"]
    assert warning["state"] == "cleared"
    assert kinds(park, "enterprise") == ["warning_cleared", "task_dispatched"]


def test_a_closed_task_is_not_escalated(park: Park) -> None:
    task = hot(park, 1)
    closes(park, task)
    park.clock.advance(60)
    park.reads(**TIERS[3])
    assert park.as_("committee").get(f"/v1/tasks/{task['id']}")["tier"] == 1


@pytest.mark.parametrize(
    "tiers",
    [
        pytest.param((3,), id="of a task that was of tier 3 from the beginning"),
        pytest.param((1, 3), id="of a task that escalated"),
    ],
)
def test_every_event_twice_is_the_same_as_once(tiers: tuple[int, ...]) -> None:
    """Streams deliver at least once: all that went into the stream is delivered again."""
    park = Replaying(inspector=FakeInspector()).register()
    for tier in tiers:
        task = hot(park, tier)
    closes(park, task)
    before = state(park)
    park.replay()
    assert state(park) == before and park.failures == 0


class Replaying(Park):
    """Keeps what its streams delivered."""

    def __init__(self, **overrides: object) -> None:
        self.delivered: list[Row] = []
        super().__init__(**overrides)  # type: ignore[arg-type]

    def _deliver(self, row: Row) -> None:
        self.delivered.append(row)
        super()._deliver(row)

    def replay(self) -> None:
        self.stream.extend(list(self.delivered))
        self.pump()


def state(park: Park) -> dict[str, Any]:
    """All that people can see."""
    seen: dict[str, Any] = {person: park.as_(person).get("/v1/inbox?limit=100") for person in PEOPLE}
    committee = park.as_("committee")
    seen |= {
        path: committee.get(path) for path in ("/v1/tasks?state=all", "/v1/warnings", "/v1/enterprises/acme/score")
    }
    return seen | {"pushes": park.services.channel.attempts}  # type: ignore[attr-defined]


# deadlines


@pytest.mark.parametrize(
    ("tier", "acknowledge_s", "finish_s"),
    [
        pytest.param(1, None, 86_400, id="tier 1: a day"),
        pytest.param(2, 1800, 28_800, id="tier 2: half an hour and eight hours"),
        pytest.param(3, 600, 7200, id="tier 3: ten minutes and two hours"),
    ],
)
def test_a_missed_deadline_is_told_once(park: Park, tier: int, acknowledge_s: int | None, finish_s: int) -> None:
    hot(park, tier)
    if acknowledge_s is not None:
        assert told_after(park, acknowledge_s) == []
        assert told_after(park, 1) == ["acknowledge"]
    assert told_after(park, finish_s - (acknowledge_s or -1) - 2) == []
    assert told_after(park, 2) == ["finish"]
    assert told_after(park, 86_400) == []


def told_after(park: Park, seconds: float) -> list[str]:
    """The deadlines that two runs of the clock tell of after so long."""
    before = kinds(park, "enterprise").count("task_overdue")
    park.clock.advance(seconds)
    missed = set(the_task(park)["overdue"])
    for _ in range(2):
        on_clock(park.services)
        park.pump()
    assert kinds(park, "enterprise").count("task_overdue") - before == len(set(the_task(park)["overdue"]) - missed)
    return sorted(set(the_task(park)["overdue"]) - missed)


def test_an_acknowledged_task_misses_only_its_end(park: Park) -> None:
    task = hot(park, 3)
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement")
    assert told_after(park, 7201) == ["finish"]


def test_a_task_that_escalates_is_acknowledged_anew(park: Park) -> None:
    task = hot(park, 1)
    park.as_("enterprise").post(f"/v1/tasks/{task['id']}/acknowledgement")
    park.clock.advance(60)
    park.reads(**TIERS[3])
    assert told_after(park, 601) == ["acknowledge"]


def test_a_closed_task_misses_nothing(park: Park) -> None:
    closes(park, hot(park, 3))
    park.clock.advance(86_400)
    assert on_clock(park.services) == 0


@pytest.mark.parametrize(
    ("hours", "returns", "causes", "score"),
    [
        pytest.param(0, 0, ["timely", "warning"], 93.6, id="in time"),
        pytest.param(3, 0, ["duration", "late", "warning"], 77.7, id="late"),
        pytest.param(0, 1, ["returned", "timely", "warning"], 92.6, id="in time, once returned"),
    ],
)
def test_closing_writes_the_score(park: Park, hours: int, returns: int, causes: list[str], score: float) -> None:
    task = hot(park, 3)
    for number in range(returns):
        brings_retest(park, task, "safety")
        submits(park, task, "safety", f"第{number}次")
        judges(park, task, "safety", "rejected", revision=number + 1, reason="缺少照片")
    park.clock.advance(hours * 3600)
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
        judges(park, task, side, revision=1 + (returns if side == "safety" else 0))
    answer = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")
    assert (sorted(entry["cause"] for entry in answer["entries"]), answer["score"]) == (causes, score)
    assert park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-02")["entries"] == []


def test_lists_are_paged_newest_first(park: Park) -> None:
    for _ in range(3):
        closes_a_run(park)
    first = park.as_("committee").get("/v1/tasks?state=all&limit=2")
    rest = park.as_("committee").get(f"/v1/tasks?state=all&limit=2&cursor={first['next_cursor']}")
    opened = [task["opened_at"] for task in first["items"] + rest["items"]]
    assert len(opened) == 3 and opened == sorted(opened, reverse=True) and "next_cursor" not in rest


def closes_a_run(park: Park) -> None:
    """The plant runs hot, comes back, and its task is closed."""
    task = hot(park, 2)
    park.runs_hot(temperature=170.0, voc=30.0)
    closes(park, task)
