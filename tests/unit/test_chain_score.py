"""What partners share of each other's month."""

from dataclasses import replace
from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue import ChainShare
from chalicelib.domain.chain import Link, Place
from chalicelib.domain.chain_score import (
    ChainMonth,
    Tie,
    chain_entries,
    chain_points,
    result_before,
    ties_of,
)
from chalicelib.domain.objection import Objection, ObjectionState
from chalicelib.domain.score import Cause, ScoreEntry, correction_of
from tests.unit.test_score import POLICY

SHARE = ChainShare(share_of=0.1, mark=90.0, most=3.0)
WHO = "abcdef"
results = st.fixed_dictionaries({one: st.floats(0, 100).map(lambda v: round(v, 2)) for one in WHO})
ties = st.lists(
    st.tuples(st.sampled_from(WHO), st.sampled_from(WHO), st.floats(0, 1)).filter(lambda one: one[0] != one[1]),
    max_size=30,
).map(lambda drawn: [Tie(f"l-{n:02d}", (one, other), by) for n, (one, other, by) in enumerate(drawn)])


def points(months: dict[str, float], known: list[Tie], share: ChainShare = SHARE) -> dict[str, float]:
    return {one: found.points for one, found in chain_points(months, known, share).items()}


def test_where_there_are_no_links_nothing_is_shared() -> None:
    assert chain_points({"a": 20.0, "b": 95.0}, [], SHARE) == {}


def test_a_partner_above_the_mark_helps_and_one_below_costs_by_how_strongly_they_are_linked() -> None:
    known = [Tie("ab", ("a", "b"), 0.5), Tie("ca", ("c", "a"), 1.0)]
    found = chain_points({"a": 90.0, "b": 100.0, "c": 70.0}, known, SHARE)
    assert [(one.enterprise_id, one.links, one.strength, one.result, one.points) for one in found["a"].partners] == [
        ("b", ("ab",), 0.5, 100.0, 0.5),
        ("c", ("ca",), 1.0, 70.0, -2.0),
    ]
    assert {one: each.points for one, each in found.items()} == {"a": -1.5, "b": 0.0, "c": 0.0}


def test_a_partner_whose_month_is_not_known_shares_nothing() -> None:
    assert points({"a": 50.0}, [Tie("ab", ("a", "b"), 1.0)]) == {"a": 0.0, "b": -3.0}


@given(results, ties)
def test_no_enterprise_gets_more_than_the_bound_up_or_down(months: dict[str, float], known: list[Tie]) -> None:
    assert all(-SHARE.most <= one <= SHARE.most for one in points(months, known).values())


@given(results, ties, st.sampled_from(WHO), st.floats(0, 100))
def test_nobodys_points_depend_on_their_own_result(
    months: dict[str, float], known: list[Tie], who: str, other: float
) -> None:
    assert points(months, known).get(who) == points(months | {who: other}, known).get(who)


@given(results, ties, st.sampled_from(WHO), st.floats(0, 100))
def test_a_partner_that_gets_better_never_lowers_anybodys_points(
    months: dict[str, float], known: list[Tie], who: str, better: float
) -> None:
    before, after = points(months, known), points(months | {who: max(months[who], better)}, known)
    assert all(after[one] >= before[one] for one in before)


@given(results, ties, st.randoms(use_true_random=False))
def test_the_order_of_links_and_results_makes_no_difference(
    months: dict[str, float], known: list[Tie], random: Random
) -> None:
    shuffled, turned = random.sample(known, len(known)), dict(reversed(months.items()))
    assert chain_points(turned, shuffled, SHARE) == chain_points(months, known, SHARE)


@given(results, ties)
def test_a_link_counts_alike_for_both_of_its_ends(months: dict[str, float], known: list[Tie]) -> None:
    turned = [Tie(one.link_id, one.ends[::-1], one.strength) for one in known]
    assert chain_points(months, turned, SHARE) == chain_points(months, known, SHARE)


