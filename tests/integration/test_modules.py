"""Modules: what a park switches off answers so to everyone, does nothing, loses nothing; and the smallest set is enough for the loop."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from chalice.test import Client

from app import app
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_channels import FakeChannelSender
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Row, Rows
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.api.models.wire import rfc3339
from chalicelib.bootstrap import use
from chalicelib.domain.park_module import NEEDS, OPTIONAL, Module
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_learn import JOBS, on_learn
from tests.acts import FakeInspector, brings_retest, client_id, closes, submits, the_task
from tests.park import PEOPLE, Park

ALL_OFF = sorted(OPTIONAL)
ROLES = {str(fields["role"]): person for person, fields in reversed(PEOPLE.items())}
OFF = [one for one in ENDPOINTS if one.module is not Module.CORE]
HIGH = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}


class CountingRows(MemoryRows):
    """Counts reads of the row that says what is off."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get(self, pk: str, sk: str) -> Row | None:
        self.asked += pk == "PARK"
        return super().get(pk, sk)


def switch_off(park: Park, *modules: str, expect: int = 200, **headers: str) -> dict[str, Any]:
    park.clock.advance(1)
    answer = park.as_("admin").put("/v1/modules", {"off": list(modules)}, expect=expect, **headers)
    park.pump()
    return answer


def is_on(park: Park) -> dict[str, bool]:
    return {one["id"]: one["is_on"] for one in park.as_("enterprise").get("/v1/modules")["items"]}


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


# ---- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [one for one in PEOPLE if PEOPLE[one]["role"] != "admin"])
def test_only_an_admin_chooses(park: Park, person: str) -> None:
    park.as_(person).put("/v1/modules", {"off": ["chains", "plans"]}, expect=403)
    assert set(is_on(park).values()) == {True}


@pytest.mark.parametrize(
    ("off", "field"),
    [
        pytest.param(["core"], "off.0", id="the smallest set cannot be off"),
        pytest.param(["what_if", "nothing"], "off.1", id="what is no module cannot be off"),
        pytest.param(["chains"], "off.plans", id="plans stand on chains"),
        pytest.param(["weather"], "off.foresight", id="foresight stands on the weather"),
    ],
)
def test_a_choice_that_cannot_stand_is_refused_by_name(park: Park, off: list[str], field: str) -> None:
    refused = switch_off(park, *off, expect=400)
    assert [one["field"] for one in refused["errors"]] == [field]
    assert set(is_on(park).values()) == {True}


@pytest.mark.parametrize(("module", "needed"), [(one, need) for one, needs in NEEDS.items() for need in needs])
def test_both_ends_of_a_dependency_go_off_together_and_the_dependent_one_alone(
    park: Park, module: Module, needed: Module
) -> None:
    switch_off(park, module, needed)
    switch_off(park, module)
    assert is_on(park)[needed] and not is_on(park)[module]


def test_who_chooses_by_what_they_saw_does_not_undo_what_another_chose_meanwhile(park: Park) -> None:
    assert switch_off(park, "visits", If_Match='"0"')["version"] == 1
    switch_off(park, "hazards", If_Match='"0"', expect=412)
    assert not is_on(park)["visits"]
    assert switch_off(park, If_Match='"1"')["version"] == 2


def test_the_same_choice_again_is_a_success_and_changes_nothing(park: Park) -> None:
    first = switch_off(park, "visits", If_Match='"0"')
    park.clock.advance(5)
    assert switch_off(park, "visits", If_Match='"0"') == first
    assert len(park.as_("committee").get("/v1/audit/modules")["items"]) == 1


def test_a_choice_is_audited_with_who_made_it(park: Park) -> None:
    switch_off(park, "visits")
    switch_off(park)
    first, second = park.as_("department_safety").get("/v1/audit/modules")["items"]
    assert (first["by_id"], first["after"]["off"]) == ("admin", ["visits"])
    assert (second["before"]["off"], second["after"]["off"]) == (["visits"], [])
    park.as_("enterprise").get("/v1/audit/modules", expect=403)


def test_everybody_reads_what_is_on_with_its_names_and_what_stands_on_what(park: Park) -> None:
    switch_off(park, "foresight")
    items = {one["id"]: one for one in park.as_("inspector_safety").get("/v1/modules")["items"]}
    assert list(items) == list(Module)
    assert (items["weather"]["needed_by"], items["foresight"]["needs"]) == (["foresight"], ["weather"])
    assert not items["foresight"]["is_on"] and items["core"]["is_on"] and not items["core"]["can_be_off"]
    assert {len(one["name"]) for one in items.values()} == {2}


# ---- what is off -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare() -> Park:
    """A park on the smallest set."""
    found = Park().register()
    switch_off(found, *ALL_OFF)
    return found


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.method} {one.path}") for one in OFF if one.action])
def test_a_route_of_a_module_that_is_off_says_so_to_every_role(bare: Park, one: Endpoint, role: str) -> None:
    answer = request(bare, one, f"Bearer person:{ROLES[role]}")
    assert (answer["status"], answer.get("code"), answer.get("module")) == (403, "module_off", one.module.value)


