"""The sampler against its exact law and against OpenDP's, and that it takes every coin from where it is told to."""

import math
import random
import secrets
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chalicelib.domain.discrete_laplace import RandBelow, bernoulli_exp, discrete_laplace, margin

RELEASES = 10_000
LEAST_EXPECTED = 10  # of a cell, for chi-square to hold
ONE_IN_A_MILLION = 1e-6  # of true samplers, so many fail a test that is not seeded
SCALES = [
    pytest.param(Fraction(10), id="a count at epsilon 0.1"),
    pytest.param(Fraction(1), id="a count at epsilon 1"),
    pytest.param(Fraction(5, 2), id="a scale that is no whole number"),
    pytest.param(Fraction(1, 3), id="a scale under 1"),
    pytest.param(Fraction(2880), id="minutes of two days at epsilon 1"),
]


def chance(x: int, scale: Fraction) -> float:
    """P(X = x), as the law has it."""
    q = math.exp(-1 / scale)
    return (1 - q) / (1 + q) * q ** abs(x)


def beyond(n: int, scale: Fraction) -> float:
    """P(X > n), for n >= 0, summed up from the law."""
    q = math.exp(-1 / scale)
    return q ** (n + 1) / (1 + q)


def edges_of(scale: Fraction) -> list[int]:
    """Cells that are all expected often enough: (edge, next edge], with open ends."""
    width = max(round(scale / 4), 1)
    reach = 0
    while RELEASES * min(further := beyond(reach + width, scale), beyond(reach, scale) - further) >= LEAST_EXPECTED:
        reach += width
    return list(range(-reach - 1, reach + 1, width))


def counted(samples: Iterable[int], edges: Sequence[int]) -> list[int]:
    cells = Counter(bisect_left(edges, sample) for sample in samples)
    return [cells[cell] for cell in range(len(edges) + 1)]


def expected(edges: Sequence[int], scale: Fraction) -> list[float]:
    at_most = [beyond(-edge - 1, scale) if edge < 0 else 1 - beyond(edge, scale) for edge in edges]
    return [RELEASES * (high - low) for low, high in zip([0.0, *at_most], [*at_most, 1.0], strict=True)]


def releases(scale: Fraction, randbelow: RandBelow) -> list[int]:
    return [discrete_laplace(scale, randbelow) for _ in range(RELEASES)]


@pytest.mark.parametrize("scale", [Fraction(0), Fraction(-1)])
def test_a_scale_that_is_not_positive_is_refused(scale: Fraction) -> None:
    with pytest.raises(ValueError):
        discrete_laplace(scale, secrets.randbelow)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("randbelow", "least"),
    [
        pytest.param(random.Random(20).randrange, 0.001, id="from a seed"),
        pytest.param(secrets.randbelow, ONE_IN_A_MILLION, id="from the cryptographic source"),
    ],
)
def test_ten_thousand_releases_have_the_law_that_is_promised(
    scale: Fraction, randbelow: RandBelow, least: float
) -> None:
    edges = edges_of(scale)
    found = stats.chisquare(counted(releases(scale, randbelow), edges), expected(edges, scale))
    assert found.pvalue > least


@pytest.mark.parametrize("scale", SCALES)
def test_ten_thousand_releases_are_as_opendp_s(scale: Fraction) -> None:
    ours, theirs, edges = releases(scale, secrets.randbelow), by_opendp(scale), edges_of(scale)
    table = [counted(ours, edges), counted(theirs, edges)]
    assert stats.chi2_contingency(table).pvalue > ONE_IN_A_MILLION


def by_opendp(scale: Fraction, around: int = 0) -> list[int]:
    """As many samples of OpenDP's discrete Laplace on integers, whose privacy loss at distance 1 is 1 / scale too."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    laplace = dp.m.make_laplace(*space, scale=float(scale))
    assert laplace.map(1) == pytest.approx(float(1 / scale))
    samples: list[int] = laplace([around] * RELEASES)
    return samples


def test_a_law_that_is_a_little_off_would_be_noticed() -> None:
    scale, off = Fraction(10), Fraction(11)
    edges = edges_of(scale)
    found = stats.chisquare(counted(releases(off, random.Random(20).randrange), edges), expected(edges, scale))
    assert found.pvalue < ONE_IN_A_MILLION


@pytest.mark.parametrize("gamma", [Fraction(0), Fraction(1, 3), Fraction(1), Fraction(5, 2)])
def test_a_coin_of_exp_falls_as_often_as_it_should(gamma: Fraction) -> None:
    source = random.Random(7)
    heads = sum(bernoulli_exp(gamma, source.randrange) for _ in range(RELEASES))
    assert stats.binomtest(heads, RELEASES, math.exp(-gamma)).pvalue > 0.001


@given(st.integers(), st.fractions(min_value=Fraction(1, 100), max_value=1000))
def test_a_sample_follows_from_its_coins_alone_and_each_is_in_range(seed: int, scale: Fraction) -> None:
    def sampled() -> tuple[int, list[tuple[int, int]]]:
        source, coins = random.Random(seed), list[tuple[int, int]]()

        def randbelow(n: int) -> int:
            coins.append((n, source.randrange(n)))
            return coins[-1][1]

        return discrete_laplace(scale, randbelow), coins

    random.seed(seed + 1)
    first = sampled()
    random.seed(seed + 2)
    assert sampled() == first
    assert all(type(n) is int and 0 <= coin < n for n, coin in first[1])


@given(st.fractions(min_value=Fraction(1, 100), max_value=10_000), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_margin_is_the_least_that_holds_the_share(scale: Fraction, share: float) -> None:
    n = margin(scale, share)
    assert 2 * beyond(n, scale) <= (1 - share) * (1 + 1e-9)
    assert n == 0 or 2 * beyond(n - 1, scale) > (1 - share) * (1 - 1e-9)


def test_the_law_of_these_tests_is_one() -> None:
    assert sum(chance(x, Fraction(3)) for x in range(-200, 201)) == pytest.approx(1)
    assert sum(chance(x, Fraction(3)) for x in range(5, 200)) == pytest.approx(beyond(4, Fraction(3)))
