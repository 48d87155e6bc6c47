"""However a spool is damaged, what was read is at the park, or it is counted as missing: never neither, never twice."""

import gzip
import json
import os
import shutil
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from green_shield_bridge.batching import Limits
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Batch, Keeping, Spool

SMALL = Keeping(backlog_readings_per_s=float("inf"), reserve_bytes=4096, margin_bytes=4096)
PAGE = 4096


def opened(path):
    spool = Spool(path, SMALL)
    spool.series_of(["a", "b"])
    return spool


def acknowledged(spool, readings):
    """The row numbers of the next batch, which is gone then; empty where none is left."""
    batch = spool.next_batch(Limits(readings=readings))
    if not isinstance(batch, Batch):
        return []
    spool.acknowledge(batch)
    rows = json.loads(gzip.decompress(batch.block.body))["source"]["rows"]
    return [number for first, last in rows for number in range(first, last + 1)]


def filled(path, steps):
    """(spool, row numbers that were acknowledged) after some commits, each with or without an upload after it."""
    spool, gone, time_ms = opened(path), [], 0
    for rows, upload in steps:
        spool.append([pack(time_ms + i, [(1, float(i), "N"), (2, None, "B")]) for i in range(rows)])
        time_ms += rows
        gone += acknowledged(spool, upload) if upload else []
    return spool, gone


def write_at(file, where, content):
    """Into an existing file, at a place given as a part of its length."""
    if Path(file).is_file():
        with open(file, "r+b") as handle:
            handle.seek(int(where * os.path.getsize(file)))
            handle.write(content)


DAMAGES = {
    "noise": lambda path, where: write_at(path, where, Random(where).randbytes(PAGE)),
    "zeros": lambda path, where: write_at(path, where, bytes(PAGE)),
    "one byte": lambda path, where: write_at(path, where, b"\x5a"),
    "cut": lambda path, where: os.truncate(path, int(where * os.path.getsize(path))),
    "vanished": lambda path, where: Path(path).unlink(),
    "log vanished": lambda path, where: Path(f"{path}-wal").unlink(missing_ok=True),
    "noise in the log": lambda path, where: write_at(f"{path}-wal", where, Random(where).randbytes(PAGE)),
}
STEPS = st.lists(st.tuples(st.integers(1, 150), st.integers(0, 200)), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    steps=STEPS,
    damage=st.sampled_from(sorted(DAMAGES)),
    where=st.floats(0, 1, exclude_max=True),
    is_killed=st.booleans(),
)
def test_what_is_acknowledged_and_what_the_ledger_counts_is_what_was_produced(steps, damage, where, is_killed):
    with TemporaryDirectory() as before, TemporaryDirectory() as after:
        spool, gone = filled(f"{before}/spool.db", steps)
        produced = spool.counters.produced
        if is_killed:
            shutil.copytree(before, after, dirs_exist_ok=True)
        spool.close()
        if not is_killed:
            shutil.copytree(before, after, dirs_exist_ok=True)
        DAMAGES[damage](f"{after}/spool.db", where)
        spool = opened(f"{after}/spool.db")
        while more := acknowledged(spool, 500):
            gone += more
        missing = sum(gap.readings for gap in spool.show_gaps(100))
        spool.close()
    assert len(gone) == len(set(gone))
    assert 2 * len(gone) + missing == produced


GARBLED = {
    "a counter": (b"quarantined INTEGER", b"quarantinZd INTEGER"),
    "a column of a row": (b"body BLOB", b"bodZ BLOB"),
    "a column that is written to alone": (b"code TEXT", b"codZ TEXT"),
    "a table": (b"CREATE TABLE lifetime", b"CREATE TABLE lifetimZ"),
}


@pytest.mark.parametrize(("name", "instead"), GARBLED.values(), ids=GARBLED.keys())
def test_the_work_goes_on_where_damage_has_changed_the_name_of(name, instead, tmp_path):
    path = tmp_path / "spool.db"
    spool, gone = filled(str(path), [(50, 20)])
    spool.close()
    content = path.read_bytes()
    assert content.count(name) == 1
    path.write_bytes(content.replace(name, instead))
    spool = opened(str(path))
    while more := acknowledged(spool, 500):
        gone += more
    assert 2 * len(gone) + sum(gap.readings for gap in spool.show_gaps(100)) == 100
    spool.close()