@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.method} {one.path}") for one in OFF if not one.action])
def test_a_bridge_hears_the_same_of_its_routes(bare: Park, one: Endpoint) -> None:
    signed = f"Bearer bridge:acme-bridge:{hashlib.sha256(b'{}').hexdigest()}"
    assert request(bare, one, signed)["code"] == "module_off"


@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.method} {one.path}") for one in OFF])
def test_who_is_not_signed_in_learns_nothing_of_the_park(bare: Park, one: Endpoint) -> None:
    assert request(bare, one, "")["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=f"{one.method} {one.path}") for one in ENDPOINTS if one.module is Module.CORE]
)
def test_no_route_of_the_smallest_set_is_ever_off(bare: Park, one: Endpoint) -> None:
    assert request(bare, one, "Bearer person:admin").get("code") != "module_off"


def request(park: Park, one: Endpoint, token: str) -> dict[str, Any]:
    use(park.services)
    path = one.path.replace("{", "").replace("}", "")
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    answer = Client(app).http.request(one.method, path, headers=headers, body=b"{}")
    return {"status": answer.status_code} | (json.loads(answer.body) if answer.body else {})


def test_the_loop_runs_on_the_smallest_set(park: Park) -> None:
    """Upload, warning, task, evidence, both verdicts; and nothing of what is off is written."""
    switch_off(park, *ALL_OFF)
    park.runs_hot(**HIGH)
    task = the_task(park)
    assert task["tier"] == 3
    told = park.as_("inspector_safety").get("/v1/inbox")["items"]
    assert any(one["task_id"] == task["id"] for one in told)
    for side in ("safety", "environment"):
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{task['id']}/acknowledgement")
    on_clock(park.services)
    on_learn(park.services)
    assert closes(park, task)["state"] == "closed"
    assert park.failures == 0
    assert park.services.scores.of_month("acme", "2026-03") == ()
    switch_off(park)
    assert park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")["entries"] == []


def test_what_is_switched_on_again_goes_on_from_what_is_stored(park: Park) -> None:
    hazard = {"id": client_id(1), "enterprise_id": "acme", "dimension": "safety", "severity": 1, "text": "护栏松动"}
    hazard["seen_at"] = rfc3339(park.clock.ms)
    made = park.as_("enterprise").post("/v1/hazards", hazard, expect=201)
    switch_off(park, "hazards")
    park.as_("enterprise").post("/v1/hazards", hazard, expect=403)
    switch_off(park)
    assert park.as_("enterprise").post("/v1/hazards", hazard, expect=201)["id"] == made["id"]


def test_a_task_that_closes_while_the_score_is_off_is_named_by_the_recount(park: Park) -> None:
    park.runs_hot(**HIGH)
    switch_off(park, "score")
    closes(park, the_task(park))
    switch_off(park)
    said = park.as_("committee").get("/v1/enterprises/acme/score/recount?month=2026-03")
    assert said["missing"] and not said["is_same"]


def test_what_was_done_offline_waits_for_its_module(park: Park) -> None:
    switch_off(park, "hazards")
    now = rfc3339(park.clock.ms)
    found = {"enterprise_id": "acme", "dimension": "safety", "severity": 1, "text": "护栏松动", "seen_at": now}
    one = {"id": client_id(7), "kind": "hazard", "task_id": f"t-{client_id(8)}", "at": now}
    batch = {"device_id": "p", "sent_at": now, "operations": [one | {"payload": found | {"id": client_id(8)}}]}
    (held,) = park.as_("enterprise").post("/v1/sync", batch)["results"]
    assert (held["outcome"], held["problem"]["code"]) == ("held", "module_off")
    switch_off(park)
    park.clock.advance(61)
    (done,) = park.as_("enterprise").post("/v1/sync", batch)["results"]
    assert done["outcome"] == "applied"


def test_a_side_waits_for_no_checklist_that_the_park_does_without_and_for_it_again_afterwards(park: Park) -> None:
    checklist = {
        "dimension": "safety",
        "unit_type": "reactor",
        "items": [{"id": "valve", "text": {"zh-CN": "阀门已关", "en": "Valve closed"}, "is_critical": True}],
    }
    park.as_("admin").put("/v1/checklists/reactor-safety/versions/9", checklist)
    park.clock.advance(60)
    park.runs_hot(**HIGH)
    task = the_task(park)
    brings_retest(park, task, "safety")
    assert submits(park, task, "safety", expect=409)["code"] == "checklist_incomplete"
    assert pack(park)["checklists"]
    switch_off(park, "checklists")
    assert pack(park).get("checklists", []) == []
    submits(park, task, "safety")
    switch_off(park)
    assert pack(park)["checklists"]


