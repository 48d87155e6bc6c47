"""What happens after a warning is raised: who is called, who is not and why, and that nobody who should be is forgotten."""

from typing import Any

import pytest

from chalicelib.adapters.catalogue import shipped_document
from chalicelib.api.models.wire import rfc3339
from chalicelib.handlers.on_clock import on_clock
from tests.acts import FakeInspector, client_id, closes
from tests.alarms import CHILD, PARENT, Alarms
from tests.park import START_MS, Park, credit_code

HOUR_S = 3600.0
INBOX = "/v1/inbox?limit=100"


@pytest.fixture
def park() -> Park:
    return with_parents(Park(inspector=FakeInspector()).register())


@pytest.fixture
def alarms(park: Park) -> Alarms:
    return Alarms(park)


def with_parents(park: Park) -> Park:
    """The shipped catalogue, where the reactor's pressure follows from its temperature."""
    document = shipped_document()
    rules = [one | ({"inhibited_by": [PARENT]} if one["id"] == CHILD else {}) for one in document["rules"]]
    park.as_("admin").put("/v1/catalogue", document | {"rules": rules, "version": "with-parents"})
    return park


def shelve(park: Park, number: int = 1, *, by: str = "department_safety", hours: float = 2, expect: int = 201, **changes: Any) -> Any:  # fmt: skip
    until = rfc3339(park.clock.ms + round(hours * 3_600_000))
    body = {"id": client_id(number), "unit": "acme-r1", "reason": "在线监测仪校准", "until": until} | changes
    return park.as_(by).post("/v1/shelvings", body, expect=expect)


def confirm(park: Park, by: str, number: int = 1, *, expect: int = 200) -> Any:
    return park.as_(by).post(f"/v1/shelvings/{client_id(number)}/confirmation", expect=expect)


def end(park: Park, by: str = "department_safety", number: int = 1, *, expect: int = 200) -> Any:
    return park.as_(by).post(f"/v1/shelvings/{client_id(number)}/end", expect=expect)


def window(park: Park, *, starts_in_h: float = 0, hours: float = 2, expect: int = 200, **changes: Any) -> Any:
    from_ms = park.clock.ms + round(starts_in_h * 3_600_000)
    body = {"from": rfc3339(from_ms), "to": rfc3339(from_ms + round(hours * 3_600_000)), "reason": "更换搅拌密封"}
    return park.as_("enterprise").put("/v1/units/acme-r1/maintenance-windows/m-1", body | changes, expect=expect)


def approve(park: Park, *, expect: int = 200) -> Any:
    return park.as_("department_safety").post("/v1/units/acme-r1/maintenance-windows/m-1/approval", expect=expect)


def minutes_pass(park: Park, minutes: float = 1) -> None:
    park.clock.advance(minutes * 60)
    on_clock(park.services)
    park.pump()


def tasks(park: Park, person: str = "committee") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = park.as_(person).get("/v1/tasks?limit=100")["items"]
    return items


def told(park: Park, person: str = "enterprise") -> list[str]:
    return [one["kind"] for one in reversed(park.as_(person).get(INBOX)["items"])]


def handling(park: Park, id: str) -> dict[str, Any]:
    found: dict[str, Any] = park.as_("enterprise").get(f"/v1/warnings/{id}")["handling"]
    return found


# ---- shelving --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        pytest.param({"hours": 0}, 400, "until", id="until now"),
        pytest.param({"hours": 25}, 400, "until", id="for longer than a day"),
        pytest.param({"reason": " "}, 400, "reason", id="without a reason"),
        pytest.param({"rule": "kiln-pressure-dust"}, 400, "rule", id="a rule that the unit does not have"),
        pytest.param({"unit": "nothing"}, 404, None, id="a unit that nobody registered"),
        pytest.param({"by": "department_elsewhere"}, 404, None, id="a unit out of sight"),
        pytest.param({"by": "enterprise"}, 403, None, id="one's own plant"),
        pytest.param({"by": "inspector_safety"}, 403, None, id="as an inspector"),
    ],
)
def test_what_cannot_be_shelved(park: Park, changes: dict[str, Any], status: int, field: str | None) -> None:
    problem = shelve(park, expect=status, **changes)
    assert field is None or problem["errors"][0]["field"] == field
    assert park.as_("committee").get("/v1/shelvings")["items"] == []


