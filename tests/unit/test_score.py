"""The ledger of a month and the grade that follows from it."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.score import Cause, Grade, ScoreEntry, entries_of, grade_of, month_of, total
from chalicelib.domain.side import Side, SideState
from tests.unit.test_task import TASK

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = ScorePolicy(
    base=100.0,
    warning={1: -2.0, 2: -5.0, 3: -10.0},
    timely={1: 1.0, 2: 2.0, 3: 4.0},
    late={1: -3.0, 2: -6.0, 3: -12.0},
    returned=-2.0,
)
CLOSED = replace(
    TASK, safety=Side(SideState.PASSED), environment=Side(SideState.PASSED), due_at_ms=50_000, closed_at_ms=40_000
)


def entry(points: float, key: str = "k", at_ms: int = 0) -> ScoreEntry:
    return ScoreEntry("acme", "2026-03", key, Cause.WARNING, points, "t-1", at_ms, "1")


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (100.0, Grade.BENCHMARK),
        (90.0, Grade.BENCHMARK),
        (89.99, Grade.COMPLIANT),
        (70.0, Grade.COMPLIANT),
        (69.99, Grade.RECTIFY),
        (50.0, Grade.RECTIFY),
        (49.99, Grade.SUPERVISED),
        (0.0, Grade.SUPERVISED),
    ],
)
def test_the_grade_of_a_score(value: float, grade: Grade) -> None:
    assert grade_of(value) is grade


def test_a_task_closed_in_time_costs_the_warning_and_earns_the_haste() -> None:
    entries = entries_of(CLOSED, POLICY, SHANGHAI, "1")
    assert [(e.cause, e.points) for e in entries] == [(Cause.WARNING, -5.0), (Cause.TIMELY, 2.0)]


@pytest.mark.parametrize(("closed_at_ms", "cause"), [(50_000, Cause.TIMELY), (50_001, Cause.LATE)])
def test_the_deadline_itself_is_still_in_time(closed_at_ms: int, cause: Cause) -> None:
    entries = entries_of(replace(CLOSED, closed_at_ms=closed_at_ms), POLICY, SHANGHAI, "1")
    assert entries[1].cause is cause


def test_every_return_of_either_side_costs() -> None:
    task = replace(CLOSED, safety=Side(SideState.PASSED, returns=2), environment=Side(SideState.PASSED, returns=1))
    returned = [e for e in entries_of(task, POLICY, SHANGHAI, "1") if e.cause is Cause.RETURNED]
    assert [e.points for e in returned] == [-2.0] * 3


def test_every_entry_of_a_task_has_a_key_of_its_own_and_the_same_one_again() -> None:
    task = replace(CLOSED, safety=Side(SideState.PASSED, returns=2), environment=Side(SideState.PASSED, returns=1))
    keys = [e.key for e in entries_of(task, POLICY, SHANGHAI, "1")]
    assert len(set(keys)) == len(keys) == 5
    assert keys == [e.key for e in entries_of(task, POLICY, SHANGHAI, "1")]


def test_a_month_begins_at_midnight_in_the_park() -> None:
    assert month_of(1_772_294_399_999, SHANGHAI) == "2026-02"
    assert month_of(1_772_294_400_000, SHANGHAI) == "2026-03"


def test_a_score_is_its_base_and_its_entries_in_order_of_time() -> None:
    score = total("acme", "2026-03", 100.0, [entry(-5.0, "b", 2), entry(2.0, "a", 2), entry(-2.0, "c", 1)])
    assert (score.value, score.grade) == (95.0, Grade.BENCHMARK)
    assert [e.key for e in score.entries] == ["c", "a", "b"]


def test_a_month_without_entries_has_the_base() -> None:
    assert total("acme", "2026-03", 100.0, []).value == 100.0


@given(st.lists(st.floats(min_value=-50, max_value=50), max_size=10), st.floats(min_value=0, max_value=100))
def test_a_score_stays_within_0_and_100(points: list[float], base: float) -> None:
    score = total("acme", "2026-03", base, [entry(p, str(n)) for n, p in enumerate(points)])
    assert 0.0 <= score.value <= 100.0
    assert score.grade is grade_of(score.value)
