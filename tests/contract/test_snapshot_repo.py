"""Snapshots of units, on every store."""

from dataclasses import replace

import pytest

from chalicelib.adapters.rows import Rows
from chalicelib.adapters.snapshot_repo import RowSnapshotRepo
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.photo import PhotoState, RefusalReason
from chalicelib.domain.snapshot import Snapshot

SEEN = Snapshot("s-1", "acme", "r1", "cam", 1000, "00", 9, "acme-bridge", True, 2000)
GOOD = replace(SEEN, state=PhotoState.VERIFIED, judged_at_ms=3000, version=1)


@pytest.fixture
def snapshots(rows: Rows) -> RowSnapshotRepo:
    return RowSnapshotRepo(rows)


def test_a_snapshot_is_added_once_and_another_one_under_its_id_refused(snapshots: RowSnapshotRepo) -> None:
    for at_ms in (2000, 2500):
        added = snapshots.add(replace(SEEN, announced_at_ms=at_ms))
    assert added == replace(SEEN, version=1) == snapshots.get("s-1")
    with pytest.raises(ContentConflict):
        snapshots.add(replace(SEEN, unit_id="r2"))


def test_only_a_good_one_is_listed_by_when_it_was_taken(snapshots: RowSnapshotRepo) -> None:
    for number, taken_ms in ((1, 30), (2, 10), (3, 20)):
        one = snapshots.add(replace(SEEN, id=f"s-{number}", taken_at_ms=taken_ms))
        assert snapshots.listing("r1", None, 9).items == tuple(
            x for x in snapshots.listing("r1", None, 9).items if x.id != one.id
        )
        snapshots.judge(replace(one, state=PhotoState.VERIFIED))
    bad = snapshots.add(replace(SEEN, id="s-4"))
    snapshots.judge(replace(bad, state=PhotoState.REFUSED, reason=RefusalReason.UNREADABLE))
    page = snapshots.listing("r1", None, 2)
    rest = snapshots.listing("r1", page.cursor, 2)
    assert [one.id for one in (*page.items, *rest.items)] == ["s-1", "s-3", "s-2"] and rest.cursor is None
    assert snapshots.listing("r2", None, 9).items == ()


def test_it_is_judged_once(snapshots: RowSnapshotRepo) -> None:
    snapshots.add(SEEN)
    assert snapshots.judge(GOOD) == replace(GOOD, version=2) == snapshots.get("s-1")
    with pytest.raises(WriteConflict):
        snapshots.judge(replace(GOOD, state=PhotoState.REFUSED))
