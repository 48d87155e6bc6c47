"""Every route x every person x own and foreign objects, and every kind of token that does not hold.

What should come of each is worked out here from the table of who does what in the README, not from the code's own access table: a
role that may not do a thing gets 403; a thing outside the person's sight gets 404; all else gets past these gates.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from chalice.test import HTTPResponse

import app  # noqa: F401 - it registers the routes
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Row, Rows
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.chain import Link, Place
from chalicelib.domain.chain_alert import Crossing, Excess, Giving
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.field_command import Submit
from chalicelib.domain.field_operation import FieldOperation, KeptOperation, Outcome
from chalicelib.domain.inspection_report import PDF, ExtractedValue, InspectionReport, Measured, ReportState
from chalicelib.domain.interview import Interview
from chalicelib.domain.objection import Objection
from chalicelib.domain.ranking import Ranking
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.domain.snapshot import Snapshot
from chalicelib.handlers.on_clock import on_clock
from mobile_api_spec import examples
from mobile_api_spec.walk_catalogue import NEXT, VERSION, next_catalogue, small_catalogue
from mobile_api_spec.walk_context import RESOURCE, TARGET
from tests.acts import FakeInspector, client_id, photo_body
from tests.park import PEOPLE, Park, memory_rows

FOAM = RESOURCE | {"region": "east"}
RECORDED = examples.read()
ROLES: dict[str, str] = {person: fields["role"] for person, fields in PEOPLE.items()}
EVERYONE = {"inspector", "enterprise", "department", "committee", "admin"}
WORKERS = {"inspector", "enterprise"}
# Who may ask at all. A route that is not here is for everyone.
MAY: dict[str, set[str]] = {
    "get_score": EVERYONE - {"inspector"},
    "get_recount": {"department", "committee", "admin"},
    "get_chain_share": EVERYONE - {"inspector"},
    "get_credit_file": {"enterprise", "department", "committee"},
    "get_credit_file_pdf": {"enterprise", "department", "committee"},
    "post_objection": {"enterprise"},
    "list_objections": EVERYONE - {"inspector"},
    "get_objection": EVERYONE - {"inspector"},
    "decide_objection": {"department", "committee"},
    "list_results": EVERYONE - {"inspector"},
    "put_interview": {"committee"},
    "acknowledge": WORKERS,
    "post_photo": WORKERS,
    "post_parts": WORKERS,
    "post_completion": WORKERS,
    "post_retest": WORKERS,
    "post_rectification": {"enterprise"},
    "post_submission": WORKERS,
    "post_verdict": {"department"},
    "answer_item": WORKERS,
    "put_checklist": {"admin"},
    "post_decision": {"department", "admin"},
    "post_waiver": {"department"},
    "post_hazard": {"inspector", "enterprise"},
    "post_visit": {"inspector", "department"},
    "post_acceptance": {"inspector"},
    "post_decline": {"inspector"},
    "post_transfer": {"inspector", "department"},
    **{
        f"{verb}_{what}": {"inspector", "department", "admin"}
        for verb in ("put", "delete")
        for what in ("shift", "leave")
    },
    "get_duty": EVERYONE - {"enterprise"},
    "decide_waiver": {"department"},
    "post_reopening": {"department"},
    "export_audit": {"department", "committee", "admin"},
    "get_foresight": EVERYONE - {"enterprise"},
    "post_what_if": {"admin"},
    "put_modules": {"admin"},
    "get_deliveries": {"department", "committee", "admin"},
    "put_channel": {"department", "admin"},
    "list_channels": {"department", "admin"},
    "delete_channel": {"department", "admin"},
    "post_channel_test": {"department", "admin"},
    "post_command": {"department", "committee", "admin"},
    **{
        f"put_{what}": {"admin"}
        for what in ("enterprise", "unit", "point", "person", "bridge", "catalogue", "version", "instrument")
    },
    **{f"post_{what}": {"admin"} for what in ("publication", "rollback", "review")},
    **{
        f"{verb}_{what}": {"department", "committee", "admin"}
        for verb, what in (
            ("list", "versions"),
            ("get", "version"),
            ("get", "difference"),
            ("get", "schedule"),
            ("list", "reviews"),
        )
    },
    **{f"put_{what}": {"admin"} for what in ("region", "region_weather")},
    "post_shelving": {"department", "admin"},
    "confirm_shelving": {"department", "committee"},
    "end_shelving": {"department", "committee", "admin"},
    "propose_window": {"enterprise"},
    "approve_window": {"department"},
    "end_window": {"enterprise", "department"},
    "get_alarm_kpis": {"department", "committee", "admin"},
    "post_rebuild": {"admin"},
    "put_link": {"committee", "admin"},
    "delete_link": {"committee", "admin"},
    "end_chain_alert": {"department", "committee"},
    "put_plan": {"committee", "admin"},
    **{f"{verb}_resource": {"department", "committee", "admin"} for verb in ("put", "delete")},
    **{f"{verb}_target": {"department", "committee", "admin"} for verb in ("put", "delete")},
    "post_import": {"admin"},
    "post_snapshot": {"enterprise", "inspector", "department"},
    "post_inspection": EVERYONE - {"committee"},
    "decide_value": {"inspector", "department", "admin"},
    "post_resource_check": {"department", "committee", "admin"},
    "post_run": {"department", "committee"},
    "post_step_answer": {"enterprise", "committee"},
    "end_run": {"committee"},
    **{operation: {"admin"} for operation in ("put_course", "publish_course")},
    **dict.fromkeys(("post_attempt", "list_attempts"), WORKERS),
    "get_training": EVERYONE - {"inspector"},
    "list_training": {"department", "committee", "admin"},
    **{operation: {"committee"} for operation in ("post_drill", "start_drill", "end_drill", "cancel_drill")},
    **{
        operation: {"committee", "admin"}
        for operation in ("list_data_sets", "put_budget", "post_release", "list_releases", "get_release")
    },
}
# Whose plants each person sees; both stand in the region east.
EAST = {"acme", "other"}
SEES: dict[str, set[str]] = {
    "inspector_safety": EAST,
    "inspector_environment": EAST,
    "inspector_elsewhere": set(),
    "enterprise": {"acme"},
    "enterprise_other": {"other"},
    "department_safety": EAST,
    "department_environment": EAST,
    "department_elsewhere": set(),
    "committee": EAST,
    "admin": EAST,
}
# Of what a role may do and see, what is another's all the same: both tasks are of tier 3, and their safety sides are asked for.
NOT_THEIRS: dict[tuple[str, str], int] = {
    ("post_submission", "inspector_environment"): 403,
    ("post_submission", "enterprise"): 403,
    ("post_submission", "enterprise_other"): 403,
    ("post_verdict", "department_environment"): 403,
    ("answer_item", "inspector_environment"): 403,
    ("answer_item", "enterprise"): 403,
    ("answer_item", "enterprise_other"): 403,
    ("post_shelving", "department_elsewhere"): 404,
    **{
        (route, person): 404  # somebody else's photo
        for route in ("post_parts", "post_completion")
        for person in ("inspector_environment", "enterprise", "enterprise_other")
    },
    **{
        (route, person): 404  # the safety department's
        for route in ("put_channel", "delete_channel", "post_channel_test")
        for person in ("department_environment", "department_elsewhere")
    },
    ("get_operation", "inspector_environment"): 404,
    ("get_operation", "enterprise"): 404,
    ("get_operation", "enterprise_other"): 404,
    ("post_decision", "department_environment"): 403,
    ("post_waiver", "department_environment"): 403,
    ("post_acceptance", "inspector_environment"): 403,
    ("post_decline", "inspector_environment"): 403,
    ("post_transfer", "inspector_environment"): 403,
    ("post_transfer", "department_environment"): 403,
    ("put_shift", "inspector_safety"): 403,
    ("put_shift", "inspector_environment"): 403,
    ("delete_shift", "inspector_safety"): 403,
    ("delete_shift", "inspector_environment"): 403,
    ("put_leave", "inspector_environment"): 403,
    ("delete_leave", "inspector_environment"): 403,
    **{
        (f"{verb}_{what}", person): status
        for verb in ("put", "delete")
        for what in ("shift", "leave")
        for person, status in (
            ("department_environment", 403),
            ("department_elsewhere", 404),
            ("inspector_elsewhere", 404),
        )
    },
    ("post_hazard", "enterprise_other"): 404,
    ("post_hazard", "inspector_elsewhere"): 404,
    ("get_duty", "department_elsewhere"): 404,
    ("get_duty", "inspector_elsewhere"): 404,
    ("post_reopening", "department_environment"): 403,
    ("decide_waiver", "department_safety"): 403,
    ("acknowledge", "enterprise"): 403,
    ("acknowledge", "enterprise_other"): 403,
    **{
        ("post_inspection", person): 404  # of acme
        for person in ("enterprise_other", "inspector_elsewhere", "department_elsewhere")
    },
    ("put_resource", "department_elsewhere"): 403,
    ("put_target", "department_elsewhere"): 403,
    ("delete_target", "department_elsewhere"): 404,
    **{
        (f"get_target{what}", person): 404
        for what in ("", "_history", "_progress")
        for person in ("department_elsewhere", "inspector_elsewhere")
    },
    ("get_foresight", "inspector_elsewhere"): 404,
    ("get_foresight", "department_elsewhere"): 404,
    ("get_dashboard", "inspector_elsewhere"): 404,  # the east
    ("get_dashboard", "department_elsewhere"): 404,
}
PEOPLES = [one for one in ENDPOINTS if one.action is not None]
TENANTS = ("acme", "other")
TENANTS_IN = (
    "enterprise_id",
    "unit_id",
    "task_id",
    "warning_id",
    "observation_id",
    "shelving_id",
    "operation_id",
    "object",
    "instrument_id",
    "visit_id",
    "objection_id",
    "link_id",
    "alert_id",
    "plan_id",
    "run_id",
    "drill_id",
    "resource_id",
    "report_id",
)


@pytest.fixture(scope="module")
def world() -> tuple[dict[str, MemoryRows], dict[str, dict[str, str]]]:
    """Two plants with a tier 3 task and a photo each, and what their ids are."""
    tables: dict[str, MemoryRows] = {}

    def keep(on_insert: Any) -> dict[str, Rows]:
        tables.update(memory_rows(on_insert))
        return dict(tables)

    park = Park(keep, inspector=FakeInspector()).register()
    park.as_("admin").put("/v1/catalogue", small_catalogue())
    park.as_("admin").put(f"/v1/catalogue/versions/{NEXT}", {"document": next_catalogue()})
    for _ in range(2):
        park.clock.advance(60)
        for eid in TENANTS:
            park.reads(eid=eid, temperature=188.0, voc=30.0)
    for _ in range(2):
        park.clock.advance(60)
        for eid in TENANTS:
            park.reads(eid=eid, temperature=188.0, voc=54.0, steam=112.0)
    return tables, {eid: ids_of(park, eid) for eid in TENANTS}


def ids_of(park: Park, eid: str) -> dict[str, str]:
    (task,) = (one for one in park.as_("committee").get("/v1/tasks")["items"] if one["enterprise_id"] == eid)
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/photos", photo_body(1, "safety"), expect=201)
    ids = {"enterprise_id": eid, "unit_id": f"{eid}-r1", "point_id": f"{eid}-voc", "bridge_id": f"{eid}-bridge"}
    asked = {"id": client_id(40), "bridge_id": f"{eid}-bridge", "measure": "start_cooling", "reason": "x"}
    park.as_("committee").post(f"/v1/enterprises/{eid}/commands", asked, expect=201)
    park.as_("admin").put("/v1/regions/east", {"name": "东区"}, expect=200)
    (seen,) = (o for o in park.as_("committee").get("/v1/observations")["items"] if o["enterprise_id"] == eid)
    ids |= {"command_id": client_id(40), "observation_id": seen["id"], **silences(park, eid)}
    ids |= {"task_id": task["id"], "warning_id": task["warning_id"], "photo_id": client_id(1), "side": "safety"}
    park.as_("admin").post("/v1/courses/coupled-risk-basics/versions/1/publication")
    ids |= {"course_id": "coupled-risk-basics"}
    ids |= {"version": VERSION, **late_operation(park, eid, task["id"]), "object": f"task:{task['id']}"}
    ids |= {"checklist_id": "reactor-safety", "number": "1", "item": "cooling"}
    online = {"name": "FID", "kind": "online", "enterprise_id": eid, "point_id": f"{eid}-voc"}
    park.as_("admin").put(f"/v1/instruments/{eid}-fid", online)
    ids |= {"instrument_id": f"{eid}-fid", "channel_id": "duty"}
    chat = {"name": "duty", "url": "wecombot://key", "audience": {"dimension": "safety"}, "least_tier": 3}
    park.as_("admin").put("/v1/channels/duty", chat)
    ids |= {"objection_id": open_objection(park, eid), "month": "2026-05"}
    park.services.consequences.save_interview(Interview(f"{eid}:2026-05", eid, "2026-05", (40.0,), park.clock.ms), [])
    ranked = Ranking("2026-05", 0, park.clock.ms, 0)
    if park.services.results.ranking("2026-05") is None:
        park.services.results.publish(ranked, {})
    ids |= {"data_set": "enterprises", "recipient": "city-bureau", "release_id": client_id(92)}
    park.as_("committee").put("/v1/privacy/budgets/enterprises/city-bureau", {"epsilon": "2"})
    shared = {"id": client_id(92), "recipient": "city-bureau", "statistic": "enterprises", "epsilon": "1"}
    park.as_("committee").post("/v1/privacy/releases", shared, expect=201)
    ids |= {"visit_id": client_id(62 if eid == "acme" else 63)}
    plan = {"id": ids["visit_id"], "tasks": [task["id"]], "planned_at": rfc3339(park.clock.ms)}
    park.as_("department_safety").post("/v1/visits", plan, expect=201)
    given = Link(f"{eid}-link", Place(eid, f"{eid}-r1"), Place("beyond", "beyond-r1"), "溶剂", (), 0.5, 1.0, 30)
    park.services.links.put(given)  # to a partner that nobody here belongs to
    crossed = Crossing(
        f"c-{eid}", 0, given.giver, park.clock.ms, False, "b", (Excess(given.id, "voc", "p", 60.0, 50.0),)
    )
    park.services.chain_alerts.record(eid, Giving(), 0, [crossed], [])
    stop = {"id": "stop", "text": "停 R1 出料", "enterprise_id": eid, "within_min": 10}
    park.as_("admin").put(f"/v1/chain/plans/{eid}-plan", {"name": "停供", "region": "east", "steps": [stop]})
    park.as_("admin").put(f"/v1/emergency-resources/{eid}-foam", FOAM | {"enterprise_id": eid})
    park.as_("admin").put("/v1/targets/voc-east", TARGET)
    run = client_id(70 if eid == "acme" else 71)
    park.as_("committee").post(f"/v1/chain/plans/{eid}-plan/runs", {"id": run, "incident": "x"}, expect=201)
    return ids | {
        "drill_id": open_drill(park, eid),
        "resource_id": f"{eid}-foam",
        "report_id": read_report(park, eid),
        "snapshot_id": snapshot(park, eid),
        "target_id": "voc-east",
        "list_name": "enterprises",
        "plan_id": f"{eid}-plan",
        "run_id": run,
        "step_id": "stop",
        "link_id": given.id,
        "alert_id": crossed.alert_id,
        "entry_id": "e-1",
        "person_id": "inspector_safety",
        "device_id": "phone-1",
        "notice_id": "n-nothing",
        "region_id": "east",
    }


def open_drill(park: Park, eid: str) -> str:
    """At the plant's reactor, with all who see it: it runs, and holds a tier 2 task in its room."""
    drill = client_id(80 if eid == "acme" else 81)
    people = [one for one, sees in SEES.items() if eid in sees and ROLES[one] not in ("committee", "admin")]
    plan = {"id": drill, "title": "x", "scenario": "coupled-tier2", "units": [f"{eid}-r1"], "people": people}
    park.as_("committee").post("/v1/drills", plan | {"starts_at": rfc3339(park.clock.ms)}, expect=201)
    park.as_("committee").post(f"/v1/drills/{drill}/start")
    return drill


