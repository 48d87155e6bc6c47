"""docs/coupling.md, its arithmetic: triggers, magnitude, coefficient, base risk, composite score, tiers."""

from math import exp, isnan, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain import coupling
from chalicelib.domain.catalogue import Trigger, TriggerKind
from chalicelib.domain.coupling import AT_TRIGGER, Reference

KAPPA = -log(0.8)
RISE, DROP = TriggerKind.RELATIVE_RISE, TriggerKind.RELATIVE_DROP
ABOVE, LIMIT, BAND = TriggerKind.ABOVE_THRESHOLD_BY, TriggerKind.ABOVE_LIMIT, TriggerKind.OUTSIDE_BAND


@pytest.mark.parametrize(
    ("trigger", "reference"),
    [
        pytest.param(Trigger(ABOVE, 2.0), Reference(None), id="a threshold that nobody registered"),
        pytest.param(Trigger(RISE, 0.3), Reference(None), id="a baseline that is not learnt, without a nominal value"),
        pytest.param(Trigger(RISE, 0.3), Reference(0.0), id="a rise from a baseline of zero"),
        pytest.param(Trigger(DROP, 0.15), Reference(-3.0), id="a drop from a baseline below zero"),
        pytest.param(Trigger(LIMIT), Reference(0.0), id="a limit of zero"),
        pytest.param(Trigger(LIMIT), Reference(None), id="no limit"),
        pytest.param(Trigger(BAND), Reference(None, None, 4.0), id="a band without its lower edge"),
        pytest.param(Trigger(BAND), Reference(None, -4.0, None), id="a band without its upper edge"),
        pytest.param(Trigger(BAND), Reference(None, 4.0, 4.0), id="a band without width"),
    ],
)
def test_a_deviation_that_cannot_be_told_is_none_and_not_zero(trigger: Trigger, reference: Reference) -> None:
    assert coupling.deviation(trigger, 10.0, reference) is None


@pytest.mark.parametrize(
    ("trigger", "reference", "value"),
    [
        pytest.param(Trigger(ABOVE, 2.0), Reference(180.0), 182.0, id="2 degC above the threshold"),
        pytest.param(Trigger(ABOVE, 0.05), Reference(1.25), 1.30, id="0.05 MPa above, which no double holds"),
        pytest.param(Trigger(RISE, 0.3), Reference(30.0), 39.0, id="30 % above the baseline"),
        pytest.param(Trigger(RISE, 0.3), Reference(0.7), 0.91, id="30 % above a baseline that no double holds"),
        pytest.param(Trigger(DROP, 0.15), Reference(80.0), 68.0, id="15 % below the baseline"),
        pytest.param(Trigger(LIMIT), Reference(60.0), 60.0, id="at the limit"),
    ],
)
def test_a_deviation_is_one_at_the_trigger_but_for_rounding(
    trigger: Trigger, reference: Reference, value: float
) -> None:
    d = coupling.deviation(trigger, value, reference)
    assert d == pytest.approx(1.0, abs=1e-9)
    assert d is not None and d >= AT_TRIGGER