def pack(park: Park) -> dict[str, Any]:
    (one,) = park.as_("inspector_safety").get("/v1/sync")["tasks"]
    return dict(one)


@pytest.mark.parametrize("off", [True, False], ids=["without channels", "with channels"])
def test_a_channel_hears_nothing_while_channels_are_off_and_nothing_of_it_afterwards(off: bool) -> None:
    sender = FakeChannelSender()
    park = Park(sender=sender).register()
    chat = {"name": "值班群", "url": "wecombot://key", "audience": {"dimension": "safety"}}
    park.as_("admin").put("/v1/channels/duty", chat)
    switch_off(park, *(["channels"] if off else []))
    park.runs_hot(**HIGH)
    for _ in range(3):
        park.clock.advance(300)
        on_clock(park.services)
        park.pump()
    switch_off(park)
    on_clock(park.services)
    park.pump()
    assert bool(sender.sent) is not off
    assert park.as_("admin").get("/v1/channels")["items"]


def test_a_command_stays_where_it_is_while_commands_are_off(park: Park) -> None:
    asked = {"id": client_id(4), "bridge_id": "acme-bridge", "measure": "start_cooling", "reason": "x"}
    park.as_("committee").post("/v1/enterprises/acme/commands", asked, expect=201)
    switch_off(park, "commands")
    series = [{"point": "acme-voc", "times": [park.clock.ms], "values": [30.0]}]
    assert park.upload(series).get("commands", []) == []
    switch_off(park)
    assert [one["id"] for one in park.upload(series)["commands"]] == [client_id(4)]


def test_asking_costs_a_read_a_minute_on_the_hottest_path() -> None:
    counting = CountingRows()

    def rows(on_insert: Callable[[Row], None]) -> Mapping[str, Rows]:
        return {READINGS: MemoryRows(on_insert), OPERATIONS: MemoryRows(on_insert), REGISTRY: counting}

    park = Park(rows).register()
    park.clock.advance(60)
    counting.asked = 0
    for second in range(60):
        park.clock.ms += 1000 if second else 0
        park.reads(temperature=170.0, voc=30.0, steam=100.0)
    assert counting.asked == 1


def test_the_hourly_run_takes_no_turn_of_what_is_off(park: Park) -> None:
    switch_off(park, *ALL_OFF)
    on_learn(park.services)
    taken = {job.name: len(park.services.learning.done(job.name)) for job in JOBS}
    assert taken == {job.name: 0 for job in JOBS} | {"compare_retests": 1, "verify_audit": 1}
    switch_off(park)
    on_learn(park.services)
    assert park.services.learning.done("learn_laws").keys() == {("acme", "acme-r1"), ("other", "other-r1")}


def gives_to_other(park: Park) -> None:
    """Off-gas of at most 50 mg/m3."""
    ends = {
        name: {"enterprise_id": eid, "unit_id": f"{eid}-r1"} for name, eid in (("giver", "acme"), ("receiver", "other"))
    }
    limits = [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}]
    link = {**ends, "material": "溶剂", "carries": limits, "share": 0.5, "lead_time_min": 30}
    park.as_("committee").put("/v1/chain/links/l-1", link)


def test_a_limit_that_is_still_crossed_when_chains_come_back_is_told_at_the_next_block(park: Park) -> None:
    gives_to_other(park)
    switch_off(park, "chains", "plans")
    park.runs_hot(**HIGH)
    assert not [one for one in park.as_("enterprise_other").get("/v1/inbox")["items"] if one["kind"] == "chain_intake"]
    switch_off(park)
    assert park.as_("committee").get("/v1/chain/alerts")["items"] == []
    park.runs_hot(**HIGH, minutes=1)
    assert len(park.as_("committee").get("/v1/chain/alerts")["items"]) == 1
    assert [one for one in park.as_("enterprise_other").get("/v1/inbox")["items"] if one["kind"] == "chain_intake"]


def test_what_fell_due_in_a_plan_while_plans_were_off_is_said_once_afterwards(park: Park) -> None:
    stop = {"id": "stop", "text": "停 R1 出料", "enterprise_id": "acme", "within_min": 10}
    park.as_("committee").put("/v1/chain/plans/p-1", {"name": "停供", "region": "east", "steps": [stop]})
    park.as_("committee").post("/v1/chain/plans/p-1/runs", {"id": client_id(1), "incident": "x"}, expect=201)
    park.pump()
    switch_off(park, "plans")
    park.clock.advance(3600)
    on_clock(park.services)
    park.pump()
    assert overdue(park) == 0
    switch_off(park)
    for _ in range(2):
        on_clock(park.services)
        park.pump()
    assert overdue(park) == 1


def overdue(park: Park) -> int:
    return sum(one["kind"] == "plan_overdue" for one in park.as_("enterprise").get("/v1/inbox")["items"])
