"""Now before then: which rows go next, at which rate, and what an earlier version's file becomes."""

import gzip
import json
import sqlite3

import pytest

from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Batch, Keeping, Spool, Wait
from green_shield_bridge.spool.lanes import BacklogRate, LiveWindow


class Hands:
    """Both clocks, as a test sets them."""

    def __init__(self):
        self.s = 1_000.0

    def clock(self):
        return Clock(wall_ms=lambda: round(self.s * 1000), monotonic_s=lambda: self.s)


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def opened(tmp_path, hands):
    spools = []

    def open_(**keeping):
        for spool in spools:
            spool.close()
        spools[:] = [Spool(tmp_path / "spool.db", Keeping(**{"live_window_s": 60, **keeping}), clock=hands.clock())]
        spools[0].series_of(["a"])
        return spools[0]

    yield open_
    for spool in spools:
        spool.close()


def store(spool, hands, count=10):
    for _ in range(count):
        spool.append([pack(round(hands.s * 1000), [(1, hands.s, "N")])])
        hands.s += 0.001


def rows(batch):
    assert isinstance(batch, Batch), batch
    return batch.lane, batch.first, batch.last


def test_after_an_outage_now_comes_first_and_then_the_backlog_in_order(opened, hands):
    spool = opened()
    store(spool, hands)
    hands.s += 100
    store(spool, hands)
    seen = []
    while isinstance(batch := spool.next_batch(Limits(readings=4)), Batch):
        seen.append(rows(batch))
        spool.acknowledge(batch)
        hands.s += 0.001
    assert seen == [
        ("live", 11, 14), ("live", 15, 18), ("live", 19, 20), ("backlog", 1, 4), ("backlog", 5, 8), ("backlog", 9, 10),
    ]  # fmt: skip


def test_a_batch_that_aged_while_the_line_was_down_does_not_hold_live_rows_back(opened, hands):
    spool = opened()
    store(spool, hands)
    assert rows(spool.next_batch(Limits())) == ("live", 1, 10)
    hands.s += 100
    store(spool, hands)
    live = spool.next_batch(Limits())
    assert rows(live) == ("live", 11, 20)
    spool.acknowledge(live)
    assert rows(spool.next_batch(Limits())) == ("backlog", 1, 10)


def test_a_quick_restart_keeps_what_is_on_disk_in_the_live_lane(opened, hands):
    store(opened(), hands)
    hands.s += 30
    spool = opened()
    store(spool, hands)
    assert rows(spool.next_batch(Limits())) == ("live", 1, 20)


def test_after_a_long_stop_what_is_on_disk_is_backlog(opened, hands):
    store(opened(), hands)
    hands.s += 100
    spool = opened()
    store(spool, hands)
    assert rows(spool.next_batch(Limits())) == ("live", 11, 20)


def test_the_backlog_goes_at_a_bounded_rate_and_live_rows_do_not_wait_for_it(opened, hands):
    spool = opened(backlog_readings_per_s=2)
    store(spool, hands)
    hands.s += 100
    spool.acknowledge(spool.next_batch(Limits(readings=4)))
    wait = spool.next_batch(Limits(readings=4))
    assert wait == Wait(2.0)
    store(spool, hands, 1)
    spool.acknowledge(live := spool.next_batch(Limits()))
    assert live.lane == "live"
    hands.s += 2
    assert rows(spool.next_batch(Limits(readings=4))) == ("backlog", 5, 8)


def test_rows_that_are_not_due_yet_are_not_cut(opened, hands):
    spool = opened()
    store(spool, hands)
    assert spool.next_batch(Limits(), fresh_is_due=False) == Wait(None)
    first = spool.next_batch(Limits(readings=4), fresh_is_due=True)
    spool.acknowledge(first)
    store(spool, hands)
    assert rows(spool.next_batch(Limits(), fresh_is_due=False)) == ("live", 5, 10)


