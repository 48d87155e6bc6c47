"""Joint plans: an incident starts one, those whose turn it is are called and answer, step by step, until it is over."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.handlers.on_clock import on_clock
from tests.acts import client_id
from tests.park import START_MS, Park

PLAN: dict[str, Any] = {
    "name": "溶剂链停供",
    "region": "east",
    "steps": [
        {"id": "stop", "text": "停 R1 出料", "enterprise_id": "acme", "unit_id": "acme-r1", "within_min": 10},
        {
            "id": "foam", "text": "确认泡沫车可用", "within_min": 15,
            "resource": {"name": "泡沫消防车", "amount": "2 台", "where": "东门应急库"},
        },
        {"id": "hold", "text": "停止接收", "enterprise_id": "other", "after": ["stop", "foam"], "within_min": 20},
    ],
}  # fmt: skip
WHERE, RUNS = "/v1/chain/plans/solvent", "/v1/chain/plans/solvent/runs"
RUN = {"id": client_id(70), "incident": "R1 出料 VOC 超限"}
PEOPLE = ("enterprise", "enterprise_other", "committee", "department_safety", "inspector_safety")


@pytest.fixture
def park() -> Park:
    park = Park().register()
    park.as_("committee").put(WHERE, PLAN)
    return park


def starts(park: Park, **changes: Any) -> dict[str, Any]:
    run = park.as_("department_safety").post(RUNS, RUN | changes, expect=201)
    park.pump()
    return run


def answers(park: Park, person: str, step: str, state: str = "done", *, note: str = "", expect: int = 200) -> dict[str, Any]:  # fmt: skip
    path = f"/v1/chain/runs/{RUN['id']}/steps/{step}/answer"
    run = park.as_(person).post(path, {"state": state, "note": note}, expect=expect)
    park.pump()
    return run


def called(park: Park, kind: str) -> dict[str, list[str]]:
    """By person, the bodies of what they were told."""
    inboxes = {one: park.as_(one).get("/v1/inbox")["items"] for one in PEOPLE}
    told = {one: [n["body"] for n in items if n["kind"] == kind] for one, items in inboxes.items()}
    return {one: bodies for one, bodies in told.items() if bodies}


def states(run: dict[str, Any]) -> list[str]:
    return [one["state"] for one in run["steps"]]


@pytest.mark.parametrize(
    ("step", "field", "code"),
    [
        pytest.param({"after": ["hold"]}, "steps.0.after", "unknown_step", id="after a later step"),
        pytest.param({"id": "foam"}, "steps.1.id", "repeated", id="with an id twice"),
        pytest.param({"enterprise_id": "none"}, "steps.0.enterprise_id", "unknown_enterprise", id="of nobody"),
        pytest.param({"unit_id": "other-r1"}, "steps.0.unit_id", "unknown_unit", id="with a unit of others"),
        pytest.param({"within_min": 0}, "steps.0.within_min", "at_least", id="at once"),
    ],
)
def test_a_step_that_nobody_can_do_is_refused(park: Park, step: dict[str, Any], field: str, code: str) -> None:
    steps = [PLAN["steps"][0] | step, *PLAN["steps"][1:]]
    problem = park.as_("committee").put(WHERE, PLAN | {"steps": steps}, expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_whose_step_it_is_is_called_when_its_turn_has_come(park: Park) -> None:
    assert states(starts(park)) == ["open", "open", "waiting"]
    assert called(park, "plan_step") == {
        "enterprise": ["事件：R1 出料 VOC 超限。请在 10 分钟内完成：停 R1 出料，完成或无法完成都请立即反馈。"],
        "committee": ["事件：R1 出料 VOC 超限。请在 15 分钟内完成：确认泡沫车可用，完成或无法完成都请立即反馈。"],
    }
    answers(park, "enterprise", "stop")
    assert "enterprise_other" not in called(park, "plan_step")
    park.clock.advance(60)
    run = answers(park, "committee", "foam")
    assert states(run) == ["done", "done", "open"] and len(called(park, "plan_step")["enterprise_other"]) == 1
    assert run["steps"][2]["due_at"] == rfc3339(START_MS + 60_000 + 20 * 60_000)


def test_the_last_step_ends_the_run_and_all_are_told(park: Park) -> None:
    starts(park)
    for person, step in (("enterprise", "stop"), ("committee", "foam"), ("enterprise_other", "hold")):
        run = answers(park, person, step)
    assert run["ended_at"] == rfc3339(START_MS) and states(run) == ["done"] * 3
    assert set(called(park, "plan_ended")) == {"enterprise", "enterprise_other", "committee", "department_safety"}


def test_a_resource_that_cannot_be_had_is_told_and_holds_up_the_rest_until_it_is_settled(park: Park) -> None:
    starts(park)
    answers(park, "enterprise", "stop")
    run = answers(park, "committee", "foam", "cannot", note="一台在修")
    assert states(run) == ["done", "cannot", "waiting"]
    assert set(called(park, "plan_stuck")) == {"committee", "department_safety"}
    assert "一台在修" in called(park, "plan_stuck")["committee"][0]
    assert states(answers(park, "committee", "foam")) == ["done", "done", "open"]


def test_starting_and_answering_again_changes_nothing(park: Park) -> None:
    starts(park)
    first = answers(park, "enterprise", "stop")
    assert answers(park, "enterprise", "stop") == first == starts(park)
    assert len(called(park, "plan_step")["enterprise"]) == 1
    park.as_("department_safety").post(RUNS, RUN | {"incident": "另一事件"}, expect=409)


def test_an_answer_out_of_turn_or_for_others_is_refused(park: Park) -> None:
    starts(park)
    answers(park, "enterprise_other", "hold", expect=409)
    answers(park, "enterprise_other", "stop", expect=403)
    answers(park, "enterprise", "unheard-of", expect=404)
    answers(park, "department_safety", "stop", expect=403)
    answers(park, "enterprise", "stop")
    answers(park, "enterprise", "stop", "cannot", expect=409)


def test_a_step_that_is_not_answered_in_time_is_said_once_to_its_owner_and_the_committee(park: Park) -> None:
    starts(park)
    for minutes in (10, 1, 1):
        park.clock.advance(minutes * 60)
        on_clock(park.services)
        park.pump()
    late = called(park, "plan_overdue")
    assert set(late) == {"enterprise", "committee"} and all(len(bodies) == 1 for bodies in late.values())
    run = park.as_("enterprise").get(f"/v1/chain/runs/{RUN['id']}")
    assert [one["is_overdue"] for one in run["steps"]] == [True, False, False]
    assert states(answers(park, "enterprise", "stop")) == ["done", "open", "waiting"]


def test_a_run_keeps_the_steps_that_it_began_with(park: Park) -> None:
    starts(park)
    park.as_("committee").put(WHERE, PLAN | {"steps": PLAN["steps"][:1]})
    assert len(park.as_("committee").get(f"/v1/chain/runs/{RUN['id']}")["steps"]) == 3


def test_the_committee_ends_a_run_and_nothing_is_answered_then(park: Park) -> None:
    starts(park)
    path = f"/v1/chain/runs/{RUN['id']}/end"
    for _ in range(2):
        assert park.as_("committee").post(path)["ended_at"] == rfc3339(START_MS)
    park.as_("department_safety").post(path, expect=403)
    park.pump()
    answers(park, "enterprise", "stop", expect=409)
    assert len(called(park, "plan_ended")["committee"]) == 1


def test_a_plan_is_started_for_an_alert_that_the_person_may_see(park: Park) -> None:
    refused = park.as_("committee").post(RUNS, RUN | {"alert_id": "c-none"}, expect=400)
    assert refused["errors"][0]["code"] == "unknown_alert"
    ends = {
        name: {"enterprise_id": eid, "unit_id": f"{eid}-r1"} for name, eid in (("giver", "acme"), ("receiver", "other"))
    }
    limits = [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}]
    link = {**ends, "material": "溶剂", "carries": limits, "share": 1, "lead_time_min": 30}
    park.as_("committee").put("/v1/chain/links/l-1", link)
    park.reads(voc=60.0)
    (alert,) = park.as_("committee").get("/v1/chain/alerts")["items"]
    assert starts(park, alert_id=alert["id"])["alert_id"] == alert["id"]


@pytest.mark.parametrize("person", ["inspector_elsewhere", "department_elsewhere"])
def test_a_plan_is_not_there_for_who_is_of_another_region(park: Park, person: str) -> None:
    starts(park)
    for path in (WHERE, f"/v1/chain/runs/{RUN['id']}"):
        park.as_(person).get(path, expect=404)
    for path in ("/v1/chain/plans", "/v1/chain/runs"):
        assert park.as_(person).get(path)["items"] == []
    assert [len(park.as_(one).get("/v1/chain/runs")["items"]) for one in PEOPLE] == [1] * 5


def test_an_enterprise_without_a_step_sees_no_plan(park: Park) -> None:
    park.as_("committee").put(WHERE, PLAN | {"steps": PLAN["steps"][:2]})
    park.as_("enterprise_other").get(WHERE, expect=404)
    assert park.as_("enterprise_other").get("/v1/chain/plans")["items"] == []