@pytest.mark.parametrize("change", [{"reason": "x"}, {"rule": PARENT}, {"hours": 3}])
def test_the_same_id_for_another_shelving_is_refused(park: Park, change: dict[str, Any]) -> None:
    first = shelve(park)
    assert shelve(park) == first
    assert shelve(park, expect=409, **change)["code"] == "content_conflict"


@pytest.mark.parametrize("second", ["department_safety"])
def test_nobody_confirms_a_shelving_of_their_own_department(park: Park, second: str) -> None:
    shelve(park)
    assert confirm(park, second, expect=409)["code"] == "second_person_needed"


def test_what_is_over_is_neither_confirmed_nor_ended(park: Park) -> None:
    shelve(park, hours=1)
    park.clock.advance(HOUR_S)
    assert confirm(park, "committee", expect=409)["state"] == "expired"
    assert end(park, expect=409)["state"] == "expired"


def test_a_shelved_warning_is_listed_with_its_reason_and_calls_nobody(park: Park, alarms: Alarms) -> None:
    shelving = shelve(park)
    id = alarms.raised(tier=2)
    assert tasks(park) == [] and told(park) == [] and not park.queue.waiting
    assert (handling(park, id)["course"], handling(park, id)["by"]) == ("shelved", shelving["id"])
    assert "task_id" not in handling(park, id) and handling(park, id)["course_text"] == "已搁置"


def test_only_the_rule_that_is_shelved_is_silent(park: Park, alarms: Alarms) -> None:
    shelve(park, rule=CHILD)
    assert alarms.course(alarms.raised(PARENT)) == "own_task"
    assert alarms.course(alarms.raised(CHILD)) == "shelved"
    assert alarms.course(alarms.raised(PARENT, eid="other")) == "own_task"


def test_when_shelving_ends_people_are_called_for_what_is_still_open(park: Park, alarms: Alarms) -> None:
    shelve(park, hours=2)
    stays, goes = alarms.raised(PARENT), alarms.raised(CHILD)
    alarms.clears(goes)
    minutes_pass(park, 60)
    assert tasks(park) == []
    minutes_pass(park, 60)
    (task,) = tasks(park)
    assert task["warning_id"] == stays and task["opened_at"] == rfc3339(park.clock.ms)
    assert [step["course"] for step in handling(park, stays)["steps"]] == ["shelved", "own_task"]
    minutes_pass(park)
    assert len(tasks(park)) == 1 and told(park) == ["task_dispatched"]


def test_unshelving_early_calls_people_within_a_minute_and_is_done_once(park: Park, alarms: Alarms) -> None:
    shelve(park)
    alarms.raised()
    assert end(park) == end(park, "committee")
    minutes_pass(park)
    assert len(tasks(park)) == 1
    assert alarms.course(alarms.raised(PARENT, eid="acme", unit="acme-r2")) == "own_task"


def test_one_person_does_not_shelve_tier_3(park: Park, alarms: Alarms) -> None:
    shelve(park)
    assert alarms.course(alarms.raised(tier=3)) == "own_task"


def test_an_escalation_to_tier_3_under_one_persons_shelving_calls_people_at_once(park: Park, alarms: Alarms) -> None:
    shelve(park)
    id = alarms.raised(tier=1)
    alarms.escalates(id, 2)
    assert tasks(park) == []
    alarms.escalates(id, 3)
    (task,) = tasks(park)
    assert (task["tier"], task["warning_id"]) == (3, id) and told(park) == ["task_dispatched"]


@pytest.mark.parametrize("second", ["department_environment", "committee"])
def test_two_persons_shelve_tier_3(park: Park, alarms: Alarms, second: str) -> None:
    shelve(park)
    first = confirm(park, second)
    assert first["confirmed_by"] == second and confirm(park, "committee")["confirmed_by"] == second
    id = alarms.raised(tier=3)
    assert alarms.course(id) == "shelved" and tasks(park) == []
    end(park)
    minutes_pass(park)
    assert [task["tier"] for task in tasks(park)] == [3]


