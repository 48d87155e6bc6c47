"""Drills and their rooms, on every store."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.adapters.drill_repo import RowDrillRepo, shipped_scenarios
from chalicelib.adapters.drill_store import DrillRows, room_of
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.drill import Drill, DrillAction, Injection, Report, Target, moved
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.events import DrillDue, DrillPlanned

DRILL = Drill(
    "d-1", "演练", shipped_scenarios()[0], (Target("acme", "acme-r1"),), ("p-1", "p-2"), 9_000, 60, "c", 1_000
)


@pytest.fixture
def drills(new_rows: Callable[[], Rows]) -> RowDrillRepo:
    return RowDrillRepo(new_rows())


@pytest.fixture
def room(rows: Rows) -> DrillRows:
    return DrillRows(rows, DRILL)


def test_a_drill_is_planned_once(drills: RowDrillRepo) -> None:
    told = [DrillPlanned("", 1_000, "x", DRILL.id)]
    first = drills.add(DRILL, told)
    assert first == replace(DRILL, version=1) == drills.get("d-1")
    assert drills.add(replace(DRILL, planned_at_ms=2_000), told) == first
    with pytest.raises(ContentConflict):
        drills.add(replace(DRILL, lasts_min=90), told)
    assert drills.get("none") is None


def test_a_drill_changes_from_its_version_on_and_is_listed_while_it_runs(drills: RowDrillRepo) -> None:
    planned = drills.add(DRILL, [])
    assert drills.running() == ()
    running = drills.save(moved(planned, DrillAction.START, 2_000), [])
    noted = drills.save(replace(running, injections=(Injection("b", "acme-r1", 2_000),)), [])
    assert drills.running() == (noted,) == (drills.get("d-1"),)
    with pytest.raises(WriteConflict):
        drills.save(running, [])
    ended = drills.save(replace(moved(noted, DrillAction.END, 3_000), report=Report(3_000, ())), [])
    assert drills.running() == () and drills.get("d-1") == ended


def test_drills_are_listed_for_all_and_for_each_who_takes_part(drills: RowDrillRepo) -> None:
    one = drills.add(DRILL, [])
    other = drills.add(replace(DRILL, id="d-2", people=("p-2",), planned_at_ms=2_000), [])
    assert drills.listing(None, None, 10).items == (other, one) == drills.listing("p-2", None, 10).items
    assert drills.listing("p-1", None, 10).items == (one,)
    page = drills.listing(None, None, 1)
    assert page.items == (other,) and drills.listing(None, page.cursor, 1).items == (one,)


def test_a_quarter_is_asked_for_once(drills: RowDrillRepo) -> None:
    assert not drills.was_asked_for("2026-Q1")
    for _ in range(2):
        drills.ask_for(DrillDue("", 1_000, "x", "2026-Q1"))
    assert drills.was_asked_for("2026-Q1") and not drills.was_asked_for("2026-Q2")


def test_a_room_and_what_is_real_do_not_see_each_other(rows: Rows, room: DrillRows) -> None:
    rows.commit([Put(Row("p", "s", {"of": "the park"}))])
    assert room.get("p", "s") is None and room.query("p") == [] and room.count("p") == 0
    room.commit([Put(Row("p", "s", {"of": "the drill"}), Expect.ABSENT), Put(Row("p", "t"))])
    found = room.get("p", "s")
    assert found is not None and (found.pk, found.body) == ("p", {"of": "the drill"})
    assert [row.sk for row in room.query("p", prefix="t")] == ["t"] and room.count("p") == 2
    assert {(row.pk, row.sk) for row in room.get_many([("p", "s"), ("p", "t"), ("q", "s")])} == {("p", "s"), ("p", "t")}
    stored = rows.get("p", "s")
    assert stored is not None and stored.body == {"of": "the park"}
    room.commit([Delete("p", "s")])
    assert room.get("p", "s") is None and rows.get("p", "s") is not None
    other = DrillRows(rows, replace(DRILL, id="d-2"))
    assert other.query("p") == []


def test_a_room_keeps_what_is_expected(room: DrillRows) -> None:
    room.commit([Put(Row("p", "s"), Expect.ABSENT)])
    with pytest.raises(RowConflict):
        room.commit([Put(Row("p", "s"), Expect.ABSENT)])


def test_a_row_of_a_room_says_whose_it_is_and_goes_of_itself(rows: Rows, room: DrillRows) -> None:
    room.commit([Put(Row("ENT#acme", "EVENT#1"))])
    (stored,) = rows.query("DRILLED#d-1#ENT#acme")
    assert stored.ttl_s == DRILL.ends_at_ms // 1000 + 400 * 86_400
    assert room_of(stored) == ("d-1", replace(stored, pk="ENT#acme"))
    assert room_of(Row("DRILL#d-1", "DRILL")) == ("", Row("DRILL#d-1", "DRILL"))
