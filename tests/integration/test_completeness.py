"""GET completeness over the whole park: what was uploaded, reported and lost, and what a person then reads."""

from typing import Any
from uuid import UUID

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.usecases import read_completeness
from tests.park import START_MS, Park

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY = "2026-03-02"
MIDNIGHT = START_MS - 10 * HOUR_MS


def made_at(at_ms: int, number: int = 1) -> str:
    """A UUIDv7 as a bridge makes it at an instant."""
    return str(UUID(int=at_ms << 80 | 7 << 76 | 2 << 62 | number))


SPOOL = made_at(MIDNIGHT - 30 * 24 * HOUR_MS)


@pytest.fixture
def park() -> Park:
    return Park().register()


def uploads(park: Park, minute: float, *rows: tuple[int, int], count: int = 5, flags: str = "", late_by_h: float = 0, **changes: Any) -> None:  # fmt: skip
    """`count` readings from a minute of the day on, one a minute, in a block made just after them (or later)."""
    start = MIDNIGHT + round(minute * MINUTE_MS)
    times = [start + MINUTE_MS * number for number in range(count)]
    one = {"point": "acme-voc", "times": times, "values": [1.0] * count, "flags": list(flags or "N" * count)}
    source = {"spool": changes.pop("spool", SPOOL), "rows": [list(each) for each in rows]} if rows else None
    made = times[-1] + 1000 + round(late_by_h * HOUR_MS)
    park.clock.ms = max(park.clock.ms, made)
    park.upload(
        [one], block_id=made_at(made, changes.pop("number", round(minute * 7) + 100_000)), source=source, **changes
    )


def reports(park: Park, *gaps: dict[str, Any], newest: int | None, oldest: int | None = None) -> None:
    spool = {"id": SPOOL, "newest": newest, "oldest_waiting": oldest, "waiting_readings": 0}
    park.report({"sent_at": rfc3339(park.clock.ms), "spool": spool, "gaps": list(gaps)})


def gap(rows: list[int] | None, minutes: tuple[float, float], reason: str, number: int = 1, **changes: Any) -> dict[str, Any]:  # fmt: skip
    start, end = (rfc3339(MIDNIGHT + round(minute * MINUTE_MS)) for minute in minutes)
    return {"id": number, "spool": SPOOL, "rows": rows, "from": start, "to": end, "readings": 7, "reason": reason} | changes  # fmt: skip


def ledger(park: Park, day: str = DAY, person: str = "enterprise", **query: Any) -> dict[str, Any]:
    words = "".join(f"&{name}={value}" for name, value in query.items())
    return park.as_(person).get(f"/v1/enterprises/acme/completeness?day={day}{words}")


def missing(answer: dict[str, Any]) -> list[tuple[list[int], str]]:
    return [
        (one["rows"], one["reason"])
        for bridge in answer["bridges"]
        for spool in bridge["spools"]
        for one in spool["missing"]
    ]


