"""Single readings that cannot be true: flagged or missing ones, out of range, shifted decimals, spikes.

How often honest signals are marked (measured over 400,000 independent readings each). A decimal shift: a reading must lie at 10 or 100
times the median of its neighbours, or a tenth or hundredth of it, within a factor of 1.3, while half of the neighbours are within a quarter of that
median. Normal noise of 20 % of the level: one reading in 100,000; of 30 %: one in 1,000; of 40 %: six in 1,000. A spike: 30 times the median move
away from both sides, which agree. Normal noise: none; Student's t with three degrees of freedom: one in 20,000.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chalicelib.domain.mark import Mark, MarkKind
from chalicelib.domain.signal import Mask, Signal, Values, runs

SIDES = (2, 3, 5, 10)  # neighbours to either side: a shift may last for some readings
SHIFT_WIDTH = 0.12  # of log10
NEIGHBOURS_AGREE = 0.1  # median distance from their median, of log10
SPIKE_STEPS = 30.0
LEAST_SPIKE = 1.0  # of the level, for instruments whose last digit hardly moves
SPIKE_SIDE = 3
LEAST_READINGS = 8


def find(one: Signal) -> tuple[list[Mark], Mask]:
    """The marks, and which readings they doubt."""
    not_a_number = ~one.normal
    low, high = one.plausible
    out = one.normal & ((one.values < low) | (one.values > high))
    wrong = not_a_number | out
    shift, level = _decimal_shifts(one.values, ~wrong)
    wrong |= shift
    spike = _unreachable(one, ~wrong)
    marks = [
        *(one.mark(MarkKind.NOT_A_NUMBER, *run) for run in runs(not_a_number)),
        *(one.mark(MarkKind.OUT_OF_RANGE, *run, value=_furthest(one, run)) for run in runs(out)),
        *_shift_marks(one, shift, level),
        *(one.mark(MarkKind.IMPOSSIBLE_RATE, *run, value=one.values[run[0]]) for run in runs(spike)),
    ]
    return marks, wrong | spike


def _furthest(one: Signal, run: tuple[int, int]) -> float:
    part = one.values[run[0] : run[1] + 1]
    return float(part[np.argmax(np.abs(part))])


def _shift_marks(one: Signal, shift: Mask, level: Values) -> Iterator[Mark]:
    """One mark for each run of readings that were shifted by as many places."""
    places = np.where(shift, np.round(np.log10(np.abs(one.values), where=shift, out=np.zeros(len(one))) - level), 0)
    for count in (-2, -1, 1, 2):
        for first, last in runs(places == count):
            expected = 10.0 ** float(level[first])
            yield one.mark(
                MarkKind.DECIMAL_SHIFT, first, last, value=one.values[first], neighbours=expected, places=count
            )


def _decimal_shifts(values: Values, usable: Mask) -> tuple[Mask, Values]:
    """(readings that are off by a power of ten, log10 of the level of their neighbours). The sign may be lost as well."""
    shift, level = np.zeros(len(values), dtype=np.bool_), np.zeros(len(values))
    at = np.flatnonzero(usable & (values != 0.0))
    logs = np.log10(np.abs(values[at]))
    if len(at) < LEAST_READINGS or np.ptp(logs) < 1.0 - SHIFT_WIDTH:
        return shift, level
    for side in (side for side in SIDES if side < len(at)):
        found, usual = _off_by_ten(logs, side)
        new = found & ~shift[at]
        level[at[new]] = usual[new]
        shift[at[new]] = True
    return shift, level


def _off_by_ten(logs: Values, side: int) -> tuple[Mask, Values]:
    around = np.concatenate(_sides(logs, side), axis=1)
    level = np.median(around, axis=1)
    away = logs - level
    places = np.round(away)
    near = (np.abs(places) >= 1) & (np.abs(places) <= 2) & (np.abs(away - places) < SHIFT_WIDTH)
    agree = np.median(np.abs(around - level[:, np.newaxis]), axis=1) < NEIGHBOURS_AGREE
    return np.logical_and(near, agree), level


def _sides(values: Values, side: int) -> tuple[Values, Values]:
    """The `side` values before each and after each; at the ends those of the other side stand in."""
    windows = sliding_window_view(np.pad(values, side, mode="reflect"), 2 * side + 1)
    return windows[:, :side], windows[:, side + 1 :]


def _unreachable(one: Signal, usable: Mask) -> Mask:
    """Readings that jump away from both their neighbours and back, or come faster than the indicator's rate allows."""
    found = np.zeros(len(one), dtype=np.bool_)
    at = np.flatnonzero(usable)
    values = one.values[at]
    if one.max_rate_per_s is not None and len(at) > 1:
        elapsed_s = np.diff(one.times_ms[at]) / 1000.0
        found[at[1:]] = np.abs(np.diff(values)) > one.max_rate_per_s * elapsed_s
    if len(at) >= LEAST_READINGS:
        found[at[_spikes(values)]] = True
    return found


def _spikes(values: Values) -> Mask:
    steps = np.abs(np.diff(values))
    if not steps.any():
        return np.zeros(len(values), dtype=np.bool_)
    usual = float(np.median(steps[steps > 0.0]))
    left, right = (np.median(part, axis=1) for part in _sides(values, SPIKE_SIDE))
    away = np.minimum(np.abs(values - left), np.abs(values - right))
    limit = np.maximum(SPIKE_STEPS * usual, LEAST_SPIKE * np.abs(left + right) / 2.0)
    found: Mask = (away > limit) & (np.abs(left - right) < away / 4.0)
    return found
