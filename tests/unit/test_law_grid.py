"""History on an even grid: only what is valid, by the unit's own sampling, whatever the order of uploads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.law_grid import MINUTE_MS, Minutes
from chalicelib.domain.reading import Series

T0 = 1_772_416_800_000
HOUR = 60


def minutes(*series: Series, hours: int = 2) -> Minutes:
    grid = Minutes({"t": (-50.0, 600.0), "v": (0.0, 1000.0)}, T0, T0 + hours * HOUR * MINUTE_MS)
    grid.add(series)
    return grid


def every(step: int, values: list[float], flags: str = "", point: str = "t") -> Series:
    return Series(point, [T0 + n * step * MINUTE_MS for n in range(len(values))], values, flags or "N" * len(values))


def test_flagged_implausible_missing_and_foreign_readings_are_left_out() -> None:
    dirty = every(1, [20.0, 999.0, 30.0, float("nan"), 40.0], "NNDBN")
    grid = minutes(dirty, every(1, [1.0], point="stranger"))
    assert grid.on_grid("t", 1)[:5].tolist() == pytest.approx([20.0, np.nan, np.nan, np.nan, 40.0], nan_ok=True)
    assert np.isnan(grid.on_grid("v", 1)).all()


def test_readings_before_and_after_the_window_are_left_out() -> None:
    outside = Series("t", [T0 - 1, T0 + 2 * HOUR * MINUTE_MS], [20.0, 30.0], "NN")
    assert np.isnan(minutes(outside).on_grid("t", 1)).all()


def test_a_step_is_the_mean_of_its_readings() -> None:
    grid = minutes(every(1, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    assert grid.on_grid("t", 3)[:3].tolist() == pytest.approx([2.0, 5.0, np.nan], nan_ok=True)
    assert len(grid.on_grid("t", 7)) == 18


def test_the_step_is_that_of_the_point_that_is_sampled_less_often() -> None:
    grid = minutes(every(1, [1.0] * 100), every(15, [30.0] * 8, point="v"))
    assert (grid.sampling_minutes("t"), grid.sampling_minutes("v")) == (1, 15)
    x, y, step = grid.pair("t", "v")
    assert step == 15 and len(x) == len(y) == 8


def test_a_point_with_one_reading_or_none_has_the_smallest_step() -> None:
    assert minutes(every(1, [1.0])).sampling_minutes("t") == minutes().sampling_minutes("t") == 1


def test_what_is_left_out_teaches_nothing() -> None:
    grid = minutes(every(1, [1.0] * 10))
    grid.leave_out("t", T0 + 2 * MINUTE_MS, T0 + 5 * MINUTE_MS)
    grid.leave_out("t", T0 - 99 * MINUTE_MS, T0)
    assert np.isnan(grid.on_grid("t", 1)[:10]).tolist() == [False] * 2 + [True] * 3 + [False] * 5


@given(
    st.lists(st.tuples(st.integers(0, 119), st.integers(0, 100)), min_size=1, unique_by=lambda one: one[0]), st.data()
)
def test_the_grid_is_the_same_however_uploads_are_cut_and_ordered(
    readings: list[tuple[int, int]], data: st.DataObject
) -> None:
    readings.sort()
    whole = minutes(series_of(readings))
    parts = [series_of([one]) for one in data.draw(st.permutations(readings))]
    assert np.array_equal(whole.on_grid("t", 5), minutes(*parts).on_grid("t", 5), equal_nan=True)


def series_of(readings: list[tuple[int, int]]) -> Series:
    return Series(
        "t", [T0 + at * MINUTE_MS for at, _ in readings], [float(v) for _, v in readings], "N" * len(readings)
    )
