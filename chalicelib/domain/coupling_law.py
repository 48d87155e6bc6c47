"""The learned coupling law of one pair: ln(y) = a + b * x with x taken a lag earlier, on an even grid, forgetting with a half-life.

What keeps it honest:
- The slope is estimated with the neighbours' mean as an instrument for x (errors in variables: noise of one reading is not in
  its neighbours), so that a noisy thermometer does not flatten the law.
- Its interval stands on the equal-weighted cosine estimate of the long-run variance with `COSINES` degrees of freedom, which holds
  under autocorrelated residuals (Lazarus, Lewis, Stock and Watson, "HAR inference: recommendations for practice", JBES 36, 2018).
- The lag is where the cross-correlation after prewhitening is largest (Box and Jenkins, "Time Series Analysis", ch. 12). No law is claimed
  unless that is significant: two drifts that never move together from step to step are no law.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.law import Fit, NoLaw

Array = NDArray[np.float64]
HALF_LIFE_MS = 10 * 86_400_000
MAX_LAG_MS = 3_600_000
MAX_LAGS = 24
MIN_SAMPLES = 200
MIN_LEVELS = 8  # distinct values of an indicator that moves
MIN_R2 = 0.1
RANGE = (0.01, 0.99)
COSINES = 12
# Student's t with COSINES degrees of freedom. The interval takes the 98 % point: under slowly fading residuals the estimate of their
# variance is still low, and the 95 % point (2.179) was measured to cover 90 to 94 %, this one 94 to 98 %.
T_INTERVAL = 2.681
T_STRICT = 6.0  # a two-sided level of 6e-5
Z_STRICT = 4.5  # a correlation's: 7e-6, for MAX_LAGS lags on three scales 4e-4
SCALES = (1, 4, 16)  # in samples: moves from step to step, and slower ones
MIN_MOVES = 50
SPIKE_WINDOW, SPIKE_SCALES = 7, 6.0
SUSTAINED = 6  # samples in a row that make a residual more than a whim
TAIL = 0.999


def fit(x: Array, y: Array, step_ms: int) -> Fit | NoLaw:
    """Fit the law of a pair, or say why none is claimed.

    x, y: cause and response on the same even grid of `step_ms`, NaN where there is no valid reading; oldest first.
    """
    x, ln_y = without_spikes(x), without_spikes(_ln(y))
    if reason := _standing(x, ln_y):
        return reason
    steps = find_lag(x, ln_y, min(MAX_LAG_MS // step_ms, MAX_LAGS))
    if steps is None:
        return NoLaw.NO_LINK
    x, ln_y = x[: len(x) - steps], ln_y[steps:]
    weights = 0.5 ** (np.arange(len(x) - 1, -1, -1) * step_ms / HALF_LIFE_MS)
    line = _line(x, ln_y, weights)
    if line.n < MIN_SAMPLES:
        return NoLaw.TOO_FEW
    if abs(line.slope) < T_STRICT * line.error:
        return NoLaw.NOT_SIGNIFICANT
    if line.r2 < MIN_R2:
        return NoLaw.TOO_WEAK
    low, high = _range(x[~np.isnan(ln_y)])
    return Fit(
        intercept=line.intercept,
        slope=line.slope,
        slope_low=line.slope - T_INTERVAL * line.error,
        slope_high=line.slope + T_INTERVAL * line.error,
        lag_ms=steps * step_ms,
        step_ms=step_ms,
        n=line.n,
        r2=line.r2,
        valid_from=low,
        valid_to=high,
        spread=line.spread,
        sustained=_sustained(ln_y - line.intercept - line.slope * x),
    )


def paired(x: Array, y: Array) -> int:
    """Samples where both are there and the response has a logarithm."""
    return int(np.sum(~np.isnan(x + _ln(y))))


def _ln(y: Array) -> Array:
    logs: Array = np.log(np.where(y > 0.0, y, np.nan))
    return logs


def without_spikes(values: Array) -> Array:
    """NaN in place of samples that stand alone, far from the median of their neighbours (Hampel's filter)."""
    if len(values) < SPIKE_WINDOW:
        return values
    half = SPIKE_WINDOW // 2
    padded = np.pad(values, half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, SPIKE_WINDOW)
    away = np.abs(values - _median(windows))
    known = away[~np.isnan(away)]
    scale = 1.4826 * float(np.median(known)) if len(known) else 0.0
    return values if scale <= 0.0 else np.where(away > SPIKE_SCALES * scale, np.nan, values)


def _median(windows: Array) -> Array:
    """Of each row, missing samples apart; NaN where all are missing. (numpy's nanmedian is ten times slower and warns.)"""
    ordered = np.sort(windows, axis=1)  # NaN last
    count = np.sum(~np.isnan(windows), axis=1)
    rows = np.arange(len(windows))
    low, high = ordered[rows, np.maximum(count - 1, 0) // 2], ordered[rows, count // 2 - (count == windows.shape[1])]
    high = np.where(count % 2 == 1, low, ordered[rows, np.minimum(count // 2, windows.shape[1] - 1)])
    middle: Array = (low + high) / 2.0
    return middle


def _standing(x: Array, ln_y: Array) -> NoLaw | None:
    both = ~np.isnan(x + ln_y)
    if np.sum(both) < MIN_SAMPLES:
        return NoLaw.TOO_FEW
    low, high = _range(x[both])
    if low == high or len(np.unique(x[both])) < MIN_LEVELS:
        return NoLaw.CAUSE_STANDS_STILL
    return NoLaw.RESPONSE_STANDS_STILL if len(np.unique(ln_y[both])) < MIN_LEVELS else None


def _range(x: Array) -> tuple[float, float]:
    """The 1st and the 99th percentile of the samples that are there."""
    low, high = np.quantile(x[~np.isnan(x)], RANGE)
    return float(low), float(high)


def find_lag(x: Array, ln_y: Array, max_steps: int) -> int | None:
    """The lag in steps at which ln_y follows x, or None where it does not significantly follow on any of SCALES.

    Quick moves tell the lag best. Where only slow ones are above the noise, it is where the series themselves agree best.
    """
    for scale in SCALES:
        lag = _following(_coarser(x, scale), _coarser(ln_y, scale), max_steps // scale)
        if lag is not None:
            return lag if scale == 1 else _strongest(x, ln_y, max_steps)[0]
    return None


def _following(x: Array, ln_y: Array, max_steps: int) -> int | None:
    if len(x) < MIN_MOVES:
        return None
    keeps = _autocorrelation(x)
    lag, strength = _strongest(x[1:] - keeps * x[:-1], ln_y[1:] - keeps * ln_y[:-1], max_steps)
    return lag if strength >= Z_STRICT else None


def _strongest(a: Array, b: Array, max_steps: int) -> tuple[int, float]:
    """(the lag of b behind a with the largest correlation, that as a normal deviate)."""
    strengths = []
    for lag in range(max_steps + 1):
        r, n = _correlation(a[: len(a) - lag], b[lag:])
        strengths.append(abs(r) * sqrt(n))
    best = int(np.argmax(strengths))
    return best, strengths[best]


def _coarser(values: Array, scale: int) -> Array:
    """Means of so many samples each; NaN where more than half are missing."""
    rows = values[: len(values) // scale * scale].reshape(-1, scale)
    known = ~np.isnan(rows)
    count = known.sum(axis=1)
    means: Array = np.where(count * 2 >= scale, np.where(known, rows, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
    return means


def _autocorrelation(x: Array) -> float:
    return max(_correlation(x[:-1], x[1:])[0], 0.0)


def _correlation(a: Array, b: Array) -> tuple[float, int]:
    """(r, n) of the pairs that are there; r is 0 where one stands still."""
    both = ~np.isnan(a + b)
    n = int(np.sum(both))
    if n < MIN_LEVELS:
        return 0.0, n
    a, b = a[both] - a[both].mean(), b[both] - b[both].mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return (float(a @ b) / scale if scale > 0.0 else 0.0), n


@dataclass(frozen=True, slots=True)
class _Line:
    intercept: float
    slope: float
    error: float
    n: int
    r2: float
    spread: float


NOTHING = _Line(0.0, 0.0, 1.0, 0, 0.0, 0.0)


def _line(x: Array, ln_y: Array, weights: Array) -> _Line:
    """Weighted line through the pairs, with the slope's standard error."""
    instrument = _instrument(x)
    there = ~np.isnan(x + ln_y + instrument)
    n, x, ln_y, z = int(np.sum(there)), x[there], ln_y[there], instrument[there]
    if n == 0:
        return NOTHING
    w = weights[there] / weights[there].sum()
    dx, dy, dz = x - w @ x, ln_y - w @ ln_y, z - w @ z
    leverage = float(w @ (dz * dx))
    if leverage == 0.0:  # what moves stands beside what is missing
        return NOTHING
    slope = float(w @ (dz * dy)) / leverage
    residuals = dy - slope * dx
    unexplained, whole = float(w @ residuals**2), float(w @ dy**2)
    error = sqrt(long_run_variance(w * dz * residuals)) / abs(leverage)
    return _Line(float(w @ ln_y - slope * (w @ x)), slope, error, n, 1.0 - unexplained / whole, sqrt(unexplained))


def _instrument(x: Array) -> Array:
    """The mean of both neighbours where x goes on from sample to sample, else x itself."""
    if _autocorrelation(x) < 0.5:
        return x
    out = np.full(len(x), np.nan)
    out[1:-1] = (x[:-2] + x[2:]) / 2.0
    return out


def long_run_variance(scores: Array) -> float:
    """Of the sum of scores, from its projections on COSINES cosines (type II)."""
    n = len(scores)
    at = (np.arange(n) + 0.5) * np.pi / n
    projections = np.array([np.cos(at * j) @ scores for j in range(1, COSINES + 1)])
    return 2.0 * float(projections @ projections) / COSINES


def _sustained(residuals: Array) -> float:
    """What the mean of SUSTAINED residuals in a row stays under, but for one time in a thousand."""
    windows = np.lib.stride_tricks.sliding_window_view(residuals, SUSTAINED).mean(axis=1)
    known = windows[~np.isnan(windows)]
    return float(np.quantile(known, TAIL)) if len(known) else log(2.0)