def read_report(park: Park, eid: str) -> str:
    """An inspection report of the plant with one value, which waits for a person."""
    voc = Measured("voc", 28.5, "mg/m3")
    value = ExtractedValue(1, "page 1", "x", "voc", "28.5", "mg/m3", ("voc",), voc)
    number = client_id(94 if eid == "acme" else 95)
    sent = InspectionReport(number, eid, "", "x", "x", park.clock.ms, PDF, "00", 9, f"{eid}-people", park.clock.ms)
    known = park.services.inspections.add(sent)
    park.services.inspections.save(replace(known, state=ReportState.READ, values=(value,)), None)
    return number


def snapshot(park: Park, eid: str) -> str:
    """A camera's picture of the plant's reactor, which has not come yet."""
    number = client_id(98 if eid == "acme" else 99)
    one = Snapshot(number, eid, f"{eid}-r1", "cam", park.clock.ms, "00", 9, f"{eid}-bridge", True, park.clock.ms)
    park.services.snapshots.add(one)
    return number


def open_objection(park: Park, eid: str) -> str:
    """Against an entry of the plant's score."""
    number = client_id(64 if eid == "acme" else 65)
    entry = ScoreEntry(eid, "2026-03", "t-x:late", Cause.LATE, -3.0, "t-x", park.clock.ms, "1")
    park.services.scores.add([entry])
    one = Objection(number, eid, "2026-03", entry.key, "x", f"{eid}-people", park.clock.ms, park.clock.ms + 1)
    park.services.scores.raise_objection(one, [])
    return number


