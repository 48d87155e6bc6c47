"""The reckoning itself: it must find what is lost, and excuse nothing without its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edge_faults.account import Account, Answer, End, Gap, Row, reckon

STEP_S = 0.05
COMMIT_S = 0.1
START_MS = 1_800_000_000_000


def answers(count: int) -> list[Answer]:
    return [Answer(n, n * STEP_S, START_MS + round(n * STEP_S * 1000)) for n in range(1, count + 1)]


def rows(*numbers: int) -> list[Row]:
    return [Row(START_MS + n * 50 + 3, n, "N") for n in numbers]


def account(stored: list[Row], *, count: int = 20, ends: tuple[End, ...] = (), gaps: tuple[Gap, ...] = ()) -> Account:
    return reckon({"p-00": answers(count)}, {"p-00": stored}, ends=ends, gaps=gaps, commit_s=COMMIT_S)


def kill(at_s: float) -> End:
    return End("kill", at_s, at_s + 0.001)


LOST = {
    "one in the middle": (rows(*range(1, 10), *range(11, 21)), (), 1),
    "the last one, though nothing ended": (rows(*range(1, 20)), (), 1),
    "all of them": ([], (), 20),
    "one long before a kill": (rows(*range(1, 10), *range(11, 21)), (kill(0.95),), 1),
    "one just before a kill, of which a later one was stored": (
        rows(*range(1, 10), 11, *range(12, 21)),
        (kill(0.56),),
        1,
    ),
    "more before a kill than a commit can take": (rows(*range(1, 11)), (kill(1.01),), 8),
    "two before a stop": (rows(*range(1, 19)), (End("stop", 1.01, 1.2),), 1),
    "one that a device gave to the next process after a kill": (
        rows(*range(1, 10), *range(11, 21)),
        (kill(0.48), End("stop", 1.1, 1.2, began_s=0.49)),
        1,
    ),
    "two that a device gave after a kill": (rows(*range(1, 19)), (kill(0.92),), 1),
}


@pytest.mark.parametrize(("stored", "ends", "lost"), LOST.values(), ids=LOST.keys())
def test_an_answer_that_is_nowhere_is_lost(stored: list[Row], ends: tuple[End, ...], lost: int) -> None:
    found = account(stored, ends=ends)
    assert found.lost == lost
    assert len(found.lost_examples) == min(3, lost)


def test_a_gap_of_another_time_or_point_excuses_nothing() -> None:
    early = Gap("disk_full", START_MS - 60_000, START_MS - 50_000, 3)
    other = Gap("disk_full", START_MS, START_MS + 60_000, 3, frozenset({"p-01"}))
    assert account(rows(*range(1, 18)), gaps=(early, other)).lost == 3


def test_what_the_ledger_names_is_counted_apart() -> None:
    found = account(rows(*range(1, 18)), gaps=(Gap("disk_full", START_MS + 900, START_MS + 1_000, 3),))
    assert (found.lost, found.in_ledger) == (0, 3)


def test_what_a_kill_left_no_time_to_commit_is_counted_apart_with_its_age() -> None:
    found = account(rows(*range(1, 19)), ends=(kill(1.02),))
    assert (found.lost, found.unstored_at_kill) == (0, 2)
    assert found.unstored_s_max == pytest.approx(0.07)


def test_the_age_of_what_a_kill_left_is_not_counted_to_the_kill_of_the_next_process() -> None:
    found = account(rows(*range(1, 20)), ends=(kill(1.02), End("kill", 1.08, 1.09, began_s=1.05)))
    assert (found.lost, found.unstored_at_kill) == (0, 1)
    assert found.unstored_s_max == pytest.approx(0.02)


def test_one_answer_may_be_given_to_a_process_that_was_killed_a_moment_before() -> None:
    found = account(rows(*range(1, 19)), count=19, ends=(kill(0.93), End("stop", 3.1, 3.2, began_s=0.94)))
    assert (found.lost, found.unstored_at_kill) == (0, 1)


def test_one_answer_may_be_under_way_when_the_bridge_is_asked_to_stop_and_any_number_after() -> None:
    found = account(rows(*range(1, 18)), ends=(End("stop", 0.92, 1.5),))
    assert (found.lost, found.cut_at_stop) == (0, 3)


def test_an_answer_that_came_too_late_is_excused_by_the_b_that_says_so_and_only_by_that() -> None:
    marked = [*rows(*range(1, 10), *range(11, 21)), Row(START_MS + 10 * 50 + 10, None, "B")]
    assert (account(marked).lost, account(marked).given_up) == (0, 1)
    unmarked = [*rows(*range(1, 10), *range(11, 21)), Row(START_MS + 15 * 50 + 10, None, "B")]
    assert account(unmarked).lost == 1


def test_one_answer_under_two_times_is_a_duplicate() -> None:
    assert account([*rows(*range(1, 21)), Row(START_MS + 9_999, 7, "N")]).twice == 1


def test_a_value_that_no_device_gave_is_wrong() -> None:
    found = account([*rows(*range(1, 21)), Row(START_MS + 9_999, 77, "N"), Row(START_MS + 9_998, -1, "N")])
    assert found.wrong == 2


@given(st.sets(st.integers(1, 40)), st.floats(0.0, 3.0), st.booleans())
def test_every_answer_is_either_stored_or_has_exactly_one_fate(stored: set[int], at_s: float, is_kill: bool) -> None:
    end = kill(at_s) if is_kill else End("stop", at_s, at_s + 0.2)
    gap = Gap("disk_full", START_MS + 1_500, START_MS + 1_600, 0)
    found = account(rows(*sorted(stored)), count=40, ends=(end,), gaps=(gap,))
    fates = found.lost + found.unstored_at_kill + found.cut_at_stop + found.given_up + found.in_ledger
    assert found.stored + fates == found.answered == 40
