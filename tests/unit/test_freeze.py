"""Freezes that call for checks: after mild days, or hard ones."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.freeze import Freeze, freezes
from chalicelib.domain.weather import HOUR_MS, Weather, WeatherHour, WeatherKind

NOW_MS = 1_772_409_600_000
HOURS = 72


def weather(past: list[float | None], ahead: list[float | None]) -> Weather:
    first = NOW_MS - len(past) * HOUR_MS
    return {
        at_ms: WeatherHour(at_ms, WeatherKind.FORECAST, "s", NOW_MS, temperature_c=degrees)
        for number, degrees in enumerate([*past, *ahead])
        for at_ms in [first + number * HOUR_MS]
    }


def found(past: list[float | None], ahead: list[float | None]) -> tuple[Freeze, ...]:
    return freezes(weather(past, ahead), NOW_MS, NOW_MS + HOURS * HOUR_MS)


def test_zero_degrees_are_no_frost_and_unknown_hours_no_evidence() -> None:
    assert found([8.0] * 72, [0.0] * 72) == ()
    assert found([8.0] * 72, [None] * 72) == ()
    assert found([], []) == ()


def test_light_frost_in_a_cold_spell_calls_for_nothing() -> None:
    assert found([1.0] * 72, [-3.0] * 10 + [1.0] * 62) == ()


def test_frost_after_mild_days_calls_for_checks() -> None:
    (one,) = found([6.0] + [2.0] * 70, [2.0] * 3 + [-1.0, -2.5, -6.0, -1.0] + [1.0] * 65)
    # The mild hour is 71 hours old when the frost begins 3 hours later: out of the three days.
    assert one.after_mild is False and one.is_hard
    (one,) = found([6.0] + [2.0] * 68, [2.0] * 3 + [-1.0, -2.5, -4.9, -1.0] + [1.0] * 65)
    assert one == Freeze(NOW_MS + 3 * HOUR_MS, NOW_MS + 7 * HOUR_MS, -4.9, 4, 0, after_mild=True)
    assert not one.is_hard


def test_hard_frost_calls_for_checks_whatever_came_before() -> None:
    (one,) = found([-2.0] * 72, [-5.1] * 5 + [-5.0] * 67)
    assert one.is_hard and not one.after_mild
    assert (one.hours_below_0, one.hours_below_minus_5, one.minimum_c) == (72, 5, -5.1)


def test_frost_that_pauses_for_an_afternoon_is_one_spell_and_for_a_day_two() -> None:
    assert len(found([9.0], [-1.0] * 4 + [1.0] * 5 + [-1.0] * 4)) == 1
    assert len(found([9.0], [-1.0] * 4 + [1.0] * 24 + [-1.0] * 4)) == 2


@given(st.lists(st.floats(-20, 15), min_size=72, max_size=72), st.lists(st.floats(-20, 15), max_size=72))
def test_every_frosty_hour_is_in_one_spell_at_most_and_every_hard_one_in_exactly_one(
    past: list[float], ahead: list[float]
) -> None:
    spells = found(list(past), list(ahead))
    assert all(a.to_ms < b.from_ms for a, b in pairwise(spells))
    hard = [NOW_MS + number * HOUR_MS for number, degrees in enumerate(ahead) if degrees < -5]
    assert all(sum(one.from_ms <= at_ms < one.to_ms for one in spells) == 1 for at_ms in hard)
    assert sum(one.hours_below_minus_5 for one in spells) == len(hard)
    assert all(NOW_MS <= one.from_ms < one.to_ms <= NOW_MS + HOURS * HOUR_MS for one in spells)