def late_operation(park: Park, eid: str, task_id: str) -> dict[str, str]:
    """A submission of the safety inspector's that is in conflict."""
    number = client_id(60 if eid == "acme" else 61)
    one = FieldOperation(
        number,
        "inspector_safety",
        "phone-1",
        task_id,
        Submit(Dimension.SAFETY, "x"),
        1,
        park.clock.ms,
        0,
        park.clock.ms,
        "d",
    )
    park.services.operations.save(KeptOperation(one, Outcome.CONFLICT, park.clock.ms, 1))
    return {"owner_id": "inspector_safety", "operation_id": number}


def silences(park: Park, eid: str) -> dict[str, str]:
    """A shelving and a maintenance window of the plant's reactor."""
    shelving, window = client_id(50 if eid == "acme" else 51), RECORDED["propose_window"]["request"]["body"]
    body = {"id": shelving, "unit": f"{eid}-r1", "reason": "x", "until": rfc3339(park.clock.ms + 3_600_000)}
    park.as_("admin").post("/v1/shelvings", body, expect=201)
    owner = "enterprise" if eid == "acme" else "enterprise_other"
    park.as_(owner).put(f"/v1/units/{eid}-r1/maintenance-windows/m-1", window)
    return {"shelving_id": shelving, "window_id": "m-1"}


