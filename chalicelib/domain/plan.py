"""What to evaluate for one enterprise: the catalogue's rules bound to the registered points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from chalicelib.domain.catalogue import Catalogue, Indicator, Rule, Term, TriggerKind
from chalicelib.domain.coupling import Reference, base_risk
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Point, Profile

RELATIVE = (TriggerKind.RELATIVE_RISE, TriggerKind.RELATIVE_DROP)


@dataclass(frozen=True, slots=True)
class BoundTerm:
    """A leg of a rule in one unit: the term and, by point, what its trigger compares with (None: the point's baseline)."""

    term: Term
    points: tuple[tuple[str, Reference | None], ...]

    @property
    def point_ids(self) -> tuple[str, ...]:
        return tuple(point_id for point_id, _ in self.points)


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule of one unit. Where several points carry the same indicator, the worst of them speaks.

    `deciding` are the points of safety and response; energy only weighs.
    """

    rule: Rule
    unit_id: str
    safety: BoundTerm
    response: BoundTerm
    energy: BoundTerm | None
    key: tuple[str, str]
    deciding: frozenset[str]

    @property
    def terms(self) -> tuple[BoundTerm, ...]:
        return (self.safety, self.response) if self.energy is None else (self.safety, self.response, self.energy)


@dataclass(frozen=True, slots=True)
class BoundWatch:
    """A term that one dimension exceeds alone: the safety and response terms of a unit's rules, each once, whether or not the
    other leg has a point there. Delays are those of `rule`, the first that has the term; `coupled` are all that have it."""

    rule: Rule
    unit_id: str
    term: BoundTerm
    dimension: Dimension
    key: tuple[str, str]
    coupled: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Plan:
    profile: Profile
    catalogue: Catalogue
    rules: tuple[BoundRule, ...]
    watches: tuple[BoundWatch, ...]
    industry_weight: float
    size_factor: float
    base_risk: float
    warning_threshold: float

    @cached_property
    def rules_of_point(self) -> dict[str, tuple[BoundRule, ...]]:
        found: dict[str, tuple[BoundRule, ...]] = {}
        for bound in self.rules:
            for point_id in {p for term in bound.terms for p in term.point_ids}:
                found[point_id] = (*found.get(point_id, ()), bound)
        return found

    @cached_property
    def learning(self) -> frozenset[str]:
        """The points whose baseline some rule asks for."""
        terms = (term for bound in self.rules for term in bound.terms)
        return frozenset(p for term in terms if term.term.trigger.kind in RELATIVE for p in term.point_ids)

    @cached_property
    def rules_of_unit(self) -> dict[str, tuple[BoundRule, ...]]:
        return _by_unit(self.rules)

    @cached_property
    def watches_of_unit(self) -> dict[str, tuple[BoundWatch, ...]]:
        return _by_unit(self.watches)

    @cached_property
    def unit_of_point(self) -> dict[str, str]:
        """Of the points that are followed: all of a unit that has a term of some rule."""
        units = self.watches_of_unit.keys()
        indicators = self.catalogue.indicators
        return {p.id: p.unit_id for p in self.profile.points if p.unit_id in units and p.indicator in indicators}

    def points_of(self, unit_id: str) -> tuple[str, ...]:
        """The points of a unit that are followed."""
        return tuple(point.id for point in self.profile.points_of(unit_id) if point.id in self.unit_of_point)

    def point(self, point_id: str) -> Point:
        return self.profile.points_by_id[point_id]

    def indicator(self, point_id: str) -> Indicator:
        return self.catalogue.indicators[self.point(point_id).indicator]


Bound = TypeVar("Bound", BoundRule, BoundWatch)


def _by_unit(all_of_them: Iterable[Bound]) -> dict[str, tuple[Bound, ...]]:
    found: dict[str, list[Bound]] = {}
    for one in all_of_them:
        found.setdefault(one.unit_id, []).append(one)
    return {unit_id: tuple(own) for unit_id, own in found.items()}


def make_plan(profile: Profile, catalogue: Catalogue) -> Plan:
    """Bind rules to points. A rule of which a leg has no point in a unit is not bound there."""
    enterprise = profile.enterprise
    rules = tuple(
        bound
        for unit in profile.units
        for rule in catalogue.rules_for(enterprise.industry, unit.type)
        if (bound := _bind(rule, unit.id, profile.points_of(unit.id), catalogue)) is not None
    )
    weight = catalogue.industry_weight(enterprise.industry)
    factor = catalogue.size_factors[enterprise.size]
    return Plan(
        profile=profile,
        catalogue=catalogue,
        rules=rules,
        watches=tuple(_watches(profile, catalogue)),
        industry_weight=weight,
        size_factor=factor,
        base_risk=base_risk(weight, factor),
        warning_threshold=catalogue.warning_threshold(enterprise.industry),
    )


def _bind(rule: Rule, unit_id: str, points: tuple[Point, ...], catalogue: Catalogue) -> BoundRule | None:
    safety, response = _bind_term(rule.safety, points, catalogue), _bind_term(rule.response, points, catalogue)
    if safety is None or response is None:
        return None
    energy = None if rule.energy is None else _bind_term(rule.energy, points, catalogue)
    deciding = frozenset((*safety.point_ids, *response.point_ids))
    return BoundRule(rule, unit_id, safety, response, energy, (unit_id, rule.id), deciding)


def _bind_term(term: Term, points: tuple[Point, ...], catalogue: Catalogue) -> BoundTerm | None:
    own = [p for p in points if p.indicator == term.indicator]
    if not own:
        return None
    limit = catalogue.indicators[term.indicator].limit
    return BoundTerm(term, tuple((p.id, _reference(term.trigger.kind, p, limit)) for p in own))


def _watches(profile: Profile, catalogue: Catalogue) -> Iterator[BoundWatch]:
    for unit in profile.units:
        points = profile.points_of(unit.id)
        wanted: dict[str, list[tuple[Rule, Term]]] = {}
        for rule in catalogue.rules_for(profile.enterprise.industry, unit.type):
            for term in (rule.safety, rule.response):
                wanted.setdefault(f"{term.indicator}:{term.trigger.kind}", []).append((rule, term))
        for name, found in wanted.items():
            rule, term = min(found, key=lambda one: one[1].trigger.amount)
            if (bound := _bind_term(term, points, catalogue)) is not None:
                dimension = catalogue.indicators[term.indicator].dimension
                coupled = tuple((unit.id, rule.id) for rule, _ in found)
                yield BoundWatch(rule, unit.id, bound, dimension, (unit.id, name), coupled)


def _reference(kind: TriggerKind, point: Point, limit: float | None) -> Reference | None:
    """`limit` is the indicator's own, for a point that registers none."""
    match kind:
        case TriggerKind.RELATIVE_RISE | TriggerKind.RELATIVE_DROP:
            return None
        case TriggerKind.OUTSIDE_BAND:
            return Reference(None, point.band_low, point.band_high)
        case TriggerKind.ABOVE_LIMIT:
            return Reference(point.limit if point.limit is not None else limit)
        case TriggerKind.ABOVE_THRESHOLD_BY:
            return Reference(point.threshold)
