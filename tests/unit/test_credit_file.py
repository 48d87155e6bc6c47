"""A credit file's document: of one record one document, whenever it is made; and what its sections say."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.credit_file import (
    MOST_MONTHS,
    SECTIONS,
    CreditRecord,
    digest_of,
    document_of,
    months_between,
    payload_of,
)
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.hazard import Hazard
from chalicelib.domain.score import Cause
from chalicelib.domain.task import TaskKind
from tests.credit import DAY_MS, ENTERPRISE, ZONE, entry, month, year
from tests.park import START_MS

NUMBERS = st.integers(0, 9999 * 12 - 1)


def spelled(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        pytest.param(None, "2026-04", "month_ahead", id="a month that is to come"),
        pytest.param("2026-03", "2026-02", "months_most", id="an end before the beginning"),
        pytest.param("2024-03", "2026-03", "months_most", id="more than two years"),
        pytest.param("2026-04", None, "months_most", id="a beginning that is to come"),
    ],
)
def test_a_period_that_cannot_be_is_refused(first: str | None, last: str | None, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        months_between(first, last, "2026-03")
    assert [one.code for one in refused.value.errors] == [code]


def test_without_a_period_it_is_the_last_twelve_months_with_the_running_one() -> None:
    months = months_between(None, None, "2026-03")
    assert (len(months), months[0], months[-1]) == (12, "2025-04", "2026-03")


@given(NUMBERS, st.integers(0, MOST_MONTHS - 1), st.integers(0, 40))
def test_a_period_has_each_of_its_months_once_in_order(first: int, more: int, past: int) -> None:
    running = min(first + more + past, 9999 * 12 - 1)
    if first + more > running:
        return
    months = months_between(spelled(first), spelled(first + more), spelled(running))
    assert list(months) == [spelled(first + at) for at in range(more + 1)] == sorted(set(months))


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_same_record_gives_the_same_document_but_for_the_time_of_making(once: int, again: int) -> None:
    first, second = document_of(year(), once), document_of(year(), again)
    assert first["digest"] == second["digest"] == digest_of(first)
    assert payload_of({**first, "made_at": ""}) == payload_of({**second, "made_at": ""})
    assert payload_of(document_of(year(), once)) == payload_of(first)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_digest_covers_every_section(section: str) -> None:
    document = document_of(year(), 0)
    changed = {**document, "sections": {**document["sections"], section: "another"}}
    assert digest_of(changed) != document["digest"]


def test_the_running_month_stays_out_of_the_summary_until_it_is_over() -> None:
    told = document_of(year(), 0)["sections"]["summary"]
    assert (told["months"], told["latest"], told["lowest"], told["lowest_month"]) == (11, 94.8, 43.75, "2025-09")
    assert told["grades"] == {"benchmark": 4, "compliant": 4, "rectify": 2, "supervised": 1}
    alone = CreditRecord(ENTERPRISE, ZONE, (month("2026-03", 80.0, is_running=True),))
    assert document_of(alone, 0)["sections"]["summary"]["average"] == 80.0


def test_an_entry_has_its_cause_effect_and_evidence_and_says_that_it_is_frozen() -> None:
    (march,) = (one for one in document_of(year(), 0)["sections"]["months"] if one["month"] == "2026-03")
    late = next(one for one in march["entries"] if one["cause"] == "late")
    assert (late["points"], late["effect"], late["evidence"]) == (-2.5, -2.25, ["p-1", "p-2"])
    assert late["is_frozen"] and march["objections"][0]["entry"] == late["key"]
    assert not any(one["is_frozen"] for one in march["entries"] if one is not late)


def test_nobody_is_named() -> None:
    assert b"someone" not in payload_of(document_of(year(), 0))  # who objected


def test_instants_are_in_the_parks_time_zone() -> None:
    assert document_of(year(), START_MS + 5)["made_at"] == "2026-03-02T10:00:00.005+08:00"


def test_hazards_are_told_apart_by_who_saw_them() -> None:
    own = Hazard("h-1", "acme", "acme-r1", Dimension.SAFETY, 2, "x", START_MS, "someone", START_MS, is_own=True)
    record = replace(year(), hazards=(own, replace(own, id="h-2", is_own=False)))
    told = document_of(record, 0)["sections"]["hazards"]
    assert (told["reported"], told["found"], [one["closed_at"] for one in told["items"]]) == (1, 1, ["", ""])


def test_a_month_of_an_entry_that_comes_late_is_the_ledgers_month() -> None:
    """An entry is listed where the ledger has it, whatever its own instant says."""
    kept = entry("2026-02", 40, Cause.LATE, -3.0)
    assert kept.at_ms == START_MS + 40 * DAY_MS
    record = CreditRecord(ENTERPRISE, ZONE, (month("2026-02", 97.0, kept), month("2026-03", 100.0)))
    told: list[Any] = document_of(record, 0)["sections"]["months"]
    assert [len(one["entries"]) for one in told] == [1, 0]


def test_tasks_of_a_region_are_only_counted(task_of_a_unit: Any) -> None:
    regional = replace(task_of_a_unit, id="t-2", kind=TaskKind.REGIONAL)
    told = document_of(replace(year(), tasks=(task_of_a_unit, regional)), 0)["sections"]["tasks"]
    assert (told["opened"], told["regional"], told["on_time"], told["late"]) == (1, 1, 1, 0)
    assert [one["opened"] for one in told["by_month"]] == [0] * 11 + [1]


def test_a_task_that_was_closed_after_its_time_is_late(task_of_a_unit: Any) -> None:
    late = replace(task_of_a_unit, closed_at_ms=task_of_a_unit.due_at_ms + 1)
    told = document_of(replace(year(), tasks=(late,)), 0)["sections"]["tasks"]
    assert (told["closed"], told["on_time"], told["late"], told["open"]) == (1, 0, 1, 0)


@pytest.fixture
def task_of_a_unit() -> Any:
    from chalicelib.domain.side import Side
    from chalicelib.domain.task import Task

    due = START_MS + DAY_MS
    side = Side()
    return Task(
        "t-1", "w-1", "acme", "acme-r1", "east", "circular_chemical", "r", 2, side, side, (), START_MS, due, None,
        closed_at_ms=due,
    )  # fmt: skip


def test_months_before_the_enterprise_was_known_are_marked_and_left_out_of_the_summary() -> None:
    told = document_of(replace(year(), begun_ms=START_MS - 20 * DAY_MS), 0)["sections"]  # in February
    assert [one["month"] for one in told["months"] if one["is_connected"]] == ["2026-02", "2026-03"]
    assert (told["summary"]["months"], told["summary"]["average"]) == (1, 94.8)


def test_of_an_enterprise_that_nothing_is_known_of_the_summary_is_of_the_last_month() -> None:
    told = document_of(replace(year(), begun_ms=None), 0)["sections"]
    assert not any(one["is_connected"] for one in told["months"])
    assert (told["summary"]["months"], told["summary"]["latest"]) == (1, 97.1)
