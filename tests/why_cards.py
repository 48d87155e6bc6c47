"""Why-cards for tests: of any triggers and deviations, as evaluation would make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from hypothesis import strategies as st

from chalicelib.domain import coupling
from chalicelib.domain.catalogue import Trigger, TriggerKind
from chalicelib.domain.coupling import Reference
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.warning import WhyCard, WhyTerm

KAPPA = -log(0.8)
T0 = 1_772_416_800_000
DIMENSIONS = {"safety": Dimension.SAFETY, "response": Dimension.ENVIRONMENT, "energy": Dimension.ENERGY}


@dataclass(frozen=True)
class Given:
    """A trigger with its reference, and a value. `band` for outside_band."""

    kind: TriggerKind
    amount: float
    reference: float | None
    value: float
    band: tuple[float, float] | None = None
    indicator: str = ""
    unit: str = "mg/m3"
    learnt: bool = True


def above(value: float, threshold: float, delta: float, indicator: str = "reactor_temperature") -> Given:
    return Given(TriggerKind.ABOVE_THRESHOLD_BY, delta, threshold, value, indicator=indicator, unit="Cel")


def rise(value: float, baseline: float, share: float, indicator: str = "voc", **more: bool) -> Given:
    return Given(TriggerKind.RELATIVE_RISE, share, baseline, value, indicator=indicator, **more)


def drop(value: float, baseline: float, share: float) -> Given:
    return Given(TriggerKind.RELATIVE_DROP, share, baseline, value, indicator="energy_efficiency", unit="%")


def limit(value: float, allowed: float) -> Given:
    return Given(TriggerKind.ABOVE_LIMIT, 0.0, allowed, value, indicator="dust")


def outside(value: float, low: float, high: float) -> Given:
    return Given(TriggerKind.OUTSIDE_BAND, 0.0, None, value, (low, high), "kiln_pressure", "Pa")


def term(role: str, given: Given) -> WhyTerm:
    trigger, low_high = Trigger(given.kind, given.amount), given.band or (None, None)
    reference = Reference(given.reference, *low_high)
    d = coupling.deviation(trigger, given.value, reference)
    assert d is not None
    return WhyTerm(
        role=role,
        indicator=given.indicator or role,
        dimension=DIMENSIONS[role],
        point_id=f"p-{role}",
        unit=given.unit,
        value=given.value,
        measured_at_ms=T0,
        trigger=given.kind,
        amount=given.amount,
        reference=given.reference,
        band=given.band,
        baseline_learnt=given.learnt,
        deviation=d,
        return_to=coupling.value_at(trigger, 0.9, reference),
    )


def card(*given: Given, base: float = 0.5, kappa: float = KAPPA) -> WhyCard:
    """Safety, response and, where a third is given, energy."""
    terms = tuple(term(role, one) for role, one in zip(DIMENSIONS, given, strict=False))
    risk = coupling.assess(*deviations(terms), kappa=kappa, base=base)
    return WhyCard(
        rule_id="reactor-temperature-voc",
        rule_version=1,
        catalogue_version="2026.1",
        terms=terms,
        magnitude=risk.magnitude,
        kappa=kappa,
        coefficient=risk.coefficient,
        industry_weight=0.5,
        size_factor=1.0,
        base_risk=base,
        composite_score=risk.score,
        warning_threshold=35.0,
        block_ids=("b",),
        next_lower_tier_at=coupling.magnitude_below(risk.tier, kappa),
    )


def deviations(terms: Sequence[WhyTerm]) -> tuple[float, float, float]:
    own = [one.deviation for one in terms]
    return own[0], own[1], own[2] if len(own) > 2 else 0.0


def beyond(least: float, most: float) -> st.SearchStrategy[Given]:
    """Any trigger with a value whose deviation lies between `least` and `most`."""
    d = st.floats(least, most)
    scale = st.floats(0.05, 5000.0)
    share = st.floats(0.05, 0.5)
    return st.one_of(
        st.builds(lambda t, a, d: above(t + a * d, t, a), st.floats(-50.0, 2000.0), st.floats(0.01, 100.0), d),
        st.builds(lambda b, f, d: rise(b * (1 + f * d), b, f), scale, share, d),
        st.builds(lambda b, f, d: drop(b * (1 - f * d), b, f), scale, share, d),
        st.builds(lambda a, d: limit(a * d, a), scale, d),
        st.builds(
            lambda low, width, d, up: outside(
                low + width + (d - 1) * width / 2 if up else low - (d - 1) * width / 2, low, low + width
            ),
            st.floats(-500.0, 500.0), st.floats(0.5, 500.0), st.floats(max(least, 1.001), most), st.booleans(),
        ),
    )  # fmt: skip


def cards() -> st.SearchStrategy[WhyCard]:
    """Decisions of every tier, with and without energy."""
    legs = st.tuples(beyond(1.0, 20.0), beyond(1.0, 20.0))
    three = st.tuples(beyond(1.0, 20.0), beyond(1.0, 20.0), beyond(0.0, 4.0))
    return st.one_of(legs, three).map(lambda given: card(*given))
