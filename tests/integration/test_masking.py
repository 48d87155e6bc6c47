"""What a role may not see never leaves the function: refusals of sight, where an object is partly theirs."""

import json
from typing import Any

import pytest

from tests.acts import JPEG, FakeInspector, brings_retest, client_id, judges, photo_body, submits, the_task
from tests.alarms import Alarms
from tests.park import Park, credit_code

CAMERA = {"latitude": 31.2304, "longitude": 121.4737}
HIGH = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}
WAS_ILL = "腰伤复诊"


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def text_of(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)


# a regional task: an enterprise is one of many


@pytest.fixture
def flood(park: Park) -> dict[str, Any]:
    """A regional task of three enterprises, taken by somebody of one of them, worked and returned once."""
    admin, alarms = park.as_("admin"), Alarms(park)
    for number in range(13):
        park.put_plant(admin, f"e{number}", credit_code(f"9111000{number:02d}MA01A2B"))
        person = {
            "name": f"联络员{number}",
            "role": "enterprise",
            "enterprise_id": f"e{number}",
            "phone": "13800000000",
        }
        admin.put(f"/v1/people/people-{number}", person)
    for number in range(13):
        alarms.raised(eid=f"e{number}")
    (task,) = (one for one in park.as_("committee").get("/v1/tasks?limit=100")["items"] if one["kind"] == "regional")
    path = f"/v1/tasks/{task['id']}"
    for side in ("safety", "environment"):
        park.as_(f"inspector_{side}").post(f"{path}/acknowledgement")
    park.as_("people-12").post(
        f"{path}/rectifications", {"id": client_id(9), "text": "e12 已换密封件", "photos": []}, expect=201
    )
    brings_retest(park, task, "safety")
    submits(park, task, "safety", "e10、e12 两家均已处置")
    judges(park, task, "safety", "rejected", reason="e12 缺阀门照片")
    return dict(task)


def test_an_enterprise_reads_no_audit_of_a_regional_task(park: Park, flood: dict[str, Any]) -> None:
    park.as_("people-11").get(f"/v1/audit/task:{flood['id']}", expect=404)
    assert park.as_("inspector_safety").get(f"/v1/audit/task:{flood['id']}")["items"]


@pytest.mark.parametrize("route", ["/v1/tasks/{id}", "/v1/tasks", "/v1/sync", "/v1/tasks/{id}/evidence", "/v1/inbox"])
def test_nothing_of_the_others_is_in_any_answer_about_a_regional_task(
    park: Park, flood: dict[str, Any], route: str
) -> None:
    told = text_of(park.as_("people-11").get(route.format(**flood)))
    assert [word for word in ("e10", "e12", "people-10", "people-12", "联络员12") if word in told] == []


def test_what_an_inspector_wrote_about_all_is_not_told_to_one(park: Park, flood: dict[str, Any]) -> None:
    side = park.as_("people-11").get(f"/v1/tasks/{flood['id']}")["safety"]
    assert (side["state"], side["submission"]["note"], side["verdict"]["reason"]) == ("rejected", "", "")
    assert side["verdict"]["lacks"] == []
    whole = park.as_("department_safety").get(f"/v1/tasks/{flood['id']}")["safety"]
    assert "e12" in whole["submission"]["note"] and "e12" in whole["verdict"]["reason"]


# where a camera stood


def taken(park: Park) -> str:
    task = the_task(park)
    path = f"/v1/tasks/{task['id']}/photos"
    body = photo_body(1, "safety", position=CAMERA)
    announced = park.as_("inspector_safety").post(path, body, expect=201)
    key = announced["upload"]["fields"]["key"]
    park.services.media.write(key, JPEG, content_type="image/jpeg")
    park.photo_lands(key)
    return f"{path}/{announced['id']}"


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        ("enterprise", False),
        ("inspector_environment", False),
        ("inspector_safety", True),
        ("department_safety", True),
        ("committee", True),
    ],
)
def test_where_a_camera_stood_is_for_those_who_may_have_the_original(park: Park, person: str, sees: bool) -> None:
    park.runs_hot(**HIGH)
    photo = park.as_(person).get(taken(park))
    assert ("position" in photo) is sees is ("original" in photo["links"])


