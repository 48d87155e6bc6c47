"""Units turned into one another, and a retest held against the online value of its minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.comparison import MINUTE_MS, NEAREST_MS, Agreement, compare
from chalicelib.domain.instrument import Instrument, InstrumentKind
from chalicelib.domain.reading import Series
from chalicelib.domain.ucum import UNITS, NotConvertible, converted, convertible_to

T0 = 1_772_416_800_000  # a whole minute
EXACT = Instrument("i", "x", InstrumentKind.HANDHELD, relative=None, absolute=3.0)
SHARP = Instrument("o", "x", InstrumentKind.ONLINE, relative=None, absolute=4.0)


@pytest.mark.parametrize(
    ("given", "unit", "wanted", "value"),
    [
        pytest.param(25.0, "Cel", "K", 298.15, id="degrees Celsius to kelvin"),
        pytest.param(212.0, "[degF]", "Cel", 100.0, id="degrees Fahrenheit to Celsius"),
        pytest.param(0.77, "MPa", "kPa", 770.0, id="megapascal to kilopascal"),
        pytest.param(7.7, "bar", "kPa", 770.0, id="bar to kilopascal"),
        pytest.param(28_500.0, "ug/m3", "mg/m3", 28.5, id="micrograms to milligrams"),
        pytest.param(0.06, "g/L", "mg/L", 60.0, id="grams to milligrams in a litre"),
        pytest.param(200.0, "[ppm]", "%", 0.02, id="parts per million to per cent"),
        pytest.param(1.2, "t/h", "kg/h", 1200.0, id="tonnes to kilograms an hour"),
        pytest.param(10.0, "L/s", "m3/h", 36.0, id="litres a second to cubic metres an hour"),
    ],
)
def test_a_unit_is_turned_into_another(given: float, unit: str, wanted: str, value: float) -> None:
    assert converted(given, unit, wanted) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("unit", "wanted"), [("[ppm]", "mg/m3"), ("Cel", "kPa"), ("furlong", "mm/s"), ("dB", "%")])
def test_what_measures_something_else_is_refused_with_what_may_be_given(unit: str, wanted: str) -> None:
    with pytest.raises(NotConvertible) as refused:
        converted(1.0, unit, wanted)
    assert refused.value.allowed == convertible_to(wanted)
    assert refused.value.allowed[0] == wanted


@given(st.sampled_from(sorted(UNITS)), st.data(), st.floats(-1e6, 1e6))
def test_there_and_back_is_where_it_was(unit: str, data: st.DataObject, value: float) -> None:
    other = data.draw(st.sampled_from(convertible_to(unit)))
    assert converted(converted(value, unit, other), other, unit) == pytest.approx(value, rel=1e-9, abs=1e-6)


def series(*readings: tuple[int, float], flags: str = "") -> Series:
    return Series("p", [at for at, _ in readings], [value for _, value in readings], flags or "N" * len(readings))


def judged(value: float, *readings: tuple[int, float], flags: str = "", at_ms: int = T0 + 30_000) -> Agreement | None:
    found = compare(value, at_ms, [series(*readings, flags=flags)], EXACT, SHARP)
    return None if found is None else found.agreement


@pytest.mark.parametrize(
    ("value", "agreement"),
    [(105.0, "agrees"), (95.0, "agrees"), (105.001, "disagrees"), (94.999, "disagrees"), (100.0, "agrees")],
)
def test_they_agree_within_the_root_of_the_sum_of_squares_of_both_accuracies(value: float, agreement: str) -> None:
    assert judged(value, (T0 + 10_000, 100.0)) == agreement  # 3 and 4 make 5


def test_the_online_value_is_the_mean_of_the_normal_readings_of_that_minute() -> None:
    readings = [(T0 - 1, 900.0), (T0, 90.0), (T0 + 30_000, 110.0), (T0 + 59_999, 500.0), (T0 + MINUTE_MS, 900.0)]
    found = compare(100.0, T0 + 20_000, [series(*readings, flags="NNNDN")], EXACT, SHARP)
    assert found is not None
    assert (found.online, found.readings, found.is_between, found.difference) == (100.0, 2, False, 0.0)


def test_where_a_plant_samples_more_rarely_it_lies_on_the_line_between() -> None:
    found = compare(100.0, T0 + 30_000, [series((T0 - 60_000, 90.0), (T0 + 120_000, 120.0))], EXACT, SHARP)
    assert found is not None
    assert (found.online, found.is_between) == (105.0, True)


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param([], id="nothing"),
        pytest.param([(T0 - 60_000, 90.0)], id="only before"),
        pytest.param([(T0 - NEAREST_MS, 90.0), (T0 + 120_000, 90.0)], id="too long before"),
    ],
)
def test_without_readings_near_it_nothing_is_said(readings: list[tuple[int, float]]) -> None:
    assert judged(100.0, *readings) is None


def test_of_several_points_the_nearest_counts() -> None:
    two = [series((T0, 300.0)), Series("q", [T0], [101.0], "N")]
    found = compare(100.0, T0, two, None, None)
    assert found is not None
    assert (found.point_id, found.agreement) == ("q", Agreement.AGREES)
