"""The law as a forecaster: on a made turbine, and on recorded years of a real one (no forecast sees what comes after it)."""

from pathlib import Path

import numpy as np
import pytest

from bench.gas_turbine import Columns, causes, joined, judge, read_years, shuffled_claims
from chalicelib.domain.curve_law import Array, CurveLaw, fit_curve, forecast
from chalicelib.domain.law import NoLaw
from tests.law_plant import fading

LEARNT, JUDGED = (2011, 2012), 2013
EMISSIONS = ("NOX", "CO")


def turbine(seed: int, n: int = 3000) -> tuple[Array, Array]:
    """Two causes and a response that bends with the first; its level drifts, as fouling makes it."""
    chance = np.random.default_rng(seed)
    x = np.column_stack([fading(chance, n, 0.9, 10.0) + 1080.0, fading(chance, n, 0.9, 5.0) + 545.0])
    bends = 0.02 * (x[:, 0] - 1080.0) + 0.001 * (x[:, 0] - 1080.0) ** 2 - 0.01 * (x[:, 1] - 545.0)
    return x, 60.0 * np.exp(bends + np.cumsum(chance.normal(0.0, 0.01, n)) + chance.normal(0.0, 0.02, n))


def learnt(x: Array, y: Array) -> CurveLaw:
    law = fit_curve(x, y)
    assert isinstance(law, CurveLaw), law
    return law


def test_no_law_is_claimed_of_responses_in_random_order() -> None:
    for seed in range(10):
        x, y = turbine(seed)
        assert isinstance(fit_curve(x, np.random.default_rng(seed).permutation(y)), NoLaw)
        assert isinstance(fit_curve(x, np.roll(y, 700)), NoLaw)


def test_no_law_is_claimed_of_too_few_rows_or_causes_that_stand_still() -> None:
    x, y = turbine(1)
    assert fit_curve(x[:300], y[:300]) is NoLaw.TOO_FEW
    assert fit_curve(np.column_stack([x[:, 0], np.full(len(x), 545.0)]), y) is NoLaw.CAUSE_STANDS_STILL


def test_a_forecast_does_not_change_with_what_comes_after_it() -> None:
    x, y = turbine(2)
    law = learnt(x[:2000], y[:2000])
    whole, part = forecast(law, x[2000:], y[2000:]), forecast(law, x[2000:2500], y[2000:2500])
    for name in ("estimate", "low", "high"):
        assert getattr(whole, name)[:480] == pytest.approx(getattr(part, name)[:480])


def test_a_surface_that_bends_is_forecast_and_the_interval_covers() -> None:
    x, y = turbine(3)
    made = forecast(learnt(x[:2000], y[:2000]), x[2000:], y[2000:])
    truth, before = y[2001:], y[2000:-1]
    assert np.mean((made.estimate - truth) ** 2) < 0.2 * np.mean((before - truth) ** 2)
    assert 0.92 <= np.mean((made.low <= truth) & (truth <= made.high)) <= 0.98


def test_rows_that_are_missing_have_no_forecast_and_spoil_none() -> None:
    x, y = turbine(4)
    law = learnt(x[:2000], y[:2000])
    holed = y[2000:].copy()
    holed[100] = np.nan
    made = forecast(law, x[2000:], holed)
    assert np.isnan(made.estimate[100]) and np.isnan(made.estimate).sum() == 1
    assert np.isfinite(made.law.coefficients).all()


@pytest.fixture(scope="module")
def years(shared_data: Path) -> dict[int, Columns]:
    return read_years(shared_data / "gas_turbine")


@pytest.mark.parametrize("keeps_learning", [False, True], ids=["as learnt before", "learning on"])
@pytest.mark.parametrize("response", EMISSIONS)
def test_the_law_of_two_years_forecasts_the_third(
    years: dict[int, Columns], response: str, keeps_learning: bool
) -> None:
    known = joined([years[year] for year in LEARNT])
    score = judge(learnt(causes(known), known[response]), years[JUDGED], response, keeps_learning=keeps_learning)
    assert 0.90 <= score.coverage <= 0.98
    assert score.rmse_gain >= 0.20
    assert score.mae_gain >= 0.20


@pytest.mark.parametrize("response", EMISSIONS)
@pytest.mark.parametrize(
    ("known", "judged"), [(2011, 2012), (2012, 2013), (2013, 2011)], ids=["2011 for 2012", "2012 for 2013", "2013 for 2011"]
)  # fmt: skip
def test_the_law_of_any_year_forecasts_another(
    years: dict[int, Columns], response: str, known: int, judged: int
) -> None:
    law = learnt(causes(years[known]), years[known][response])
    score = judge(law, years[judged], response, keeps_learning=True)
    assert 0.90 <= score.coverage <= 0.98
    assert score.rmse_gain >= 0.20


@pytest.mark.parametrize("response", EMISSIONS)
def test_no_law_of_a_turbine_is_claimed_on_shuffled_labels(years: dict[int, Columns], response: str) -> None:
    known = joined([years[year] for year in LEARNT])
    assert shuffled_claims(known, response) == 0
