"""Decoupling: an emission rises without its cause, which is how a failing treatment looks.

An episode opens when SUSTAINED samples in a row stand above what the law of each of the emission's causes allows, and ends with SUSTAINED in
a row under half of that. Samples that are missing, or of a cause outside the range that its law knows, neither count nor break a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.coupling_law import SUSTAINED
from chalicelib.domain.law import Law

Array = NDArray[np.float64]
CALM = 0.5  # of what is allowed


@dataclass(frozen=True, slots=True)
class Episode:
    """`ended_ms` None: it goes on. At its confirmation: the response's mean over the samples that opened it, what the law expects and at
    most allows then, its cause, and where the cause was just before (None: not known)."""

    onset_ms: int
    confirmed_ms: int
    ended_ms: int | None
    law: Law
    response: float
    expected: float
    allowed: float
    cause: float
    cause_before: float | None

    def overlaps(self, onset_ms: int, ended_ms: int | None) -> bool:
        return (ended_ms is None or self.onset_ms <= ended_ms) and (self.ended_ms is None or onset_ms <= self.ended_ms)


@dataclass(frozen=True, slots=True)
class _Row:
    """A law on the grid: the cause as it was a lag ago, where that is beyond what the law knows, and the residual as a share of what is
    allowed (NaN: not known)."""

    law: Law
    cause: Array
    beyond: NDArray[np.bool_]
    share: Array


def find_episodes(laws: Sequence[Law], columns: Mapping[str, Array], from_ms: int, step_ms: int) -> tuple[Episode, ...]:
    """Episodes of one response, oldest first. laws: all of that response, at least one; columns: its and the causes' values by
    point, on one grid of `step_ms` from `from_ms` on, NaN where missing."""
    response = columns[laws[0].response.point_id]
    rows = [_row(law, columns[law.cause.point_id], response, step_ms) for law in laws]
    beyond = np.logical_or.reduce([row.beyond for row in rows])
    share = np.where(beyond, np.nan, np.fmin.reduce([row.share for row in rows]))
    best = max(rows, key=lambda row: row.law.fit.r2)
    return tuple(
        _episode(run, ended, best, response, from_ms, step_ms) for run, ended in _runs(share) if _speaks(best, run)
    )


def _row(law: Law, cause: Array, response: Array, step_ms: int) -> _Row:
    fit = law.fit
    lagged = np.full(len(cause), np.nan)
    steps = round(fit.lag_ms / step_ms)
    lagged[steps:] = cause[: len(cause) - steps]
    residual = np.log(np.where(response > 0.0, response, np.nan)) - fit.intercept - fit.slope * lagged
    return _Row(law, lagged, (lagged < fit.valid_from) | (lagged > fit.valid_to), residual / fit.allowance)


def _runs(share: Array) -> list[tuple[list[int], int | None]]:
    """(the samples that opened it, the first sample after it) of each episode."""
    found: list[tuple[list[int], int | None]] = []
    opening: list[int] = []
    calm: list[int] = []
    for at in np.flatnonzero(~np.isnan(share)).tolist():
        if len(opening) < SUSTAINED:
            opening = [*opening, at] if share[at] > 1.0 else []
        else:
            calm = [*calm, at] if share[at] < CALM else []
        if len(calm) == SUSTAINED:
            found.append((opening, calm[0]))
            opening, calm = [], []
    return [*found, (opening, None)] if len(opening) == SUSTAINED else found


def _speaks(row: _Row, run: list[int]) -> bool:
    return not np.isnan(row.cause[run[-1]])


def _episode(run: list[int], ended: int | None, row: _Row, response: Array, from_ms: int, step_ms: int) -> Episode:
    fit, cause = row.law.fit, float(row.cause[run[-1]])
    expected = exp(fit.intercept + fit.slope * cause)
    before = row.cause[max(run[0] - SUSTAINED, 0) : run[0]]
    known = before[~np.isnan(before)]
    return Episode(
        onset_ms=from_ms + run[0] * step_ms,
        confirmed_ms=from_ms + (run[-1] + 1) * step_ms,
        ended_ms=None if ended is None else from_ms + ended * step_ms,
        law=row.law,
        response=float(np.exp(np.mean(np.log(response[run])))),
        expected=expected,
        allowed=expected * exp(fit.allowance),
        cause=cause,
        cause_before=float(np.median(known)) if len(known) else None,
    )
