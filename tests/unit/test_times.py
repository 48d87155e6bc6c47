"""Months as the park's clocks have them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.score import month_of
from chalicelib.domain.times import month_span, months_through

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000


def test_months_go_on_over_the_end_of_a_year() -> None:
    assert months_through("2025-11", "2026-02") == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert months_through("2026-02", "2026-02") == ("2026-02",) and months_through("2026-02", "2026-01") == ()


@pytest.mark.parametrize(
    ("month", "zone", "first", "hours"),
    [
        pytest.param("2026-02", SHANGHAI, "2026-02-01T00:00:00+08:00", 28 * 24, id="February"),
        pytest.param("2026-12", SHANGHAI, "2026-12-01T00:00:00+08:00", 31 * 24, id="December ends the year"),
        pytest.param("2026-03", BERLIN, "2026-03-01T00:00:00+01:00", 31 * 24 - 1, id="an hour less where clocks go forward"),
    ],
)  # fmt: skip
def test_a_month_has_its_hours(month: str, zone: ZoneInfo, first: str, hours: int) -> None:
    from_ms, to_ms = month_span(month, zone)
    assert from_ms == round(datetime.fromisoformat(first).timestamp() * 1000)
    assert to_ms - from_ms == hours * HOUR_MS


@given(st.integers(2000, 2099), st.integers(1, 12), st.sampled_from([SHANGHAI, BERLIN]))
def test_the_span_of_a_month_is_what_lies_in_it(year: int, number: int, zone: ZoneInfo) -> None:
    month = f"{year}-{number:02d}"
    from_ms, to_ms = month_span(month, zone)
    assert month_of(from_ms, zone) == month_of(to_ms - 1, zone) == month
    assert month_of(from_ms - 1, zone) != month != month_of(to_ms, zone)
