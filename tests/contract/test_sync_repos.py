"""Packs, feeds of changes and operations, on every store."""

from dataclasses import replace

import pytest

from chalicelib.acting import Author, acting
from chalicelib.adapters.operations_repos import RowTaskRepo
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.sync_repos import RowOperationRepo, RowPackRepo
from chalicelib.domain.checklist import AnswerKind, ItemAnswer
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.field_command import (
    AcceptSide,
    Acknowledge,
    AnswerItem,
    DecideWaiver,
    DeclineSide,
    Judge,
    PlanVisit,
    ProposeWaiver,
    ReopenSide,
    Submit,
    TransferSide,
)
from chalicelib.domain.field_operation import DeviceClock, FieldOperation, KeptOperation, KeptProblem, Outcome
from chalicelib.domain.field_pack import FieldPack
from chalicelib.domain.side import Side, SideAction
from chalicelib.domain.task import Task

T0 = 1_772_416_800_000


def task(number: int = 1, *, safety: str = "lao-wang", closed: bool = False) -> Task:
    return Task(
        id=f"t-{number}",
        warning_id="",
        enterprise_id="acme",
        unit_id="r1",
        region="east",
        industry="circular_chemical",
        rule_id="",
        tier=2,
        safety=Side(inspector_id=safety),
        environment=Side(inspector_id="xiao-li"),
        party=("lao-wang", "xiao-li"),
        opened_at_ms=T0,
        due_at_ms=T0 + 9,
        acknowledge_due_at_ms=None,
        closed_at_ms=T0 + 5 if closed else None,
    )


def pack(*args: int, **more: object) -> FieldPack:
    return FieldPack(task(*args, **more), None, None, None, (), (), (), ())  # type: ignore[arg-type]


def feed(packs: RowPackRepo, name: str, after: str | None = None) -> list[tuple[str, int, bool, bool]]:
    return [(e.task_id, e.changed_ms - T0, e.is_open, e.is_gone) for _, e in packs.changes(name, after, 100)]


def test_a_task_stands_in_a_feed_once_where_it_changed_last(rows: Rows) -> None:
    packs = RowPackRepo(rows)
    packs.put(pack(1), T0)
    packs.put(pack(2), T0 + 1)
    packs.put(pack(1, closed=True), T0 + 2)
    assert feed(packs, "park") == [("t-2", 1, True, False), ("t-1", 2, False, False)]
    assert feed(packs, "enterprise:acme") == feed(packs, "person:lao-wang") == feed(packs, "park")
    assert packs.many(["t-1", "t-2", "t-3"]) == {"t-1": pack(1, closed=True), "t-2": pack(2)}


def test_the_same_pack_again_is_no_change(rows: Rows) -> None:
    packs = RowPackRepo(rows)
    packs.put(pack(1), T0)
    packs.put(pack(1), T0 + 7)
    assert feed(packs, "park") == [("t-1", 0, True, False)]


def test_who_lost_a_task_finds_that_it_is_gone(rows: Rows) -> None:
    packs = RowPackRepo(rows)
    packs.put(pack(1), T0)
    packs.put(pack(1, safety="lao-zhao"), T0 + 1)
    assert feed(packs, "person:lao-wang") == [("t-1", 1, False, True)]
    assert feed(packs, "person:lao-zhao") == [("t-1", 1, True, False)]


def test_who_gets_it_back_has_it_once(rows: Rows) -> None:
    packs = RowPackRepo(rows)
    for at, holder in enumerate(("lao-wang", "lao-zhao", "lao-wang")):
        packs.put(pack(1, safety=holder), T0 + at)
    mine = feed(packs, "person:lao-wang")
    assert mine[-1] == ("t-1", 2, True, False)
    assert [one for one in mine if not one[3]] == [("t-1", 2, True, False)]


def test_changes_go_on_behind_a_mark_and_behind_a_bare_instant(rows: Rows) -> None:
    packs = RowPackRepo(rows)
    for number in range(4):
        packs.put(pack(number), T0 + number)
    marks = [mark for mark, _ in packs.changes("park", None, 2)]
    assert [one[0] for one in feed(packs, "park", marks[-1])] == ["t-2", "t-3"]
    assert [one[0] for one in feed(packs, "park", f"{T0 + 3:013d}")] == ["t-3"]


def operation(number: int, command: object = None, person: str = "lao-wang") -> FieldOperation:
    known = command or Submit(Dimension.SAFETY, "已处置", ("p-1", "p-2"))
    return FieldOperation(f"o-{number}", person, "phone", "t-1", known, 3, T0, 250, T0 + number, "digest")  # type: ignore[arg-type]


