"""The ledger of a month against the history that it comes from, and what is ahead while tasks are open."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.codec import to_body
from chalicelib.adapters.rows import OPERATIONS, Delete, Put, Row
from chalicelib.api.models.wire import rfc3339
from chalicelib.usecases.score_task import recount
from tests.acts import FakeInspector, brings_retest, client_id, closes, judges, submits, the_task
from tests.park import Park

MONTH = "2026-03"


@pytest.fixture
def park() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    return park


def score(park: Park, month: str = MONTH) -> dict[str, Any]:
    answer: dict[str, Any] = park.as_("enterprise").get(f"/v1/enterprises/acme/score?month={month}")
    return answer


def is_returned_once(park: Park, task: dict[str, Any]) -> None:
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety", "rejected", reason="请补拍阀门")


def is_put_right(park: Park, task: dict[str, Any]) -> None:
    """All but the environment department's verdict."""
    submits(park, task, "safety", "已补拍")
    judges(park, task, "safety", revision=2)
    brings_retest(park, task, "environment")
    submits(park, task, "environment")


def has_a_hazard(park: Park, person: str, number: int) -> None:
    """Seen by somebody, looked after by the enterprise or the inspectors, and accepted."""
    seen = {"dimension": "environment", "severity": 1, "text": "渗漏", "seen_at": rfc3339(park.clock.ms)}
    body = {"id": client_id(number), "enterprise_id": "acme", "unit_id": "acme-r1"} | seen
    closes(park, park.as_(person).post("/v1/hazards", body, expect=201))
    park.pump()


def recounted(park: Park) -> dict[str, dict[str, Any]]:
    ports = park.services
    entries = recount(
        "acme",
        MONTH,
        tasks=ports.tasks,
        warnings=ports.warnings,
        hazards=ports.hazards,
        training=ports.training,
        catalogues=ports.catalogues,
        zone=ports.zone,
    )
    return {one.key: to_body(one) for one in entries}


def test_counting_the_history_again_gives_the_same_ledger_byte_for_byte(park: Park) -> None:
    task = the_task(park)
    is_returned_once(park, task)
    for number, person in enumerate(("enterprise", "inspector_safety"), start=50):
        has_a_hazard(park, person, number)
    park.clock.advance(3 * 3600)
    is_put_right(park, task)
    judges(park, task, "environment")
    park.pump()
    rows = park.services.rows(OPERATIONS).query(f"SCORE#acme#{MONTH}")
    assert {row.sk: row.body for row in rows} == recounted(park)
    compared = park.as_("committee").get(f"/v1/enterprises/acme/score/recount?month={MONTH}")
    assert compared == {"is_same": True, "missing": [], "surplus": [], "different": []}
    assert {row.body["cause"] for row in rows} == {
        "warning",
        "duration",
        "late",
        "returned",
        "hazard_reported",
        "hazard_found",
    }


def test_an_entry_says_what_it_comes_from(park: Park) -> None:
    closes(park, the_task(park))
    park.pump()
    (warning,) = (one for one in score(park)["entries"] if one["cause"] == "warning")
    assert warning["rule"] == "reactor-temperature-voc@1"
    assert warning["parts"] == ["safety", "environment", "energy"]
    assert warning["repair_text"] == "按原因说明中的恢复值调整工况，使两项指标都回到正常"


def test_a_closed_task_comes_to_what_was_projected(park: Park) -> None:
    is_returned_once(park, the_task(park))
    before = score(park)
    assert before["score"] == 100.0 > before["projected"]["score"]
    is_put_right(park, the_task(park))
    ahead = score(park)["projected"]["score"]
    judges(park, the_task(park), "environment")
    park.pump()
    after = score(park)
    assert (after["score"], after["projected"]["score"]) == (ahead, ahead)


def test_a_grade_that_will_fall_is_said_before_it_does(park: Park) -> None:
    now = score(park)
    assert (now["grade"], now["projected"]["is_downgrade"]) == ("benchmark", False)
    park.clock.advance(3 * 3600)  # past the deadline
    later = score(park)
    assert (later["grade"], later["projected"]["grade_text"]) == ("benchmark", "合规达标")
    assert later["projected"]["is_downgrade"]


def test_nothing_is_ahead_of_a_month_that_is_over(park: Park) -> None:
    assert "projected" not in score(park, "2026-02")


def test_a_task_that_was_opened_again_is_no_difference(park: Park) -> None:
    task = the_task(park)
    closes(park, task)
    park.pump()
    path = f"/v1/tasks/{task['id']}/sides/safety/reopening"
    park.as_("department_safety").post(path, {"reason": "异味复发"})
    park.pump()
    compared = park.as_("committee").get(f"/v1/enterprises/acme/score/recount?month={MONTH}")
    assert compared["is_same"] and score(park)["entries"]


def test_a_ledger_that_was_tampered_with_is_not_what_the_history_gives(park: Park) -> None:
    closes(park, the_task(park))
    park.pump()
    table, pk = park.services.rows(OPERATIONS), f"SCORE#acme#{MONTH}"
    lost, changed = table.query(pk)
    table.commit([Delete(pk, lost.sk), Put(replace(changed, body=changed.body | {"points": 50.0}))])
    table.commit([Put(Row(pk, "t-none:late", changed.body | {"key": "t-none:late"}))])
    compared = park.as_("committee").get(f"/v1/enterprises/acme/score/recount?month={MONTH}")
    assert compared == {"is_same": False, "missing": [lost.sk], "surplus": ["t-none:late"], "different": [changed.sk]}
