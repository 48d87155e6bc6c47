"""Once a quarter every admin is told that the catalogue is due for review, unless somebody has recorded it."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.handlers.on_clock import on_clock
from tests.acts import client_id
from tests.integration.test_catalogue import proposes, publishes
from tests.park import Park


@pytest.fixture
def park() -> Park:
    """A park whose own catalogue has been in force since March, and which has two admins."""
    park = Park().register()
    park.as_("admin").put("/v1/people/admin_2", {"name": "admin 2", "role": "admin", "language": "en"})
    proposes(park, "east")
    publishes(park, "east")
    return park


def minute(park: Park, local: str) -> None:
    """The clock strikes, at a local time of the park; then what follows is delivered."""
    park.clock.ms = round(datetime.fromisoformat(f"{local}+08:00").timestamp() * 1000)
    on_clock(park.services)
    park.pump()


def told(park: Park, person: str = "admin") -> list[dict[str, Any]]:
    items = park.as_(person).get("/v1/inbox")["items"]
    return [one for one in items if one["kind"] == "catalogue_review_due"]


@pytest.mark.parametrize(
    "local", ["2026-03-31T12:00", "2026-04-01T08:59"], ids=["in the quarter before", "before work"]
)
def test_nobody_is_told_before_the_quarter_s_first_working_hour(park: Park, local: str) -> None:
    minute(park, local)
    assert told(park) == []


def test_nobody_is_told_on_a_weekend(park: Park) -> None:
    publishes(park, "east", expect=200)
    minute(park, "2028-01-01T12:00")  # a Saturday
    minute(park, "2028-01-02T12:00")
    assert told(park) == []
    minute(park, "2028-01-03T09:00")
    assert [one["title"] for one in told(park)] == ["风险目录待复核（2028-Q1）"]


def test_nobody_is_told_of_a_version_that_took_effect_this_quarter(park: Park) -> None:
    minute(park, "2026-04-01T08:00")
    park.clock.advance(7200)
    proposes(park, "west")
    publishes(park, "west")
    minute(park, "2026-05-04T09:00")
    assert told(park) == []


def test_every_admin_is_told_once_with_the_version_and_its_age(park: Park) -> None:
    for local in ("2026-04-01T09:00", "2026-04-01T09:01", "2026-06-30T23:59"):
        minute(park, local)
    (chinese,) = told(park)
    assert "east 已施行 29 天" in chinese["body"]
    (english,) = told(park, "admin_2")
    assert english["body"].startswith("Version east has been in force for 29 days.")
    assert told(park, "committee") == []


def test_each_quarter_is_told_anew_and_a_missed_beginning_is_caught_up(park: Park) -> None:
    for local in ("2026-05-20T03:00", "2026-07-01T09:00", "2026-10-01T09:00", "2027-01-01T09:00"):
        minute(park, local)
    assert [one["title"][-8:-1] for one in told(park)] == ["2027-Q1", "2026-Q4", "2026-Q3", "2026-Q2"]


def test_the_reminder_goes_to_the_admin_s_phone(park: Park) -> None:
    park.as_("admin").put("/v1/me/devices/phone-1", {"token": "token-admin", "platform": "android"}, expect=200)
    minute(park, "2026-04-01T09:00")
    channel = park.services.channel
    assert isinstance(channel, FakePushChannel)
    assert [message.title for _, message in channel.sent] == ["风险目录待复核（2026-Q2）"]


def test_a_recorded_review_silences_its_quarter_and_no_other(park: Park) -> None:
    park.clock.ms = round(datetime.fromisoformat("2026-04-01T00:30+08:00").timestamp() * 1000)
    review = {"id": client_id(1), "note": "已核对，无需调整"}
    for _ in range(2):
        recorded = park.as_("admin").post("/v1/catalogue/reviews", review, expect=201)
    assert (recorded["quarter"], recorded["version"], recorded["by"]) == ("2026-Q2", "east", "admin")
    minute(park, "2026-04-01T09:00")
    assert told(park) == []
    minute(park, "2026-07-01T09:00")
    assert len(told(park)) == 1
    assert [one["note"] for one in park.as_("committee").get("/v1/catalogue/reviews")["items"]] == ["已核对，无需调整"]
