"""Several tasks of one enterprise in one visit: what fits together, who plans, who sees."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from tests.acts import FakeInspector, client_id, closes
from tests.park import Park


@pytest.fixture
def park() -> Park:
    """A task of a warning and one of a hazard at acme, and a hazard at other."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    for number, eid in ((1, "acme"), (2, "other")):
        seen = {"id": client_id(number), "enterprise_id": eid, "dimension": "safety", "severity": 2, "text": "护栏松动"}
        park.as_("inspector_safety").post("/v1/hazards", seen | {"seen_at": rfc3339(park.clock.ms)}, expect=201)
    park.pump()
    return park


def tasks(park: Park, eid: str = "acme") -> list[str]:
    found = park.as_("committee").get("/v1/tasks")["items"]
    return sorted(one["id"] for one in found if one["enterprise_id"] == eid)


def plans(park: Park, person: str, task_ids: list[str], *, expect: int = 201, **changes: Any) -> dict[str, Any]:
    body = {"id": client_id(9), "tasks": task_ids, "planned_at": rfc3339(park.clock.ms + 3_600_000)}
    return park.as_(person).post("/v1/visits", body | changes, expect=expect)


@pytest.mark.parametrize(
    ("person", "which", "wrong"),
    [
        ("inspector_safety", "mixed", [("tasks.2", "other_enterprise")]),
        ("inspector_safety", "unknown", [("tasks.0", "no_such_task")]),
        ("inspector_elsewhere", "own", [("tasks.0", "no_such_task"), ("tasks.1", "no_such_task")]),
        ("department_safety", "mixed", [("tasks.2", "other_enterprise")]),
    ],
)
def test_what_does_not_fit_into_one_visit_is_refused(
    park: Park, person: str, which: str, wrong: list[tuple[str, str]]
) -> None:
    named = {"mixed": tasks(park) + tasks(park, "other"), "unknown": ["t-nothing"], "own": tasks(park)}[which]
    problem = plans(park, person, named, expect=400)
    assert [(one["field"], one["code"]) for one in problem["errors"]] == wrong


def test_a_task_that_somebody_else_holds_is_not_ones_own_to_plan(park: Park) -> None:
    park.as_("admin").put(
        "/v1/people/second",
        {
            "name": "x",
            "role": "inspector",
            "dimension": "safety",
            "regions": ["east"],
            "industries": ["circular_chemical"],
        },
    )
    problem = plans(park, "second", tasks(park), expect=400)
    assert {one["code"] for one in problem["errors"]} == {"not_yours"}


@pytest.mark.parametrize("person", ["enterprise", "committee", "admin"])
def test_who_does_not_go_there_plans_none(park: Park, person: str) -> None:
    plans(park, person, tasks(park), expect=403)


def test_a_visit_has_its_tasks_as_they_now_stand(park: Park) -> None:
    visit = plans(park, "inspector_safety", tasks(park))
    assert plans(park, "inspector_safety", tasks(park)) == visit
    assert plans(park, "inspector_safety", tasks(park)[:1], expect=409)["code"] == "content_conflict"
    unit = next(one for one in park.as_("committee").get("/v1/tasks")["items"] if one["kind"] == "unit")
    closes(park, unit)
    shown = park.as_("enterprise").get(f"/v1/visits/{client_id(9)}")
    assert sorted((one["kind"], one["state"]) for one in shown["tasks"]) == [("hazard", "open"), ("unit", "closed")]
    for person, seen in (
        ("enterprise", 1),
        ("enterprise_other", 0),
        ("inspector_elsewhere", 0),
        ("department_safety", 1),
    ):
        assert len(park.as_(person).get("/v1/visits")["items"]) == seen
    park.as_("enterprise_other").get(f"/v1/visits/{client_id(9)}", expect=404)
    all_of_it = sorted(one["id"] for one in shown["tasks"])
    assert plans(park, "inspector_safety", all_of_it) == visit


def test_what_is_closed_needs_no_visit(park: Park) -> None:
    unit = next(one for one in park.as_("committee").get("/v1/tasks")["items"] if one["kind"] == "unit")
    closes(park, unit)
    assert plans(park, "department_safety", [unit["id"]], expect=400)["errors"][0]["code"] == "closed_task"
