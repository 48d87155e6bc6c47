"""Drills: test data go the ordinary way in a room of their own, those who take part are called, and what is real stays as it was."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

import app  # noqa: F401 - it registers the routes
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.adapters.rows import Row, Rows
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.api.models.wire import rfc3339
from chalicelib.bootstrap import use
from chalicelib.domain.access import ALLOWED
from chalicelib.domain.drill import IN_DRILL, DrillAction, moved
from chalicelib.domain.person import Role
from chalicelib.handlers.on_clock import on_clock
from tests.acts import JPEG, FakeInspector, client_id, photo_body
from tests.park import PEOPLE, START_MS, Park, memory_rows

DRILL = client_id(80)
WITHIN = {"X_Drill": DRILL}
TAKES_PART = ["inspector_safety", "inspector_environment", "enterprise", "department_safety", "department_environment"]
PLAN: dict[str, Any] = {
    "id": DRILL, "title": "一季度联合演练", "scenario": "coupled-tier2", "units": ["acme-r1"], "people": TAKES_PART,
    "starts_at": rfc3339(START_MS + 3_600_000), "lasts_min": 60,
}  # fmt: skip
Tables = dict[str, MemoryRows]
World = dict[tuple[str, str, str], Row]


class DrillPark(Park):
    """A park whose whole store can be looked at."""

    def __init__(self) -> None:
        self.tables: Tables = {}
        self.phones = FakePushChannel()

        def rows(on_put: Any) -> dict[str, Rows]:
            self.tables = {name: one for name, one in memory_rows(on_put).items() if isinstance(one, MemoryRows)}
            return dict(self.tables)

        super().__init__(rows, inspector=FakeInspector(), channel=self.phones)
        self.register()

    def world(self) -> World:
        return {
            (t, pk, row.sk): row
            for t, rows in self.tables.items()
            for pk in rows.partitions()
            for row in rows.query(pk)
        }

    def minute(self) -> None:
        self.clock.advance(60)
        on_clock(self.services)
        self.pump()


@pytest.fixture
def park() -> DrillPark:
    return DrillPark()


def plans(park: Park, **changes: Any) -> dict[str, Any]:
    drill = park.as_("committee").post("/v1/drills", PLAN | changes, expect=201)
    park.pump()
    return drill


def starts(park: Park, **changes: Any) -> dict[str, Any]:
    plans(park, **changes)
    started = park.as_("committee").post(f"/v1/drills/{DRILL}/start")
    park.pump()
    return started


def the_task(park: Park) -> dict[str, Any]:
    (task,) = park.as_("department_safety").get("/v1/tasks", **WITHIN)["items"]
    return task


def works(park: Park) -> None:
    """The task of a drill, taken, handed in and accepted."""
    path = f"/v1/tasks/{the_task(park)['id']}"
    for side in ("safety", "environment"):
        park.clock.advance(60)
        park.as_(f"inspector_{side}").post(f"{path}/acknowledgement", **WITHIN)
        sends_photo(park, path, side)
        park.as_(f"inspector_{side}").post(f"{path}/sides/{side}/submission", {"note": "已处置"}, **WITHIN)
        park.pump()
        verdict = {"revision": 1, "verdict": "passed"}
        park.as_(f"department_{side}").post(f"{path}/sides/{side}/verdict", verdict, **WITHIN)
        park.pump()


def sends_photo(park: Park, path: str, side: str) -> str:
    number = 1 if side == "safety" else 2
    announced = park.as_(f"inspector_{side}").post(f"{path}/photos", photo_body(number, side), expect=201, **WITHIN)
    key: str = announced["upload"]["fields"]["key"]
    park.services.media.write(key, JPEG, content_type="image/jpeg")
    park.photo_lands(key)
    return key


def report(park: Park, person: str = "committee") -> dict[str, Any]:
    return park.as_(person).get(f"/v1/drills/{DRILL}/report")


def steps(park: Park, unit: int = 0) -> dict[str, float | None]:
    return {one["step"]: one.get("took_s") for one in report(park)["courses"][unit]["steps"]}


def is_of_the_drill(key: tuple[str, str, str], row: Row) -> bool:
    _, pk, sk = key
    own = pk.startswith(("DRILLED#", "DRILL#", "DRILLS#")) or pk == "DRILLING"
    announced = pk == "ENT#" and ":" + DRILL in sk
    told = pk.startswith("INBOX#") and row.body.get("drill_id") == DRILL
    pointer = pk.startswith("NOTICE#") and sk.startswith("d-n-")
    return own or announced or ((told or pointer) and pk.split("#")[1] in TAKES_PART)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"scenario": "none"}, "scenario", "unknown_scenario", id="by no scenario"),
        pytest.param({"units": ["none"]}, "units.0", "unknown_unit", id="at no unit"),
        pytest.param({"people": ["nobody"]}, "people.0", "unknown_person", id="with nobody"),
        pytest.param({"units": ["acme-t1"]}, "units.0", "not_drillable", id="at a unit without a rule"),
        pytest.param({"units": ["acme-r1", "acme-r1"]}, "", "invalid", id="at a unit twice"),
        pytest.param({"lasts_min": 5}, "lasts_min", "at_least", id="in no time"),
    ],
)  # fmt: skip
def test_a_drill_that_cannot_be_held_is_not_planned(park: Park, changes: dict[str, Any], field: str, code: str) -> None:
    park.as_("admin").put("/v1/units/acme-t1", {"enterprise_id": "acme", "name": "T1", "type": "boiler"})
    problem = park.as_("committee").post("/v1/drills", PLAN | changes, expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


@pytest.mark.parametrize("person", ["inspector_safety", "enterprise", "department_safety", "admin"])
def test_only_the_committee_holds_drills(park: Park, person: str) -> None:
    park.as_(person).post("/v1/drills", PLAN, expect=403)
    plans(park)
    for what in ("start", "end", "cancellation"):
        park.as_(person).post(f"/v1/drills/{DRILL}/{what}", expect=403)


def test_who_takes_no_part_does_not_know_of_it(park: Park) -> None:
    starts(park)
    for path in ("", "/report"):
        park.as_("enterprise_other").get(f"/v1/drills/{DRILL}{path}", expect=404)
        park.as_("department_elsewhere").get(f"/v1/drills/{DRILL}{path}", expect=404)
    assert park.as_("enterprise_other").get("/v1/drills")["items"] == []
    for path in ("/v1/tasks", "/v1/warnings", f"/v1/tasks/{the_task(park)['id']}"):
        park.as_("enterprise_other").get(path, expect=404, **WITHIN)
    assert [len(park.as_(one).get("/v1/drills")["items"]) for one in ("committee", "admin", *TAKES_PART)] == [1] * 7


def test_those_who_take_part_are_called_and_told_that_it_is_a_drill(park: DrillPark) -> None:
    for person in (*TAKES_PART, "committee", "enterprise_other"):
        park.as_(person).put("/v1/me/devices/phone", {"token": f"token-{person}", "platform": "android"})
    starts(park)
    for person in TAKES_PART:
        items = park.as_(person).get("/v1/inbox")["items"]
        assert {one["kind"] for one in items} == {"task_dispatched", "drill_planned"}
        assert all(one["title"].startswith("【演练】") and one["drill_id"] == DRILL for one in items)
    assert {device.person_id for device, _ in park.phones.sent} == set(TAKES_PART)
    assert all(m.title.startswith("【演练】") and dict(m.data)["drill_id"] == DRILL for _, m in park.phones.sent)
    assert (
        park.as_("inspector_safety").get("/v1/inbox", Accept_Language="en")["items"][0]["title"].startswith("[DRILL] ")
    )
    for person in ("committee", "enterprise_other", "inspector_elsewhere", "admin"):
        assert park.as_(person).get("/v1/inbox")["items"] == []


def test_each_step_is_timed_and_reported(park: Park) -> None:
    starts(park)
    assert steps(park) == {
        "injected": 0.0, "warned": 0.0, "dispatched": 0.0, "acknowledged": None,
        "submitted_safety": None, "submitted_environment": None, "accepted": None,
    }  # fmt: skip
    works(park)
    park.clock.advance(30)
    ended = park.as_("committee").post(f"/v1/drills/{DRILL}/end")
    assert ended["state"] == "ended" and ended["ended_at"] == rfc3339(START_MS + 150_000)
    assert steps(park) == {
        "injected": 0.0, "warned": 0.0, "dispatched": 0.0, "acknowledged": 60.0,
        "submitted_safety": 60.0, "submitted_environment": 120.0, "accepted": 120.0,
    }  # fmt: skip
    told = report(park, "enterprise")
    assert (told["steps_total"], told["steps_done"], told["steps_late"]) == (7, 7, 0) and told["courses"][0][
        "tier"
    ] == 2
    assert told["points"] == {"acme": -3.0} and told["at"] == ended["ended_at"]
    targets = {one["step"]: one.get("target") for one in told["courses"][0]["steps"]}
    assert targets["acknowledged"] == rfc3339(START_MS + 1_800_000) and targets["accepted"] == rfc3339(
        START_MS + 28_800_000
    )
    park.pump()
    assert (
        park.as_("enterprise").get("/v1/inbox")["items"][0]["body"]
        == "应急演练“一季度联合演练”已结束：共 7 个环节，完成 7 个，超时 0 个。演练报告可在演练详情中查看。"
    )


def test_what_was_not_done_in_time_is_late(park: Park) -> None:
    starts(park)
    park.clock.advance(1801)
    assert [one["step"] for one in report(park)["courses"][0]["steps"] if one["is_late"]] == ["acknowledged"]


def test_after_a_drill_what_is_real_is_byte_for_byte_as_before(park: DrillPark) -> None:
    park.runs_hot()  # something real goes on in the same unit
    park.minute()
    before = park.world()
    starts(park)
    works(park)
    for _ in range(31):
        park.minute()
    park.as_("committee").post(f"/v1/drills/{DRILL}/end")
    park.pump()
    after = park.world()
    others = {key: row for key, row in after.items() if not is_of_the_drill(key, row)}
    changed = {key for key in before.keys() | others.keys() if before.get(key) != others.get(key)}
    assert changed == set() and park.failures == 0
    assert any(key[1].startswith("DRILLED#") and "SCORE#" in key[1] for key in after)


def test_lists_scores_figures_and_inboxes_have_nothing_of_a_drill(park: Park) -> None:
    span = f"from={quote(rfc3339(START_MS - 3_600_000))}&to={quote(rfc3339(START_MS + 86_400_000))}"
    paths = (
        "/v1/tasks?state=all",
        "/v1/warnings",
        "/v1/observations",
        "/v1/enterprises/acme/score",
        "/v1/units/acme-r1/page",
        f"/v1/alarm-kpis?{span}",
        f"/v1/units/acme-r1/readings?{span}",
    )
    looks = {path: park.as_("committee").get(path) for path in paths}
    starts(park)
    works(park)
    assert {path: park.as_("committee").get(path) for path in paths} == looks
    assert len(park.as_("department_safety").get("/v1/tasks?state=all", **WITHIN)["items"]) == 1
    assert park.as_("committee").get("/v1/enterprises/acme/score", **WITHIN)["entries"]


def test_a_worse_act_escalates_and_calm_comes_back(park: DrillPark) -> None:
    starts(park, scenario="escalation")
    assert the_task(park)["tier"] == 2
    for _ in range(11):
        park.minute()
    assert the_task(park)["tier"] == 3
    assert park.as_("committee").get("/v1/inbox")["items"] == []  # not even those whom tier 3 adds
    for _ in range(30):
        park.minute()
    assert park.failures == 0
    (warning,) = park.as_("committee").get("/v1/warnings", **WITHIN)["items"]
    assert warning["state"] == "cleared"


def test_several_enterprises_are_drilled_at_once(park: Park) -> None:
    starts(park, units=["acme-r1", "other-r1"], people=[*TAKES_PART, "enterprise_other"])
    assert [one["enterprise_id"] for one in report(park)["courses"]] == ["acme", "other"]
    assert len(park.as_("department_safety").get("/v1/tasks", **WITHIN)["items"]) == 2
    (own,) = park.as_("enterprise_other").get("/v1/tasks", **WITHIN)["items"]
    assert own["enterprise_id"] == "other"


def test_a_photo_of_a_drill_is_judged_in_its_room(park: Park) -> None:
    starts(park)
    path = f"/v1/tasks/{the_task(park)['id']}"
    assert sends_photo(park, path, "safety").startswith(f"incoming/drill~{DRILL}~t-")
    assert park.as_("inspector_safety").get(f"{path}/photos/{client_id(1)}", **WITHIN)["state"] == "verified"
    park.as_("inspector_safety").get(f"{path}/photos/{client_id(1)}", expect=404)


def test_a_phone_gets_the_drill_s_pack_and_brings_what_was_done_offline(park: Park) -> None:
    starts(park)
    task = the_task(park)
    (pack,) = park.as_("inspector_safety").get("/v1/sync", **WITHIN)["tasks"]
    assert pack["task"]["id"] == task["id"] and park.as_("inspector_safety").get("/v1/sync")["tasks"] == []
    at = rfc3339(park.clock.ms)
    done = {"id": client_id(3), "kind": "acknowledge", "task_id": task["id"], "at": at, "payload": {}}
    sent = {"device_id": "phone", "sent_at": at, "operations": [done]}
    (result,) = park.as_("inspector_safety").post("/v1/sync", sent, **WITHIN)["results"]
    assert result["outcome"] == "applied" and steps(park)["acknowledged"] == 0.0


def test_seeing_a_notice_of_a_drill_is_noted_in_its_room(park: DrillPark) -> None:
    starts(park)
    notice = park.as_("inspector_safety").get("/v1/inbox")["items"][0]
    before = set(park.world())
    assert park.as_("inspector_safety").post(f"/v1/inbox/{notice['id']}/seen")["seen_at"] == rfc3339(START_MS)
    assert all(pk.startswith("DRILLED#") for _, pk, _ in set(park.world()) - before)


def test_what_is_no_part_of_a_drill_is_refused_in_its_room(park: Park) -> None:
    starts(park)
    park.as_("department_safety").post("/v1/shelvings", {}, expect=403, **WITHIN)
    park.as_("admin").put("/v1/units/acme-r1", {}, expect=403, **WITHIN)
    task = the_task(park)
    park.as_("committee").get(f"/v1/tasks/{task['id']}", **WITHIN)
    park.as_("inspector_safety").get("/v1/tasks", expect=404, X_Drill="none")
    park.as_("inspector_safety").get("/v1/tasks", expect=400, X_Drill="no id")
    park.as_("committee").post(f"/v1/drills/{DRILL}/end")
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement", expect=409, **WITHIN)
    assert the_task(park)["id"] == task["id"]


@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.method} {one.path}") for one in ENDPOINTS if one.action])
def test_no_route_lets_an_outsider_into_a_room_nor_anybody_out_of_it(drilled: DrillPark, one: Endpoint) -> None:
    """Before a body is looked at: who takes no part is told that there is no such drill, and what is no part of drills is refused."""
    assert one.action is not None
    use(drilled.services)  # another test's park may have come in between
    path, before = re.sub(r"{\w+}", "x-1", one.path), drilled.world()
    for person in ("enterprise_other", "inspector_elsewhere", "department_elsewhere"):
        answer = drilled.as_(person).call(one.method, path, None, None, WITHIN)
        assert answer["status"] == (404 if is_allowed(person, one) else 403)
    for person in (*TAKES_PART, "committee", "admin"):
        answer = drilled.as_(person).call(one.method, path, None, None, WITHIN)
        if one.action not in IN_DRILL or not is_allowed(person, one) or is_looking_on(person, one):
            assert (answer["status"], answer["code"]) == (403, "forbidden")
    assert drilled.world() == before


def is_allowed(person: str, one: Endpoint) -> bool:
    return one.action is not None and Role(PEOPLE[person]["role"]) in ALLOWED[one.action]


def is_looking_on(person: str, one: Endpoint) -> bool:
    return person not in TAKES_PART and one.method != "GET"


@pytest.fixture(scope="module")
def drilled() -> DrillPark:
    park = DrillPark()
    starts(park)
    return park


def test_planning_and_starting_again_changes_nothing(park: DrillPark) -> None:
    assert starts(park) == starts(park)
    park.as_("committee").post("/v1/drills", PLAN | {"title": "另一场"}, expect=409)
    assert len(park.as_("department_safety").get("/v1/tasks", **WITHIN)["items"]) == 1
    park.as_("committee").post(f"/v1/drills/{DRILL}/end")
    assert park.as_("committee").post(f"/v1/drills/{DRILL}/end")["state"] == "ended"
    park.as_("committee").post(f"/v1/drills/{DRILL}/start", expect=409)
    park.as_("committee").post(f"/v1/drills/{DRILL}/cancellation", expect=409)


def test_a_start_that_was_cut_short_is_made_up_for_by_the_clock(park: DrillPark) -> None:
    plans(park)
    drills = park.services.drills
    planned = drills.get(DRILL)
    assert planned is not None
    drills.save(moved(planned, DrillAction.START, park.clock.ms), [])  # and no test data were stored
    park.minute()
    assert steps(park)["dispatched"] == 0.0 and the_task(park)["tier"] == 2


def test_test_data_that_were_stored_and_not_noted_are_not_stored_again(park: DrillPark) -> None:
    plans(park)
    drills = park.services.drills
    planned = drills.get(DRILL)
    assert planned is not None
    started = drills.save(moved(planned, DrillAction.START, park.clock.ms), [])
    park.minute()
    noted = drills.get(DRILL)
    assert noted is not None
    drills.save(replace(started, version=noted.version), [])
    before = {key for key in park.world() if "B#" in key[2]}
    park.minute()
    again = drills.get(DRILL)
    assert again is not None and again.injections == noted.injections
    assert {key for key in park.world() if "B#" in key[2]} == before


def test_a_drill_that_is_called_off_calls_nobody_more(park: DrillPark) -> None:
    starts(park, scenario="escalation")
    park.clock.advance(60)
    park.as_("committee").post(f"/v1/drills/{DRILL}/cancellation")
    for _ in range(12):
        park.minute()
    assert the_task(park)["tier"] == 2
    newest = park.as_("enterprise").get("/v1/inbox")["items"][0]
    assert (newest["kind"], newest["title"]) == ("drill_cancelled", "【演练】一季度联合演练已取消")
    report_path = f"/v1/drills/{DRILL}/report"
    park.as_("committee").get(report_path, expect=404)


def test_a_drill_ends_by_itself_when_its_time_is_over(park: DrillPark) -> None:
    starts(park)
    for _ in range(61):
        park.minute()
    drill = park.as_("committee").get(f"/v1/drills/{DRILL}")
    assert (drill["state"], drill["ended_at"]) == ("ended", rfc3339(START_MS + 3_600_000))
    assert report(park)["steps_late"] == 1  # nobody has taken it


def test_a_quarter_without_a_drill_is_said_once_to_the_committee(park: DrillPark) -> None:
    park.clock.ms = START_MS + 14 * 86_400_000  # 16 March
    park.minute()
    assert told_of_the_quarter(park) == []
    for _ in range(3):
        park.clock.advance(86_400)
        park.minute()
    (notice,) = told_of_the_quarter(park)
    assert notice["title"] == "本季度尚未开展应急演练（2026-Q1）"
    assert all(one["kind"] != "drill_due" for one in park.as_("admin").get("/v1/inbox")["items"])


def test_a_quarter_with_a_drill_is_not_said_to_lack_one(park: DrillPark) -> None:
    plans(park)
    park.clock.ms = START_MS + 20 * 86_400_000
    park.minute()
    assert told_of_the_quarter(park) == []
    park.as_("committee").post(f"/v1/drills/{DRILL}/cancellation")
    park.minute()
    assert len(told_of_the_quarter(park)) == 1


def told_of_the_quarter(park: Park) -> list[dict[str, Any]]:
    return [one for one in park.as_("committee").get("/v1/inbox")["items"] if one["kind"] == "drill_due"]


def test_scenarios_are_told_in_the_reader_s_language(park: Park) -> None:
    found = park.as_("committee").get("/v1/drill-scenarios", Accept_Language="en")["items"]
    assert [one["id"] for one in found] == ["coupled-tier2", "escalation", "tier3", "hydrogen-leak"]
    assert found[0]["title"] == "A coupled risk, worked jointly (tier 2)"