@given(st.floats(0, 100), ties)
def test_enterprises_that_stand_alike_are_treated_alike(result: float, known: list[Tie]) -> None:
    swap = {"a": "b", "b": "a"}
    mirrored = [Tie(one.link_id, (swap.get(one.ends[0], one.ends[0]), swap.get(one.ends[1], one.ends[1])), one.strength) for one in known]  # fmt: skip
    months = dict.fromkeys(WHO, result)
    first, other = points(months, known), points(months, mirrored)
    assert first == {swap.get(one, one): value for one, value in other.items()}


@given(st.floats(0, 100), st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_links_between_the_same_two_are_one_partnership_at_most(result: float, strengths: list[float]) -> None:
    known = [Tie(f"l-{n}", ("a", "b"), one) for n, one in enumerate(strengths)]
    (partner,) = chain_points({"b": result}, known, SHARE)["a"].partners
    assert partner.strength <= 1.0 and len(partner.links) == len(strengths)
    assert abs(partner.points) <= abs(SHARE.share_of * (result - SHARE.mark)) + 1e-4


@given(results, ties)
def test_the_points_are_the_sum_of_the_partners_within_the_bound(months: dict[str, float], known: list[Tie]) -> None:
    for one in chain_points(months, known, SHARE).values():
        whole = sum(partner.points for partner in one.partners)
        assert isclose(one.points, max(min(whole, SHARE.most), -SHARE.most), abs_tol=0.006)


def test_links_are_ties_once_each_and_one_within_an_enterprise_is_none() -> None:
    link = Link("l-2", Place("a", "u"), Place("b", "v"), "m", (), 0.5, 0.5, 0)
    own = replace(link, id="l-1", receiver=Place("a", "w"))
    assert ties_of([link, own, link]) == (Tie("l-2", ("a", "b"), 0.25),)


def entry(value: float, key: str = "t-1:warning", cause: Cause = Cause.WARNING, at_ms: int = 0) -> ScoreEntry:
    return ScoreEntry("a", "2026-03", key, cause, value, "t-1", at_ms, "1")


def result(entries: list[ScoreEntry], objections: tuple[Objection, ...] = (), at_ms: int = 10) -> float:
    return result_before("a", "2026-03", POLICY, POLICY.other_weights, entries, objections, at_ms)


def test_the_result_that_is_shared_has_none_of_what_was_shared_before() -> None:
    shared = entry(-3.0, "chain", Cause.CHAIN)
    assert result([entry(-10.0)]) == result([entry(-10.0), shared, correction_of(shared, 5)]) == 90.0


@pytest.mark.parametrize(
    ("at_ms", "value"), [pytest.param(4, 90.0, id="before it was corrected"), pytest.param(5, 100.0, id="after it")]
)
def test_a_correction_counts_from_when_it_was_made(at_ms: int, value: float) -> None:
    wrong = entry(-10.0)
    assert result([wrong, correction_of(wrong, 5)], at_ms=at_ms) == value


@pytest.mark.parametrize(
    ("at_ms", "value"),
    [
        pytest.param(2, 90.0, id="before the objection"),
        pytest.param(3, 100.0, id="while it is open"),
        pytest.param(6, 90.0, id="once it was rejected"),
    ],
)
def test_an_entry_does_not_count_while_an_objection_was_open(at_ms: int, value: float) -> None:
    said = Objection("o", "a", "2026-03", "t-1:warning", "x", "p", 3, 99, ObjectionState.REJECTED, "q", "y", 6)
    assert result([entry(-10.0)], (said,), at_ms) == value


def test_each_gets_one_entry_that_counts_for_every_part_and_none_where_it_comes_to_nothing() -> None:
    known = (Tie("ab", ("a", "b"), 1.0), Tie("cd", ("c", "d"), 1.0))
    month = ChainMonth("2026-03", 7, "v", SHARE, known, {"a": 80.0, "b": 95.0, "c": 90.0, "d": 90.0})
    assert [(one.enterprise_id, one.points, one.key, len(one.parts), one.at_ms) for one in chain_entries(month)] == [
        ("a", 0.5, "chain", 3, 7),
        ("b", -1.0, "chain", 3, 7),
    ]