@pytest.fixture
def park(world: tuple[dict[str, MemoryRows], Any]) -> Park:
    """The two plants as they were, whatever an earlier test has done."""

    def copies(on_insert: Any) -> Mapping[str, Rows]:
        fresh = memory_rows(on_insert)
        for name, table in world[0].items():
            fill(fresh[name], table)
        return fresh

    return Park(copies, inspector=FakeInspector())


def fill(fresh: Rows, table: MemoryRows) -> None:
    assert isinstance(fresh, MemoryRows)
    fresh._rows = {pk: dict(rows) for pk, rows in table._rows.items()}


def request(park: Park, one: Endpoint, ids: Mapping[str, str], token: str | None) -> HTTPResponse:
    recorded = RECORDED[one.view.__name__]["request"]
    query = "&".join(
        f"{key}={value.replace('+', '%2B')}" for key, value in recorded.get("query", {}).items() if key != "points"
    )
    body = b""
    if "body" in recorded:
        own = {"bridge_id": ids["bridge_id"]} if "bridge_id" in recorded["body"] else {}
        body = json.dumps(recorded["body"] | own).encode()
    headers = {"Content-Type": "application/json"} | ({} if token is None else {"Authorization": token})
    return park.client.http.request(one.method, f"{one.path.format(**ids)}?{query}", headers=headers, body=body)


