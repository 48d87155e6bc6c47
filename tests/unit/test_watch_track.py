"""Readings on the grid of a watch: what is judged when, what holds, what comes too late."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.observation import ObservationKind
from chalicelib.domain.reading import MISSING, Series
from chalicelib.domain.watch_record import HOLD
from chalicelib.domain.watch_track import Row, Value, WatchTrack, advance, pack_track, unpack_track, valid_values

STEP = 60_000
T0 = 1_772_416_800_000 // STEP * STEP
POINTS = ("a", "b")
RANGES = dict.fromkeys(POINTS, (-100.0, 100.0))


def at(minutes: float, value: float = 1.0) -> Value:
    return T0 + round(minutes * STEP), value


def rows_of(*uploads: dict[str, list[Value]]) -> list[tuple[float, Row]]:
    """The rows of uploads in turn, by minutes."""
    track, found = WatchTrack(), []
    for upload in uploads:
        series = [
            Series(point, *zip(*values, strict=True), "N" * len(values)) for point, values in upload.items() if values
        ]
        track, rows = advance(track, valid_values(series, RANGES, STEP), POINTS, STEP)
        found += rows
    return [((instant - T0) / STEP, row) for instant, row in found]


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        pytest.param([MISSING], "N", id="no value"),
        pytest.param([1.0], "D", id="flagged"),
        pytest.param([1000.0], "N", id="outside the plausible range"),
        pytest.param([float("inf")], "N", id="without end"),
    ],
)
def test_what_may_not_be_judged_is_no_valid_value(values: list[float], flags: str) -> None:
    assert valid_values([Series("a", [T0], values, flags)], {"a": (0.0, 100.0)}, STEP) == {"a": {}}


def test_points_that_are_not_watched_are_left_alone() -> None:
    assert valid_values([Series("c", [T0], [1.0], "N")], {"a": (0.0, 100.0)}, STEP) == {}


def test_an_instant_is_judged_when_event_time_is_an_interval_past_it() -> None:
    assert rows_of({"a": [at(0, 1), at(0.9, 2)], "b": [at(0, 3)]}) == []
    assert rows_of({"a": [at(0, 1), at(1, 2)], "b": [at(0, 3)]}) == [(0, (1, 3))]


def test_points_that_come_in_other_blocks_are_waited_for() -> None:
    assert rows_of({"a": [at(0, 1)]}, {"b": [at(0, 3)]}, {"a": [at(1, 2)]}) == [(0, (1, 3))]


def test_a_value_holds_for_its_intervals_and_then_there_is_no_row() -> None:
    known = {"a": [at(n) for n in range(8)], "b": [at(0)]}
    found = rows_of(known)
    assert [row is not None for _, row in found] == [True] * (HOLD + 1) + [False] * (7 - HOLD - 1)


def test_what_is_older_than_what_was_judged_changes_nothing() -> None:
    early = {"a": [at(0, 1), at(3, 1)], "b": [at(0, 1), at(3, 1)]}
    late = {"a": [at(1, 99), at(1.5, 99)]}
    assert rows_of(early, late, {"a": [at(4, 1)]}) == rows_of(early, {"a": [at(4, 1)]})


def test_of_two_values_of_one_instant_the_first_that_came_stays() -> None:
    first, second = {"a": [at(0, 1)], "b": [at(0, 1)]}, {"a": [at(0, 2), at(1)]}
    assert rows_of(first, second) == [(0, (1, 1))]


def test_a_long_gap_is_one_gap_and_not_a_row_for_each_instant_of_it() -> None:
    before = {"a": [at(0), at(1)], "b": [at(0), at(1)]}
    after = {"a": [at(100_000), at(100_001)], "b": [at(100_000), at(100_001)]}
    found = rows_of(before, after)
    assert [minute for minute, row in found if row is None] == [HOLD + 2]
    assert found[-1] == (100_000, (1, 1)) and len(found) == HOLD + 4


@settings(deadline=None)
@given(
    values=st.dictionaries(st.integers(0, 40), st.floats(-5, 5), min_size=2),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    data=st.data(),
)
def test_it_makes_no_difference_where_uploads_are_cut_or_how_often_they_come(
    values: dict[int, float], cuts: list[int], data: st.DataObject
) -> None:
    known = [at(minute / 2, value) for minute, value in sorted(values.items())]
    edges = [-1, *sorted(cuts), 41]
    parts = [
        [one for one in known if T0 + low * STEP < one[0] * 1 <= T0 + high * STEP] for low, high in pairwise(edges)
    ]
    uploads = [{"a": part, "b": part} for part in parts]
    often = [upload for upload in uploads for _ in range(data.draw(st.integers(1, 2)))]
    assert rows_of(*often) == rows_of({"a": known, "b": known})


def test_a_track_survives_being_packed() -> None:
    track = WatchTrack(
        "v1", T0, {"a": at(0, 0.1)}, {"b": {T0 + STEP: at(1, 1 / 3)}}, b"state", {ObservationKind.OFF_NORMAL: "o-1"}, T0
    )
    assert unpack_track(pack_track(track)) == track
    assert unpack_track(pack_track(WatchTrack())) == WatchTrack()


@pytest.mark.parametrize("payload", [b"", b"no track", pack_track(WatchTrack())[:-3]], ids=["nothing", "other", "cut"])
def test_bytes_that_are_no_track_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        unpack_track(payload)
