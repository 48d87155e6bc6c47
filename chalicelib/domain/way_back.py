"""The way back: to which values the terms of a decision must return for its coefficient to fall under a tier's bound.

A value is rounded towards the normal side, to a step that suits its trigger, and tried: at the value the coefficient is under
the bound, one step before it is not. docs/coupling.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor, log10, sqrt

from chalicelib.domain import coupling
from chalicelib.domain.catalogue import Trigger, TriggerKind
from chalicelib.domain.coupling import ENERGY_CAP, ENERGY_SHARE, TIER_BOUNDS, Reference
from chalicelib.domain.warning import WhyCard, WhyTerm

STEPS = 20  # a deviation of 1 has at least so many steps
TRIES = 3
ALMOST = 1e-6  # of a step
Plausible = Mapping[str, tuple[float, float]]  # by indicator


@dataclass(frozen=True, slots=True)
class Way:
    """Values by term, in the order of the card's terms, that bring the coefficient under `below`.

    `alone`: of one term with the others held; None where that term cannot do it. `together`: of safety and response at once, energy
    (None) held; empty where even that is implausible.
    """

    below: float
    alone: tuple[float | None, ...]
    together: tuple[float | None, ...]


def ways_back(card: WhyCard, plausible: Plausible) -> tuple[Way, ...]:
    """Under the bound of each tier that the coefficient has reached, the highest first."""
    reached = range(coupling.tier_of(card.coefficient), 1, -1)
    return tuple(_way(card, tier, plausible) for tier in reached)


def reference_of(term: WhyTerm) -> Reference:
    low, high = term.band or (None, None)
    return Reference(term.reference, low, high)


def trigger_of(term: WhyTerm) -> Trigger:
    return Trigger(term.trigger, term.amount)


def falls(term: WhyTerm) -> bool:
    """Whether the term returns to normal by falling."""
    if term.band is not None:
        return term.value >= term.band[0]
    return term.trigger is not TriggerKind.RELATIVE_DROP


def decimals(term: WhyTerm) -> int:
    """So many decimals tell a STEPS-th of the way from normal to the trigger. Negative: whole tens, hundreds, ..."""
    if term.band is not None:
        scale = (term.band[1] - term.band[0]) / 2.0
    else:
        scale = abs(value_with(term, 1.0) - value_with(term, 0.0))
    return -floor(log10(scale / STEPS))


def value_with(term: WhyTerm, d: float) -> float:
    """The value whose deviation is `d`. Of a band: on the side where the term stands, its edge for what is inside."""
    if term.band is None:
        (value,) = coupling.value_at(trigger_of(term), d, reference_of(term))
        return value
    low, high = term.band
    beyond = max(d - 1.0, 0.0) * (high - low) / 2.0
    return high + beyond if falls(term) else low - beyond


def _way(card: WhyCard, tier: int, plausible: Plausible) -> Way:
    bound = coupling.magnitude_below(tier, card.kappa)
    assert bound is not None
    terms = card.terms
    given = tuple(term.deviation for term in terms)

    def is_under(changed: Mapping[int, float]) -> bool:
        own = {term.role: changed.get(n, given[n]) for n, term in enumerate(terms)}
        risk = coupling.assess(own["safety"], own["response"], own.get("energy", 0.0), kappa=card.kappa, base=0.0)
        return risk.tier < tier

    alone = tuple(
        _settle({n: needed}, terms, is_under, plausible).get(n) if needed is not None else None
        for n, needed in enumerate(_needed(terms, bound))
    )
    share = bound / card.magnitude
    joint = {n: term.deviation * share for n, term in enumerate(terms) if term.role != "energy"}
    values = _settle(joint, terms, is_under, plausible)
    together = tuple(values.get(n) for n in range(len(terms))) if values else ()
    return Way(TIER_BOUNDS[tier - 2], alone, together)


def _needed(terms: tuple[WhyTerm, ...], bound: float) -> list[float | None]:
    """The deviation that each term would need by itself for the magnitude `bound`; None where less than none would be."""
    by_role = {term.role: term.deviation for term in terms}
    s, e, g = by_role["safety"], by_role["response"], by_role.get("energy", 0.0)
    pair = (bound / (1.0 + ENERGY_SHARE * min(g, ENERGY_CAP))) ** 2
    energy = (bound / sqrt(s * e) - 1.0) / ENERGY_SHARE
    own = {"safety": pair / e, "response": pair / s, "energy": energy if energy >= 0.0 else None}
    return [own[term.role] for term in terms]


def _settle(
    wanted: Mapping[int, float],
    terms: tuple[WhyTerm, ...],
    is_under: Callable[[Mapping[int, float]], bool],
    plausible: Plausible,
) -> dict[int, float]:
    """The rounded values for the wanted deviations, by term; none where a value could not be true."""
    for back in range(TRIES):  # rounding may leave a value at the bound itself
        values = {n: rounded(terms[n], value_with(terms[n], d), back) for n, d in wanted.items()}
        if is_under({n: _deviation(terms[n], value) for n, value in values.items()}):
            return values if all(_can_be(terms[n], value, plausible) for n, value in values.items()) else {}
    return {}


def rounded(term: WhyTerm, exact: float, back: int = 0) -> float:
    """`exact` rounded towards normal, `back` steps further. What is a step but for floating point's error stays."""
    places = decimals(term)
    scaled = exact * 10.0**places
    if abs(scaled - round(scaled)) < ALMOST:
        scaled = round(scaled)
    steps = floor(scaled) - back if falls(term) else ceil(scaled) + back
    value = round(steps / 10.0**places, max(places, 0))
    if term.band is None:
        return value
    low, high = term.band
    return max(value, high) if falls(term) else min(value, low)  # within the band there is nothing left to do


def _deviation(term: WhyTerm, value: float) -> float:
    return coupling.deviation(trigger_of(term), value, reference_of(term)) or 0.0


def _can_be(term: WhyTerm, value: float, plausible: Plausible) -> bool:
    known = plausible.get(term.indicator)
    return known is None or known[0] <= value <= known[1]
