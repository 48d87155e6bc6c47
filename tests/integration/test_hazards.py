"""Record first, file later: what somebody saw is a task at once, with or without a signal."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from tests.acts import FakeInspector, client_id, photo_body
from tests.park import Park


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def hazard(park: Park, **changes: Any) -> dict[str, Any]:
    what = {"dimension": "safety", "severity": 2, "text": "二层平台护栏松动", "seen_at": rfc3339(park.clock.ms)}
    return {"id": client_id(1), "enterprise_id": "acme", "unit_id": "acme-r1"} | what | changes


def reports(park: Park, person: str, body: dict[str, Any], expect: int = 201) -> dict[str, Any]:
    answer = park.as_(person).post("/v1/hazards", body, expect=expect)
    park.pump()
    return answer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"severity": 0}, "severity"),
        ({"severity": 4}, "severity"),
        ({"text": " "}, "text"),
        ({"dimension": "energy"}, "dimension"),
        ({"unit_id": "other-r1"}, "unit_id"),
        ({"seen_at": "2026-03-02T11:00:00+08:00"}, "seen_at"),
    ],
)
def test_a_report_that_cannot_be_is_refused(park: Park, changes: dict[str, Any], field: str) -> None:
    assert reports(park, "inspector_safety", hazard(park, **changes), expect=400)["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("person", "status"),
    [("department_safety", 403), ("committee", 403), ("inspector_elsewhere", 404), ("enterprise_other", 404)],
)
def test_inspectors_report_where_they_work_and_enterprises_their_own(park: Park, person: str, status: int) -> None:
    reports(park, person, hazard(park), expect=status)


def test_what_an_inspector_saw_is_a_task_of_its_severity_for_both_sides(park: Park) -> None:
    task = reports(park, "inspector_safety", hazard(park))
    assert (task["id"], task["kind"], task["tier"], task["about"]) == (
        f"t-{client_id(1)}",
        "hazard",
        2,
        "二层平台护栏松动",
    )
    assert (task["safety"]["inspector_id"], task["environment"]["inspector_id"]) == (
        "inspector_safety",
        "inspector_environment",
    )
    (told,) = park.as_("department_environment").get("/v1/inbox")["items"]
    assert (told["kind"], told["body"]) == ("case_dispatched", "二层平台护栏松动。请按时限开展安全、环保联合处置。")
    assert reports(park, "inspector_safety", hazard(park)) == task
    assert reports(park, "inspector_safety", hazard(park, severity=3), expect=409)["code"] == "content_conflict"


def test_what_an_enterprise_reports_of_itself_it_puts_right_itself(park: Park) -> None:
    task = reports(park, "enterprise", hazard(park, severity=3))
    assert (task["tier"], task["reported_by"]) == (1, "enterprise")


def test_without_a_signal_the_report_and_its_photos_come_in_one_batch(park: Park) -> None:
    at, task_id = rfc3339(park.clock.ms), f"t-{client_id(1)}"
    operations = [
        {"id": client_id(2), "kind": "hazard", "task_id": task_id, "at": at, "payload": hazard(park)},
        {"id": client_id(3), "kind": "photo", "task_id": task_id, "at": at, "payload": photo_body(4, "safety")},
    ]
    sent = {"device_id": "phone", "sent_at": at, "operations": operations}
    for _ in range(2):
        results = park.as_("inspector_safety").post("/v1/sync", sent)["results"]
        assert [one["outcome"] for one in results] == ["applied", "applied"]
        assert "upload" in results[1]
    park.pump()
    (task,) = park.as_("inspector_safety").get("/v1/sync")["tasks"]
    assert (task["task"]["about"], len(task["photos"])) == ("二层平台护栏松动", 1)


def test_who_saw_it_brings_their_photos_though_others_work_on_it(park: Park) -> None:
    group = {"role": "inspector", "dimension": "safety", "regions": ["east"], "industries": ["circular_chemical"]}
    for who in ("lao_zhao", "lao_wang"):
        park.as_("admin").put(f"/v1/people/{who}", {"name": who} | group)
    reports(park, "inspector_safety", hazard(park, id=client_id(3)))
    task = reports(park, "inspector_safety", hazard(park))
    assert "inspector_safety" not in task["party"]
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/photos", photo_body(9, "safety"), expect=201)
    (stranger,) = {"lao_zhao", "lao_wang"} - {task["safety"]["inspector_id"]}
    park.as_(stranger).post(f"/v1/tasks/{task['id']}/photos", photo_body(8, "safety"), expect=404)


def test_an_operation_names_the_task_that_its_hazard_becomes(park: Park) -> None:
    at = rfc3339(park.clock.ms)
    wrong = {"id": client_id(2), "kind": "hazard", "task_id": "t-else", "at": at, "payload": hazard(park)}
    sent = {"device_id": "phone", "sent_at": at, "operations": [wrong]}
    (result,) = park.as_("inspector_safety").post("/v1/sync", sent)["results"]
    assert [one["field"] for one in result["problem"]["errors"]] == ["task_id"]