def test_shelvings_are_listed_newest_first_open_and_past(park: Park) -> None:
    shelve(park, 1, hours=1)
    park.clock.advance(HOUR_S)
    shelve(park, 2)
    listed = park.as_("enterprise").get("/v1/shelvings")["items"]
    assert [(one["id"], one["state"]) for one in listed] == [(client_id(2), "open"), (client_id(1), "expired")]
    assert park.as_("enterprise_other").get("/v1/shelvings")["items"] == []


def test_what_late_data_puts_in_a_warnings_place_is_handled_as_that_one_was(park: Park, alarms: Alarms) -> None:
    shelve(park, hours=1)
    goes_on, is_over = alarms.raised(PARENT), alarms.raised(CHILD)
    alarms.replaced(goes_on, tier=2)
    alarms.replaced(is_over, tier=2, is_open=False)
    heir = alarms.warning(goes_on).superseded_by
    assert handling(park, heir) == handling(park, goes_on)
    minutes_pass(park, 60)
    (task,) = tasks(park)
    assert (task["warning_id"], task["tier"]) == (goes_on, 2) and alarms.course(is_over) == "shelved"


# ---- maintenance -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"starts_in_h": -0.3}, "from", id="that began twenty minutes ago"),
        pytest.param({"starts_in_h": 91 * 24}, "from", id="three months ahead"),
        pytest.param({"hours": 0}, "to", id="of no length"),
        pytest.param({"hours": 7 * 24 + 1}, "to", id="longer than a week"),
        pytest.param({"reason": ""}, "reason", id="without a reason"),
    ],
)
def test_a_window_that_is_not_taken(park: Park, changes: dict[str, Any], field: str) -> None:
    assert window(park, expect=400, **changes)["errors"][0]["field"] == field


def test_an_approved_window_does_not_change(park: Park) -> None:
    window(park)
    assert window(park, reason="另一原因")["reason"] == "另一原因"
    approved = approve(park)
    assert approved == approve(park) and approved["state"] == "approved"
    assert window(park, reason="另一原因") == approved
    assert window(park, reason="再改", expect=409)["code"] == "content_conflict"


def test_a_window_that_nobody_approved_suppresses_nothing(park: Park, alarms: Alarms) -> None:
    window(park)
    assert alarms.course(alarms.raised()) == "own_task"


def test_within_an_approved_window_tiers_1_and_2_are_recorded_and_call_nobody(park: Park, alarms: Alarms) -> None:
    window(park, starts_in_h=1)
    approve(park)
    assert alarms.course(alarms.raised(CHILD, unit="acme-r1")) == "own_task"
    park.clock.advance(HOUR_S)
    id = alarms.raised(tier=2)
    assert (handling(park, id)["course"], handling(park, id)["by"]) == ("suppressed", "m-1")
    assert len(tasks(park)) == 1 and alarms.course(alarms.raised(eid="other")) == "own_task"


def test_tier_3_is_never_suppressed(park: Park, alarms: Alarms) -> None:
    window(park)
    approve(park)
    assert alarms.course(alarms.raised(tier=3)) == "own_task"
    id = alarms.raised(CHILD, unit="acme-r2")
    assert alarms.course(id) == "own_task"


def test_an_escalation_to_tier_3_within_a_window_calls_people_at_once(park: Park, alarms: Alarms) -> None:
    window(park)
    approve(park)
    id = alarms.raised()
    alarms.escalates(id, 3)
    assert [task["warning_id"] for task in tasks(park)] == [id]


@pytest.mark.parametrize("is_ended", [False, True], ids=["by its time", "by a person"])
def test_what_is_open_when_a_window_ends_calls_people(park: Park, alarms: Alarms, is_ended: bool) -> None:
    window(park)
    approve(park)
    alarms.raised()
    if is_ended:
        park.as_("department_environment").post("/v1/units/acme-r1/maintenance-windows/m-1/end")
    minutes_pass(park, 1 if is_ended else 120)
    assert len(tasks(park)) == 1


def test_what_shelving_still_holds_when_a_window_ends_goes_on_to_be_held(park: Park, alarms: Alarms) -> None:
    window(park, hours=1)
    approve(park)
    shelve(park, hours=2)
    id = alarms.raised()
    assert alarms.course(id) == "suppressed"
    minutes_pass(park, 70)
    assert tasks(park) == []
    minutes_pass(park, 60)
    assert len(tasks(park)) == 1


