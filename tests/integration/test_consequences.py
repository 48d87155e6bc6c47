"""What a settled month brings: measures that begin and end, the list of key supervision, interviews with their minutes, and who is told."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.bootstrap import ports_of
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.domain.times import month_span
from chalicelib.handlers.on_clock import on_clock
from chalicelib.usecases.open_visits import open_visits
from tests.acts import FakeInspector, client_id, closes
from tests.alarms import Alarms
from tests.park import Park
from tests.year import DAY_MS, HOUR_MS, months_pass

MINUTES = {
    "held_at": "2026-06-02T10:00:00+08:00",
    "minutes": "已说明原因",
    "outcome": "plan_agreed",
    "attended": "负责人",
}


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def costs(park: Park, month: str, points: float, eid: str = "acme") -> ScoreEntry:
    at_ms = month_span(month, park.services.zone)[0] + 1
    entry = ScoreEntry(eid, month, "t-x:late", Cause.LATE, points, "t-x", at_ms, "1")
    park.services.scores.add([entry])
    return entry


def standing(park: Park, person: str = "enterprise") -> dict[str, dict[str, Any]]:
    items = park.as_(person).get("/v1/measures?limit=100")["items"]
    return {one["measure"]: one for one in items if one["enterprise_id"] == "acme"}


def results(park: Park) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = park.as_("enterprise").get("/v1/enterprises/acme/results")["items"]
    return items


def kinds(park: Park, person: str) -> list[str]:
    return [one["kind"] for one in park.as_(person).get("/v1/inbox?limit=100")["items"]]


# refusals


def test_a_month_is_not_settled_before_late_data_had_their_time(park: Park) -> None:
    park.clock.ms = month_span("2026-03", park.services.zone)[1] + 2 * DAY_MS - HOUR_MS - 1
    months_pass_from_here(park)
    assert results(park) == []


def months_pass_from_here(park: Park) -> None:
    from chalicelib.handlers.on_learn import on_learn
    from tests.year import MONTHLY

    on_learn(park.services, MONTHLY)
    park.pump()


def test_minutes_are_the_committee_s_and_not_of_a_time_ahead(park: Park) -> None:
    for month in ("2026-03", "2026-04", "2026-05"):
        costs(park, month, -80.0)
    months_pass(park, "2026-03", "2026-04", "2026-05")
    path = "/v1/enterprises/acme/interviews/2026-05"
    assert park.as_("department_safety").put(path, MINUTES, expect=403)["code"] == "forbidden"
    late = MINUTES | {"held_at": "2027-01-01T00:00:00+08:00"}
    assert park.as_("committee").put(path, late, expect=400)["errors"][0]["code"] == "time_ahead"
    assert park.as_("committee").put(path, MINUTES | {"outcome": "fine"}, expect=400)["errors"][0]["field"] == "outcome"
    assert park.as_("committee").put("/v1/enterprises/acme/interviews/2026-04", MINUTES, expect=404)


def test_another_enterprise_sees_nothing_of_it(park: Park) -> None:
    costs(park, "2026-03", -80.0)
    months_pass(park, "2026-03")
    other = park.as_("enterprise_other")
    other.get("/v1/enterprises/acme/results", expect=404)
    other.get("/v1/enterprises/acme/measures", expect=404)
    seen = {one["enterprise_id"] for one in other.get("/v1/measures?limit=100")["items"]}
    assert seen == {"other"}


# grades and measures


def test_a_perfect_month_brings_what_a_benchmark_gets(park: Park) -> None:
    months_pass(park, "2026-03")
    assert (results(park)[0]["score"], results(park)[0]["grade"]) == (100.0, "benchmark")
    assert set(standing(park)) == {"emission_rights_priority", "subsidy", "tender_bonus", "optimisation_advice"}
    subsidy = standing(park)["subsidy"]
    assert subsidy["amount"] == {"value": 500000.0, "unit": "CNY/a", "is_most": True}
    assert subsidy["unlock_text"] == "下次月度评级变化时自动终止"
    assert {"month_settled", "consequences_changed"} <= set(kinds(park, "enterprise"))
    assert "consequences_changed" not in kinds(park, "department_environment")


def test_what_a_bad_month_locks_is_unlocked_by_the_grade_that_it_names(park: Park) -> None:
    costs(park, "2026-03", -45.0)
    months_pass(park, "2026-03")
    assert results(park)[0]["grade"] == "rectify"
    assert set(standing(park)) == {"production_lock", "weekly_joint_visit"}
    for person in ("enterprise", "department_safety", "department_environment", "committee"):
        told = [one for one in park.as_(person).get("/v1/inbox")["items"] if one["kind"] == "consequences_changed"]
        assert "每周安全环保联合检查" in told[0]["body"]
    months_pass(park, "2026-04")
    ended = {
        one["measure"]: one.get("ended_by")
        for one in park.as_("enterprise").get("/v1/enterprises/acme/measures")["items"]
    }
    assert ended["production_lock"] == ended["weekly_joint_visit"] == "grade_reached"
    assert "production_lock" not in standing(park)


def test_work_that_is_done_unlocks_production_before_the_month_is_over(park: Park) -> None:
    costs(park, "2026-03", -45.0)
    months_pass(park, "2026-03")
    hazard = {"dimension": "environment", "severity": 1, "text": "渗漏", "seen_at": rfc3339(park.clock.ms)}
    body = {"id": client_id(1), "enterprise_id": "acme", "unit_id": "acme-r1"} | hazard
    task = park.as_("enterprise").post("/v1/hazards", body, expect=201)
    assert "production_lock" in standing(park)
    closes(park, task)
    park.pump()
    assert set(standing(park)) == {"weekly_joint_visit"}
    (lock,) = (
        one
        for one in park.as_("enterprise").get("/v1/enterprises/acme/measures")["items"]
        if one["measure"] == "production_lock"
    )
    assert lock["ended_by_text"] == "任务已全部办结"


def test_each_week_of_a_measure_has_one_joint_visit_opened_by_day(park: Park) -> None:
    costs(park, "2026-03", -45.0)
    months_pass(park, "2026-03")

    def run() -> int:
        opened = open_visits(**ports_of(open_visits, park.services))
        park.pump()
        return opened

    park.clock.ms = month_span("2026-04", park.services.zone)[0] + 4 * DAY_MS + 3 * HOUR_MS  # three at night
    assert run() == 0
    park.clock.ms += 6 * HOUR_MS
    assert (run(), run()) == (1, 0)
    park.clock.ms += 7 * DAY_MS
    assert (run(), run()) == (1, 0)
    visits = [one for one in park.as_("committee").get("/v1/tasks")["items"] if one["kind"] == "joint_visit"]
    assert len(visits) == 2 and {one["tier"] for one in visits} == {2}
    assert standing(park)["weekly_joint_visit"]["visits"] == 2


def test_a_month_is_settled_again_when_an_objection_is_upheld(park: Park) -> None:
    entry = costs(park, "2026-03", -45.0)
    raised = {"id": client_id(1), "month": "2026-03", "entry": entry.key, "reason": "到场受阻"}
    park.as_("enterprise").post("/v1/score-objections", raised, expect=201)
    park.pump()
    months_pass(park, "2026-03")
    assert results(park)[0]["grade"] == "benchmark"  # what is objected to does not count
    rejected = {"uphold": False, "reason": "不属实"}
    park.as_("committee").post(f"/v1/score-objections/{client_id(1)}/decision", rejected)
    park.pump()
    (result,) = results(park)
    assert (result["grade"], result["revision"]) == ("rectify", 2)
    assert set(standing(park)) == {"production_lock", "weekly_joint_visit"}
    carried = [
        one["points"]
        for one in park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-04")["entries"]
        if one["cause"] == "carried"
    ]
    assert sum(carried) == pytest.approx(-0.1 * (100 - result["score"]), abs=0.01)
    months_pass_from_here(park)
    ranking = park.as_("enterprise_other").get("/v1/rankings")
    assert (ranking["revision"], [one["rank"] for one in ranking["items"]]) == (2, [1, 2])
    assert "month_resettled" in kinds(park, "enterprise")


def test_a_grade_that_is_about_to_fall_is_told_once_before_it_counts(park: Park) -> None:
    costs(park, "2026-03", -16.0)
    park.runs_hot(temperature=190.0, voc=70.0)
    assert at_risk(park) == ["评级预警：2026-03可能降为“合规达标”"]
    park.clock.advance(3 * 3600)
    for _ in range(2):
        on_clock(park.services)
        park.pump()
    assert at_risk(park) == ["评级预警：2026-03可能降为“限期整改”", "评级预警：2026-03可能降为“合规达标”"]
    assert "grade_at_risk" not in kinds(park, "enterprise_other")


def at_risk(park: Park) -> list[str]:
    """Newest first."""
    items = park.as_("enterprise").get("/v1/inbox?limit=100")["items"]
    return [one["title"] for one in items if one["kind"] == "grade_at_risk"]


# the list of key supervision


def test_an_enterprise_is_listed_at_once_and_taken_off_by_rule(park: Park) -> None:
    alarms = Alarms(park)
    for number in range(4):
        alarms.raised(unit=f"acme-r{number + 2}", after_s=1200)
    assert park.as_("committee").get("/v1/supervision")["items"] == []
    park.clock.advance(2 * 86_400)
    on_clock(park.services)
    park.pump()
    (listed,) = park.as_("committee").get("/v1/supervision")["items"]
    assert (listed["enterprise_id"], listed["month"]) == ("acme", "2026-03")
    assert (listed["figures"]["rate"], listed["figures"]["exceedances"]) == (0.0, 4)
    assert "eligibility_limited" in standing(park)
    for person in ("enterprise", "department_safety", "department_environment", "committee"):
        assert "supervision_listed" in kinds(park, person)
    months_pass(park, "2026-03")
    assert len(park.as_("committee").get("/v1/supervision")["items"]) == 1
    months_pass(park, "2026-04")
    assert park.as_("committee").get("/v1/supervision")["items"] == []
    assert "eligibility_limited" not in standing(park) and "supervision_ended" in kinds(park, "enterprise")


def test_exceedances_alone_list_nobody(park: Park) -> None:
    alarms = Alarms(park)
    for number in range(6):
        alarms.raised(unit=f"acme-r{number + 2}", after_s=1200)
    months_pass(park, "2026-02")
    assert park.as_("committee").get("/v1/supervision")["items"] == []


# interviews


def test_three_low_months_running_call_for_an_interview_whose_minutes_are_kept(park: Park) -> None:
    for month in ("2026-03", "2026-04", "2026-05"):
        costs(park, month, -80.0)
    months_pass(park, "2026-03", "2026-04")
    assert park.as_("committee").get("/v1/interviews")["items"] == []
    months_pass(park, "2026-05")
    (called,) = park.as_("committee").get("/v1/interviews")["items"]
    assert (called["state"], called["month"], len(called["scores"])) == ("called", "2026-05", 3)
    assert "interview_called" in kinds(park, "committee") and "interview_called" in kinds(park, "enterprise")
    path = "/v1/enterprises/acme/interviews/2026-05"
    held = park.as_("committee").put(path, MINUTES)
    assert (held["state_text"], held["outcome_text"], held["recorded_by"]) == (
        "已约谈",
        "企业承诺整改计划",
        "committee",
    )
    assert park.as_("committee").put(path, MINUTES)["version"] == held["version"]
    stale = park.as_("committee").put(path, MINUTES | {"minutes": "补充"}, expect=412, If_Match='"1"')
    assert stale["code"] == "precondition_failed"
    trail = park.as_("committee").get("/v1/audit/consequence:acme?limit=100")
    assert any(one["part"] == "INTERVIEW#2026-05" for one in trail["items"])


def test_a_month_that_is_settled_again_takes_the_call_back(park: Park) -> None:
    entries = [costs(park, month, -80.0) for month in ("2026-03", "2026-04", "2026-05")]
    months_pass(park, "2026-03", "2026-04", "2026-05")
    raised = {"id": client_id(1), "month": "2026-05", "entry": entries[-1].key, "reason": "到场受阻"}
    park.clock.ms = month_span("2026-05", park.services.zone)[0] + 2 * DAY_MS
    park.as_("enterprise").post("/v1/score-objections", raised, expect=201)
    park.clock.ms = month_span("2026-05", park.services.zone)[1] + 5 * DAY_MS
    park.as_("committee").post(f"/v1/score-objections/{client_id(1)}/decision", {"uphold": True, "reason": "属实"})
    park.pump()
    (called,) = park.as_("committee").get("/v1/interviews")["items"]
    assert called["state"] == "withdrawn"
    refused = park.as_("committee").put("/v1/enterprises/acme/interviews/2026-05", MINUTES, expect=409)
    assert refused["code"] == "illegal_transition"
