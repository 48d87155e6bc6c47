"""The law of one pair: nothing is claimed that is not there, and what is there lies in the stated interval."""

from math import log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.coupling_law import Array, fit, without_spikes
from chalicelib.domain.law import Fit, NoLaw
from tests.law_plant import STEP_MS, Plant, fading

SEEDS = 100


def fitted(x: Array, y: Array) -> Fit:
    found = fit(x, y, STEP_MS)
    assert isinstance(found, Fit), found
    return found


def wanders(seed: int, n: int = 2000, keeps: float = 0.97) -> Array:
    return fading(np.random.default_rng(seed), n, keeps, 3.0)


# what is refused


def test_no_law_is_claimed_on_shuffled_labels() -> None:
    for seed in range(40):
        x, voc, _ = Plant(samples=1500).run(seed)
        assert isinstance(fit(x, np.random.default_rng(seed).permutation(voc), STEP_MS), NoLaw)


def test_no_law_is_claimed_of_two_indicators_that_wander_apart() -> None:
    for seed in range(40):
        assert isinstance(fit(175.0 + wanders(seed), np.exp(wanders(seed + 1000) / 50.0), STEP_MS), NoLaw)


def test_no_law_is_claimed_of_a_cause_that_hardly_ever_leaves_its_value() -> None:
    x = np.full(3000, 175.0)
    x[::400] += np.arange(8.0)
    assert fit(x, np.exp(wanders(1, 3000) * 0.05), STEP_MS) is NoLaw.CAUSE_STANDS_STILL


def test_no_law_is_claimed_where_what_moves_stands_beside_what_is_missing() -> None:
    x = np.full(3000, 175.0)
    x[1::3] = np.nan
    x[2::30] = 175.0 + np.arange(100) % 9
    assert isinstance(fit(x, np.exp(wanders(1, 3000) * 0.05), STEP_MS), NoLaw)


def test_no_law_is_claimed_of_two_drifts_that_never_move_together() -> None:
    for seed in range(40):
        chance = np.random.default_rng(seed)
        drift_x, drift_y = np.cumsum(chance.normal(0.02, 0.1, 2000)), np.cumsum(chance.normal(0.005, 0.02, 2000))
        assert fit(drift_x, np.exp(drift_y), STEP_MS) is NoLaw.NO_LINK


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        pytest.param(wanders(1, 100), np.exp(wanders(1, 100) * 0.05), NoLaw.TOO_FEW, id="too few samples"),
        pytest.param(np.full(500, np.nan), np.ones(500), NoLaw.TOO_FEW, id="no readings of the cause"),
        pytest.param(wanders(1), -np.ones(2000), NoLaw.TOO_FEW, id="a response without a logarithm"),
        pytest.param(np.full(500, 175.0), np.exp(wanders(1, 500)), NoLaw.CAUSE_STANDS_STILL, id="a cause that stands still"),
        pytest.param(wanders(1, 500), np.full(500, 30.0), NoLaw.RESPONSE_STANDS_STILL, id="a response that stands still"),
        pytest.param(
            wanders(1, 6000, 0.3), np.exp(wanders(1, 6000, 0.3) * 0.0025 + np.random.default_rng(5).normal(0.0, 0.03, 6000)),
            NoLaw.TOO_WEAK, id="a cause that explains next to nothing",
        ),
    ],
)  # fmt: skip
def test_no_law_is_claimed_and_the_reason_is_told_of(x: Array, y: Array, reason: NoLaw) -> None:
    assert fit(x, y, STEP_MS) is reason


# what is found


