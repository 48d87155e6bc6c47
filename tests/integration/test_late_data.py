"""Late data and observations as people see them: a digest instead of a storm, and one department told, without a push."""

from typing import Any

import pytest

from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.api.models.wire import rfc3339
from tests.park import START_MS, Park

MINUTE_MS = 60_000
DEPARTMENTS = ("department_safety", "department_environment")


@pytest.fixture
def park() -> Park:
    found = Park(channel=FakePushChannel()).register()
    for person in ("enterprise", "enterprise_other", *DEPARTMENTS, "committee"):
        found.as_(person).put("/v1/me/devices/phone", {"token": f"token-{person}", "platform": "android"})
    return found


def outage(park: Park, episodes: int) -> None:
    """Calm now; then the hours before come, in which the reactor was hot some times for three minutes."""
    park.clock.advance(6 * 3600)
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    for episode in range(episodes):
        times = [START_MS + (episode * 30 + n) * MINUTE_MS for n in range(8)]
        values = {"temperature": [186.0] * 3 + [170.0] * 5, "voc": [48.0] * 3 + [30.0] * 5, "steam": [100.0] * 8}
        park.upload([{"point": f"acme-{k}", "times": times, "values": v} for k, v in values.items()])
        park.pump()


def notices(park: Park, person: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in park.as_(person).get("/v1/inbox")["items"] if one["kind"] == kind]


def test_an_outage_full_of_warnings_is_one_digest_and_no_task(park: Park) -> None:
    outage(park, episodes=5)
    warnings = park.as_("committee").get("/v1/warnings")["items"]
    assert len(warnings) == 5 and all(one["retroactive"] for one in warnings)
    assert park.as_("committee").get("/v1/tasks", expect=200)["items"] == []
    sent = park.services.channel.sent  # type: ignore[attr-defined]
    assert sorted(device.person_id for device, _ in sent) == sorted([*DEPARTMENTS, "enterprise"])


def test_the_digest_says_how_many_and_when_the_first_would_have_been_raised(park: Park) -> None:
    outage(park, episodes=1)
    (one,) = notices(park, "enterprise", "late_warnings")
    assert "1 项" in one["body"] and "2026-03-02 10:01" in one["body"]
    assert (
        notices(park, "enterprise_other", "late_warnings")
        == []
        == notices(park, "department_elsewhere", "late_warnings")
    )


def test_late_warnings_of_the_next_hour_are_a_digest_of_their_own(park: Park) -> None:
    outage(park, episodes=1)
    park.clock.advance(3600)
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    times = [START_MS + (200 + n) * MINUTE_MS for n in range(8)]
    values = {"temperature": [186.0] * 3 + [170.0] * 5, "voc": [48.0] * 3 + [30.0] * 5}
    park.upload([{"point": f"acme-{k}", "times": times, "values": v} for k, v in values.items()])
    park.pump()
    assert len(notices(park, "enterprise", "late_warnings")) == 2


def test_a_warning_that_would_have_been_raised_says_when(park: Park) -> None:
    outage(park, episodes=1)
    (one,) = park.as_("department_safety").get("/v1/warnings")["items"]
    assert (one["opened_at"], one["state"]) == (rfc3339(START_MS + MINUTE_MS), "cleared")


@pytest.mark.parametrize(
    ("hot", "told", "not_told"),
    [
        pytest.param({"temperature": 186.0, "voc": 30.0}, "department_safety", "department_environment", id="safety alone"),
        pytest.param({"temperature": 170.0, "voc": 60.0}, "department_environment", "department_safety", id="environment alone"),
    ],
)  # fmt: skip
def test_one_dimension_alone_is_told_to_its_department_without_a_push(
    park: Park, hot: dict[str, float], told: str, not_told: str
) -> None:
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    for _ in range(3):
        park.clock.advance(60)
        park.reads(**hot, steam=104.0)
    assert len(notices(park, told, "observation_opened")) == 1 == len(notices(park, "enterprise", "observation_opened"))
    assert notices(park, not_told, "observation_opened") == []
    assert park.services.channel.sent == []  # type: ignore[attr-defined]


def test_an_observation_says_in_the_reader_s_language_what_the_others_did(park: Park) -> None:
    for _ in range(3):
        park.clock.advance(60)
        park.reads(temperature=186.0, voc=33.0, steam=100.0)
    (one,) = park.as_("department_safety").get("/v1/observations")["items"]
    said = {finding["indicator"]: finding["says"] for finding in one["findings"]}
    assert said["voc"] == "非甲烷总烃 33 mg/m3，较 30 上升 10.0%" and said["steam_flow"].endswith("基本平稳")
    english = park.as_("department_safety").get(f"/v1/observations/{one['id']}", Accept_Language="en")
    assert {f["indicator"]: f["says"] for f in english["findings"]}[
        "voc"
    ] == "Non-methane hydrocarbons 33 mg/m3, up 10.0% from 30"


def test_nobody_sees_the_observations_of_a_plant_that_is_not_theirs(park: Park) -> None:
    for _ in range(3):
        park.clock.advance(60)
        park.reads(temperature=186.0, voc=30.0, steam=100.0)
    (one,) = park.as_("enterprise").get("/v1/observations")["items"]
    for stranger in ("enterprise_other", "department_elsewhere", "inspector_elsewhere"):
        assert park.as_(stranger).get("/v1/observations")["items"] == []
        park.as_(stranger).get(f"/v1/observations/{one['id']}", expect=404)
