"""A sparkline keeps the shape: its ends, its lowest and its highest, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.sparkline import LEAST, Point, thin

values = st.floats(allow_nan=False, allow_infinity=False)
lines = st.dictionaries(st.integers(0, 3_600_000), values, max_size=200).map(lambda known: sorted(known.items()))


def test_of_nothing_nothing_is_left() -> None:
    assert thin([], 20) == ()


@pytest.mark.parametrize("most", [0, 1, LEAST - 1])
def test_with_too_few_points_to_keep_the_shape_there_is_no_sparkline(most: int) -> None:
    assert thin([(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)], most) == ()


def test_few_points_all_stay() -> None:
    assert thin([(0, 1.0), (60, 2.0)], 20) == ((0, 1.0), (60, 2.0))


def test_one_spike_in_an_hour_stays() -> None:
    flat = [(second * 1000, 30.0) for second in range(3600)]
    flat[1234] = (1_234_000, 99.0)
    assert (1_234_000, 99.0) in thin(flat, 20)


@given(lines, st.integers(LEAST, 40))
def test_whatever_the_points_are(points: list[Point], most: int) -> None:
    kept = thin(points, most)
    assert len(kept) <= most
    assert list(kept) == sorted(set(kept)) and set(kept) <= set(points)
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        assert min(value for _, value in kept) == min(value for _, value in points)
        assert max(value for _, value in kept) == max(value for _, value in points)
