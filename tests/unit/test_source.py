"""Ranges of rows: union, difference and intersection are those of the sets of numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.source import RowRange, are_rising, count_rows, intersect, merge, subtract

RANGES = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)


def numbers(ranges: object) -> set[int]:
    return {row for first, last in ranges for row in range(first, last + 1)}  # type: ignore[attr-defined]


def is_tidy(ranges: tuple[RowRange, ...]) -> bool:
    """Rising, and neither touching nor overlapping."""
    return are_rising(ranges) and all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(5, 4)], id="a range that ends before it begins"),
        pytest.param([(1, 3), (3, 4)], id="ranges that share a row"),
        pytest.param([(5, 6), (1, 2)], id="ranges that fall"),
        pytest.param([(0, 2)], id="a row before the first"),
    ],
)
def test_ranges_that_do_not_rise_are_told(rows: list[RowRange]) -> None:
    assert not are_rising(rows)


def test_ranges_may_touch() -> None:
    assert are_rising([(1, 3), (4, 4), (9, 12)])


@given(RANGES)
def test_a_union_holds_every_row_once(ranges: list[RowRange]) -> None:
    merged = merge(ranges)
    assert numbers(merged) == numbers(ranges) and is_tidy(merged) and count_rows(merged) == len(numbers(ranges))


@given(RANGES, RANGES)
def test_a_difference_and_an_intersection_are_those_of_the_rows(one: list[RowRange], other: list[RowRange]) -> None:
    rest, both = subtract(one, other), intersect(one, other)
    assert numbers(rest) == numbers(one) - numbers(other) and is_tidy(rest)
    assert numbers(both) == numbers(one) & numbers(other) and is_tidy(both)