# ---- derived warnings ------------------------------------------------------------------------------------------------


def test_a_derived_warning_joins_its_parents_task_and_calls_nobody(park: Park, alarms: Alarms) -> None:
    parent, child = alarms.raised(PARENT, tier=2), alarms.raised(CHILD, tier=1)
    (task,) = tasks(park)
    assert [(one["warning_id"], one["tier"]) for one in task["members"]] == [(parent, 2), (child, 1)]
    assert handling(park, child)["course"] == "under_parent" and handling(park, child)["task_id"] == task["id"]
    assert told(park) == ["task_dispatched"] and task["tier"] == 2


def test_a_parent_does_not_join_what_derives_from_it(park: Park, alarms: Alarms) -> None:
    alarms.raised(CHILD)
    assert alarms.course(alarms.raised(PARENT)) == "own_task"


def test_a_derived_warning_elsewhere_or_under_a_cleared_parent_has_its_own_task(park: Park, alarms: Alarms) -> None:
    parent = alarms.raised(PARENT)
    assert alarms.course(alarms.raised(CHILD, eid="other")) == "own_task"
    assert alarms.course(alarms.raised(CHILD, unit="acme-r2")) == "own_task"
    alarms.clears(parent)
    assert alarms.course(alarms.raised(CHILD)) == "own_task"


def test_as_shipped_a_kilns_noise_follows_from_its_dust_and_not_the_other_way_about() -> None:
    alarms = Alarms(Park().register())
    alarms.raised("kiln-pressure-dust", unit="acme-k1")
    assert alarms.course(alarms.raised("kiln-pressure-noise", unit="acme-k1")) == "under_parent"
    alarms.raised("kiln-pressure-noise", unit="acme-k2")
    assert alarms.course(alarms.raised("kiln-pressure-dust", unit="acme-k2")) == "own_task"


@pytest.mark.parametrize("tier", [2, 3])
def test_a_derived_warning_of_a_higher_tier_raises_the_task(park: Park, alarms: Alarms, tier: int) -> None:
    alarms.raised(PARENT, tier=1)
    alarms.raised(CHILD, tier=tier)
    (task,) = tasks(park)
    assert task["tier"] == tier and told(park) == ["task_dispatched", "task_escalated"]
    assert ("committee" in task["party"]) == (tier == 3)


def test_a_derived_warning_that_escalates_raises_the_task(park: Park, alarms: Alarms) -> None:
    alarms.raised(PARENT, tier=1)
    child = alarms.raised(CHILD, tier=1)
    alarms.escalates(child, 3)
    (task,) = tasks(park)
    assert (task["tier"], [one["tier"] for one in task["members"]]) == (3, [1, 3])


def test_readings_are_back_when_those_of_all_warnings_of_a_task_are(park: Park, alarms: Alarms) -> None:
    parent, child = alarms.raised(PARENT), alarms.raised(CHILD)
    alarms.clears(parent)
    assert "warning_cleared_at" not in tasks(park)[0] and told(park) == ["task_dispatched"]
    park.clock.advance(60)
    alarms.clears(child)
    assert tasks(park)[0]["warning_cleared_at"] == rfc3339(park.clock.ms)
    assert told(park) == ["task_dispatched", "warning_cleared"]


def test_what_is_open_when_its_parents_task_closes_gets_its_own(park: Park, alarms: Alarms) -> None:
    parent, child = alarms.raised(PARENT), alarms.raised(CHILD)
    (task,) = tasks(park)
    closes(park, task)
    (own,) = tasks(park)
    assert own["warning_id"] == child and alarms.course(parent) == "own_task"
    assert [step["course"] for step in handling(park, child)["steps"]] == ["under_parent", "own_task"]


def test_what_has_cleared_when_its_parents_task_closes_gets_none(park: Park, alarms: Alarms) -> None:
    alarms.raised(PARENT)
    alarms.clears(alarms.raised(CHILD))
    closes(park, tasks(park)[0])
    assert tasks(park) == []


# ---- floods ----------------------------------------------------------------------------------------------------------


