"""Regions, weather and what lies downwind, through the API; and who is told when something of tier 3 happens upwind."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from tests.acts import places_plants
from tests.park import START_MS, Park

HOUR_MS = 3_600_000
SQUARE = [(31.22, 121.46), (31.22, 121.50), (31.25, 121.50), (31.25, 121.46)]


@pytest.fixture
def park() -> Park:
    return Park().register()


def corners(*places: tuple[float, float]) -> list[dict[str, float]]:
    return [{"latitude": latitude, "longitude": longitude} for latitude, longitude in places]


def hour(number: float = 0, **values: float) -> dict[str, Any]:
    return {"at": rfc3339(START_MS + round(number * HOUR_MS)), **values}


def gives(park: Park, *hours: dict[str, Any], kind: str = "observed", issued: float = 0.0, expect: int = 200, region: str = "east") -> dict[str, Any]:  # fmt: skip
    body = {
        "kind": kind,
        "source": "station",
        "issued_at": rfc3339(START_MS + round(issued * HOUR_MS)),
        "hours": list(hours),
    }
    return park.as_("admin").put(f"/v1/regions/{region}/weather", body, expect=expect)


def stands(park: Park) -> list[tuple[str, float | None]]:
    at, until = (rfc3339(START_MS + days * 24 * HOUR_MS).replace("+", "%2B") for days in (-1, 3))
    hours = park.as_("enterprise").get(f"/v1/regions/east/weather?from={at}&to={until}")["hours"]
    return [(one["kind"], one.get("temperature_c")) for one in hours]


def downwind(park: Park, person: str = "department_safety", eid: str = "acme", expect: int = 200) -> dict[str, Any]:
    return park.as_(person).get(f"/v1/enterprises/{eid}/downwind", expect=expect)


# weather


@pytest.mark.parametrize(
    ("hours", "changes", "field"),
    [
        pytest.param([hour(0.5, wind_m_s=1.0)], {}, "hours.0.at", id="half past an hour"),
        pytest.param([hour(wind_m_s=1.0), hour(wind_m_s=2.0)], {}, "hours.1.at", id="an hour twice"),
        pytest.param([hour(1, wind_m_s=1.0)], {}, "hours.0.at", id="an observation of an hour to come"),
        pytest.param([hour(-1, wind_m_s=1.0)], {"kind": "forecast"}, "hours.0.at", id="a forecast of what has been"),
        pytest.param([hour()], {}, "hours.0", id="an hour without any value"),
        pytest.param([hour(wind_m_s=1.0)], {"issued": 1.0}, "issued_at", id="an issue that is still to come"),
        pytest.param([hour(wind_m_s=-0.1)], {}, "hours.0.wind_m_s", id="a negative wind"),
        pytest.param([hour(temperature_c=61)], {}, "hours.0.temperature_c", id="a temperature that no place has"),
        pytest.param([hour(wind_from_deg=361)], {}, "hours.0.wind_from_deg", id="a direction beyond a full turn"),
        pytest.param([hour(cloud_cover=8)], {}, "hours.0.cloud_cover", id="cloud in eighths"),
        pytest.param([hour(wind_m_s="3")], {}, "hours.0.wind_m_s", id="a number written as text"),
        pytest.param([hour(wind=3.0)], {}, "hours.0.wind", id="a value nobody knows"),
        pytest.param([], {}, "hours", id="no hour"),
        pytest.param([hour(wind_m_s=1.0), hour(-32 * 24, wind_m_s=1.0)], {}, "hours", id="more than 32 days"),
    ],
)  # fmt: skip
def test_weather_that_cannot_be_is_refused_by_field(
    park: Park, hours: list[dict[str, Any]], changes: dict[str, Any], field: str
) -> None:
    errors = gives(park, *hours, **changes, expect=400)["errors"]
    assert [one["field"] for one in errors] == [field]
    assert stands(park) == []


def test_weather_of_a_region_that_nobody_registered_is_refused(park: Park) -> None:
    gives(park, hour(wind_m_s=1.0), region="nowhere", expect=404)
    park.as_("admin").put("/v1/regions/nowhere", {"name": "新区"}, expect=200)
    gives(park, hour(wind_m_s=1.0), region="nowhere")


def test_the_newest_issue_stands_and_a_forecast_never_hides_what_was_observed(park: Park) -> None:
    park.clock.advance(2 * 3600)
    newer = gives(park, hour(temperature_c=3.0), hour(1, temperature_c=4.0), kind="forecast", issued=0.5)
    older = gives(park, hour(temperature_c=9.0), kind="forecast")
    assert (newer["standing"], older["standing"]) == (2, 0)
    gives(park, hour(temperature_c=2.5))
    assert stands(park) == [("observed", 2.5), ("forecast", 3.0), ("forecast", 4.0)]


@pytest.mark.parametrize("days", [0, -1, 33])
def test_a_range_that_is_none_or_too_long_is_refused(park: Park, days: int) -> None:
    at, until = (rfc3339(START_MS + add * 24 * HOUR_MS).replace("+", "%2B") for add in (0, days))
    problem = park.as_("committee").get(f"/v1/regions/east/weather?from={at}&to={until}", expect=400)
    assert problem["errors"][0]["code"] == "range"


@pytest.mark.parametrize(
    "boundary",
    [
        pytest.param(corners(*SQUARE[:2]), id="two corners"),
        pytest.param(corners(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), id="a line that crosses itself"),
    ],
)
def test_what_is_no_ring_is_refused_as_a_boundary(park: Park, boundary: list[dict[str, float]]) -> None:
    problem = park.as_("admin").put("/v1/regions/east", {"name": "东区", "boundary": boundary}, expect=400)
    assert problem["errors"][0]["field"] == "boundary"
    park.as_("committee").get("/v1/regions/east", expect=404)


# downwind


def test_without_a_position_or_weather_that_is_said(park: Park) -> None:
    assert downwind(park)["located"] is False
    places_plants(park)
    answer = downwind(park)
    assert (answer["located"], answer["wind"], answer["receptors"]) == (True, "unknown", [])


def test_the_wind_of_the_hour_decides_who_is_downwind(park: Park) -> None:
    places_plants(park)
    park.as_("admin").put("/v1/regions/east", {"name": "东区", "boundary": corners(*SQUARE)})
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    answer = downwind(park)
    assert (answer["wind"], answer["to_deg"]) == ("blowing", 90.0)
    assert [(one["kind"], one["id"]) for one in answer["receptors"]] == [("enterprise", "other"), ("boundary", "east")]
    other = answer["receptors"][0]
    assert 1990 < other["distance_m"] < 2010 and other["travel_s"] == pytest.approx(other["distance_m"] / 2, abs=1)
    assert [one["kind"] for one in downwind(park, eid="other")["receptors"]] == ["boundary"]


def test_an_old_observation_is_used_for_three_hours_and_a_forecast_of_the_hour_before_it(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    park.clock.advance(3 * 3600)
    assert downwind(park)["wind"] == "blowing"
    gives(park, hour(3, wind_m_s=0.2), kind="forecast", issued=3)
    assert (downwind(park)["wind"], downwind(park)["weather"]["kind"]) == ("calm", "forecast")
    park.clock.advance(4 * 3600)
    assert downwind(park)["wind"] == "unknown"


@pytest.mark.parametrize(
    ("person", "is_named"),
    [("department_safety", True), ("committee", True), ("admin", True), ("inspector_safety", False), ("enterprise", False)],
)  # fmt: skip
def test_names_of_others_are_for_those_who_may_see_them(park: Park, person: str, is_named: bool) -> None:
    places_plants(park, industry_of_other="hydrogen")  # not an industry of the inspectors
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    (other,) = downwind(park, person)["receptors"]
    if is_named:
        assert other["id"] == "other" and other["name"] == "other chemicals"
    else:
        assert other == {"kind": "enterprise", "distance_m": 2000.0}


def test_an_inspector_reads_the_names_of_the_own_joint_group(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    assert downwind(park, "inspector_safety")["receptors"][0]["id"] == "other"
    downwind(park, "enterprise_other", expect=404)
    downwind(park, "inspector_elsewhere", expect=404)


# told


def told(park: Park, person: str) -> list[dict[str, Any]]:
    return [one for one in park.as_(person).get("/v1/inbox")["items"] if one["kind"].startswith("risk_")]


def test_below_tier_3_nobody_downwind_is_told(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    park.runs_hot(temperature=184.0, voc=45.0)
    assert park.as_("committee").get("/v1/tasks")["items"] and told(park, "enterprise_other") == []


def test_those_downwind_of_a_tier_3_are_told_once_and_not_whose_it_is(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    phone = {"token": "token-of-a-phone", "platform": "android"}
    park.as_("enterprise_other").put("/v1/me/devices/phone-1", phone)
    park.runs_hot(temperature=184.0, voc=45.0)
    park.runs_hot(temperature=190.0, voc=60.0, steam=120.0)
    (notice,) = told(park, "enterprise_other")
    assert notice["kind"] == "risk_upwind" and notice["tier"] == 3 and notice["task_id"] == ""
    assert "2.0 公里" in notice["body"] and "17 分钟" in notice["body"] and "other chemicals" in notice["title"]
    assert "acme" not in notice["title"] + notice["body"]
    assert [push.title for _, push in park.services.channel.sent if "上风向" in push.title] == [notice["title"]]  # type: ignore[attr-defined]
    assert told(park, "enterprise") == [] and told(park, "department_safety") == []


def test_in_a_calm_all_near_are_told_that_it_may_come(park: Park) -> None:
    places_plants(park, other=(31.2304, 121.4632))  # a kilometre west
    gives(park, hour(wind_m_s=0.3, wind_from_deg=270))
    park.runs_hot(temperature=190.0, voc=60.0, steam=120.0)
    (notice,) = told(park, "enterprise_other")
    assert notice["kind"] == "risk_nearby" and "1.0 公里" in notice["body"]


def test_who_lies_upwind_hears_nothing(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=90))
    park.runs_hot(temperature=190.0, voc=60.0, steam=120.0)
    assert park.as_("committee").get("/v1/tasks")["items"][0]["tier"] == 3 and told(park, "enterprise_other") == []


def test_of_what_goes_with_the_water_nobody_downwind_is_told(park: Park) -> None:
    places_plants(park)
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    admin = park.as_("admin")
    admin.put("/v1/points/acme-pressure", {"unit_id": "acme-r1", "indicator": "reactor_pressure", "threshold": 800.0})
    admin.put("/v1/points/acme-cod", {"unit_id": "acme-r1", "indicator": "cod", "limit": 60.0})
    for _ in range(3):
        park.clock.advance(60)
        park.reads(pressure=1200.0, cod=600.0, steam=130.0)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    assert (task["tier"], task["rule_id"]) == (3, "reactor-pressure-cod") and told(park, "enterprise_other") == []


def test_who_runs_a_public_station_is_told_from_other_enterprises(park: Park) -> None:
    places_plants(park, industry_of_other="park")
    gives(park, hour(wind_m_s=2.0, wind_from_deg=270))
    station = {"enterprise_id": "other", "name": "空气站", "type": "public_station"}
    park.as_("admin").put("/v1/units/other-station", station)
    (one,) = downwind(park, "enterprise")["receptors"]
    assert (one["kind"], one["id"]) == ("station", "other")
