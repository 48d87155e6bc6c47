"""Evaluation: one pure function folds readings into state and decisions.

Event time only: readings are taken in the order in which the plant measured them, all of one instant together. A reading not
newer than the last judged one of its point changes nothing, so the same upload twice is the same as once. Values are compared
with a baseline before it learns from them, and it does not learn while the unit has an open warning, from its onset on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from chalicelib.domain import coupling
from chalicelib.domain.coupling import AT_TRIGGER, ROUNDING, Risk
from chalicelib.domain.leg import Leg, LivePoint, LiveTerm
from chalicelib.domain.plan import BoundRule, BoundTerm, Plan
from chalicelib.domain.reading import Series
from chalicelib.domain.state import IDLE, EnterpriseState, Phase, RuleState
from chalicelib.domain.warning import WhyCard, warning_id
from chalicelib.domain.why import why_card


class Change(StrEnum):
    OPENED = "opened"
    ESCALATED = "escalated"
    CLEARED = "cleared"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of one rule of one unit, at `at_ms` (event time), with its reasons. `why` is None for cleared."""

    change: Change
    warning_id: str
    unit_id: str
    rule_id: str
    tier: int
    onset_ms: int
    at_ms: int
    why: WhyCard | None


def evaluate(
    state: EnterpriseState, plan: Plan, series: Iterable[Series], *, block_id: str
) -> tuple[EnterpriseState, list[Decision]]:
    """Fold the readings of one block into the state. Returns the new state and what was decided, in event order."""
    fold = _Fold(state, plan, block_id)
    rows = sorted(fold.rows(series), key=itemgetter(0))
    for at_ms, group in groupby(rows, key=itemgetter(0)):
        fold.take(at_ms, group)
    return fold.state(), fold.decisions


Row = tuple[int, LivePoint, float, str]


class _LiveRule:
    """A bound rule with its live legs. Made once a fold."""

    __slots__ = ("bound", "energy", "key", "response", "safety")

    def __init__(self, bound: BoundRule, points: dict[str, LivePoint]) -> None:
        def live(term: BoundTerm) -> LiveTerm:
            return LiveTerm(term, points, bound.rule.window_ms)

        self.bound, self.key = bound, bound.key
        self.safety, self.response = live(bound.safety), live(bound.response)
        self.energy = None if bound.energy is None else live(bound.energy)


@dataclass(slots=True, eq=False)
class _Moment:
    """What a rule sees at one instant. `fresh` are the points that have just reported."""

    rule: _LiveRule
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


