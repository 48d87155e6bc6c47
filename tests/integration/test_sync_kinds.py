"""What is done offline besides evidence and submissions: sides that change hands, checklists, waivers, reopenings, visits. Each keeps the rules of
its own route."""

from typing import Any

import pytest

from chalicelib.adapters.rows import OPERATIONS, Delete
from chalicelib.api.models.sync import PAYLOADS, SIDED, Kind
from chalicelib.api.models.wire import rfc3339
from chalicelib.api.read_operation import READERS
from chalicelib.domain.field_command import COMMANDS, side_of
from chalicelib.handlers.on_clock import on_clock
from chalicelib.usecases.apply_operation import APPLY
from tests.acts import (
    FakeInspector,
    answer_body,
    brings_retest,
    client_id,
    closes,
    judges,
    photo_body,
    retest_body,
    the_task,
)
from tests.offline import brings, kinds, operation, outcomes
from tests.park import Park

GROUP = {"role": "inspector", "dimension": "safety", "regions": ["east"], "industries": ["circular_chemical"]}


@pytest.fixture
def park() -> Park:
    """A task of tier 3 is open; its safety side has `inspector_safety`, and `lao_zhao` could have it."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    park.as_("admin").put("/v1/people/lao_zhao", {"name": "老赵"} | GROUP)
    return park


def sided(park: Park, number: int, kind: str, payload: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return operation(park, number, kind, payload, **({"side": "safety"} | more))


def answer(park: Park, number: int, item: str, **changes: Any) -> dict[str, Any]:
    return sided(park, number, "checklist_answer", answer_body(number + 700, **({"item": item} | changes)))


def passes_on(park: Park, to: str = "lao_zhao") -> None:
    """The department gives the safety side to somebody else."""
    path = f"/v1/tasks/{the_task(park)['id']}/sides/safety/transfer"
    park.as_("department_safety").post(path, {"to": to, "reason": "换班"})
    park.pump()


def critical(park: Park) -> None:
    """From now on reactors have a list with an item that may not be skipped; a new task is opened under it."""
    item = {"id": "relief", "text": {"zh-CN": "安全阀完好", "en": "Relief valve is sound"}, "is_critical": True}
    body = {"dimension": "safety", "unit_type": "reactor", "items": [item]}
    park.as_("admin").put("/v1/checklists/park-reactor/versions/1", body)


# refusals


def test_every_kind_has_a_payload_a_reader_and_a_use_case() -> None:
    assert set(COMMANDS) == set(PAYLOADS) == set(READERS) == set(Kind.__args__)  # type: ignore[attr-defined]
    assert set(COMMANDS.values()) == set(APPLY)
    assert set(COMMANDS) >= SIDED


@pytest.mark.parametrize("kind", sorted(SIDED))
def test_what_is_done_to_a_side_names_it(park: Park, kind: str) -> None:
    payloads = {
        "decline": {"reason": "在外地"},
        "transfer": {"to": "lao_zhao", "reason": "换班"},
        "checklist_answer": answer_body(1, item="relief"),
        "submission": {"note": "已处置"},
        "verdict": {"revision": 1, "verdict": "passed"},
        "consent": {"consent": True, "reason": "同意"},
        "waiver": {"reason": "装置已停用"},
        "reopening": {"reason": "复发"},
    }
    (result,) = brings(park, "inspector_safety", operation(park, 1, kind, payloads.get(kind, {})))
    assert [(one["field"], one["code"]) for one in result["problem"]["errors"]] == [("side", "missing")]


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        ("decline", {}, "payload.reason"),
        ("transfer", {"reason": "换班"}, "payload.to"),
        ("checklist_answer", {"answer": "ok"}, "payload.item"),
        ("waiver", {"reason": " "}, "payload.reason"),
        ("consent", {"consent": "yes", "reason": "同意"}, "payload.consent"),
        ("reopening", {}, "payload.reason"),
        ("visit", {"tasks": []}, "payload.tasks"),
    ],
)
def test_a_payload_that_is_wrong_is_refused_with_its_fields(
    park: Park, kind: str, payload: dict[str, Any], field: str
) -> None:
    (result,) = brings(park, "inspector_safety", sided(park, 1, kind, payload))
    assert (result["outcome"], field in {one["field"] for one in result["problem"]["errors"]}) == ("refused", True)


@pytest.mark.parametrize(
    ("kind", "payload", "person"),
    [
        ("accept", {}, "department_safety"),
        ("decline", {"reason": "在外地"}, "enterprise"),
        ("transfer", {"to": "lao_zhao", "reason": "换班"}, "enterprise"),
        ("checklist_answer", answer_body(1, item="relief"), "department_safety"),
        ("waiver", {"reason": "装置已停用"}, "inspector_safety"),
        ("waiver", {"reason": "装置已停用"}, "department_environment"),
        ("consent", {"consent": True, "reason": "同意"}, "department_safety"),
        ("reopening", {"reason": "复发"}, "enterprise"),
    ],
)
def test_who_may_never_do_it_is_refused(park: Park, kind: str, payload: dict[str, Any], person: str) -> None:
    before = the_task(park)
    (result,) = brings(park, person, sided(park, 1, kind, payload))
    assert (result["outcome"], result["problem"]["code"]) == (
        "conflict" if person == "inspector_safety" else "refused",
        "forbidden",
    )
    assert the_task(park) == before


@pytest.mark.parametrize("kind", ["accept", "decline", "transfer", "checklist_answer"])
def test_on_a_task_of_others_there_is_none(park: Park, kind: str) -> None:
    payloads = {
        "decline": {"reason": "在外地"},
        "transfer": {"to": "lao_zhao", "reason": "换班"},
        "checklist_answer": answer_body(1, item="relief"),
    }
    (result,) = brings(park, "inspector_elsewhere", sided(park, 1, kind, payloads.get(kind, {})))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "not_found")


def test_a_visit_of_tasks_that_do_not_fit_is_refused_with_each(park: Park) -> None:
    task = the_task(park)["id"]
    plan = {"id": client_id(9), "tasks": [task, "t-none"], "planned_at": rfc3339(park.clock.ms + 3_600_000)}
    (result,) = brings(park, "inspector_safety", operation(park, 1, "visit", plan))
    assert [(one["field"], one["code"]) for one in result["problem"]["errors"]] == [("tasks.1", "no_such_task")]


# sides that change hands


def test_a_side_is_taken_once_however_often_that_arrives(park: Park) -> None:
    taken = sided(park, 1, "accept")
    assert outcomes(brings(park, "inspector_safety", taken, taken)) == ["applied", "applied"]
    assert outcomes(brings(park, "inspector_safety", taken)) == ["applied"]
    assert [one["by"] for one in the_task(park)["acknowledgements"]] == ["inspector_safety"]


def test_a_side_is_declined_once_though_it_comes_back_meanwhile(park: Park) -> None:
    declined = sided(park, 1, "decline", {"reason": "在外地"}, base_version=the_task(park)["version"])
    assert outcomes(brings(park, "inspector_safety", declined)) == ["applied"]
    assert the_task(park)["safety"]["inspector_id"] == "lao_zhao"
    passes_on(park, "inspector_safety")
    assert outcomes(brings(park, "inspector_safety", declined)) == ["applied"]
    assert the_task(park)["safety"]["inspector_id"] == "inspector_safety"


def test_a_side_is_handed_on_to_whom_its_holder_named(park: Park) -> None:
    handed = sided(park, 1, "transfer", {"to": "lao_zhao", "reason": "换班"})
    assert outcomes(brings(park, "inspector_safety", handed)) == ["applied"]
    assert the_task(park)["safety"]["inspector_id"] == "lao_zhao"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("acknowledge", {}),
        ("accept", {}),
        ("decline", {"reason": "在外地"}),
        ("transfer", {"to": "lao_zhao", "reason": "换班"}),
    ],
)
def test_what_the_former_holder_of_a_side_did_is_without_effect_and_they_are_shown_so(
    park: Park, kind: str, payload: dict[str, Any]
) -> None:
    passes_on(park)
    before = the_task(park)
    more = {} if kind == "acknowledge" else {"side": "safety"}
    (result,) = brings(park, "inspector_safety", operation(park, 1, kind, payload, **more))
    assert (result["outcome"], result["problem"]["code"]) == ("superseded", "side_passed_on")
    assert result["outcome_text"] == "已转由他人承办，无须处理"
    assert the_task(park) == before
    assert park.as_("department_safety").get("/v1/sync/conflicts")["items"] == []


def test_with_a_signal_too_a_former_holder_acknowledges_nothing(park: Park) -> None:
    passes_on(park)
    path = f"/v1/tasks/{the_task(park)['id']}/acknowledgement"
    assert park.as_("inspector_safety").post(path, expect=409)["code"] == "side_passed_on"
    park.as_("lao_zhao").post(path)
    assert [one["by"] for one in the_task(park)["acknowledgements"]] == ["lao_zhao"]


def test_who_took_the_task_before_it_was_handed_on_has_taken_it(park: Park) -> None:
    taken = operation(park, 1, "acknowledge")
    brings(park, "inspector_safety", taken)
    passes_on(park)
    path = f"/v1/tasks/{the_task(park)['id']}/acknowledgement"
    assert outcomes(brings(park, "inspector_safety", taken)) == ["applied"]
    park.as_("inspector_safety").post(path)


def test_a_side_that_others_changed_is_not_declined_unseen(park: Park) -> None:
    seen = the_task(park)["version"]
    path = f"/v1/tasks/{the_task(park)['id']}/sides/safety/waiver"
    park.as_("department_safety").post(path, {"reason": "装置已停用"})
    declined = sided(park, 1, "decline", {"reason": "在外地"}, base_version=seen)
    (result,) = brings(park, "inspector_safety", declined)
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "side_changed")
    assert the_task(park)["safety"]["inspector_id"] == "inspector_safety"


# checklists


def test_an_answer_given_offline_is_kept_with_the_time_of_the_device(park: Park) -> None:
    assert outcomes(brings(park, "inspector_safety", answer(park, 1, "relief"))) == ["applied"]
    (kept,) = park.as_("inspector_safety").get(f"/v1/tasks/{the_task(park)['id']}/checklists")["answers"]
    assert (kept["item"], kept["by"], kept["at"]) == ("relief", "inspector_safety", "2026-03-02T10:00:30.000+08:00")


def test_an_answer_that_comes_again_after_its_side_was_passed_is_the_same_answer(park: Park) -> None:
    task, given = the_task(park), answer(park, 1, "relief", answer="failed", reason="阀门渗漏")
    brings(park, "inspector_safety", given)
    closes(park, task)
    park.services.rows(OPERATIONS).commit([Delete("OP#inspector_safety", client_id(1))])  # our own note of it was lost
    assert outcomes(brings(park, "inspector_safety", given)) == ["applied"]
    assert len(park.services.checklists.answers(task["id"])) == 1


def test_an_answer_for_a_side_that_was_passed_meanwhile_is_kept_for_a_decision(park: Park) -> None:
    late = answer(park, 1, "relief")
    closes(park, the_task(park))
    (result,) = brings(park, "inspector_safety", late)
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "illegal_transition")
    assert "operation_conflict" in kinds(park, "department_safety")


@pytest.mark.parametrize(("ahead_s", "outcome"), [(0, "refused"), (900, "applied")])
def test_a_clock_known_to_be_fast_makes_no_answer_too_early(park: Park, ahead_s: int, outcome: str) -> None:
    theirs = park.clock.ms + 900_000
    given = answer(park, 1, "relief", at=rfc3339(theirs))
    assert outcomes(brings(park, "inspector_safety", given, sent_ms=park.clock.ms + ahead_s * 1000)) == [outcome]


def test_a_submission_waits_for_the_critical_items_of_its_list(park: Park) -> None:
    critical(park)
    for _ in range(2):
        park.clock.advance(60)
        park.reads(eid="other", temperature=190.0, voc=70.0, steam=100.0)
    other = the_task(park, "other")
    assert other["tier"] > 1
    retest = operation(park, 1, "retest", retest_body(5, "safety")) | {"task_id": other["id"]}
    handed_in = sided(park, 2, "submission", {"note": "已处置"}) | {"task_id": other["id"]}
    given = answer(park, 3, "relief") | {"task_id": other["id"]}
    holder = other["safety"]["inspector_id"]
    results = brings(park, holder, retest, handed_in)
    assert (outcomes(results), results[1]["problem"]["code"]) == (["applied", "held"], "checklist_incomplete")
    assert outcomes(brings(park, holder, given)) == ["applied"]
    assert the_task(park, "other")["safety"]["state"] == "submitted"


# what departments do


def test_both_departments_waive_a_side_offline(park: Park) -> None:
    proposed = sided(park, 1, "waiver", {"reason": "装置已停用"}, base_version=the_task(park)["version"])
    assert outcomes(brings(park, "department_safety", proposed)) == ["applied"]
    given = sided(park, 2, "consent", {"consent": True, "reason": "同意"}, base_version=the_task(park)["version"])
    assert outcomes(brings(park, "department_environment", given)) == ["applied"]
    assert the_task(park)["safety"]["state"] == "waived"
    assert outcomes(brings(park, "department_environment", given)) == ["applied"]


def test_a_side_that_was_handed_in_meanwhile_is_not_waived(park: Park) -> None:
    seen = the_task(park)["version"]
    brings_retest(park, the_task(park), "safety")
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/sides/safety/submission", {"note": "已处置"})
    (result,) = brings(park, "department_safety", sided(park, 1, "waiver", {"reason": "装置已停用"}, base_version=seen))
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "side_changed")


def test_a_settled_side_is_reopened_once(park: Park) -> None:
    closed = closes(park, the_task(park))
    more = {"task_id": closed["id"], "base_version": closed["version"]}
    again = sided(park, 1, "reopening", {"reason": "异味复发"}, **more)
    assert outcomes(brings(park, "department_safety", again, again)) == ["applied", "applied"]
    assert (the_task(park)["safety"]["state"], the_task(park)["state"]) == ("rejected", "open")


def test_a_side_is_not_reopened_unseen(park: Park) -> None:
    seen = the_task(park)["version"]
    closed = closes(park, the_task(park))
    stale = sided(park, 1, "reopening", {"reason": "异味复发"}, task_id=closed["id"], base_version=seen)
    assert outcomes(brings(park, "department_safety", stale)) == ["conflict"]


# visits


def plan(park: Park, number: int = 1, *tasks: str) -> dict[str, Any]:
    named = list(tasks) or [the_task(park)["id"]]
    body = {"id": client_id(800), "tasks": named, "planned_at": rfc3339(park.clock.ms + 3_600_000)}
    return operation(park, number, "visit", body, task_id=named[0])


def test_a_visit_is_planned_once(park: Park) -> None:
    planned = plan(park)
    assert outcomes(brings(park, "inspector_safety", planned, planned)) == ["applied", "applied"]
    assert [one["id"] for one in park.as_("inspector_safety").get("/v1/visits")["items"]] == [client_id(800)]


def test_a_visit_is_an_operation_on_the_first_of_its_tasks(park: Park) -> None:
    (result,) = brings(park, "inspector_safety", plan(park) | {"task_id": "t-other"})
    assert [(one["field"], one["code"]) for one in result["problem"]["errors"]] == [("task_id", "one_of")]


# what comes before the hazard that it belongs to


def hazard(park: Park, number: int = 900) -> dict[str, Any]:
    what = {"dimension": "safety", "severity": 2, "text": "护栏松动", "seen_at": rfc3339(park.clock.ms)}
    body = {"id": client_id(number), "enterprise_id": "acme", "unit_id": "acme-r1"} | what
    return operation(park, number, "hazard", body, task_id=f"t-{client_id(number)}")


def test_what_comes_before_its_hazard_waits_for_it(park: Park) -> None:
    park.as_("admin").put("/v1/people/lao_zhao", {"name": "老赵", "on_duty": False} | GROUP)
    task_id = f"t-{client_id(900)}"
    early = [
        operation(park, 1, "photo", photo_body(501, "safety"), task_id=task_id),
        operation(park, 2, "retest", retest_body(2, "safety"), task_id=task_id),
        plan(park, 3, task_id),
    ]
    results = brings(park, "inspector_safety", *early)
    assert outcomes(results) == ["held"] * 3
    assert {one["problem"]["code"] for one in results} == {"not_found"}
    assert outcomes(brings(park, "inspector_safety", hazard(park), *early)) == ["applied"] * 4
    photos, retests, _ = park.services.evidence.of_task(task_id)
    assert (len(photos), len(retests)) == (1, 1)


def test_a_photo_that_waited_for_its_hazard_gets_its_leave_in_the_same_answer(park: Park) -> None:
    early = operation(park, 1, "photo", photo_body(501, "safety"), task_id=f"t-{client_id(900)}")
    results = brings(park, "inspector_safety", early, hazard(park))
    assert outcomes(results) == ["applied", "applied"]
    assert results[0]["upload"]["fields"]["key"].endswith(client_id(501))


def test_who_may_not_know_of_a_hazard_waits_as_if_it_were_none(park: Park) -> None:
    task_id = f"t-{client_id(900)}"
    before = brings(park, "inspector_elsewhere", operation(park, 1, "acknowledge", task_id=task_id))
    brings(park, "inspector_safety", hazard(park))
    after = brings(park, "inspector_elsewhere", operation(park, 2, "acknowledge", task_id=task_id))
    assert outcomes(before) == outcomes(after) == ["held"]


def test_what_waited_five_days_for_a_hazard_that_never_came_is_refused(park: Park) -> None:
    early = operation(park, 1, "acknowledge", task_id=f"t-{client_id(900)}")
    brings(park, "inspector_safety", early)
    park.clock.advance(5 * 86_400 + 60)
    on_clock(park.services)
    park.pump()
    assert outcomes(brings(park, "inspector_safety", early)) == ["refused"]
    assert "operation_refused" in kinds(park, "inspector_safety")


def test_an_id_that_waits_is_not_used_for_something_else(park: Park) -> None:
    brings(park, "inspector_safety", sided(park, 1, "submission", {"note": "已处置"}))
    (result,) = brings(park, "inspector_safety", sided(park, 1, "submission", {"note": "另一次"}))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "content_conflict")


def test_only_what_changes_a_side_is_kept_in_order(park: Park) -> None:
    assert {kind for kind, command in COMMANDS.items() if kind in SIDED and side_of(_blank(command)) is None} == {
        "accept",
        "checklist_answer",
    }


def _blank(command: type) -> Any:
    """A command of a kind, with its side and nothing else of meaning."""
    from dataclasses import fields

    from chalicelib.domain.dimension import Dimension

    given: dict[str, Any] = {one.name: None for one in fields(command)} | {"dimension": Dimension.SAFETY}
    return command(**{name: value for name, value in given.items() if name in {one.name for one in fields(command)}})


def test_judging_offline_is_still_judging(park: Park) -> None:
    brings_retest(park, the_task(park), "safety")
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/sides/safety/submission", {"note": "已处置"})
    passed = sided(park, 1, "verdict", {"revision": 1, "verdict": "passed"}, base_version=the_task(park)["version"])
    assert outcomes(brings(park, "department_safety", passed)) == ["applied"]
    judges(park, the_task(park), "safety", expect=409, reason="再审")
