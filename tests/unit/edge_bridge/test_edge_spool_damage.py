"""A damaged file: set aside, reported, and never a reason to stop or to send a reading twice."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from green_shield_bridge.batching import Limits
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Batch, Keeping, Spool

FAST = Keeping(backlog_readings_per_s=float("inf"))
PAGE = 4096


def frames(times):
    return [pack(t, [(1, float(t), "N"), (2, None, "B")]) for t in times]


def a_spool(path):
    spool = Spool(path, FAST)
    spool.series_of(["a", "b"])
    return spool


def checkpointed(path, times):
    spool = a_spool(path)
    for start in range(0, len(times), 100):
        spool.append(frames(times[start : start + 100]))
    return spool


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "spool.db")


def set_aside(path):
    return sorted(
        p for p in Path(path).parent.iterdir() if ".damaged-" in p.name and p.name[-4:] not in ("-wal", "-shm")
    )


def drained(spool):
    """Every row that leaves the spool, by row number."""
    numbers = []
    while isinstance(batch := spool.next_batch(Limits(readings=500)), Batch):
        numbers += [batch.first, batch.last]
        spool.acknowledge(batch)
    return numbers


def spoil(path, pages):
    with open(path, "r+b") as file:
        for page in pages:
            file.seek(PAGE * page)
            file.write(os.urandom(PAGE))


SPOILT = {
    "text instead of a database": lambda path: Path(path).write_text("not a database" * 1_000),
    "a first page of zeros": lambda path: Path(path).write_bytes(bytes(PAGE) + Path(path).read_bytes()[PAGE:]),
    "a file cut short": lambda path: os.truncate(path, 3 * PAGE + 100),
    "noise in the middle": lambda path: spoil(path, range(8, 12)),
    "no bytes left": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("spoil_it", SPOILT.values(), ids=SPOILT.keys())
def test_the_work_goes_on_with_a_new_spool_after(spoil_it, path):
    spool = checkpointed(path, range(2_000))
    old_id = spool.spool_id
    spool.close()
    spoil_it(path)
    spool = a_spool(path)
    assert spool.spool_id != old_id
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.spool, gap.rows) == ("spool_damaged", old_id, (1, 2_000))
    assert gap.readings == 4_000 - spool.counters.produced, "the gap counts what was not taken over"
    assert gap.from_ms == 0
    spool.append(frames([9_000]))
    assert drained(spool)
    assert spool.counters.waiting == 0
    spool.close()


UNREADABLE = {name: SPOILT[name] for name in ("a first page of zeros", "a file cut short", "no bytes left")}


@pytest.mark.parametrize("spoil_it", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_the_gap_counts_only_what_the_park_has_not_confirmed_after(spoil_it, path):
    spool = checkpointed(path, range(2_000))
    spool.acknowledge(spool.next_batch(Limits(readings=1_000)))
    waiting = spool.counters.waiting
    spool.close()
    spoil_it(path)
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert 0 < waiting < 4_000
    assert gap.readings == waiting - spool.counters.produced
    assert gap.rows == (2_000 - waiting // 2 + 1, 2_000)
    assert gap.from_ms == 2_000 - waiting // 2
    spool.close()


@pytest.mark.parametrize("spoil_it", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_nothing_is_said_to_be_missing_where_nothing_waited_after(spoil_it, path):
    spool = checkpointed(path, range(2_000))
    drained(spool)
    spool.close()
    spoil_it(path)
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.readings, gap.rows) == ("spool_damaged", 0, None)
    spool.close()


def test_the_gap_reaches_to_the_oldest_row_even_where_the_clock_was_set_back_since(path):
    ahead_ms = 4_000_000_000_000
    spool = checkpointed(path, range(ahead_ms, ahead_ms + 10))
    spool.close()
    os.truncate(path, 0)
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert gap.from_ms < gap.to_ms == ahead_ms
    spool.close()


def test_the_damaged_file_keeps_its_content_under_another_name(path):
    Path(path).write_text("not a database" * 100)
    a_spool(path).close()
    (kept,) = set_aside(path)
    assert kept.read_text() == "not a database" * 100


def test_rows_before_and_after_the_damage_are_taken_over_and_the_rest_is_counted(path):
    spool = checkpointed(path, range(2_000))
    spool.close()
    spoil(path, [Path(path).read_bytes().index(frames([1_000])[0].body) // PAGE])
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert 2_000 < spool.counters.produced < 4_000
    assert gap.readings == 4_000 - spool.counters.produced
    numbers = drained(spool)
    assert (min(numbers), max(numbers)) == (1, 2_000)
    spool.close()


def test_an_open_block_is_taken_over_as_it_is_because_the_park_may_have_it(path):
    spool = checkpointed(path, range(2_000))
    batch = spool.next_batch(Limits(readings=200))
    spool.close()
    spoil(path, [30])
    spool = a_spool(path)
    found = []
    while isinstance(again := spool.next_batch(Limits()), Batch):
        found.append(again.block)
        spool.acknowledge(again)
    assert batch.block in found
    spool.close()


def put_back(path, tmp_path, meanwhile):
    """The spool as it was before something happened to it; returns it opened."""
    shutil.copy(path, tmp_path / "copy")
    spool = a_spool(path)
    meanwhile(spool)
    spool.close()
    shutil.copy(tmp_path / "copy", path)
    return a_spool(path)


def drained_and_filled(spool):
    drained(spool)
    spool.append(frames(range(500, 530)))


SETTLED_SINCE = {"nothing waited": (drained, 0, None), "new rows waited": (drained_and_filled, 60, (201, 230))}


@pytest.mark.parametrize(("meanwhile", "missing", "rows"), SETTLED_SINCE.values(), ids=SETTLED_SINCE.keys())
def test_an_older_state_of_the_file_sends_nothing_again_where(meanwhile, missing, rows, path, tmp_path):
    """Such as a file put back from a copy: what was acknowledged since then would be sent twice."""
    checkpointed(path, range(200)).close()
    spool = put_back(path, tmp_path, meanwhile)
    assert drained(spool) == []
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.readings, gap.rows) == ("spool_damaged", missing, rows)
    assert "may be at the park already" in gap.detail
    spool.close()


def test_readings_that_an_older_state_of_the_file_does_not_have_are_counted_and_no_number_is_used_twice(path, tmp_path):
    """Such as a file whose write-ahead log is gone."""
    spool = checkpointed(path, range(200))
    old_id = spool.spool_id
    spool.close()
    spool = put_back(path, tmp_path, lambda spool: spool.append(frames(range(500, 530))))
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.spool, gap.readings, gap.rows) == ("spool_damaged", old_id, 60, (1, 230))
    spool.append(frames([900]))
    assert sorted(drained(spool)) == [1, 200, 231, 231]
    spool.close()


def test_a_file_that_vanished_is_told(path):
    spool = checkpointed(path, range(10))
    old_id = spool.spool_id
    spool.close()
    Path(path).unlink()
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.spool, gap.detail) == ("spool_damaged", old_id, "the file is missing")
    assert (gap.readings, gap.rows, gap.from_ms) == (20, (1, 10), 0)
    spool.close()


def test_a_spool_in_the_place_of_another_tells_of_it_once(path):
    spool = checkpointed(path, range(10))
    old_id = spool.spool_id
    spool.close()
    a_spool(f"{path}.x").close()
    Path(f"{path}.x").rename(path)
    for _ in range(2):
        spool = a_spool(path)
        (gap,) = spool.show_gaps(10)
        assert (gap.reason, gap.spool, gap.readings) == ("spool_damaged", old_id, 20)
        spool.close()


def test_a_changed_byte_in_the_id_of_a_spool_does_not_make_another_of_it(path):
    spool = checkpointed(path, range(10))
    spool_id = spool.spool_id
    spool.close()
    content = Path(path).read_bytes()
    Path(path).write_bytes(content.replace(spool_id.encode(), b"Z" + spool_id[1:].encode()))
    spool = a_spool(path)
    assert (spool.spool_id, spool.show_gaps(10), drained(spool)) == (spool_id, [], [1, 10])
    spool.close()


def test_a_log_that_is_gone_with_all_of_the_content_is_told(path, tmp_path):
    """A young spool is nothing but its write-ahead log."""
    spool = checkpointed(path, range(10))
    copies = [Path(shutil.copy(f"{path}{suffix}", tmp_path / f"killed{suffix}")) for suffix in ("", ".lock")]
    old_id = spool.spool_id
    spool.close()
    for copy, suffix in zip(copies, ("", ".lock"), strict=True):
        copy.rename(f"{path}{suffix}")
    spool = a_spool(path)
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.spool, gap.readings, gap.rows) == ("spool_damaged", old_id, 20, (1, 10))
    spool.close()


def test_damage_while_running_does_not_stop_the_work_and_series_keep_their_ids(path):
    spool = checkpointed(path, range(2_000))
    old_id = spool.spool_id
    spool._file._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool._file._db.execute("PRAGMA cache_size=0")
    spoil(path, range(6, 20))
    for start in range(0, 100, 10):
        assert spool.append(frames(range(5_000 + start, 5_010 + start))) == []
    drained(spool)
    assert spool.spool_id != old_id
    assert spool.series_of(["b", "a"]) == {"a": 1, "b": 2}
    assert len(set_aside(path)) == 1
    assert spool.counters.waiting == 0
    spool.close()


def test_a_changed_byte_in_a_row_is_found_and_not_sent(path):
    spool = checkpointed(path, range(50))
    spool.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE frame SET body = zeroblob(26) WHERE number = 7")
    db.close()
    spool = a_spool(path)
    drained(spool)
    (gap,) = [gap for gap in spool.show_gaps(10) if gap.reason == "spool_damaged"]
    assert (gap.readings, spool.counters.acked) == (2, 98)
    spool.close()


def test_a_switch_that_a_crash_cut_short_is_finished_at_the_next_start(path):
    spool = checkpointed(path, range(10))
    spool.close()
    other = a_spool(f"{path}.x")
    other.append(frames([1]))
    other.close()
    Path(f"{path}.x").rename(f"{path}.ready")
    spool = a_spool(path)
    assert spool.counters.produced == 2
    assert len(set_aside(path)) == 1
    spool.close()
