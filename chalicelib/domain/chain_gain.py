"""What a change at a giver would do at a receiver: to what is measured there, to its coupled risk, and to what it costs.

The same indicator at the receiver's unit moves by the giver's change times share and damping of the link. What answers it there follows from
the unit's own learnt law, with that law's interval, and only within the range that it has seen. Where there is no law the answer is
unknown, with its reason. Nothing else is supposed to move.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from chalicelib.domain.chain import Carried, Link
from chalicelib.domain.coupling import Risk, assess, deviation
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Law, UnitLaws
from chalicelib.domain.leg import LivePoint, LiveTerm
from chalicelib.domain.plan import BoundRule, BoundTerm, Plan
from chalicelib.domain.state import EnterpriseState

STEPS = (0.05, 0.1, 0.2)  # less of the giver's indicator
FRESH_MS = 600_000  # and a sampling interval: how old a level may be


class Unknown(StrEnum):
    """Why no figure is given."""

    STALE = "stale"
    INVALID = "invalid"
    NO_REFERENCE = "no_reference"
    NOT_MEASURED = "not_measured"  # the receiver's unit has no point for what is carried
    NOT_LEARNT = "not_learnt"
    NO_LAW = "no_law"
    OUTSIDE_VALIDITY = "outside_validity"
    NOT_POSITIVE = "not_positive"  # a part of a level at or below zero says nothing


class Basis(StrEnum):
    LINK = "link"  # by share and damping
    LAW = "law"


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate with its 95 % interval; a figure that follows from no law has none, and all three are equal."""

    estimate: float
    low: float
    high: float

    def times(self, factor: float) -> "Span":
        low, high = sorted((self.low * factor, self.high * factor))
        return Span(self.estimate * factor, low, high)


@dataclass(frozen=True, slots=True)
class Response:
    """A point of the receiver's unit that would move from `value`: by a fraction of it, or why that is not known. `cost` is for an hour,
    None where the park has named no price."""

    point_id: str
    indicator: str
    basis: Basis
    value: float | None
    change: Span | Unknown
    lag_ms: int = 0
    cost: Span | None = None


@dataclass(frozen=True, slots=True)
class RuleGain:
    """A rule's risk as it is and as it would be; `score` and `coefficient` with what the laws leave open. `is_energy_held`: how energy answers is
    not known, and it is left as it is."""

    rule_id: str
    before: Risk
    after: Risk
    coefficient: Span
    score: Span
    is_energy_held: bool

    @property
    def score_change(self) -> Span:
        was = self.before.score
        return Span(self.score.estimate - was, self.score.low - was, self.score.high - was)


@dataclass(frozen=True, slots=True)
class RuleUnknown:
    rule_id: str
    reason: Unknown


