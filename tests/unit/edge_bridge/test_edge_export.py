"""The command export: every reading of the spool as CSV, while the bridge goes on."""

import csv
import io
import os
import sqlite3
import stat
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.batching import Limits
from green_shield_bridge.errors import BridgeError, SpoolError
from green_shield_bridge.frames import pack
from green_shield_bridge.operate.export import export
from green_shield_bridge.operate.export_rows import PAGE_ROWS, Chosen
from green_shield_bridge.spool import Loss, Refusal, Spool

SHANGHAI = ZoneInfo("Asia/Shanghai")
START_MS = 1_700_000_000_000


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "spool.db")


@pytest.fixture
def spool(path):
    spool = Spool(path)
    spool.series_of(["a", "b"])
    yield spool
    spool.close()


def frames(count, start_ms=START_MS, step_ms=1_000):
    return [pack(start_ms + n * step_ms, [(1, n + 0.5, "N"), (2, None, "B")]) for n in range(count)]


def exported(path, tmp_path, what="waiting", chosen=None, zone=UTC):
    out = tmp_path / "out.csv"
    out.unlink(missing_ok=True)
    written = export(path, what, chosen or Chosen(), str(out), zone)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert written == len(rows)
    return rows


def test_a_spool_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(SpoolError, match="no such file"):
        export(str(tmp_path / "none.db"), "waiting", Chosen(), None, UTC)
    assert os.listdir(tmp_path) == []


def test_a_database_of_another_version_is_not_read(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SpoolError, match="schema 99"):
        export(path, "waiting", Chosen(), None, UTC)


def test_a_file_that_is_no_database_is_a_problem_of_the_spool(path, tmp_path):
    (tmp_path / "spool.db").write_bytes(b"not a database" * 1_000)
    with pytest.raises(SpoolError):
        export(path, "waiting", Chosen(), None, UTC)


def test_a_file_that_is_there_is_not_overwritten(spool, path, tmp_path):
    (tmp_path / "kept.csv").write_text("mine")
    with pytest.raises(BridgeError, match="File exists"):
        export(path, "waiting", Chosen(), str(tmp_path / "kept.csv"), UTC)
    assert (tmp_path / "kept.csv").read_text() == "mine"


def test_the_new_file_is_for_its_owner_alone(spool, path, tmp_path):
    exported(path, tmp_path)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


def test_waiting_readings_come_with_time_value_flag_row_and_batch(spool, path, tmp_path):
    spool.append(frames(2))
    batch = spool.next_batch(Limits(readings=2))
    spool.append(frames(1, START_MS + 60_000))
    rows = exported(path, tmp_path, zone=SHANGHAI)
    assert rows[:2] == [
        {"point": "a", "time": "2023-11-15T06:13:20.000+08:00", "value": "0.5", "flag": "N", "row": "1", "batch": batch.block.block_id},
        {"point": "b", "time": "2023-11-15T06:13:20.000+08:00", "value": "", "flag": "B", "row": "1", "batch": batch.block.block_id},
    ]  # fmt: skip
    assert [(row["row"], row["batch"]) for row in rows[4:]] == [("3", ""), ("3", "")]


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        pytest.param(Chosen(), 20, id="everything"),
        pytest.param(Chosen(since_ms=START_MS + 3_000), 14, id="from an instant on, which is in"),
        pytest.param(Chosen(until_ms=START_MS + 3_000), 6, id="up to an instant, which is out"),
        pytest.param(Chosen(points=frozenset("a")), 10, id="one point"),
        pytest.param(Chosen(points=frozenset({"unknown"})), 0, id="a point that is not there"),
        pytest.param(Chosen(START_MS, START_MS + 1_000, frozenset("b")), 1, id="all of it together"),
    ],
)
def test_only_what_is_chosen_is_written(spool, path, tmp_path, chosen, rows):
    spool.append(frames(10))
    assert len(exported(path, tmp_path, chosen=chosen)) == rows


