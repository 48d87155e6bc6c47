"""The figures of alarms: what each counts, and that the whole is the sum of its parts."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.alarm_kpis import (
    BIN_MS,
    HOUR_MS,
    Alarm,
    Figures,
    Group,
    Span,
    alarm_kpis,
    chattering_of,
    shift_of,
)
from chalicelib.domain.catalogue import Chattering, Grouping
from chalicelib.domain.group_load import GroupLoad

ZONE = ZoneInfo("Asia/Shanghai")
T0 = 1_772_416_800_000  # 10:00 in Shanghai
DAY_MS = 24 * HOUR_MS
EAST, WEST = ("east", "hydrogen"), ("west", "hydrogen")
CHATTERING = Chattering(3, HOUR_MS)
SPAN = Span(T0, T0 + DAY_MS, T0 + 2 * DAY_MS, ZONE, CHATTERING, DAY_MS)
GROUPS = {EAST: 2, WEST: 0}


def alarm(number: int, at_ms: int = T0, **changes: object) -> Alarm:
    return replace(Alarm(f"w-{number}", EAST, "r1", "rule", at_ms), **changes)


def total(*alarms: Alarm, span: Span = SPAN) -> Figures:
    return alarm_kpis(alarms, span, GROUPS)[0]


def test_nothing_raised_is_no_trouble_and_no_time() -> None:
    none = total()
    assert (none.raised, none.per_hour, none.peak_10min, none.peak_at_ms, none.flood_share) == (0, 0.0, 0, None, 0.0)
    assert (none.acknowledge, none.close, none.worst, none.worst_share) == (None, None, (), 0)


def test_rates_are_by_the_hour_and_by_inspector_and_day() -> None:
    found = total(*(alarm(n, T0 + n * HOUR_MS) for n in range(12)))
    assert (found.hours, found.raised, found.per_hour, found.per_inspector_day) == (24.0, 12, 0.5, 6.0)
    _, parts = alarm_kpis([], SPAN, GROUPS)
    assert [part.figures.per_inspector_day for part in parts if part.region == "west"] == [None, None]


def test_the_peak_is_the_first_of_the_fullest_ten_minutes() -> None:
    times = [T0, T0 + BIN_MS, T0 + BIN_MS + 1, T0 + 5 * BIN_MS, T0 + 5 * BIN_MS + 1]
    found = total(*(alarm(n, at_ms) for n, at_ms in enumerate(times)))
    assert (found.peak_10min, found.peak_at_ms) == (2, T0 + BIN_MS)


@pytest.mark.parametrize(("count", "bins"), [(10, 0), (11, 1)])
def test_more_than_ten_in_ten_minutes_are_a_flood(count: int, bins: int) -> None:
    assert total(*(alarm(n, T0 + n) for n in range(count))).flood_share == bins / 144


def test_what_stands_counts_whenever_it_was_raised_and_is_stale_after_its_time() -> None:
    old = alarm(1, T0 - 9 * DAY_MS, is_standing=True)
    fresh = alarm(2, SPAN.now_ms - DAY_MS, is_standing=True)
    found = total(old, fresh, alarm(3))
    assert (found.raised, found.standing, found.stale) == (1, 2, 1)


def test_chattering_are_the_third_opening_within_the_window_and_those_after() -> None:
    times = [0, 20, 40, 50, 200, 259, 260]
    alarms = [alarm(n, T0 + minute * 60_000) for n, minute in enumerate(times)]
    others = [replace(one, warning_id=f"x-{n}", unit_id=f"r{n + 2}") for n, one in enumerate(alarms)]
    assert chattering_of([*others, *reversed(alarms)], CHATTERING) == {"w-2", "w-3"}


def test_times_to_answer_are_by_nearest_rank() -> None:
    found = total(*(alarm(n, acknowledged_after_ms=n * 1000) for n in range(1, 11)), alarm(11))
    assert found.acknowledge is not None and found.close is None
    assert (found.acknowledge.p50_s, found.acknowledge.p90_s) == (5.0, 9.0)


def test_the_worst_are_ten_at_most_and_have_their_share() -> None:
    alarms = [alarm(20 * n + k, unit_id=f"r{n:02d}") for n in range(12) for k in range(n + 1)]
    worst = total(*alarms).worst
    assert [(one.unit_id, one.count) for one in worst[:2]] == [("r11", 12), ("r10", 11)] and len(worst) == 10
    assert sum(one.share for one in worst) == pytest.approx(75 / 78)


@pytest.mark.parametrize(
    ("hour", "shift"), [(7, "night"), (8, "day"), (19, "day"), (20, "night"), (0, "night")], ids=str
)
def test_the_shift_of_an_hour_in_the_park(hour: int, shift: str) -> None:
    at = datetime(2026, 3, 2, hour, 59, tzinfo=ZONE).astimezone(UTC)
    assert shift_of(round(at.timestamp() * 1000), ZONE) == shift


ADDITIVE = ("raised", "standing", "stale", "chattering", "shelved", "suppressed")
ALARMS = st.lists(
    st.builds(
        Alarm,
        warning_id=st.uuids().map(str),
        group=st.sampled_from((EAST, WEST)),
        unit_id=st.sampled_from(("r1", "r2")),
        rule_id=st.just("rule"),
        raised_at_ms=st.integers(T0 - DAY_MS, T0 + 2 * DAY_MS),
        is_standing=st.booleans(),
        was_shelved=st.booleans(),
        was_suppressed=st.booleans(),
        acknowledged_after_ms=st.none() | st.integers(0, DAY_MS),
        closed_after_ms=st.none(),
    ),
    max_size=60,
    unique_by=lambda one: one.warning_id,
)


@given(ALARMS, st.integers(1, 3 * DAY_MS))
def test_the_whole_is_the_sum_over_groups_and_shifts(alarms: list[Alarm], length_ms: int) -> None:
    whole, parts = alarm_kpis(alarms, replace(SPAN, to_ms=T0 + length_ms), GROUPS)
    known = {field.name for field in fields(Figures)}
    for name in ADDITIVE:
        assert name in known and getattr(whole, name) == sum(getattr(part.figures, name) for part in parts)
    assert whole.hours == pytest.approx(sum(part.figures.hours for part in parts if part.region == "east"))
    assert whole.hours == pytest.approx(length_ms / HOUR_MS)
    assert whole.peak_10min >= max(part.figures.peak_10min for part in parts)


@given(ALARMS)
def test_the_order_of_alarms_does_not_matter(alarms: list[Alarm]) -> None:
    assert alarm_kpis(alarms, SPAN, GROUPS) == alarm_kpis(list(reversed(alarms)), SPAN, GROUPS)


@given(st.lists(st.integers(0, 120_000), max_size=60), st.integers(1, 5))
def test_a_flood_is_told_as_if_every_dispatch_were_remembered(gaps: list[int], count: int) -> None:
    grouping, load, at_ms, seen = Grouping(10_000, count, 600_000), GroupLoad(*EAST), T0, list[int]()
    for gap in gaps:
        at_ms += gap
        within = [one for one in seen if one > at_ms - grouping.flood_window_ms]
        assert load.is_flood(at_ms, grouping) == (len(within) >= count)
        load = load.with_dispatch(at_ms, grouping, None)
        seen.append(at_ms)


def test_groups_are_told_by_name() -> None:
    group: Group = EAST
    _, parts = alarm_kpis([], SPAN, {group: 1})
    assert [(one.region, one.industry, one.shift, one.inspectors) for one in parts] == [
        (*EAST, "day", 1),
        (*EAST, "night", 1),
    ]