def many_plants(park: Park, count: int) -> list[str]:
    """More plants of the same joint group, each with its own people."""
    admin = park.as_("admin")
    for number in range(count):
        park.put_plant(admin, f"e{number}", credit_code(f"9111000{number:02d}MA01A2B"))
        fields = {"name": "x", "role": "enterprise", "enterprise_id": f"e{number}"}
        admin.put(f"/v1/people/people-{number}", fields)
    return [f"e{number}" for number in range(count)]


def test_more_than_ten_in_ten_minutes_become_one_regional_task(park: Park, alarms: Alarms) -> None:
    plants = many_plants(park, 13)
    raised = [alarms.raised(eid=eid) for eid in plants]
    regional = [task for task in tasks(park) if task["kind"] == "regional"]
    assert [alarms.course(id) for id in raised] == ["own_task"] * 10 + ["flood"] * 3
    (task,) = regional
    assert (task["tier"], task["enterprise_id"], len(tasks(park))) == (2, "", 11)
    assert [one["warning_id"] for one in task["members"]] == raised[10:]
    assert {"inspector_safety", "inspector_environment", "people-10", "people-12"} <= set(task["party"])
    assert told(park, "people-12") == ["task_dispatched"]
    (notice,) = park.as_("people-12").get(INBOX)["items"]
    assert notice["title"] == "【2级预警】east 区域联合任务"


def test_an_enterprise_sees_of_a_regional_task_what_is_its_own(park: Park, alarms: Alarms) -> None:
    raised = [alarms.raised(eid=eid) for eid in many_plants(park, 13)]
    (task,) = tasks(park, "people-11")
    assert [one["enterprise_id"] for one in task["members"]] == ["e11"]
    assert (task["warning_id"], task["party"]) == (raised[11], ["people-11"])
    park.as_("people-11").get(f"/v1/tasks/{task['id']}")
    park.as_("people-1").get(f"/v1/tasks/{task['id']}", expect=404)
    done = {"id": client_id(9), "text": "已更换密封件", "photos": []}
    park.as_("people-11").post(f"/v1/tasks/{task['id']}/rectifications", done, expect=201)
    assert len(park.as_("people-11").get(f"/v1/tasks/{task['id']}/evidence")["rectifications"]) == 1
    assert park.as_("people-12").get(f"/v1/tasks/{task['id']}/evidence")["rectifications"] == []
    assert len(park.as_("inspector_safety").get(f"/v1/tasks/{task['id']}/evidence")["rectifications"]) == 1


def test_tier_3_is_not_folded_into_a_flood_and_leaves_it(park: Park, alarms: Alarms) -> None:
    raised = [alarms.raised(eid=eid) for eid in many_plants(park, 13)]
    assert alarms.course(alarms.raised(CHILD, eid="e12", tier=3)) == "own_task"
    alarms.escalates(raised[11], 3)
    assert alarms.course(raised[11]) == "own_task"
    (regional,) = (task for task in tasks(park) if task["kind"] == "regional")
    assert [one["warning_id"] for one in regional["members"]] == [raised[10], raised[12]]


def test_a_flood_ends_with_its_ten_minutes_and_the_next_has_a_task_of_its_own(park: Park, alarms: Alarms) -> None:
    plants = many_plants(park, 12)
    for eid in plants:
        alarms.raised(eid=eid)
    park.clock.advance(600)
    assert alarms.course(alarms.raised(CHILD, eid="other")) == "own_task"
    for eid in plants:
        alarms.raised(CHILD, unit=f"{eid}-r2", eid=eid)
    assert len([task for task in tasks(park) if task["kind"] == "regional"]) == 2


def test_a_flood_of_one_group_is_none_of_another(park: Park, alarms: Alarms) -> None:
    plants = many_plants(park, 12)
    elsewhere = {"name": "x", "credit_code": credit_code("91110000MA01A2B99"), "size": "medium", "region": "west"}
    park.as_("admin").put("/v1/enterprises/other", elsewhere | {"industry": "circular_chemical"})
    for eid in plants:
        alarms.raised(eid=eid)
    assert alarms.course(alarms.raised(eid="other")) == "own_task"


