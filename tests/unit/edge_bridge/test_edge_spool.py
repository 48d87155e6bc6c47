"""The spool: nothing leaves it but by acknowledgement, and its counters cannot lie."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolBusy, SpoolError
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Keeping, Refusal, Spool, Wait

WHY = Refusal("unknown_point", "no such point")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "spool.db")


@pytest.fixture
def spool(path):
    spool = Spool(path, clock=Clock(wall_ms=lambda: 9))
    spool.series_of(["a", "b"])
    yield spool
    spool.close()


def frames(times, series=(1, 2)):
    return [pack(t, [(s, float(t + s), "N") for s in series]) for t in times]


def next_batch(spool, readings=20_000):
    batch = spool.next_batch(Limits(readings=readings))
    return None if isinstance(batch, Wait) else batch


def on_disk(path):
    """(readings in frames, produced, acked, quarantined, rows in quarantine) as another program sees them."""
    with sqlite3.connect(path) as db:
        (waiting,) = db.execute("SELECT coalesce(sum(count), 0) FROM frame").fetchone()
        (kept,) = db.execute("SELECT count(*) FROM quarantine").fetchone()
        return waiting, *db.execute("SELECT produced, acked, quarantined FROM lifetime").fetchone(), kept


def test_an_empty_spool_has_no_batch(spool):
    assert next_batch(spool) is None


def test_a_batch_is_the_same_until_it_is_closed(spool):
    spool.append(frames([1, 2]))
    first = next_batch(spool)
    spool.append(frames([3]))
    assert next_batch(spool) == next_batch(spool)
    assert next_batch(spool).block == first.block
    assert first.lane == next_batch(spool).lane == "live"
    spool.acknowledge(first)
    assert next_batch(spool).block.readings == 2


def test_a_batch_is_the_same_after_a_restart(path):
    before = Spool(path)
    before.series_of(["a", "b"])
    before.append(frames([1, 2, 3, 4]))
    first = next_batch(before, readings=4)
    before.close()
    after = Spool(path)
    assert next_batch(after, readings=20_000).block == first.block
    after.close()


def test_rows_leave_in_order_and_all_of_them(spool):
    spool.append(frames(range(10)))
    seen = []
    while (batch := next_batch(spool, readings=6)) is not None:
        seen.append((batch.first, batch.last))
        spool.acknowledge(batch)
    assert seen == [(1, 3), (4, 6), (7, 9), (10, 10)]
    assert (spool.counters.produced, spool.counters.acked, spool.counters.waiting) == (20, 20, 0)


def test_row_numbers_are_never_used_twice(spool):
    spool.append(frames([1]))
    spool.acknowledge(next_batch(spool))
    spool.append(frames([2]))
    assert next_batch(spool).first == 2


def test_a_refused_series_goes_to_quarantine_with_its_reason(spool, path):
    spool.append(frames([1, 2]))
    batch = next_batch(spool)
    spool.acknowledge(batch, {2: WHY})
    assert on_disk(path) == (0, 4, 2, 2, 2)
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT block_id, point, time_ms, value, flag, code, reason, refused_ms FROM quarantine"
        ).fetchall()
    assert rows == [(batch.block.block_id, "b", t, t + 2.0, "N", WHY.code, WHY.reason, 9) for t in (1, 2)]


def test_a_block_set_aside_makes_room_for_the_next(spool, path):
    spool.append(frames([1]))
    spool.set_aside(next_batch(spool), WHY)
    spool.append(frames([2]))
    spool.acknowledge(next_batch(spool))
    assert on_disk(path) == (0, 4, 2, 2, 2)


def test_a_batch_splits_into_halves_that_are_sent_in_order(spool):
    spool.append(frames([1, 2, 3]))
    whole = next_batch(spool)
    assert spool.split(whole)
    first = next_batch(spool)
    spool.acknowledge(first)
    second = next_batch(spool)
    assert [(first.first, first.last), (second.first, second.last)] == [(1, 1), (2, 3)]
    assert len({whole.block.block_id, first.block.block_id, second.block.block_id}) == 3


def test_a_batch_of_one_row_does_not_split(spool):
    spool.append(frames([1]))
    batch = next_batch(spool)
    assert not spool.split(batch)
    assert next_batch(spool) == batch


def test_series_and_intervals_survive_a_restart(path):
    before = Spool(path)
    series = before.series_of(["a", "b"])
    before.remember_intervals({"b": 30.0, "unknown": 1.0})
    before.close()
    after = Spool(path)
    assert after.series_of(["b", "c", "a"]) == {**series, "c": 3}
    assert after.intervals() == {"b": 30.0}
    after.close()


def test_one_spool_belongs_to_one_bridge(spool, path):
    with pytest.raises(SpoolBusy, match="another bridge"):
        Spool(path)


def test_a_closed_spool_can_be_opened_again(path):
    Spool(path).close()
    Spool(path).close()


def test_the_file_is_for_its_owner_only(spool, path):
    assert os.stat(path).st_mode & 0o077 == 0


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SpoolError, match="the folder must exist"):
        Spool(tmp_path / "none" / "spool.db")


def test_a_spool_of_another_version_is_refused(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(SpoolError, match="schema 99"):
        Spool(path)


def test_a_copy_taken_at_any_moment_is_a_whole_spool(spool, path, tmp_path):
    """What a power cut leaves behind: the database and its log, as they are between two commits."""
    steps = [
        lambda: spool.append(frames([1, 2])),
        lambda: next_batch(spool),
        lambda: spool.append(frames([3])),
        lambda: spool.acknowledge(next_batch(spool), {1: WHY}),
        lambda: next_batch(spool),
    ]
    for number, step in enumerate(steps):
        step()
        copy = tmp_path / f"copy-{number}.db"
        for suffix in ("", "-wal"):
            shutil.copy(path + suffix, f"{copy}{suffix}")
        reopened = Spool(copy, clock=Clock(wall_ms=lambda: 9), new_id=lambda _, number=number: f"id-{number}")
        assert reopened.counters == spool.counters
        spool._file.new_id = reopened._file.new_id
        assert next_batch(spool) == next_batch(reopened)
        reopened.close()


WORKER = """
import sys
from itertools import count
from green_shield_bridge.batching import Limits
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Keeping, Refusal, Spool, Wait
spool = Spool(sys.argv[1])
spool.series_of(["a", "b"])
start = int(sys.argv[2])
print("up", flush=True)
for n in count(start):
    spool.append([pack(n * 10 + k, [(1, float(n), "N"), (2, None, "B")]) for k in range(5)])
    if n % 3 == 0:
        batch = spool.next_batch(Limits(readings=24))
        if n % 2 == 0:
            spool.acknowledge(batch, {2: Refusal("c", "r")} if n % 4 == 0 else {})
"""


def test_kill_9_at_any_moment_leaves_counters_that_add_up(path):
    produced = 0
    for round_ in range(4):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, path, str(round_ * 100_000)], stdout=subprocess.PIPE)
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(0.05 + 0.037 * round_)
        worker.send_signal(signal.SIGKILL)
        worker.wait(5)
        worker.stdout.close()
        waiting, now_produced, acked, quarantined, kept = on_disk(path)
        assert now_produced == waiting + acked + quarantined
        assert kept == quarantined
        assert now_produced > produced
        produced = now_produced
    spool = Spool(path, Keeping(backlog_readings_per_s=float("inf")))
    while (batch := next_batch(spool)) is not None:
        spool.acknowledge(batch)
    assert spool.counters.waiting == 0
    spool.close()
