"""Who lies downwind: directions, sectors, boundaries, calms."""

from dataclasses import replace
from math import cos, hypot, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.downwind import ReceptorKind, Wind, downwind
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.geo import angle_between_deg, bearing_deg, is_simple, nearest_in_sector, offset_m
from chalicelib.domain.photo import Position
from chalicelib.domain.region import Region, is_boundary
from chalicelib.domain.stability import Stability
from chalicelib.domain.weather import WeatherHour, WeatherKind

NOON_MS = 1_772_424_000_000  # 2026-03-02T12:00:00+08:00
CENTRE = Position(31.2304, 121.4737)
SOURCE = Enterprise("source", "Source", "code", "circular_chemical", "medium", "east", CENTRE)
WIND = WeatherHour(NOON_MS, WeatherKind.OBSERVED, "s", NOON_MS, wind_m_s=3.0, wind_from_deg=270.0, cloud_cover=0.2)


def at(distance_m: float, towards_deg: float, origin: Position = CENTRE) -> Position:
    """A place so far in a direction, by the lengths of a degree at the origin."""
    north, east = distance_m * cos(radians(towards_deg)), distance_m * sin(radians(towards_deg))
    one_north = offset_m(origin, Position(origin.latitude + 0.001, origin.longitude))[1] / 0.001
    one_east = offset_m(origin, Position(origin.latitude, origin.longitude + 0.001))[0] / 0.001
    return Position(origin.latitude + north / one_north, origin.longitude + east / one_east)


def enterprise(id: str, distance_m: float, towards_deg: float, industry: str = "hydrogen") -> Enterprise:
    return Enterprise(id, id.title(), "code", industry, "small", "east", at(distance_m, towards_deg))


def square(half_m: float) -> tuple[Position, ...]:
    return tuple(at(half_m * 2**0.5, towards) for towards in (45, 135, 225, 315))


def found(weather: WeatherHour | None, *places: Enterprise, regions: tuple[Region, ...] = ()) -> dict[str, float]:
    return {one.id: one.distance_m for one in downwind(SOURCE, NOON_MS, weather, (SOURCE, *places), regions).receptors}


def test_without_a_registered_position_nothing_is_known() -> None:
    lost = downwind(replace(SOURCE, position=None), NOON_MS, WIND, [enterprise("near", 100, 90)], [])
    assert not lost.located and lost.receptors == ()


def test_an_enterprise_without_a_position_is_not_named() -> None:
    assert found(WIND, replace(enterprise("lost", 100, 90), position=None)) == {}


def test_wind_from_the_west_carries_to_the_east_and_nowhere_else() -> None:
    places = [enterprise(f"to-{towards}", 1000, towards) for towards in range(0, 360, 45)]
    assert list(found(WIND, *places)) == ["to-90"]
    assert list(found(replace(WIND, wind_from_deg=90.0), *places)) == ["to-270"]
    assert list(found(replace(WIND, wind_from_deg=360.0), *places)) == ["to-180"]


def test_the_nearest_come_first_with_their_time_and_dilution_and_none_beyond_10_km() -> None:
    places = [enterprise("far", 9000, 90), enterprise("near", 600, 92), enterprise("beyond", 10_200, 90)]
    result = downwind(SOURCE, NOON_MS, WIND, places, [])
    assert [one.id for one in result.receptors] == ["near", "far"]
    near, far = result.receptors
    assert near.distance_m == pytest.approx(600, abs=1) and near.travel_s == pytest.approx(200, abs=1)
    assert near.bearing_deg == pytest.approx(92, abs=0.1)
    assert near.dilution_m2 is not None and far.dilution_m2 is not None and near.dilution_m2 > 50 * far.dilution_m2
    assert result.sector.stability is Stability.B


def test_the_sector_is_the_plume_and_half_a_compass_point_to_each_side() -> None:
    night = replace(WIND, wind_m_s=1.0)
    at_night = downwind(SOURCE, NOON_MS + 12 * 3_600_000, night, [], []).sector
    by_day = downwind(SOURCE, NOON_MS, night, [], []).sector
    assert (at_night.stability, by_day.stability) == (Stability.F, Stability.B)
    assert at_night.half_width_deg == pytest.approx(11.25 + 4.7, abs=0.1)
    assert by_day.half_width_deg == pytest.approx(11.25 + 18.2, abs=0.2)


@pytest.mark.parametrize(
    ("weather", "wind"),
    [
        pytest.param(replace(WIND, wind_m_s=0.4), Wind.CALM, id="a calm"),
        pytest.param(None, Wind.UNKNOWN, id="no weather"),
        pytest.param(replace(WIND, wind_m_s=None), Wind.UNKNOWN, id="no speed"),
        pytest.param(replace(WIND, wind_from_deg=None), Wind.UNKNOWN, id="no direction"),
    ],
)
def test_without_a_direction_all_near_are_named_and_nothing_is_said_of_time(
    weather: WeatherHour | None, wind: Wind
) -> None:
    places = [enterprise(f"to-{towards}", 1700, towards) for towards in (0, 90, 180, 270)]
    result = downwind(
        SOURCE, NOON_MS, weather, [*places, enterprise("far", 1900, 90)], [Region("east", "E", square(900))]
    )
    assert result.sector.wind is wind and result.sector.to_deg is None
    assert {one.id for one in result.receptors} == {"to-0", "to-90", "to-180", "to-270", "east"}
    assert all(one.travel_s is None and one.dilution_m2 is None for one in result.receptors)