def expected(one: Endpoint, person: str, eid: str) -> int | None:
    """403, 404, or None where the person gets past."""
    operation = one.view.__name__
    if ROLES[person] not in MAY.get(operation, EVERYONE):
        return 403
    if (
        not operation.startswith("put_")
        and any(f"{{{name}}}" in one.path for name in TENANTS_IN)
        and eid not in SEES[person]
    ):
        return 404
    return NOT_THEIRS.get((operation, person))


def cases() -> list[Any]:
    return [
        pytest.param(one, person, eid, expected(one, person, eid), id=f"{one.method} {one.path} as {person} on {eid}'s")
        for one in PEOPLES
        for person in PEOPLE
        for eid in (TENANTS if "{" in one.path else TENANTS[:1])
    ]


@pytest.mark.parametrize(("one", "person", "eid", "status"), cases())
def test_who_may_do_what_to_whose(
    park: Park, world: Any, one: Endpoint, person: str, eid: str, status: int | None
) -> None:
    answer = request(park, one, world[1][eid], f"Bearer person:{person}")
    if status is not None:
        assert (answer.status_code, json.loads(answer.body)["code"]) == (
            status,
            "forbidden" if status == 403 else "not_found",
        )
    elif one.view.__name__ in ("mark_seen", "post_receipt", "post_objection"):
        assert answer.status_code == 404  # nobody has this notice, and no ledger this entry
    else:
        assert answer.status_code not in (401, 403, 404, 500), answer.body


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=f"{one.method} {one.path}") for one in ENDPOINTS if not one.public]
)
@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="without a token"),
        pytest.param("", id="with an empty header"),
        pytest.param("Bearer", id="with a scheme and no token"),
        pytest.param("Bearer ", id="with a blank token"),
        pytest.param("Basic cGVyc29uOmFkbWlu", id="with another scheme"),
        pytest.param("Bearer garbage", id="with garbage"),
        pytest.param("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", id="with an unsigned token"),
        pytest.param("Bearer expired:admin", id="with a token that no longer holds"),
        pytest.param("Bearer person:nobody", id="as a person nobody registered"),
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(park: Park, world: Any, one: Endpoint, token: str | None) -> None:
    answer = request(park, one, world[1]["acme"], token)
    assert (answer.status_code, json.loads(answer.body)["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("one", [pytest.param(one, id=f"{one.method} {one.path}") for one in PEOPLES])
def test_a_bridge_opens_no_route_of_people(park: Park, world: Any, one: Endpoint) -> None:
    token = f"Bearer bridge:acme-bridge:{hashlib.sha256(b'').hexdigest()}"
    assert request(park, one, world[1]["acme"], token).status_code == 401


@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_uploads_or_reports_in_person(park: Park, world: Any, person: str) -> None:
    of_bridges = [one for one in ENDPOINTS if one.action is None and not one.public]
    answers = [request(park, one, world[1]["acme"], f"Bearer person:{person}").status_code for one in of_bridges]
    assert answers == [401, 401, 401]


@pytest.mark.parametrize(
    ("signed_by", "signed_for", "said"),
    [
        pytest.param("acme-bridge", b"another body", "body_mismatch", id="a signature of another body"),
        pytest.param("nobody-bridge", None, "unknown_bridge", id="a bridge nobody registered"),
        pytest.param("gone-bridge", None, "unknown_bridge", id="a bridge that was revoked"),
    ],
)
def test_a_bridge_that_does_not_prove_itself_uploads_nothing(
    park: Park, signed_by: str, signed_for: bytes | None, said: str
) -> None:
    gone = {"enterprise_id": "acme", "public_key_pem": "-----BEGIN PUBLIC KEY-----", "revoked": True}
    park.as_("admin").put("/v1/bridges/gone-bridge", gone)
    before = stored(park)
    body = json.dumps(RECORDED["post_readings"]["request"]["body"]).encode()
    digest = hashlib.sha256(body if signed_for is None else signed_for).hexdigest()
    headers = {"Authorization": f"Bearer bridge:{signed_by}:{digest}", "Content-Type": "application/json"}
    answer = park.client.http.request("POST", "/v1/readings", headers=headers, body=body)
    assert (answer.status_code, json.loads(answer.body)["reason"]) == (401, said)
    assert stored(park) == before


def test_a_bridge_uploads_for_its_own_enterprise_only(park: Park) -> None:
    series = [{"point": "acme-voc", "times": [park.clock.ms], "values": [1.0]}]
    (refused,) = park.upload(series, eid="other", expect=400)["results"]
    assert refused["error"]["code"] == "wrong_enterprise" and not park.stream


def test_lists_hold_only_what_a_person_may_see(park: Park) -> None:
    for person, seen in SEES.items():
        caller = park.as_(person)
        assert {one["id"] for one in caller.get("/v1/enterprises")["items"]} == seen
        assert {one["enterprise_id"] for one in caller.get("/v1/warnings")["items"]} == seen
        assert {one["enterprise_id"] for one in caller.get("/v1/tasks")["items"]} == seen
        assert {one["enterprise_id"] for one in caller.get("/v1/shelvings")["items"]} == seen
        assert {one["giver"]["enterprise_id"] for one in caller.get("/v1/chain/alerts")["items"]} == seen
        assert {one["giver"]["enterprise_id"] for one in caller.get("/v1/chain")["links"]} == seen
        assert {one["enterprise_id"] for one in caller.get("/v1/emergency-resources")["items"]} == seen
        assert {one["enterprise_id"] for one in caller.get("/v1/inspections")["items"]} == seen


def test_a_notice_belongs_to_its_reader(park: Park) -> None:
    notice = park.as_("enterprise").get("/v1/inbox")["items"][0]["id"]
    for person in PEOPLE:
        park.as_(person).post(f"/v1/inbox/{notice}/seen", expect=200 if person == "enterprise" else 404)


def test_a_device_of_another_person_is_not_touched(park: Park) -> None:
    park.as_("enterprise").put("/v1/me/devices/phone-1", {"token": "token-of-one", "platform": "ios"})
    park.as_("enterprise_other").put("/v1/me/devices/phone-1", {"token": "token-of-two", "platform": "ios"})
    park.as_("enterprise_other").call("DELETE", "/v1/me/devices/phone-1", None, 204, {})
    assert [device.token for device in park.services.devices.of_person("enterprise")] == ["token-of-one"]


def test_who_leaves_a_role_loses_it_at_once(park: Park, world: Any) -> None:
    task = world[1]["acme"]["task_id"]
    park.as_("department_safety").get(f"/v1/tasks/{task}/deliveries")
    park.as_("admin").put("/v1/people/department_safety", {"name": "x", "role": "enterprise", "enterprise_id": "other"})
    park.as_("department_safety").get(f"/v1/tasks/{task}/deliveries", expect=403)
    park.as_("department_safety").get("/v1/enterprises/acme", expect=404)


@pytest.mark.parametrize(
    ("person", "moved"),
    [
        pytest.param("enterprise", {"role": "enterprise", "enterprise_id": "other"}, id="to another enterprise"),
        pytest.param("department_safety", {"role": "enterprise", "enterprise_id": "other"}, id="from department to enterprise"),
        pytest.param("inspector_safety", PEOPLE["inspector_elsewhere"], id="to another region"),
    ],
)  # fmt: skip
def test_who_has_moved_sees_and_hears_no_more_of_the_task(
    park: Park, world: Any, person: str, moved: dict[str, Any]
) -> None:
    task = world[1]["acme"]["task_id"]
    park.as_(person).get(f"/v1/tasks/{task}")
    heard = park.as_(person).get("/v1/inbox")["items"]
    park.as_("admin").put(f"/v1/people/{person}", {"name": "x", **moved})
    for path in ("", "/evidence", f"/photos/{client_id(1)}"):
        park.as_(person).get(f"/v1/tasks/{task}{path}", expect=404)
    park.clock.advance(3 * 3600)
    on_clock(park.services)
    park.pump()
    of_acme = [notice for notice in park.as_(person).get("/v1/inbox")["items"] if notice["task_id"] == task]
    assert of_acme == [notice for notice in heard if notice["task_id"] == task]
    assert len(park.as_("committee").get("/v1/inbox")["items"]) > 2


def stored(park: Park) -> list[Row]:
    return park.services.rows("readings").query("ENT#acme")