@pytest.mark.parametrize(
    ("trigger", "reference", "value", "expected"),
    [
        pytest.param(Trigger(ABOVE, 2.0), Reference(180.0), 186.0, 3.0, id="above_threshold_by is linear beyond"),
        pytest.param(
            Trigger(ABOVE, 2.0), Reference(180.0), 170.0, 0.0, id="above_threshold_by below its threshold is 0"
        ),
        pytest.param(Trigger(RISE, 0.3), Reference(30.0), 48.0, 2.0, id="relative_rise is linear beyond"),
        pytest.param(Trigger(RISE, 0.3), Reference(30.0), 20.0, 0.0, id="relative_rise below its baseline is 0"),
        pytest.param(Trigger(DROP, 0.15), Reference(80.0), 56.0, 2.0, id="relative_drop is linear beyond"),
        pytest.param(Trigger(DROP, 0.15), Reference(80.0), 90.0, 0.0, id="relative_drop above its baseline is 0"),
        pytest.param(Trigger(LIMIT), Reference(60.0), 90.0, 1.5, id="above_limit is value by limit"),
        pytest.param(Trigger(LIMIT), Reference(60.0), 30.0, 0.5, id="above_limit is so below its limit too"),
        pytest.param(Trigger(LIMIT), Reference(60.0), -3.0, 0.0, id="above_limit of a negative value is 0"),
        pytest.param(Trigger(BAND), Reference(None, -60.0, -20.0), -40.0, 0.0, id="outside_band inside is 0"),
        pytest.param(Trigger(BAND), Reference(None, -60.0, -20.0), -20.0, 0.0, id="outside_band at its edge is inside"),
        pytest.param(Trigger(BAND), Reference(None, -60.0, -20.0), -10.0, 1.5, id="outside_band above, by half widths"),
        pytest.param(
            Trigger(BAND), Reference(None, -60.0, -20.0), -100.0, 3.0, id="outside_band below, by half widths"
        ),
    ],
)
def test_a_deviation_is_linear_and_never_negative(
    trigger: Trigger, reference: Reference, value: float, expected: float
) -> None:
    assert coupling.deviation(trigger, value, reference) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("value", [181.99, 181.9999])
def test_a_value_short_of_the_trigger_stays_short_of_it(value: float) -> None:
    d = coupling.deviation(Trigger(ABOVE, 2.0), value, Reference(180.0))
    assert d is not None and d < AT_TRIGGER


@pytest.mark.parametrize(
    ("trigger", "reference"),
    [
        (Trigger(ABOVE, 2.0), Reference(180.0)),
        (Trigger(RISE, 0.3), Reference(30.0)),
        (Trigger(DROP, 0.15), Reference(80.0)),
        (Trigger(LIMIT), Reference(60.0)),
    ],
    ids=["above_threshold_by", "relative_rise", "relative_drop", "above_limit"],
)
@pytest.mark.parametrize("d", [0.4, 0.9, 1.0, 2.5])
def test_value_at_is_the_way_back_from_a_deviation(trigger: Trigger, reference: Reference, d: float) -> None:
    (value,) = coupling.value_at(trigger, d, reference)
    assert coupling.deviation(trigger, value, reference) == pytest.approx(d)


def test_the_way_back_into_a_band_is_either_edge() -> None:
    assert coupling.value_at(Trigger(BAND), 0.9, Reference(None, -60.0, -20.0)) == (-60.0, -20.0)


def test_magnitude_needs_both_legs() -> None:
    assert coupling.magnitude(9.0, 0.0, 2.0) == 0.0
    assert coupling.magnitude(0.0, 9.0, 2.0) == 0.0


@pytest.mark.parametrize(
    ("g", "factor"),
    [
        pytest.param(0.0, 1.0, id="no energy deviation weighs nothing"),
        pytest.param(1.0, 1.25, id="at its trigger it adds a quarter"),
        pytest.param(2.0, 1.5, id="at twice its trigger it adds half"),
        pytest.param(50.0, 1.5, id="more than that adds no more"),
    ],
)
def test_energy_weighs_up_to_half(g: float, factor: float) -> None:
    assert coupling.magnitude(2.0, 8.0, g) == pytest.approx(4.0 * factor)


def test_the_shipped_kappa_is_minus_ln_of_0_8() -> None:
    assert shipped().kappa == pytest.approx(KAPPA, abs=1e-15)


def test_the_coefficient_is_0_2_at_both_triggers() -> None:
    assert coupling.coefficient(coupling.magnitude(1.0, 1.0, 0.0), shipped().kappa) == pytest.approx(0.2, abs=1e-15)


