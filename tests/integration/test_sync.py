"""The two ends of a phone's day without a signal: what it fetches, and what it brings."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.sync_cursor import HORIZON_MS, LONGEST_AWAY_MS
from chalicelib.handlers.on_clock import on_clock
from tests.acts import (
    JPEG,
    FakeInspector,
    answers,
    brings_retest,
    client_id,
    closes,
    judges,
    photo_body,
    retest_body,
    the_task,
)
from tests.offline import brings, kinds, operation, outcomes
from tests.park import PEOPLE, Park

DAY_S = 86_400


@pytest.fixture
def park() -> Park:
    """A task of tier 2 or more is open: both inspectors have it."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    assert the_task(park)["tier"] == 3
    return park


def photo(park: Park, number: int, side: str = "safety") -> dict[str, Any]:
    return operation(park, number, "photo", photo_body(number + 500, side))


def photo_arrives(park: Park, result: dict[str, Any]) -> None:
    park.services.media.write(result["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
    park.photo_lands(result["upload"]["fields"]["key"])


def submission(park: Park, number: int, *, media: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    payload = {"note": "已处置", "media": [client_id(one + 500) for one in media]}
    return operation(park, number, "submission", payload, side="safety", **more)


# refusals


@pytest.mark.parametrize("cursor", ["x", "djEg", "é", "djEgcGFyayBub3RhdGltZQ"])
def test_a_cursor_that_is_none_is_refused(park: Park, cursor: str) -> None:
    from urllib.parse import quote

    problem = park.as_("inspector_safety").get(f"/v1/sync?cursor={quote(cursor)}", expect=400)
    assert problem["code"] == "invalid_cursor"


def test_an_operation_that_is_wrong_is_refused_with_its_fields_and_refuses_no_other(park: Park) -> None:
    wrong = operation(park, 1, "retest", retest_body(1, "safety") | {"value": "28.5"})
    results = brings(park, "inspector_safety", wrong, operation(park, 2, "acknowledge"))
    assert outcomes(results) == ["refused", "applied"]
    assert results[0]["problem"]["code"] == "invalid_request"
    assert [one["field"] for one in results[0]["problem"]["errors"]] == ["payload.value"]


def test_a_submission_without_its_side_is_refused(park: Park) -> None:
    (result,) = brings(park, "inspector_safety", operation(park, 1, "submission", {"note": "已处置"}))
    assert [(one["field"], one["code"]) for one in result["problem"]["errors"]] == [("side", "missing")]


def test_a_rule_that_the_route_keeps_is_kept_here_too(park: Park) -> None:
    wrong = operation(park, 1, "retest", retest_body(1, "safety", unit="ppm"))
    (result,) = brings(park, "inspector_safety", wrong)
    assert (result["outcome"], result["problem"]["errors"][0]["code"]) == ("refused", "wrong_unit")
    assert "mg/m3" in result["problem"]["errors"][0]["detail"]


@pytest.mark.parametrize("person", ["inspector_elsewhere", "enterprise_other", "department_elsewhere"])
def test_an_operation_on_a_task_of_others_finds_none(park: Park, person: str) -> None:
    kind = "verdict" if person.startswith("department") else "acknowledge"
    payload = {"revision": 1, "verdict": "passed"} if kind == "verdict" else {}
    (result,) = brings(park, person, operation(park, 1, kind, payload, side="safety"))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "not_found")


def test_what_a_role_may_never_do_is_refused(park: Park) -> None:
    (result,) = brings(park, "committee", operation(park, 1, "acknowledge"))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "forbidden")


def test_an_id_that_comes_again_with_other_content_is_refused_and_changes_nothing(park: Park) -> None:
    first = operation(park, 1, "retest", retest_body(1, "safety"))
    other = operation(park, 1, "retest", retest_body(1, "safety", value=29.5))
    assert outcomes(brings(park, "inspector_safety", first)) == ["applied"]
    (again,) = brings(park, "inspector_safety", other)
    assert (again["outcome"], again["problem"]["code"]) == ("refused", "content_conflict")
    assert outcomes(brings(park, "inspector_safety", first)) == ["applied"]


# what is fetched


def test_a_first_sync_brings_open_tasks_with_all_that_is_needed_of_them(park: Park) -> None:
    answer = park.as_("inspector_safety").get("/v1/sync")
    (one,) = answer["tasks"]
    assert answer["reset"] is True
    assert one["task"]["unit_name"] == "R1"
    assert one["why"]["rule"]["name"] == "反应釜超温与废气VOC耦合"
    assert {"inspector_safety", "department_environment", "enterprise"} <= set(one["contacts"])
    assert {person["id"] for person in answer["people"]} == set(one["contacts"])


def test_the_checklists_of_tasks_come_once_with_the_answers_given_so_far(park: Park) -> None:
    task = the_task(park)
    answers(park, task, "safety", "cooling", 50)
    park.pump()
    answer = park.as_("inspector_environment").get("/v1/sync")
    (one,) = answer["tasks"]
    seen = park.as_("inspector_environment").get(f"/v1/tasks/{task['id']}/checklists")
    assert one["checklists"] == [seen["safety"]["name"], seen["environment"]["name"]]
    assert one["answers"] == seen["answers"] != []
    assert answer["checklists"] == sorted((seen["safety"], seen["environment"]), key=lambda one: str(one["name"]))


def test_a_task_keeps_its_checklist_on_the_phone_though_a_newer_one_is_published(park: Park) -> None:
    before = park.as_("inspector_safety").get("/v1/sync")["tasks"][0]["checklists"]
    item = {"id": "relief", "text": {"zh-CN": "安全阀完好", "en": "Relief valve is sound"}}
    body = {"dimension": "safety", "unit_type": "reactor", "items": [item]}
    park.clock.advance(60)
    park.as_("admin").put("/v1/checklists/park-reactor/versions/1", body)
    brings_retest(park, the_task(park), "safety")
    park.pump()
    assert park.as_("inspector_safety").get("/v1/sync")["tasks"][0]["checklists"] == before


@pytest.mark.parametrize(
    ("route", "body", "read"),
    [
        pytest.param(
            "/v1/people/inspector_environment",
            {"name": "老吴", **PEOPLE["inspector_environment"], "phone": "13800000001"},
            lambda answer: next(p["phone"] for p in answer["people"] if p["id"] == "inspector_environment"),
            id="an inspector",
        ),
        pytest.param(
            "/v1/people/enterprise",
            {"name": "周厂长", **PEOPLE["enterprise"], "phone": "13800000001"},
            lambda answer: next(p["phone"] for p in answer["people"] if p["id"] == "enterprise"),
            id="somebody of the enterprise",
        ),
        pytest.param(
            "/v1/people/department_safety",
            {"name": "安监值班", **PEOPLE["department_safety"], "phone": "13800000001"},
            lambda answer: next(p["phone"] for p in answer["people"] if p["id"] == "department_safety"),
            id="somebody of a department",
        ),
        pytest.param(
            "/v1/units/acme-r1",
            {"enterprise_id": "acme", "name": "13800000001", "type": "reactor"},
            lambda answer: answer["tasks"][0]["task"]["unit_name"],
            id="the unit",
        ),
    ],
)
def test_what_changed_in_the_registry_reaches_phones_though_nothing_happened_to_the_task(
    park: Park, route: str, body: dict[str, Any], read: Callable[[dict[str, Any]], str]
) -> None:
    inspector = park.as_("inspector_safety")
    park.clock.advance(HORIZON_MS / 1000 + 1)
    known = inspector.get("/v1/sync")
    assert read(known) != "13800000001"
    park.as_("admin").put(route, body)
    park.pump()
    changed = inspector.get(f"/v1/sync?cursor={known['next_cursor']}")
    assert read(changed) == "13800000001"
    assert changed["tasks"][0]["task"]["version"] == known["tasks"][0]["task"]["version"]


def test_the_same_registration_again_touches_no_task(park: Park) -> None:
    inspector, body = park.as_("inspector_safety"), {"name": "enterprise", **PEOPLE["enterprise"]}
    park.clock.advance(HORIZON_MS / 1000 + 1)
    cursor = inspector.get("/v1/sync")["next_cursor"]
    park.as_("admin").put("/v1/people/enterprise", body)
    park.pump()
    assert inspector.get(f"/v1/sync?cursor={cursor}")["tasks"] == []


def test_a_delta_brings_what_changed_and_once_the_horizon_has_passed_no_more(park: Park) -> None:
    inspector = park.as_("inspector_safety")
    park.clock.advance(HORIZON_MS / 1000 + 1)
    cursor = inspector.get("/v1/sync")["next_cursor"]
    assert inspector.get(f"/v1/sync?cursor={cursor}")["tasks"] == []
    brings_retest(park, the_task(park), "environment")
    park.pump()
    changed = inspector.get(f"/v1/sync?cursor={cursor}")
    assert [one["retests"][0]["value"] for one in changed["tasks"]] == [28.5]
    park.clock.advance(HORIZON_MS / 1000 + 1)
    later = inspector.get(f"/v1/sync?cursor={changed['next_cursor']}")
    assert inspector.get(f"/v1/sync?cursor={later['next_cursor']}")["tasks"] == []


def test_a_closed_task_comes_once_more_and_a_first_sync_leaves_it_out(park: Park) -> None:
    inspector = park.as_("inspector_safety")
    cursor = inspector.get("/v1/sync")["next_cursor"]
    closes(park, the_task(park))
    assert [one["task"]["state"] for one in inspector.get(f"/v1/sync?cursor={cursor}")["tasks"]] == ["closed"]
    assert inspector.get("/v1/sync")["tasks"] == []


def test_a_phone_that_was_away_too_long_starts_anew(park: Park) -> None:
    inspector = park.as_("inspector_safety")
    cursor = inspector.get("/v1/sync")["next_cursor"]
    park.clock.advance(LONGEST_AWAY_MS / 1000 + 3600)
    assert inspector.get(f"/v1/sync?cursor={cursor}")["reset"] is True


def test_a_cursor_of_another_feed_starts_anew(park: Park) -> None:
    cursor = park.as_("committee").get("/v1/sync")["next_cursor"]
    answer = park.as_("inspector_elsewhere").get(f"/v1/sync?cursor={cursor}")
    assert (answer["reset"], answer["tasks"]) == (True, [])


def test_pages_hold_every_task_once(park: Park) -> None:
    for minute in range(3):
        park.clock.advance(60)
        park.reads(eid="other", temperature=188.0, voc=66.0 + minute, steam=100.0)
    committee = park.as_("committee")
    seen, cursor, more = [], "", True
    while more:
        page = committee.get(f"/v1/sync?limit=1{cursor}")
        seen += [one["task"]["id"] for one in page["tasks"]]
        cursor, more = f"&cursor={page['next_cursor']}", page["more"]
    assert len(seen) == len(set(seen)) == 2


def test_an_answer_is_gzipped_for_who_takes_it(park: Park) -> None:
    headers = {"Authorization": "Bearer person:inspector_safety", "Accept-Encoding": "gzip, br"}
    answer = park.client.http.request("GET", "/v1/sync", headers=headers)
    plain = park.client.http.request("GET", "/v1/sync", headers={"Authorization": "Bearer person:inspector_safety"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body)) == json.loads(plain.body)
    assert len(answer.body) * 2 < len(plain.body)


# what is brought


def test_a_batch_that_comes_again_whole_or_in_part_has_the_same_outcomes_and_changes_nothing(park: Park) -> None:
    batch = [
        operation(park, 1, "acknowledge"),
        operation(park, 2, "retest", retest_body(2, "safety")),
        submission(park, 3),
    ]
    first = brings(park, "inspector_safety", *batch)
    before = the_task(park)
    again = brings(park, "inspector_safety", *batch)
    part = brings(park, "inspector_safety", batch[2])
    assert outcomes(first) == outcomes(again) == ["applied"] * 3
    assert (outcomes(part), the_task(park)) == (["applied"], before)


def test_a_submission_whose_answer_was_lost_is_not_made_twice_though_it_was_returned_meanwhile(park: Park) -> None:
    retest = operation(park, 1, "retest", retest_body(1, "safety"))
    handed_in = submission(park, 2, base_version=the_task(park)["version"])
    assert outcomes(brings(park, "inspector_safety", retest, handed_in)) == ["applied", "applied"]
    judges(park, the_task(park), "safety", "rejected", reason="照片不清")
    assert outcomes(brings(park, "inspector_safety", handed_in)) == ["applied"]
    assert (the_task(park)["safety"]["state"], the_task(park)["safety"]["revision"]) == ("rejected", 1)


def test_a_change_whose_note_was_lost_is_known_by_its_receipt(park: Park) -> None:
    retest = operation(park, 1, "retest", retest_body(1, "safety"))
    handed_in = submission(park, 2, base_version=the_task(park)["version"])
    brings(park, "inspector_safety", retest, handed_in)
    judges(park, the_task(park), "safety", "rejected", reason="照片不清")
    from chalicelib.adapters.rows import OPERATIONS, Delete

    park.services.rows(OPERATIONS).commit([Delete("OP#inspector_safety", client_id(2))])
    assert outcomes(brings(park, "inspector_safety", handed_in)) == ["merged"]
    assert the_task(park)["safety"]["revision"] == 1


def test_a_submission_waits_for_every_photo_that_it_names(park: Park) -> None:
    first, second, handed_in = brings(
        park, "inspector_safety", photo(park, 1), photo(park, 2), submission(park, 3, media=(1, 2))
    )
    assert (handed_in["outcome"], handed_in["problem"]["code"]) == ("held", "evidence_missing")
    photo_arrives(park, first)
    on_clock(park.services)
    assert the_task(park)["safety"]["state"] == "pending"
    photo_arrives(park, second)
    on_clock(park.services)
    park.pump()
    assert the_task(park)["safety"]["state"] == "submitted"
    assert "operation_applied" in kinds(park, "inspector_safety")


def test_what_waits_is_applied_with_what_a_later_batch_brings(park: Park) -> None:
    assert outcomes(brings(park, "inspector_safety", submission(park, 1))) == ["held"]
    retest = operation(park, 2, "retest", retest_body(2, "safety"))
    brings(park, "inspector_safety", retest)
    assert the_task(park)["safety"]["state"] == "submitted"
    assert outcomes(brings(park, "inspector_safety", submission(park, 1))) == ["applied"]


def test_after_five_days_it_is_applied_without_the_photo_that_never_came(park: Park) -> None:
    first, _, handed_in = brings(
        park, "inspector_safety", photo(park, 1), photo(park, 2), submission(park, 3, media=(1, 2))
    )
    photo_arrives(park, first)
    park.clock.advance(5 * DAY_S + 60)
    on_clock(park.services)
    park.pump()
    kept = park.as_("inspector_safety").get(f"/v1/sync/operations/inspector_safety/{handed_in['id']}")
    assert (the_task(park)["safety"]["state"], kept["outcome"]) == ("submitted", "applied")


def test_after_five_days_it_is_refused_where_nothing_came_and_its_owner_is_told(park: Park) -> None:
    brings(park, "inspector_safety", photo(park, 1), submission(park, 2, media=(1,)))
    park.clock.advance(5 * DAY_S + 60)
    on_clock(park.services)
    park.pump()
    assert the_task(park)["safety"]["state"] == "pending"
    told = {one["kind"]: one["body"] for one in park.as_("inspector_safety").get("/v1/inbox")["items"]}
    assert "提交" in told["operation_refused"] and "2小时" in told["photo_missing"]


def test_what_others_did_to_the_rest_of_the_task_is_merged_and_shown(park: Park) -> None:
    seen = the_task(park)["version"]
    brings_retest(park, the_task(park), "environment")
    park.as_("inspector_environment").post(
        f"/v1/tasks/{the_task(park)['id']}/sides/environment/submission", {"note": "达标"}
    )
    retest = operation(park, 1, "retest", retest_body(1, "safety"), base_version=seen)
    results = brings(park, "inspector_safety", retest, submission(park, 2, base_version=seen))
    assert outcomes(results) == ["merged", "merged"]
    assert results[1]["merged_with"] == ["environment"]
    assert the_task(park)["safety"]["state"] == "submitted"


def test_ones_own_earlier_operation_is_no_change_by_others(park: Park) -> None:
    seen = the_task(park)["version"]
    batch = (
        operation(park, 1, "acknowledge", base_version=seen),
        operation(park, 2, "retest", retest_body(2, "safety"), base_version=seen),
        submission(park, 3, base_version=seen),
    )
    assert outcomes(brings(park, "inspector_safety", *batch)) == ["applied"] * 3


# conflicts


def conflict(park: Park) -> dict[str, Any]:
    """The side was handed in, returned and is open again since the phone last saw it: its owner has not seen why."""
    seen = the_task(park)["version"]
    brings_retest(park, the_task(park), "safety")
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/sides/safety/submission", {"note": "网页提交"})
    judges(park, the_task(park), "safety", "rejected", reason="照片不清")
    (result,) = brings(park, "inspector_safety", submission(park, 1, base_version=seen))
    return result


def test_what_stands_against_it_is_kept_and_its_department_is_told(park: Park) -> None:
    result = conflict(park)
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "side_changed")
    assert the_task(park)["safety"]["state"] == "rejected"
    (kept,) = park.as_("department_safety").get("/v1/sync/conflicts")["items"]
    assert (kept["id"], kept["payload"]["note"]) == (result["id"], "已处置")
    assert "operation_conflict" in kinds(park, "department_safety")
    assert [one["id"] for one in park.as_("inspector_safety").get("/v1/sync/conflicts")["items"]] == [result["id"]]
    assert park.as_("inspector_elsewhere").get("/v1/sync/conflicts")["items"] == []


