"""Whatever happens to the bridge, the park ends up with every reading once, or with a gap in the ledger that says how many are missing."""

from collections.abc import Mapping

import pytest

from bench.edge_figures import CASES
from tests.edge_faults.cases import RUNS
from tests.edge_faults.cases.outages import BACKLOG_PER_S, LIVE_WINDOW_S
from tests.edge_faults.figures import Figures, Outcome

# Nobody but the declared policy may drop anything, and only these cases fill the disk or spoil it.
LOSSES_ALLOWED = frozenset(
    {"full_refuse_new", "full_drop_oldest", "disk_full", "spool_overwritten", "spool_truncated", "spool_header_zeroed"}
)


def assert_nothing_is_lost_or_doubled(figures: Figures) -> None:
    assert figures.error is None, told(figures)
    assert figures.stored > 0, told(figures)
    counts = (figures.lost, figures.duplicates, figures.conflicts, figures.wrong, figures.quarantined)
    assert counts == (0, 0, 0, 0, 0), told(figures)
    assert figures.unaccounted in (0, None), told(figures)


def told(figures: Figures) -> str:
    """All of a case on its lines, the worst first."""
    entry = figures.entry()
    return "\n".join([str(figures.error), *figures.evidence, *(f"{name}: {entry[name]}" for name in entry)])


def done(figures: Figures) -> Mapping[str, float]:
    """What was done and seen, of a case that came to its end."""
    assert figures.error is None, told(figures)
    return figures.done


def test_every_case_has_a_row_in_the_readme_and_every_row_a_case() -> None:
    assert set(RUNS) == set(CASES)


@pytest.mark.parametrize(
    "case", [pytest.param(name, marks=pytest.mark.case(name), id=name) for name in RUNS if name not in LOSSES_ALLOWED]
)
def test_nothing_is_lost_and_nothing_doubled(case: str, outcome: Outcome) -> None:
    figures = outcome(case)
    assert_nothing_is_lost_or_doubled(figures)
    assert (figures.dropped, figures.refused, figures.in_ledger, figures.ledger) == (0, 0, 0, 0), told(figures)


@pytest.mark.case("kill_9")
def test_a_hundred_kills_leave_only_what_was_not_committed_yet(outcome: Outcome) -> None:
    figures = outcome("kill_9")
    assert done(figures)["kills"] == 100
    assert figures.repeats > 0, "some answers were lost, so some blocks must have come again"


@pytest.mark.case("outage_13h")
def test_after_thirteen_hours_the_park_sees_now_first_and_the_backlog_comes_at_the_declared_rate(
    outcome: Outcome,
) -> None:
    seen = done(outcome("outage_13h"))
    assert seen["waiting"] > 0.5 * 13 * 60 * 50 * 2, "a busy machine skips polls of a clock that runs 500 times as fast"
    assert seen["first_upload_age_s"] <= LIVE_WINDOW_S
    assert seen["live_pause_s_max"] <= 2 * LIVE_WINDOW_S
    assert seen["backlog_per_s_max"] <= 1.3 * BACKLOG_PER_S


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(name, marks=pytest.mark.case(name), id=name)
        for name in ("full_refuse_new", "full_drop_oldest", "disk_full")
    ],
)
def test_what_a_full_disk_costs_stands_in_the_ledger_to_the_reading(case: str, outcome: Outcome) -> None:
    figures = outcome(case)
    assert_nothing_is_lost_or_doubled(figures)
    assert figures.in_ledger == figures.ledger == figures.dropped + figures.refused > 0, told(figures)


@pytest.mark.case("full_drop_oldest")
def test_points_of_high_priority_are_not_dropped_while_there_are_others(outcome: Outcome) -> None:
    figures = outcome("full_drop_oldest")
    assert figures.dropped > 0
    assert figures.done["high_priority_dropped"] == 0, told(figures)


@pytest.mark.case("server_429")
def test_retry_after_is_obeyed(outcome: Outcome) -> None:
    seen = done(outcome("server_429"))
    assert seen["uploads_429"] >= 4
    assert seen["early_requests"] == 0


@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=pytest.mark.case(name), id=name) for name in ("server_cuts", "doubled_and_reordered")],
)
def test_a_lost_answer_makes_the_same_block_come_again(case: str, outcome: Outcome) -> None:
    assert outcome(case).repeats > 0


@pytest.mark.case("server_frozen")
def test_devices_are_polled_on_while_the_park_is_frozen(outcome: Outcome) -> None:
    seen = done(outcome("server_frozen"))
    assert seen["frozen_s"] >= 60
    assert seen["polled_while_frozen"] > 0.9 * 4 * 60 / 0.2


@pytest.mark.case("bad_devices")
def test_the_others_are_polled_within_two_percent_of_what_was_asked(outcome: Outcome) -> None:
    seen = done(outcome("bad_devices"))
    assert seen["off_asked_rate_percent_max"] <= 2.0
    assert seen["slow_reads_per_s"] > 0.2


@pytest.mark.case("clock_jumps")
def test_a_clock_that_jumps_is_noticed_and_every_jump_is_marked_in_the_ledger(outcome: Outcome) -> None:
    seen = done(outcome("clock_jumps"))
    assert seen["noticed"] >= seen["jumps"] == 4
    assert seen["unmarked"] == 0
    assert seen["refused_tokens"] == 0


@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=pytest.mark.case(name), id=name) for name in RUNS if name.startswith("spool_")],
)
def test_a_damaged_spool_is_set_aside_and_the_ledger_names_what_is_missing_to_the_reading(
    case: str, outcome: Outcome
) -> None:
    figures = outcome(case)
    assert_nothing_is_lost_or_doubled(figures)
    assert figures.done["set_aside"] == 1
    assert figures.ledger == figures.in_ledger == figures.done["missing"] > 0, told(figures)
