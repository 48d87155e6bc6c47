"""Retest meets sensor: agreement is evidence, disagreement puts the instrument in doubt and not the enterprise."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.handlers.on_learn import JOBS, on_learn
from tests.acts import FakeInspector, client_id, judges, retest_body, submits, the_task
from tests.park import Park

COMPARE = tuple(job for job in JOBS if job.name == "compare_retests")
HANDHELD = {"name": "PID-3", "kind": "handheld", "serial": "8812", "relative": 0.05}


@pytest.fixture
def park() -> Park:
    """A tier 3 task; the online VOC of this minute is 70."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    return park


def task_of(park: Park) -> dict[str, Any]:
    (task,) = (one for one in park.as_("committee").get("/v1/tasks?state=all")["items"] if one["kind"] == "unit")
    return dict(task)


def retests(park: Park, value: float, number: int = 1, person: str = "inspector_environment", expect: int = 201, **more: Any) -> dict[str, Any]:  # fmt: skip
    body = retest_body(number, "environment", value=value, measured_at=rfc3339(park.clock.ms)) | more
    answer = park.as_(person).post(f"/v1/tasks/{task_of(park)['id']}/retests", body, expect=expect)
    park.pump()
    return answer


def sensor_tasks(park: Park) -> list[dict[str, Any]]:
    return [one for one in park.as_("committee").get("/v1/tasks")["items"] if one["kind"] == "sensor_fault"]


# refusals


def test_a_unit_that_cannot_be_turned_names_those_that_can(park: Park) -> None:
    (wrong,) = retests(park, 40.0, unit="[ppm]", expect=400)["errors"]
    assert wrong["field"] == "unit"
    assert all(unit in wrong["detail"] for unit in ("mg/m3", "ug/m3", "g/m3"))


def test_a_value_that_is_impossible_once_it_is_turned_is_refused(park: Park) -> None:
    assert retests(park, 101.0, unit="g/L", expect=400)["errors"][0]["code"] == "implausible"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (HANDHELD | {"kind": "ruler"}, "kind"),
        (HANDHELD | {"relative": 0}, "relative"),
        (HANDHELD | {"point_id": "acme-voc"}, ""),
        (HANDHELD | {"kind": "online"}, ""),
        (HANDHELD | {"kind": "online", "enterprise_id": "acme", "point_id": "other-voc"}, "point_id"),
    ],
)
def test_an_instrument_that_cannot_be_is_refused(park: Park, body: dict[str, Any], field: str) -> None:
    assert park.as_("admin").put("/v1/instruments/i-1", body, expect=400)["errors"][0]["field"] == field


def test_an_online_instrument_is_seen_by_who_sees_its_enterprise(park: Park) -> None:
    online = {"name": "FID", "kind": "online", "enterprise_id": "acme", "point_id": "acme-voc"}
    park.as_("admin").put("/v1/instruments/i-1", online)
    park.as_("admin").put("/v1/instruments/i-2", HANDHELD)
    for person, seen in (
        ("enterprise", ["i-1", "i-2"]),
        ("enterprise_other", ["i-2"]),
        ("inspector_elsewhere", ["i-2"]),
    ):
        assert [one["id"] for one in park.as_(person).get("/v1/instruments")["items"]] == seen
    park.as_("enterprise_other").get("/v1/instruments/i-1", expect=404)


# agreement


def test_a_value_that_agrees_is_evidence(park: Park) -> None:
    done = retests(park, 66_000.0, unit="ug/m3")
    assert (done["value"], done["unit"], done["entered_value"], done["entered_unit"]) == (
        66.0,
        "mg/m3",
        66_000,
        "ug/m3",
    )
    assert (done["comparison"]["agreement"], done["comparison"]["online"]) == ("agrees", 70.0)
    assert (done["limit"], done["limit_source"]) == (60, "GB 31572-2015 表5")
    assert sensor_tasks(park) == []
    submits(park, task_of(park), "environment")
    assert judges(park, task_of(park), "environment")["environment"]["state"] == "passed"


# doubt


def test_a_value_that_disagrees_puts_the_instrument_in_doubt_once_a_day(park: Park) -> None:
    done = retests(park, 28.5)
    assert (done["comparison"]["agreement"], done["comparison"]["difference"]) == ("disagrees", -41.5)
    retests(park, 27.0, number=2)
    (task,) = sensor_tasks(park)
    assert (task["tier"], task["unit_id"], task["parent_id"]) == (1, "acme-r1", task_of(park)["id"])
    assert task["about"] == "非甲烷总烃：复测与在线监测值不一致，请核查仪表"
    assert task_of(park)["doubts"] == [task["id"]]
    told = [one for one in park.as_("enterprise").get("/v1/inbox")["items"] if one["task_id"] == task["id"]]
    assert [(one["kind"], one["body"]) for one in told] == [
        ("sensor_in_doubt", "非甲烷总烃：复测与在线监测值不一致，请核查仪表。")
    ]