def test_when_a_regional_task_closes_its_warnings_are_scored_or_go_on(park: Park, alarms: Alarms) -> None:
    raised = [alarms.raised(eid=eid) for eid in many_plants(park, 13)]
    alarms.clears(raised[10])
    park.clock.advance(600)
    (task,) = (task for task in tasks(park) if task["kind"] == "regional")
    closes(park, task)
    assert [alarms.course(id) for id in raised[10:]] == ["flood", "own_task", "own_task"]
    score = park.as_("people-10").get("/v1/enterprises/e10/score?month=2026-03")
    assert [(one["cause"], one["task_id"]) for one in score["entries"]] == [("warning", task["id"])]
    assert park.as_("people-11").get("/v1/enterprises/e11/score?month=2026-03")["entries"] == []


# ---- chattering and stale --------------------------------------------------------------------------------------------


def observed(park: Park) -> list[tuple[str, str, bool]]:
    items = park.as_("enterprise").get("/v1/observations")["items"]
    return [(one["kind"], one["subject"], "closed_at" in one) for one in items]


def chatters(alarms: Alarms, times: int) -> list[str]:
    ids = []
    for _ in range(times):
        ids.append(alarms.raised(after_s=300))
        alarms.clears(ids[-1])
    return ids


def test_the_third_opening_within_an_hour_joins_the_open_task_and_is_observed_once(park: Park, alarms: Alarms) -> None:
    ids = chatters(alarms, 5)
    assert [alarms.course(id) for id in ids] == ["own_task", "own_task", "chattering", "chattering", "chattering"]
    assert len(tasks(park)) == 2 and observed(park) == [("chattering", PARENT, False)]
    assert told(park).count("task_dispatched") == 2


def test_chattering_without_an_open_task_calls_people(park: Park, alarms: Alarms) -> None:
    for id in chatters(alarms, 2):
        (task,) = (task for task in tasks(park) if task["warning_id"] == id)
        closes(park, task)
    assert alarms.course(alarms.raised()) == "own_task"


def test_openings_far_apart_are_no_chattering(park: Park, alarms: Alarms) -> None:
    for _ in range(4):
        alarms.clears(alarms.raised(after_s=1800))
    assert observed(park) == []


def test_chattering_ends_after_an_hour_of_quiet_and_the_next_is_observed_anew(park: Park, alarms: Alarms) -> None:
    chatters(alarms, 3)
    minutes_pass(park, 59)
    assert observed(park) == [("chattering", PARENT, False)]
    minutes_pass(park, 1)
    assert observed(park) == [("chattering", PARENT, True)]
    chatters(alarms, 3)
    assert observed(park) == [("chattering", PARENT, False), ("chattering", PARENT, True)]


def test_a_warning_that_stands_for_more_than_a_day_is_observed_as_stale_until_it_clears(
    park: Park, alarms: Alarms
) -> None:
    id = alarms.raised()
    minutes_pass(park, 24 * 60 - 1)
    assert observed(park) == []
    minutes_pass(park, 2)
    minutes_pass(park, 1)
    assert observed(park) == [("stale", PARENT, False)]
    alarms.clears(id)
    assert observed(park) == [("stale", PARENT, True)]


# ---- pushes of one enterprise in a short wait ------------------------------------------------------------------------


@pytest.fixture
def phones(park: Park) -> Park:
    park.queue.keeps_delays = True
    for person in ("enterprise", "department_safety"):
        park.as_(person).put("/v1/me/devices/phone", {"token": f"token-of-{person}", "platform": "android"})
    return park


def pushed(park: Park, person: str) -> list[str]:
    return [message.title for device, message in park.services.channel.sent if device.person_id == person]  # type: ignore[attr-defined]


def test_warnings_of_one_enterprise_within_ten_seconds_are_one_push(phones: Park, alarms: Alarms) -> None:
    for unit in ("acme-r1", "acme-r2", "acme-r3"):
        alarms.raised(unit=unit, after_s=3)
    assert pushed(phones, "enterprise") == [] and told(phones) == ["task_dispatched"] * 3
    for _ in range(20):
        phones.clock.advance(1)
        phones.pump()
    assert pushed(phones, "enterprise") == ["acme chemicals：3项预警"]
    ledger = [one for task in tasks(phones) for one in delivered(phones, task["id"])]
    assert sorted(one["person_id"] for one in ledger) == ["department_safety"] * 3 + ["enterprise"] * 3
    assert {one["status"] for one in ledger} == {"sent"}


