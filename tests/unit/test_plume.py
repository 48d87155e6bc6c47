"""The plume against published values: worked examples of Turner's workbook, Briggs's formulas, Turner's key, sun heights."""

from math import exp, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.photo import Position
from chalicelib.domain.plume import Terrain, dilution_m2, half_width_m, spread_m
from chalicelib.domain.stability import Stability, net_radiation_index, stability, sun_elevation_deg

SHANGHAI = Position(31.2304, 121.4737)
CLASSES = st.sampled_from(Stability)
DISTANCES = st.floats(100, 10_000)


def test_a_distance_that_is_not_positive_has_no_spread() -> None:
    with pytest.raises(ValueError, match="0"):
        spread_m(0.0, Stability.D)


def test_a_ground_release_is_diluted_as_in_turners_first_example() -> None:
    # Turner (1970), problem 1: 3 g/s from a burning dump, D, 7 m/s, 3 km downwind: sigmas 190 m and 65 m, 1.1e-5 g/m3.
    assert dilution_m2((190.0, 65.0)) * 3 / 7 == pytest.approx(1.1e-5, rel=0.01)


def test_a_high_release_is_diluted_as_in_turners_second_and_third_example() -> None:
    # Problem 2: 80 g/s at 60 m, D, 6 m/s, 500 m downwind: sigmas 36 m and 18.5 m, 3.3e-5 g/m3; problem 3: 50 m beside, 1.3e-5.
    spread = (36.0, 18.5)
    assert dilution_m2(spread, height_m=60) * 80 / 6 == pytest.approx(3.3e-5, rel=0.02)
    assert dilution_m2(spread, across_m=50, height_m=60) * 80 / 6 == pytest.approx(1.3e-5, rel=0.03)


@pytest.mark.parametrize(
    ("distance_m", "stability", "turner"),
    [
        pytest.param(1000, Stability.C, (104.0, 61.0), id="slightly unstable at 1 km"),
        pytest.param(1000, Stability.D, (68.0, 31.5), id="neutral at 1 km"),
        pytest.param(3000, Stability.D, (190.0, 65.0), id="neutral at 3 km"),
        pytest.param(1000, Stability.F, (34.0, 14.0), id="stable at 1 km"),
    ],
)
def test_briggs_spreads_agree_with_the_curves_of_turner_over_open_ground(
    distance_m: float, stability: Stability, turner: tuple[float, float]
) -> None:
    assert spread_m(distance_m, stability) == pytest.approx(turner, rel=0.25)


@pytest.mark.parametrize(
    ("terrain", "stability", "across", "up"),
    [
        pytest.param(Terrain.OPEN, Stability.A, 220 / 1.1**0.5, 200, id="open ground, A"),
        pytest.param(Terrain.OPEN, Stability.C, 110 / 1.1**0.5, 80 / 1.2**0.5, id="open ground, C"),
        pytest.param(Terrain.OPEN, Stability.D, 80 / 1.1**0.5, 60 / 2.5**0.5, id="open ground, D"),
        pytest.param(Terrain.OPEN, Stability.E, 60 / 1.1**0.5, 30 / 1.3, id="open ground, E"),
        pytest.param(Terrain.OPEN, Stability.F, 40 / 1.1**0.5, 16 / 1.3, id="open ground, F"),
        pytest.param(Terrain.URBAN, Stability.B, 320 / 1.4**0.5, 240 * 2**0.5, id="town, B"),
        pytest.param(Terrain.URBAN, Stability.C, 220 / 1.4**0.5, 200, id="town, C"),
        pytest.param(Terrain.URBAN, Stability.D, 160 / 1.4**0.5, 140 / 1.3**0.5, id="town, D"),
        pytest.param(Terrain.URBAN, Stability.F, 110 / 1.4**0.5, 80 / 2.5**0.5, id="town, F"),
    ],
)
def test_spreads_at_1_km_are_those_of_briggs(terrain: Terrain, stability: Stability, across: float, up: float) -> None:
    assert spread_m(1000.0, stability, terrain) == pytest.approx((across, up))


@given(DISTANCES, CLASSES, st.sampled_from(Terrain))
def test_a_plume_is_a_tenth_of_its_axis_at_its_half_width(
    distance_m: float, known: Stability, terrain: Terrain
) -> None:
    spread = spread_m(distance_m, known, terrain)
    aside = dilution_m2(spread, across_m=half_width_m(distance_m, known, terrain))
    assert aside / dilution_m2(spread) == pytest.approx(exp(-0.5 * 2.15**2)) == pytest.approx(0.1, abs=0.001)