@pytest.mark.parametrize("count", [0, 1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 3 * PAGE_ROWS])
def test_no_row_is_missing_or_double_at_the_end_of_a_page(spool, path, tmp_path, count):
    spool.append(frames(count))
    rows = exported(path, tmp_path, chosen=Chosen(points=frozenset("a")))
    assert [int(row["row"]) for row in rows] == list(range(1, count + 1))


def test_the_bridge_goes_on_while_its_spool_is_exported(spool, path, tmp_path):
    """Neither waits for the other, and what comes during the export is not in it."""
    spool.append(frames(PAGE_ROWS + 1))
    reading = ReadingOnTerms(lambda: spool.append(frames(5, START_MS + 10**7)))
    written = export(path, "waiting", Chosen(), None, reading)
    assert (written, reading.has_happened) == (2 * (PAGE_ROWS + 1), True)
    assert len(exported(path, tmp_path)) == 2 * (PAGE_ROWS + 6)


class ReadingOnTerms(ZoneInfo):
    """A time zone during whose first use something else happens."""

    def __new__(cls, _):
        return super().__new__(cls, "Asia/Shanghai")

    def __init__(self, happens):
        self.happens = happens
        self.has_happened = False

    def fromutc(self, moment):
        if not self.has_happened:
            self.has_happened = True
            self.happens()
        return super().fromutc(moment)


def test_what_the_park_refused_comes_with_the_reason_and_is_no_formula(spool, path, tmp_path):
    spool.append(frames(2))
    batch = spool.next_batch(Limits())
    spool.acknowledge(batch, {1: Refusal("unknown_point", "=cmd|' /C calc'!A0")})
    rows = exported(path, tmp_path, "quarantine")
    assert [(row["point"], row["value"], row["code"]) for row in rows] == [
        ("a", "0.5", "unknown_point"),
        ("a", "1.5", "unknown_point"),
    ]
    assert {row["reason"] for row in rows} == {"'=cmd|' /C calc'!A0"}


@pytest.mark.parametrize(
    ("chosen", "gaps"),
    [
        pytest.param(Chosen(), ["1", "2"], id="everything"),
        pytest.param(Chosen(since_ms=START_MS + 70_000), ["2"], id="what ends before is out"),
        pytest.param(Chosen(until_ms=START_MS + 50_000), ["1"], id="what begins after is out"),
        pytest.param(Chosen(START_MS + 10_000, START_MS + 20_000), ["1"], id="what spans the time is in"),
        pytest.param(Chosen(points=frozenset("b")), ["2"], id="a gap of other points is out"),
    ],
)
def test_gaps_are_chosen_by_the_time_they_touch_and_by_their_points(spool, path, tmp_path, chosen, gaps):
    spool.note([Loss("disk_full", START_MS, START_MS + 60_000, 17, series=frozenset({1}))])
    spool.note([Loss("spool_damaged", START_MS + 55_000, START_MS + 90_000, 3)])
    assert [row["gap"] for row in exported(path, tmp_path, "gaps", chosen)] == gaps


def test_a_gap_comes_with_rows_points_and_reason(spool, path, tmp_path):
    loss = Loss("dropped_oldest", START_MS, START_MS + 60_000, 17, frozenset({1, 2}), (4, 9), "low priority")
    spool.note([loss])
    (row,) = exported(path, tmp_path, "gaps")
    assert row == {
        "gap": "1", "from": "2023-11-14T22:13:20.000+00:00", "to": "2023-11-14T22:14:20.000+00:00", "readings": "17",
        "reason": "dropped_oldest", "detail": "low priority", "spool": spool.spool_id, "first_row": "4", "last_row": "9",
        "points": "a b", "reported_at": "",
    }  # fmt: skip


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_value_comes_back_as_the_very_same_number(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("export")
    spool = Spool(str(folder / "spool.db"))
    spool.series_of(["a"])
    spool.append([pack(START_MS + n, [(1, value, "N")]) for n, value in enumerate(values)])
    spool.close()
    assert [float(row["value"]) for row in exported(str(folder / "spool.db"), folder)] == values