def test_the_true_law_lies_in_the_stated_interval_in_93_of_100_seeds_and_the_lag_is_found() -> None:
    plant, held, lags = Plant(), {"voc": 0, "steam": 0}, set()
    for seed in range(SEEDS):
        x, voc, steam = plant.run(seed)
        for name, y, gain in (("voc", voc, plant.voc), ("steam", steam, plant.steam)):
            found = fitted(x, y)
            _, low, high = found.percent_per_unit
            held[name] += low <= gain * 100.0 <= high
            lags.add(found.lag_ms)
    assert min(held.values()) >= 93, held
    assert lags == {plant.lag * STEP_MS}


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(Plant(noise_keeps=0.95), id="whose own noise fades slowly"),
        pytest.param(Plant(sensor_noise=0.5, noise_keeps=0.9), id="with a noisy thermometer"),
        pytest.param(Plant(samples=1000), id="seen for a few days only"),
        pytest.param(Plant(temperature_keeps=0.3), id="whose temperature jumps about"),
    ],
)
def test_the_interval_is_honest_for_a_plant(plant: Plant) -> None:
    held = [
        f.slope_low <= log1p(plant.voc) <= f.slope_high for f in (fitted(*plant.run(seed)[:2]) for seed in range(60))
    ]
    assert sum(held) >= 55


def test_the_interval_is_narrow_enough_to_be_of_use() -> None:
    estimate, low, high = fitted(*Plant().run(3)[:2]).percent_per_unit
    assert low < estimate < high
    assert high - low < 0.5


@given(st.floats(0.001, 1000.0), st.floats(-500.0, 500.0), st.floats(0.1, 10.0))
@settings(max_examples=25)
def test_the_law_does_not_depend_on_the_units_of_measure(factor: float, shift: float, scale: float) -> None:
    x, voc, _ = Plant(samples=600).run(5)
    known, other = fitted(x, voc), fitted((x + shift) * scale, voc * factor)
    assert (other.slope * scale, other.slope_low * scale, other.r2) == pytest.approx(
        (known.slope, known.slope_low, known.r2)
    )
    assert other.lag_ms == known.lag_ms and other.n == known.n


def test_a_response_that_falls_has_a_falling_law() -> None:
    estimate, low, high = fitted(*Plant(voc=-0.04).run(7)[:2]).percent_per_unit
    assert low < -3.9 and high > -4.1 and low < estimate < high < 0.0


def test_a_cause_that_only_moves_slower_than_its_noise_has_its_law_all_the_same() -> None:
    held = 0
    for seed in range(30):
        chance = np.random.default_rng(seed)
        true = 175.0 + 5.0 * np.sin(2.0 * np.pi * np.arange(2880) / 720.0)
        voc = 30.0 * np.exp(log1p(0.05) * (true - 175.0) + fading(chance, 2880, 0.6, 0.05))
        found = fitted(true + chance.normal(0.0, 0.5, 2880), voc)
        held += found.slope_low <= log1p(0.05) <= found.slope_high
    assert held >= 27


def test_a_law_that_changed_is_learnt_anew() -> None:
    old, new = Plant(voc=0.05, samples=4000).run(1), Plant(voc=0.08, samples=8000).run(2)
    found = fitted(np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]]))
    assert found.percent_per_unit[0] > 7.0


def test_the_law_says_how_much_it_explains_where_it_holds_and_on_what_it_stands() -> None:
    x, voc, _ = Plant().run(11)
    found = fitted(x, voc)
    seen = without_spikes(x)
    assert (found.valid_from, found.valid_to) == pytest.approx(tuple(np.nanquantile(seen, (0.01, 0.99))), abs=0.2)
    assert 0.8 < found.r2 < 1.0 and 2400 < found.n < 2880 and found.step_ms == STEP_MS
    assert found.holds_at(175.0) and not found.holds_at(205.0)
    assert found.spread == pytest.approx(0.0335, abs=0.006)


def test_spikes_and_decimal_points_that_were_lost_are_left_out() -> None:
    values = 100.0 + np.random.default_rng(0).normal(0.0, 1.0, 500)
    dirty = values.copy()
    dirty[[50, 200]] = 1000.0, 10.0
    clean = without_spikes(dirty)
    assert np.isnan(clean[[50, 200]]).all()
    assert np.isnan(clean).sum() < 8