def test_what_an_inspector_doubts_costs_the_enterprise_nothing(park: Park) -> None:
    retests(park, 28.5)
    closes_task(park)
    assert park.as_("enterprise").get("/v1/enterprises/acme/score")["entries"] == []


def test_what_only_the_enterprise_doubts_is_looked_at_and_costs_what_it_costs(park: Park) -> None:
    retests(park, 28.5, person="enterprise")
    assert len(sensor_tasks(park)) == 1
    assert task_of(park)["doubts"] == []
    closes_task(park)
    assert park.as_("enterprise").get("/v1/enterprises/acme/score")["entries"]


def closes_task(park: Park) -> None:
    for side in ("safety", "environment"):
        indicator = {
            "indicator": "reactor_temperature",
            "unit": "Cel",
            "value": 190.0,
            "measured_at": rfc3339(park.clock.ms),
        }
        body = retest_body(90 if side == "safety" else 91, side) | indicator
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{task_of(park)['id']}/retests", body, expect=201)
        submits(park, task_of(park), side)
        judges(park, task_of(park), side)
    park.pump()


# instruments


@pytest.mark.parametrize(("until_s", "marks"), [(3600, []), (-1, ["calibration_expired"])])
def test_a_calibration_that_has_run_out_is_a_mark_and_no_block(park: Park, until_s: int, marks: list[str]) -> None:
    until = rfc3339(park.clock.ms + until_s * 1000)
    park.as_("admin").put("/v1/instruments/pid-3", HANDHELD | {"calibrated_until": until})
    done = retests(park, 68.0, instrument_id="pid-3")
    assert (done["marks"], done["comparison"]["agreement"]) == (marks, "agrees")
    assert len(done["mark_texts"]) == len(marks)


def test_a_sharper_instrument_has_a_smaller_tolerance(park: Park) -> None:
    park.as_("admin").put("/v1/instruments/pid-3", HANDHELD | {"relative": 0.001})
    online = {"name": "FID", "kind": "online", "enterprise_id": "acme", "point_id": "acme-voc", "relative": 0.01}
    park.as_("admin").put("/v1/instruments/fid", online | {"calibrated_until": rfc3339(park.clock.ms - 1)})
    done = retests(park, 68.0, instrument_id="pid-3")
    assert done["comparison"]["agreement"] == "disagrees"
    assert done["comparison"]["tolerance"] == pytest.approx(0.7033, abs=1e-3)
    assert done["marks"] == ["online_calibration_expired"]


def test_an_instrument_that_nobody_registered_is_a_mark(park: Park) -> None:
    assert retests(park, 68.0, instrument_id="nothing")["marks"] == ["unknown_instrument"]


# readings that come late


def test_a_retest_waits_for_the_readings_of_its_minute(park: Park) -> None:
    park.clock.advance(600)
    assert retests(park, 28.5)["comparison"]["agreement"] == "awaiting"
    measured_ms = park.clock.ms
    on_learn(park.services, COMPARE)
    park.clock.advance(3600)
    park.reads(at_ms=measured_ms, voc=31.0)
    on_learn(park.services, COMPARE)
    park.pump()
    (retest,) = park.as_("committee").get(f"/v1/tasks/{task_of(park)['id']}/evidence")["retests"]
    assert (retest["comparison"]["agreement"], retest["comparison"]["online"]) == ("agrees", 31.0)
    assert park.services.evidence.uncompared(9) == ()


def test_after_a_day_it_waits_no_longer(park: Park) -> None:
    park.clock.advance(600)
    retests(park, 28.5)
    park.clock.advance(86_401)
    on_learn(park.services, COMPARE)
    (retest,) = park.as_("committee").get(f"/v1/tasks/{task_of(park)['id']}/evidence")["retests"]
    assert retest["comparison"]["agreement"] == "no_online_value"


def test_what_is_not_measured_online_is_taken_as_it_is(park: Park) -> None:
    done = retests(park, 48.0, indicator="cod", unit="mg/L")
    assert done["comparison"]["agreement"] == "not_measured_online"


def test_the_same_retest_again_is_the_same(park: Park) -> None:
    assert retests(park, 28.5) == retests(park, 28.5)
    assert the_id(park) == client_id(1)


def the_id(park: Park) -> str:
    (retest,) = park.as_("committee").get(f"/v1/tasks/{task_of(park)['id']}/evidence")["retests"]
    return str(retest["id"])


def test_a_task_is_one_task(park: Park) -> None:
    assert the_task(park)["id"] == task_of(park)["id"]
