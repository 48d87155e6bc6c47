"""What the stores of reports, gaps and commands promise in ports.py, on memory, moto and DynamoDB Local. Refusals first."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

import pytest

from chalicelib.adapters.block_repo import RowBlockRepo, block_of, block_row
from chalicelib.adapters.bridge_repos import RowCommandRepo, RowGapRepo, RowReportRepo
from chalicelib.adapters.operations_repos import RowStateRepo
from chalicelib.adapters.registry_repo import RowRegistryRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.block import Block, pack
from chalicelib.domain.command import MAX_LIFE_S, Command, CommandState, Outcome, deliver, settle
from chalicelib.domain.errors import ContentConflict, InvalidCursor, WriteConflict
from chalicelib.domain.events import CommandRequested, CommandSettled
from chalicelib.domain.gap import BridgeReport, Gap, GapReason, SpoolState
from chalicelib.domain.person import Bridge
from chalicelib.domain.reading import Series
from chalicelib.domain.source import MAX_RANGES, MAX_ROW, Source
from chalicelib.domain.state import EnterpriseState

T0, HOUR_MS, MONTH_MS = 1_772_416_800_000, 3_600_000, 31 * 86_400_000
BRIDGE = Bridge("acme-bridge", "acme", "pem")
COMMAND = Command("c-1", "acme", "acme-bridge", "start_cooling", 1.5, "降温", "someone", T0, 600, correlation_id="corr")
ASKED = CommandRequested("acme", T0, "corr", "c-1", "someone")
GAP = Gap(1, "spool", "acme", "acme-bridge", (5, 9), T0, T0 + 1000, 50, GapReason.REFUSED, "unknown_point", ("p",), T0)


def uuid7(at_ms: int, number: int = 0) -> str:
    head = f"{at_ms:012x}"
    return f"{head[:8]}-{head[8:]}-7000-8000-{number:012x}"


def block(first_ms: int, made_ms: int | None = None, *, number: int = 0, source: Source | None = None) -> Block:
    payload = pack([Series("p", [first_ms], [1.5], "N")])
    id = uuid7(first_ms + 2000 if made_ms is None else made_ms, number)
    return Block(id, "acme", "acme-bridge", first_ms + 3000, first_ms, first_ms, 1, "d", payload, "c", source)


# commands


def test_a_command_id_used_for_another_command_is_a_conflict(rows: Rows) -> None:
    commands = RowCommandRepo(rows)
    commands.add(COMMAND, [ASKED])
    for changes in ({"value": 2.0}, {"measure": "stop_feed"}, {"bridge_id": "b-2"}, {"life_s": 60}, {"reason": "x"}):
        with pytest.raises(ContentConflict):
            commands.add(replace(COMMAND, **changes), [])


def test_whoever_comes_second_does_not_change_a_command(rows: Rows) -> None:
    commands = RowCommandRepo(rows)
    first = commands.add(COMMAND, [])
    commands.save(deliver(first, T0 + 1), [])
    with pytest.raises(WriteConflict):
        commands.save(deliver(first, T0 + 2), [])


def test_a_cursor_of_another_making_is_refused(rows: Rows) -> None:
    with pytest.raises(InvalidCursor):
        RowCommandRepo(rows).listing("acme", "nonsense!", 10)


def test_a_repeated_command_is_the_one_as_it_now_is(rows: Rows) -> None:
    commands = RowCommandRepo(rows)
    delivered = commands.save(deliver(commands.add(COMMAND, [ASKED]), T0 + 1), [])
    assert commands.add(replace(COMMAND, requested_at_ms=T0 + 9000), [ASKED]) == delivered
    assert len(rows.query("ENT#acme", prefix="EVENT#")) == 1


def test_a_command_waits_until_it_is_settled_or_expires(rows: Rows) -> None:
    commands = RowCommandRepo(rows)
    one = commands.add(COMMAND, [])
    two = commands.add(replace(COMMAND, id="c-2", life_s=60), [])
    assert commands.pending(BRIDGE, T0, 10) == (two, one)
    assert commands.pending(BRIDGE, T0, 1) == (two,)
    assert commands.pending(BRIDGE, T0 + 59_999, 10) == (two, one)
    assert commands.pending(BRIDGE, T0 + 60_000, 10) == (one,)
    outcome = Outcome(CommandState.DONE, T0 + 5, T0 + 6, None, None, 1.5, 1.5)
    done = commands.save(settle(one, outcome), [CommandSettled("acme", T0 + 6, "corr", "c-1", "done")])
    assert commands.pending(BRIDGE, T0, 10) == (two,)
    assert commands.get("acme", "c-1") == done and done.outcome == outcome
    assert commands.pending(Bridge("b-2", "acme", "pem"), T0, 10) == ()


def test_commands_are_listed_newest_first_page_by_page(rows: Rows) -> None:
    commands = RowCommandRepo(rows)
    for number in range(5):
        commands.add(replace(COMMAND, id=f"c-{number}", requested_at_ms=T0 + number), [])
    first = commands.listing("acme", None, 3)
    rest = commands.listing("acme", first.cursor, 3)
    assert [one.id for one in (*first.items, *rest.items)] == ["c-4", "c-3", "c-2", "c-1", "c-0"]
    assert rest.cursor is None and commands.listing("other", None, 3).items == ()


def test_the_state_tells_in_the_same_read_until_when_commands_may_wait(rows: Rows) -> None:
    states, commands = RowStateRepo(rows), RowCommandRepo(rows)
    assert states.glance("acme", "acme-bridge") == (EnterpriseState(), 0)
    states.commit("acme", EnterpriseState(), 0, warnings=[], events=[])
    commands.add(replace(COMMAND, id="long", life_s=MAX_LIFE_S), [])
    commands.add(replace(COMMAND, requested_at_ms=T0 + 1000), [])
    state, until_ms = states.glance("acme", "acme-bridge")
    assert state == states.load("acme")[0] and until_ms == T0 + 1000 + MAX_LIFE_S * 1000
    assert states.glance("acme", "another")[1] == 0


# gaps


def test_the_first_report_of_a_gap_stands(rows: Rows) -> None:
    gaps = RowGapRepo(rows)
    other = replace(GAP, readings=99)
    assert gaps.add([GAP, other]) == (GAP, GAP)
    assert gaps.add([other]) == (GAP,)
    assert list(gaps.between("acme", T0, T0 + 1)) == [GAP]


def test_the_same_gap_from_many_at_once_is_one(raced_rows: Rows) -> None:
    gaps = RowGapRepo(raced_rows)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: gaps.add([replace(GAP, readings=number)])[0], range(4)))
    assert len(set(found)) == 1 and list(gaps.between("acme", T0, T0 + 1)) == found[:1]


def test_gaps_are_told_apart_by_spool_and_id_and_enterprise(rows: Rows) -> None:
    gaps = RowGapRepo(rows)
    told = [GAP, replace(GAP, id=2), replace(GAP, spool="s-2"), replace(GAP, enterprise_id="other")]
    assert gaps.add(told) == tuple(told) and gaps.add([]) == ()
    assert len(list(gaps.between("acme", T0, T0 + 1))) == 3
    assert list(gaps.between("other", T0, T0 + 1)) == told[3:]


def test_a_gap_is_found_once_in_every_month_that_it_touches(rows: Rows) -> None:
    gaps = RowGapRepo(rows)
    long = replace(GAP, to_ms=T0 + 3 * MONTH_MS, rows=None, point_ids=None)
    gaps.add([long])
    assert list(gaps.between("acme", T0 + 2 * MONTH_MS, T0 + 2 * MONTH_MS + 1)) == [long]
    assert list(gaps.between("acme", T0 - MONTH_MS, T0 + 5 * MONTH_MS)) == [long]
    assert list(gaps.between("acme", T0 + 5 * MONTH_MS, T0 + 6 * MONTH_MS)) == []


def test_more_gaps_than_fit_one_page_all_come_back(rows: Rows) -> None:
    many = [replace(GAP, id=number, from_ms=T0 + number, to_ms=T0 + number) for number in range(205)]
    assert len(RowGapRepo(rows).add(many)) == 205
    assert {one.id for one in RowGapRepo(rows).between("acme", T0, T0 + 1)} == set(range(205))


# reports and bridges


def test_the_last_report_of_each_bridge_is_kept(rows: Rows) -> None:
    reports = RowReportRepo(rows)
    spool = SpoolState("s", 10, None, 0)
    for bridge_id, at_ms in (("b-1", T0), ("b-2", T0), ("b-1", T0 + 5)):
        reports.put(BridgeReport(bridge_id, "acme", at_ms, at_ms - 9, spool))
    assert [(one.bridge_id, one.received_at_ms) for one in reports.of_enterprise("acme")] == [
        ("b-1", T0 + 5),
        ("b-2", T0),
    ]
    assert reports.of_enterprise("other") == () and reports.get(BRIDGE) is None
    assert reports.get(Bridge("b-2", "acme", "pem")) == reports.of_enterprise("acme")[1]


def test_an_enterprise_lists_its_bridges(rows: Rows) -> None:
    class Clock:
        def now_ms(self) -> int:
            return T0

    registry = RowRegistryRepo(rows, Clock())
    registry.put_bridge(BRIDGE)
    registry.put_bridge(replace(BRIDGE, revoked=True))
    registry.put_bridge(Bridge("b-2", "other", "pem"))
    assert registry.bridges("acme") == (replace(BRIDGE, revoked=True),)


# blocks


def test_a_block_comes_back_with_the_rows_it_was_made_of(rows: Rows) -> None:
    known = block(T0, source=Source("spool", ((1, 5), (9, MAX_ROW))))
    RowBlockRepo(rows).add(known)
    assert list(RowBlockRepo(rows).between("acme", T0, T0 + 1)) == [known]


def test_the_widest_source_fits_into_an_item_beside_the_largest_payload() -> None:
    wide = tuple((MAX_ROW - 2 * number, MAX_ROW - 2 * number) for number in reversed(range(MAX_RANGES)))
    known = replace(block(T0, source=Source("spool", wide)), payload=b"x" * 350_000)
    from chalicelib.adapters.dynamo.rows import item_of

    item = item_of(block_row(known))
    assert sum(len(name) + sum(len(part) for part in value.values()) for name, value in item.items()) < 400 * 1024
    assert block_of(block_row(known)) == known


@pytest.mark.parametrize("backward", [True, False], ids=["backward", "forward"])
def test_blocks_beyond_an_instant_come_nearest_first_and_no_more_than_asked(rows: Rows, backward: bool) -> None:
    blocks = RowBlockRepo(rows, page=2)
    at = [T0 + hour * HOUR_MS for hour in range(-3, 4)]
    for time_ms in at:
        blocks.add(block(time_ms))
    found = [one.first_ms for one in blocks.beyond("acme", T0, backward=backward, late=False, limit=3)]
    assert found == ([at[2], at[1], at[0]] if backward else at[3:6])
    assert list(islice(blocks.beyond("acme", T0, backward=backward, late=True, limit=3), 1)) == []
    assert list(blocks.beyond("other", T0, backward=backward, late=False, limit=3)) == []


def test_late_blocks_beyond_an_instant_are_found_by_their_readings(rows: Rows) -> None:
    blocks = RowBlockRepo(rows, page=2)
    late = [block(T0 - hour * HOUR_MS, T0 + 9 * HOUR_MS, number=hour) for hour in range(1, 6)]
    for one in late:
        blocks.add(one)
    assert list(blocks.beyond("acme", T0, backward=True, late=True, limit=4)) == late[:4]
    assert list(blocks.beyond("acme", T0 - 3 * HOUR_MS, backward=False, late=True, limit=9)) == late[2::-1]
