"""Train the watch over a unit from rows of its normal operation, and set its limits on rows that were not trained on.

With few rows a model fits what it was trained on far better than what comes after. The rows are therefore cut into blocks, each
judged by a model of the others (blocked cross-validation: neighbours in time are alike, so that a random split would leak), and the
limits come from that. The final model is trained on all rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.unit_watch import (
    MEAN_MEMORIES,
    ON_DELAY,
    SQUARE_MEMORIES,
    STATISTICS,
    Array,
    WatchModel,
    fresh_state,
    interrupted,
    judge,
    kernel_of,
    parts_of,
    remembered,
    surprise_of,
)
from chalicelib.domain.watch_record import TrainingRefused

Mask = NDArray[np.bool_]

LAGS = 2
FOLDS = 5
LEAST_ROWS = 200
LEAST_POINTS = 2
ROWS_A_COLUMN = 4  # rows to each lagged column, at least
STATE_CORRELATION = 0.5  # directions of the past that foretell less than this are left out of the state
RIDGE_PAST, RIDGE_PRESENT, RIDGE_NOISE = 0.1, 0.1, 0.003  # shrinkage of each covariance to its mean variance
SIGMAS = 4.5  # how far out a limit lies, in standard deviations of a normal variable
# The distance is a net for what is gross: normal operation wanders, further than a training period shows.
SIGMAS_OF_DISTANCE = 6.0
STILL = 1e-9  # a point that moves less than this part of its size is no part of a model


@dataclass(frozen=True, eq=False)
class _Fit:
    centre: Array
    scale: Array
    predict: Array
    whiten: Array
    whiten_rows: Array

    def surprise(self, rows: Array) -> Array:
        """(n - LAGS, 2 * d) of rows (n, d), noise and distance; NaN where a row or one before it is not known."""
        scaled = (rows - self.centre) / self.scale
        return surprise_of(kernel_of(self.predict, self.whiten, self.whiten_rows), _lagged(scaled))


def rows_needed(points: int) -> int:
    return max(LEAST_ROWS, ROWS_A_COLUMN * LAGS * points)


def moving(rows: Array) -> list[int]:
    """The columns of known rows that change at all: a value that never moved says nothing about how it moves."""
    known = rows[_known(rows)]
    return [int(at) for at in np.flatnonzero(known.std(axis=0) > STILL * np.abs(known).max(axis=0))]


def train(
    rows: Array, points: Sequence[str], dimensions: Sequence[Dimension], *, interval_ms: int
) -> tuple[WatchModel, float]:
    """A model of normal rows (n, d), one each `interval_ms`, and the share of rows alarmed in cross-validation.

    A row with a value missing (NaN) is a gap: neither it nor the rows that need it are trained on. Raises TrainingRefused for too few
    points or known rows.
    """
    is_known = _known(rows)
    _check(rows, is_known)
    noise, distance = _held_out(rows, is_known)
    usual = (noise**2).mean(axis=0)
    fit = _fit(rows, is_known)
    kind = WatchModel(
        tuple(points),
        tuple(dimensions),
        interval_ms,
        LAGS,
        fit.centre,
        fit.scale,
        fit.predict,
        fit.whiten,
        fit.whiten_rows,
        usual,
        limits=np.empty((0, 0)),
    )
    statistics = _statistics(noise, distance, usual, kind.groups)
    limits = _limits(statistics)
    return replace(kind, limits=limits), _alarmed_share((statistics[:, 0] > limits[0]).any(axis=1))


def alarmed_share(model: WatchModel, rows: Array) -> float:
    """The share of rows (n, d) that a fresh watch would alarm, of those that it can judge; NaN rows are gaps."""
    is_known = _known(rows)
    state, verdicts = fresh_state(model), []
    for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(is_known)) + 1):
        if not is_known[run].all():
            state = interrupted(state)
            continue
        state, some = judge(model, state, rows[run])
        verdicts += [verdict for verdict in some if verdict.level is not None]
    return sum(verdict.is_past for verdict in verdicts) / len(verdicts) if verdicts else 0.0


def _known(rows: Array) -> Mask:
    return np.asarray(np.isfinite(rows).all(axis=1))


def _whole(is_known: Mask) -> Mask:
    """(n - LAGS,): whether a row and all the rows before it that it needs are known."""
    return np.asarray(np.all([is_known[LAGS - lag : len(is_known) - lag] for lag in range(LAGS + 1)], axis=0))


def _check(rows: Array, is_known: Mask) -> None:
    width, needed = rows.shape[1], rows_needed(rows.shape[1])
    if width < LEAST_POINTS:
        raise TrainingRefused("too_few_points", str(width), needed=LEAST_POINTS)
    if (count := int(is_known.sum())) < needed or int(_whole(is_known).sum()) < needed - LAGS:
        raise TrainingRefused("too_few_rows", str(count), needed=needed)


def _lagged(scaled: Array) -> Array:
    """(n - LAGS, (1 + LAGS) * d): each row from LAGS on and the rows before it, newest first."""
    return np.hstack([scaled[LAGS - lag : len(scaled) - lag] for lag in range(LAGS + 1)])


def _fit(rows: Array, is_known: Mask) -> _Fit:
    """Canonical variates of the known rows."""
    centre, spread = rows[is_known].mean(axis=0), rows[is_known].std(axis=0, ddof=1)
    scale = np.where(spread > 0.0, spread, 1.0)  # what moves at all may stand still in all blocks but one
    scaled = (rows - centre) / scale
    whole = _whole(is_known)
    present, past = np.split(_lagged(scaled)[whole], [rows.shape[1]], axis=1)
    count = len(present)
    whiten_past = _inverse_root(past.T @ past / count, RIDGE_PAST)
    whiten_present = _inverse_root(present.T @ present / count, RIDGE_PRESENT)
    _, correlations, directions = np.linalg.svd(whiten_present @ (present.T @ past / count) @ whiten_past)
    states = max(1, int((correlations > STATE_CORRELATION).sum()))
    to_state = whiten_past @ directions[:states].T
    state = past @ to_state
    predict = to_state @ np.linalg.lstsq(state, present)[0]
    noise = present - past @ predict
    whiten = _inverse_root(noise.T @ noise / count, RIDGE_NOISE)
    return _Fit(centre, scale, predict, whiten, whiten_present)


def _inverse_root(covariance: Array, ridge: float) -> Array:
    """The symmetric inverse root of a covariance shrunk to its mean variance. Of all that whiten it stays closest to the variables
    themselves (Kessy, Lewin & Strimmer, The American Statistician 72, 2018), so that whitened noise still belongs to its point."""
    values, vectors = np.linalg.eigh(covariance)
    shrunk = (1.0 - ridge) * np.maximum(values, 0.0) + ridge * values.mean()
    return np.asarray((vectors / np.sqrt(shrunk)) @ vectors.T)


def _held_out(rows: Array, is_known: Mask) -> tuple[Array, Array]:
    """Noise and distance (m, d), of the m whole rows: each block's under the model of the other blocks."""
    found = np.empty((len(rows) - LAGS, 2 * rows.shape[1]))
    for block in np.array_split(np.arange(len(rows)), FOLDS):
        is_other = is_known.copy()
        is_other[block] = False
        first, last = max(int(block[0]), LAGS), int(block[-1]) + 1
        found[first - LAGS : last - LAGS] = _fit(rows, is_other).surprise(rows[first - LAGS : last])
    noise, distance = np.hsplit(found[_whole(is_known)], 2)
    return noise, distance


