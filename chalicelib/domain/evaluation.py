"""Evaluation: one pure function folds readings into state and decisions.

Event time only: readings are taken in the order in which the plant measured them. A reading not newer than the last judged one
of its point changes nothing, so the same upload twice is the same as once. Baselines are compared before they learn from a
reading, and do not learn while the unit has an open warning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from chalicelib.domain import baseline, coupling
from chalicelib.domain.catalogue import Term, TriggerKind
from chalicelib.domain.coupling import AT_TRIGGER, Reference
from chalicelib.domain.plan import RELATIVE, BoundRule, Plan
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.state import IDLE, EnterpriseState, Phase, PointState, RuleState
from chalicelib.domain.warning import WhyCard, WhyTerm, warning_id


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


@dataclass(frozen=True, slots=True)
class _Leg:
    """The worst point of one leg at one moment. `sure` False: some point is flagged, stale or without a reference."""

    deviation: float
    sure: bool
    point_id: str | None


NO_LEG = _Leg(0.0, True, None)


def evaluate(
    state: EnterpriseState, plan: Plan, series: Iterable[Series], *, block_id: str
) -> tuple[EnterpriseState, list[Decision]]:
    """Fold the readings of one block into the state. Returns the new state and what was decided, in event order."""
    fold = _Fold(state, plan, block_id)
    for at_ms, rows in _by_time(series, plan):
        fold.take(at_ms, rows)
    return EnterpriseState(fold.points, fold.rules), fold.decisions


Row = tuple[int, str, float, str]


def _by_time(series: Iterable[Series], plan: Plan) -> Iterator[tuple[int, list[Row]]]:
    rows: list[Row] = []
    for one in series:
        if one.point_id in plan.rules_of_point:
            rows.extend(zip(one.times_ms, [one.point_id] * len(one), one.values, one.flags, strict=True))
    rows.sort(key=itemgetter(0))
    for at_ms, group in groupby(rows, key=itemgetter(0)):
        yield at_ms, list(group)


class _Fold:
    """The working state of one call of evaluate; nothing of it outlives the call but the frozen values."""

    def __init__(self, state: EnterpriseState, plan: Plan, block_id: str) -> None:
        self.points = dict(state.points)
        self.rules = dict(state.rules)
        self.plan = plan
        self.block_id = block_id
        self.decisions: list[Decision] = []
        self.open_units = {unit for (unit, _), rule in state.rules.items() if rule.phase is Phase.OPEN}

    def take(self, at_ms: int, rows: list[Row]) -> None:
        fresh: dict[str, PointState | None] = {}
        for _, point_id, value, flag in rows:
            before = self.points.get(point_id)
            if before is not None and at_ms <= before.last_ms:
                continue
            fresh[point_id] = before
            self.points[point_id] = self._seen(point_id, before, at_ms, value, flag)
        if not fresh:
            return
        of_point = self.plan.rules_of_point
        touched = of_point[next(iter(fresh))] if len(fresh) == 1 else {b.key: b for p in fresh for b in of_point[p]}.values()
        for bound in touched:
            self._judge(bound, at_ms, fresh)
        for point_id, before in fresh.items():
            self._learn(point_id, before, at_ms)

    def _seen(self, point_id: str, before: PointState | None, at_ms: int, value: float, flag: str) -> PointState:
        low, high = self.plan.indicator(point_id).plausible
        valid = flag == NORMAL and low <= value <= high
        if before is None:
            return PointState(at_ms, valid, value)
        return PointState(at_ms, valid, value, before.mean, before.scale, before.weight, before.count)

    def _learn(self, point_id: str, before: PointState | None, at_ms: int) -> None:
        now = self.points[point_id]
        if not now.valid or point_id not in self.plan.learning or self.plan.point(point_id).unit_id in self.open_units:
            return
        elapsed = at_ms - before.last_ms if before is not None else 0
        mean, scale, weight, count = baseline.update(
            now.mean, now.scale, now.weight, now.count, now.value, elapsed, self.plan.catalogue.baseline_half_life_ms
        )
        self.points[point_id] = PointState(now.last_ms, True, now.value, mean, scale, weight, count)

    def _judge(self, bound: BoundRule, at_ms: int, fresh: dict[str, PointState | None]) -> None:
        rule = self.rules.get(bound.key, IDLE)
        safety = self._leg(bound.rule.safety, bound.safety, at_ms, bound.rule.window_ms)
        if rule is IDLE and safety.deviation < AT_TRIGGER and safety.sure:
            return
        response = self._leg(bound.rule.response, bound.response, at_ms, bound.rule.window_ms)
        new = _New(any(p in fresh for p in bound.safety), any(p in fresh for p in bound.response))
        if rule.phase is Phase.IDLE:
            after = self._watch(bound, rule, safety, response, new, at_ms)
        else:
            after = self._follow(bound, rule, safety, response, new, at_ms)
        self._keep(bound, replace(after, uncertain=not (safety.sure and response.sure)))

    def _keep(self, bound: BoundRule, rule: RuleState) -> None:
        if rule == IDLE:
            self.rules.pop(bound.key, None)
        else:
            self.rules[bound.key] = rule

    def _watch(
        self, bound: BoundRule, rule: RuleState, safety: _Leg, response: _Leg, new: "_New", at_ms: int
    ) -> RuleState:
        """Idle: count the readings that exceed on both legs; fire after the on-delay."""
        if safety.deviation < AT_TRIGGER or response.deviation < AT_TRIGGER:
            return IDLE
        if rule.onset_ms is None:
            rule = replace(rule, onset_ms=at_ms, safety_hits=1, response_hits=1)
        else:
            rule = replace(
                rule, safety_hits=rule.safety_hits + new.safety, response_hits=rule.response_hits + new.response
            )
        if max(rule.safety_hits, rule.response_hits) < bound.rule.on_delay:
            return rule
        return self._fire(bound, rule, safety, response, at_ms)

    def _fire(self, bound: BoundRule, rule: RuleState, safety: _Leg, response: _Leg, at_ms: int) -> RuleState:
        why = self._why(bound, safety, response, at_ms)
        onset_ms = rule.onset_ms if rule.onset_ms is not None else at_ms
        identity = rule.warning_id or warning_id(bound.unit_id, bound.rule.id, onset_ms)
        fired = replace(rule, onset_ms=onset_ms, warning_id=identity, safety_calm=0, response_calm=0)
        if why.composite_score < self.plan.warning_threshold - coupling.ROUNDING:
            if rule.phase is Phase.OBSERVED:
                return fired
            return self._decide(bound, replace(fired, phase=Phase.OBSERVED), Change.OBSERVED, at_ms, why)
        self.open_units.add(bound.unit_id)
        opened = replace(fired, phase=Phase.OPEN, tier=coupling.tier_of(why.coefficient))
        return self._decide(bound, opened, Change.OPENED, at_ms, why)

    def _follow(
        self, bound: BoundRule, rule: RuleState, safety: _Leg, response: _Leg, new: "_New", at_ms: int
    ) -> RuleState:
        """Fired: escalate at once, clear after the off-delay. Doubtful or old readings do neither."""
        if not (safety.sure and response.sure):
            return replace(rule, safety_calm=0, response_calm=0)
        calm_below = 1.0 - bound.rule.hysteresis - coupling.ROUNDING
        if safety.deviation < calm_below and response.deviation < calm_below:
            first = not (rule.safety_calm or rule.response_calm)
            rule = replace(
                rule,
                safety_calm=1 if first else rule.safety_calm + new.safety,
                response_calm=1 if first else rule.response_calm + new.response,
            )
            return self._clear(bound, rule, at_ms)
        rule = replace(rule, safety_calm=0, response_calm=0)
        if rule.phase is Phase.OBSERVED:
            exceeds = safety.deviation >= AT_TRIGGER and response.deviation >= AT_TRIGGER
            return self._fire(bound, rule, safety, response, at_ms) if exceeds else rule
        return self._escalate(bound, rule, safety, response, at_ms)

    def _escalate(self, bound: BoundRule, rule: RuleState, safety: _Leg, response: _Leg, at_ms: int) -> RuleState:
        energy = self._energy(bound, at_ms)
        c = self._coefficient(safety, response, energy)
        if coupling.tier_of(c) <= rule.tier:
            return rule
        why = self._why(bound, safety, response, at_ms)
        return self._decide(bound, replace(rule, tier=coupling.tier_of(c)), Change.ESCALATED, at_ms, why)

    def _clear(self, bound: BoundRule, rule: RuleState, at_ms: int) -> RuleState:
        if max(rule.safety_calm, rule.response_calm) < bound.rule.off_delay:
            return rule
        if rule.phase is Phase.OPEN:
            self._decide(bound, rule, Change.CLEARED, at_ms, None)
            others = (r for (unit, key), r in self.rules.items() if unit == bound.unit_id and key != bound.rule.id)
            if not any(r.phase is Phase.OPEN for r in others):
                self.open_units.discard(bound.unit_id)
        return IDLE

    def _decide(self, bound: BoundRule, rule: RuleState, change: Change, at_ms: int, why: WhyCard | None) -> RuleState:
        onset_ms = rule.onset_ms if rule.onset_ms is not None else at_ms
        self.decisions.append(
            Decision(change, rule.warning_id, bound.unit_id, bound.rule.id, rule.tier, onset_ms, at_ms, why)
        )
        return rule

    def _energy(self, bound: BoundRule, at_ms: int) -> _Leg:
        if bound.rule.energy is None:
            return NO_LEG
        return self._leg(bound.rule.energy, bound.energy, at_ms, bound.rule.window_ms)

    def _coefficient(self, safety: _Leg, response: _Leg, energy: _Leg) -> float:
        m = coupling.magnitude(safety.deviation, response.deviation, energy.deviation)
        return coupling.coefficient(m, self.plan.catalogue.kappa)

    def _leg(self, term: Term, point_ids: tuple[str, ...], at_ms: int, window_ms: int) -> _Leg:
        worst, where, sure = 0.0, None, True
        for point_id in point_ids:
            point = self.points.get(point_id)
            if point is None or not point.valid or at_ms - point.last_ms > window_ms:
                sure = False
                continue
            d = coupling.deviation(term.trigger, point.value, self._reference(term, point_id, point))
            if d is None:
                sure = False
            elif where is None or d > worst:
                worst, where = d, point_id
        return _Leg(worst, sure or worst >= AT_TRIGGER, where)

    def _reference(self, term: Term, point_id: str, state: PointState) -> Reference:
        point = self.plan.point(point_id)
        kind = term.trigger.kind
        if kind in RELATIVE:
            learnt = state.count >= self.plan.catalogue.baseline_minimum
            return Reference(state.mean if learnt else point.nominal)
        if kind is TriggerKind.OUTSIDE_BAND:
            return Reference(None, point.band_low, point.band_high)
        if kind is TriggerKind.ABOVE_LIMIT:
            return Reference(point.limit if point.limit is not None else self.plan.indicator(point_id).limit)
        return Reference(point.threshold)

    def _why(self, bound: BoundRule, safety: _Leg, response: _Leg, at_ms: int) -> WhyCard:
        energy = self._energy(bound, at_ms)
        legs = (
            ("safety", bound.rule.safety, safety),
            ("response", bound.rule.response, response),
            ("energy", bound.rule.energy, energy),
        )
        m = coupling.magnitude(safety.deviation, response.deviation, energy.deviation)
        c = coupling.coefficient(m, self.plan.catalogue.kappa)
        return WhyCard(
            rule_id=bound.rule.id,
            rule_version=bound.rule.version,
            catalogue_version=self.plan.catalogue.version,
            terms=tuple(self._term(role, term, leg, bound.rule.hysteresis) for role, term, leg in legs if term and leg.point_id),
            magnitude=m,
            kappa=self.plan.catalogue.kappa,
            coefficient=c,
            industry_weight=self.plan.industry_weight,
            size_factor=self.plan.size_factor,
            base_risk=self.plan.base_risk,
            composite_score=coupling.composite_score(self.plan.base_risk, c),
            warning_threshold=self.plan.warning_threshold,
            block_ids=(self.block_id,),
            next_lower_tier_at=coupling.magnitude_below(coupling.tier_of(c), self.plan.catalogue.kappa),
        )  # fmt: skip

    def _term(self, role: str, term: Term, leg: _Leg, hysteresis: float) -> WhyTerm:
        assert leg.point_id is not None
        point, state = self.plan.point(leg.point_id), self.points[leg.point_id]
        indicator = self.plan.indicator(leg.point_id)
        reference = self._reference(term, leg.point_id, state)
        band = None if reference.low is None or reference.high is None else (reference.low, reference.high)
        return WhyTerm(
            role=role,
            indicator=indicator.id,
            dimension=indicator.dimension,
            point_id=point.id,
            unit=indicator.unit,
            value=state.value,
            measured_at_ms=state.last_ms,
            trigger=term.trigger.kind,
            amount=term.trigger.amount,
            reference=reference.value,
            band=band,
            baseline_learnt=term.trigger.kind in RELATIVE and state.count >= self.plan.catalogue.baseline_minimum,
            deviation=leg.deviation,
            return_to=coupling.value_at(term.trigger, 1.0 - hysteresis, reference),
        )


@dataclass(frozen=True, slots=True)
class _New:
    """Which legs have a new reading at this moment."""

    safety: bool
    response: bool
