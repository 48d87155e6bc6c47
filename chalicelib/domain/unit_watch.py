"""The watch over one unit: whether all its points together still behave as in its normal operation.

A canonical variate model (Larimore 1983; Russell, Chiang & Braatz, "Data-driven Methods for Fault Detection and Diagnosis in
Chemical Processes", 2000, ch. 7) predicts the next row from the past ones. What it cannot predict is whitened, so that in normal
operation it is noise of variance one, a number a point; its square is the residual T2. That is watched with several memories
at once (MEWMA; Lowry et al., Technometrics 34, 1992): the mean of the noise shows offsets and drifts, the mean of its squares shows
restlessness and sticking. What was foretold is watched too, as how far the row stands from normal rows (T2): an abnormality that has
come to rest surprises nobody any more. Each statistic is a sum over points, so that it can be read for a dimension, and a point's part in it.

A verdict uses rows up to its own only. Where rows are cut makes no difference. Trained by watch_training.py, kept by watch_codec.py.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.dimension import Dimension

Array = NDArray[np.float64]

MEAN_MEMORIES = (0.3, 0.1, 0.05)  # weights of the newest row: about 3, 10 and 20 rows are remembered
SQUARE_MEMORIES = (1.0, 0.3, 0.1, 0.05)
_OF_MEANS = np.array(MEAN_MEMORIES)[:, None]
_OF_SQUARES = np.array(SQUARE_MEMORIES)[:, None]
_OF_ALL = np.concatenate((_OF_MEANS, _OF_SQUARES))
STATISTICS = len(MEAN_MEMORIES) + len(SQUARE_MEMORIES) + 1  # and the distance
ON_DELAY = 2  # rows past a limit in a row before there is an alarm
OFF_DELAY = 5  # rows within all limits before it ends
# A wild value must not fill the memories for hours after it: a point's part is cut off here, far past every limit.
LARGEST_NOISE = 8.0
# What leaves normal operation in one dimension shows a little in the others, since each point helps to foretell the rest. Only a
# dimension with so large a part in the whole has left by itself.
OWN_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class WatchModel:
    """d points, p lags. `dimensions` says each point's. `predict` (p * d, d) takes scaled past rows, newest first, to the next scaled row;
    `whiten` (d, d) does so to what was not foretold, `whiten_rows` (d, d) to rows themselves, both symmetric; `usual_squares` (d,) is the noise's mean square on rows that were not trained on.

    `limits` (1 + number of dimensions there are, STATISTICS): of all points, then of each dimension in the order of `own_dimensions`.
    """

    points: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    interval_ms: int
    lags: int
    centre: Array
    scale: Array
    predict: Array
    whiten: Array
    whiten_rows: Array
    usual_squares: Array
    limits: Array

    @cached_property
    def kernel(self) -> Array:
        return kernel_of(self.predict, self.whiten, self.whiten_rows)

    @cached_property
    def own_dimensions(self) -> tuple[Dimension, ...]:
        return tuple(one for one in Dimension if one in self.dimensions)

    @cached_property
    def groups(self) -> Array:
        """(1 + dimensions, d): which points a statistic sums."""
        own = [[1.0 if mine is one else 0.0 for mine in self.dimensions] for one in self.own_dimensions]
        return np.array([[1.0] * len(self.points), *own])


@dataclass(frozen=True, eq=False)
class WatchState:
    """What a watch remembers: the last scaled rows, newest first (p, d), of which `seen` are real, the two memories
    (memories, d), and how many rows past a limit, and within all, came one after the other."""

    past: Array
    seen: int
    means: Array
    squares: Array
    hot: int = 0
    calm: int = 0
    is_alarmed: bool = False


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """`level` is the highest statistic over its limit: 1 at the limit; None: too few rows yet. `is_past`: this row and enough before
    it are past a limit. `is_alarmed` holds on until the unit has been calm for a while.

    Past a limit, `shares` are the points' parts in the highest statistic, summing to 1, and `dimensions` has each dimension's own level,
    and its share. Within all limits both are empty.
    """

    level: float | None
    is_past: bool
    is_alarmed: bool
    dimensions: tuple[tuple[Dimension, float, float], ...] = ()
    shares: tuple[tuple[str, float], ...] = ()

    @property
    def abnormal(self) -> frozenset[Dimension]:
        """The dimensions that have left normal operation: those past a limit of their own with a share of their own; where there is
        none, it is the relation between dimensions that broke, and the one with the largest share stands for it."""
        own = {name for name, level, share in self.dimensions if level > 1.0 and share >= OWN_SHARE}
        largest = max(self.dimensions, key=lambda one: one[2], default=None)
        return frozenset(own or ({largest[0]} if largest else ()))


def fresh_state(model: WatchModel) -> WatchState:
    width = len(model.points)
    squares = np.tile(model.usual_squares, (len(SQUARE_MEMORIES), 1))
    return WatchState(np.zeros((model.lags, width)), 0, np.zeros((len(MEAN_MEMORIES), width)), squares)


def interrupted(state: WatchState) -> WatchState:
    """After a gap: the rows before it foretell nothing, and what came in a row is broken off. The memories stay, and so does an alarm."""
    return replace(state, seen=0, hot=0, calm=0)


def judge(model: WatchModel, state: WatchState, rows: Array) -> tuple[WatchState, list[RowVerdict]]:
    """Fold rows (n, d), in the points' own units, into the state; a verdict for each. Raises ValueError for rows that are not finite."""
    if rows.ndim != 2 or rows.shape[1] != len(model.points) or not np.isfinite(rows).all():
        raise ValueError("rows of other points, or with values missing")
    newest_first = np.concatenate((((rows - model.centre) / model.scale)[::-1], state.past))
    unready = min(max(model.lags - state.seen, 0), len(rows))  # they have not enough rows before them
    verdicts = [RowVerdict(None, False, state.is_alarmed)] * unready
    past, seen = newest_first[: model.lags], min(state.seen + unready, model.lags)
    if unready == len(rows):
        return replace(state, past=past, seen=seen), verdicts
    ends = range(len(rows) - unready - 1, -1, -1)
    # Row by row: a product of many rows at once may differ in its last digit, and cuts must make no difference.
    surprises = np.array([surprise_of(model.kernel, newest_first[at : at + model.lags + 1].reshape(-1)) for at in ends])
    noise, distance = np.split(surprises, 2, axis=1)
    means, squares = remembered(np.concatenate((state.means, state.squares)), noise)
    parts = parts_of(means, squares, distance)
    levels = parts.sum(axis=2) / model.limits[0]
    after = replace(state, past=past, seen=seen, means=means[-1], squares=squares[-1])
    return _verdicts(model, after, parts, levels, verdicts)


