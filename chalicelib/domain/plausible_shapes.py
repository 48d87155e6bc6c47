"""Stretches of a signal that no live instrument gives: flat lines, clipped ceilings, digits that repeat.

Only signals that move at least at every second reading are judged: set points, idle devices and coarse instruments stand still by nature.

How often honest signals are marked. `RARE` bounds the expected number of chance finds in a window, under independent readings. Readings of a
plant are not independent, so a flat line must also be five times as long as all but one in a hundred of the signal's own pauses, and a copy
twice as long as chance needs. A ceiling: of any density that does not rise towards its end, the last bin holds no more than the one before it
but for chance; twenty readings and five times as many are beyond one in ten thousand.
"""

from collections.abc import Iterator
from math import ceil, log

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from chalicelib.domain.mark import Mark, MarkKind
from chalicelib.domain.signal import Mask, Signal, Values, runs, step_starts

RARE = 1e-6
MOVES = 0.5  # the largest share of readings that repeat the one before
LEAST_STEPS = 50
PAUSES = 5.0
CEILING_READINGS = 20
CEILING_TIMES = 5.0
CEILING_BINS = 5
CEILING_VISITS = 3
MAX_PLACES = 3
LEAST_COPY = 12
COPY_CHANCE = 0.25  # that two moves are the same: above it the instrument shows too few levels to tell a copy


def find(one: Signal) -> list[Mark]:
    """The marks of a signal that was rid of single wrong readings."""
    starts = step_starts(one.values)
    if len(starts) < LEAST_STEPS:
        return []
    lengths = np.diff(np.concatenate((starts, [len(one)])))
    usual_pause = float(np.percentile(lengths, 99))
    pauses = lengths > PAUSES * usual_pause
    moving = float(1.0 - np.count_nonzero(~pauses) / lengths[~pauses].sum())
    if moving > MOVES:
        return []
    return [
        *_flat_lines(one, starts, lengths, moving, usual_pause),
        *_clipping(one),
        *_same_fractions(one, starts),
        *_copies(one, starts),
    ]


def _flat_lines(
    one: Signal, starts: NDArray[np.intp], lengths: NDArray[np.intp], repeats: float, usual_pause: float
) -> Iterator[Mark]:
    """`repeats` is the share of readings that repeat the one before, outside of long pauses. Zero may be an idle device."""
    chance = max(repeats, 1.0 / len(one))
    rare = 1.0 + log(RARE / len(one)) / log(chance)
    for at in np.flatnonzero(lengths > max(rare, PAUSES * usual_pause)):
        first, count = int(starts[at]), int(lengths[at])
        if one.values[first] != 0.0:
            yield one.mark(
                MarkKind.FLAT_LINE, first, first + count - 1, value=one.values[first], readings_usual=usual_pause,
                chance_log10=(count - 1) * np.log10(chance),
            )  # fmt: skip


def _clipping(one: Signal) -> Iterator[Mark]:
    top = float(one.values.max())
    at_top = one.values == top
    levels = np.unique(one.values)
    visits = runs(at_top)
    if at_top.sum() < CEILING_READINGS or len(visits) < CEILING_VISITS or len(levels) <= CEILING_BINS:
        return
    bin_width = float(np.diff(levels).min())
    below = one.values[(one.values < top) & (one.values >= top - (CEILING_BINS + 0.5) * bin_width)]
    counts = np.bincount(np.round((top - below) / bin_width).astype(np.intp), minlength=CEILING_BINS + 1)
    if at_top.sum() >= CEILING_TIMES * max(1, counts[1:].max()):
        for first, last in visits:
            yield one.mark(
                MarkKind.CEILING_CLIPPING, first, last, value=top, readings_at_ceiling=at_top.sum(),
                readings_next_below=counts[1:].max(),
            )  # fmt: skip


def _same_fractions(one: Signal, starts: NDArray[np.intp]) -> Iterator[Mark]:
    """Stretches in which the whole part changes and the fraction does not. A fraction of zero is a coarse instrument."""
    steps = one.values[starts]
    places = next((n for n in range(MAX_PLACES + 1) if np.allclose(steps, np.round(steps, n), rtol=0, atol=1e-9)), None)
    if not places:
        return
    digits = np.round(np.abs(steps) * 10**places).astype(np.int64)
    whole, fraction = np.divmod(digits, 10**places)
    same = (np.diff(fraction) == 0) & (np.diff(whole) != 0) & (fraction[1:] != 0)
    for first, last in runs(same):
        others = np.delete(fraction, slice(first, last + 2))
        chance = max(10.0**-places, float(np.mean(others == fraction[first])) if len(others) >= LEAST_STEPS else 0.0)
        count = last - first + 1
        if len(steps) * chance**count < RARE:
            until = int(starts[last + 2]) - 1 if last + 2 < len(starts) else len(one) - 1
            yield one.mark(
                MarkKind.IDENTICAL_DECIMALS, int(starts[first]), until, fraction=fraction[first] / 10.0**places,
                changes=count, chance_log10=count * np.log10(chance),
            )  # fmt: skip


def _copies(one: Signal, starts: NDArray[np.intp]) -> Iterator[Mark]:
    """Stretches whose values stood there before, one by one: a recording played again, a value table copied. Not of smooth signals,
    whose moves follow from each other: only noise never comes the same way twice."""
    steps = one.values[starts]
    changes = np.round(np.diff(steps), 9)
    shares = np.unique(changes, return_counts=True)[1] / len(changes)
    chance = float((shares**2).sum())  # that two changes are the same
    smooth = np.median(np.abs(np.diff(changes))) < np.median(np.abs(changes))
    if chance > COPY_CHANCE or smooth:
        return
    least = max(LEAST_COPY, 2 * ceil(log(RARE / len(steps) ** 2) / log(chance)))
    for first, last in runs(_seen_before(steps, least)):
        until = int(starts[last + 1]) - 1 if last + 1 < len(starts) else len(one) - 1
        yield one.mark(
            MarkKind.IDENTICAL_DECIMALS, int(starts[first]), until, values_copied=last - first + 1,
            chance_log10=(last - first) * np.log10(chance),
        )  # fmt: skip


def _seen_before(steps: Values, least: int) -> Mask:
    """Which values belong to a stretch of `least` values that came earlier, without overlap, in the same order."""
    found = np.zeros(len(steps), dtype=np.bool_)
    if len(steps) < 2 * least:
        return found
    earlier: dict[bytes, int] = {}
    for at, window in enumerate(sliding_window_view(steps, least)):
        if at - earlier.setdefault(window.tobytes(), at) >= least:
            found[at : at + least] = True
    return found
