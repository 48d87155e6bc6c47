"""Snapshots of units: who brings them, what is refused, who sees them."""

import hashlib
import json
from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.photo import RefusalReason
from tests.acts import JPEG, FakeInspector, client_id
from tests.park import START_MS, Park

WHERE = "/v1/units/acme-r1/snapshots"
DAY_MS = 86_400_000


@pytest.fixture
def inspector() -> FakeInspector:
    return FakeInspector()


@pytest.fixture
def park(inspector: FakeInspector) -> Park:
    return Park(inspector=inspector).register()


def body(number: int = 1, at_ms: int = START_MS, **changes: Any) -> dict[str, Any]:
    return {
        "id": client_id(number),
        "camera": "cam-r1",
        "taken_at": rfc3339(at_ms),
        "sha256": hashlib.sha256(JPEG).hexdigest(),
        "size": len(JPEG),
    } | changes


def lands(park: Park, number: int = 1, at_ms: int = START_MS) -> None:
    announced = park.as_("enterprise").post(WHERE, body(number, at_ms), expect=201)
    park.services.media.write(announced["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
    park.photo_lands(announced["upload"]["fields"]["key"])


def bridge(park: Park, unit: str, name: str = "acme-bridge", *, expect: int) -> dict[str, Any]:
    sent = json.dumps(body(unit_id=unit)).encode()
    return park.sends(name, "/v1/bridges/snapshots", sent, expect=expect)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"taken_at": rfc3339(START_MS + 600_000)}, "taken_at", "time_ahead", id="of what is to come"),
        pytest.param({"taken_at": rfc3339(START_MS - 91 * DAY_MS)}, "taken_at", "past", id="of long ago"),
        pytest.param({"camera": "no camera"}, "camera", "pattern", id="by a camera without a name"),
        pytest.param({"size": 0}, "size", "at_least", id="without a byte"),
        pytest.param({"content_type": "image/png"}, "content_type", "unknown", id="of another type"),
    ],
)
def test_what_cannot_be_a_snapshot_is_refused_by_field(
    park: Park, changes: dict[str, Any], field: str, code: str
) -> None:
    problem = park.as_("enterprise").post(WHERE, body(**changes), expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_unit_of_somebody_else_is_not_there(park: Park) -> None:
    park.as_("enterprise_other").post(WHERE, body(), expect=404)
    park.as_("committee").post(WHERE, body(), expect=403)
    lands(park)
    for who in ("enterprise_other", "inspector_elsewhere", "department_elsewhere"):
        park.as_(who).get(WHERE, expect=404)
        park.as_(who).get(f"{WHERE}/{client_id(1)}", expect=404)
    park.as_("enterprise_other").get(f"/v1/units/other-r1/snapshots/{client_id(1)}", expect=404)


def test_a_bridge_brings_those_of_its_own_plant(park: Park) -> None:
    bridge(park, "other-r1", expect=404)
    bridge(park, "nothing", expect=404)
    announced = bridge(park, "acme-r1", expect=201)
    assert (announced["enterprise_id"], announced["uploaded_by"], announced["is_by_bridge"]) == (
        "acme",
        "acme-bridge",
        True,
    )
    assert announced["upload"]["fields"]["key"] == f"incoming/snapshots/{client_id(1)}"
    bridge(park, "other-r1", "other-bridge", expect=409)  # under an id that is taken
    assert park.as_("enterprise").get(WHERE)["items"] == []  # its bytes have not come


def test_the_same_again_is_one_and_another_one_under_its_id_is_refused(park: Park) -> None:
    for _ in range(2):
        park.as_("enterprise").post(WHERE, body(), expect=201)
    park.as_("enterprise").post(WHERE, body(camera="cam-r2"), expect=409)


def test_a_picture_that_is_none_is_refused_and_not_listed(park: Park, inspector: FakeInspector) -> None:
    inspector.reason = RefusalReason.UNREADABLE
    lands(park)
    seen = park.as_("enterprise").get(f"{WHERE}/{client_id(1)}")
    assert (seen["state"], seen["reason"]) == ("refused", "unreadable") and seen["reason_text"] and "links" not in seen
    assert park.as_("enterprise").get(WHERE)["items"] == []


def test_a_unit_shows_what_its_cameras_saw_newest_first(park: Park, inspector: FakeInspector) -> None:
    for number, minutes in ((1, 0), (2, -20), (3, -10)):
        lands(park, number, START_MS + minutes * 60_000)
    first = park.as_("inspector_safety").get(f"{WHERE}?limit=2")
    rest = park.as_("inspector_safety").get(f"{WHERE}?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in (*first["items"], *rest["items"])] == [client_id(n) for n in (1, 3, 2)]
    park.photo_lands(f"incoming/snapshots/{client_id(1)}")
    assert inspector.looks == 3 and len(park.as_("admin").get(WHERE)["items"]) == 3


def test_the_original_is_for_those_who_judge_and_for_who_brought_it(park: Park) -> None:
    lands(park)
    links = {
        who: set(park.as_(who).get(WHERE)["items"][0]["links"])
        for who in ("enterprise", "inspector_safety", "committee")
    }
    assert links == {
        "enterprise": {"480", "1600", "original"},
        "inspector_safety": {"480", "1600"},
        "committee": {"480", "1600", "original"},
    }


def test_an_object_that_nobody_announced_does_nothing(park: Park, inspector: FakeInspector) -> None:
    for there in (True, False):
        key = f"incoming/snapshots/{client_id(8 if there else 9)}"
        if there:
            park.services.media.write(key, JPEG, content_type="image/jpeg")
        park.photo_lands(key)
    assert inspector.looks == 0


def test_an_object_that_is_gone_is_no_failure(park: Park) -> None:
    park.as_("enterprise").post(WHERE, body(), expect=201)
    park.photo_lands(f"incoming/snapshots/{client_id(1)}")
    assert park.as_("enterprise").get(f"{WHERE}/{client_id(1)}")["state"] == "expected"
