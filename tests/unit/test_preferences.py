"""Quiet hours: by the park's clock, over midnight, over the change to summer time, and never for tier 3."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.preferences import Preferences, QuietHours

CHINA = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(time(22), time(7))
NOON = QuietHours(time(12), time(13, 30))


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        pytest.param(NIGHT, "2026-03-02T22:00:00+08:00", "2026-03-03T07:00:00+08:00", id="as the night begins"),
        pytest.param(NIGHT, "2026-03-02T06:59:59+08:00", "2026-03-02T07:00:00+08:00", id="as it ends"),
        pytest.param(NIGHT, "2026-03-02T07:00:00+08:00", None, id="in the morning"),
        pytest.param(NIGHT, "2026-03-02T21:59:59+08:00", None, id="before it begins"),
        pytest.param(NIGHT, "2026-03-02T15:30:00+00:00", "2026-03-03T07:00:00+08:00", id="said in another zone"),
        pytest.param(NOON, "2026-03-02T12:30:00+08:00", "2026-03-02T13:30:00+08:00", id="at noon"),
        pytest.param(NOON, "2026-03-02T13:30:00+08:00", None, id="after noon"),
        pytest.param(
            QuietHours(time(8), time(8)), "2026-03-02T09:00:00+08:00", "2026-03-03T08:00:00+08:00", id="all day"
        ),
    ],
)
def test_it_is_quiet_until(quiet: QuietHours, now: str, ends: str | None) -> None:
    assert quiet.end_ms(ms(now), CHINA) == (None if ends is None else ms(ends))


def test_the_night_of_summer_time_is_an_hour_shorter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    began = ms("2026-03-28T22:00:00+01:00")
    assert NIGHT.end_ms(began, berlin) == began + 8 * 3_600_000


@pytest.mark.parametrize(("tier", "waits"), [(0, True), (1, True), (2, True), (3, False)])
def test_tier_3_does_not_wait(tier: int, waits: bool) -> None:
    until = Preferences("li", quiet=NIGHT).silent_until_ms(tier, ms("2026-03-02T23:00:00+08:00"), CHINA)
    assert (until is not None) is waits


@given(st.integers(0, 4_102_444_800_000), st.times(), st.times())
def test_quiet_that_is_now_ends_later_and_within_a_day(now_ms: int, begins: time, ends: time) -> None:
    quiet = QuietHours(begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0))
    end_ms = quiet.end_ms(now_ms, UTC)
    if end_ms is not None:
        assert now_ms < end_ms <= now_ms + 86_400_000
        assert quiet.begins == quiet.ends or quiet.end_ms(end_ms, UTC) is None