def _verdicts(
    model: WatchModel, state: WatchState, parts: Array, levels: Array, verdicts: list[RowVerdict]
) -> tuple[WatchState, list[RowVerdict]]:
    hot, calm, alarmed = state.hot, state.calm, state.is_alarmed
    tops = levels.max(axis=1)
    explanations = _explanations(model, parts, levels) if tops.max() > 1.0 else []
    for at, level in enumerate(tops.tolist()):
        hot, calm = (hot + 1, 0) if level > 1.0 else (0, calm + 1)
        alarmed = hot >= ON_DELAY or (alarmed and calm < OFF_DELAY)
        why = explanations[at] if hot else ((), ())
        verdicts.append(RowVerdict(level, hot >= ON_DELAY, alarmed, *why))
    return replace(state, hot=hot, calm=calm, is_alarmed=alarmed), verdicts


Explanation = tuple[tuple[tuple[Dimension, float, float], ...], tuple[tuple[str, float], ...]]


def _explanations(model: WatchModel, parts: Array, levels: Array) -> list[Explanation]:
    """Of each row its dimensions and its points' shares in its highest statistic."""
    own = model.groups[1:].T
    worst = parts[np.arange(len(parts)), levels.argmax(axis=1)]
    shares = worst / worst.sum(axis=1, keepdims=True)
    tops = (np.swapaxes(parts @ own, 1, 2) / model.limits[1:]).max(axis=2).tolist()
    owned = (shares[:, np.newaxis] @ own)[:, 0].tolist()
    return [
        (tuple(zip(model.own_dimensions, top, part, strict=True)), tuple(zip(model.points, share, strict=True)))
        for top, part, share in zip(tops, owned, shares.tolist(), strict=True)
    ]


def remembered(now: Array, noise: Array) -> tuple[Array, Array]:
    """(n, memories of the mean, d) and (n, memories of the square, d): both after each row of noise (n, d). `now`: all of them before."""
    aims = np.concatenate(
        (_repeated(noise, len(MEAN_MEMORIES)), _repeated(noise * noise, len(SQUARE_MEMORIES))), axis=1
    )
    found = np.empty_like(aims)
    for at, aim in enumerate(aims):
        now = now + _OF_ALL * (aim - now)
        found[at] = now
    return found[:, : len(MEAN_MEMORIES)], found[:, len(MEAN_MEMORIES) :]


def _repeated(rows: Array, times: int) -> Array:
    return np.repeat(rows[:, np.newaxis], times, axis=1)


def kernel_of(predict: Array, whiten: Array, whiten_rows: Array) -> Array:
    """((1 + p) * d, 2 * d): what takes a row and those before it to its noise and its distance, in one product."""
    noise = np.concatenate((whiten, -predict @ whiten))
    distance = np.concatenate((whiten_rows, np.zeros_like(predict)))
    return np.hstack((noise, distance))


def surprise_of(kernel: Array, rows: Array) -> Array:
    """(..., 2 * d) of scaled rows and those before them, newest first (..., (1 + p) * d): what of each row its past does not foretell,
    whitened, and how far it stands from the mean of normal rows, whitened. Both are cut off."""
    return np.asarray(np.minimum(np.maximum(rows @ kernel, -LARGEST_NOISE), LARGEST_NOISE))


def parts_of(means: Array, squares: Array, distance: Array) -> Array:
    """(..., STATISTICS, d): each point's part in each statistic. A mean is put on the scale of one row: its variance is about half its
    weight."""
    return np.concatenate((means * means / _OF_MEANS, squares, (distance * distance)[..., np.newaxis, :]), axis=-2)
