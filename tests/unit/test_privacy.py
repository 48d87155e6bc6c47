"""Budgets, and what a release may tell of one enterprise."""

import math
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chalicelib.domain.discrete_laplace import RandBelow
from chalicelib.domain.errors import PrivacyBudgetSpent
from chalicelib.domain.privacy import Answer, Budget, Grant, Noise, add_noise, epsilon_text
from chalicelib.domain.statistic import STATISTICS, Record, StatisticId, measure
from tests.unit.test_discrete_laplace import by_opendp, counted, edges_of, expected

TEN = Budget("warnings", "city", (Grant(Fraction(10), "committee", 1_000),))
EPSILONS = st.integers(1, 3_000).map(lambda thousandths: Fraction(thousandths, 1000))
INDUSTRIES = ("circular_chemical", "hydrogen")
RELEASES = 10_000
ONE_IN_A_MILLION = 1e-6
Outcome = tuple[int, ...]


def at(eid: str, industry: str, tier: int, times: int = 1, amount: int = 0) -> list[Record]:
    return [Record(eid, industry, tier, amount)] * times


THE_OTHERS = at("other", "hydrogen", 1, times=2) + at("third", "circular_chemical", 2)
THEIRS = at("acme", "hydrogen", 3, times=40, amount=900)  # more than any bound
CASES = [
    pytest.param(StatisticId.WARNINGS, Fraction(1), id="a count that one enterprise fills to its bound"),
    pytest.param(StatisticId.WARNED_BY_TIER, Fraction(1, 2), id="a histogram by tier"),
    pytest.param(StatisticId.WARNED_BY_INDUSTRY, Fraction(2), id="a histogram by industry"),
]
COUNTED = 2 + 1 + 10  # by the bound
SOURCES = [
    pytest.param(lambda: random.Random(11).randrange, 0.001, id="from a seed"),
    pytest.param(lambda: secrets.randbelow, ONE_IN_A_MILLION, id="from the cryptographic source"),
]


# budgets


def test_the_eleventh_release_at_one_of_a_budget_of_ten_is_refused() -> None:
    budget = TEN
    for _ in range(10):
        budget = budget.spending(Fraction(1))
    with pytest.raises(PrivacyBudgetSpent) as refused:
        budget.spending(Fraction(1))
    assert refused.value.params == {"asked": "1", "left": "0"}
    assert budget.left == 0


def test_a_budget_that_nobody_granted_buys_nothing() -> None:
    with pytest.raises(PrivacyBudgetSpent):
        Budget("warnings", "city").spending(Fraction(1, 1000))


def test_ten_tenths_are_one_whole() -> None:
    budget = Budget("warnings", "city", (Grant(Fraction(1), "committee", 0),))
    for _ in range(10):
        budget = budget.spending(Fraction(1, 10))
    assert (budget.spent, budget.left) == (1, 0)


def test_a_new_grant_stands_in_the_place_of_the_old_one_and_what_was_spent_stays_spent() -> None:
    budget = TEN.spending(Fraction(4)).granting(Grant(Fraction(12), "admin", 2_000))
    assert (budget.granted, budget.spent, budget.left) == (12, 4, 8)
    assert [one.by for one in budget.grants] == ["committee", "admin"]
    assert budget.granting(Grant(Fraction(12), "committee", 3_000)) is budget
    assert budget.granting(Grant(Fraction(1), "committee", 3_000)).left == 0


@given(st.lists(EPSILONS, max_size=40))
def test_no_budget_is_overdrawn_whatever_is_asked(asked: list[Fraction]) -> None:
    budget, bought = TEN, Fraction(0)
    for epsilon in asked:
        try:
            budget, bought = budget.spending(epsilon), bought + epsilon
        except PrivacyBudgetSpent:
            assert bought + epsilon > budget.granted
    assert budget.spent == bought <= budget.granted


@given(st.integers(0, 10**6))
def test_an_epsilon_is_written_as_it_is(thousandths: int) -> None:
    assert Fraction(epsilon_text(Fraction(thousandths, 1000))) == Fraction(thousandths, 1000)


@pytest.mark.parametrize(
    ("epsilon", "written"), [(Fraction(10), "10"), (Fraction(1, 2), "0.5"), (Fraction(1, 1000), "0.001")]
)
def test_an_epsilon_has_no_noughts_behind(epsilon: Fraction, written: str) -> None:
    assert epsilon_text(epsilon) == written


# releases


