"""Back-test of foresight: block after block, each forecast only from what was known before it, against climatology alike.

A block's model, its climatology and its calibration are learnt from earlier hours; between them and the block lie three days, for
the features of an hour look back so far. Imports numpy.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chalicelib.domain.climatology import Climatology
from chalicelib.domain.foresight import MIN_EVENTS, MIN_HOURS, Backtest, Foresight, ReliabilityBin, Verdict
from chalicelib.domain.foresight_features import LOOK_BACK_MS
from chalicelib.domain.foresight_fit import Array, History, calibrate, calibrated, fit, predict
from chalicelib.domain.weather import DAY_MS, HOUR_MS

BLOCKS = 10
LEARNING_BLOCKS = 4  # only learnt from
BINS = 10
WEEK_MS = 7 * DAY_MS
ONE_SIDED_95 = 1.645


def learn(region: str, known: History, now_ms: int) -> Foresight:
    """Everything about a region that foresight needs, with the verdict whether its probabilities may be shown."""
    hours, events = len(known), int(known.y.sum())
    from_ms = int(known.hours_ms[0]) if hours else now_ms
    to_ms = int(known.hours_ms[-1]) + HOUR_MS if hours else now_ms
    thin = Foresight(region, now_ms, from_ms, to_ms, hours, events, Verdict.THIN, known.climatology())
    if hours < MIN_HOURS or events < MIN_EVENTS:
        return thin
    forecast = out_of_fold(known)
    tested = score(forecast)
    base, model = fit(known)
    # The last word of the calibration is from all forecasts that were made without knowing the outcome.
    model = replace(model, calibration=calibrate(forecast.raw, forecast.known.y))
    verdict = Verdict.SKILFUL if tested.skill_low > 0 else Verdict.NO_SKILL
    return replace(thin, verdict=verdict, climatology=base, model=model, backtest=tested)


class OutOfFold:
    """Forecasts of hours from before: uncalibrated, calibrated, and by climatology alone."""

    def __init__(self, known: History, raw: Array, final: Array, climatology: Array) -> None:
        self.known, self.raw, self.final, self.climatology = known, raw, final, climatology


def out_of_fold(known: History) -> OutOfFold:
    """Blocks of equal time; the first LEARNING_BLOCKS of BLOCKS are only learnt from."""
    edges = np.linspace(known.hours_ms[0], known.hours_ms[-1] + HOUR_MS, BLOCKS + 1)
    tested = known.hours_ms >= edges[LEARNING_BLOCKS]
    raw: Array = np.empty(0)
    final: Array = np.empty(0)
    base: Array = np.empty(0)
    y = known.y[tested]
    for start_ms, end_ms in zip(edges[LEARNING_BLOCKS:-1], edges[LEARNING_BLOCKS + 1 :], strict=True):
        block = known.part((known.hours_ms >= start_ms) & (known.hours_ms < end_ms))
        climate, model = fit(known.part(known.hours_ms < start_ms - LOOK_BACK_MS))
        given = predict(climate, model, block)
        calibration = calibrate(raw, y[: len(raw)]) if len(raw) else (0.0, 1.0)
        final = np.concatenate([final, calibrated(given, calibration)])
        raw = np.concatenate([raw, given])
        base = np.concatenate([base, _rates(climate, block)])
    return OutOfFold(known.part(tested), raw, final, base)


def _rates(climate: Climatology, block: History) -> Array:
    return np.array([climate.rate(cell) for cell in block.cells], dtype=np.float64)


def score(forecast: OutOfFold) -> Backtest:
    """Brier scores, the skill score with its lower end, and the reliability table. Brier (1950); Wilks (2011), 8.4.

    Hours of one week hang together, so the interval comes from weekly sums.
    """
    known = forecast.known
    squares = (forecast.final - known.y) ** 2
    by_climatology = (forecast.climatology - known.y) ** 2
    weeks = np.unique(known.hours_ms // WEEK_MS, return_inverse=True)[1]
    gained = np.bincount(weeks, by_climatology - squares)
    error = float(np.std(gained, ddof=1)) * len(gained) ** 0.5 / float(by_climatology.sum())
    skill = 1 - float(squares.sum() / by_climatology.sum())
    return Backtest(
        from_ms=int(known.hours_ms[0]),
        to_ms=int(known.hours_ms[-1]) + HOUR_MS,
        blocks=BLOCKS - LEARNING_BLOCKS,
        hours=len(known),
        events=int(known.y.sum()),
        brier=float(squares.mean()),
        brier_climatology=float(by_climatology.mean()),
        skill=skill,
        skill_low=skill - ONE_SIDED_95 * error,
        reliability=reliability(forecast.final, known.y),
    )


def reliability(probabilities: Array, y: Array) -> tuple[ReliabilityBin, ...]:
    """At most BINS groups of about as many hours each, by rising probability."""
    order: npt.NDArray[np.int64] = np.argsort(probabilities, kind="stable")
    groups = [group for group in np.array_split(order, BINS) if len(group)]
    return tuple(
        ReliabilityBin(float(probabilities[group].mean()), float(y[group].mean()), len(group)) for group in groups
    )