@dataclass(frozen=True, slots=True)
class StepGain:
    """`by`: the giver's change as a fraction, below 0; `arrives`: what of it comes in."""

    by: float
    arrives: float
    responses: tuple[Response, ...]
    rules: tuple[RuleGain | RuleUnknown, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """Of one indicator that a link carries. `value` is the giver's, measured at `at_ms`."""

    indicator: str
    value: float
    at_ms: int
    steps: tuple[StepGain, ...]


@dataclass(frozen=True, slots=True)
class GainUnknown:
    indicator: str
    reason: Unknown


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a link: what is registered there, and what was read last."""

    plan: Plan
    state: EnterpriseState

    def levels(self, unit_id: str, now_ms: int) -> Mapping[str, LivePoint | Unknown]:
        """The last reading of each point of a unit, or why there is none to go by."""
        points = {one: LivePoint(one, self.state.points.get(one), self.plan) for one in self.plan.points_of(unit_id)}
        since_ms = now_ms - FRESH_MS - self.interval_ms(unit_id)
        return {id: _usable(one, since_ms) for id, one in points.items()}

    def interval_ms(self, unit_id: str) -> int:
        tier, industry = self.state.tier_of(unit_id), self.plan.profile.enterprise.industry
        return self.plan.catalogue.sampling_interval_s(self.plan.base_risk, tier, industry) * 1000


def _usable(point: LivePoint, since_ms: int) -> LivePoint | Unknown:
    if point.last_ms < since_ms:
        return Unknown.STALE
    if not point.valid:
        return Unknown.INVALID
    return point if point.value > 0.0 else Unknown.NOT_POSITIVE


Shifts = Mapping[str, tuple[Basis, Span | Unknown, int]]  # by point: its change as a fraction, and how much later


def gain_of(
    link: Link, carried: Carried, giver: Side, receiver: Side, laws: UnitLaws | None, now_ms: int
) -> Gain | GainUnknown:
    """What less of one indicator at the giver does at the receiver, in STEPS."""
    own = [
        giver.levels(link.giver.unit_id, now_ms)[id] for id in _measuring(carried.indicator, link.giver.unit_id, giver)
    ]
    known = [one for one in own if isinstance(one, LivePoint)]
    intake = _measuring(carried.indicator, link.receiver.unit_id, receiver)
    if not known or not intake:
        reason = next((one for one in own if isinstance(one, Unknown)), Unknown.NOT_MEASURED)
        return GainUnknown(carried.indicator, Unknown.NOT_MEASURED if known else reason)
    worst = max(known, key=lambda one: one.value)
    steps = tuple(_step(by, link, intake, receiver, laws, now_ms) for by in STEPS)
    return Gain(carried.indicator, worst.value, int(worst.last_ms), steps)


def _measuring(indicator: str, unit_id: str, side: Side) -> tuple[str, ...]:
    return tuple(id for id in side.plan.points_of(unit_id) if side.plan.point(id).indicator == indicator)


def _step(
    by: float, link: Link, intake: tuple[str, ...], receiver: Side, laws: UnitLaws | None, now_ms: int
) -> StepGain:
    unit_id, arrives = link.receiver.unit_id, -by * link.passes_on
    levels = receiver.levels(unit_id, now_ms)
    shifts = _shifts(arrives, intake, levels, receiver.plan, laws)
    responses = tuple(_response(id, shifts[id], levels[id], receiver.plan) for id in sorted(shifts))
    bound = [one for one in receiver.plan.rules_of_unit.get(unit_id, ()) if _touches(one, shifts)]
    return StepGain(-by, arrives, responses, tuple(_rule(one, shifts, receiver, now_ms) for one in bound))


def _shifts(
    arrives: float,
    intake: tuple[str, ...],
    levels: Mapping[str, LivePoint | Unknown],
    plan: Plan,
    laws: UnitLaws | None,
) -> Shifts:
    found: dict[str, tuple[Basis, Span | Unknown, int]] = {
        id: (Basis.LINK, one if isinstance(one := levels[id], Unknown) else Span(arrives, arrives, arrives), 0)
        for id in intake
    }
    if plan.indicator(intake[0]).dimension is not Dimension.SAFETY:
        return found  # laws say what answers a safety indicator
    for id in sorted(levels.keys() - set(intake)):
        if plan.indicator(id).dimension is not Dimension.SAFETY:
            found[id] = (Basis.LAW, *_answer(id, arrives, intake, levels, laws))
    return found


def _answer(
    point_id: str,
    arrives: float,
    intake: Iterable[str],
    levels: Mapping[str, LivePoint | Unknown],
    laws: UnitLaws | None,
) -> tuple[Span | Unknown, int]:
    """By the law that explains most of this point."""
    if laws is None:
        return Unknown.NOT_LEARNT, 0
    found = [law for cause in intake if (law := laws.of(cause, point_id)) is not None]
    if not found:
        tried = any(one.cause.point_id in intake and one.response.point_id == point_id for one in laws.unclaimed)
        return Unknown.NO_LAW if tried else Unknown.NOT_LEARNT, 0
    best = max(found, key=lambda law: (law.fit.r2, law.cause.point_id))
    return _by_law(best, arrives, levels[best.cause.point_id], levels[point_id]), best.fit.lag_ms


def _by_law(law: Law, arrives: float, cause: LivePoint | Unknown, response: LivePoint | Unknown) -> Span | Unknown:
    if isinstance(cause, Unknown):
        return cause
    if isinstance(response, Unknown):
        return response
    after = cause.value * (1.0 + arrives)
    is_known = law.fit.holds_at(cause.value) and law.fit.holds_at(after)
    return Span(*law.fit.change(after - cause.value)) if is_known else Unknown.OUTSIDE_VALIDITY


def _response(
    point_id: str, shift: tuple[Basis, Span | Unknown, int], level: LivePoint | Unknown, plan: Plan
) -> Response:
    basis, change, lag_ms = shift
    indicator = plan.indicator(point_id).id
    value = None if isinstance(level, Unknown) else level.value
    price = plan.catalogue.chain.hourly_prices.get(indicator)
    is_priced = price is not None and value is not None and isinstance(change, Span)
    cost = change.times(value * price) if is_priced else None  # type: ignore[operator,union-attr]
    return Response(point_id, indicator, basis, value, change, lag_ms, cost)


def _touches(bound: BoundRule, shifts: Shifts) -> bool:
    return any(id in shifts for term in bound.terms for id in term.point_ids)


def _rule(bound: BoundRule, shifts: Shifts, side: Side, now_ms: int) -> RuleGain | RuleUnknown:
    window_ms = bound.rule.window_ms + side.interval_ms(bound.unit_id)
    safety, response = (_live(term, side, window_ms) for term in (bound.safety, bound.response))
    for live in (safety, response):
        reason = _unsure(live, now_ms) or _unknown_shift(live, shifts)
        if reason is not None:
            return RuleUnknown(bound.rule.id, reason)
    energy = None if bound.energy is None else _live(bound.energy, side, window_ms)
    is_held = energy is not None and (_unsure(energy, now_ms) or _unknown_shift(energy, shifts)) is not None
    s, e = (_deviations(live, shifts, now_ms) for live in (safety, response))
    g = (0.0,) * 4 if energy is None else _deviations(energy, {} if is_held else shifts, now_ms)
    kappa, base = side.plan.catalogue.kappa, side.plan.base_risk
    before, after = (assess(s[at], e[at], g[at], kappa=kappa, base=base) for at in (0, 1))
    ends = [assess(*one, kappa=kappa, base=base) for one in product(s[1:], e[1:], g[1:])]
    coefficient = _span(after.coefficient, [one.coefficient for one in ends])
    return RuleGain(bound.rule.id, before, after, coefficient, _span(after.score, [one.score for one in ends]), is_held)


def _live(term: BoundTerm, side: Side, window_ms: int) -> LiveTerm:
    points = {one: LivePoint(one, side.state.points.get(one), side.plan) for one in term.point_ids}
    return LiveTerm(term, points, window_ms)


def _unsure(live: LiveTerm, now_ms: int) -> Unknown | None:
    leg = live.look(now_ms)
    if leg.point is not None and leg.sure:
        return None
    if any(point.last_ms < now_ms - live.window_ms for point, _ in live.points):
        return Unknown.STALE
    return Unknown.INVALID if any(not point.valid for point, _ in live.points) else Unknown.NO_REFERENCE


def _unknown_shift(live: LiveTerm, shifts: Shifts) -> Unknown | None:
    found = (shifts[point.id][1] for point, _ in live.points if point.id in shifts)
    return next((one for one in found if isinstance(one, Unknown)), None)


def _deviations(live: LiveTerm, shifts: Shifts, now_ms: int) -> tuple[float, float, float, float]:
    """Of the worst of its points: as it is, as expected, and at both ends of what is expected."""
    found = [(0.0, 0.0, 0.0, 0.0)]
    for point, reference in live.points:
        change = shifts[point.id][1] if point.id in shifts else Span(0.0, 0.0, 0.0)
        if point.valid and point.last_ms >= now_ms - live.window_ms and isinstance(change, Span):
            moves = (0.0, change.estimate, change.low, change.high)
            values = [deviation(live.term.trigger, point.value * (1.0 + one), reference) or 0.0 for one in moves]
            found.append((values[0], values[1], values[2], values[3]))
    worst = [max(each) for each in zip(*found, strict=True)]
    return worst[0], worst[1], worst[2], worst[3]


def _span(estimate: float, ends: Iterable[float]) -> Span:
    listed = [estimate, *ends]
    return Span(estimate, min(listed), max(listed))