@pytest.mark.parametrize(
    ("person", "sees"), [("enterprise", False), ("inspector_environment", False), ("committee", True)]
)
def test_the_audit_tells_no_more_of_a_photo_than_the_photo_does(park: Park, person: str, sees: bool) -> None:
    park.runs_hot(**HIGH)
    taken(park)
    items = park.as_(person).get(f"/v1/audit/task:{the_task(park)['id']}")["items"]
    photos = [one for one in items if one["part"].startswith("PHOTO#")]
    assert photos and ("121.4737" in text_of(photos)) is sees


# why somebody did not come


@pytest.mark.parametrize(
    ("person", "sees"), [("enterprise", False), ("inspector_environment", True), ("department_safety", True)]
)
@pytest.mark.parametrize("route", ["/v1/tasks/{id}", "/v1/sync", "/v1/audit/task:{id}"])
def test_why_an_inspector_gave_a_task_back_is_not_told_to_the_enterprise(
    park: Park, route: str, person: str, sees: bool
) -> None:
    admin = park.as_("admin")
    colleague = {"role": "inspector", "dimension": "safety", "regions": ["east"], "industries": ["circular_chemical"]}
    admin.put("/v1/people/second", {"name": "second", **colleague})
    park.runs_hot(**HIGH)
    task = the_task(park)
    holder = task["safety"]["inspector_id"]
    park.as_(holder).post(f"/v1/tasks/{task['id']}/sides/safety/decline", {"reason": WAS_ILL})
    park.pump()
    told = park.as_(person).get(route.format(**task))
    assert (WAS_ILL in text_of(told)) is sees


# who of a partner answered


def test_of_a_partners_step_an_enterprise_learns_the_state_and_not_the_person(park: Park) -> None:
    stop = {"id": "stop", "text": "停 R1 出料", "enterprise_id": "acme", "within_min": 10}
    hold = {"id": "hold", "text": "停止接收", "enterprise_id": "other", "within_min": 10}
    plan = {"name": "停供", "region": "east", "steps": [stop, hold]}
    park.as_("committee").put("/v1/chain/plans/p-1", plan)
    park.as_("committee").post("/v1/chain/plans/p-1/runs", {"id": client_id(1), "incident": "x"}, expect=201)
    path = f"/v1/chain/runs/{client_id(1)}"
    park.as_("enterprise").post(f"{path}/steps/stop/answer", {"state": "done"})
    theirs = {one["id"]: one for one in park.as_("enterprise_other").get(path)["steps"]}
    assert theirs["stop"]["state"] == "done" and "answered_by" not in theirs["stop"]
    for person in ("enterprise", "committee", "department_safety"):
        seen = {one["id"]: one for one in park.as_(person).get(path)["steps"]}
        assert seen["stop"]["answered_by"] == "enterprise"


# which other photo one was before


@pytest.mark.parametrize(
    ("person", "sees"), [("inspector_safety", False), ("enterprise", False), ("department_safety", True)]
)
def test_the_audit_names_no_task_of_others_in_which_a_photo_was_used_before(
    park: Park, person: str, sees: bool
) -> None:
    for eid in ("other", "acme"):
        for _ in range(2):
            park.clock.advance(60)
            park.reads(eid=eid, **HIGH)
    first, second = the_task(park, "other"), the_task(park)
    for number, task in enumerate((first, second)):
        path = f"/v1/tasks/{task['id']}/photos"
        announced = park.as_("inspector_safety").post(path, photo_body(number + 1, "safety"), expect=201)
        key = announced["upload"]["fields"]["key"]
        park.services.media.write(key, JPEG, content_type="image/jpeg")
        park.photo_lands(key)
    told = text_of(park.as_(person).get(f"/v1/audit/task:{second['id']}"))
    assert (first["id"] in told) is sees
