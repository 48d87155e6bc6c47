"""docs/coupling.md, the way back: the values that are named do what is said of them, and no smaller step does."""

from dataclasses import replace

import pytest
from hypothesis import given

from chalicelib.domain import coupling
from chalicelib.domain.warning import WhyCard, WhyTerm
from chalicelib.domain.way_back import Way, decimals, falls, reference_of, trigger_of, ways_back
from tests.why_cards import above, card, cards, deviations, drop, limit, outside, rise, term

HOT = card(above(188.0, 180.0, 2.0), rise(54.0, 30.0, 0.3), rise(112.0, 100.0, 0.1, "steam_flow"))


def coefficient_with(known: WhyCard, values: tuple[float | None, ...], steps_back: int = 0) -> float:
    """The coefficient with some terms at other values, or so many steps further from normal."""
    terms = [
        one if value is None else at(one, value, steps_back) for one, value in zip(known.terms, values, strict=True)
    ]
    return coupling.assess(*deviations(terms), kappa=known.kappa, base=0.0).coefficient


def at(one: WhyTerm, value: float, steps_back: int) -> WhyTerm:
    step = 10.0 ** -decimals(one) * steps_back
    moved = value + step if falls(one) else value - step
    return replace(one, deviation=coupling.deviation(trigger_of(one), moved, reference_of(one)) or 0.0)


def is_under(coefficient: float, below: float) -> bool:
    return coupling.tier_of(coefficient) < coupling.tier_of(below)


def only(values: tuple[float | None, ...], place: int) -> tuple[float | None, ...]:
    return tuple(value if n == place else None for n, value in enumerate(values))


def test_tier_1_has_no_way_to_go() -> None:
    assert ways_back(card(above(182.0, 180.0, 2.0), rise(39.0, 30.0, 0.3)), {}) == ()


def test_a_term_that_alone_cannot_do_it_has_no_value() -> None:
    (way,) = ways_back(card(above(188.0, 180.0, 2.0), rise(54.0, 30.0, 0.3), rise(105.0, 100.0, 0.1)), {})
    assert way.alone[2] is None and None not in way.alone[:2]


def test_energy_alone_can_do_it_where_it_was_energy_that_raised_the_tier() -> None:
    (way,) = ways_back(card(above(183.0, 180.0, 2.0), rise(43.5, 30.0, 0.3), rise(112.0, 100.0, 0.1)), {})
    assert way.alone[2] == 102.6
    assert is_under(coefficient_with(card(above(183.0, 180.0, 2.0), rise(43.5, 30.0, 0.3), rise(102.6, 100.0, 0.1)), (None,) * 3), 0.3)  # fmt: skip


def test_a_value_that_cannot_be_true_is_no_way() -> None:
    loud = card(limit(200.0, 20.0), limit(200.0, 20.0))
    assert all(None not in way.alone for way in ways_back(loud, {"dust": (0.0, 20000.0)}))
    (high, low) = ways_back(loud, {"dust": (50.0, 20000.0)})
    assert low.alone == (None, None) and low.together == () and high.together == (82.0, 82.0)


@pytest.mark.parametrize(
    ("known", "ways"),
    [
        pytest.param(
            HOT,
            (Way(0.6, (187.4, 52.4, 110.2), (187.7, 53.2, None)), Way(0.3, (181.1, 33.4, None), (183.0, 39.0, None))),
            id="a hot reactor, its off-gas and its steam: under 0.6, then under 0.3",
        ),
        pytest.param(
            card(above(184.0, 180.0, 2.0), rise(48.0, 30.0, 0.3)),
            (Way(0.3, (182.5, 41.4), (183.1, 44.3)),),
            id="tier 2 has one bound to get under",
        ),
        pytest.param(
            card(outside(0.0, -60.0, -20.0), limit(40.0, 20.0)),
            (Way(0.3, (-15.0, 25.0), (-9.0, 31.0)),),
            id="a kiln above its band comes down",
        ),
        pytest.param(
            card(outside(-110.0, -60.0, -20.0), limit(40.0, 20.0)),
            (Way(0.3, (-65.0, 14.0), (-82.0, 24.0)),),
            id="a kiln below its band comes up",
        ),
        pytest.param(
            card(outside(-65.0, -60.0, -20.0), limit(100.0, 20.0)),
            (Way(0.3, (-60.0, 40.0), (-60.0, 63.0)),),
            id="a band is left behind at its edge",
        ),
        pytest.param(
            card(outside(6.8, 0.0, 4.5), drop(56.0, 80.0, 0.15)),
            (Way(0.3, (5.1, 64.9), (5.8, 61.0)),),
            id="an efficiency that fell rises",
        ),
    ],
)
def test_the_way_back_in_figures(known: WhyCard, ways: tuple[Way, ...]) -> None:
    assert ways_back(known, {}) == ways


@given(cards())
def test_at_the_value_of_one_term_the_coefficient_is_under_the_bound_and_one_step_before_it_is_not(
    known: WhyCard,
) -> None:
    for way in ways_back(known, {}):
        for n, value in enumerate(way.alone):
            if value is not None:
                assert is_under(coefficient_with(known, only(way.alone, n)), way.below)
                assert not is_under(coefficient_with(known, only(way.alone, n), steps_back=1), way.below)


@given(cards())
def test_at_both_values_together_it_is_too(known: WhyCard) -> None:
    for way in ways_back(known, {}):
        assert is_under(coefficient_with(known, way.together), way.below)
        assert not is_under(coefficient_with(known, way.together, steps_back=1), way.below)


@given(cards())
def test_safety_and_response_always_have_a_way_and_energy_where_less_of_it_is_enough(known: WhyCard) -> None:
    for way in ways_back(known, {}):
        assert None not in way.alone[:2] and None not in way.together[:2]
        if len(known.terms) > 2:
            without = coupling.assess(*deviations(known.terms)[:2], 0.0, kappa=known.kappa, base=0.0).coefficient
            assert (way.alone[2] is not None) == is_under(without, way.below)


@given(cards())
def test_there_is_a_way_under_each_bound_that_was_reached(known: WhyCard) -> None:
    reached = [bound for bound in (0.6, 0.3) if not is_under(known.coefficient, bound)]
    assert [way.below for way in ways_back(known, {})] == reached


@pytest.mark.parametrize(
    ("role", "known", "places"),
    [
        ("safety", above(183.0, 180.0, 2.0), 1),
        ("safety", above(1.31, 1.25, 0.05), 3),
        ("safety", above(600.0, 500.0, 50.0), 0),
        ("response", rise(52.0, 30.0, 0.3), 1),
        ("response", limit(70.0, 60.0), 0),
        ("response", limit(90000.0, 60000.0), -3),
        ("safety", outside(0.0, -60.0, -20.0), 0),
    ],
)
def test_steps_suit_the_trigger(role: str, known: object, places: int) -> None:
    assert decimals(term(role, known)) == places  # type: ignore[arg-type]
