"""The why-card of a decision: every leg that spoke, the arithmetic, and what would bring it back."""

from chalicelib.domain import coupling
from chalicelib.domain.coupling import Risk
from chalicelib.domain.leg import Leg, LiveTerm
from chalicelib.domain.plan import RELATIVE, BoundRule, Plan
from chalicelib.domain.warning import WhyCard, WhyTerm

Role = str  # safety, response or energy


def why_card(
    bound: BoundRule, legs: tuple[tuple[Role, LiveTerm, Leg], ...], risk: Risk, plan: Plan, block_ids: tuple[str, ...]
) -> WhyCard:
    kappa = plan.catalogue.kappa
    return WhyCard(
        rule_id=bound.rule.id,
        rule_version=bound.rule.version,
        catalogue_version=plan.catalogue.version,
        terms=tuple(_term(role, term, leg, bound.rule.hysteresis, plan) for role, term, leg in legs if leg.point),
        magnitude=risk.magnitude,
        kappa=kappa,
        coefficient=risk.coefficient,
        industry_weight=plan.industry_weight,
        size_factor=plan.size_factor,
        base_risk=plan.base_risk,
        composite_score=risk.score,
        warning_threshold=plan.warning_threshold,
        block_ids=block_ids,
        next_lower_tier_at=coupling.magnitude_below(risk.tier, kappa),
    )


def _term(role: Role, live: LiveTerm, leg: Leg, hysteresis: float, plan: Plan) -> WhyTerm:
    assert leg.point is not None
    point, trigger = leg.point, live.term.trigger
    indicator = plan.indicator(point.id)
    reference = next(reference for known, reference in live.points if known is point)
    band = None if reference.low is None or reference.high is None else (reference.low, reference.high)
    return WhyTerm(
        role=role,
        indicator=indicator.id,
        dimension=indicator.dimension,
        point_id=point.id,
        unit=indicator.unit,
        value=point.value,
        measured_at_ms=int(point.last_ms),
        trigger=trigger.kind,
        amount=trigger.amount,
        reference=reference.value,
        band=band,
        baseline_learnt=trigger.kind in RELATIVE and point.learnt,
        deviation=leg.deviation,
        return_to=coupling.value_at(trigger, 1.0 - hysteresis, reference),
    )