@pytest.mark.parametrize(
    ("weight", "factor", "expected"),
    [
        pytest.param(0.50, 1.2, 0.6, id="a large chemical plant"),
        pytest.param(0.25, 0.85, 0.2125, id="a small energy saver"),
        pytest.param(0.9, 1.2, 0.9, id="never above 0.9"),
        pytest.param(-0.5, 1.0, 0.0, id="never below 0"),
    ],
)
def test_base_risk_is_weight_times_size_within_0_and_0_9(weight: float, factor: float, expected: float) -> None:
    assert coupling.base_risk(weight, factor) == pytest.approx(expected)


def test_the_composite_score_joins_both_risks_as_independent() -> None:
    assert coupling.composite_score(0.5, 0.2) == pytest.approx(60.0)
    assert coupling.composite_score(0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("c", "tier"),
    [(0.0, 1), (0.2, 1), (0.2999, 1), (0.3, 2), (0.3 - 1e-12, 2), (0.5999, 2), (0.6, 3), (0.6 - 1e-12, 3), (1.0, 3)],
)
def test_tiers_begin_at_0_3_and_0_6(c: float, tier: int) -> None:
    assert coupling.tier_of(c) == tier


@pytest.mark.parametrize("tier", [2, 3])
def test_below_the_next_lower_magnitude_the_tier_is_lower(tier: int) -> None:
    m = coupling.magnitude_below(tier, KAPPA)
    assert m is not None
    assert coupling.tier_of(coupling.coefficient(m, KAPPA)) == tier
    assert coupling.tier_of(coupling.coefficient(m - 1e-6, KAPPA)) == tier - 1


def test_there_is_no_magnitude_below_tier_1() -> None:
    assert coupling.magnitude_below(1, KAPPA) is None


deviations = st.floats(min_value=0.0, max_value=1e6)


@given(deviations, deviations, deviations, st.floats(min_value=0.0, max_value=0.9))
def test_whatever_deviates_score_and_coefficient_keep_their_bounds(s: float, e: float, g: float, base: float) -> None:
    risk = coupling.assess(s, e, g, kappa=KAPPA, base=base)
    assert 0.0 <= risk.coefficient <= 1.0
    assert 100.0 * base - 1e-9 <= risk.score <= 100.0
    assert risk.tier in (1, 2, 3)
    assert risk.magnitude == pytest.approx(sqrt(s * e) * (1 + 0.25 * min(g, 2.0)))
    assert risk.coefficient == pytest.approx(1 - exp(-KAPPA * risk.magnitude))


@given(deviations, deviations, deviations, deviations)
def test_more_deviation_is_never_less_risk(s: float, e: float, g: float, more: float) -> None:
    risk = coupling.assess(s, e, g, kappa=KAPPA, base=0.5)
    for worse in ((s + more, e, g), (s, e + more, g), (s, e, g + more)):
        assert coupling.assess(*worse, kappa=KAPPA, base=0.5).score >= risk.score - 1e-9


@given(st.sampled_from(list(TriggerKind)), st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_no_finite_value_has_a_negative_deviation(kind: TriggerKind, value: float) -> None:
    d = coupling.deviation(Trigger(kind, 0.3), value, Reference(5.0, -2.0, 7.0))
    assert d is not None and d >= 0.0 and not isnan(d)


@given(st.floats(min_value=0.01, max_value=1e6), st.floats(min_value=0.01, max_value=1e6), deviations)
def test_the_shares_of_a_magnitude_are_a_whole(s: float, e: float, g: float) -> None:
    safety, response, energy = coupling.shares(s, e, g)
    assert safety + response + energy == pytest.approx(1.0)
    assert (safety >= response) == (s >= e)
    assert coupling.magnitude(s, e, 0.0) == pytest.approx(coupling.magnitude(s, e, g) * (1.0 - energy))


def test_nothing_has_a_share_in_no_magnitude() -> None:
    assert coupling.shares(0.0, 3.0, 1.0) == (0.0, 0.0, 0.0)
