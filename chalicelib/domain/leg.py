"""A leg of a rule at one instant: the worst of the points that carry its indicator, and whether it can be relied on.

Live points are the working form of PointState while a block is folded; nothing of them outlives the fold.
"""

from math import inf

from chalicelib.domain import baseline
from chalicelib.domain.catalogue import Term
from chalicelib.domain.coupling import AT_TRIGGER, Reference, deviation
from chalicelib.domain.gate import KNOWN, NEAR, SIZES, is_impossible, learnt, size_of
from chalicelib.domain.plan import BoundTerm, Plan
from chalicelib.domain.reading import NORMAL
from chalicelib.domain.state import PointState

NEVER = PointState(last_ms=0, valid=False, value=0.0)


class LivePoint:
    """A point's last reading and baseline. `before_ms` is the instant of the reading before the last one.

    `baseline` is what a relative trigger compares with: the mean once it is learnt, until then the nominal value. `level` is the
    last reading that was trusted, `trusted_ms` its instant, `doubted` one since that the gate holds back, and `step` the usual move.
    """

    __slots__ = (
        "baseline", "before_ms", "block_id", "count", "doubted", "half_life_ms", "id", "last_ms", "learns", "level", "max_rate_per_s",
        "mean", "minimum", "moves", "plausible", "scale", "step", "trusted_ms", "unit_id", "valid", "value", "weight",
    )  # fmt: skip

    def __init__(self, point_id: str, known: PointState | None, plan: Plan) -> None:
        point, state = plan.point(point_id), known or NEVER
        self.id, self.unit_id = point_id, point.unit_id
        indicator = plan.indicator(point_id)
        self.plausible, self.max_rate_per_s = indicator.plausible, indicator.max_rate_per_s
        self.learns = point_id in plan.learning
        self.half_life_ms = plan.catalogue.baseline_half_life_ms
        self.minimum = plan.catalogue.baseline_minimum
        self.last_ms: float = -inf if known is None else state.last_ms
        self.before_ms: float = -inf
        self.block_id = ""
        self.valid, self.value = state.valid, state.value
        self.mean, self.scale, self.weight, self.count = state.mean, state.scale, state.weight, state.count
        self.doubted = state.doubted
        self.level, self.trusted_ms = (state.value, state.last_ms) if state.valid else (state.level, state.trusted_ms)
        self.step, self.moves = state.step, state.moves
        self.baseline = Reference(self.mean if self.learnt else point.nominal)

    @property
    def learnt(self) -> bool:
        return self.count >= self.minimum

    def see(self, at_ms: int, value: float, flag: str) -> None:
        """Take a newer reading. The baseline does not learn from it before learn() is called."""
        if self.weight:
            self.weight = baseline.decayed(self.weight, int(at_ms - self.last_ms), self.half_life_ms)
        self.before_ms, self.last_ms = self.last_ms, at_ms
        low, high = self.plausible
        self.valid = flag == NORMAL and low <= value <= high and self._passes(at_ms, value)
        self.value = value if self.valid else 0.0

    def _passes(self, at_ms: int, value: float) -> bool:
        """The gate. What passes is the new level; what does not is doubted, and nothing is learnt from it."""
        level = self.level
        if self.trusted_ms and value != level:
            change = value - level if value > level else level - value
            if (change > NEAR * abs(level) or self.max_rate_per_s is not None) and not self._can_reach(at_ms, value):
                self.doubted = value
                return False
            self.step = learnt(self.step, change) if self.moves else size_of(change)
            if self.moves < KNOWN:
                self.moves += 1
        self.level, self.trusted_ms, self.doubted = value, at_ms, None
        return True

    def _can_reach(self, at_ms: int, value: float) -> bool:
        doubted, level = self.doubted, self.level
        if not is_impossible(value, level, SIZES[self.step], self.moves, at_ms - self.trusted_ms, self.max_rate_per_s):
            return True
        return doubted is not None and (value > level) is (doubted > level)

    def learn(self) -> None:
        """Let the baseline learn from the last reading."""
        self.mean, self.scale, self.weight, self.count = baseline.learn(
            self.mean, self.scale, self.weight, self.count, self.value
        )
        if self.count >= self.minimum:
            self.baseline.value = self.mean

    def state(self) -> PointState:
        held = (0.0, 0) if self.valid else (self.level, self.trusted_ms)
        return PointState(
            int(self.last_ms), self.valid, self.value, self.mean, self.scale, self.weight, self.count,
            self.step, self.moves, *held, self.doubted,
        )  # fmt: skip


class Leg:
    """`sure` False: some point is flagged, implausible, too old or without a reference, and none of the others exceeds."""

    __slots__ = ("deviation", "point", "sure")

    def __init__(self, deviation: float, sure: bool, point: LivePoint | None) -> None:
        self.deviation, self.sure, self.point = deviation, sure, point


NO_LEG = Leg(0.0, False, None)


class LiveTerm:
    """A bound term with its live points, each with what the trigger compares it with. Several rules may share it: `leg` is how it
    looks at `at_ms`, for whoever asks again."""

    __slots__ = ("at_ms", "leg", "points", "term", "window_ms")

    def __init__(self, bound: BoundTerm, points: dict[str, LivePoint], window_ms: int) -> None:
        self.term: Term = bound.term
        self.window_ms = window_ms
        self.points = tuple((points[p], reference or points[p].baseline) for p, reference in bound.points)
        self.at_ms, self.leg = -1, NO_LEG

    def look(self, at_ms: int) -> Leg:
        """The leg as it stands at an instant, from the last reading of each point within the association window."""
        if at_ms == self.at_ms:  # all readings of an instant are seen before any of them is judged
            return self.leg
        only = len(self.points) == 1
        self.at_ms, self.leg = at_ms, self._look_at_one(at_ms) if only else self._look_at_all(at_ms)
        return self.leg

    def _look_at_one(self, at_ms: int) -> Leg:
        """As below, for the common case."""
        point, reference = self.points[0]
        if not point.valid or point.last_ms < at_ms - self.window_ms:
            return NO_LEG
        d = deviation(self.term.trigger, point.value, reference)
        return NO_LEG if d is None else Leg(d, True, point)

    def _look_at_all(self, at_ms: int) -> Leg:
        worst, where, sure = 0.0, None, True
        trigger, since_ms = self.term.trigger, at_ms - self.window_ms
        for point, reference in self.points:
            if not point.valid or point.last_ms < since_ms:
                sure = False
                continue
            d = deviation(trigger, point.value, reference)
            if d is None:
                sure = False
            elif where is None or d > worst:
                worst, where = d, point
        return Leg(worst, sure or worst >= AT_TRIGGER, where)
