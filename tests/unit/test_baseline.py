"""The baseline: a time-decayed robust mean (half-life 24 h by default)."""

import random
from itertools import pairwise

import pytest

from chalicelib.domain import baseline

HOUR_MS = 3_600_000
HALF_LIFE_MS = 24 * HOUR_MS
Known = tuple[float, float, float, int]
NOTHING: Known = (0.0, 0.0, 0.0, 0)


def learn(known: Known, value: float, elapsed_ms: int = 60_000) -> Known:
    mean, scale, weight, count = known
    return baseline.learn(mean, scale, baseline.decayed(weight, elapsed_ms, HALF_LIFE_MS), count, value)


def learn_all(values: list[float], known: Known = NOTHING, elapsed_ms: int = 60_000) -> Known:
    for value in values:
        known = learn(known, value, elapsed_ms)
    return known


def noisy(count: int, level: float = 30.0, noise: float = 0.5) -> list[float]:
    chance = random.Random(7)
    return [chance.gauss(level, noise) for _ in range(count)]


def test_the_first_value_is_the_mean() -> None:
    assert learn(NOTHING, 41.5) == (41.5, 0.0, 1.0, 1)


def test_a_constant_signal_has_itself_as_mean() -> None:
    mean, scale, _, count = learn_all([30.0] * 40)
    assert (mean, scale, count) == (30.0, 0.0, 40)


def test_the_mean_of_a_noisy_signal_is_its_level() -> None:
    mean, *_ = learn_all(noisy(500))
    assert mean == pytest.approx(30.0, abs=0.1)


def test_a_weight_halves_in_a_half_life() -> None:
    assert baseline.decayed(8.0, HALF_LIFE_MS, HALF_LIFE_MS) == pytest.approx(4.0)
    assert baseline.decayed(8.0, 0, HALF_LIFE_MS) == 8.0


def test_after_a_half_life_the_old_level_weighs_half_of_what_it_did() -> None:
    old = learn_all([10.0] * 200, elapsed_ms=0)
    assert old[2] == pytest.approx(200.0)
    assert learn(old, 10.0, HALF_LIFE_MS)[2] == pytest.approx(101.0)


@pytest.mark.parametrize("steady", [[30.0] * 60, noisy(60)], ids=["a signal that stood still", "a noisy signal"])
@pytest.mark.parametrize("spike", [300.0, 3e6, 0.0, -500.0])
def test_a_spike_hardly_moves_the_mean(steady: list[float], spike: float) -> None:
    before = learn_all(steady)
    after = learn(before, spike)
    assert after[0] == pytest.approx(before[0], rel=0.005)


def test_one_spike_in_ten_does_not_move_the_mean_by_a_tenth() -> None:
    chance = random.Random(3)
    values = [300.0 if chance.random() < 0.1 else value for value in noisy(600)]
    mean, *_ = learn_all(noisy(30) + values)
    assert mean == pytest.approx(30.0, rel=0.02)


def test_a_level_that_really_changed_is_learnt_in_time() -> None:
    known = learn_all(noisy(500))
    means = [known[0]]
    for _ in range(6):
        known = learn_all(noisy(480, level=45.0), known, elapsed_ms=3 * 60_000)
        means.append(known[0])
    assert all(later > earlier for earlier, later in pairwise(means))
    assert means[-1] == pytest.approx(45.0, abs=1.0)


def test_values_of_zero_do_not_lock_the_mean() -> None:
    mean, *_ = learn_all([20.0] * 200, learn_all([0.0] * 20))
    assert mean > 10.0