def test_the_parameters_of_a_release_follow_from_bound_and_epsilon() -> None:
    (_, overdue) = STATISTICS[StatisticId.OVERDUE_MINUTES]
    noise = Noise.of(overdue, Fraction(1, 2))
    assert (noise.mechanism, noise.sensitivity, noise.scale) == ("discrete_laplace", 2880, 5760)
    assert noise.margin == pytest.approx(5760 * math.log(20), rel=0.001)


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5), st.integers())
def test_the_cells_of_an_answer_are_those_that_were_measured(totals: dict[str, int], seed: int) -> None:
    noise = Noise("discrete_laplace", 1, Fraction(2), 6)
    answers = add_noise(totals, noise, random.Random(seed).randrange)
    assert [one.cell for one in answers] == list(totals)
    assert add_noise(totals, noise, random.Random(seed).randrange) == answers


@pytest.mark.parametrize(("source", "least"), SOURCES)
def test_ten_thousand_releases_of_the_same_count_have_the_law_that_is_promised(
    source: Callable[[], RandBelow], least: float
) -> None:
    told = [count for (count,) in outcomes(StatisticId.WARNINGS, Fraction(1), THE_OTHERS + THEIRS, source())]
    edges = edges_of(Fraction(10))
    off = counted((count - COUNTED for count in told), edges)
    assert stats.chisquare(off, expected(edges, Fraction(10))).pvalue > least


def test_ten_thousand_releases_of_the_same_count_are_as_opendp_s() -> None:
    told = [count for (count,) in outcomes(StatisticId.WARNINGS, Fraction(1), THE_OTHERS + THEIRS, secrets.randbelow)]
    edges = [COUNTED + edge for edge in edges_of(Fraction(10))]
    table = [counted(told, edges), counted(by_opendp(Fraction(10), COUNTED), edges)]
    assert stats.chi2_contingency(table).pvalue > ONE_IN_A_MILLION


@pytest.mark.parametrize(("id", "epsilon"), CASES)
@pytest.mark.parametrize(("source", "least"), SOURCES)
def test_no_answer_is_likelier_with_an_enterprise_than_the_bound_allows(
    id: StatisticId, epsilon: Fraction, source: Callable[[], RandBelow], least: float
) -> None:
    randbelow = source()
    with_it, without = (
        outcomes(id, epsilon, THE_OTHERS + THEIRS, randbelow),
        outcomes(id, epsilon, THE_OTHERS, randbelow),
    )
    assert least_chance(with_it, without, float(epsilon)) > least
    assert least_chance(without, with_it, float(epsilon)) > least


@pytest.mark.parametrize(("id", "epsilon"), CASES)
def test_releases_that_keep_half_the_bound_only_would_be_noticed(id: StatisticId, epsilon: Fraction) -> None:
    randbelow = random.Random(11).randrange
    with_it, without = (
        outcomes(id, epsilon, THE_OTHERS + THEIRS, randbelow),
        outcomes(id, epsilon, THE_OTHERS, randbelow),
    )
    assert least_chance(with_it, without, float(epsilon) / 2) < ONE_IN_A_MILLION


def outcomes(id: StatisticId, epsilon: Fraction, records: Sequence[Record], randbelow: RandBelow) -> list[Outcome]:
    _, statistic = STATISTICS[id]
    totals, noise = measure(statistic, records, INDUSTRIES), Noise.of(statistic, epsilon)
    return [values(add_noise(totals, noise, randbelow)) for _ in range(RELEASES)]


def values(answers: Sequence[Answer]) -> Outcome:
    return tuple(one.value for one in answers)


def least_chance(ones: Sequence[Outcome], others: Sequence[Outcome], epsilon: float) -> float:
    """The least p-value, corrected for how many there are, of "this happens at most exp(epsilon) times as often among the ones"."""
    steps = [
        range(min(cell), max(cell) + 1, max((max(cell) - min(cell)) // 40, 1))
        for cell in zip(*ones, *others, strict=True)
    ]
    seen, unseen = Counter(events(ones, steps)), Counter(events(others, steps))
    share = math.exp(epsilon) / (1 + math.exp(epsilon))
    tried = [event for event, times in seen.items() if times >= 20]
    chances = [stats.binomtest(seen[one], seen[one] + unseen[one], share, "greater").pvalue for one in tried]
    return min(chances) * len(chances)


def events(outcomes: Iterable[Outcome], steps: Sequence[range]) -> Iterator[tuple[object, ...]]:
    """What happened: the answer of all cells; and of each cell that it is at least, or at most, so much."""
    for outcome in outcomes:
        yield outcome
        for cell, value in enumerate(outcome):
            yield from (("at least", cell, step) for step in steps[cell] if value >= step)
            yield from (("at most", cell, step) for step in steps[cell] if value <= step)
