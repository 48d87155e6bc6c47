"""Freezes to come: 冻裂→废水泄漏. Water that freezes in a pipe or a vessel bursts it; when it thaws, waste water leaks.

A spell of frost calls for checks where it follows mild days (lines are full and not drained yet) or is hard.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chalicelib.domain.weather import DAY_MS, HOUR_MS, Weather

FREEZING_C, HARD_FREEZE_C = 0.0, -5.0
MILD_C = 5.0
MILD_WITHIN_MS = 3 * DAY_MS
THAW_MS = 6 * HOUR_MS  # frost that pauses for less is one spell


@dataclass(frozen=True, slots=True)
class Freeze:
    """A spell of frost from `from_ms` to `to_ms`. Hours are those below 0 and below -5 degC."""

    from_ms: int
    to_ms: int
    minimum_c: float
    hours_below_0: int
    hours_below_minus_5: int
    after_mild: bool

    @property
    def is_hard(self) -> bool:
        return self.minimum_c < HARD_FREEZE_C


def freezes(weather: Weather, from_ms: int, to_ms: int) -> tuple[Freeze, ...]:
    """The spells of frost in from_ms <= t < to_ms that call for checks."""
    cold = sorted(
        hour_ms
        for hour_ms, one in weather.items()
        if from_ms <= hour_ms < to_ms and one.temperature_c is not None and one.temperature_c < FREEZING_C
    )
    found = (_freeze(spell, weather) for spell in _spells(cold))
    return tuple(one for one in found if one.after_mild or one.is_hard)


def is_after_mild(hour_ms: int, weather: Weather) -> bool:
    """Whether it was mild at some hour of the three days before."""
    before = (weather.get(at_ms) for at_ms in range(hour_ms - MILD_WITHIN_MS, hour_ms, HOUR_MS))
    return any(one is not None and one.temperature_c is not None and one.temperature_c >= MILD_C for one in before)


def _spells(cold: Sequence[int]) -> Iterable[list[int]]:
    spell = list(cold[:1])
    for before, hour_ms in pairwise(cold):
        if hour_ms - before > THAW_MS:
            yield spell
            spell = []
        spell.append(hour_ms)
    if spell:
        yield spell


def _freeze(spell: Sequence[int], weather: Weather) -> Freeze:
    degrees = [one for hour_ms in spell if (one := weather[hour_ms].temperature_c) is not None]
    hard = sum(one < HARD_FREEZE_C for one in degrees)
    return Freeze(spell[0], spell[-1] + HOUR_MS, min(degrees), len(degrees), hard, is_after_mild(spell[0], weather))
