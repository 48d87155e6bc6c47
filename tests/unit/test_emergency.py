"""Who is on call when, what counts as there, and what is nearest."""

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.emergency import (
    DAY_MS,
    Availability,
    EmergencyResource,
    OnCall,
    ResourceKind,
    masked,
    nearest,
)
from chalicelib.domain.photo import Position
from chalicelib.domain.preferences import QuietHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
HERE = Position(31.2, 121.4)
FOAM = EmergencyResource(
    "foam", "泡沫车", ResourceKind.VEHICLE, "east", "", "东门", HERE, 2.0, "台", least=1.0, checked_at_ms=0
)


def ms(written: str) -> int:
    return round(datetime.fromisoformat(written).replace(tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.mark.parametrize(
    ("days", "hours", "when", "is_on_call"),
    [
        pytest.param((1,), None, "2026-03-02T03:00", True, id="round the clock on a Monday"),
        pytest.param((1,), None, "2026-03-03T00:00", False, id="not on the Tuesday"),
        pytest.param((1,), ("08:00", "20:00"), "2026-03-02T19:59", True, id="until its hours end"),
        pytest.param((1,), ("08:00", "20:00"), "2026-03-02T20:00", False, id="not when they have ended"),
        pytest.param((1,), ("20:00", "08:00"), "2026-03-03T07:59", True, id="the night through, into the Tuesday"),
        pytest.param((1,), ("20:00", "08:00"), "2026-03-02T07:59", False, id="not in the night that began on Sunday"),
    ],
)
def test_who_is_on_call(days: tuple[int, ...], hours: tuple[str, str] | None, when: str, is_on_call: bool) -> None:
    quiet = None if hours is None else QuietHours(time.fromisoformat(hours[0]), time.fromisoformat(hours[1]))
    assert OnCall("甲", "119", days, quiet).is_at(ms(when), SHANGHAI) is is_on_call


@pytest.mark.parametrize(
    ("changed", "availability"),
    [
        pytest.param({}, Availability.AVAILABLE, id="enough, usable and checked"),
        pytest.param({"quantity": 0.0}, Availability.NONE, id="none left"),
        pytest.param({"is_usable": False}, Availability.NONE, id="broken"),
        pytest.param({"quantity": 0.5}, Availability.SHORT, id="less than there should be"),
        pytest.param({"checked_at_ms": None}, Availability.UNCHECKED, id="nobody has looked"),
        pytest.param({"checked_at_ms": -DAY_MS}, Availability.UNCHECKED, id="nobody has looked in time"),
    ],
)
def test_what_counts_as_there(changed: dict[str, float], availability: Availability) -> None:
    assert replace(FOAM, **changed).availability_at(90 * DAY_MS) is availability  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.floats(30, 32), st.floats(120, 122)), max_size=12))
def test_nothing_that_is_left_out_is_nearer_than_what_is_named(places: list[tuple[float, float]]) -> None:
    all_of_them = [replace(FOAM, id=f"r{n}", position=Position(*place)) for n, place in enumerate(places)]
    found = nearest(all_of_them, HERE, "east", 0, 3)
    whole = nearest(all_of_them, HERE, "east", 0, len(places) or 1)
    distances = [one.distance_m for one in whole]
    assert found == whole[:3] and distances == sorted(distances, key=lambda m: m or 0.0)
    assert len(found) == min(3, len(places))


@given(st.text("0123456789 -+", min_size=1, max_size=20))
def test_a_masked_number_keeps_at_least_four_digits_to_itself(phone: str) -> None:
    shown = masked(phone)
    assert len(shown.replace("*", "")) <= max(0, len(phone) - 4)
