"""What the repositories promise in ports.py: the same tests for memory, moto and DynamoDB Local. Refusals first."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.block_repo import RowBlockRepo, block_row
from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.operations_repos import (
    EVENT_PREFIX,
    RowDeliveryRepo,
    RowDeviceRepo,
    RowEvidenceRepo,
    RowInboxRepo,
    RowObservationRepo,
    RowStateRepo,
    RowTaskRepo,
    RowWarningRepo,
)
from chalicelib.adapters.registry_repo import RowRegistryRepo
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.score_repo import RowScoreRepo
from chalicelib.domain.block import Block, pack
from chalicelib.domain.delivery import DeliveryState, DeliveryStep
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Enterprise, Point, Unit
from chalicelib.domain.errors import ContentConflict, InvalidCursor, WriteConflict
from chalicelib.domain.events import Event, ObservationOpened, PhotoMissing, PhotoRefused, TaskDispatched, WarningRaised
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.notice import Delivery, Device, Notice, NoticeKind, PushStatus
from chalicelib.domain.objection import Objection, ObjectionState
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.person import Bridge, Person, Role
from chalicelib.domain.photo import Photo, PhotoState, Position, RefusalReason
from chalicelib.domain.reading import Series
from chalicelib.domain.score import Cause, ScoreEntry, correction_of
from chalicelib.domain.side import Side, SideState
from chalicelib.domain.state import Checkpoint, EnterpriseState, Phase, PointState, RuleState
from chalicelib.domain.unseen import UnseenCall
from chalicelib.domain.warning import Warning, WarningState
from tests.plant import Plant
from tests.unit.test_task import TASK

T0 = 1_772_416_800_000
HOUR_MS = 3_600_000
WRITERS = 6


def race(work: Callable[[int], Any], writers: int = WRITERS) -> list[Any]:
    """All at once; an exception is a result."""
    start = Barrier(writers)

    def run(number: int) -> Any:
        start.wait(10)
        try:
            return work(number)
        except (WriteConflict, ContentConflict) as conflict:
            return conflict

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


def events_in(rows: Rows, enterprise_id: str = "acme") -> list[Event]:
    return [event_from_body(row.body) for row in rows.query(f"ENT#{enterprise_id}", prefix=EVENT_PREFIX)]


# blocks


def uuid7(at_ms: int, number: int = 0) -> str:
    head = f"{at_ms:012x}"
    return f"{head[:8]}-{head[8:]}-7000-8000-{number:012x}"


def block(
    first_ms: int = T0, *, id: str | None = None, span_ms: int = 60_000, digest: str = "d", enterprise_id: str = "acme"
) -> Block:
    last_ms = first_ms + span_ms
    payload = pack([Series("p", [first_ms, last_ms], [1.5, 2.5], "NN")])
    return Block(
        id or uuid7(last_ms + 2_000),
        enterprise_id,
        "bridge",
        last_ms + 3_000,
        first_ms,
        last_ms,
        2,
        digest,
        payload,
        "c-1",
    )


def between(blocks: RowBlockRepo, from_ms: int, to_ms: int, enterprise_id: str = "acme") -> list[str]:
    return [one.id for one in blocks.between(enterprise_id, from_ms, to_ms)]


def test_a_block_id_used_for_other_content_is_a_conflict_and_the_first_stays(rows: Rows) -> None:
    blocks = RowBlockRepo(rows)
    first = blocks.add(block())
    with pytest.raises(ContentConflict):
        blocks.add(block(digest="other", id=first.id))
    with pytest.raises(ContentConflict):
        blocks.add(block(T0 - 40 * HOUR_MS, digest="other", id=first.id))
    with pytest.raises(ContentConflict):
        blocks.add(block(T0 + HOUR_MS, digest="other", id=first.id))
    assert [one.digest for one in blocks.between("acme", T0 - 100 * HOUR_MS, T0 + 100 * HOUR_MS)] == ["d"]


@pytest.mark.parametrize("first_ms", [T0, T0 - 48 * HOUR_MS], ids=["live", "late"])
def test_a_repeated_block_is_the_one_first_stored(rows: Rows, first_ms: int) -> None:
    blocks = RowBlockRepo(rows)
    first = blocks.add(block(first_ms, id=uuid7(T0)))
    again = blocks.add(replace(first, received_at_ms=first.received_at_ms + 9_000, correlation_id="c-2"))
    assert again == first
    assert between(blocks, first_ms, first_ms + 1) == [first.id]


def test_the_same_id_in_two_enterprises_is_two_blocks(rows: Rows) -> None:
    blocks = RowBlockRepo(rows)
    blocks.add(block())
    blocks.add(block(digest="other", enterprise_id="other"))
    assert len(between(blocks, T0, T0 + 1)) == len(between(blocks, T0, T0 + 1, "other")) == 1


def test_a_block_comes_back_as_it_was(rows: Rows) -> None:
    blocks = RowBlockRepo(rows)
    stored = blocks.add(block())
    (back,) = blocks.between("acme", T0, T0 + 1)
    assert back == stored
    assert back.series == (Series("p", [T0, T0 + 60_000], [1.5, 2.5], "NN"),)


@pytest.mark.parametrize(
    "block_id",
    [
        pytest.param(None, id="a UUIDv7 of just after the readings"),
        pytest.param(uuid7(T0 + 90 * 24 * HOUR_MS), id="a UUIDv7 of months later"),
        pytest.param(uuid7(T0 - 90 * 24 * HOUR_MS), id="a UUIDv7 of a clock months behind"),
        pytest.param(uuid7(2**48 - 1), id="a UUIDv7 of the year 10889"),
        pytest.param("919108f7-52d1-4320-9bac-f847db4148a8", id="a UUIDv4"),
        pytest.param("01KJJQ7H40Q9CVXQJ3R5X2M8A1", id="a ULID"),
    ],
)
@pytest.mark.parametrize("span_ms", [0, 60_000, 24 * HOUR_MS], ids=["one instant", "a minute", "a day"])
def test_a_block_is_found_by_its_readings_whatever_its_id(rows: Rows, block_id: str | None, span_ms: int) -> None:
    blocks = RowBlockRepo(rows)
    stored = blocks.add(block(id=block_id, span_ms=span_ms))
    first_ms, last_ms = stored.first_ms, stored.last_ms
    assert between(blocks, first_ms - HOUR_MS, first_ms) == []
    assert between(blocks, first_ms - HOUR_MS, first_ms + 1) == [stored.id]
    assert between(blocks, last_ms, last_ms + 1) == [stored.id]
    assert between(blocks, last_ms + 1, last_ms + HOUR_MS) == []


def test_blocks_are_found_once_however_many_pages_there_are(rows: Rows) -> None:
    blocks = RowBlockRepo(rows, page=3)
    live = [blocks.add(block(T0 + n * 60_000, id=uuid7(T0 + n * 60_000 + 61_000, n))).id for n in range(7)]
    late = [blocks.add(block(T0 + n * 60_000, id=uuid7(T0 + 50 * HOUR_MS, n))).id for n in range(6)]
    assert sorted(between(blocks, T0 - 1, T0 + HOUR_MS * 2)) == sorted([*live, *late])


def test_the_newest_block_is_the_one_that_was_made_last(rows: Rows) -> None:
    blocks = RowBlockRepo(rows)
    assert blocks.newest("acme") is None
    for number in (2, 3, 1):
        blocks.add(block(id=uuid7(T0 + number * 60_000)))
    found = blocks.newest("acme")
    assert found is not None and found.id == uuid7(T0 + 180_000) and blocks.newest("other") is None


def test_a_block_is_kept_for_three_years(rows: Rows) -> None:
    stored = RowBlockRepo(rows).add(block())
    (row,) = rows.query("ENT#acme", prefix="B#")
    assert row == block_row(stored)
    assert row.ttl_s is not None
    assert 3 * 365 * 86_400 < row.ttl_s - stored.received_at_ms // 1000 < 4 * 365 * 86_400


@pytest.mark.parametrize("first_ms", [T0, T0 - 48 * HOUR_MS], ids=["live", "late"])
def test_of_uploads_racing_with_one_id_all_get_the_same_block(raced_rows: Rows, first_ms: int) -> None:
    blocks = RowBlockRepo(raced_rows)
    results = race(lambda n: blocks.add(replace(block(first_ms, id=uuid7(T0)), received_at_ms=T0 + n)))
    assert len(set(results)) == 1
    assert between(blocks, first_ms, first_ms + 1) == [results[0].id]


def test_of_other_contents_racing_for_one_id_exactly_one_wins(raced_rows: Rows) -> None:
    blocks = RowBlockRepo(raced_rows)
    results = race(lambda n: blocks.add(block(digest=f"d{n}", id=uuid7(T0))))
    assert len([one for one in results if isinstance(one, Block)]) == 1
    assert len([one for one in results if isinstance(one, ContentConflict)]) == WRITERS - 1


# state and warnings


STATE = EnterpriseState(
    {"p": PointState(T0, True, 0.1, 0.2, 0.3, 0.4, 5)}, {("u", "r"): RuleState(Phase.OPEN, T0, 2, tier=1)}
)


def warning(number: int = 1, *, onset_ms: int = T0, **changes: Any) -> Warning:
    plant = Plant()
    (opened,) = plant.stays(0, 2, temperature=188.0, voc=54.0, steam=112.0)
    assert opened.why is not None
    made = Warning(
        f"w-{number}", "acme", "r1", opened.rule_id, 1, WarningState.OPEN, onset_ms, onset_ms + 60_000, onset_ms + 61_000,
        opened.why, correlation_id="c-1",
    )  # fmt: skip
    return replace(made, **changes)


def raised(one: Warning) -> WarningRaised:
    return WarningRaised(one.enterprise_id, one.opened_at_ms, "c-1", one.id)


def test_a_state_that_was_never_stored_is_empty_and_of_version_0(rows: Rows) -> None:
    assert RowStateRepo(rows).load("acme") == (EnterpriseState(), 0)


@pytest.mark.parametrize("version", [0, 2, 7])
def test_a_state_of_another_version_is_not_replaced_and_nothing_else_is_written(rows: Rows, version: int) -> None:
    states, warnings = RowStateRepo(rows), RowWarningRepo(rows)
    states.commit("acme", STATE, 0, warnings=(), events=())
    one = warning()
    with pytest.raises(WriteConflict):
        states.commit("acme", EnterpriseState(), version, warnings=[one], events=[raised(one)])
    assert states.load("acme") == (STATE, 1)
    assert warnings.get("w-1") is None
    assert warnings.listing(None, None, 10).items == ()
    assert events_in(rows) == []


def test_state_warnings_and_events_are_written_together(rows: Rows) -> None:
    states = RowStateRepo(rows)
    many = [warning(n, onset_ms=T0 + n) for n in range(24)]
    states.commit("acme", STATE, 0, warnings=many, events=[raised(one) for one in many])
    assert states.load("acme") == (STATE, 1)
    assert RowWarningRepo(rows).get("w-3") == many[3]
    assert events_in(rows) == [raised(one) for one in many]
    states.commit("acme", EnterpriseState(), 1, warnings=(), events=())
    assert states.load("acme") == (EnterpriseState(), 2)


def test_of_writers_racing_for_a_state_exactly_one_wins(raced_rows: Rows) -> None:
    states, warnings = RowStateRepo(raced_rows), RowWarningRepo(raced_rows)
    states.commit("acme", STATE, 0, warnings=(), events=())

    def write(number: int) -> None:
        one = warning(number)
        states.commit("acme", STATE, 1, warnings=[one], events=[raised(one)])

    results = race(write)
    (winner,) = [n for n, result in enumerate(results) if result is None]
    assert states.load("acme") == (STATE, 2)
    assert [one.id for one in warnings.listing("acme", None, 10).items] == [f"w-{winner}"]
    assert events_in(raced_rows) == [raised(warning(winner))]


def store_warnings(rows: Rows, *ones: Warning) -> RowWarningRepo:
    states = RowStateRepo(rows)
    for one in ones:
        states.commit(one.enterprise_id, STATE, states.load(one.enterprise_id)[1], warnings=[one], events=())
    return RowWarningRepo(rows)


def test_warnings_are_listed_newest_first_of_one_enterprise_or_the_park(rows: Rows) -> None:
    ones = [warning(n, onset_ms=T0 + n * HOUR_MS, enterprise_id="acme" if n % 2 else "other") for n in range(5)]
    warnings = store_warnings(rows, *ones)
    assert [w.id for w in warnings.listing(None, None, 10).items] == ["w-4", "w-3", "w-2", "w-1", "w-0"]
    assert [w.id for w in warnings.listing("acme", None, 10).items] == ["w-3", "w-1"]
    assert warnings.listing("nobody", None, 10).items == ()


def test_of_warnings_that_are_named_those_come_that_are_there(rows: Rows) -> None:
    warnings = store_warnings(rows, warning(1), warning(2))
    assert [one.id for one in warnings.many([warning(2).id, "w-none"])] == [warning(2).id] and warnings.many([]) == ()


def test_warnings_of_a_time_are_those_of_the_whole_park_page_by_page(rows: Rows) -> None:
    ones = [warning(n, onset_ms=T0 + n, enterprise_id="acme" if n % 2 else "other") for n in range(105)]
    warnings = RowWarningRepo(rows)
    warnings.record(ones)
    assert {one.id for one in warnings.between(T0 + 1, T0 + 104)} == {f"w-{n}" for n in range(1, 104)}
    assert list(warnings.between(T0 + 105, T0 + HOUR_MS)) == []


def test_a_warning_that_goes_on_is_listed_once_as_it_now_is(rows: Rows) -> None:
    observed = warning(state=WarningState.OBSERVED)
    opened = replace(observed, state=WarningState.OPEN, opened_at_ms=observed.opened_at_ms + HOUR_MS)
    escalated = opened.escalated(3, opened.opened_at_ms + 1, opened.why)
    cleared = escalated.cleared(opened.opened_at_ms + 2)
    warnings = store_warnings(rows, observed, opened, escalated, cleared)
    assert warnings.listing(None, None, 10).items == (cleared,)


def all_pages(listing: Callable[[str | None], Any]) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = listing(cursor)
        pages.append([one.id for one in page.items])
        cursor = page.cursor
        if cursor is None:
            return pages


def test_pages_follow_their_cursors_to_the_end(rows: Rows) -> None:
    warnings = store_warnings(rows, *(warning(n, onset_ms=T0 + n) for n in range(5)))
    assert all_pages(lambda cursor: warnings.listing("acme", cursor, 2)) == [["w-4", "w-3"], ["w-2", "w-1"], ["w-0"]]
    assert all_pages(lambda cursor: warnings.listing("acme", cursor, 5)) == [["w-4", "w-3", "w-2", "w-1", "w-0"]]


def test_a_page_goes_on_where_it_was_though_something_new_came(rows: Rows) -> None:
    warnings = store_warnings(rows, *(warning(n, onset_ms=T0 + n) for n in range(3)))
    first = warnings.listing("acme", None, 2)
    store_warnings(rows, warning(9, onset_ms=T0 + 9))
    assert [one.id for one in warnings.listing("acme", first.cursor, 2).items] == ["w-0"]


@pytest.mark.parametrize("cursor", ["", "!!!", "a", "AAAA", "Zm9v\n", "Ä", "A" * 400, "4pyT"])
def test_a_cursor_that_nobody_gave_out_is_refused_or_harmless(rows: Rows, cursor: str) -> None:
    warnings = store_warnings(rows, warning())
    try:
        page = warnings.listing("acme", cursor, 2)
    except InvalidCursor:
        return
    assert page.cursor is None


# tasks


def dispatched(task_id: str = "t-1") -> TaskDispatched:
    return TaskDispatched("acme", T0, "c-1", task_id, ("inspector-1",))


def closed(task: Any) -> Any:
    return replace(
        task,
        safety=replace(task.safety, state=SideState.PASSED),
        environment=Side(SideState.PASSED, inspector_id="i-e"),
    )


def test_a_task_that_is_not_there_is_none(rows: Rows) -> None:
    assert RowTaskRepo(rows).get("t-1") is None


def test_a_task_of_an_old_version_is_not_saved_and_announces_nothing(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    first = tasks.save(TASK, [])
    second = tasks.save(replace(first, tier=3), [])
    assert (first.version, second.version) == (1, 2)
    with pytest.raises(WriteConflict):
        tasks.save(replace(first, tier=1), [dispatched()])
    assert tasks.get("t-1") == second
    assert events_in(rows) == []


def test_a_task_is_opened_and_announced_once(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    first = tasks.save(TASK, [dispatched()])
    with pytest.raises(WriteConflict):
        tasks.save(replace(TASK, tier=1), [dispatched("t-other")])
    assert first == tasks.get("t-1")
    assert events_in(rows) == [dispatched()]


def test_a_task_comes_back_as_it_was(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    one = replace(TASK, overdue=("acknowledge",), warning_cleared_at_ms=5, safety=Side(SideState.REJECTED, 2, 1, "i-s"))
    assert tasks.save(one, []) == tasks.get("t-1") == replace(one, version=1)


def test_tasks_are_listed_by_park_enterprise_and_inspector(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    for n in range(3):
        tasks.save(replace(TASK, id=f"t-{n}", opened_at_ms=T0 + n, safety=Side(inspector_id=f"i-{n}")), [])
    tasks.save(
        replace(TASK, id="t-x", opened_at_ms=T0 + 9, enterprise_id="other", safety=Side(), environment=Side()), []
    )

    def ids(scope: str, *, open_only: bool = False) -> list[str]:
        return [task.id for task in tasks.listing(scope, None, 10, open_only=open_only).items]

    assert ids("park") == ["t-x", "t-2", "t-1", "t-0"]
    assert ids("enterprise:acme") == ["t-2", "t-1", "t-0"]
    assert ids("person:i-1") == ["t-1"]
    assert ids("person:i-e", open_only=True) == ["t-2", "t-1", "t-0"]
    assert [tasks.open_count(who) for who in ("i-1", "i-e", "nobody")] == [1, 3, 0]


def test_tasks_opened_in_a_time_are_those_of_the_whole_park_open_or_closed(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    ones = [replace(TASK, id=f"t-{n}", opened_at_ms=T0 + n, enterprise_id=f"e-{n % 2}") for n in range(5)]
    saved = [tasks.save(one, []) for one in ones]
    saved[2] = tasks.save(closed(saved[2]), [])
    found = sorted(tasks.opened_between(T0 + 1, T0 + 4), key=lambda one: one.id)
    assert found == saved[1:4]
    assert list(tasks.opened_between(T0 + 5, T0 + 9)) == []


def test_a_closed_task_leaves_the_open_lists_and_stays_in_the_others(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    one = tasks.save(TASK, [])
    tasks.save(closed(one), [])
    for scope in ("park", "enterprise:acme", "person:i-s", "person:i-e"):
        assert tasks.listing(scope, None, 10, open_only=True).items == ()
        assert [task.id for task in tasks.listing(scope, None, 10, open_only=False).items] == ["t-1"]
    assert tasks.open_count("i-s") == 0


def test_an_inspector_named_later_finds_the_task(rows: Rows) -> None:
    tasks = RowTaskRepo(rows)
    one = tasks.save(replace(TASK, safety=Side(), environment=Side()), [])
    tasks.save(replace(one, safety=Side(inspector_id="late")), [])
    assert tasks.open_count("late") == 1
    assert [task.id for task in tasks.listing("person:late", None, 10, open_only=True).items] == ["t-1"]


def test_of_writers_racing_for_a_task_exactly_one_wins(raced_rows: Rows) -> None:
    tasks = RowTaskRepo(raced_rows)
    opened = race(lambda n: tasks.save(replace(TASK, tier=1 + n % 3), [dispatched()]))
    (first,) = [one for one in opened if not isinstance(one, WriteConflict)]
    saved = race(lambda n: tasks.save(replace(first, correlation_id=f"c-{n}"), [dispatched(f"t-by-{n}")]))
    (winner,) = [one for one in saved if not isinstance(one, WriteConflict)]
    assert tasks.get("t-1") == winner
    assert len(events_in(raced_rows)) == 2


# evidence


PHOTO = Photo("p-1", "t-1", "acme", Dimension.SAFETY, "i-s", T0, "a" * 64, 1000, "image/jpeg", correlation_id="c-1")
RETEST = Retest("r-1", "t-1", "acme", Dimension.ENVIRONMENT, "voc", 28.5, "mg/m3", "PID-3", T0, "i-e", T0 + 5)
RECTIFICATION = Rectification("x-1", "t-1", "acme", "已更换密封垫", ("p-1",), "enterprise", T0)


@pytest.mark.parametrize(
    "other",
    [
        replace(PHOTO, sha256="b" * 64),
        replace(PHOTO, size_bytes=1),
        replace(PHOTO, content_type="image/png"),
        replace(PHOTO, dimension=Dimension.ENVIRONMENT),
        replace(PHOTO, uploaded_by="somebody"),
    ],
    ids=["hash", "size", "type", "side", "person"],
)
def test_a_photo_id_used_for_another_photo_is_a_conflict(rows: Rows, other: Photo) -> None:
    evidence = RowEvidenceRepo(rows)
    evidence.add_photo(PHOTO)
    with pytest.raises(ContentConflict):
        evidence.add_photo(other)
    assert evidence.photo("t-1", "p-1") == PHOTO


def test_retests_and_rectifications_with_a_used_id_are_conflicts(rows: Rows) -> None:
    evidence = RowEvidenceRepo(rows)
    evidence.add_retest(RETEST)
    evidence.add_rectification(RECTIFICATION)
    with pytest.raises(ContentConflict):
        evidence.add_retest(replace(RETEST, value=28.6))
    with pytest.raises(ContentConflict):
        evidence.add_rectification(replace(RECTIFICATION, text="没有"))
    assert evidence.of_task("t-1") == ((), (RETEST,), (RECTIFICATION,))


def test_evidence_that_comes_again_is_the_one_first_stored(rows: Rows) -> None:
    evidence = RowEvidenceRepo(rows)
    assert evidence.add_photo(PHOTO) == evidence.add_photo(replace(PHOTO, announced_at_ms=T0 + 5, correlation_id="c-2"))
    assert evidence.add_retest(RETEST) == evidence.add_retest(replace(RETEST, received_at_ms=T0 + 99))
    assert evidence.add_rectification(RECTIFICATION) == evidence.add_rectification(
        replace(RECTIFICATION, received_at_ms=T0 + 9)
    )
    assert evidence.of_task("t-1") == ((PHOTO,), (RETEST,), (RECTIFICATION,))
    assert evidence.of_task("t-2") == ((), (), ())


def refused(photo: Photo) -> PhotoRefused:
    return PhotoRefused("acme", T0, "c-1", photo.task_id, photo.id, "unreadable")


def test_the_first_judgement_of_a_photo_stands(rows: Rows) -> None:
    evidence = RowEvidenceRepo(rows)
    evidence.add_photo(PHOTO)
    verified = replace(
        PHOTO, state=PhotoState.VERIFIED, verified_at_ms=T0, width_px=10, position=Position(31.2304, 121.4737)
    )
    evidence.judge_photo(verified, [])
    evidence.judge_photo(replace(PHOTO, state=PhotoState.REFUSED, reason=RefusalReason.UNREADABLE), [refused(PHOTO)])
    assert evidence.photo("t-1", "p-1") == verified
    assert events_in(rows) == []
    assert evidence.add_photo(PHOTO) == verified


def test_a_refusal_is_announced_with_the_judgement(rows: Rows) -> None:
    evidence = RowEvidenceRepo(rows)
    evidence.add_photo(PHOTO)
    evidence.judge_photo(replace(PHOTO, state=PhotoState.REFUSED, reason=RefusalReason.UNREADABLE), [refused(PHOTO)])
    assert events_in(rows) == [refused(PHOTO)]


def test_a_photo_is_unarrived_until_it_came_or_is_awaited_no_more(rows: Rows) -> None:
    evidence = RowEvidenceRepo(rows)
    later = replace(PHOTO, id="p-2", announced_at_ms=PHOTO.announced_at_ms + 5)
    third = replace(PHOTO, id="p-3", announced_at_ms=PHOTO.announced_at_ms + 6)
    for photo in (third, later, PHOTO, PHOTO):
        evidence.add_photo(photo)
    assert evidence.unarrived(PHOTO.announced_at_ms, 10) == ()
    assert evidence.unarrived(PHOTO.announced_at_ms + 9, 2) == (PHOTO, later)
    evidence.judge_photo(replace(later, state=PhotoState.VERIFIED, verified_at_ms=T0), [])
    missing = PhotoMissing("acme", T0, "c-1", PHOTO.task_id, PHOTO.id)
    evidence.stop_awaiting(PHOTO, [missing])
    assert (evidence.unarrived(PHOTO.announced_at_ms + 9, 9), events_in(rows)) == ((third,), [missing])


def test_a_photo_that_nobody_announced_cannot_be_judged(rows: Rows) -> None:
    with pytest.raises(WriteConflict):
        RowEvidenceRepo(rows).judge_photo(replace(PHOTO, state=PhotoState.VERIFIED), [])


# inbox, devices, deliveries, scores


def notice(number: int = 1, person: str = "p-1") -> Notice:
    return Notice(
        f"n-{number}", person, NoticeKind.TASK_DISPATCHED, "t-1", "acme", 2, T0 + number, params=(("unit", "R1"),)
    )


def test_a_notice_stands_in_the_inbox_once_however_often_it_is_told(rows: Rows) -> None:
    inbox = RowInboxRepo(rows)
    inbox.add(notice())
    inbox.add(replace(notice(), created_at_ms=T0 + HOUR_MS))
    assert inbox.listing("p-1", None, 10).items == (notice(),)
    assert inbox.get("p-1", "n-1") == notice()


def test_an_inbox_is_its_person_s_and_newest_first(rows: Rows) -> None:
    inbox = RowInboxRepo(rows)
    for n in range(5):
        inbox.add(notice(n))
    inbox.add(notice(7, "p-2"))
    assert all_pages(lambda cursor: inbox.listing("p-1", cursor, 2)) == [["n-4", "n-3"], ["n-2", "n-1"], ["n-0"]]
    assert inbox.get("p-1", "n-7") is None
    assert inbox.listing("p-3", None, 5).items == ()


def test_a_notice_was_seen_when_it_was_seen_first(rows: Rows) -> None:
    inbox = RowInboxRepo(rows)
    inbox.add(notice())
    seen = inbox.mark_seen(notice(), T0 + 50)
    assert inbox.mark_seen(seen, T0 + 99) == seen == inbox.get("p-1", "n-1")
    inbox.add(notice())
    assert inbox.get("p-1", "n-1") == seen


def test_a_repeated_notice_is_counted_into_the_first_once_and_found_by_its_own_id(rows: Rows) -> None:
    inbox = RowInboxRepo(rows)
    inbox.add(notice())
    for number in (2, 2, 3):
        inbox.fold(notice(), notice(number))
    folded = replace(notice(), count=3)
    assert inbox.listing("p-1", None, 10).items == (folded,)
    assert [inbox.get("p-1", f"n-{number}") for number in (1, 2, 3)] == [folded] * 3
    assert inbox.mark_seen(notice(), T0 + 50) == replace(folded, seen_at_ms=T0 + 50)  # whoever saw it saw it as it is


def device(number: int, person: str = "p-1") -> Device:
    return Device(f"d-{number}", person, f"token-{number}", "android", T0)


def test_devices_are_kept_replaced_and_forgotten(rows: Rows) -> None:
    devices = RowDeviceRepo(rows)
    for one in (device(1), device(2), device(3, "p-2")):
        devices.put(one)
    devices.put(replace(device(1), token="newer"))
    assert devices.of_person("p-1") == (replace(device(1), token="newer"), device(2))
    devices.delete("p-1", "d-1")
    devices.delete("p-1", "d-1")
    assert devices.of_person("p-1") == (device(2),)
    assert devices.of_person("p-2") == (device(3, "p-2"),)


def delivery(notice_id: str, attempt: int = 1, task_id: str = "t-1") -> Delivery:
    return Delivery(notice_id, task_id, "p-1", "fcm", "d-1", attempt, T0, PushStatus.RETRY, "UNAVAILABLE")


def test_the_ledger_keeps_every_attempt_by_notice_and_by_task(rows: Rows) -> None:
    deliveries = RowDeliveryRepo(rows)
    deliveries.add([delivery("n-1", attempt) for attempt in (1, 2, 10)])
    deliveries.add([delivery("n-10"), delivery("n-2", task_id="t-2")])
    deliveries.add([delivery("n-1", 2)])
    assert [one.attempt for one in deliveries.of_notice("t-1", "n-1")] == [1, 2, 10]
    assert [one.notice_id for one in deliveries.of_task("t-1")] == ["n-1", "n-1", "n-1", "n-10"]
    assert deliveries.of_notice("t-1", "n-2") == ()


def test_of_each_state_of_a_notice_the_first_time_stays_and_attempts_are_no_states(rows: Rows) -> None:
    deliveries = RowDeliveryRepo(rows)
    queued = DeliveryStep("n-1", "t-1", "p-1", DeliveryState.QUEUED, T0)
    received = [replace(queued, state=DeliveryState.DELIVERED, at_ms=T0 + 5, device_id=f"d-{n}") for n in (1, 2)]
    for one in (queued, *received, replace(received[0], at_ms=T0 + 99), replace(queued, task_id="t-2")):
        deliveries.mark(one)
    deliveries.add([delivery("n-1")])
    assert set(deliveries.steps("t-1")) == {queued, *received}
    assert [one.status for one in deliveries.of_task("t-1")] == [PushStatus.RETRY]


def test_calls_are_looked_after_when_they_are_due_and_moved_or_dropped_once(rows: Rows) -> None:
    deliveries = RowDeliveryRepo(rows)
    first, second = (UnseenCall("p-1", f"n-{n}", 3, T0 + n * 1000) for n in (1, 2))
    for call in (second, first):
        step = DeliveryStep(call.notice_id, "t-1", "p-1", DeliveryState.QUEUED, T0)
        deliveries.mark(step, call)
    deliveries.move(first, moved := first.later(T0 + 5000, "chat"))
    deliveries.mark(
        DeliveryStep("n-1", "t-1", "p-1", DeliveryState.QUEUED, T0), first
    )  # told again: it stays where it is
    assert deliveries.unseen(T0 + 1000, 9) == ()
    assert deliveries.unseen(T0 + 5000, 9) == (second, moved)
    assert deliveries.unseen(T0 + 5000, 1) == (second,)
    for _ in range(2):
        deliveries.move(second, None)
    assert deliveries.unseen(T0 + 9000, 9) == (moved,)


def entry(key: str, points: float = -5.0, month: str = "2026-03", enterprise_id: str = "acme") -> ScoreEntry:
    return ScoreEntry(enterprise_id, month, key, Cause.WARNING, points, "t-1", T0, "2026.1")


def test_a_score_entry_is_written_once_and_never_changed(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.add([entry("a"), entry("b")])
    scores.add([entry("a", -99.0), entry("c")])
    assert scores.of_month("acme", "2026-03") == (entry("a"), entry("b"), entry("c"))


def test_a_ledger_is_of_one_enterprise_and_month(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.add([entry("a"), entry("a", month="2026-04"), entry("a", enterprise_id="acme-2")])
    assert scores.of_month("acme", "2026-04") == (entry("a", month="2026-04"),)
    assert scores.of_month("acme", "2026-05") == ()


OBJECTION = Objection("o-1", "acme", "2026-03", "a", "有误", "p-1", T0, T0 + 1)


def test_an_objection_stands_once_beside_its_entry_and_is_no_entry(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.add([entry("a"), entry("b")])
    raised = scores.raise_objection(OBJECTION, [])
    assert scores.raise_objection(replace(OBJECTION, at_ms=T0 + 9), []) == raised
    assert scores.of_month("acme", "2026-03") == (entry("a"), entry("b"))
    assert scores.objections("acme", "2026-03") == (raised,)
    assert (scores.objection("o-1"), scores.objection("o-2")) == (raised, None)
    assert scores.open_objections(None, 10).items == (raised,)


def test_another_objection_to_the_same_entry_or_under_the_same_id_is_refused(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.raise_objection(OBJECTION, [])
    with pytest.raises(WriteConflict):
        scores.raise_objection(replace(OBJECTION, id="o-2"), [])
    with pytest.raises(ContentConflict):
        scores.raise_objection(replace(OBJECTION, entry_key="b"), [])
    assert len(scores.open_objections(None, 10).items) == 1


def test_an_objection_is_settled_with_its_correction_or_not_at_all(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.add([entry("a")])
    raised = scores.raise_objection(OBJECTION, [])
    upheld = replace(raised, state=ObjectionState.UPHELD)
    correction = correction_of(entry("a"), T0 + 2)
    settled = scores.settle_objection(upheld, correction, [])
    with pytest.raises(WriteConflict):
        scores.settle_objection(replace(raised, state=ObjectionState.REJECTED), None, [])
    assert (scores.objection("o-1"), scores.open_objections(None, 10).items) == (settled, ())
    assert set(scores.of_month("acme", "2026-03")) == {entry("a"), correction}


def test_of_many_who_settle_an_objection_one_does(raced_rows: Rows) -> None:
    scores = RowScoreRepo(raced_rows)
    raised = scores.raise_objection(OBJECTION, [])

    def settles(n: int) -> bool:
        state = ObjectionState.UPHELD if n % 2 else ObjectionState.REJECTED
        correction = correction_of(entry("a"), T0) if n % 2 else None
        try:
            scores.settle_objection(replace(raised, state=state, decided_by=f"p-{n}"), correction, [])
        except WriteConflict:
            return False
        return True

    assert race(settles).count(True) == 1
    known = scores.objection("o-1")
    assert known is not None
    assert len(scores.of_month("acme", "2026-03")) == (known.state is ObjectionState.UPHELD)


# registry


class Clock:
    ms = 0

    def now_ms(self) -> int:
        return self.ms


ENTERPRISE = Enterprise(
    "acme", "绿源化工", "91110000MA01A2B34H", "circular_chemical", "medium", "east", Position(31.2, 121.4)
)
UNIT = Unit("r1", "acme", "R1", "reactor", feeds=("r2",))
POINT = Point("t1", "acme", "r1", "reactor_temperature", threshold=180.0)
BRIDGE = Bridge("b1", "acme", "-----BEGIN PUBLIC KEY-----")


def registry_of(rows: Rows) -> RowRegistryRepo:
    registry = RowRegistryRepo(rows, Clock())
    registry.put_enterprise(ENTERPRISE)
    registry.put_enterprise(replace(ENTERPRISE, id="other", position=None))
    return registry


def test_what_was_not_registered_is_none(rows: Rows) -> None:
    registry = RowRegistryRepo(rows, Clock())
    assert registry.profile("acme") is None
    assert (registry.unit("r1"), registry.person("p"), registry.bridge("b")) == (None, None, None)
    assert (registry.enterprises(), registry.people()) == ((), ())
    assert registry.points_elsewhere(["t1", "t1"]) == frozenset()


@pytest.mark.parametrize(
    ("put", "first", "stolen"),
    [
        pytest.param("put_unit", UNIT, replace(UNIT, enterprise_id="other"), id="a unit"),
        pytest.param("put_point", POINT, replace(POINT, enterprise_id="other", unit_id="r9"), id="a point"),
        pytest.param("put_bridge", BRIDGE, replace(BRIDGE, enterprise_id="other"), id="a bridge"),
    ],
)
def test_an_id_of_another_enterprise_is_a_conflict(rows: Rows, put: str, first: Any, stolen: Any) -> None:
    registry = registry_of(rows)
    getattr(registry, put)(first)
    with pytest.raises(ContentConflict):
        getattr(registry, put)(stolen)
    profile = registry.profile("other")
    assert profile is not None
    assert (profile.units, profile.points) == ((), ())


def test_a_profile_holds_all_of_an_enterprise(rows: Rows) -> None:
    registry = registry_of(rows)
    registry.put_unit(UNIT)
    registry.put_point(POINT)
    registry.put_point(POINT)
    registry.put_point(replace(POINT, id="t2", threshold=190.0))
    registry.put_point(replace(POINT, threshold=185.0))
    profile = registry.profile("acme")
    assert profile is not None
    assert (profile.enterprise, profile.units) == (ENTERPRISE, (UNIT,))
    assert profile.points == (replace(POINT, threshold=185.0), replace(POINT, id="t2", threshold=190.0))
    assert registry.unit("r1") == UNIT
    assert {one.id for one in registry.enterprises()} == {"acme", "other"}


def test_a_point_that_moves_to_another_unit_is_in_the_profile_once(rows: Rows) -> None:
    registry = registry_of(rows)
    registry.put_point(POINT)
    registry.put_point(replace(POINT, unit_id="r2"))
    profile = registry.profile("acme")
    assert profile is not None
    assert [point.unit_id for point in profile.points] == ["r2"]


def test_points_of_others_are_told_from_points_of_nobody(rows: Rows) -> None:
    registry = registry_of(rows)
    for n in (0, 7, 199):
        registry.put_point(replace(POINT, id=f"t{n}"))
    asked = [f"t{n}" for n in range(200)]
    assert registry.points_elsewhere([*asked, *asked]) == {"t0", "t7", "t199"}


def test_people_and_bridges_come_back_as_they_were(rows: Rows) -> None:
    registry = registry_of(rows)
    person = Person(
        "p-1", "网格员甲", Role.INSPECTOR, dimension=Dimension.SAFETY, regions=("east",), industries=("hydrogen",)
    )
    registry.put_person(person)
    registry.put_bridge(BRIDGE)
    registry.put_bridge(replace(BRIDGE, revoked=True))
    assert (registry.person("p-1"), registry.people()) == (person, (person,))
    assert registry.bridge("b1") == replace(BRIDGE, revoked=True)


def test_what_another_process_changed_is_seen_when_the_cache_is_old(rows: Rows) -> None:
    clock = Clock()
    here, there = RowRegistryRepo(rows, clock, cache_s=30), RowRegistryRepo(rows, Clock())
    there.put_bridge(BRIDGE)
    assert here.bridge("b1") == BRIDGE
    there.put_bridge(replace(BRIDGE, revoked=True))
    assert here.bridge("b1") == BRIDGE
    clock.ms = 30_000
    assert here.bridge("b1") == replace(BRIDGE, revoked=True)


def test_who_forgets_sees_what_another_process_changed_at_once(rows: Rows) -> None:
    here, there = RowRegistryRepo(rows, Clock(), cache_s=30), RowRegistryRepo(rows, Clock())
    there.put_bridge(BRIDGE)
    assert here.bridge("b1") == BRIDGE
    there.put_bridge(replace(BRIDGE, revoked=True))
    here.forget()
    assert here.bridge("b1") == replace(BRIDGE, revoked=True)


def test_what_is_registered_anew_says_what_was_in_its_place(rows: Rows) -> None:
    registry = RowRegistryRepo(rows, Clock())
    person = Person("p-1", "网格员甲", Role.COMMITTEE)
    for put, one, other in (
        (registry.put_enterprise, ENTERPRISE, replace(ENTERPRISE, name="新名")),
        (registry.put_unit, UNIT, replace(UNIT, name="新名")),
        (registry.put_person, person, replace(person, phone="13800000001")),
    ):
        put_it: Any = put
        assert (put_it(one), put_it(other), put_it(other)) == (None, one, other)


def test_a_unit_registered_by_many_at_once_is_one_unit(raced_rows: Rows) -> None:
    registry_of(raced_rows)
    assert set(race(lambda _: RowRegistryRepo(raced_rows, Clock()).put_unit(UNIT))) <= {None, UNIT}


def test_of_enterprises_racing_for_a_unit_id_exactly_one_wins(raced_rows: Rows) -> None:
    registry = registry_of(raced_rows)
    units: Sequence[Unit] = [replace(UNIT, enterprise_id="acme" if n % 2 else "other") for n in range(WRITERS)]
    race(lambda n: RowRegistryRepo(raced_rows, Clock()).put_unit(units[n]))
    owner = registry.unit("r1")
    assert owner is not None
    for enterprise_id in ("acme", "other"):
        profile = registry.profile(enterprise_id)
        assert profile is not None
        assert [unit.id for unit in profile.units] == (["r1"] if enterprise_id == owner.enterprise_id else [])


# observations


OBSERVED = Observation(
    "o-1", ObservationKind.SINGLE, "acme", "r1", Dimension.SAFETY, "reactor_temperature", T0, T0 + 1, T0 + 2
)
TOLD = ObservationOpened("acme", T0 + 1, "corr", "o-1")


def test_an_observation_is_stored_once_with_what_announces_it(rows: Rows) -> None:
    observations = RowObservationRepo(rows)
    observations.add([OBSERVED], [TOLD])
    observations.add([replace(OBSERVED, subject="another")], [TOLD])
    assert observations.get("o-1") == OBSERVED
    assert len(rows.query("ENT#acme", prefix="EVENT#")) == 1


def test_of_observations_that_are_named_those_come_that_are_there(rows: Rows) -> None:
    observations = RowObservationRepo(rows)
    observations.add([OBSERVED])
    assert observations.many(["o-1", "o-none"]) == (OBSERVED,) and observations.many([]) == ()


def test_an_observation_that_is_saved_again_is_listed_once(rows: Rows) -> None:
    observations = RowObservationRepo(rows)
    later = replace(OBSERVED, id="o-2", onset_ms=T0 + HOUR_MS)
    observations.add([OBSERVED, later, replace(OBSERVED, id="o-3", enterprise_id="other")])
    observations.save(OBSERVED.closed(T0 + 5))
    page = observations.listing("acme", None, 1)
    assert [one.id for one in page.items] == ["o-2"]
    (second,) = observations.listing("acme", page.cursor, 10).items
    assert second == OBSERVED.closed(T0 + 5)
    assert {one.id for one in observations.listing(None, None, 10).items} == {"o-1", "o-2", "o-3"}


# checkpoints


def checkpoint(unit: str, at_ms: int, value: float) -> Checkpoint:
    point = PointState(at_ms - 1000, True, value)
    rule = RuleState(Phase.OPEN, at_ms - 5000, tier=2, warning_id=f"w-{unit}", opened_ms=at_ms - 1000)
    return Checkpoint(unit, at_ms, EnterpriseState({f"{unit}-voc": point}, {(unit, "rule"): rule}))


def test_checkpoints_of_a_unit_come_newest_first_and_of_no_other_unit(rows: Rows) -> None:
    states = RowStateRepo(rows)
    kept = [checkpoint("r1", T0 + n * HOUR_MS, n) for n in range(11)]
    states.keep("acme", [*kept, checkpoint("r2", T0 + 20 * HOUR_MS, 1.0)])
    found = list(states.checkpoints("acme", "r1", T0 + 9 * HOUR_MS + 5, T0 + HOUR_MS))
    assert [one.at_ms for one in found] == [T0 + n * HOUR_MS for n in range(9, 0, -1)]
    assert found[0].state == kept[9].state
    assert list(states.checkpoints("other", "r1", T0 + 9 * HOUR_MS, T0)) == []


def test_a_checkpoint_takes_the_place_of_an_earlier_one_and_leaves_other_units_alone(rows: Rows) -> None:
    states = RowStateRepo(rows)
    states.keep("acme", [checkpoint("r1", T0, 1.0), checkpoint("r2", T0, 2.0)])
    calm = Checkpoint("r1", T0, EnterpriseState({"r1-voc": PointState(T0 - 7, True, 9.0)}))
    states.keep("acme", [calm])
    (one,) = states.checkpoints("acme", "r1", T0, T0)
    assert one.state == calm.state.with_units({"r2": ["r2-voc"]}, checkpoint("r2", T0, 2.0).state)


def test_warnings_and_observations_since_an_onset_are_all_there(rows: Rows) -> None:
    states, warnings, observations = RowStateRepo(rows), RowWarningRepo(rows), RowObservationRepo(rows)
    own = [warning(id=f"w-{n}", onset_ms=T0 + n) for n in range(3)]
    seen = [replace(OBSERVED, id=f"o-{n}", onset_ms=T0 + n) for n in range(3)]
    states.commit("acme", EnterpriseState(), 0, warnings=own[:2], events=[], observations=seen)
    warnings.record(own[2:])
    assert sorted(w.id for w in warnings.since("acme", T0 + 1)) == ["w-1", "w-2"]
    assert sorted(o.id for o in observations.since("acme", T0 + 1)) == ["o-1", "o-2"]
    assert warnings.since("other", T0) == () and observations.since("other", T0) == ()
