"""Emergency resources: who keeps them, who reads which telephone numbers, and what a task of tier 3 finds nearest."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from mobile_api_spec.walk_context import RESOURCE
from tests.park import Park

WHERE = "/v1/emergency-resources"
PHONE, HIDDEN = "13800001234", "138****34"
SITE = {"latitude": 31.2304, "longitude": 121.4737}


@pytest.fixture
def park() -> Park:
    return Park().register()


def put(park: Park, name: str, *, by: str = "committee", expect: int = 200, **changes: Any) -> dict[str, Any]:
    return park.as_(by).put(f"{WHERE}/{name}", RESOURCE | changes, expect=expect)


def phone(found: dict[str, Any]) -> str:
    return str(found["on_call"][0]["phone"])


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"enterprise_id": "none"}, "enterprise_id", "unknown_enterprise", id="of an enterprise nobody registered"),
        pytest.param({"enterprise_id": "acme", "region": "west"}, "region", "one_of", id="outside its enterprise's region"),
        pytest.param({"kind": "magic"}, "kind", "one_of", id="of a kind that there is not"),
        pytest.param({"quantity": -1}, "quantity", "at_least", id="less than nothing"),
        pytest.param({"position": None}, "position", "invalid", id="that stands nowhere"),
        pytest.param({"on_call": [{"name": "x", "phone": "call me"}]}, "on_call.0.phone", "pattern", id="with no number"),
        pytest.param(
            {"on_call": [{"name": "x", "phone": PHONE, "days": [1, 1]}]}, "on_call.0.days", "invalid", id="with a day twice"
        ),
        pytest.param({"check_every_days": 0}, "check_every_days", "at_least", id="that is checked all the time"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_resource_is_refused_by_field(
    park: Park, changes: dict[str, Any], field: str, code: str
) -> None:
    problem = put(park, "foam", expect=400, **changes)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_department_keeps_those_of_its_own_regions_only(park: Park) -> None:
    put(park, "foam", by="department_elsewhere", expect=403)
    put(park, "foam")
    put(park, "foam", by="department_elsewhere", region="west", expect=404)
    assert park.as_("committee").get(f"{WHERE}/foam")["region"] == "east"


def test_an_enterprise_reads_the_parks_and_its_own_and_no_other(park: Park) -> None:
    put(park, "park-foam")
    put(park, "acme-foam", enterprise_id="acme")
    seen = {p: {one["id"] for one in park.as_(p).get(WHERE)["items"]} for p in ("enterprise", "enterprise_other")}
    assert seen == {"enterprise": {"park-foam", "acme-foam"}, "enterprise_other": {"park-foam"}}
    for path in ("", "/history"):
        park.as_("enterprise_other").get(f"{WHERE}/acme-foam{path}", expect=404)
        park.as_("inspector_elsewhere").get(f"{WHERE}/acme-foam{path}", expect=404)


def test_telephone_numbers_are_masked_for_those_who_need_them_not(park: Park) -> None:
    put(park, "foam", enterprise_id="acme")
    put(park, "hose")
    read = {
        p: phone(park.as_(p).get(f"{WHERE}/foam"))
        for p in ("department_safety", "committee", "admin", "enterprise", "inspector_safety")
    }
    assert read == dict.fromkeys(("department_safety", "committee", "admin", "enterprise"), PHONE) | {
        "inspector_safety": HIDDEN
    }
    assert phone(park.as_("enterprise").get(f"{WHERE}/hose")) == HIDDEN
    (edition,) = park.as_("inspector_safety").get(f"{WHERE}/foam/history")["items"]
    assert phone(edition["resource"]) == HIDDEN


def test_a_check_says_what_was_found_and_an_older_one_is_refused(park: Park) -> None:
    assert put(park, "foam")["availability"] == "unchecked"
    found = {"checked_at": rfc3339(park.clock.ms), "quantity": 1, "is_usable": True}
    for _ in range(2):
        seen = park.as_("department_safety").post(f"{WHERE}/foam/checks", found)
    assert (seen["availability"], seen["checked_by"], seen["quantity"]) == ("available", "department_safety", 1)
    earlier = found | {"checked_at": rfc3339(park.clock.ms - 1)}
    (error,) = park.as_("department_safety").post(f"{WHERE}/foam/checks", earlier, expect=400)["errors"]
    assert error["code"] == "checked_later"
    ahead = found | {"checked_at": rfc3339(park.clock.ms + 600_000)}
    (error,) = park.as_("department_safety").post(f"{WHERE}/foam/checks", ahead, expect=400)["errors"]
    assert error["code"] == "time_ahead"
    park.clock.advance(90 * 86_400 + 1)
    assert park.as_("committee").get(f"{WHERE}/foam")["availability"] == "unchecked"


def test_registering_it_again_keeps_when_it_was_checked(park: Park) -> None:
    put(park, "foam")
    found = {"checked_at": rfc3339(park.clock.ms), "quantity": 2, "is_usable": True}
    park.as_("committee").post(f"{WHERE}/foam/checks", found)
    assert put(park, "foam", least=3)["availability"] == "short"


def test_nothing_of_the_list_is_lost(park: Park) -> None:
    for _ in range(2):
        put(park, "foam")
    put(park, "foam", by="department_safety", quantity=5)
    park.as_("admin").call("DELETE", f"{WHERE}/foam", None, 204, {})
    park.as_("admin").get(f"{WHERE}/foam", expect=404)
    park.as_("admin").call("DELETE", f"{WHERE}/foam", None, 404, {})
    assert park.as_("admin").get(WHERE)["items"] == []
    put(park, "foam", quantity=5)
    told = [
        (one["version"], one["by"], one["is_removed"], one["resource"]["quantity"])
        for one in park.as_("admin").get(f"{WHERE}/foam/history")["items"]
    ]
    assert told == [
        (4, "committee", False, 5), (3, "admin", True, 5), (2, "department_safety", False, 5), (1, "committee", False, 2),
    ]  # fmt: skip


def tier_three(park: Park) -> dict[str, Any]:
    for hot in (30.0, 30.0, 54.0, 54.0):
        park.clock.advance(60)
        park.reads(temperature=188.0, voc=hot, steam=112.0)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    return dict(park.as_("committee").get(f"/v1/tasks/{task['id']}"))


def stands(park: Park) -> None:
    one = park.as_("admin").get("/v1/enterprises/acme")
    fields = ("name", "credit_code", "industry", "size", "region")
    park.as_("admin").put("/v1/enterprises/acme", {name: one[name] for name in fields} | {"position": SITE})


def at(north_m: float) -> dict[str, float]:
    return {"latitude": SITE["latitude"] + north_m / 110_900, "longitude": SITE["longitude"]}


def test_a_task_of_tier_three_names_what_can_be_used_nearest_first_with_numbers(park: Park) -> None:
    stands(park)
    for number, north_m in enumerate((5000, 200, 900, 50, 4000, 3000, 2000)):
        put(park, f"r-{number}", position=at(north_m))
    put(park, "empty", position=at(10), quantity=0)
    put(park, "broken", position=at(10), is_usable=False)
    put(park, "private", position=at(20), enterprise_id="other")
    task = tier_three(park)
    assert task["tier"] == 3
    found = park.as_("enterprise").get(f"/v1/tasks/{task['id']}")["resources"]
    assert [one["resource"]["id"] for one in found] == ["r-3", "r-1", "r-2", "r-6", "r-5"]
    assert [one["distance_m"] for one in found] == [pytest.approx(m, rel=0.01) for m in (50, 200, 900, 2000, 3000)]
    assert {phone(one["resource"]) for one in found} == {PHONE}
    near = park.as_("department_safety").get(f"/v1/tasks/{task['id']}")["resources"]
    assert near[0]["resource"]["id"] == "private"  # of another enterprise: for the park to ask for


def test_phones_have_them_without_a_signal(park: Park) -> None:
    put(park, "foam")
    tier_three(park)
    (field,) = park.as_("inspector_safety").get("/v1/sync")["tasks"]
    (near,) = field["task"]["resources"]
    assert phone(near["resource"]) == PHONE and "distance_m" not in near  # where the plant stands is not known


def test_a_task_of_a_lower_tier_names_none(park: Park) -> None:
    put(park, "foam")
    park.runs_hot()
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    assert task["tier"] < 3 and "resources" not in task


def test_a_step_of_a_joint_plan_shows_whether_its_resource_is_there(park: Park) -> None:
    step = {"id": "foam", "text": "调用泡沫车", "enterprise_id": "acme", "within_min": 10, "resource_id": "foam"}
    plan = {"name": "停供", "region": "east", "steps": [step]}
    (error,) = park.as_("committee").put("/v1/chain/plans/p", plan, expect=400)["errors"]
    assert (error["field"], error["code"]) == ("steps.0.resource_id", "unknown_resource")
    put(park, "foam")
    park.as_("committee").put("/v1/chain/plans/p", plan)
    run = "0199f3a0-7c1e-7b52-9d53-000000000001"
    park.as_("committee").post("/v1/chain/plans/p/runs", {"id": run, "incident": "泄漏"}, expect=201)
    put(park, "foam", is_usable=False)
    for path in ("plans/p", f"runs/{run}"):
        (seen,) = park.as_("enterprise").get(f"/v1/chain/{path}")["steps"]
        assert (seen["emergency_resource"]["availability"], phone(seen["emergency_resource"])) == ("none", PHONE)


def on_call(person: str, **hours: Any) -> dict[str, Any]:
    return {"on_call": [{"name": "值班员", "phone": PHONE, "person_id": person, **hours}]}


def test_a_person_on_call_whom_nobody_registered_is_refused(park: Park) -> None:
    (error,) = put(park, "foam", expect=400, **on_call("nobody"))["errors"]
    assert (error["field"], error["code"]) == ("on_call.0.person_id", "unknown_person")


def helper(park: Park, name: str, **fields: Any) -> None:
    person = {
        "name": name,
        "role": "inspector",
        "dimension": "safety",
        "regions": ["east"],
        "industries": ["circular_chemical"],
    }
    park.as_("admin").put(f"/v1/people/{name}", person | {"on_duty": False} | fields)


def test_a_task_of_tier_three_calls_who_answers_for_the_nearest_now(park: Park) -> None:
    stands(park)
    for name in ("near", "asleep", "empty", "far", "stranger"):
        helper(park, name, **({"regions": ["west"]} if name == "stranger" else {}))
    put(park, "r-near", position=at(100), **on_call("near"))
    put(park, "r-asleep", position=at(100), **on_call("asleep", hours={"begins": "20:00", "ends": "08:00"}))
    put(park, "r-empty", position=at(100), quantity=0, **on_call("empty"))
    put(park, "r-stranger", position=at(100), **on_call("stranger"))
    for number in range(2):
        put(park, f"r-{number}", position=at(200))
    put(park, "r-far", position=at(9000), **on_call("far"))
    task = tier_three(park)
    called = {"near", "asleep", "empty", "far", "stranger"} & set(task["party"])
    assert called == {"near"}
    assert [one["task_id"] for one in park.as_("near").get("/v1/inbox")["items"]][:1] == [task["id"]]
    found = park.as_("near").get(f"/v1/tasks/{task['id']}")["resources"]
    assert phone(found[0]["resource"]) == PHONE  # who is called needs them
    assert task["safety"]["inspector_id"] == "inspector_safety"  # it is no one else's task for that


def test_a_task_that_rises_to_tier_three_calls_them_then(park: Park) -> None:
    helper(park, "near")
    put(park, "foam", **on_call("near"))
    park.runs_hot()
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    assert task["tier"] < 3 and "near" not in task["party"]
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    assert task["tier"] == 3 and "near" in task["party"]
