"""The ledger of a month and the grade that follows from it."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.catalogue import Duration, ScorePolicy
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.hazard import Hazard
from chalicelib.domain.score import (
    PARTS,
    Background,
    Cause,
    Grade,
    Score,
    ScoreEntry,
    correction_of,
    entries_of,
    grade_of,
    month_of,
    total,
)
from chalicelib.domain.side import Side, SideState, Submission
from chalicelib.domain.task import TaskKind
from tests.unit.test_task import TASK

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = ScorePolicy(
    base=100.0,
    warning={1: -2.0, 2: -5.0, 3: -10.0},
    timely={1: 1.0, 2: 2.0, 3: 4.0},
    late={1: -3.0, 2: -6.0, 3: -12.0},
    returned=-2.0,
    duration=Duration(3_600_000, -0.5, -4.0),
    reported=2.0,
    reported_most=10.0,
    found={1: -2.0, 2: -4.0, 3: -8.0},
    part_weights={},
    other_weights={Dimension.SAFETY: 0.5, Dimension.ENVIRONMENT: 0.3, Dimension.ENERGY: 0.2},
    objection_days=10,
    judging_days=15,
    month=shipped().score.month,
)
NOTHING = Background()
CLOSED = replace(
    TASK, safety=Side(SideState.PASSED), environment=Side(SideState.PASSED), due_at_ms=50_000, closed_at_ms=40_000
)


def entry(points: float, key: str = "k", at_ms: int = 0) -> ScoreEntry:
    return ScoreEntry("acme", "2026-03", key, Cause.WARNING, points, "t-1", at_ms, "1")


def summed(entries: list[ScoreEntry], policy: ScorePolicy = POLICY, frozen: frozenset[str] = frozenset()) -> Score:
    return total("acme", "2026-03", policy, policy.other_weights, entries, frozen)


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
    entries = entries_of(CLOSED, NOTHING, POLICY, SHANGHAI, "1")
    assert [(e.cause, e.points) for e in entries] == [(Cause.WARNING, -5.0), (Cause.TIMELY, 2.0)]


@pytest.mark.parametrize(("closed_at_ms", "cause"), [(50_000, Cause.TIMELY), (50_001, Cause.LATE)])
def test_the_deadline_itself_is_still_in_time(closed_at_ms: int, cause: Cause) -> None:
    entries = entries_of(replace(CLOSED, closed_at_ms=closed_at_ms), NOTHING, POLICY, SHANGHAI, "1")
    assert entries[1].cause is cause


def test_every_return_of_either_side_costs() -> None:
    task = replace(CLOSED, safety=Side(SideState.PASSED, returns=2), environment=Side(SideState.PASSED, returns=1))
    returned = [e for e in entries_of(task, NOTHING, POLICY, SHANGHAI, "1") if e.cause is Cause.RETURNED]
    assert [e.points for e in returned] == [-2.0] * 3


def test_every_entry_of_a_task_has_a_key_of_its_own_and_the_same_one_again() -> None:
    task = replace(CLOSED, safety=Side(SideState.PASSED, returns=2), environment=Side(SideState.PASSED, returns=1))
    keys = [e.key for e in entries_of(task, NOTHING, POLICY, SHANGHAI, "1")]
    assert len(set(keys)) == len(keys) == 5
    assert keys == [e.key for e in entries_of(task, NOTHING, POLICY, SHANGHAI, "1")]


def test_a_month_begins_at_midnight_in_the_park() -> None:
    assert month_of(1_772_294_399_999, SHANGHAI) == "2026-02"
    assert month_of(1_772_294_400_000, SHANGHAI) == "2026-03"


def test_a_score_is_its_base_and_its_entries_in_order_of_time() -> None:
    score = summed([entry(-5.0, "b", 2), entry(2.0, "a", 2), entry(-2.0, "c", 1)])
    assert (score.value, score.grade) == (95.0, Grade.BENCHMARK)
    assert [e.key for e in score.entries] == ["c", "a", "b"]


def test_a_month_without_entries_has_the_base() -> None:
    assert summed([]).value == 100.0


@given(st.lists(st.floats(min_value=-50, max_value=50), max_size=10), st.floats(min_value=0, max_value=100))
def test_a_score_stays_within_0_and_100(points: list[float], base: float) -> None:
    score = summed([entry(p, str(n)) for n, p in enumerate(points)], replace(POLICY, base=base))
    assert 0.0 <= score.value <= 100.0
    assert score.grade is grade_of(score.value)


# parts


def test_an_entry_counts_in_full_for_its_parts_and_by_their_weight_for_the_score() -> None:
    score = summed([replace(entry(-10.0), parts=SIDES)])
    assert score.parts == {Dimension.SAFETY: 90.0, Dimension.ENVIRONMENT: 90.0, Dimension.ENERGY: 100.0}
    assert score.value == 92.0


def test_a_part_that_is_at_its_end_takes_nothing_from_the_others() -> None:
    score = summed([replace(entry(-150.0), parts=(Dimension.SAFETY,))])
    assert (score.parts[Dimension.SAFETY], score.value) == (0.0, 50.0)


def test_an_entry_that_is_frozen_is_shown_and_does_not_count() -> None:
    score = summed([entry(-10.0, "a"), entry(-5.0, "b")], frozen=frozenset({"a"}))
    assert (score.value, len(score.entries)) == (95.0, 2)


@given(st.floats(min_value=-50, max_value=50), st.sets(st.sampled_from(PARTS), min_size=1))
def test_a_correction_takes_back_what_its_entry_did(points: float, parts: set[Dimension]) -> None:
    one = replace(entry(points), parts=tuple(sorted(parts)))
    corrected = correction_of(one, at_ms=5)
    assert (corrected.corrects, corrected.month) == (one.key, one.month)
    assert summed([one, corrected]).value == 100.0


# how long a warning stood


@pytest.mark.parametrize(
    ("hours", "points"), [(0.0, 0.0), (1.0, 0.0), (1.0001, -0.5), (2.0, -0.5), (4.0, -1.5), (100.0, -4.0)]
)
def test_a_warning_costs_more_for_each_begun_hour_that_it_stands(hours: float, points: float) -> None:
    assert POLICY.duration.points(round(hours * 3_600_000)) == points


# hazards


def hazard_task(*, is_own: bool, tier: int = 1) -> tuple[ScoreEntry, ...]:
    hazard = Hazard("h", "acme", "", Dimension.ENVIRONMENT, tier, "渗漏", 1, "lao_wang", 2, is_own=is_own)
    task = replace(CLOSED, kind=TaskKind.HAZARD, warning_id="", tier=tier)
    return entries_of(task, Background(hazard=hazard), POLICY, SHANGHAI, "1")


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_reporting_pays_more_than_hiding(tier: int) -> None:
    """Even where what is hidden is never found: a report earns points, and silence none."""
    reported, found = summed(list(hazard_task(is_own=True))), summed(list(hazard_task(is_own=False, tier=tier)))
    before = entry(-20.0)
    assert summed([before, *reported.entries]).value > summed([before]).value > summed([before, *found.entries]).value


def test_a_hazard_counts_for_its_own_part() -> None:
    (reported,) = hazard_task(is_own=True)
    assert (reported.cause, reported.points, reported.parts) == (Cause.HAZARD_REPORTED, 2.0, (Dimension.ENVIRONMENT,))


def test_rewards_for_reports_end_at_the_most_of_a_month() -> None:
    many = [replace(entry(2.0, str(n)), cause=Cause.HAZARD_REPORTED) for n in range(20)]
    assert summed([entry(-50.0), *many]).value == 60.0


def test_the_photos_that_settled_a_task_are_the_evidence_of_its_entries() -> None:
    side = Side(SideState.PASSED, submission=Submission("lao_wang", 1, "已处置", ("p-1", "p-2")))
    entries = entries_of(replace(CLOSED, safety=side), NOTHING, POLICY, SHANGHAI, "1")
    assert {one.evidence for one in entries} == {("p-1", "p-2")}