def decision(park: Park, person: str, which: str, expect: int = 200) -> dict[str, Any]:
    path = f"/v1/sync/operations/inspector_safety/{client_id(1)}/decision"
    answer = park.as_(person).post(path, {"decision": which, "reason": "现场已核实"}, expect=expect)
    park.pump()
    return answer


def test_a_person_decides_that_it_is_applied(park: Park) -> None:
    conflict(park)
    first, again = decision(park, "department_safety", "apply"), decision(park, "department_safety", "apply")
    assert (first["outcome"], first["decided_by"]) == ("applied", "department_safety")
    assert first == again
    assert (the_task(park)["safety"]["state"], the_task(park)["safety"]["submission"]["by"]) == (
        "submitted",
        "inspector_safety",
    )
    assert park.as_("department_safety").get("/v1/sync/conflicts")["items"] == []
    assert "operation_applied" in kinds(park, "inspector_safety")


def test_a_person_decides_that_it_is_not_and_it_stays_to_be_read(park: Park) -> None:
    conflict(park)
    decision(park, "department_safety", "discard")
    assert the_task(park)["safety"]["state"] == "rejected"
    kept = park.as_("inspector_safety").get(f"/v1/sync/operations/inspector_safety/{client_id(1)}")
    assert (kept["outcome"], kept["reason"]) == ("discarded", "现场已核实")
    assert decision(park, "department_safety", "apply", expect=409)["code"] == "illegal_transition"


