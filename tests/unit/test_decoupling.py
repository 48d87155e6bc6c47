"""Emission without its cause: found when treatment fails, and not on a year of normal operation."""

import numpy as np
import pytest

from chalicelib.domain.coupling_law import SUSTAINED, Array, fit
from chalicelib.domain.decoupling import Episode, find_episodes
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Fit, Law, Measured
from tests.law_plant import STEP_MS, Plant

T0 = 1_772_416_800_000
TEMPERATURE = Measured("temperature", "reactor_temperature", Dimension.SAFETY)
PRESSURE = Measured("pressure", "reactor_pressure", Dimension.SAFETY)
VOC = Measured("voc", "voc", Dimension.ENVIRONMENT)
MONTH = 8640
EXACT = Fit(
    intercept=np.log(30.0) - 175.0 * 0.05, slope=0.05, slope_low=0.049, slope_high=0.051, lag_ms=0, step_ms=STEP_MS, n=5000, r2=0.9,
    valid_from=165.0, valid_to=185.0, spread=0.03, sustained=0.05,
)  # fmt: skip


def law(x: Array, y: Array) -> Law:
    found = fit(x, y, STEP_MS)
    assert isinstance(found, Fit)
    return Law(TEMPERATURE, VOC, found)


def found(x: Array, y: Array, *laws: Law, **more: Array) -> tuple[Episode, ...]:
    return find_episodes(laws or (Law(TEMPERATURE, VOC, EXACT),), {"temperature": x, "voc": y, **more}, T0, STEP_MS)


def steady(n: int = 200) -> tuple[Array, Array]:
    return np.full(n, 175.0), np.full(n, 30.0)


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(Plant(samples=105_120), id="as usual"),
        pytest.param(Plant(samples=105_120, noise_keeps=0.99), id="whose own noise fades slowly"),
    ],
)
def test_a_year_of_normal_operation_gives_at_most_a_couple(plant: Plant) -> None:
    for seed in range(2):
        x, voc, _ = plant.run(seed)
        assert len(found(x, voc, law(x[:MONTH], voc[:MONTH]))) <= 2


def test_an_emission_that_rises_with_its_cause_is_no_decoupling() -> None:
    x, voc = steady()
    x[100:] += 8.0
    voc[100:] *= np.exp(0.05 * 8.0)
    assert found(x, voc) == ()


def test_a_spike_is_no_decoupling_and_neither_are_a_few() -> None:
    x, voc = steady()
    voc[100 : 100 + SUSTAINED - 1] *= 10.0
    voc[150] *= 100.0
    assert found(x, voc) == ()


def test_nothing_is_claimed_where_the_cause_is_beyond_what_was_seen_or_not_known() -> None:
    for level in (190.0, np.nan):
        x, voc = steady()
        x[100:], voc[100:] = level, 90.0
        assert found(x, voc) == ()


def test_another_cause_that_accounts_for_the_rise_speaks_against_it() -> None:
    x, voc = steady()
    pressure = np.full(200, 175.0)
    pressure[100:] += 10.0
    voc[100:] *= np.exp(0.5)
    other = Law(PRESSURE, VOC, EXACT)
    assert found(x, voc, Law(TEMPERATURE, VOC, EXACT), other, pressure=pressure) == ()
    assert len(found(x, voc, Law(TEMPERATURE, VOC, EXACT), other, pressure=np.full(200, 175.0))) == 1


def test_a_treatment_that_fails_is_found_from_its_onset_to_its_end() -> None:
    x, voc = steady()
    voc[100:150] *= 1.5
    (one,) = found(x, voc)
    assert (one.onset_ms, one.ended_ms) == (T0 + 100 * STEP_MS, T0 + 150 * STEP_MS)
    assert one.confirmed_ms == T0 + (100 + SUSTAINED) * STEP_MS
    assert (one.response, one.expected, one.cause, one.cause_before) == pytest.approx((45.0, 30.0, 175.0, 175.0))
    assert 30.0 * 1.2 <= one.allowed < 45.0


def test_a_failure_that_goes_on_has_no_end_and_missing_samples_do_not_hide_it() -> None:
    x, voc = steady()
    voc[100:] *= 1.5
    voc[101::2] = np.nan
    (one,) = found(x, voc)
    assert one.onset_ms == T0 + 100 * STEP_MS and one.ended_ms is None


def test_a_failure_is_found_in_noise_soon_after_it_began() -> None:
    for seed in range(5):
        x, voc, _ = Plant(samples=MONTH + 1000).run(seed)
        broken = voc.copy()
        broken[MONTH + 500 :] *= 1.6
        (one,) = found(x, broken, law(x[:MONTH], voc[:MONTH]))
        assert 0 <= one.confirmed_ms - (T0 + (MONTH + 500) * STEP_MS) <= 3 * 3_600_000
        assert one.ended_ms is None


def test_a_lag_between_cause_and_emission_is_no_decoupling() -> None:
    x, voc = steady()
    lagging = Law(
        TEMPERATURE, VOC, Fit(**{**{name: getattr(EXACT, name) for name in Fit.__slots__}, "lag_ms": 20 * STEP_MS})
    )
    x[80:100] = 184.0
    voc[100:120] *= np.exp(0.05 * 9.0)
    assert found(x, voc, lagging) == ()
    assert len(found(x, voc)) == 1
