"""The law of one response against several safety indicators at once, as a forecaster: the response starts at its last measured value
and moves as the law says the causes have moved it.

ln(y[t]) - ln(y[t-1]) = c . (phi(x[t]) - phi(x[t-1])), phi being the causes and their products (a quadratic surface). Working with changes
carries the last residual over, so that drift of the level (fouling, sensors, fuel) is no error of the law.

Coefficients follow by forgetful least squares, Huber-weighted, learnt anew every CHUNK rows. The 95 % interval is the quantile of the
law's own last RECENT one-step errors (split conformal prediction, Vovk, Gammerman and Shafer 2005, ch. 2, over a moving window); nothing is
ever looked up ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.coupling_law import long_run_variance
from chalicelib.domain.law import NoLaw

Array = NDArray[np.float64]
HALF_LIFE_ROWS = 2160.0  # of hourly rows: a quarter of a year
CHUNK = 24
RECENT = 1000
RIDGE = 10.0  # of standardised features: what is not seen moving has no say
COVERS = 0.95
HUBER = 3.0
MIN_ROWS = 500
MIN_SKILL = 0.05
T_CLAIM = 4.0  # Student's t with 12 degrees of freedom: a one-sided level of 1e-3
EDGES = (0.01, 0.99)  # quantiles of each cause beyond which the surface is not extrapolated


@dataclass(frozen=True, slots=True, eq=False)
class CurveLaw:
    """Arrays: of k causes `centre`, `scale`, `low`, `high` (k); of the p = k + k (k + 1) / 2 features the decayed normal equations
    `gram` (p x p) and `moment` (p) and what follows of them, `coefficients`; `recent` the last one-step errors in ln(y)."""

    centre: Array
    scale: Array
    low: Array
    high: Array
    gram: Array
    moment: Array
    coefficients: Array
    recent: Array
    half_life_rows: float

    def moves(self, x: Array) -> Array:
        """Changes of the features from row to row: (n, k) causes in, (n - 1, p) out."""
        z = (np.clip(x, self.low, self.high) - self.centre) / self.scale
        pairs = [z[:, i] * z[:, j] for i in range(z.shape[1]) for j in range(i, z.shape[1])]
        return np.diff(np.column_stack([z, *pairs]), axis=0)

    @property
    def half_width(self) -> float:
        """Of the 95 % interval in ln(y): the conformal quantile of recent errors; infinite before there are enough."""
        known = np.sort(np.abs(self.recent))
        rank = ceil((len(known) + 1) * COVERS)
        return float(known[rank - 1]) if rank <= len(known) else float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """One step ahead, for every row but the first: arrays of the same length, in the response's unit; NaN where a row is missing."""

    estimate: Array
    low: Array
    high: Array
    law: CurveLaw


def fit_curve(x: Array, y: Array, half_life_rows: float = HALF_LIFE_ROWS) -> CurveLaw | NoLaw:
    """Learn from rows at even steps, oldest first: x (n, k) the causes, y (n) the response, NaN where missing.

    No law is claimed unless its own forecasts of these rows, each made of the rows before, beat "as before" significantly
    (Diebold and Mariano 1995, with the long-run variance of coupling_law).
    """
    there = ~np.isnan(x.sum(axis=1) + _ln(y))
    if np.sum(there) < MIN_ROWS:
        return NoLaw.TOO_FEW
    low, high = np.quantile(x[there], EDGES, axis=0)
    if np.any(high <= low):
        return NoLaw.CAUSE_STANDS_STILL
    made = forecast(_blank(x[there], low, high, half_life_rows), x, y)
    return _doubt(np.log(made.estimate), _ln(y)) or made.law


def forecast(law: CurveLaw, x: Array, y: Array, *, keeps_learning: bool = True) -> Forecast:
    """Forecast each row's response from the row before, the law and the causes as they are in the row itself.

    With `keeps_learning` the law learns each CHUNK once it is over; without it only the interval does. `law` of the answer is what
    it became.
    """
    ln_y, moves = _ln(y), law.moves(x)
    changes = np.diff(ln_y)
    steps, widths = np.full(len(changes), np.nan), np.full(len(changes), np.nan)
    for part in _chunks(len(changes)):
        steps[part], widths[part] = moves[part] @ law.coefficients, law.half_width
        law = _learn(law, moves[part], changes[part], keeps_learning)
    at = ln_y[:-1] + steps
    return Forecast(np.exp(at), np.exp(at - widths), np.exp(at + widths), law)


def _ln(y: Array) -> Array:
    logs: Array = np.log(np.where(y > 0.0, y, np.nan))
    return logs


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))


def _blank(x: Array, low: Array, high: Array, half_life_rows: float) -> CurveLaw:
    k = x.shape[1]
    p = k + k * (k + 1) // 2
    none = np.zeros(p)
    return CurveLaw(x.mean(axis=0), x.std(axis=0), low, high, np.zeros((p, p)), none, none, np.zeros(0), half_life_rows)


def _learn(law: CurveLaw, moves: Array, changes: Array, all_of_it: bool) -> CurveLaw:
    there = ~np.isnan(changes + moves.sum(axis=1))
    moves, changes = moves[there], changes[there]
    errors = changes - moves @ law.coefficients
    recent = np.concatenate([law.recent, errors])[-RECENT:]
    if not all_of_it or not len(errors):
        return replace(law, recent=recent)
    ages = np.arange(len(errors) - 1, -1, -1)
    bound = HUBER * 1.4826 * float(np.median(np.abs(recent)))
    weights = 0.5 ** (ages / law.half_life_rows) * np.minimum(1.0, bound / np.maximum(np.abs(errors), 1e-12))
    keeps = 0.5 ** (len(errors) / law.half_life_rows)
    gram = keeps * law.gram + (moves * weights[:, None]).T @ moves
    moment = keeps * law.moment + (moves * weights[:, None]).T @ changes
    coefficients = np.linalg.solve(gram + RIDGE * np.eye(len(moment)), moment)
    return replace(law, gram=gram, moment=moment, coefficients=coefficients, recent=recent)


def _doubt(estimates: Array, ln_y: Array) -> NoLaw | None:
    """Why its forecasts do not make it a law: absolute errors against those of "as before", in ln(y)."""
    before, after = np.abs(np.diff(ln_y)), np.abs(ln_y[1:] - estimates)
    there = ~np.isnan(before + after)
    gain, whole = (before - after)[there], float(before[there].sum())
    if whole <= 0.0:
        return NoLaw.RESPONSE_STANDS_STILL
    error = float(np.sqrt(long_run_variance(gain - gain.mean())))
    if gain.sum() < T_CLAIM * error:
        return NoLaw.NOT_SIGNIFICANT
    return NoLaw.TOO_WEAK if gain.sum() / whole < MIN_SKILL else None
