"""What happens when there is no room: nothing is lost without a line in the ledger, and the figures add up to the reading."""

import gzip
import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.frames import HIGH_PRIORITY, LOW_PRIORITY, NORMAL_PRIORITY, pack
from green_shield_bridge.spool import Batch, Keeping, Loss, Refusal, Spool

DAY_MS = 86_400_000
SMALL = {"reserve_bytes": 65_536, "margin_bytes": 0}


def frame(time_ms, priority=NORMAL_PRIORITY, readings=50):
    return pack(time_ms, [(1, float(time_ms), "N")] * readings, priority=priority)


def a_spool(path, *, clock=None, **keeping):
    spool = Spool(path, Keeping(**{**SMALL, **keeping}), clock=clock or Clock(wall_ms=lambda: 9))
    spool.series_of(["a"])
    return spool


def ledger(spool):
    return Counter({gap.reason: gap.readings for gap in spool.show_gaps(1_000)})


def times_on_disk(path):
    with sqlite3.connect(path) as db:
        return [time_ms for (time_ms,) in db.execute("SELECT time_ms FROM frame ORDER BY number")]


def fill(spool, start=0, priority=NORMAL_PRIORITY, frames=2_000):
    for n in range(start, start + frames, 20):
        refused = spool.append([frame(t, priority) for t in range(n, n + 20)])
        if refused or spool.counters.dropped:
            return n
    raise AssertionError("it is never full")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "spool.db")


def test_refuse_new_touches_nothing_that_is_stored_and_writes_down_what_it_refused(path):
    spool = a_spool(path, max_bytes=400_000)
    full_at = fill(spool)
    before = times_on_disk(path)
    assert spool.append([frame(full_at + 100 + n) for n in range(30)]) == list(range(30))
    assert times_on_disk(path) == before == list(range(full_at))
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.readings, gap.points, gap.rows) == ("disk_full", 50 * 50, ("a",), None)
    assert (gap.from_ms, gap.to_ms) == (full_at, full_at + 129)
    assert spool.counters.refused == 50 * 50


def test_refuse_new_takes_new_frames_again_when_the_park_has_taken_old_ones(path):
    spool = a_spool(path, max_bytes=400_000)
    full_at = fill(spool)
    spool.acknowledge(spool.next_batch(Limits()))
    assert spool.append([frame(full_at)]) == []


def test_drop_oldest_keeps_the_newest_and_names_the_rows_it_dropped(path):
    spool = a_spool(path, max_bytes=400_000, when_full="drop_oldest")
    last = fill(spool) + 19
    left = times_on_disk(path)
    assert left == list(range(left[0], last + 1)) and left[0] > 0
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.rows, gap.readings) == ("dropped_oldest", (1, left[0]), left[0] * 50)


def test_drop_oldest_drops_the_lowest_priority_first_though_others_are_older(path):
    spool = a_spool(path, max_bytes=400_000, when_full="drop_oldest")
    spool.append([frame(t, HIGH_PRIORITY) for t in range(20)])
    spool.append([frame(t, NORMAL_PRIORITY) for t in range(20, 40)])
    fill(spool, start=40, priority=LOW_PRIORITY)
    left = times_on_disk(path)
    assert left[:40] == list(range(40)) and left[40] > 40


def test_drop_oldest_refuses_a_new_frame_where_only_more_important_ones_are_stored(path):
    spool = a_spool(path, max_bytes=400_000, when_full="drop_oldest")
    fill(spool, priority=HIGH_PRIORITY)
    before = times_on_disk(path)
    assert len(spool.append([frame(90_000 + t, LOW_PRIORITY) for t in range(40)])) == 40
    assert times_on_disk(path) == before
    assert ledger(spool)["disk_full"] == 40 * 50


def test_drop_oldest_never_drops_a_row_of_an_open_batch(path):
    spool = a_spool(path, max_bytes=400_000, when_full="drop_oldest")
    spool.append([frame(t) for t in range(20)])
    batch = spool.next_batch(Limits())
    fill(spool, start=20)
    assert times_on_disk(path)[:21] != list(range(21)) and times_on_disk(path)[:20] == list(range(20))
    again = spool.next_batch(Limits())
    assert again.block == batch.block


def test_rows_around_a_hole_are_named_as_ranges_on_the_wire(path):
    spool = a_spool(path, max_bytes=400_000, when_full="drop_oldest")
    spool.append([frame(0, HIGH_PRIORITY)])
    fill(spool, start=1)
    body = json.loads(gzip.decompress(spool.next_batch(Limits(readings=500)).block.body))
    first = times_on_disk(path)[1] + 1
    assert body["source"] == {"spool": spool.spool_id, "rows": [[1, 1], [first, first + 8]]}


