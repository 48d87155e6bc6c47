"""The unit watch: what it refuses, that it is quiet in normal operation, that it sees what leaves it, and whose points it names."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.unit_watch import (
    OFF_DELAY,
    ON_DELAY,
    Array,
    RowVerdict,
    WatchModel,
    WatchState,
    fresh_state,
    interrupted,
    judge,
)
from chalicelib.domain.watch_codec import pack_model, pack_state, unpack_model, unpack_state
from chalicelib.domain.watch_record import TrainingRefused
from chalicelib.domain.watch_training import alarmed_share, moving, rows_needed, train

S, E, P = Dimension.SAFETY, Dimension.ENVIRONMENT, Dimension.ENERGY
POINTS = ("temperature", "pressure", "voc", "cod", "steam")
DIMENSIONS = (S, S, E, E, P)
INTERVAL_MS = 180_000
MIXING = np.array([[1.0, 0.2], [0.8, -0.3], [0.6, 0.5], [0.1, 0.9], [0.7, 0.1]])


def normal(count: int, seed: int) -> Array:
    """A plant with two slow inner states that five points show, each with noise of its own."""
    dice = np.random.default_rng(seed)
    state, rows = np.zeros(2), []
    for _ in range(count + 50):
        state = np.array([0.9, 0.7]) * state + dice.normal(size=2) * 0.4
        rows.append(np.array([180.0, 2.0, 30.0, 60.0, 5.0]) + MIXING @ state + dice.normal(size=5) * 0.3)
    return np.array(rows[50:])


@cache
def model() -> WatchModel:
    return train(normal(600, 1), POINTS, DIMENSIONS, interval_ms=INTERVAL_MS)[0]


def verdicts_of(rows: Array) -> list[RowVerdict]:
    return judge(model(), fresh_state(model()), rows)[1]


def lifted(rows: Array, points: tuple[str, ...], by: float, since: int) -> Array:
    changed = rows.copy()
    changed[since:, [POINTS.index(point) for point in points]] += by
    return changed


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reason", "needed"),
    [
        pytest.param(normal(199, 1), "too_few_rows", 200, id="fewer rows than any model takes"),
        pytest.param(normal(600, 1)[:, :1], "too_few_points", 2, id="one point has no company to be compared with"),
        pytest.param(np.where(np.arange(1500).reshape(300, 5) % 10 == 7, np.nan, normal(300, 1)), "too_few_rows", 200, id="gaps all over"),
    ],
)  # fmt: skip
def test_rows_that_make_no_model_are_refused(rows: Array, reason: str, needed: int) -> None:
    with pytest.raises(TrainingRefused) as refused:
        train(rows, POINTS[: rows.shape[1]], DIMENSIONS[: rows.shape[1]], interval_ms=INTERVAL_MS)
    assert (refused.value.reason, refused.value.needed) == (reason, needed)


def test_more_points_take_more_rows() -> None:
    assert rows_needed(5) == 200 and rows_needed(52) == 416


def test_a_point_that_never_moved_is_no_part_of_a_model() -> None:
    rows = normal(300, 1)
    rows[:, 1] = 2.0
    assert moving(rows) == [0, 2, 3, 4]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(np.full((1, 5), np.nan), id="a value missing"),
        pytest.param(np.full((1, 5), np.inf), id="a value without end"),
        pytest.param(np.zeros((1, 4)), id="a point missing"),
        pytest.param(np.zeros(5), id="no row at all"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused(rows: Array) -> None:
    with pytest.raises(ValueError, match="rows of other points"):
        judge(model(), fresh_state(model()), rows)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no model", id="other bytes"),
        pytest.param(pack_model(model())[:-30], id="a model cut short"),
        pytest.param(pack_state(fresh_state(model())), id="a state"),
        pytest.param(pack_model(replace(model(), centre=np.zeros(4))), id="arrays that do not fit together"),
        pytest.param(pack_model(replace(model(), scale=np.full(5, np.nan))), id="a number that is none"),
        pytest.param(pack_model(replace(model(), interval_ms=0)), id="no interval"),
    ],
)
def test_bytes_that_are_no_model_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        unpack_model(payload)


def test_bytes_that_are_no_state_are_refused() -> None:
    with pytest.raises(ValueError):
        unpack_state(pack_model(model()))


# ---- what it sees ----------------------------------------------------------------------------------------------------


def test_normal_operation_that_it_was_not_trained_on_raises_next_to_no_alarm() -> None:
    assert [alarmed_share(model(), normal(1000, seed)) for seed in range(2, 7)] == pytest.approx([0.0] * 5, abs=0.01)


def test_the_first_rows_have_no_verdict() -> None:
    levels = [verdict.level for verdict in verdicts_of(normal(10, 3))]
    assert levels[:2] == [None, None] and None not in levels[2:]


def test_a_wild_row_is_forgotten_by_and_by() -> None:
    rows = normal(200, 3)
    rows[20, 0] += 1e9
    found = verdicts_of(rows)
    assert not any(verdict.is_alarmed for verdict in found[:21] + found[120:])


def test_a_step_in_both_dimensions_is_found_within_minutes_and_in_both() -> None:
    found = verdicts_of(lifted(normal(300, 4), ("temperature", "voc"), 2.0, since=100))
    assert not any(verdict.is_alarmed for verdict in found[:100])
    assert all(verdict.is_alarmed for verdict in found[110:])
    assert {verdict.abnormal for verdict in found[115:]} == {frozenset({S, E})}


@pytest.mark.parametrize("point", POINTS)
def test_what_moves_in_one_dimension_alone_is_no_joint_abnormality(point: str) -> None:
    found = verdicts_of(lifted(normal(300, 4), (point,), 2.0, since=100))[120:]
    own = DIMENSIONS[POINTS.index(point)]
    assert np.mean([verdict.abnormal == {own} for verdict in found]) > 0.95


def test_before_there_is_a_verdict_no_dimension_is_abnormal() -> None:
    assert verdicts_of(normal(1, 1))[0].abnormal == frozenset()


def test_shares_name_the_point_that_moved_and_sum_to_one() -> None:
    found = verdicts_of(lifted(normal(300, 5), ("pressure",), 3.0, since=100))[160]
    shares = dict(found.shares)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=lambda point: shares[point]) == "pressure"


def test_an_abnormality_that_has_come_to_rest_is_still_one() -> None:
    rows = normal(400, 10)
    rows[100:] += 8.0 * MIXING @ np.array([1.0, 0.5])
    state, _ = judge(model(), fresh_state(model()), rows[:101])
    assert np.mean([verdict.is_alarmed for verdict in judge(model(), state, rows[101:])[1]]) > 0.95


def test_a_watch_that_begins_amid_it_sees_it_all_the_same() -> None:
    rows = normal(300, 10) + 8.0 * MIXING @ np.array([1.0, 0.5])
    assert verdicts_of(rows)[10].is_alarmed


def test_points_that_stop_following_each_other_are_found_though_each_stays_in_its_range() -> None:
    rows = normal(400, 6)
    rows[100:, 2] = normal(400, 7)[100:, 2]
    assert np.mean([verdict.is_alarmed for verdict in verdicts_of(rows)[150:]]) > 0.5


def test_an_alarm_begins_after_its_delay_and_ends_after_calm_has_lasted() -> None:
    _, found = judge(model(), fresh_state(model()), lifted(normal(300, 8), ("temperature",), 6.0, since=100)[:140])
    first = next(at for at, verdict in enumerate(found) if verdict.level is not None and verdict.level > 1.0)
    assert [verdict.is_alarmed for verdict in found[first : first + ON_DELAY]] == [False] * (ON_DELAY - 1) + [True]
    after = verdicts_of(np.vstack([lifted(normal(300, 8), ("temperature",), 6.0, since=100)[:140], normal(400, 9)]))
    last = max(at for at, verdict in enumerate(after) if verdict.is_past)
    assert [verdict.is_alarmed for verdict in after[last : last + OFF_DELAY + 1]] == [True] * OFF_DELAY + [False]


def test_a_gap_in_the_training_rows_is_left_out_and_not_bridged() -> None:
    rows = normal(700, 1)
    rows[300:340] = np.nan
    rows[500, 2] = np.nan
    other, far = train(rows, POINTS, DIMENSIONS, interval_ms=INTERVAL_MS)
    assert far < 0.01 and alarmed_share(other, normal(1000, 2)) < 0.01
    whole = train(
        np.vstack([rows[:300], rows[300:340] + 40.0, rows[340:]]), POINTS, DIMENSIONS, interval_ms=INTERVAL_MS
    )
    assert pack_model(whole[0]) == pack_model(other)


def test_a_point_that_moved_in_one_hour_only_is_no_obstacle() -> None:
    rows = normal(600, 1)
    rows[:, 4] = np.where((np.arange(600) > 300) & (np.arange(600) < 320), 6.0, 5.0)
    other, far = train(rows, POINTS, DIMENSIONS, interval_ms=INTERVAL_MS)
    assert np.isfinite(other.limits).all() and far < 0.05


def test_after_a_gap_the_first_rows_have_no_verdict_and_an_alarm_stays() -> None:
    hot = lifted(normal(140, 8), ("temperature",), 6.0, since=100)
    state, _ = judge(model(), fresh_state(model()), hot)
    _, found = judge(model(), interrupted(state), normal(2, 9))
    assert [(verdict.level, verdict.is_alarmed) for verdict in found] == [(None, True)] * 2


# ---- what does not matter --------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 80), max_size=6), seed=st.integers(0, 50), is_kept=st.booleans())
def test_rows_cut_anywhere_give_the_same_verdicts(cuts: list[int], seed: int, is_kept: bool) -> None:
    rows = lifted(normal(80, seed), ("temperature", "voc"), 2.0, since=40)
    state, found = fresh_state(model()), []
    for part in np.split(rows, sorted(cuts)):
        state, some = judge(model(), state, part)
        state = unpack_state(pack_state(state)) if is_kept else state
        found += some
    assert found == verdicts_of(rows)


@settings(max_examples=25, deadline=None)
@given(at=st.integers(3, 79), by=st.floats(-100, 100))
def test_a_verdict_looks_at_no_later_row(at: int, by: float) -> None:
    rows = normal(80, 11)
    assert verdicts_of(lifted(rows, POINTS, by, since=at))[:at] == verdicts_of(rows)[:at]


def test_units_of_measure_make_no_difference() -> None:
    factors = np.array([1.8, 1e3, 0.01, 1e-6, 60.0])
    other, _ = train(normal(600, 1) * factors, POINTS, DIMENSIONS, interval_ms=INTERVAL_MS)
    rows = lifted(normal(100, 3), ("voc",), 1.0, since=50)
    levels = [verdict.level for verdict in judge(other, fresh_state(other), rows * factors)[1]]
    assert levels[2:] == pytest.approx([verdict.level for verdict in verdicts_of(rows)[2:]], rel=1e-6)


def test_a_model_survives_being_packed_bit_for_bit() -> None:
    back = unpack_model(pack_model(model()))
    rows = lifted(normal(100, 3), ("voc",), 2.0, since=50)
    assert judge(back, fresh_state(back), rows)[1] == verdicts_of(rows)
    assert (back.points, back.dimensions, back.interval_ms) == (POINTS, DIMENSIONS, INTERVAL_MS)
    assert pack_model(back) == pack_model(model())


def test_a_state_survives_being_packed() -> None:
    state, _ = judge(model(), fresh_state(model()), lifted(normal(60, 3), ("voc",), 9.0, since=50))
    back = unpack_state(pack_state(state))
    assert (back.seen, back.hot, back.calm, back.is_alarmed) == (state.seen, state.hot, state.calm, True)
    assert all((getattr(back, name) == getattr(state, name)).all() for name in ("past", "means", "squares"))
    assert isinstance(back, WatchState)
