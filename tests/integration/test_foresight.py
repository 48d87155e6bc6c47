"""Foresight from stored warnings and weather to what a person reads."""

from collections.abc import Iterable
from typing import Any

import pytest

from bench.foresight import driven, indifferent
from chalicelib.domain.foresight import Foresight
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.warning import Warning, WarningState, WhyCard
from chalicelib.domain.weather import HOUR_MS, WeatherHour, WeatherKind
from chalicelib.handlers.on_learn import JOBS, on_learn, regions
from tests.climate import START_MS, climate, drawn, hours_of
from tests.park import Park

DAYS = 400
NOW_MS = START_MS + DAYS * 24 * HOUR_MS
WHY = WhyCard("rule", 1, "1", (), 1.0, 0.2, 0.3, 0.5, 1.0, 0.5, 60.0, 35.0, (), None)


@pytest.fixture
def park() -> Park:
    park = Park().register()
    park.clock.ms = NOW_MS
    return park


def warned(park: Park, eid: str, onsets_ms: Iterable[int], state: WarningState = WarningState.CLEARED) -> None:
    made = [
        Warning(f"w-{eid}-{state}-{at_ms}", eid, f"{eid}-r1", "rule", 2, state, at_ms, at_ms, at_ms, WHY)
        for at_ms in onsets_ms
    ]
    for at in range(0, len(made), 30):
        _, version = park.services.states.load(eid)
        park.services.states.commit(eid, EnterpriseState(), version, warnings=made[at : at + 30], events=[])


def observed(park: Park, region: str = "east") -> None:
    hours = list(climate(DAYS).values())
    for at in range(0, len(hours), 24 * 30):
        park.services.weather.add(region, hours[at : at + 24 * 30])