def test_a_disk_that_suddenly_gives_nothing_is_treated_by_the_same_policy(path):
    """max_page_count makes SQLite say SQLITE_FULL, as a file system without room does."""
    spool = a_spool(path)
    spool.append([frame(t) for t in range(20)])
    (pages,) = spool._file._db.execute("PRAGMA page_count").fetchone()
    spool._file._db.execute(f"PRAGMA max_page_count={pages}")
    assert len(spool.append([frame(t) for t in range(20, 400)])) == 380
    assert ledger(spool) == {"disk_full": 380 * 50}
    assert spool.counters.produced == 1_000
    spool._file._db.execute("PRAGMA max_page_count=1000000")
    assert spool.append([frame(t) for t in range(20, 400)]) == []


def test_what_memory_refused_is_written_down_with_the_next_commit_as_one_growing_range(path):
    spool = a_spool(path)
    spool.append([frame(1)], [Loss("memory_full", 5, 6, 10, frozenset({1}))])
    spool.append([frame(2)], [Loss("memory_full", 7, 8, 10, frozenset({1}))])
    (gap,) = spool.show_gaps(10)
    assert (gap.reason, gap.from_ms, gap.to_ms, gap.readings) == ("memory_full", 5, 8, 20)


def test_a_gap_the_park_was_shown_does_not_change_any_more(path):
    spool = a_spool(path)
    loss = Loss("memory_full", 5, 6, 10, frozenset({1}))
    spool.note([loss])
    shown = spool.show_gaps(10)
    spool.note([loss])
    assert spool.show_gaps(10)[:1] == shown
    spool.confirm_gaps([shown[0].id])
    assert [gap.readings for gap in spool.show_gaps(10)] == [10]
    assert spool.open_gaps == 1


def test_what_is_older_than_it_is_kept_goes_to_the_ledger(path):
    spool = a_spool(path, clock=Clock(wall_ms=lambda: 40 * DAY_MS), keep_ms=30 * DAY_MS)
    spool.append([frame(t * DAY_MS) for t in (1, 9, 10, 11, 2)])
    assert not spool.expire()
    assert times_on_disk(path) == [10 * DAY_MS, 11 * DAY_MS, 2 * DAY_MS]
    assert ledger(spool) == {"retention_age": 100}
    assert spool.counters.dropped == 100


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 2), min_size=1, max_size=60)),
        st.tuples(st.just("acknowledge"), st.integers(1, 4_000)),
        st.tuples(st.just("refuse"), st.integers(1, 4_000)),
        st.tuples(st.just("open"), st.integers(1, 4_000)),
        st.tuples(st.just("squeeze"), st.integers(0, 20)),
        st.tuples(st.just("memory"), st.integers(1, 100)),
        st.tuples(st.just("expire"), st.integers(0, 400)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)


class Story:
    """Does steps to a spool and knows what came of them."""

    def __init__(self, path, when_full):
        self.path, self.when_full = path, when_full
        self.offered = self.time_ms = 0
        self.now_ms = 0
        self.open()

    def open(self):
        clock = Clock(wall_ms=lambda: self.now_ms)
        self.spool = a_spool(self.path, max_bytes=350_000, when_full=self.when_full, keep_ms=0, clock=clock)

    def append(self, priorities):
        frames = [frame(self.time_ms + n, priority, readings=40) for n, priority in enumerate(priorities, 1)]
        self.time_ms += len(frames)
        self.offered += 40 * len(frames)
        self.spool.append(frames)

    def acknowledge(self, readings):
        if isinstance(batch := self.spool.next_batch(Limits(readings=readings)), Batch):
            self.spool.acknowledge(batch)

    def refuse(self, readings):
        if isinstance(batch := self.spool.next_batch(Limits(readings=readings)), Batch):
            self.spool.set_aside(batch, Refusal("no", "no"))

    def squeeze(self, pages):
        db = self.spool._file._db
        (now,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count={now + pages}")

    def memory(self, readings):
        self.offered += readings
        self.spool.note([Loss("memory_full", self.time_ms, self.time_ms, readings)])

    def expire(self, age_ms):
        self.now_ms = max(0, self.time_ms - age_ms)
        self.spool.expire()

    def restart(self, _):
        self.spool.note([])
        self.spool.close()
        self.open()

    def do(self, name, argument):
        getattr(self, "acknowledge" if name == "open" else name)(argument)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.sampled_from(["refuse_new", "drop_oldest"]))