@given(st.floats(100, 9000), st.floats(1.01, 1.1), CLASSES)
def test_further_downwind_a_ground_release_is_more_diluted(near_m: float, factor: float, known: Stability) -> None:
    assert dilution_m2(spread_m(near_m * factor, known)) < dilution_m2(spread_m(near_m, known))


@given(DISTANCES)
def test_the_more_stable_the_air_the_less_a_ground_release_is_diluted(distance_m: float) -> None:
    by_class = [dilution_m2(spread_m(distance_m, known)) for known in Stability]
    assert by_class == sorted(by_class)


@given(DISTANCES, CLASSES, st.floats(0, 100))
def test_all_that_is_released_goes_through_a_plane_across_the_wind(
    distance_m: float, known: Stability, height_m: float
) -> None:
    sigma_y, sigma_z = spread = spread_m(distance_m, known)
    # Integrate over the height at y = 0, then over y in closed form: the flux is Q, so chi * u / Q sums to 1.
    top, steps = height_m + 8 * sigma_z, 4000
    step = top / steps
    column = sum(dilution_m2(spread, up_m=(at + 0.5) * step, height_m=height_m) for at in range(steps)) * step
    assert column * sigma_y * (2 * pi) ** 0.5 == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    ("wind_m_s", "sun_deg", "cloud", "expected"),
    [
        pytest.param(1.5, 70.0, 0.2, "A", id="strong sun and a light wind are very unstable"),
        pytest.param(2.5, 45.0, 0.3, "B", id="moderate sun and 2.5 m/s"),
        pytest.param(3.0, 45.0, 0.8, "C", id="broken cloud takes one from the sun"),
        pytest.param(4.5, 70.0, 0.0, "B", id="strong sun and 4.5 m/s"),
        pytest.param(7.0, 70.0, 0.0, "C", id="strong sun and a strong wind"),
        pytest.param(7.0, -20.0, 0.0, "D", id="a strong wind is neutral at night"),
        pytest.param(1.0, 60.5, 1.0, "D", id="an overcast sky is neutral by day"),
        pytest.param(1.0, -10.0, 1.0, "D", id="an overcast sky is neutral at night"),
        pytest.param(1.0, -10.0, 0.2, "F", id="a clear calm night is stable"),
        pytest.param(5.5, -10.0, 0.2, "D", id="a clear night with 5.5 m/s is neutral"),
        pytest.param(3.5, -10.0, 0.2, "E", id="a clear night with 3.5 m/s"),
        pytest.param(2.5, -10.0, 0.8, "E", id="a cloudy night with 2.5 m/s"),
        pytest.param(2.5, -10.0, None, "E", id="where the cloud is not known, half a sky"),
    ],
)
def test_the_class_is_that_of_turners_key(wind_m_s: float, sun_deg: float, cloud: float | None, expected: str) -> None:
    assert stability(wind_m_s, sun_deg, cloud) == expected


@given(st.floats(0, 40), st.floats(-90, 90), st.floats(0, 1))
def test_a_stronger_wind_is_never_further_from_neutral(wind_m_s: float, sun_deg: float, cloud: float) -> None:
    def from_neutral(speed: float) -> int:
        return abs(ord(stability(speed, sun_deg, cloud).value) - ord("D"))

    assert from_neutral(wind_m_s + 1) <= from_neutral(wind_m_s)
    assert -2 <= net_radiation_index(sun_deg, cloud) <= 4


@pytest.mark.parametrize(
    ("place", "at_ms", "expected"),
    [
        pytest.param(SHANGHAI, 1_782_014_760_000, 90 - 31.2304 + 23.44, id="Shanghai, noon of the summer solstice"),
        pytest.param(SHANGHAI, 1_766_289_000_000, 90 - 31.2304 - 23.44, id="Shanghai, noon of the winter solstice"),
        pytest.param(Position(0.0, 0.0), 1_774_008_420_000, 90.0, id="the equator, noon of the spring equinox"),
        pytest.param(Position(90.0, 0.0), 1_781_928_000_000, 23.44, id="the pole at the summer solstice"),
    ],
)
def test_the_sun_stands_where_the_almanac_has_it(place: Position, at_ms: int, expected: float) -> None:
    assert sun_elevation_deg(place, at_ms) == pytest.approx(expected, abs=0.4)