def delivered(park: Park, task_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = park.as_("admin").get(f"/v1/tasks/{task_id}/deliveries")["items"]
    return items


def test_enterprises_are_pushed_apart(phones: Park, alarms: Alarms) -> None:
    alarms.raised(eid="acme")
    alarms.raised(eid="other")
    phones.clock.advance(10)
    phones.pump()
    assert sorted(pushed(phones, "department_safety")) == [
        "【1级预警】acme chemicals R1",
        "【1级预警】other chemicals R1",
    ]


def test_warnings_further_apart_are_pushed_apart(phones: Park, alarms: Alarms) -> None:
    for unit in ("acme-r1", "acme-r2"):
        alarms.raised(unit=unit)
        phones.clock.advance(10)
        phones.pump()
    assert len(pushed(phones, "enterprise")) == 2


def test_tier_3_waits_for_nothing(phones: Park, alarms: Alarms) -> None:
    alarms.raised(tier=2)
    alarms.raised(unit="acme-r2", tier=3)
    assert pushed(phones, "enterprise") == ["【3级预警】acme chemicals acme-r2"]
    phones.clock.advance(10)
    phones.pump()
    assert pushed(phones, "enterprise")[1:] == ["【2级预警】acme chemicals R1"]


def test_a_push_of_several_that_failed_comes_again_and_each_is_sent_once(phones: Park, alarms: Alarms) -> None:
    phones.services.channel.fail_next = 1  # type: ignore[attr-defined]
    for unit in ("acme-r1", "acme-r2"):
        alarms.raised(unit=unit)
    phones.clock.advance(10)
    for _ in range(3):
        phones.pump()
    for person in ("enterprise", "department_safety"):
        assert pushed(phones, person) == ["acme chemicals：2项预警"]


# ---- figures ---------------------------------------------------------------------------------------------------------


def figures(park: Park, person: str = "committee", *, days: float = 1, more: str = "", expect: int = 200) -> Any:
    start, stop = rfc3339(START_MS), rfc3339(START_MS + round(days * 86_400_000))
    query = f"from={start}&to={stop}{more}".replace("+", "%2B")
    return park.as_(person).get(f"/v1/alarm-kpis?{query}", expect=expect)


@pytest.mark.parametrize("days", [0, -1, 32])
def test_figures_are_of_a_month_at_most(park: Park, days: float) -> None:
    assert figures(park, days=days, expect=400)["errors"][0]["field"] == "to"


def test_the_figures_of_a_day(park: Park, alarms: Alarms) -> None:
    shelve(park, unit="other-r1")
    held, own = alarms.raised(eid="other"), alarms.raised(tier=2)
    task = tasks(park)[0]
    park.clock.advance(120)
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement")
    park.clock.advance(600)
    closes(park, task)
    alarms.clears(own)
    answer = figures(park)
    total = answer["total"]
    assert (total["raised"], total["shelved"], total["standing"], total["stale"]) == (2, 1, 1, 0)
    assert (total["hours"], total["per_hour"], total["per_inspector_day"]) == (24.0, 2 / 24, 1.0)
    assert (total["acknowledge"]["p50_s"], total["close"]["p90_s"]) == (120.0, 720.0)
    assert [(one["unit"], one["count"], one["share"]) for one in total["worst"]] == [("acme-r1", 1, 0.5), ("other-r1", 1, 0.5)]  # fmt: skip
    assert [(one["shift"], one["figures"]["raised"]) for one in answer["groups"]] == [("day", 2), ("night", 0)]
    assert {one["figure"] for one in answer["references"]} >= {"per_hour", "flood_share", "stale", "chattering"}
    assert alarms.course(held) == "shelved"


def test_figures_are_of_what_a_person_sees_and_asks_for(park: Park, alarms: Alarms) -> None:
    alarms.raised()
    assert figures(park, "department_elsewhere")["total"]["raised"] == 0
    assert figures(park, more="&region=west")["total"]["raised"] == 0
    assert figures(park, more="&region=east&industry=circular_chemical")["total"]["raised"] == 1
    figures(park, "enterprise", expect=403)