def voc(answer: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in answer["points"] if one["point"] == "acme-voc")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("", "day", id="no day"),
        pytest.param("day=2026-02-30", "day", id="a day that no calendar has"),
        pytest.param("day=yesterday", "day", id="a day in words"),
        pytest.param("day=2026-03-02&hour=24", "hour", id="an hour that no day has"),
        pytest.param("day=2026-03-02&points=all", "points", id="a field that nobody knows"),
    ],
)
def test_a_day_that_is_none_is_refused(park: Park, query: str, field: str) -> None:
    problem = park.as_("enterprise").get(f"/v1/enterprises/acme/completeness?{query}", expect=400)
    assert problem["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_READINGS", 9), ("MAX_SERIES", 1), ("MAX_BLOCKS", 1), ("MAX_GAPS", 0), ("MAX_ENTRIES", 3)]
)
def test_a_day_with_more_than_fits_is_refused_with_a_way_on(
    park: Park, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    uploads(park, 5, (1, 5))
    uploads(park, 300, (6, 10))
    reports(park, gap(None, (20, 30), "disk_full"), newest=10)
    monkeypatch.setattr(read_completeness, limit, value)
    problem = park.as_("enterprise").get(f"/v1/enterprises/acme/completeness?day={DAY}", expect=400)
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("hour", "too_much") and str(value) in error["detail"]


def test_a_day_without_anything_is_not_complete(park: Park) -> None:
    answer = ledger(park)
    assert answer["complete"] is False and answer["totals"]["readings"] == 0
    (bridge,) = answer["bridges"]
    assert bridge == {"bridge_id": "acme-bridge", "complete": True, "silent": False, "spools": []}
    assert [one["readings"] for one in answer["points"]] == [0, 0, 0]
    assert (answer["from"], answer["to"]) == ("2026-03-02T00:00:00.000+08:00", "2026-03-03T00:00:00.000+08:00")


def test_a_day_with_every_row_is_complete(park: Park) -> None:
    for number in range(4):
        uploads(park, 10 * number, (5 * number + 1, 5 * number + 5))
    reports(park, newest=20)
    answer = ledger(park)
    assert answer["complete"] is True and missing(answer) == []
    (spool,) = answer["bridges"][0]["spools"]
    assert [(one["rows"], one["readings"]) for one in spool["stored"]] == [([1, 20], 20)]
    assert answer["totals"] == {
        "readings": 20, "valid": 20, "rows_stored": 20, "rows_missing": 0, "rows_waiting": 0, "readings_lost": 0,
        "readings_unsourced": 0, "points": 3, "points_without_readings": 2,
    }  # fmt: skip
    assert voc(answer)["hourly"] == [20, *[0] * 23]


def test_from_source_to_chart_every_missing_range_has_its_reason(park: Park) -> None:
    uploads(park, 0, (1, 5))
    uploads(park, 60, (20, 24), flags="NBBNN")
    lost = [
        gap([8, 12], (10, 20), "dropped_oldest"),
        gap(None, (90, 95), "memory_full", 2, points=["acme-voc"]),
        gap(None, (97, 95), "clock_jump", 3, readings=0, detail="-120 s"),
        gap([22, 22], (62, 62), "refused", 4, detail="unknown_point"),
    ]
    reports(park, *lost, newest=40, oldest=15)
    answer = ledger(park)
    assert missing(answer) == [
        ([6, 7], "unknown"), ([8, 12], "dropped_oldest"), ([13, 14], "unknown"), ([15, 19], "waiting"), ([25, 40], "waiting"),
    ]  # fmt: skip
    (spool,) = answer["bridges"][0]["spools"]
    assert [(one["id"], one["reason"]) for one in spool["gaps"]] == [
        (2, "memory_full"),
        (3, "clock_jump"),
        (4, "refused"),
    ]
    assert spool["missing"][1]["reason_text"] == "现场磁盘已满，按策略丢弃了最早的数据"
    assert spool["missing"][1]["from"] == rfc3339(MIDNIGHT + 10 * MINUTE_MS)
    totals = answer["totals"]
    assert (totals["rows_missing"], totals["rows_waiting"], totals["readings_lost"]) == (30, 21, 21)
    assert voc(answer)["link_faults"] == [
        {"from": rfc3339(MIDNIGHT + 61 * MINUTE_MS), "to": rfc3339(MIDNIGHT + 63 * MINUTE_MS)}
    ]
    assert voc(answer)["by_flag"] == {"B": 2, "N": 8} and answer["complete"] is False


def test_what_waited_is_stored_when_it_has_come_late(park: Park) -> None:
    uploads(park, 0, (1, 5))
    uploads(park, 120, (11, 15))
    reports(park, newest=15, oldest=6)
    assert missing(ledger(park)) == [([6, 10], "waiting")]
    uploads(park, 60, (6, 10), late_by_h=9)
    park.clock.advance(1)
    reports(park, newest=15)
    assert missing(ledger(park)) == [] and ledger(park)["complete"] is True


def test_an_outage_over_midnight_is_told_on_both_days_from_neighbour_to_neighbour(park: Park) -> None:
    uploads(park, -300, (1, 5))
    uploads(park, 300, (31, 35))
    for day in ("2026-03-01", DAY):
        answer = ledger(park, day)
        (one,) = answer["bridges"][0]["spools"][0]["missing"]
        assert (one["rows"], one["reason"]) == ([6, 30], "unknown")
        assert (one["from"], one["to"]) == (
            rfc3339(MIDNIGHT - 296 * MINUTE_MS),
            rfc3339(MIDNIGHT + 300 * MINUTE_MS),
        )
    assert missing(ledger(park, "2026-02-27")) == []


def test_days_apart_with_no_row_between_them_lack_nothing(park: Park) -> None:
    uploads(park, -4 * 24 * 60, (1, 5))
    uploads(park, 300, (6, 10))
    assert ledger(park)["complete"] is True and missing(ledger(park, "2026-03-01")) == []


def test_a_start_that_nothing_is_known_of_is_said(park: Park) -> None:
    uploads(park, 300, (6, 10))
    answer = ledger(park)
    assert answer["bridges"][0]["spools"][0]["start_known"] is False and answer["complete"] is False


def test_a_bridge_that_numbers_nothing_is_said_as_such(park: Park) -> None:
    uploads(park, 30)
    answer = ledger(park)
    (bridge,) = answer["bridges"]
    assert bridge["unsourced"]["readings"] == 5 == answer["totals"]["readings_unsourced"]
    assert bridge["complete"] is answer["complete"] is False and bridge["spools"] == []


def test_a_bridge_that_is_quiet_all_day_is_said(park: Park) -> None:
    uploads(park, -300, (1, 5))
    reports(park, newest=5)
    park.clock.ms = MIDNIGHT + 30 * HOUR_MS
    answer = ledger(park)
    assert answer["bridges"][0]["silent"] is True and answer["complete"] is False
    assert ledger(park, "2026-05-01")["bridges"][0]["silent"] is False  # it is still to come


def test_an_hour_is_a_day_in_small(park: Park) -> None:
    uploads(park, 55, (1, 10), count=10)
    uploads(park, 130, (11, 15))
    answer = ledger(park, hour=1)
    assert (answer["from"], answer["to"]) == (rfc3339(MIDNIGHT + HOUR_MS), rfc3339(MIDNIGHT + 2 * HOUR_MS))
    assert voc(answer)["readings"] == 5 and voc(answer)["hourly"] == [5]
    assert answer["complete"] is True and answer["totals"]["rows_stored"] == 10


def test_doubled_readings_count_once(park: Park) -> None:
    uploads(park, 0, (1, 5))
    uploads(park, 0, (1, 5), number=2)
    answer = ledger(park)
    assert voc(answer)["readings"] == 5 and answer["totals"]["rows_stored"] == 5


def test_reasons_are_told_in_the_readers_language(park: Park) -> None:
    uploads(park, 0, (1, 5))
    uploads(park, 20, (7, 11))
    answer = park.as_("enterprise").get(f"/v1/enterprises/acme/completeness?day={DAY}", Accept_Language="en")
    assert answer["bridges"][0]["spools"][0]["missing"][0]["reason_text"] == "not known"


def test_a_ledger_is_of_its_own_enterprise_only(park: Park) -> None:
    uploads(park, 0, (1, 5))
    reports(park, gap([9, 12], (10, 20), "disk_full"), newest=12)
    park.as_("enterprise_other").get(f"/v1/enterprises/acme/completeness?day={DAY}", expect=404)
    other = park.as_("enterprise_other").get(f"/v1/enterprises/other/completeness?day={DAY}")
    assert other["totals"]["readings"] == 0 and missing(other) == []
    assert [one["bridge_id"] for one in other["bridges"]] == ["other-bridge"]
