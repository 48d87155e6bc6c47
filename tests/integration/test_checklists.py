"""Checklists: published once, pinned to the task, answered on site; what is critical keeps a side from being handed in."""

from typing import Any

import pytest

from tests.acts import FakeInspector, answers, brings_retest, judges, submits, the_task
from tests.park import Park

COOLING = {"id": "cooling", "text": {"zh-CN": "冷却系统运行正常", "en": "The cooling system runs"}, "is_critical": True}
LIST = {"dimension": "safety", "unit_type": "reactor", "items": [COOLING]}
VERSION = "/v1/checklists/park-reactor/versions/1"


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def hot(park: Park, **values: float) -> dict[str, Any]:
    park.runs_hot(**values or {"temperature": 188.0, "voc": 54.0, "steam": 112.0})
    return the_task(park)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"items": []}, id="without items"),
        pytest.param({"items": [COOLING, COOLING]}, id="with an item twice"),
        pytest.param({"items": [COOLING | {"kind": "value"}]}, id="with a value of no unit"),
        pytest.param({"dimension": "energy"}, id="of no side"),
    ],
)
def test_a_list_is_not_published(park: Park, broken: dict[str, Any]) -> None:
    park.as_("admin").put(VERSION, LIST | broken, expect=400)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "1" * 12])
def test_a_version_is_a_number(park: Park, number: str) -> None:
    assert park.as_("admin").put(f"/v1/checklists/park-reactor/versions/{number}", LIST, expect=None)["status"] in (
        400,
        404,
    )


def test_a_version_never_changes(park: Park) -> None:
    first = park.as_("admin").put(VERSION, LIST)
    park.clock.advance(60)
    assert park.as_("admin").put(VERSION, LIST) == first == park.as_("inspector_safety").get(VERSION)
    problem = park.as_("admin").put(VERSION, LIST | {"unit_type": ""}, expect=409)
    assert problem["code"] == "content_conflict"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"answer": "not_applicable"}, "reason", "answer_needs_reason"),
        ({"answer": "failed"}, "reason", "answer_needs_reason"),
        ({"follow_up": True}, "follow_up", "only_of_a_failed_item"),
        ({"at": "2036-03-02T10:00:00+08:00"}, "at", "time_ahead"),
    ],
)
def test_an_answer_is_refused(park: Park, changes: dict[str, Any], field: str, code: str) -> None:
    (error,) = answers(park, hot(park), "safety", "cooling", 1, expect=400, **changes)["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_an_item_that_is_not_on_the_list_is_not_answered(park: Park) -> None:
    assert answers(park, hot(park), "safety", "nothing", 1, expect=404)["code"] == "not_found"


def test_a_settled_side_takes_no_answers(park: Park) -> None:
    task = hot(park)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety")
    assert answers(park, task, "safety", "cooling", 1, expect=409)["state"] == "passed"


def test_a_side_with_an_open_critical_item_is_not_handed_in(park: Park) -> None:
    park.as_("admin").put(VERSION, LIST)
    task = hot(park)
    brings_retest(park, task, "safety")
    problem = submits(park, task, "safety", expect=409)
    assert (problem["code"], problem["items"]) == ("checklist_incomplete", ["cooling"])
    answers(park, task, "safety", "cooling", 1, answer="failed", reason="备用泵未投用")
    submits(park, task, "safety", expect=409)
    answers(park, task, "safety", "cooling", 2, at="2026-03-02T10:00:31+08:00")
    assert submits(park, task, "safety")["safety"]["state"] == "submitted"


def test_in_tier_1_the_list_is_an_offer(park: Park) -> None:
    park.as_("admin").put(VERSION, LIST)
    task = hot(park, temperature=182.0, voc=39.0, steam=100.0)
    brings_retest(park, task, "safety")
    assert submits(park, task, "safety")["safety"]["state"] == "submitted"


def test_a_task_keeps_the_list_of_when_it_was_opened(park: Park) -> None:
    task = hot(park)
    park.clock.advance(60)
    park.as_("admin").put(VERSION, LIST)
    assert (
        park.as_("inspector_safety").get(f"/v1/tasks/{task['id']}/checklists")["safety"]["name"] == "reactor-safety@1"
    )


def test_all_answers_are_kept_and_the_newest_by_the_device_stands(park: Park) -> None:
    task = hot(park)
    newer = answers(park, task, "safety", "cooling", 1, at="2026-03-02T10:00:31+08:00")
    older = answers(park, task, "safety", "cooling", 2, answer="failed", reason="停泵")
    assert answers(park, task, "safety", "cooling", 2, answer="failed", reason="停泵") == older
    assert answers(park, task, "safety", "cooling", 2, expect=409)["code"] == "content_conflict"
    seen = park.as_("department_safety").get(f"/v1/tasks/{task['id']}/checklists")
    assert len(seen["answers"]) == 2
    assert seen["standing"] == [newer["id"]]


def test_a_failed_item_opens_one_follow_up(park: Park) -> None:
    task = hot(park)
    for _ in range(2):
        failed = answers(park, task, "safety", "cooling", 1, answer="failed", reason="备用泵未投用", follow_up=True)
    follow_up = park.as_("enterprise").get(f"/v1/tasks/{failed['follow_up_id']}")
    assert (follow_up["kind"], follow_up["parent_id"], follow_up["tier"]) == ("follow_up", task["id"], 1)
    assert (follow_up["about"], follow_up["reported_by"]) == ("冷却系统运行正常：备用泵未投用", "inspector_safety")
    assert len(park.as_("committee").get("/v1/tasks")["items"]) == 2
