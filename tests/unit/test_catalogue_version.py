"""Which version of the catalogue is in force when, through publications and rollbacks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue_version import CatalogueVersion, Change, Move, Schedule, VersionState
from chalicelib.domain.errors import IllegalTransition

NONE = Schedule("shipped")


def published(schedule: Schedule, name: str, at_ms: int, from_ms: int | None = None) -> Schedule:
    return schedule.publish(Change(Move.PUBLISHED, name, at_ms if from_ms is None else from_ms, at_ms, "admin"))


def test_there_is_nothing_to_roll_back_where_nothing_was_published_or_all_is_undone() -> None:
    for schedule in (NONE, published(NONE, "a", 10).roll_back(20, "admin", "why")):
        with pytest.raises(IllegalTransition):
            schedule.roll_back(30, "admin", "why")


def test_a_version_that_is_to_take_effect_cannot_be_given_another_time() -> None:
    with pytest.raises(IllegalTransition):
        published(published(NONE, "a", 10, 50), "a", 20, 60)


def test_the_shipped_version_is_in_force_until_another_takes_effect() -> None:
    schedule = published(NONE, "a", 10, 50)
    assert [schedule.in_force(at_ms) for at_ms in (0, 49, 50, 99)] == ["shipped", "shipped", "a", "a"]
    assert [schedule.since_ms(at_ms) for at_ms in (49, 50)] == [None, 50]


def test_what_takes_effect_later_counts_whatever_the_order_in_which_it_was_published() -> None:
    schedule = published(published(NONE, "late", 10, 80), "soon", 20, 40)
    assert [schedule.in_force(at_ms) for at_ms in (30, 40, 79, 80)] == ["shipped", "soon", "soon", "late"]
    assert [one.version for one in schedule.scheduled(30)] == ["soon", "late"]


def test_a_rollback_goes_back_one_publication_each_time() -> None:
    schedule = published(published(NONE, "a", 10), "b", 20)
    once = schedule.roll_back(30, "admin", "why")
    twice = once.roll_back(40, "admin", "why")
    assert [twice.in_force(at_ms) for at_ms in (25, 30, 39, 40)] == ["b", "a", "a", "shipped"]
    assert once.since_ms(35) == 10, "it is as old as its publication"


def test_a_rollback_withdraws_what_was_to_follow() -> None:
    schedule = published(published(NONE, "a", 10), "b", 20, 90).roll_back(30, "admin", "why")
    assert (schedule.in_force(95), schedule.scheduled(30)) == ("shipped", ())


def test_what_was_rolled_back_may_be_published_again() -> None:
    schedule = published(published(NONE, "a", 10).roll_back(20, "admin", "why"), "a", 30)
    assert schedule.in_force(30) == "a"


def test_the_same_publication_again_changes_nothing() -> None:
    now, later = published(NONE, "a", 10), published(NONE, "a", 10, 50)
    assert published(now, "a", 20) is now
    assert published(later, "a", 20, 50) is later


@pytest.mark.parametrize(
    ("version", "state"),
    [
        pytest.param(CatalogueVersion("a", "admin", 0, 1, True), VersionState.PAST, id="was in force"),
        pytest.param(CatalogueVersion("b", "admin", 0, 1, True), VersionState.IN_FORCE, id="is in force"),
        pytest.param(CatalogueVersion("c", "admin", 0, 1, True), VersionState.SCHEDULED, id="will be in force"),
        pytest.param(CatalogueVersion("d", "admin", 0, 1, False), VersionState.DRAFT, id="was proposed"),
    ],
)
def test_the_state_of_a_version(version: CatalogueVersion, state: VersionState) -> None:
    schedule = published(published(published(NONE, "a", 10), "b", 20), "c", 20, 90)
    assert schedule.state(version, 30) is state


STEPS = st.lists(st.tuples(st.sampled_from(("a", "b", "c", "back")), st.integers(0, 40)), max_size=12)


def play(steps: list[tuple[str, int]]) -> list[Schedule]:
    """Each state of a schedule as one change follows another, ten milliseconds apart; what is refused changes nothing."""
    found = [NONE]
    for n, (what, ahead_ms) in enumerate(steps):
        now_ms = 10 * n
        try:
            last = found[-1]
            changed = (
                last.roll_back(now_ms, "x", "y") if what == "back" else published(last, what, now_ms, now_ms + ahead_ms)
            )
        except IllegalTransition:
            continue
        found.append(changed)
    return found


def instants(schedule: Schedule) -> set[int]:
    """All at which something may change, and those beside them."""
    return {one.effective_from_ms + beside for one in schedule.changes for beside in (-1, 0, 1)}


@given(STEPS)
def test_no_change_rewrites_what_was_in_force_before_it(steps: list[tuple[str, int]]) -> None:
    for before, after in pairwise(play(steps)):
        past = [at_ms for at_ms in instants(after) if at_ms < after.changes[-1].at_ms]
        assert [after.in_force(at_ms) for at_ms in past] == [before.in_force(at_ms) for at_ms in past]


@given(STEPS)
def test_after_a_rollback_nothing_changes_by_itself(steps: list[tuple[str, int]]) -> None:
    for schedule in play([*steps, ("back", 0)])[1:]:
        last = schedule.changes[-1]
        if last.move is Move.ROLLED_BACK:
            later = [at_ms for at_ms in instants(schedule) if at_ms >= last.at_ms]
            assert {schedule.in_force(at_ms) for at_ms in later} == {schedule.in_force(last.at_ms)}