def test_the_boundary_is_where_the_sector_first_meets_it() -> None:
    regions = (Region("east", "E", square(2000)), Region("unknown", "U"))
    (own,) = downwind(SOURCE, NOON_MS, WIND, [], regions).receptors
    assert own.kind is ReceptorKind.BOUNDARY and own.distance_m == pytest.approx(2000, abs=5)
    assert own.bearing_deg == pytest.approx(90, abs=0.5)


def test_a_region_that_lies_aside_is_not_reached() -> None:
    behind = Region("west", "W", tuple(at(500, towards, at(3000, 270)) for towards in (45, 135, 225, 315)))
    assert found(WIND, regions=(behind,)) == {}
    assert list(found(replace(WIND, wind_from_deg=90.0), regions=(behind,))) == ["west"]


@given(st.floats(0, 360), st.floats(0, 360), st.floats(50, 9000))
def test_turning_wind_and_places_together_changes_nothing(turn: float, aside: float, distance_m: float) -> None:
    def named(by: float) -> bool:
        wind = replace(WIND, wind_from_deg=(270 + by) % 360)
        return "one" in found(wind, enterprise("one", distance_m, 90 + aside + by))

    width = downwind(SOURCE, NOON_MS, WIND, [], []).sector.half_width_deg
    assert width is not None
    if abs(angle_between_deg(aside, 0) - width) > 0.2:  # the ellipsoid turns a direction by less than that
        assert named(0) == named(turn)


@pytest.mark.parametrize(
    ("place", "distance_m", "towards_deg"),
    [
        # By Vincenty's inverse formula on WGS 84.
        pytest.param(Position(31.3304, 121.4737), 11_087.430, 0.0, id="a tenth of a degree north"),
        pytest.param(Position(31.2304, 121.5737), 9_527.387, 89.974, id="a tenth of a degree east"),
        pytest.param(Position(31.2804, 121.5237), 7_308.444, 40.652, id="aslant"),
        pytest.param(Position(31.1, 121.35), 18_657.763, 219.237, id="far, to the south-west"),
    ],
)
def test_distances_and_bearings_are_those_of_wgs_84(place: Position, distance_m: float, towards_deg: float) -> None:
    offset = offset_m(CENTRE, place)
    assert hypot(*offset) == pytest.approx(distance_m, abs=0.1)
    assert angle_between_deg(bearing_deg(offset), towards_deg) < 0.1  # a bearing turns along a great circle


def test_the_date_line_is_no_distance() -> None:
    assert hypot(*offset_m(Position(0.0, 179.999), Position(0.0, -179.999))) == pytest.approx(222.6, abs=0.1)


@given(
    st.lists(st.tuples(st.floats(-5e3, 5e3), st.floats(-5e3, 5e3)), min_size=3, max_size=6),
    st.floats(0, 360),
    st.floats(1, 80),
)
def test_what_is_nearest_in_a_sector_lies_in_it_and_nothing_of_the_line_is_nearer(
    ring: list[tuple[float, float]], axis_deg: float, half_width_deg: float
) -> None:
    nearest = nearest_in_sector(ring, axis_deg, half_width_deg)
    along = [part / 50 for part in range(51)]
    on_line = [
        (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)
        for t in along
    ]
    inside = [
        one for one in on_line if hypot(*one) > 1e-6 and angle_between_deg(bearing_deg(one), axis_deg) <= half_width_deg
    ]
    if nearest is None:
        assert inside == []
    else:
        assert hypot(*nearest) < 1e-3 or angle_between_deg(bearing_deg(nearest), axis_deg) <= half_width_deg + 1e-3
        assert all(hypot(*nearest) <= hypot(*one) + 1e-6 for one in inside)


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param([(0, 0), (0, 1)], id="two corners"),
        pytest.param([(0, 0), (0, 1), (0, 0)], id="a corner twice"),
        pytest.param([(0, 0), (0, 1), (0, 2)], id="no area"),
        pytest.param([(0, 0), (1, 1), (1, 0), (0, 1)], id="a line that crosses itself"),
    ],
)
def test_what_is_no_ring_is_no_boundary(corners: list[tuple[float, float]]) -> None:
    assert not is_boundary(tuple(Position(30 + y / 100, 120 + x / 100) for x, y in corners))


def test_a_ring_is_a_boundary_either_way_round_and_none_is_allowed() -> None:
    ring = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 0.5), (0.0, 2.0)]
    assert is_simple(ring) and is_simple(ring[::-1]) and is_boundary(())
