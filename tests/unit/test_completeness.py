"""The completeness ledger: every known row is stored or missing, once, with the right reason and dates."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.completeness import (
    BlockRows,
    BridgeLedger,
    Span,
    SpoolLedger,
    bridge_ledger,
    explain,
    spool_ledger,
)
from chalicelib.domain.gap import BridgeReport, Gap, GapReason, SpoolState
from chalicelib.domain.source import RowRange, Source, merge

DAY_MS, MINUTE_MS = 86_400_000, 60_000
MIDNIGHT = 1_772_380_800_000  # 2026-03-02T00:00:00+08:00
SPAN = Span(MIDNIGHT, MIDNIGHT + DAY_MS)
SPOOL = f"{MIDNIGHT - 9 * DAY_MS:012x}"[:8] + "-" + f"{MIDNIGHT - 9 * DAY_MS:012x}"[8:] + "-7000-8000-000000000001"
NEW_SPOOL = (
    f"{MIDNIGHT + 60 * MINUTE_MS:012x}"[:8] + "-" + f"{MIDNIGHT + 60 * MINUTE_MS:012x}"[8:] + "-7000-8000-000000000002"
)
NO_TIME = "00000000-0000-4000-8000-000000000001"


def at(minute: float) -> int:
    return MIDNIGHT + round(minute * MINUTE_MS)


def block(*rows: RowRange, minutes: tuple[float, float], readings: int = 10, spool: str = SPOOL) -> BlockRows:
    return BlockRows("b", Source(spool, rows), at(minutes[0]), at(minutes[1]), readings)


def gap(rows: RowRange | None, minutes: tuple[float, float] = (20, 30), number: int = 1, **changes: Any) -> Gap:
    known = Gap(number, SPOOL, "acme", "b", rows, at(minutes[0]), at(minutes[1]), 50, GapReason.DROPPED_OLDEST)
    return replace(known, **changes)


def report(oldest: int | None, newest: int | None, *, spool: str = SPOOL, minute: float = 100) -> BridgeReport:
    return BridgeReport("b", "acme", at(minute), at(minute), SpoolState(spool, newest, oldest, 0))


def ledger(blocks: list[BlockRows], gaps: list[Gap] | None = None, told: BridgeReport | None = None, spool: str = SPOOL) -> SpoolLedger:  # fmt: skip
    return spool_ledger(spool, blocks, gaps or [], told, SPAN)


def missing(found: SpoolLedger) -> list[tuple[RowRange, str]]:
    return [(one.rows, one.reason) for one in found.missing]


FIRST = block((1, 100), minutes=(10, 20))
NEXT = block((101, 150), minutes=(20, 40))
LATER = block((151, 300), minutes=(40, 60))


# what is missing, and why


def test_rows_between_stored_ones_that_nobody_accounts_for_are_unknown_and_dated_by_their_neighbours() -> None:
    found = ledger([FIRST, LATER])
    (one,) = found.missing
    assert (one.rows, one.reason, one.from_ms, one.to_ms) == ((101, 150), "unknown", at(20), at(40))
    assert not found.is_complete


@pytest.mark.parametrize(
    ("gaps", "told", "expected"),
    [
        pytest.param([gap((101, 150))], None, [((101, 150), "dropped_oldest")], id="a gap of the ledger says why"),
        pytest.param([gap((90, 120))], None, [((101, 120), "dropped_oldest"), ((121, 150), "unknown")], id="a gap says why for its own rows only"),
        pytest.param([], report(120, 400), [((101, 119), "unknown"), ((120, 150), "waiting"), ((301, 400), "waiting")], id="the bridge still has them"),
        pytest.param([gap((101, 130))], report(120, 300), [((101, 130), "dropped_oldest"), ((131, 150), "waiting")], id="what the ledger has lost does not wait"),
        pytest.param([gap((101, 130)), gap((120, 150), number=2, reason=GapReason.REFUSED)], None,
                     [((101, 130), "dropped_oldest"), ((131, 150), "refused")], id="of two gaps the first names a row"),
        pytest.param([gap((101, 150), reason=GapReason.CLOCK_JUMP)], None, [((101, 150), "unknown")], id="a mark explains nothing"),
        pytest.param([], report(None, 300), [((101, 150), "unknown")], id="a bridge where nothing waits explains nothing"),
        pytest.param([], report(120, 400, spool=NEW_SPOOL), [((101, 150), "unknown")], id="another spool's backlog explains nothing"),
        pytest.param([], report(400, 120), [((101, 150), "unknown")], id="a report that contradicts itself explains nothing"),
    ],
)  # fmt: skip
def test_why_rows_are_missing(gaps: list[Gap], told: BridgeReport | None, expected: list[tuple[RowRange, str]]) -> None:
    assert missing(ledger([FIRST, LATER], gaps, told)) == expected


def test_a_day_with_nothing_lost_is_complete() -> None:
    found = ledger([FIRST, NEXT, LATER], told=report(None, 300))
    assert found.is_complete and found.readings == 30
    (one,) = found.stored
    assert (one.rows, one.from_ms, one.to_ms, one.readings) == ((1, 300), at(10), at(60), 30)


def test_no_data_is_no_ledger() -> None:
    assert ledger([]) == SpoolLedger(SPOOL, 0, (), (), ())


def test_a_whole_day_that_waits_is_told_though_nothing_of_it_is_stored() -> None:
    before = block((1, 50), minutes=(-120, -90), readings=0)
    (one,) = ledger([before], told=report(51, 900, minute=1500)).missing
    assert (one.rows, one.reason, one.from_ms, one.to_ms) == ((51, 900), "waiting", at(-90), at(1500))


def test_what_waits_today_is_not_missing_from_a_day_long_past() -> None:
    past = Span(MIDNIGHT - 8 * DAY_MS, MIDNIGHT - 7 * DAY_MS)
    before = block((1, 50), minutes=(-120, -90), readings=0)
    assert spool_ledger(SPOOL, [before], [], report(51, 900), past).missing == ()


def test_a_backlog_of_unknown_age_is_told_on_the_day_of_the_report_only() -> None:
    told = report(5, 90, spool=NO_TIME)
    assert missing(ledger([], told=told, spool=NO_TIME)) == [((5, 90), "waiting")]
    tomorrow = Span(SPAN.to_ms, SPAN.to_ms + DAY_MS)
    assert spool_ledger(NO_TIME, [], [], told, tomorrow).missing == ()


# the ends of the day


def test_rows_lost_around_midnight_are_told_on_both_days() -> None:
    evening, morning = block((1, 100), minutes=(-60, -10)), block((121, 150), minutes=(15, 30))
    for span, blocks in (
        (SPAN, [replace(evening, readings=0), morning]),
        (Span(SPAN.from_ms - DAY_MS, SPAN.from_ms), [evening, replace(morning, readings=0)]),
    ):
        (one,) = spool_ledger(SPOOL, blocks, [], None, span).missing
        assert (one.rows, one.from_ms, one.to_ms) == ((101, 120), at(-10), at(15))


def test_rows_lost_yesterday_are_not_told_today() -> None:
    blocks = [block((1, 10), minutes=(-90, -80), readings=0), block((21, 30), minutes=(-70, -60), readings=0)]
    found = ledger([*blocks, block((31, 40), minutes=(5, 10))])
    assert found.missing == () and found.is_complete


def test_a_block_that_crosses_midnight_counts_with_all_its_rows() -> None:
    (one,) = ledger([block((5, 30), minutes=(-20, 20))]).stored
    assert (one.rows, one.from_ms, one.to_ms) == ((5, 30), at(-20), at(20))


def test_a_start_that_nothing_is_known_of_is_said() -> None:
    found = ledger([block((40, 60), minutes=(10, 20))])
    assert found.missing == () and not found.is_start_known and not found.is_complete


def test_a_spool_made_that_day_lacks_what_comes_before_its_first_stored_row() -> None:
    found = ledger([block((40, 60), minutes=(90, 99), spool=NEW_SPOOL)], spool=NEW_SPOOL)
    (one,) = found.missing
    assert (one.rows, one.from_ms, one.to_ms) == ((1, 39), at(60), at(90)) and found.is_start_known


# gaps that no missing range tells of


@pytest.mark.parametrize(
    ("known", "is_told", "is_complete"),
    [
        pytest.param(gap(None, reason=GapReason.DISK_FULL), True, False, id="readings that never got a row"),
        pytest.param(gap((50, 50), reason=GapReason.REFUSED), True, False, id="some readings of a row that is stored"),
        pytest.param(gap(None, (30, -30), reason=GapReason.CLOCK_JUMP), True, True, id="a jump of the clock loses nothing"),
        pytest.param(gap(None, (-30, -10)), False, True, id="yesterday's gap"),
        pytest.param(gap((301, 310), (1500, 1510)), False, True, id="tomorrow's gap"),
    ],
)  # fmt: skip
def test_gaps_beside_the_missing_rows(known: Gap, is_told: bool, is_complete: bool) -> None:
    found = ledger([FIRST, NEXT, LATER], [known])
    assert (found.gaps == (known,), found.is_complete) == (is_told, is_complete)
    assert found.missing == ()


def test_a_gap_that_a_missing_range_tells_of_is_not_told_twice() -> None:
    found = ledger([FIRST, LATER], [gap((101, 150))])
    assert found.gaps == () and [one.gap for one in found.missing] == [gap((101, 150))]


def test_a_damaged_spool_is_told_though_no_block_of_it_is_there() -> None:
    found = ledger([], [gap((100, 900), reason=GapReason.SPOOL_DAMAGED)])
    assert missing(found) == [((100, 900), "spool_damaged")]


# what is stored


def test_two_ranges_of_one_block_share_its_readings() -> None:
    found = ledger([block((1, 10), (21, 30), minutes=(10, 20)), block((31, 40), minutes=(20, 25))])
    assert [(one.rows, one.readings) for one in found.stored] == [((1, 10), None), ((21, 40), None)]
    assert found.readings == 20
    (one,) = found.missing
    assert (one.from_ms, one.to_ms) == (at(10), at(20))  # within the block: more cannot be known


def test_doubled_blocks_are_one_range() -> None:
    (one,) = ledger([FIRST, FIRST]).stored
    assert one.rows == (1, 100)


# a bridge


def bridge(blocks: list[BlockRows], told: BridgeReport | None = None, gaps: list[Gap] | None = None, *, is_expected: bool = True) -> BridgeLedger:  # fmt: skip
    return bridge_ledger("b", blocks, gaps or [], told, SPAN, is_expected=is_expected)


@pytest.mark.parametrize(
    ("told", "is_expected", "is_silent"),
    [
        pytest.param(report(None, 300), True, True, id="a bridge that has reported once and has nothing is silent"),
        pytest.param(report(None, 300), False, False, id="one that is revoked is not waited for"),
        pytest.param(None, True, False, id="one that never spoke is not judged"),
        pytest.param(report(None, 5, spool=f"{'f' * 8}-ffff-7000-8000-000000000001"), True, False, id="one whose spool is younger was not there"),
    ],
)  # fmt: skip
def test_when_a_bridge_is_silent(told: BridgeReport | None, is_expected: bool, is_silent: bool) -> None:
    found = bridge([], told, is_expected=is_expected)
    assert (found.is_silent, found.is_complete) == (is_silent, not is_silent)


def test_a_new_spool_after_damage_stands_beside_the_old_one() -> None:
    new = block((1, 20), minutes=(70, 80), spool=NEW_SPOOL)
    found = bridge(
        [new, FIRST], report(None, 20, spool=NEW_SPOOL), [gap((101, 140), (20, 60), reason=GapReason.SPOOL_DAMAGED)]
    )
    assert [(one.spool, missing(one)) for one in found.spools] == [
        (SPOOL, [((101, 140), "spool_damaged")]),
        (NEW_SPOOL, []),
    ]


def test_blocks_without_a_source_are_said_and_never_complete() -> None:
    old = BlockRows("b", None, at(5), at(9), 30)
    found = bridge([old, replace(old, first_ms=at(1)), replace(old, readings=0)])
    assert found.unsourced is not None and not found.is_complete and not found.is_silent
    assert (found.unsourced.blocks, found.unsourced.readings, found.unsourced.from_ms) == (2, 60, at(1))


# the invariant

ROWS = st.tuples(st.integers(1, 200), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=8), st.none() | ROWS)
def test_stored_and_missing_ranges_are_the_whole_and_do_not_overlap(
    stored: list[RowRange], lost: list[RowRange], waiting: RowRange | None
) -> None:
    known = [*stored, *lost, *([waiting] if waiting else [(1, 1)])]
    whole = (min(first for first, _ in known), max(last for _, last in known))
    gaps = [gap(rows, number=number) for number, rows in enumerate(lost)]
    rows = [one for one, _, _ in explain(whole, stored, gaps, waiting)] + list(merge(stored))
    assert sorted(row for a, b in rows for row in range(a, b + 1)) == list(range(whole[0], whole[1] + 1))


@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=8), st.none() | ROWS)
def test_a_reason_is_that_of_the_first_gap_then_waiting_then_unknown(
    stored: list[RowRange], lost: list[RowRange], waiting: RowRange | None
) -> None:
    gaps = [gap(rows, number=number) for number, rows in enumerate(lost)]
    for (first, last), reason, why in explain((1, 230), stored, gaps, waiting):
        for row in (first, last):
            naming = next((one for one in gaps if one.rows and one.rows[0] <= row <= one.rows[1]), None)
            waits = waiting is not None and waiting[0] <= row <= waiting[1]
            assert why == naming
            assert reason == (naming.reason.value if naming else "waiting" if waits else "unknown")