def test_a_block_that_has_to_wait_lets_the_next_one_go(opened, hands):
    spool = opened()
    store(spool, hands)
    stuck = spool.next_batch(Limits(readings=4))
    assert rows(spool.next_batch(Limits(), skip={stuck.block.block_id})) == ("live", 5, 10)
    assert spool.next_batch(Limits(), skip={stuck.block.block_id}, may_cut=False) != Wait(None)


def test_while_too_many_blocks_are_stuck_no_new_one_is_cut(opened, hands):
    spool = opened()
    store(spool, hands)
    stuck = spool.next_batch(Limits(readings=4))
    assert spool.next_batch(Limits(), skip={stuck.block.block_id}, may_cut=False) == Wait(None)


def test_a_block_says_which_rows_it_has_and_says_the_same_after_a_restart(opened, hands):
    spool = opened()
    store(spool, hands)
    first = spool.next_batch(Limits(readings=4))
    assert json.loads(gzip.decompress(first.block.body))["source"] == {"spool": spool.spool_id, "rows": [[1, 4]]}
    assert opened().next_batch(Limits()).block == first.block


def test_the_window_forgets_rows_when_their_time_is_over():
    window = LiveWindow(64, newest=5)
    window.committed(7, 0.0)
    window.committed(9, 10.0)
    assert [window.first_live(now_s) for now_s in (0, 64, 65, 74, 75)] == [6, 6, 8, 8, 10]


def test_a_batch_of_the_backlog_waits_until_the_one_before_has_had_its_time():
    rate = BacklogRate(100)
    assert rate.wait_s(0) == 0
    rate.sent(50, 0)
    rate.sent(50, 0.25)
    assert rate.wait_s(0.25) == 0.75
    assert rate.wait_s(2) == 0


VERSION_1 = """
CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE, interval_s REAL);
CREATE TABLE frame (number INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, count INTEGER NOT NULL,
 body BLOB NOT NULL);
CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, block_id TEXT NOT NULL UNIQUE,
 created_ms INTEGER NOT NULL);
CREATE TABLE quarantine (id INTEGER PRIMARY KEY AUTOINCREMENT, block_id TEXT NOT NULL, point TEXT NOT NULL,
 time_ms INTEGER NOT NULL, value REAL, flag TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
 refused_ms INTEGER NOT NULL);
CREATE TABLE lifetime (produced INTEGER NOT NULL, acked INTEGER NOT NULL, quarantined INTEGER NOT NULL);
INSERT INTO lifetime VALUES (9, 5, 1);
INSERT INTO series VALUES (1, 'a', 30.0);
INSERT INTO quarantine VALUES (1, 'x', 'a', 1, 1.0, 'N', 'c', 'r', 2);
INSERT INTO batch VALUES (7, 8, 'old-block', 1000);
PRAGMA user_version=1;
"""


def test_a_file_of_version_1_loses_nothing_and_its_open_block_stays_the_same(tmp_path, hands):
    path = tmp_path / "spool.db"
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1)
        bodies = [(n, n * 100, 1, pack(n * 100, [(1, float(n), "N")]).body) for n in (7, 8, 9)]
        db.executemany("INSERT INTO frame VALUES (?, ?, ?, ?)", bodies)
    db.close()
    spool = Spool(path, Keeping(backlog_readings_per_s=float("inf")), clock=hands.clock())
    assert (spool.counters.produced, spool.counters.acked, spool.counters.quarantined) == (9, 5, 1)
    assert spool.intervals() == {"a": 30.0}
    hands.s += 1_000
    batch = spool.next_batch(Limits())
    assert json.loads(gzip.decompress(batch.block.body)) == {
        "block_id": "old-block",
        "sent_at": "1970-01-01T00:00:01.000+00:00",
        "series": [{"point": "a", "times": [700, 800], "values": [7.0, 8.0]}],
    }
    spool.acknowledge(batch)
    assert rows(spool.next_batch(Limits()))[1:] == (9, 9)
    spool.append([pack(1_000, [(1, 1.0, "N")])])
    assert spool.state().newest == 10
    spool.close()
