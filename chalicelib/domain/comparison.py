"""A value measured by hand beside what the online instrument said in the same minute.

The online value is the mean of the normal readings of that minute (event time). Where a plant samples more rarely, it is what lies on
the line between the nearest readings before and after, neither further away than five minutes. The tolerance is the root of the sum
of squares of both instruments' accuracies (GUM, JCGM 100:2008, 5.1.2, for independent instruments).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, isfinite
from statistics import fmean

from chalicelib.domain.instrument import Instrument
from chalicelib.domain.reading import NORMAL, Series

MINUTE_MS = 60_000
NEAREST_MS = 5 * MINUTE_MS
AWAITED_MS = 24 * 3_600_000
ALMOST = 1e-9
# Where an instrument registers no accuracy: what handhelds and online analysers of these kinds are commonly good for.
HANDHELD_RELATIVE, ONLINE_RELATIVE = 0.10, 0.05


class Agreement(StrEnum):
    AGREES = "agrees"
    DISAGREES = "disagrees"
    AWAITING = "awaiting"  # readings of that minute may still come
    NO_ONLINE_VALUE = "no_online_value"
    NOT_MEASURED_ONLINE = "not_measured_online"  # the unit has no point of that indicator


@dataclass(frozen=True, slots=True)
class Comparison:
    """In the indicator's unit. `readings` is how many the online value rests on; 2 of them beside the minute where `is_between`."""

    agreement: Agreement
    point_id: str = ""
    online: float | None = None
    readings: int = 0
    is_between: bool = False
    difference: float | None = None
    tolerance: float | None = None


def compare(
    value: float, measured_at_ms: int, series: Iterable[Series], by_hand: Instrument | None, online: Instrument | None
) -> Comparison | None:
    """With the nearest of several points; None where none of them has said anything of that minute."""
    found = [
        _beside(value, known, one.point_id, by_hand, online)
        for one in series
        if (known := _online_value(one, measured_at_ms)) is not None
    ]
    return min(found, key=lambda one: abs(one.difference or 0.0), default=None)


def _beside(
    value: float, known: tuple[float, int, bool], point_id: str, by_hand: Instrument | None, online: Instrument | None
) -> Comparison:
    said, readings, is_between = known
    tolerance = hypot(_accuracy(by_hand, HANDHELD_RELATIVE, value), _accuracy(online, ONLINE_RELATIVE, said))
    difference = value - said
    agrees = abs(difference) <= tolerance + ALMOST * max(abs(value), abs(said), 1.0)
    agreement = Agreement.AGREES if agrees else Agreement.DISAGREES
    return Comparison(agreement, point_id, said, readings, is_between, difference, tolerance)


def _accuracy(instrument: Instrument | None, relative: float, value: float) -> float:
    if instrument is None or (instrument.relative is None and instrument.absolute is None):
        return relative * abs(value)
    return max((instrument.relative or 0.0) * abs(value), instrument.absolute or 0.0)


def _online_value(series: Series, at_ms: int) -> tuple[float, int, bool] | None:
    """(value, how many readings it rests on, whether it lies between two)."""
    valid = [
        (time, value)
        for time, value, flag in zip(series.times_ms, series.values, series.flags, strict=True)
        if flag == NORMAL and isfinite(value)
    ]
    start_ms = at_ms // MINUTE_MS * MINUTE_MS
    same = [value for time, value in valid if start_ms <= time < start_ms + MINUTE_MS]
    if same:
        return fmean(same), len(same), False
    before = [one for one in valid if at_ms - NEAREST_MS <= one[0] <= at_ms]
    after = [one for one in valid if at_ms < one[0] <= at_ms + NEAREST_MS]
    if not before or not after:
        return None
    (left_ms, left), (right_ms, right) = before[-1], after[0]
    return left + (right - left) * (at_ms - left_ms) / (right_ms - left_ms), 2, True
