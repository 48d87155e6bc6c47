"""Advice: the smallest change of a safety indicator that brings both legs of a rule under the levels at which it clears.

It stands on the unit's learnt law and never leaves the range in which that was seen. The response's leg is worked out with the weak end of the
slope's interval, so that the change is enough even there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor, inf, log, log10

from chalicelib.domain.catalogue import Trigger, TriggerKind
from chalicelib.domain.coupling import Reference, value_at
from chalicelib.domain.law import Fit, Law, Measured, UnitLaws
from chalicelib.domain.leg import LivePoint, LiveTerm
from chalicelib.domain.plan import BoundRule, BoundTerm, Plan
from chalicelib.domain.state import EnterpriseState

Range = tuple[float, float]


class NoAdvice(StrEnum):
    NOT_LEARNT = "not_learnt"
    NO_LAW = "no_law"
    STALE = "stale"  # no reading within the rule's window and one sampling interval
    INVALID = "invalid"  # the last reading is flagged or implausible
    NO_REFERENCE = "no_reference"
    WITHIN_LIMITS = "within_limits"
    OUTSIDE_VALIDITY = "outside_validity"
    OPPOSED = "opposed"  # what helps one leg hurts the other


@dataclass(frozen=True, slots=True)
class Effect:
    """What the change is expected to do to a response: as a fraction with its 95 % interval, `lag_ms` later."""

    response: Measured
    change: float
    change_low: float
    change_high: float
    lag_ms: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Move `cause` from `value` (measured at `measured_at_ms`) to `target`, in its indicator's unit."""

    unit_id: str
    rule_id: str
    cause: Measured
    value: float
    measured_at_ms: int
    target: float
    effects: tuple[Effect, ...]
    fitted_at_ms: int


@dataclass(frozen=True, slots=True)
class Declined:
    """No advice on a rule of a unit, and why."""

    unit_id: str
    rule_id: str
    reason: NoAdvice


@dataclass(frozen=True, slots=True)
class _Sight:
    """A leg with what it is compared with and between which values it lets its warning clear."""

    point: LivePoint
    calm: Range


def advise(
    bound: BoundRule, plan: Plan, state: EnterpriseState, laws: UnitLaws | None, now_ms: int
) -> Advice | Declined:
    """Advice on one rule of a unit, as its last readings are."""
    found = _advise(bound, plan, state, laws, now_ms)
    return Declined(bound.unit_id, bound.rule.id, found) if isinstance(found, NoAdvice) else found


def _advise(
    bound: BoundRule, plan: Plan, state: EnterpriseState, laws: UnitLaws | None, now_ms: int
) -> Advice | NoAdvice:
    safety, response = (_see(bound, term, plan, state, now_ms) for term in (bound.safety, bound.response))
    if isinstance(safety, NoAdvice):
        return safety
    if isinstance(response, NoAdvice):
        return response
    if laws is None:
        return NoAdvice.NOT_LEARNT
    law = laws.of(safety.point.id, response.point.id)
    if law is None:
        return NoAdvice.NO_LAW
    if response.point.value <= 0.0:  # the law speaks of ratios
        return NoAdvice.OUTSIDE_VALIDITY
    now = safety.point.value
    target = _target(law.fit, now, safety.calm, _cause_for(law.fit, now, response.point.value, response.calm))
    if isinstance(target, NoAdvice):
        return target
    effects = _effects(laws.laws, safety.point.id, target - now)
    measured_at_ms = int(safety.point.last_ms)
    return Advice(bound.unit_id, bound.rule.id, law.cause, now, measured_at_ms, target, effects, laws.fitted_at_ms)


def _see(bound: BoundRule, term: BoundTerm, plan: Plan, state: EnterpriseState, now_ms: int) -> _Sight | NoAdvice:
    tier, industry = state.tier_of(bound.unit_id), plan.profile.enterprise.industry
    interval_s = plan.catalogue.sampling_interval_s(plan.base_risk, tier, industry)
    points = {p: LivePoint(p, state.points.get(p), plan) for p in term.point_ids}
    live = LiveTerm(term, points, bound.rule.window_ms + interval_s * 1000)
    leg = live.look(now_ms)
    if leg.point is None or not leg.sure:
        return _unsure(live, now_ms)
    reference = next(reference for point, reference in live.points if point is leg.point)
    return _Sight(leg.point, _calm(term.term.trigger, reference, 1.0 - bound.rule.hysteresis))


def _unsure(term: LiveTerm, now_ms: int) -> NoAdvice:
    if any(point.last_ms < now_ms - term.window_ms for point, _ in term.points):
        return NoAdvice.STALE
    return NoAdvice.INVALID if any(not point.valid for point, _ in term.points) else NoAdvice.NO_REFERENCE


def _calm(trigger: Trigger, reference: Reference, below: float) -> Range:
    """Between which values a leg lets its warning clear."""
    levels = value_at(trigger, below, reference)
    if trigger.kind is TriggerKind.OUTSIDE_BAND:
        return levels[0], levels[1]
    return (levels[0], inf) if trigger.kind is TriggerKind.RELATIVE_DROP else (-inf, levels[0])


def _cause_for(fit: Fit, cause: float, response: float, wanted: Range) -> Range:
    """Between which causes the response is expected where it is wanted, given where both are now."""
    inside = wanted[0] < response < wanted[1]
    slope = fit.slope if inside else min(fit.slope_low, fit.slope_high, key=abs)

    def cause_at(level: float) -> float:
        rises = -inf if level <= 0.0 else inf if level == inf else log(level / response)
        return cause + rises / slope

    low, high = sorted(cause_at(level) for level in wanted)
    return low, high


def _target(fit: Fit, now: float, own: Range, other: Range) -> float | NoAdvice:
    if not fit.holds_at(now):
        return NoAdvice.OUTSIDE_VALIDITY
    low, high = max(own[0], other[0]), min(own[1], other[1])
    if low < now < high:
        return NoAdvice.WITHIN_LIMITS
    if low >= high:
        return NoAdvice.OPPOSED
    inside = max(low, fit.valid_from), min(high, fit.valid_to)
    if inside[0] >= inside[1]:
        return NoAdvice.OUTSIDE_VALIDITY
    return _rounded(fit, now, inside)


def _rounded(fit: Fit, now: float, inside: Range) -> float:
    """The nearest value inside, to a hundredth of the range that the law knows (a power of ten), rounded away from the bound."""
    step = 10.0 ** floor(log10((fit.valid_to - fit.valid_from) / 100.0))
    down = now >= inside[1]
    steps = ceil(inside[1] / step - 1e-6) - 1 if down else floor(inside[0] / step + 1e-6) + 1
    places = max(-floor(log10(step)), 0)
    target = round(steps * step, places)
    return target if inside[0] <= target <= inside[1] else (inside[0] + inside[1]) / 2.0


def _effects(laws: Iterable[Law], cause_point: str, by: float) -> tuple[Effect, ...]:
    own = [law for law in laws if law.cause.point_id == cause_point]
    return tuple(Effect(law.response, *law.fit.change(by), law.fit.lag_ms) for law in own)