def _statistics(noise: Array, distance: Array, usual: Array, groups: Array) -> Array:
    """(n, groups, STATISTICS) of rows of noise and distance, as the watch goes through them."""
    fresh = np.concatenate((np.zeros((len(MEAN_MEMORIES), noise.shape[1])), np.tile(usual, (len(SQUARE_MEMORIES), 1))))
    parts = parts_of(*remembered(fresh, noise), distance)
    return np.asarray(groups @ np.swapaxes(parts, 1, 2))


def _limits(statistics: Array) -> Array:
    """So many sigmas out on the gamma distribution with the mean and variance that each statistic has (Wilson & Hilferty, PNAS 17, 1931).

    Smoother than a quantile: a slow memory has few independent values in a training period.
    """
    mean, variance = statistics.mean(axis=0), statistics.var(axis=0)
    ninth = variance / (9.0 * mean**2)
    sigmas = np.array([SIGMAS] * (STATISTICS - 1) + [SIGMAS_OF_DISTANCE])
    return np.asarray(mean * (1.0 - ninth + sigmas * np.sqrt(ninth)) ** 3)


def _alarmed_share(is_past: Mask) -> float:
    alarmed = np.all([is_past[lag : len(is_past) - ON_DELAY + 1 + lag] for lag in range(ON_DELAY)], axis=0)
    return float(alarmed.sum()) / len(is_past)
