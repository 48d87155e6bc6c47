"""Gaps: the months that they are found by, and what counts as the same report."""

from dataclasses import replace

import pytest

from chalicelib.domain.gap import MAX_MONTHS, BridgeReport, Gap, GapReason, SpoolState

FEBRUARY_28, MARCH_1, JULY_1 = 1_772_236_800_000, 1_772_323_200_000, 1_782_864_000_000
YEAR_MS = 366 * 86_400_000
GAP = Gap(7, "s", "acme", "acme-bridge", (3, 9), FEBRUARY_28, FEBRUARY_28 + 1, 50, GapReason.DROPPED_OLDEST)


@pytest.mark.parametrize(
    ("changes", "months"),
    [
        pytest.param({}, ("2026-02",), id="within a month it is that month"),
        pytest.param({"to_ms": MARCH_1}, ("2026-02", "2026-03"), id="over a month's end it is both"),
        pytest.param({"from_ms": MARCH_1, "to_ms": FEBRUARY_28}, ("2026-02", "2026-03"), id="a clock that was set back makes no difference"),
        pytest.param({"from_ms": JULY_1, "to_ms": 0, "reason": GapReason.CLOCK_JUMP}, ("1970-01", "2026-07"), id="a mark is of its two ends only"),
    ],
)  # fmt: skip
def test_a_gap_is_found_by_the_months_that_it_touches(changes: dict[str, object], months: tuple[str, ...]) -> None:
    assert replace(GAP, **changes).months == months  # type: ignore[arg-type]


def test_a_gap_of_decades_is_found_by_its_first_years() -> None:
    assert len(replace(GAP, to_ms=FEBRUARY_28 + 40 * YEAR_MS).months) == MAX_MONTHS


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        pytest.param({"rows": None}, False, id="other rows are another report"),
        pytest.param({"readings": 51}, False, id="another count is another report"),
        pytest.param({"detail": "x"}, False, id="another detail is another report"),
        pytest.param({"point_ids": ("p",), "received_at_ms": 5}, True, id="points and arrival do not count"),
    ],
)
def test_what_is_the_same_report(changes: dict[str, object], is_same: bool) -> None:
    assert GAP.says_the_same_as(replace(GAP, **changes)) is is_same  # type: ignore[arg-type]


REPORT = BridgeReport("acme-bridge", "acme", JULY_1, JULY_1 - 50, SpoolState("s", 9, None, 0))


@pytest.mark.parametrize(
    ("later_ms", "sent_later_ms", "is_newer"),
    [
        pytest.param(300_000, 0, False, id="the same report again is not newer, whenever it comes"),
        pytest.param(5_000, -1, False, id="one that was sent before and overtaken is not newer"),
        pytest.param(600_001, -3_600_000, True, id="one from a clock that was set back is"),
        pytest.param(1, 1, True, id="one that was sent later is"),
    ],
)
def test_which_report_is_the_last(later_ms: int, sent_later_ms: int, is_newer: bool) -> None:
    new = replace(REPORT, received_at_ms=REPORT.received_at_ms + later_ms, sent_at_ms=REPORT.sent_at_ms + sent_later_ms)
    assert new.supersedes(REPORT) is is_newer and new.supersedes(None)
