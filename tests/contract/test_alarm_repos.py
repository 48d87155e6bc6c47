"""What the stores of handlings, shelvings, windows and claims promise in ports.py, on memory, moto and DynamoDB Local. Refusals first."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.adapters.alarm_repos import RowDispatchRepo, RowShelvingRepo, RowWindowRepo
from chalicelib.adapters.operations_repos import RowDeliveryRepo, RowTaskRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.catalogue import Grouping
from chalicelib.domain.chattering import Episode, Opening
from chalicelib.domain.errors import ContentConflict, InvalidCursor, WriteConflict
from chalicelib.domain.events import TaskDispatched
from chalicelib.domain.group_load import GroupLoad
from chalicelib.domain.handling import Course, Handling, Step
from chalicelib.domain.maintenance import MaintenanceWindow, approve
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.shelving import Shelving, end
from chalicelib.domain.side import Side
from chalicelib.domain.task import MAX_ENTERPRISES, Member, Task, TaskKind
from tests.unit.test_shelving import ADMIN

T0, DAY_MS = 1_772_416_800_000, 86_400_000
OWN = Step(Course.OWN_TASK, "t-1", T0)
HANDLING = Handling("w-1", "acme", "r1", "rule", 1, T0, (OWN,))
HELD = replace(HANDLING, steps=(Step(Course.SHELVED, "s-1", T0),))
TASK = Task(
    id="t-1", warning_id="w-1", enterprise_id="acme", unit_id="r1", region="east", industry="i", rule_id="rule", tier=1,
    safety=Side(), environment=Side(), party=(), opened_at_ms=T0, due_at_ms=T0 + 1, acknowledge_due_at_ms=None,
    members=(Member("w-1", "acme", "r1", "rule", 1, T0),),
)  # fmt: skip
SHELVING = Shelving("s-1", "acme", "r1", None, "why", "someone", None, T0, T0 + 1000)
WINDOW = MaintenanceWindow("m-1", "acme", "r1", T0, T0 + 1000, "why", "someone", T0)
NOTICE = Notice("n-1", "someone", NoticeKind.TASK_DISPATCHED, "t-1", "acme", 1, T0)


def dispatched(task_id: str = "t-1") -> TaskDispatched:
    return TaskDispatched("acme", T0, "c", task_id, ())


# handlings


def test_of_a_commit_whose_handling_task_or_load_is_no_longer_as_read_nothing_is_written(rows: Rows) -> None:
    dispatches, tasks = RowDispatchRepo(rows), RowTaskRepo(rows)
    first = dispatches.commit(HANDLING, tasks=[TASK], load=GroupLoad("east", "i"), events=[dispatched()])
    other = replace(HANDLING, warning_id="w-2")
    with pytest.raises(WriteConflict):
        dispatches.commit(HANDLING, tasks=[replace(TASK, id="t-2")])
    with pytest.raises(WriteConflict):
        dispatches.commit(other, tasks=[TASK])
    with pytest.raises(WriteConflict):
        dispatches.commit(
            other, tasks=[replace(TASK, id="t-2")], load=GroupLoad("east", "i"), events=[dispatched("t-2")]
        )
    assert dispatches.handling("w-2") is None and tasks.get("t-2") is None
    assert dispatches.handling("w-1") == first and tasks.get("t-1") == replace(TASK, version=1)
    assert len(rows.query("ENT#acme", prefix="EVENT#")) == 1


def test_a_handling_is_found_by_its_warning_and_goes_on_from_the_version_that_was_read(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    held = dispatches.commit(HELD)
    assert held.version == 1 and dispatches.handling("w-1") == held
    after = dispatches.commit(held.then(OWN), tasks=[TASK])
    assert dispatches.handlings(["w-1", "w-9", "w-1"]) == {"w-1": after}
    assert dispatches.handlings([]) == {}


def test_what_is_held_and_what_stands_is_listed_until_it_no_longer_is(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    held = dispatches.commit(HELD)
    later = dispatches.commit(replace(HANDLING, warning_id="w-2", raised_at_ms=T0 + 10))
    assert dispatches.held() == (held,) and dispatches.standing(T0 + 11) == (held, later)
    assert dispatches.standing(T0 + 10) == (held,)
    called = dispatches.commit(held.then(OWN))
    assert dispatches.held() == () and dispatches.standing(T0 + 11) == (called, later)
    dispatches.commit(replace(called, cleared_at_ms=T0 + 5))
    assert dispatches.standing(T0 + 11) == (later,)


def test_what_clears_while_it_is_held_is_held_no_more(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    held = dispatches.commit(HELD)
    dispatches.commit(replace(held, cleared_at_ms=T0 + 5))
    assert dispatches.held() == () == dispatches.standing(T0 + 11)


def test_handlings_are_read_by_when_their_warnings_were_raised_over_midnights(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    times = (T0, T0 + 1, T0 + DAY_MS, T0 + 2 * DAY_MS)
    for number, at_ms in enumerate(times):
        dispatches.commit(replace(HANDLING, warning_id=f"w-{number}", raised_at_ms=at_ms))
    found = [one.raised_at_ms for one in dispatches.between(T0 + 1, T0 + 2 * DAY_MS)]
    assert found == [T0 + 1, T0 + DAY_MS]
    assert list(dispatches.between(T0, T0)) == []


def test_a_load_is_counted_once_by_each_who_saw_it_as_it_was(raced_rows: Rows) -> None:
    dispatches, grouping = RowDispatchRepo(raced_rows), Grouping(10_000, 100, 600_000)

    def one_more(number: int) -> None:
        while True:
            load = dispatches.load("east", "i").with_dispatch(T0 + number, grouping, None)
            with suppress(WriteConflict):
                dispatches.commit(replace(HANDLING, warning_id=f"w-{number}"), load=load)
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_more, range(12)))
    load = dispatches.load("east", "i")
    assert (sorted(load.recent_ms), load.version) == ([T0 + number for number in range(12)], 12)
    assert dispatches.load("west", "i") == GroupLoad("west", "i")


def test_openings_of_a_rule_are_those_after_and_up_to_an_instant(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    known = [Opening(f"w-{number}", T0 + number, T0) for number in range(4)]
    for one in known:
        dispatches.commit(replace(HANDLING, warning_id=one.warning_id), opening=one)
    assert dispatches.openings("r1", "rule", T0, T0 + 2) == tuple(known[1:3])
    assert dispatches.openings("r1", "another", T0, T0 + 2) == ()


def test_an_episode_is_known_until_it_ends(rows: Rows) -> None:
    dispatches = RowDispatchRepo(rows)
    held = dispatches.commit(HELD, episode=Episode("o-1", T0))
    dispatches.commit(held.then(OWN), episode=Episode("o-1", T0 + 5))
    assert dispatches.episodes() == (Episode("o-1", T0 + 5),)
    dispatches.end_episode(Episode("o-1", T0 + 5))
    assert dispatches.episodes() == ()


def test_the_largest_commit_there_is_fits(rows: Rows) -> None:
    """A warning leaves a full regional task for its own, with everything beside it."""
    dispatches, tasks = RowDispatchRepo(rows), RowTaskRepo(rows)
    members = tuple(Member(f"w-{n}", f"e-{n}", "r", "rule", 1, T0) for n in range(MAX_ENTERPRISES))
    sides = {"safety": Side(inspector_id="a"), "environment": Side(inspector_id="b")}
    regional = replace(TASK, id="t-9", enterprise_id="", kind=TaskKind.REGIONAL, members=members, **sides)
    own = replace(TASK, **sides)
    dispatches.commit(
        HANDLING,
        tasks=[regional, own],
        load=GroupLoad("east", "i"),
        opening=Opening("w-1", T0, T0),
        episode=Episode("o-1", T0),
        events=[dispatched(), dispatched("t-9")],
    )
    page = tasks.listing("enterprise:e-7", None, 10, open_only=True)
    assert [task.id for task in page.items] == ["t-9"]
    assert {task.id for task in tasks.many(["t-1", "t-9", "t-none"])} == {"t-1", "t-9"} and tasks.many([]) == ()


# shelvings


def test_a_shelving_id_used_for_another_is_a_conflict(rows: Rows) -> None:
    shelvings = RowShelvingRepo(rows)
    shelvings.add(SHELVING)
    for changes in ({"unit_id": "r2"}, {"rule_id": "x"}, {"reason": "x"}, {"by": "x"}, {"until_ms": T0}):
        with pytest.raises(ContentConflict):
            shelvings.add(replace(SHELVING, **changes))


def test_whoever_comes_second_does_not_change_a_shelving(rows: Rows) -> None:
    shelvings = RowShelvingRepo(rows)
    first = shelvings.add(SHELVING)
    ended = shelvings.save(end(first, ADMIN, T0 + 1))
    with pytest.raises(WriteConflict):
        shelvings.save(replace(first, confirmed_by="x"))
    assert shelvings.add(replace(SHELVING, from_ms=T0 + 5)) == ended == shelvings.get("s-1")


def test_a_units_shelvings_are_those_that_neither_time_nor_a_person_has_ended(rows: Rows) -> None:
    shelvings = RowShelvingRepo(rows)
    one, two = shelvings.add(SHELVING), shelvings.add(replace(SHELVING, id="s-2", until_ms=T0 + 500))
    assert shelvings.of_unit("r1", T0) == (two, one) and shelvings.of_unit("r2", T0) == ()
    assert shelvings.of_unit("r1", T0 + 501) == (one,)
    shelvings.save(end(one, ADMIN, T0 + 1))
    assert shelvings.of_unit("r1", T0 + 501) == ()


def test_shelvings_are_listed_newest_first_page_by_page(rows: Rows) -> None:
    shelvings = RowShelvingRepo(rows)
    for number in range(3):
        shelvings.add(replace(SHELVING, id=f"s-{number}", from_ms=T0 + number))
    first = shelvings.listing("acme", None, 2)
    rest = shelvings.listing("acme", first.cursor, 2)
    assert [one.id for one in (*first.items, *rest.items)] == ["s-2", "s-1", "s-0"] and rest.cursor is None
    assert len(shelvings.listing(None, None, 9).items) == 3 and shelvings.listing("other", None, 9).items == ()
    with pytest.raises(InvalidCursor):
        shelvings.listing(None, "nonsense!", 9)


# windows


def test_whoever_comes_second_does_not_change_a_window(rows: Rows) -> None:
    windows = RowWindowRepo(rows)
    first = windows.put(WINDOW)
    approved = windows.put(approve(first, "d", T0))
    for late in (WINDOW, approve(first, "e", T0)):
        with pytest.raises(WriteConflict):
            windows.put(late)
    assert windows.get("r1", "m-1") == approved and windows.get("r2", "m-1") is None


def test_a_units_windows_come_by_their_beginning(rows: Rows) -> None:
    windows = RowWindowRepo(rows)
    late, early = windows.put(replace(WINDOW, id="a", from_ms=T0 + 5)), windows.put(replace(WINDOW, id="b"))
    assert windows.of_unit("r1") == (early, late) and windows.of_unit("r2") == ()


# which notices go out together


def test_notices_go_out_with_the_first_that_claims_them_and_it_stays_so(rows: Rows) -> None:
    deliveries = RowDeliveryRepo(rows)
    one, two, three = (replace(NOTICE, id=f"n-{number}") for number in (1, 2, 3))
    assert deliveries.claim(one, [two]) == ("n-1", "n-2")
    assert deliveries.claim(two, [one, three]) == ()
    assert deliveries.claim(three, [one, two]) == ("n-3",)
    assert deliveries.claim(one, [two, three]) == ("n-1", "n-2")
    assert deliveries.claim(replace(one, person_id="another"), []) == ("n-1",)


def test_of_many_claims_at_once_each_notice_goes_out_in_one_message(raced_rows: Rows) -> None:
    deliveries = RowDeliveryRepo(raced_rows)
    notices = [replace(NOTICE, id=f"n-{number}") for number in range(4)]

    def claim(notice: Notice) -> tuple[str, ...]:
        while True:
            with suppress(WriteConflict):
                return deliveries.claim(notice, [one for one in notices if one != notice])

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(claim, notices))
    assert sorted(id for group in claimed for id in group) == ["n-0", "n-1", "n-2", "n-3"]
