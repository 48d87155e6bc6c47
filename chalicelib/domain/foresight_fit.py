"""Learn a region's foresight from its history: penalised logistic regression on top of climatology, back-tested and calibrated.

Imports numpy: only what learns imports this module.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
import numpy.typing as npt

from chalicelib.domain.climatology import Cell, Climatology, cell_of, climatology
from chalicelib.domain.foresight import OUTERMOST, Model, expit
from chalicelib.domain.foresight_features import FEATURES, features
from chalicelib.domain.weather import Weather, hour_of

Array = npt.NDArray[np.float64]
PENALTY = 4.0  # a normal prior on each standardised weight, mean 0 and standard deviation 1/2
ROUNDS = 50
CLOSE = 1e-8
RAREST = 1e-9
LEAST_SCALE = 0.5  # what was seen in a few hours only is not blown up; features are of order 1


@dataclass(frozen=True)
class History:
    """Observed hours by rising time: when, the cell, the features (n x k), and whether a warning opened."""

    hours_ms: npt.NDArray[np.int64]
    cells: tuple[Cell, ...]
    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.cells)

    def part(self, mask: npt.NDArray[np.bool_]) -> "History":
        cells = tuple(cell for cell, kept in zip(self.cells, mask, strict=True) if kept)
        return History(self.hours_ms[mask], cells, self.x[mask], self.y[mask])

    def climatology(self) -> Climatology:
        return climatology(zip(self.cells, map(bool, self.y), strict=True))


def history(weather: Weather, onsets_ms: Iterable[int], from_ms: int, to_ms: int, zone: tzinfo) -> History:
    """The hours of from_ms <= t < to_ms whose temperature and wind were observed."""
    opened = {hour_of(onset_ms) for onset_ms in onsets_ms}
    hours = sorted(hour_ms for hour_ms in weather if from_ms <= hour_ms < to_ms)
    known = [(hour_ms, given) for hour_ms in hours if (given := features(hour_ms, weather)) is not None]
    return History(
        np.array([hour_ms for hour_ms, _ in known], dtype=np.int64),
        tuple(cell_of(hour_ms, zone) for hour_ms, _ in known),
        np.array([given for _, given in known], dtype=np.float64).reshape(-1, len(FEATURES)),
        np.array([hour_ms in opened for hour_ms, _ in known], dtype=np.float64),
    )


def fit(known: History) -> tuple[Climatology, Model]:
    """Climatology and an uncalibrated model. With thin data the weights stay near 0: the base rate is the prior."""
    base = known.climatology()
    means, scales = known.x.mean(axis=0), np.maximum(known.x.std(axis=0), LEAST_SCALE)
    z = np.clip((known.x - means) / scales, -OUTERMOST, OUTERMOST)
    design = np.column_stack([np.ones(len(known)), z])
    weights = irls(design, known.y, offset=logits(base, known.cells))
    model = Model(float(weights[0]), _floats(weights[1:]), _floats(means), _floats(scales), (0.0, 1.0))
    return base, model


def predict(base: Climatology, model: Model, known: History) -> Array:
    rates = [base.rate(cell) for cell in known.cells]
    return np.array([model.probability(rate, given) for rate, given in zip(rates, known.x.tolist(), strict=True)])


def calibrate(probabilities: Array, y: Array) -> tuple[float, float]:
    """Platt's (a, b) of logit p' = a + b * logit p, drawn towards (0, 1) where data are thin."""
    given = _logit(probabilities)
    a, b = irls(np.column_stack([np.ones(len(y)), given]), y, offset=given)
    return float(a), float(1 + b)


def calibrated(probabilities: Array, calibration: tuple[float, float]) -> Array:
    a, b = calibration
    return np.array([expit(one) for one in a + b * _logit(probabilities)])


def irls(design: Array, y: Array, offset: Array, penalty: float = PENALTY) -> Array:
    """Weights that maximise the penalised likelihood of a logistic regression (n x k), by iteratively reweighted least squares
    with halved steps. Hastie, Tibshirani and Friedman (2009), 4.4.1."""
    weights = np.zeros(design.shape[1])
    loss = _loss(weights, design, y, offset, penalty)
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-(offset + design @ weights)))
        gradient = design.T @ (y - p) - penalty * weights
        curvature = (design.T * (p * (1 - p))) @ design + penalty * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        while (after := _loss(weights + step, design, y, offset, penalty)) > loss + CLOSE and np.abs(
            step
        ).max() > CLOSE:
            step = step / 2
        weights, loss = weights + step, after
        if np.abs(step).max() < CLOSE:
            break
    return weights


def _loss(weights: Array, design: Array, y: Array, offset: Array, penalty: float) -> float:
    eta = offset + design @ weights
    return float(np.sum(np.logaddexp(0, eta) - y * eta) + penalty / 2 * weights @ weights)


def logits(base: Climatology, cells: Iterable[Cell]) -> Array:
    return _logit(np.array([base.rate(cell) for cell in cells]))


def _logit(probabilities: Array) -> Array:
    p = np.clip(probabilities, RAREST, 1 - RAREST)
    found: Array = np.log(p / (1 - p))
    return found


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
