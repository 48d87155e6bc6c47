"""The working form of a unit while its readings are folded: its points, its rules with their legs, its watches."""

from dataclasses import dataclass
from math import inf

from chalicelib.domain.coupling import AT_TRIGGER, ROUNDING
from chalicelib.domain.leg import Leg, LivePoint, LiveTerm
from chalicelib.domain.plan import BoundRule, BoundWatch

CHECKPOINT_MS = 600_000


class LiveRule:
    """A bound rule with its live legs. Made once a fold."""

    __slots__ = ("bound", "energy", "key", "response", "safety")

    def __init__(self, bound: BoundRule, safety: LiveTerm, response: LiveTerm, energy: LiveTerm | None) -> None:
        self.bound, self.key = bound, bound.key
        self.safety, self.response, self.energy = safety, response, energy


class LiveUnit:
    """A unit with its live points. `mark_ms` is where its next checkpoint is due."""

    __slots__ = ("id", "mark_ms", "points", "rules", "watches")

    def __init__(self, unit_id: str, points: dict[str, LivePoint]) -> None:
        self.id, self.points = unit_id, points
        self.mark_ms = mark_after(max((point.last_ms for point in points.values()), default=-inf))
        self.rules: list[LiveRule] = []
        self.watches: list[tuple[BoundWatch, LiveTerm]] = []


def mark_after(at_ms: float) -> float:
    return at_ms if at_ms == -inf else (at_ms // CHECKPOINT_MS + 1) * CHECKPOINT_MS


@dataclass(slots=True, eq=False)
class Moment:
    """What a rule sees at one instant. `fresh` are the points that have just reported."""

    rule: LiveRule
    at_ms: int
    safety: Leg
    response: Leg
    fresh: list[LivePoint]

    @property
    def sure(self) -> bool:
        return self.safety.sure and self.response.sure

    @property
    def exceeds(self) -> bool:
        return self.safety.deviation >= AT_TRIGGER and self.response.deviation >= AT_TRIGGER

    @property
    def is_calm(self) -> bool:
        below = 1.0 - self.rule.bound.rule.hysteresis - ROUNDING
        return self.safety.deviation < below and self.response.deviation < below

    def begins_round(self, since_ms: int) -> bool:
        """Has a point that decides reported again after it already did in the round that began then?"""
        deciding = self.rule.bound.deciding
        return any(point.before_ms >= since_ms and point.id in deciding for point in self.fresh)