COMMANDS = [
    pytest.param(Acknowledge(), id="an acknowledgement"),
    pytest.param(Submit(Dimension.SAFETY, "已处置"), id="a submission"),
    pytest.param(Judge(Dimension.ENVIRONMENT, 2, SideAction.REJECT, "照片不清"), id="a verdict"),
    pytest.param(AcceptSide(Dimension.SAFETY), id="an acceptance"),
    pytest.param(DeclineSide(Dimension.SAFETY, "在外地"), id="a side declined"),
    pytest.param(TransferSide(Dimension.SAFETY, "lao-zhao", "换班"), id="a transfer"),
    pytest.param(ProposeWaiver(Dimension.SAFETY, "装置已停用"), id="a waiver proposed"),
    pytest.param(DecideWaiver(Dimension.SAFETY, True, "同意"), id="a waiver decided"),
    pytest.param(ReopenSide(Dimension.SAFETY, "复发"), id="a reopening"),
    pytest.param(PlanVisit("v-1", ("t-1", "t-2"), T0), id="a visit"),
    pytest.param(
        AnswerItem(
            ItemAnswer("a-1", "t-1", Dimension.SAFETY, "relief", AnswerKind.FAILED, "漏", T0, 1.5, ("p-1",), True)
        ),
        id="an answer",
    ),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_operation_comes_back_as_it_was_kept(rows: Rows, command: object) -> None:
    operations = RowOperationRepo(rows)
    problem = KeptProblem("evidence_missing", (("side", "safety"),), (("note", "missing", ""),))
    kept = KeptOperation(operation(1, command), Outcome.HELD, T0, 4, ("task",), problem)
    assert operations.save(kept) == operations.get("lao-wang", "o-1") == replace(kept, version=1)
    assert operations.get("xiao-li", "o-1") is None


def test_what_is_held_or_in_conflict_is_listed_until_it_is_not(rows: Rows) -> None:
    operations = RowOperationRepo(rows)
    first, second = (operations.save(KeptOperation(operation(n), Outcome.HELD, T0)) for n in (1, 2))
    assert operations.held_by("lao-wang") == operations.due(T0 + 9, 9) == (first, second)
    assert operations.due(T0 + 9, 1) == operations.due(T0 + 1, 9) == (first,)
    standing = operations.save(replace(first, outcome=Outcome.CONFLICT))
    assert operations.due(T0 + 9, 9) == (second,)
    assert operations.conflicts("park", None, 9).items == (standing,)
    assert operations.conflicts("person:lao-wang", None, 9).items == (standing,)
    operations.save(replace(standing, outcome=Outcome.DISCARDED))
    assert operations.conflicts("park", None, 9).items == ()


def test_what_was_put_off_is_due_later_and_each_time_after_a_longer_pause(rows: Rows) -> None:
    operations = RowOperationRepo(rows)
    kept, pauses = operations.save(KeptOperation(operation(0), Outcome.HELD, T0)), []
    for _ in range(9):
        at_ms = kept.try_at_ms or T0
        kept = operations.put_off(kept, at_ms)
        assert operations.due(kept.try_at_ms - 1, 9) == ()
        assert operations.due(kept.try_at_ms, 9) == operations.held_by("lao-wang") == (kept,)
        pauses.append((kept.try_at_ms - at_ms) // 60_000)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    operations.save(replace(kept, outcome=Outcome.APPLIED))
    assert operations.due(T0 * 2, 9) == operations.held_by("lao-wang") == ()


def test_what_somebody_else_settled_is_not_put_off(rows: Rows) -> None:
    operations = RowOperationRepo(rows)
    kept = operations.save(KeptOperation(operation(1), Outcome.HELD, T0))
    operations.save(replace(kept, outcome=Outcome.APPLIED))
    with pytest.raises(WriteConflict):
        operations.put_off(kept, T0)


def test_of_two_who_write_an_operation_one_is_told(rows: Rows) -> None:
    operations = RowOperationRepo(rows)
    kept = KeptOperation(operation(1), Outcome.HELD, T0)
    first = operations.save(kept)
    with pytest.raises(WriteConflict):
        operations.save(kept)
    operations.save(first)
    with pytest.raises(WriteConflict):
        operations.save(first)


def test_a_change_leaves_the_receipt_of_its_operation_and_is_not_made_twice(rows: Rows) -> None:
    tasks, operations = RowTaskRepo(rows), RowOperationRepo(rows)
    stored = tasks.save(task(), [])
    with acting(Author("inspector", "lao-wang", operation_id="o-1")):
        changed = tasks.save(stored, [])
        with pytest.raises(WriteConflict):
            tasks.save(changed, [])
    assert operations.receipts("lao-wang", "t-1") == {"o-1": 2}
    assert operations.receipts("lao-wang", "t-2") == operations.receipts("xiao-li", "t-1") == {}


def test_the_clock_of_a_phone_is_what_it_was_last(rows: Rows) -> None:
    operations = RowOperationRepo(rows)
    assert operations.clock_of("lao-wang", "phone") is None
    for skew_ms in (5000, -9000):
        operations.note_clock(DeviceClock("lao-wang", "phone", skew_ms, T0))
    assert operations.clock_of("lao-wang", "phone") == DeviceClock("lao-wang", "phone", -9000, T0)
