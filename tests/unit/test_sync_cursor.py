"""What a phone has read of a feed, in runs of pages that may stop anywhere, while changes land a little late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.sync_repos import RowPackRepo
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import InvalidCursor
from chalicelib.domain.field_pack import FieldPack
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import Side
from chalicelib.domain.sync_cursor import HORIZON_MS, LONGEST_AWAY_MS, SyncCursor, read_cursor
from chalicelib.domain.task import Task
from chalicelib.usecases.read_sync import Changes, read_sync
from tests.park import FakeClock

DAY_MS = 86_400_000
WANG = Person(
    "lao-wang", "王工", Role.INSPECTOR, Dimension.SAFETY, regions=("east",), industries=("circular_chemical",)
)


class Yard:
    """A feed of changes and the one phone that reads it, page by page."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.packs = RowPackRepo(MemoryRows())
        self.versions: dict[str, int] = {}
        self.phone: dict[str, int] = {}
        self.cursor: str | None = None

    def changes(self, task_id: str, late_ms: int = 0, closed_at_ms: int | None = None) -> None:
        """A change that was marked `late_ms` before it can be read."""
        self.versions[task_id] = self.versions.get(task_id, 0) + 1
        task = Task(
            id=task_id,
            warning_id="",
            enterprise_id="acme",
            unit_id="r1",
            region="east",
            industry="circular_chemical",
            rule_id="",
            tier=2,
            safety=Side(inspector_id=WANG.id),
            environment=Side(),
            party=(WANG.id,),
            opened_at_ms=0,
            due_at_ms=1,
            acknowledge_due_at_ms=None,
            version=self.versions[task_id],
            closed_at_ms=closed_at_ms,
        )
        self.packs.put(FieldPack(task, None, None, None, (), (), (), ()), self.clock.now_ms() - late_ms)

    def closes(self, task_id: str) -> None:
        self.changes(task_id, closed_at_ms=self.clock.now_ms())

    def page(self, limit: int = 1) -> Changes:
        found = read_sync(self.cursor, limit, WANG, packs=self.packs, clock=self.clock)
        self.phone = {} if found.is_reset else self.phone
        for pack in found.packs:
            self.phone[pack.task.id] = max(pack.task.version, self.phone.get(pack.task.id, 0))
        self.cursor = found.cursor
        return found

    def run(self, limit: int = 1) -> None:
        """To the end, which must come: a page for each task is enough, and one to find that there are no more."""
        for _ in range(len(self.versions) + 1):
            if not self.page(limit).has_more:
                return
        raise AssertionError("the feed has no end")


@pytest.mark.parametrize("text", ["v1 park 1772416800000 1", "v1 park 1772416800000#t 17724168000000", "v2 park 1772416800000"])  # fmt: skip
def test_a_cursor_of_another_shape_is_refused(text: str) -> None:
    from base64 import urlsafe_b64encode

    with pytest.raises(InvalidCursor):
        read_cursor(urlsafe_b64encode(text.encode()).decode(), "park")


@pytest.mark.parametrize(
    "cursor",
    [
        SyncCursor("park", "1772416800000"),
        SyncCursor("park", "1772416800000#t-1", 17),
        SyncCursor("park", "1772416800000#t-1", 17, is_first=True),
    ],
)
def test_a_cursor_comes_back_as_it_was(cursor: SyncCursor) -> None:
    assert read_cursor(cursor.text(), "park") == cursor


def test_what_landed_late_is_read_though_the_line_was_lost_between_two_pages() -> None:
    yard = Yard()
    yard.run()
    yard.clock.advance(3600)
    yard.changes("t-1", late_ms=50)
    yard.changes("t-2", late_ms=10)
    yard.page()
    yard.changes("t-late", late_ms=55)
    yard.clock.advance(600)
    yard.run()
    yard.run()
    assert yard.phone == yard.versions


def test_a_first_sync_of_old_tasks_comes_to_its_end() -> None:
    yard = Yard()
    for number in range(3):
        yard.changes(f"t-{number}")
        yard.clock.advance(1)
    yard.clock.advance((LONGEST_AWAY_MS + DAY_MS) / 1000)
    yard.run()
    assert yard.phone == yard.versions


def test_a_run_that_was_left_for_too_long_begins_anew() -> None:
    yard = Yard()
    yard.changes("t-1")
    yard.clock.advance(1)
    yard.changes("t-2")
    yard.page()
    yard.clock.advance((LONGEST_AWAY_MS + DAY_MS) / 1000)
    assert yard.page().is_reset


# A stretch of a day: changes (task, how late it lands), then pages of a run that may stop short of its end, then a while without a line.
CHANGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, HORIZON_MS - 1)), max_size=3)
STRETCHES = st.lists(
    st.tuples(CHANGES, st.lists(st.integers(1, 2), max_size=2), st.sampled_from((0, HORIZON_MS, DAY_MS, 20 * DAY_MS))),
    min_size=3,
    max_size=8,
)


@given(STRETCHES)
def test_whatever_lands_late_and_wherever_a_run_stops_the_phone_has_it_in_the_end(
    stretches: list[tuple[list[tuple[int, int]], list[int], int]],
) -> None:
    yard = Yard()
    for changes, limits, away_ms in stretches:
        for task, late_ms in changes:
            yard.changes(f"t-{task}", late_ms)
        for limit in limits:
            yard.page(limit)
        yard.clock.advance(away_ms / 1000)
    yard.run()
    yard.run()
    assert yard.phone == yard.versions


def test_every_page_of_a_first_sync_is_of_open_tasks_alone() -> None:
    yard = Yard()
    for task_id in ("t-1", "t-2", "t-3", "t-4"):
        yard.changes(task_id)
        yard.clock.advance(3600)
    yard.closes("t-3")
    yard.clock.advance(3600)
    yard.changes("t-5")
    seen = []
    while not seen or seen[-1].has_more:
        seen.append(yard.page())
    assert [pack.task.id for found in seen for pack in found.packs] == ["t-1", "t-2", "t-4", "t-5"]


def test_a_task_that_is_closed_while_a_first_sync_goes_on_is_told_of_at_its_end() -> None:
    yard = Yard()
    for task_id in ("t-1", "t-2"):
        yard.changes(task_id)
    yard.clock.advance(3600)
    first = yard.page()
    yard.closes("t-1")
    while first.has_more:
        first = yard.page()
    assert [(pack.task.id, pack.task.closed_at_ms is None) for pack in yard.page(limit=9).packs] == [("t-1", False)]