class _Fold:
    """The working state of one call of evaluate; nothing of it outlives the call but the frozen values."""

    def __init__(self, state: EnterpriseState, plan: Plan, block_id: str) -> None:
        self.plan = plan
        self.block_id = block_id
        self.decisions: list[Decision] = []
        self._known = state.points
        self._points: dict[str, LivePoint] = {}
        self._rules = dict(state.rules)
        self._live: dict[str, tuple[_LiveRule, ...]] = {}
        self._made: dict[tuple[str, str], _LiveRule] = {}
        self._held: dict[str, set[str]] = {}  # unit -> the rules that keep its baselines from learning
        for key, rule in state.rules.items():
            self._hold(key, rule)

    def rows(self, series: Iterable[Series]) -> Iterator[Row]:
        """The readings that some rule asks for."""
        for one in series:
            if one.point_id in self.plan.rules_of_point:
                self._bind(one.point_id)
                yield from zip(
                    one.times_ms, [self._points[one.point_id]] * len(one), one.values, one.flags, strict=True
                )

    def _bind(self, point_id: str) -> None:
        """Bring a point to life, with its rules and all their points."""
        if point_id in self._live:
            return
        rules = self.plan.rules_of_point[point_id]
        for other in (p for bound in rules for term in bound.terms for p in term.point_ids):
            if other not in self._points:
                self._points[other] = LivePoint(other, self._known.get(other), self.plan)
        self._live[point_id] = tuple(self._live_rule(bound) for bound in rules)

    def _live_rule(self, bound: BoundRule) -> _LiveRule:
        if bound.key not in self._made:
            self._made[bound.key] = _LiveRule(bound, self._points)
        return self._made[bound.key]

    def state(self) -> EnterpriseState:
        seen = {point.id: point.state() for point in self._points.values() if point.last_ms >= 0}
        return EnterpriseState({**self._known, **seen}, self._rules)

    def take(self, at_ms: int, rows: Iterable[Row]) -> None:
        """Judge all readings of one instant."""
        fresh: list[LivePoint] = []
        for _, point, value, flag in rows:
            if at_ms > point.last_ms:
                point.see(at_ms, value, flag)
                fresh.append(point)
        for rule in self._touched(fresh):
            self._judge(rule, at_ms, fresh)
        for point in fresh:
            if point.valid and point.learns and not self._held.get(point.unit_id):
                point.learn()

    def _touched(self, fresh: list[LivePoint]) -> Iterable[_LiveRule]:
        if len(fresh) == 1:
            return self._live[fresh[0].id]
        return {rule.key: rule for point in fresh for rule in self._live[point.id]}.values()

    def _judge(self, rule: _LiveRule, at_ms: int, fresh: list[LivePoint]) -> None:
        known = self._rules.get(rule.key, IDLE)
        moment = _Moment(rule, at_ms, rule.safety.look(at_ms), rule.response.look(at_ms), fresh)
        if known is IDLE and moment.sure and not moment.exceeds:
            return
        after = self._watch(known, moment) if known.phase is Phase.IDLE else self._follow(known, moment)
        if after.uncertain is moment.sure:
            after = replace(after, uncertain=not moment.sure)
        if after is known:
            return
        if after == IDLE:
            self._rules.pop(rule.key, None)
        else:
            self._rules[rule.key] = after
        self._hold(rule.key, after)

    def _hold(self, key: tuple[str, str], rule: RuleState) -> None:
        held = self._held.setdefault(key[0], set())
        if rule.holds_baseline:
            held.add(key[1])
        else:
            held.discard(key[1])

    def _watch(self, known: RuleState, now: _Moment) -> RuleState:
        """Idle: count the rounds past both triggers; fire after the on-delay."""
        if not now.exceeds:
            return IDLE
        if known.onset_ms is None:
            known = replace(known, onset_ms=now.at_ms, hits=1, round_ms=now.at_ms)
        elif now.begins_round(known.round_ms):
            known = replace(known, hits=known.hits + 1, round_ms=now.at_ms)
        return known if known.hits < now.rule.bound.rule.on_delay else self._fire(known, now)

    def _fire(self, known: RuleState, now: _Moment) -> RuleState:
        risk = self._risk(now)
        is_called = risk.score >= self.plan.warning_threshold - ROUNDING
        if known.phase is Phase.OBSERVED and not is_called:
            return known
        onset_ms = now.at_ms if known.onset_ms is None else known.onset_ms
        identity = known.warning_id or warning_id(*now.rule.key, onset_ms)
        fired = replace(known, onset_ms=onset_ms, warning_id=identity, calm=0)
        if not is_called:
            return self._decide(replace(fired, phase=Phase.OBSERVED), Change.OBSERVED, now, risk)
        return self._decide(replace(fired, phase=Phase.OPEN, tier=risk.tier), Change.OPENED, now, risk)

    def _follow(self, known: RuleState, now: _Moment) -> RuleState:
        """Fired: escalate at once, clear after the off-delay. Doubtful or old readings do neither."""
        if now.sure and now.is_calm:
            return self._calm_down(known, now)
        known = replace(known, calm=0) if known.calm else known
        if not now.sure:
            return known
        if known.phase is Phase.OBSERVED:
            return self._fire(known, now) if now.exceeds else known
        risk = self._risk(now)
        if risk.tier <= known.tier:
            return known
        return self._decide(replace(known, tier=risk.tier), Change.ESCALATED, now, risk)

    def _calm_down(self, known: RuleState, now: _Moment) -> RuleState:
        if known.calm == 0:
            known = replace(known, calm=1, round_ms=now.at_ms)
        elif now.begins_round(known.round_ms):
            known = replace(known, calm=known.calm + 1, round_ms=now.at_ms)
        if known.calm < now.rule.bound.rule.off_delay:
            return known
        if known.phase is Phase.OPEN:
            self._decide(known, Change.CLEARED, now, None)
        return IDLE

    def _decide(self, known: RuleState, change: Change, now: _Moment, risk: Risk | None) -> RuleState:
        why = None if risk is None else why_card(now.rule.bound, self._legs(now), risk, self.plan, self.block_id)
        onset_ms = now.at_ms if known.onset_ms is None else known.onset_ms
        self.decisions.append(Decision(change, known.warning_id, *now.rule.key, known.tier, onset_ms, now.at_ms, why))
        return known

    def _risk(self, now: _Moment) -> Risk:
        energy = now.rule.energy.look(now.at_ms).deviation if now.rule.energy else 0.0
        return coupling.assess(
            now.safety.deviation,
            now.response.deviation,
            energy,
            kappa=self.plan.catalogue.kappa,
            base=self.plan.base_risk,
        )

    def _legs(self, now: _Moment) -> tuple[tuple[str, LiveTerm, Leg], ...]:
        legs = (("safety", now.rule.safety, now.safety), ("response", now.rule.response, now.response))
        energy = now.rule.energy
        return legs if energy is None else (*legs, ("energy", energy, energy.look(now.at_ms)))
