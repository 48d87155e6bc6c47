"""The gate: what cannot be true of one reading is not judged, and what the next bears out is."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.state import PointState
from tests.plant import MINUTE_S, NOMINAL, Plant, changes, series

HOT = {"temperature": 184.0, "voc": 48.0, "steam": 110.0}


def quiet(count: int = 40, *, level: float = 30.0, noise: float = 0.4, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [round(level + chance.gauss(0.0, noise), 2) for _ in range(count)]


def settled(plant: Plant, **values: float) -> None:
    """Forty minutes of honest readings of the VOC point, beside whatever else stands still."""
    for n, value in enumerate(quiet()):
        plant.reads(n * MINUTE_S, voc=value, **values)


def verdicts(values: Sequence[float], *, catalogue: Catalogue | None = None, step_s: float = MINUTE_S) -> list[bool]:
    """Whether each reading of the VOC point is judged."""
    plant, found = Plant(catalogue=catalogue), []
    for n, value in enumerate(values):
        plant.reads(n * step_s, voc=value)
        found.append(plant.state.points["voc"].valid)
    return found


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(300.0, id="a lost decimal point"),
        pytest.param(3.0, id="a decimal point too far left"),
        pytest.param(3010.0, id="two places lost"),
        pytest.param(0.31, id="two places too far left"),
        pytest.param(170.0, id="a step far beyond its own steps"),
    ],
)
def test_a_reading_that_the_point_cannot_have_reached_is_not_judged_and_the_return_is(value: float) -> None:
    assert verdicts([*quiet(), value, 30.1, 29.9])[-3:] == [False, True, True]


def test_a_lost_decimal_point_makes_the_rule_uncertain_and_no_warning() -> None:
    plant = Plant()
    settled(plant, temperature=184.0, steam=100.0)
    assert plant.reads(2400, temperature=184.0, voc=300.0, steam=100.0) == []
    assert plant.rule().uncertain
    assert plant.stays(2460, 3, temperature=184.0, voc=30.0, steam=100.0) == []
    assert not plant.rule().uncertain


def test_the_baseline_does_not_learn_from_a_doubted_reading() -> None:
    doubted, clean = Plant(), Plant()
    for plant, last in ((doubted, 300.0), (clean, 30.0)):
        settled(plant)
        plant.reads(2400, voc=last)
    assert doubted.state.points["voc"].count == clean.state.points["voc"].count - 1


def test_a_rate_that_the_catalogue_rules_out_is_not_judged_at_first() -> None:
    known = shipped()
    indicators = {**known.indicators, "voc": replace(known.indicators["voc"], max_rate_per_s=0.05)}
    limited = replace(known, indicators=indicators)
    assert verdicts([30.0, 33.0, 36.1, 36.1], catalogue=limited) == [True, True, False, True]
    assert verdicts([30.0, 33.0, 36.1, 36.1]) == [True, True, True, True]


def test_a_first_reading_is_judged_whatever_it_is() -> None:
    assert verdicts([90_000.0]) == [True]


def test_a_point_that_has_hardly_moved_yet_is_judged_at_once() -> None:
    assert verdicts([30.0] * 40 + [300.0])[-1]


def test_after_a_long_silence_any_level_is_a_new_beginning() -> None:
    plant = Plant()
    settled(plant)
    plant.reads(2340 + 3 * 3600, voc=300.0)
    assert plant.state.points["voc"].valid


def test_a_leak_detector_about_zero_is_judged_at_once() -> None:
    assert verdicts([*(abs(v) for v in quiet(level=0.0, noise=0.02)), 40.0])[-1]


def test_a_usual_rise_past_the_triggers_is_judged_at_once() -> None:
    plant = Plant()
    settled(plant, temperature=172.0, steam=100.0)
    assert changes(plant.stays(2400, 2, **HOT)) == ["opened 2"]


@pytest.mark.parametrize("factor", [6.0, 10.0, 100.0])
def test_a_release_is_taken_at_the_second_reading_and_warned_of_at_the_third(factor: float) -> None:
    plant = Plant()
    settled(plant, temperature=172.0, steam=100.0)
    risen = HOT | {"voc": 30.0 * factor}
    assert plant.reads(2400, **risen) == []
    assert changes(plant.stays(2460, 2, **risen)) == ["opened 3"]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.floats(0.001, 1000.0), min_size=1, max_size=12))
def test_of_two_readings_to_one_side_of_the_level_the_second_is_always_judged(seed: int, factors: list[float]) -> None:
    """However far the point jumps and goes on: a release is held back for one reading, never for two."""
    plant = Plant()
    level = 0.0
    for n, value in enumerate([*quiet(seed=seed), *(30.0 * factor for factor in factors)]):
        before = plant.state.points.get("voc", PointState(0, False, 0.0))
        plant.reads(n * MINUTE_S, voc=value)
        now = plant.state.points["voc"]
        if before.doubted is not None and (value > level) is (before.doubted > level):
            assert now.valid
        if now.valid:
            level = value


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.floats(1.0, 500.0), st.floats(0.001, 0.12))
def test_a_steady_signal_with_honest_noise_is_never_doubted(seed: int, level: float, share: float) -> None:
    assert all(verdicts(quiet(200, level=level, noise=level * share, seed=seed)))


def test_a_flagged_or_implausible_reading_is_no_level() -> None:
    plant = Plant(NOMINAL)
    settled(plant)
    plant.upload(series(2400, {"voc": (300.0, "D")}))
    plant.reads(2460, voc=-5.0)
    plant.reads(2520, voc=30.2)
    state = plant.state.points["voc"]
    assert (state.valid, state.value, state.doubted) == (True, 30.2, None)