def test_what_still_cannot_be_stays_a_conflict(park: Park) -> None:
    conflict(park)
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/sides/safety/submission", {"note": "再次提交"})
    assert decision(park, "department_safety", "apply", expect=409)["code"] == "illegal_transition"
    assert len(park.as_("department_safety").get("/v1/sync/conflicts")["items"]) == 1


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("inspector_safety", 403),
        ("enterprise", 403),
        ("committee", 403),
        ("department_environment", 403),
        ("department_elsewhere", 404),
    ],
)
def test_who_does_not_judge_the_side_decides_nothing(park: Park, person: str, status: int) -> None:
    conflict(park)
    decision(park, person, "apply", expect=status)


def test_evidence_for_a_task_that_was_closed_is_kept_for_a_decision(park: Park) -> None:
    late = operation(park, 1, "retest", retest_body(77, "safety"))
    closes(park, the_task(park))
    (result,) = brings(park, "inspector_safety", late)
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "illegal_transition")


# clocks


@pytest.mark.parametrize(("ahead_s", "told"), [(0, None), (200, None), (900, "快15分钟"), (-900, "慢15分钟")])
def test_how_far_a_phones_clock_is_off_is_measured_and_put_right(park: Park, ahead_s: int, told: str | None) -> None:
    theirs = park.clock.ms + ahead_s * 1000
    done = operation(park, 1, "acknowledge") | {"at": rfc3339(theirs - 60_000)}
    sent = {"device_id": "phone-1", "sent_at": rfc3339(theirs), "operations": [done]}
    answer = park.as_("inspector_safety").post("/v1/sync", sent)
    assert answer["clock_skew_ms"] == ahead_s * 1000
    assert (told or "") in answer.get("clock_text", "")
    assert ("clock_text" in answer) is (told is not None)
    kept = park.services.operations.get("inspector_safety", client_id(1))
    assert kept is not None
    assert kept.operation.at_ms == park.clock.ms - 60_000
    clock = park.services.operations.clock_of("inspector_safety", "phone-1")
    assert clock is not None
    assert clock.skew_ms == ahead_s * 1000