def test_whatever_happens_every_reading_is_somewhere_and_the_ledger_knows_every_loss(
    tmp_path_factory, steps, when_full
):
    story = Story(str(tmp_path_factory.mktemp("spool") / "spool.db"), when_full)
    for step in steps:
        story.do(*step)
    now = story.spool.counters
    story.squeeze(1_000)
    assert story.spool.note([])
    assert story.offered == now.produced + now.refused
    with sqlite3.connect(story.path) as db:
        (waiting,) = db.execute("SELECT coalesce(sum(count), 0) FROM frame").fetchone()
    assert now.produced == now.acked + now.quarantined + now.dropped + waiting
    lost = ledger_sums(story.path)
    assert lost["dropped_oldest"] + lost["retention_age"] == now.dropped
    assert lost["disk_full"] + lost["memory_full"] == now.refused
    assert lost["refused"] == now.quarantined
    story.spool.close()


def ledger_sums(path):
    with sqlite3.connect(path) as db:
        return Counter(dict(db.execute("SELECT reason, sum(readings) FROM gap GROUP BY reason")))


DISK = """
import sys
from green_shield_bridge.batching import Limits
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Batch, Keeping, Spool
path, policy = sys.argv[1:3]
spool = Spool(path, Keeping(when_full=policy, reserve_bytes=6 << 20, margin_bytes=2 << 20))
spool.series_of(["a"])
offered = 0
for n in range(1_500):
    spool.append([pack(n * 10 + k, [(1, 1.0, "N")] * 100) for k in range(10)])
    offered += 1_000
full = spool.counters
assert full.dropped + full.refused > 0, full
batch = spool.next_batch(Limits())
spool.acknowledge(batch)
assert spool.counters.acked == batch.block.readings
assert offered == full.produced + full.refused, (offered, full)
gaps = sum(gap.readings for gap in spool.show_gaps(500))
assert gaps == full.dropped + full.refused, (gaps, full)
while isinstance(batch := spool.next_batch(Limits()), Batch):
    spool.acknowledge(batch)
assert spool.counters.waiting == 0
assert spool.append([pack(10**6, [(1, 1.0, "N")])]) == []
print("held")
"""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MB; where none may be mounted, the process may write no file larger than that."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=False).returncode == 0
    )
    yield folder, mounted
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20))


@pytest.mark.parametrize("policy", ["refuse_new", "drop_oldest"])
def test_a_file_system_without_room_loses_nothing_that_is_not_in_the_ledger(small_disk, policy):
    folder, mounted = small_disk
    before = None if mounted else limit_file_size
    script = DISK if mounted else DISK.replace("margin_bytes=2 << 20", "margin_bytes=2 << 20, max_bytes=12 << 20")
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "spool.db"), policy],
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("held\n", 0), done.stderr[-2_000:]


KILLED = """
import sys
from green_shield_bridge.batching import Limits
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Batch, Keeping, Spool
path, policy, start = sys.argv[1], sys.argv[2], int(sys.argv[3])
spool = Spool(path, Keeping(when_full=policy, max_bytes=300_000, reserve_bytes=65_536, margin_bytes=0))
spool.series_of(["a"])
print("up", flush=True)
for n in range(start, start + 10**6):
    spool.append([pack(n * 10 + k, [(1, 1.0, "N")] * 50, priority=k % 3) for k in range(10)])
    if n % 7 == 0 and isinstance(batch := spool.next_batch(Limits(readings=900)), Batch):
        spool.acknowledge(batch)
"""


@pytest.mark.parametrize("policy", ["refuse_new", "drop_oldest"])
def test_kill_9_on_a_full_spool_leaves_a_ledger_that_adds_up(path, policy):
    for round_ in range(4):
        command = [sys.executable, "-c", KILLED, path, policy, str(round_ * 10**6)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
            worker.stdout.readline()
            time.sleep(0.15 + 0.041 * round_)
            worker.kill()
        with sqlite3.connect(path) as db:
            (waiting,) = db.execute("SELECT coalesce(sum(count), 0) FROM frame").fetchone()
            produced, acked, dropped, refused = db.execute(
                "SELECT produced, acked, dropped, refused FROM lifetime"
            ).fetchone()
        assert produced == acked + dropped + waiting
        lost = ledger_sums(path)
        assert (lost["dropped_oldest"], lost["disk_full"]) == (dropped, refused)
    assert dropped + refused > 0
