"""The arithmetic of coupled risk (docs/coupling.md): deviation, magnitude, coefficient, base risk, composite score, tier."""

from math import exp, inf, log, sqrt
from typing import NamedTuple

from chalicelib.domain.catalogue import Trigger, TriggerKind

ROUNDING = 1e-9  # a value exactly at its trigger must count, whatever floating point makes of it
AT_TRIGGER = 1.0 - ROUNDING
TIER_BOUNDS = (0.3, 0.6)
MAX_BASE_RISK = 0.9
ENERGY_SHARE = 0.25
ENERGY_CAP = 2.0


class Reference:
    """What a trigger compares a value with: baseline, threshold, limit or band, as the trigger's kind asks."""

    __slots__ = ("high", "low", "value")

    def __init__(self, value: float | None, low: float | None = None, high: float | None = None) -> None:
        self.value, self.low, self.high = value, low, high


def deviation(trigger: Trigger, value: float, reference: Reference) -> float | None:
    """How far `value` is past its trigger: 1.0 at the trigger, linear beyond, never negative.

    None where it cannot be told (no reference, or a baseline of zero or below for a relative trigger).
    """
    kind = trigger.kind
    if kind is TriggerKind.OUTSIDE_BAND:
        return _outside(value, reference)
    base = reference.value
    if base is None:
        return None
    if kind is TriggerKind.ABOVE_THRESHOLD_BY:
        d = (value - base) / trigger.amount
    elif base <= 0.0:
        return None
    elif kind is TriggerKind.RELATIVE_RISE:
        d = (value / base - 1.0) / trigger.amount
    elif kind is TriggerKind.RELATIVE_DROP:
        d = (1.0 - value / base) / trigger.amount
    else:
        d = value / base
    return d if d > 0.0 else 0.0


def value_at(trigger: Trigger, d: float, reference: Reference) -> tuple[float, ...]:
    """The value(s) with deviation `d`: what a reading must return to. A band gives its two edges."""
    base = reference.value or 0.0
    match trigger.kind:
        case TriggerKind.OUTSIDE_BAND:
            return (reference.low or 0.0, reference.high or 0.0)
        case TriggerKind.ABOVE_THRESHOLD_BY:
            return (base + d * trigger.amount,)
        case TriggerKind.RELATIVE_RISE:
            return (base * (1.0 + d * trigger.amount),)
        case TriggerKind.RELATIVE_DROP:
            return (base * (1.0 - d * trigger.amount),)
        case TriggerKind.ABOVE_LIMIT:
            return (base * d,)


def _outside(value: float, band: Reference) -> float | None:
    if band.low is None or band.high is None or band.high <= band.low:
        return None
    distance = band.low - value if value < band.low else value - band.high
    if distance <= 0.0:
        return 0.0
    return 1.0 + distance / ((band.high - band.low) / 2.0)


def magnitude(s: float, e: float, g: float) -> float:
    return sqrt(s * e) * (1.0 + ENERGY_SHARE * min(g, ENERGY_CAP))


def coefficient(m: float, kappa: float) -> float:
    """Coupling coefficient C in 0..1; with kappa = -ln 0.8 it is 0.2 exactly at both triggers."""
    return 1.0 - exp(-kappa * m)


def base_risk(industry_weight: float, size_factor: float) -> float:
    return min(max(industry_weight * size_factor, 0.0), MAX_BASE_RISK)


def composite_score(base: float, c: float) -> float:
    """R in 0..100."""
    return 100.0 * (1.0 - (1.0 - base) * (1.0 - c))


def tier_of(c: float) -> int:
    """1 below 0.3, 2 below 0.6, else 3; a coefficient at a bound belongs above it."""
    second, third = TIER_BOUNDS
    return 1 + (c >= second - ROUNDING) + (c >= third - ROUNDING)


def magnitude_below(tier: int, kappa: float) -> float | None:
    """The magnitude under which the coefficient falls below `tier`; None for the lowest tier."""
    return None if tier == 1 else -log(1.0 - TIER_BOUNDS[tier - 2]) / kappa


def magnitudes_to_rise(kappa: float) -> tuple[float, ...]:
    """By tier (0: none), the magnitude below which a higher tier is surely not reached."""
    return (0.0, *((1.0 - 1e-6) * -log(1.0 - bound) / kappa for bound in TIER_BOUNDS), inf)


class Risk(NamedTuple):
    """What a rule's three deviations come to. `score` is the composite score R, 0..100."""

    magnitude: float
    coefficient: float
    score: float
    tier: int


def assess(s: float, e: float, g: float, *, kappa: float, base: float) -> Risk:
    m = magnitude(s, e, g)
    c = coefficient(m, kappa)
    return Risk(m, c, composite_score(base, c), tier_of(c))


def shares(s: float, e: float, g: float) -> tuple[float, float, float]:
    """What safety, response and energy each make up of the magnitude; they sum to 1 where it is not 0.

    Energy has what it adds (a fifth at its trigger, a third at most); the rest is split as the two deviations stand to each other.
    """
    if s * e <= 0.0:
        return 0.0, 0.0, 0.0
    rest = 1.0 / (1.0 + ENERGY_SHARE * min(g, ENERGY_CAP))
    return rest * s / (s + e), rest * e / (s + e), 1.0 - rest
