"""What the points of one unit say against each other: treatment that is off, emissions that ignore the load, flags that come with it.

How often honest units are marked. Treatment off: only where the unit demonstrably runs and the emission stands where it stands with treatment,
for ten minutes; a treatment whose loss makes no difference is marked, and rightly so. Emission flat: in an hour in which the load doubles, the
emission's spread is a tenth of its usual one; six other hours of the window must have shown that it moves. Flags with load: episodes, not
readings, are counted, as one fault flags many; at a fair coin of a quarter the binomial tail is under 1e-4, one in ten thousand points and windows.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.mark import NO_ROLES, Mark, MarkKind, Roles
from chalicelib.domain.signal import Mask, Signal, Values, runs

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
OFF_SHARE = 0.05  # of the treatment's usual power
RUNS_SHARE = 0.2  # of the usual load
OFF_MS = 10 * MINUTE_MS
LEAST_READINGS = 5
NORMAL_SHARE = 0.05
DOUBLES = 2.0
FLAT_SHARE = 0.1
LEAST_HOURS = 6
HIGH_LOAD = 75.0  # percentile
LEAST_EPISODES = 8
RARE = 1e-4


def find(known: Mapping[str, Signal], fit: Mapping[str, Signal], roles: Roles = NO_ROLES) -> list[Mark]:
    """The marks of a unit; `fit` has its signals without single wrong readings, `known` has them all."""
    load = fit.get(roles.load or "")
    if load is None or len(load) < LEAST_READINGS:
        return []
    power = fit.get(roles.treatment_power or "")
    emissions = [fit[name] for name in roles.emissions if name in fit and len(fit[name])]
    marks = [mark for one in known.values() if one.point_id != load.point_id for mark in _flags_with_load(one, load)]
    marks += [mark for one in emissions for mark in _flat_under_load(one, load)]
    if power is not None and len(power):
        marks += [mark for one in emissions for mark in _treatment_off(one, power, load)]
    return marks


def _at(one: Signal, times_ms: NDArray[np.int64]) -> Values:
    """The signal's last value at each instant, its first one before it began."""
    at: NDArray[np.intp] = np.maximum(np.searchsorted(one.times_ms, times_ms, side="right") - 1, 0)
    return np.take(one.values, at)


def _usual(values: Values) -> float:
    """The level of a device while it is on: the median of what is above a tenth of nearly the most."""
    on = values[values > 0.1 * np.percentile(values, 95)]
    return float(np.median(on)) if len(on) else 0.0


def _treatment_off(one: Signal, power: Signal, load: Signal) -> Iterator[Mark]:
    usual, usual_load = _usual(power.values), _usual(load.values)
    if usual <= 0.0 or usual_load <= 0.0:
        return
    runs_now = _at(load, one.times_ms) > RUNS_SHARE * usual_load
    is_off = _at(power, one.times_ms) < OFF_SHARE * usual
    treated = one.values[runs_now & ~is_off]
    if len(treated) < LEAST_READINGS:
        return
    level = float(np.median(treated))
    allowed = max(3.0 * float(np.median(np.abs(treated - level))), NORMAL_SHARE * abs(level))
    for first, last in runs(is_off & runs_now):
        now = float(np.median(one.values[first : last + 1]))
        lasts = one.times_ms[last] - one.times_ms[first] >= OFF_MS and last - first + 1 >= LEAST_READINGS
        if lasts and abs(now - level) <= allowed:
            yield one.mark(
                MarkKind.TREATMENT_OFF, first, last, power_share=_share(power, one.times_ms[first : last + 1], usual),
                load_share=_share(load, one.times_ms[first : last + 1], usual_load), emission=now, emission_treated=level,
            )  # fmt: skip


def _share(one: Signal, times_ms: NDArray[np.int64], usual: float) -> float:
    return float(np.median(_at(one, times_ms))) / usual


def _flat_under_load(one: Signal, load: Signal) -> Iterator[Mark]:
    """Hour by hour: the spread of the emission (10th to 90th percentile) against its spread in the window's other hours."""
    hours = one.times_ms // HOUR_MS
    starts = np.concatenate(([0], np.flatnonzero(np.diff(hours)) + 1, [len(one)]))
    parts = [(int(a), int(b) - 1) for a, b in pairwise(starts) if b - a >= LEAST_READINGS]
    spreads = np.array([_spread(one.values[first : last + 1]) for first, last in parts])
    for at, (first, last) in enumerate(parts):
        others = np.delete(spreads, at)
        usual = float(np.median(others)) if np.count_nonzero(others) >= LEAST_HOURS else 0.0
        low, high = np.percentile(_at(load, one.times_ms[first : last + 1]), (10, 90))
        if spreads[at] < FLAT_SHARE * usual and low > 0.0 and high >= DOUBLES * low:
            yield one.mark(
                MarkKind.EMISSION_FLAT_UNDER_LOAD, first, last, load_times=high / low, spread=spreads[at], spread_usual=usual
            )  # fmt: skip


def _spread(values: Values) -> float:
    low, high = np.percentile(values, (10, 90))
    return float(high - low)


def _flags_with_load(one: Signal, load: Signal) -> Iterator[Mark]:
    """Episodes of flags begin at high load more often than readings are taken there."""
    episodes = runs(~one.normal)
    if len(episodes) < LEAST_EPISODES:
        return
    loads = _at(load, one.times_ms)
    is_high: Mask = loads > np.percentile(loads, HIGH_LOAD)
    begins = [first for first, _ in episodes]
    high, share = int(is_high[begins].sum()), float(is_high.mean())
    chance = _tail(len(begins), high, share)
    if chance < RARE and share > 0.0:
        yield one.mark(
            MarkKind.FLAGS_WITH_LOAD, begins[0], episodes[-1][1], readings=int((~one.normal).sum()),
            episodes=len(begins), episodes_at_high_load=high, time_at_high_load=share, chance=chance,
        )  # fmt: skip


def _tail(count: int, at_least: int, share: float) -> float:
    """That of `count` independent events at least so many fall into a share of the time: the binomial tail."""
    return float(sum(comb(count, k) * share**k * (1.0 - share) ** (count - k) for k in range(at_least, count + 1)))
