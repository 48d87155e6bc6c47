"""Foresight on histories whose truth is known: calibrated, skilful where weather matters, silent where it does not."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.foresight import driven, indifferent, lived
from bench.prsa import ZONE, compass_deg, read_weather
from chalicelib.domain.backtest import OutOfFold, learn, out_of_fold, reliability, score
from chalicelib.domain.climatology import cell_of, climatology
from chalicelib.domain.foresight import AHEAD_HOURS, MIN_EVENTS, Foresight, Verdict, expit, logit, outlook
from chalicelib.domain.foresight_features import FEATURES, LOOK_BACK_MS, Features, features
from chalicelib.domain.foresight_fit import calibrate, fit, history, irls
from chalicelib.domain.weather import HOUR_MS, Weather
from tests.climate import START_MS, climate, drawn, hours_of

ROOT = Path(__file__).resolve().parents[2]
DAYS = 500
NOW_MS = START_MS + DAYS * 24 * HOUR_MS


def learnt_from(truth: object, seed: int = 1, days: int = DAYS) -> Foresight:
    return learn("east", drawn(hours_of(days), truth, seed)[0], NOW_MS)  # type: ignore[arg-type]


# where it must be silent


def test_without_any_history_there_is_no_figure_at_all() -> None:
    nothing = learn("east", history({}, (), 0, NOW_MS, ZONE), NOW_MS)
    assert (nothing.verdict, nothing.hours, nothing.events) == (Verdict.THIN, 0, 0)
    assert outlook(nothing, climate(DAYS), NOW_MS, ZONE) == ()


@pytest.mark.parametrize(
    ("days", "truth"),
    [
        pytest.param(179, driven, id="half a year less a day"),
        pytest.param(DAYS, lambda given, hour: 0.001, id="fewer warnings than can teach anything"),
    ],
)
def test_thin_history_shows_base_rates_only(days: int, truth: object) -> None:
    thin = learnt_from(truth, days=days)
    assert thin.verdict is Verdict.THIN and thin.model is None and thin.backtest is None
    assert days < 180 or thin.events < MIN_EVENTS
    hours = outlook(thin, climate(DAYS), NOW_MS - 100 * HOUR_MS, ZONE)
    assert len(hours) == AHEAD_HOURS and all(one.probability is None and one.base_rate > 0 for one in hours)


def test_where_weather_does_not_matter_no_skill_is_claimed() -> None:
    found = [learnt_from(indifferent, seed) for seed in range(20)]
    # By chance one in twenty would be claimed; of twenty, four or more with a probability of 2 %.
    assert sum(one.verdict is Verdict.SKILFUL for one in found) <= 3
    tested = [one.backtest.skill for one in found if one.backtest is not None]
    assert len(tested) == 20 and abs(float(np.mean(tested))) < 0.01
    silent = next(one for one in found if one.verdict is Verdict.NO_SKILL)
    assert all(one.probability is None for one in outlook(silent, climate(DAYS), NOW_MS - 100 * HOUR_MS, ZONE))


def test_an_hour_whose_weather_is_not_known_has_its_base_rate_only() -> None:
    known = learnt_from(driven)
    now_ms = NOW_MS - 50 * HOUR_MS
    weather = {at: one for at, one in climate(DAYS).items() if at < now_ms + 48 * HOUR_MS}
    weather[now_ms] = replace(weather[now_ms], wind_m_s=None)
    shown = [one.probability is not None for one in outlook(known, weather, now_ms + 5, ZONE)]
    assert shown == [False] + 47 * [True] + 24 * [False]


# the back-test looks back only


def test_what_happens_later_changes_no_earlier_forecast() -> None:
    known, _ = drawn(hours_of(DAYS), driven, 1)
    before = out_of_fold(known)
    half = len(known) * 3 // 4
    for later in (1 - known.y[half:], np.zeros(len(known) - half), np.roll(known.y[half:], 24)):
        other = out_of_fold(replace(known, y=np.concatenate([known.y[:half], later])))
        same = before.known.hours_ms < known.hours_ms[half]
        assert same.sum() > 3000
        assert np.array_equal(before.raw[same], other.raw[same])
        assert np.array_equal(before.final[same], other.final[same])
        assert np.array_equal(before.climatology[same], other.climatology[same])
        assert not np.array_equal(before.raw, other.raw)


def test_an_outcome_within_the_three_days_before_a_block_is_not_learnt_from() -> None:
    known, _ = drawn(hours_of(DAYS), driven, 1)
    start_ms = int(out_of_fold(known).known.hours_ms[0])
    gap = (known.hours_ms >= start_ms - LOOK_BACK_MS) & (known.hours_ms < start_ms)
    other = out_of_fold(replace(known, y=np.where(gap, 1.0, known.y)))
    block = other.known.hours_ms < start_ms + 24 * HOUR_MS
    assert gap.sum() == 72 and np.array_equal(other.raw[block], out_of_fold(known).raw[block])


@given(st.integers(100, 400), st.floats(-30, 40), st.floats(0, 20))
def test_features_of_an_hour_know_nothing_of_later_hours(hour: int, degrees: float, wind: float) -> None:
    weather = climate(20)
    at_ms = START_MS + hour * HOUR_MS
    changed = {
        t: replace(one, temperature_c=degrees, wind_m_s=wind, precipitation_mm=5.0) if t > at_ms else one
        for t, one in weather.items()
    }
    assert features(at_ms, changed) == features(at_ms, weather)


# where it speaks, it is right


def test_where_weather_matters_skill_is_found_and_declared() -> None:
    for seed in range(5):
        found = learnt_from(driven, seed)
        assert found.verdict is Verdict.SKILFUL and found.backtest is not None
        assert 0.05 < found.backtest.skill < 0.2 and found.backtest.brier < found.backtest.brier_climatology


def test_forecasts_of_the_back_test_are_calibrated() -> None:
    tests = [out_of_fold(drawn(hours_of(DAYS), driven, seed)[0]) for seed in range(8)]
    table = reliability(np.concatenate([one.final for one in tests]), np.concatenate([one.known.y for one in tests]))
    assert len(table) == 10 and sum(one.hours for one in table) == sum(len(one.final) for one in tests)
    for one in table:
        sampling = (one.forecast * (1 - one.forecast) / one.hours) ** 0.5
        assert abs(one.observed - one.forecast) < 4 * sampling
    assert table[-1].observed > 20 * table[0].observed


def test_what_is_shown_is_near_the_true_probability() -> None:
    known, truth = drawn(hours_of(DAYS), driven, 3)
    part = known.part(np.arange(len(known)) < len(known) * 9 // 10)
    found = learn("east", part, NOW_MS)
    shown, true = [], []
    for at in range(len(part), len(known) - 100, 72):
        hours = outlook(found, climate(DAYS), int(known.hours_ms[at]), ZONE)
        shown += [one.probability for one in hours if one.probability is not None]
        true += truth[at : at + AHEAD_HOURS].tolist()
    assert len(shown) == len(true) > 900
    assert np.corrcoef(shown, true)[0, 1] > 0.9
    assert float(np.mean(shown)) == pytest.approx(float(np.mean(true)), rel=0.25)


def test_on_recorded_weather_stagnation_and_freeze_are_found_and_chance_is_not(shared_data: Path) -> None:
    weather = read_weather(next((shared_data / "weather").glob("PRSA*.csv")))
    assert sum(one.temperature_c is None or one.wind_m_s is None for one in weather.values()) > 10
    found, chance = (learn("east", lived(weather, truth, 1), NOW_MS) for truth in (driven, indifferent))
    assert (found.verdict, chance.verdict) == (Verdict.SKILFUL, Verdict.NO_SKILL)
    assert found.backtest is not None and found.backtest.skill > 0.05 and found.hours < len(weather)
    by_feature = dict(zip(FEATURES, found.model.weights, strict=True)) if found.model else {}
    assert by_feature["still"] > 0.3 and by_feature["burst"] > 0.1 and by_feature["wind"] < -0.1
    for one in found.backtest.reliability:
        assert abs(one.observed - one.forecast) < 0.02


# its parts


def test_the_scores_are_those_of_brier() -> None:
    known = replace(hours_of(30).part(np.arange(720) < 336), y=np.tile([1.0, 0.0], 168))
    forecast = OutOfFold(known, np.full(336, 0.5), np.tile([0.8, 0.4], 168), np.full(336, 0.5))
    tested = score(forecast)
    assert tested.brier == pytest.approx((0.04 + 0.16) / 2) and tested.brier_climatology == pytest.approx(0.25)
    assert tested.skill == pytest.approx(0.6)
    assert (tested.hours, tested.events) == (336, 168)


def test_the_less_is_known_the_nearer_the_forecast_stays_to_the_base_rate() -> None:
    known, _ = drawn(hours_of(DAYS), driven, 1)
    sizes = [float(np.abs(fit(known.part(np.arange(len(known)) < hours))[1].weights).sum()) for hours in (5, 200, 9000)]
    assert sizes[0] < 0.1 < sizes[1] < sizes[2]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.floats(0.1, 10))
def test_weights_stand_where_the_penalised_likelihood_is_flat(seed: int, rows: int, penalty: float) -> None:
    random = np.random.default_rng(seed)
    design, offset = random.normal(size=(rows, 3)) * 3, random.normal(size=rows) * 2
    y = (design[:, 0] > 0).astype(np.float64)  # a plane parts them: without a penalty there would be no end
    weights = irls(design, y, offset, penalty)
    p = 1 / (1 + np.exp(-(offset + design @ weights)))
    assert np.abs(design.T @ (y - p) - penalty * weights).max() < 1e-4


def test_weather_that_history_hardly_knows_decides_nothing_alone() -> None:
    known, _ = drawn(hours_of(100), driven, 1)  # January to April: never hot, seldom rain
    wet = replace(known, x=np.where(np.arange(len(FEATURES)) == FEATURES.index("rain"), 0.0, known.x))
    wet.x[100::1500, FEATURES.index("rain")] = 1.0
    wet.y[100::1500] = 1.0  # by chance there was a warning in each of two wet hours
    base, model = fit(wet)
    usual = wet.x.mean(axis=0)
    rain, heat = (np.eye(len(FEATURES))[FEATURES.index(name)] for name in ("rain", "heat"))
    rate = base.rate((6, 12))
    dry = model.probability(rate, usual.tolist())
    assert dry < model.probability(rate, (usual + rain).tolist()) < 0.5
    assert model.probability(rate, (usual + 3 * heat).tolist()) == pytest.approx(dry, abs=0.001)
    assert model.probability(rate, (usual + 1e6 * rain).tolist()) == model.probability(
        rate, (usual + 3 * rain).tolist()
    )


def test_calibration_undoes_what_is_too_bold() -> None:
    random = np.random.default_rng(1)
    true = random.uniform(0.02, 0.6, 20_000)
    y = (random.random(20_000) < true).astype(np.float64)
    bold = np.array([expit(2 * logit(p) + 1) for p in true])
    a, b = calibrate(bold, y)
    assert (a, b) == (pytest.approx(-0.5, abs=0.1), pytest.approx(0.5, abs=0.05))
    assert calibrate(np.array([0.2]), np.array([0.0])) == (pytest.approx(0.0, abs=0.1), pytest.approx(1.0, abs=0.1))


def test_only_features_that_the_weather_gives_are_counted() -> None:
    at_ms = START_MS + 200 * HOUR_MS
    lone: Weather = {at_ms: replace(climate(20)[at_ms], temperature_c=-5.0, wind_m_s=1.0, precipitation_mm=None)}
    found = features(at_ms, lone)
    assert found is not None and found == Features(-0.5, 1.0, 0.0, 0.0, pytest.approx(0.405, abs=0.001), 1.0, 0.0, 0.0)
    assert features(at_ms, {at_ms: replace(lone[at_ms], temperature_c=None)}) is None
    assert features(at_ms, {}) is None


@given(st.lists(st.tuples(st.tuples(st.integers(0, 11), st.integers(0, 23)), st.booleans()), max_size=60))
def test_a_base_rate_is_between_never_and_always_and_counts_its_neighbours(
    hours: list[tuple[tuple[int, int], bool]],
) -> None:
    base = climatology(hours)
    for cell in ((0, 0), (5, 12), (11, 23)):
        near = [event for (m, h), event in hours if (m - cell[0] + 1) % 12 <= 2 and (h - cell[1] + 1) % 24 <= 2]
        assert base.count(cell) == len(near) and 0 < base.rate(cell) < 1


def test_a_base_rate_moves_from_the_overall_rate_to_its_own_as_hours_are_counted() -> None:
    quiet = [((6, 3), False)] * 900
    few, many = climatology([*quiet, *[((0, 12), True)] * 10]), climatology([*quiet, *[((0, 12), True)] * 900])
    overall = 10.5 / 911
    assert few.rate((0, 12)) == pytest.approx((10 + 100 * overall) / 110)
    assert many.rate((0, 12)) > 0.94 and few.rate((3, 3)) == pytest.approx(overall)
    assert cell_of(1_772_416_800_000, ZONE) == (2, 10)


def test_a_warning_counts_for_the_hour_of_its_onset() -> None:
    weather = climate(20)
    at_ms = START_MS + 100 * HOUR_MS
    known = history(
        weather, [at_ms, at_ms + HOUR_MS - 1, at_ms + 3 * HOUR_MS], START_MS, START_MS + 200 * HOUR_MS, ZONE
    )
    assert known.hours_ms[known.y > 0].tolist() == [at_ms, at_ms + 3 * HOUR_MS]
    assert len(known) == 200


@pytest.mark.parametrize(("point", "degrees"), [("N", 0.0), ("ENE", 67.5), ("S", 180.0), ("NNW", 337.5)])
def test_a_compass_point_is_a_direction(point: str, degrees: float) -> None:
    assert compass_deg(point) == degrees


def test_reading_foresight_loads_no_numpy() -> None:
    command = "import sys, chalicelib.usecases.read_foresight, chalicelib.usecases.fit_foresight; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