def lived(park: Park, truth: Any = driven) -> list[int]:
    """More than a year of weather, and warnings by a truth, in one of two plants each."""
    known, _ = drawn(hours_of(DAYS), truth, 1)
    onsets = [int(at_ms) + HOUR_MS // 3 for at_ms in known.hours_ms[known.y > 0]]
    warned(park, "acme", onsets[::2])
    warned(park, "other", onsets[1::2])
    observed(park)
    return onsets


def fits(park: Park) -> list[Foresight]:
    """What one hourly run of the schedule learns of regions."""
    before = {region: park.services.foresights.get(region) for _, region in regions(park.services)}
    on_learn(park.services, tuple(job for job in JOBS if job.subjects is regions))
    now = {region: park.services.foresights.get(region) for region in before}
    return [one for region, one in now.items() if one is not None and one != before[region]]


def forecast(park: Park, *degrees: float, wind_m_s: float = 1.0) -> None:
    hours = [
        WeatherHour(park.clock.ms + at * HOUR_MS, WeatherKind.FORECAST, "f", park.clock.ms, one, wind_m_s)
        for at, one in enumerate(degrees)
    ]
    park.services.weather.add("east", hours)


def read(park: Park, person: str = "committee", query: str = "?region=east") -> dict[str, Any]:
    (item,) = park.as_(person).get(f"/v1/foresight{query}")["items"]
    return item  # type: ignore[no-any-return]


@pytest.mark.parametrize("person", ["inspector_elsewhere", "department_elsewhere"])
def test_a_region_out_of_sight_is_not_there(park: Park, person: str) -> None:
    park.as_(person).get("/v1/foresight?region=east", expect=404)
    assert park.as_(person).get("/v1/foresight")["items"] == []
    park.as_("enterprise").get("/v1/foresight?region=east", expect=403)
    park.as_("committee").get("/v1/foresight?region=nowhere", expect=404)


@pytest.mark.parametrize("hours", ["0", "73", "x"])
def test_hours_that_cannot_be_are_refused(park: Park, hours: str) -> None:
    problem = park.as_("committee").get(f"/v1/foresight?hours={hours}", expect=400)
    assert problem["errors"][0]["field"] == "hours"


def test_before_anything_was_learnt_no_figure_is_shown(park: Park) -> None:
    forecast(park, *[3.0] * 72)
    item = read(park)
    assert (item["verdict"], item["hours"]) == ("unfitted", []) and "backtest" not in item
    assert [one.hours for one in fits(park)] == [0]
    item = read(park)
    assert (item["verdict"], item["hours"], item["history"]["events"]) == ("thin", [], 0)


def test_a_figure_comes_with_its_base_rate_its_history_and_its_back_test(park: Park) -> None:
    onsets = lived(park)
    forecast(park, *[3.0] * 72, wind_m_s=0.5)
    (found,) = fits(park)
    # The hour of the first warning is where the history begins, and no part of it.
    assert (found.from_ms, found.events) == (onsets[0] - HOUR_MS // 3 + HOUR_MS, len(onsets) - 1)
    item = read(park)
    assert item["verdict"] == "skilful" and len(item["hours"]) == 72
    assert item["backtest"]["skill_low"] > 0 and len(item["backtest"]["reliability"]) == 10
    assert all({"probability", "base_rate", "history_hours"} <= one.keys() for one in item["hours"])
    still = [one["probability"] for one in item["hours"]]
    forecast(park, *[3.0] * 72, wind_m_s=8.0)
    windy = [one["probability"] for one in read(park)["hours"]]
    assert sum(still[24:]) > 3 * sum(windy[24:])
    assert len(read(park, query="?hours=5")["hours"]) == 5


def test_without_skill_only_base_rates_are_shown_and_it_is_said(park: Park) -> None:
    lived(park, indifferent)
    forecast(park, *[3.0] * 72)
    fits(park)
    item = read(park)
    assert item["verdict"] == "no_skill" and "历史平均" in item["verdict_text"]
    assert item["backtest"]["skill_low"] <= 0
    assert len(item["hours"]) == 72 and all("probability" not in one for one in item["hours"])


def test_what_was_only_observed_or_withdrawn_and_what_befell_other_regions_is_not_counted(park: Park) -> None:
    position = {"name": "west", "credit_code": park.services.registry.enterprises()[0].credit_code}
    place = {"industry": "circular_chemical", "size": "small", "region": "west"}
    park.as_("admin").put("/v1/enterprises/far", position | place)
    observed(park)
    warned(park, "acme", [START_MS + at * HOUR_MS for at in (0, 100, 200)])
    warned(park, "acme", [START_MS + at * HOUR_MS for at in range(300, 400)], WarningState.OBSERVED)
    warned(park, "acme", [START_MS + at * HOUR_MS for at in range(400, 500)], WarningState.WITHDRAWN)
    warned(park, "far", [START_MS + at * HOUR_MS for at in range(500, 600)])
    found = {one.region: one for one in fits(park)}
    assert (found["east"].events, found["east"].hours) == (2, DAYS * 24 - 1)
    assert (found["west"].events, found["west"].hours) == (0, 0)  # nobody gave weather for it


def test_a_region_is_fitted_once_a_day_the_stalest_first(park: Park) -> None:
    assert [one.region for one in fits(park)] == ["east"] and fits(park) == []
    park.clock.advance(23.5 * 3600 - 1)
    assert fits(park) == []
    park.clock.advance(1)
    assert [one.fitted_at_ms for one in fits(park)] == [park.clock.ms]


def test_a_freeze_to_come_names_what_to_check_and_when(park: Park) -> None:
    forecast(park, *[8.0] * 24, *[-2.0] * 6, *[-6.0] * 4, *[2.0] * 38)
    park.as_("admin").put("/v1/units/acme-m1", {"enterprise_id": "acme", "name": "电机", "type": "rotating_equipment"})
    (check,) = read(park)["checks"]
    assert (check["minimum_c"], check["hours_below_0"], check["hours_below_minus_5"]) == (-6.0, 10, 4)
    assert check["after_mild"] and check["hard"] and "冻裂" in check["text"] and "废水泄漏" in check["text"]
    assert [one["unit_id"] for one in check["units"]] == ["acme-r1", "other-r1"]
    forecast(park, *[8.0] * 72)
    assert read(park)["checks"] == []
