"""The audit: every change has its entry, in a chain in which nothing can be changed without its being seen, by anybody."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.audited_rows import HEADS
from chalicelib.adapters.rows import OPERATIONS, Delete, Put, Row
from chalicelib.handlers.on_learn import JOBS, on_learn
from tests.acts import FakeInspector, brings_retest, closes, judges, photo_body, submits, the_task
from tests.park import Park

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_audit.py"
VERIFY = tuple(job for job in JOBS if job.name == "verify_audit")


@pytest.fixture(scope="module")
def closed() -> tuple[Park, str]:
    """A task that was worked, returned once and closed."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    task = the_task(park)
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement", X_Device_Id="phone-7")
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/photos", photo_body(9, "safety"), expect=201)
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
    judges(park, task, "safety", "rejected", reason="照片不清")
    submits(park, task, "safety", "已补拍")
    judges(park, task, "safety", revision=2)
    assert judges(park, task, "environment")["state"] == "closed"
    return park, task["id"]


@pytest.fixture
def park() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    return park


def export(park: Park, object: str) -> bytes:
    headers = {"Authorization": "Bearer person:committee"}
    return bytes(park.client.http.request("GET", f"/v1/audit/{object}/export", headers=headers).body)


def verified(tmp_path: Path, data: bytes) -> tuple[int, str]:
    """What a stranger finds who has the file and the script, and nothing of ours."""
    (tmp_path / "export.json").write_bytes(data)
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(tmp_path / "export.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    return done.returncode, done.stdout.strip()


# refusals


@pytest.mark.parametrize(
    ("person", "object", "status"),
    [
        ("enterprise_other", "task", 404),
        ("inspector_elsewhere", "task", 404),
        ("department_elsewhere", "task", 404),
        ("enterprise_other", "warning", 404),
        ("enterprise_other", "score", 404),
        ("inspector_safety", "score", 403),
        ("enterprise", "catalogue", 403),
        ("committee", "nonsense", 404),
        ("committee", "task:nothing", 404),
    ],
)
def test_an_audit_is_seen_by_who_sees_its_object(park: Park, person: str, object: str, status: int) -> None:
    task = the_task(park)
    named = {"task": f"task:{task['id']}", "warning": f"warning:{task['warning_id']}", "score": "score:acme:2026-03"}
    park.as_(person).get(f"/v1/audit/{named.get(object, object)}", expect=status)


@pytest.mark.parametrize(
    ("person", "status"), [("enterprise", 403), ("inspector_safety", 403), ("department_safety", 200)]
)
def test_an_export_is_for_those_who_answer_for_it(park: Park, person: str, status: int) -> None:
    park.as_(person).get(f"/v1/audit/task:{the_task(park)['id']}/export", expect=status)


def test_an_entry_that_is_not_there_is_no_place_to_go_on_from(park: Park) -> None:
    problem = park.as_("committee").get(f"/v1/audit/task:{the_task(park)['id']}?after=99", expect=400)
    assert problem["code"] == "invalid_cursor"


# what is told


def test_every_step_is_told_with_who_did_it_and_what_it_changed(closed: tuple[Park, str]) -> None:
    park, task_id = closed
    chain = park.as_("committee").get(f"/v1/audit/task:{task_id}?limit=200")
    steps = [(one["by_kind"], one["by_id"], one["part"].partition("#")[0]) for one in chain["items"]]
    assert chain["intact"] is True
    assert (chain["count"], chain["head"]) == (len(chain["items"]), chain["items"][-1]["hash"])
    assert steps[0] == ("system", "relay", "")
    assert ("inspector", "inspector_safety", "PHOTO") in steps
    assert ("inspector", "inspector_environment", "RETEST") in steps
    last = chain["items"][-1]
    assert (last["by_kind"], last["by_id"]) == ("department", "department_environment")
    assert last["before"]["environment"]["state"] == "submitted"
    assert last["after"]["environment"]["state"] == "passed"
    assert set(last["after"]) == {"environment", "closed_at_ms", "version"}


def test_where_it_came_from_is_told_to_those_who_answer_for_it(closed: tuple[Park, str]) -> None:
    park, task_id = closed
    for person, device in (("department_safety", {"phone-7", ""}), ("enterprise", {None})):
        items = park.as_(person).get(f"/v1/audit/task:{task_id}?limit=200")["items"]
        assert {one.get("device_id") for one in items} == device


def test_pages_follow_each_other(closed: tuple[Park, str]) -> None:
    park, task_id = closed
    whole = park.as_("committee").get(f"/v1/audit/task:{task_id}?limit=200")["items"]
    seen: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = park.as_("committee").get(f"/v1/audit/task:{task_id}?limit=3&after={after}")
        assert page["intact"]
        seen, after = seen + page["items"], page.get("next_after")
    assert seen == whole


@pytest.mark.parametrize("object", ["warning", "score", "catalogue"])
def test_warnings_scores_and_the_catalogue_have_chains_too(
    closed: tuple[Park, str], object: str, tmp_path: Path
) -> None:
    park, task_id = closed
    if object == "catalogue":
        from mobile_api_spec.walk_catalogue import small_catalogue

        park.as_("admin").put("/v1/catalogue", small_catalogue())
    warning = park.services.tasks.get(task_id).warning_id  # type: ignore[union-attr]
    named = {"warning": f"warning:{warning}", "score": "score:acme:2026-03"}.get(object, object)
    chain = park.as_("committee").get(f"/v1/audit/{named}")
    assert chain["intact"]
    assert chain["items"]
    assert verified(tmp_path, export(park, named)) == (0, "intact")


# what a stranger finds


def test_an_export_verifies_with_a_script_that_has_nothing_of_ours(closed: tuple[Park, str], tmp_path: Path) -> None:
    park, task_id = closed
    assert len(VERIFIER.read_text().splitlines()) <= 30
    assert "chalicelib" not in VERIFIER.read_text()
    assert verified(tmp_path, export(park, f"task:{task_id}")) == (0, "intact")


def found_in(data: bytes) -> str:
    """The script's own judgement, in this process."""
    source = VERIFIER.read_text().partition("\nif __name__")[0]
    space: dict[str, Any] = {}
    exec(compile(source, str(VERIFIER), "exec"), space)  # noqa: S102 - our own script, to try it a thousand times
    try:
        return str(space["problem"](data))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "unreadable"


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_one_flipped_byte_is_found_wherever_it_is(closed: tuple[Park, str], data: st.DataObject) -> None:
    park, task_id = closed
    whole = export(park, f"task:{task_id}")
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = data.draw(st.integers(1, 255))
    method = whole.index(b'"method"'), whole.index(b'"object"', whole.index(b'"method"'))
    if method[0] <= at < method[1]:
        return  # the sentence that explains the method is no evidence
    assert found_in(whole) == ""
    assert found_in(whole[:at] + bytes([whole[at] ^ flipped]) + whole[at + 1 :]) != ""


@pytest.mark.parametrize("how", ["dropped", "swapped", "doubled", "cut off"])
def test_an_entry_that_is_dropped_swapped_doubled_or_cut_off_is_found(closed: tuple[Park, str], how: str) -> None:
    park, task_id = closed
    known = json.loads(export(park, f"task:{task_id}"))
    entries = known["entries"]
    known["entries"] = {
        "dropped": entries[:2] + entries[3:],
        "swapped": [entries[1], entries[0], *entries[2:]],
        "doubled": [entries[0], *entries],
        "cut off": entries[:-1],
    }[how]
    changed = json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert found_in(changed.encode()) != ""


# what the park finds


def tampers(park: Park, how: str) -> None:
    object = f"task:{the_task(park)['id']}"
    rows = park.services.rows(OPERATIONS)
    first = rows.query(f"AUDIT#{object}")[0]
    task = rows.get(f"TASK#{the_task(park)['id']}", "TASK")
    assert task is not None
    match how:
        case "changed":
            rows.commit([Put(Row(first.pk, first.sk, {**first.body, "by_id": "nobody"}, version=first.version))])
        case "missing":
            rows.commit([Delete(first.pk, first.sk)])
        case "cut_off":
            rows.commit([Delete(*_last(park, object))])
        case "object_differs":
            rows.commit([Put(Row(task.pk, task.sk, {**task.body, "tier": 1}, version=task.version))])


def _last(park: Park, object: str) -> tuple[str, str]:
    last = park.services.rows(OPERATIONS).query(f"AUDIT#{object}")[-1]
    return last.pk, last.sk


@pytest.mark.parametrize("how", ["changed", "missing", "cut_off", "object_differs"])
def test_a_chain_that_is_broken_is_found_within_the_day_and_told_once(park: Park, how: str, capsys: Any) -> None:
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/acknowledgement")
    on_learn(park.services, VERIFY)
    assert "AuditBroken" not in capsys.readouterr().out
    tampers(park, how)
    for _ in range(2):
        park.clock.advance(86_400)
        on_learn(park.services, VERIFY)
        park.pump()
    assert "AuditBroken" in capsys.readouterr().out
    for person in ("admin", "committee"):
        told = [one for one in park.as_(person).get("/v1/inbox")["items"] if one["kind"] == "audit_broken"]
        assert len(told) == 1


@pytest.mark.parametrize("how", ["changed", "missing", "cut_off"])
def test_who_reads_a_broken_chain_sees_that_it_is(park: Park, how: str) -> None:
    tampers(park, how)
    chain = park.as_("committee").get(f"/v1/audit/task:{the_task(park)['id']}")
    assert chain["intact"] is False
    assert chain["broken_text"]


def test_nothing_is_written_where_the_entry_cannot_be(park: Park) -> None:
    """Somebody moved the head of the chain: the task cannot change without an entry that follows."""
    task = the_task(park)
    rows = park.services.rows(OPERATIONS)
    object = f"task:{task['id']}"
    head = rows.get(HEADS, object)
    assert head is not None
    rows.commit([Put(Row(HEADS, object, {**head.body, "seq": 0}, version=head.version))])
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/acknowledgement", expect=503)
    assert the_task(park) == task


def test_closing_tasks_leaves_no_change_without_an_entry(park: Park) -> None:
    closes(park, the_task(park))
    task_id = park.as_("committee").get("/v1/tasks?state=all")["items"][0]["id"]
    stored = park.services.rows(OPERATIONS).get(f"TASK#{task_id}", "TASK")
    entries = [one for one in park.services.audits.entries(f"task:{task_id}", 0) if one.part == ""]
    assert stored is not None
    assert len(entries) == stored.version
