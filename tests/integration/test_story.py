"""The whole loop in domain words, in one process."""

import hashlib

import pytest

from tests.park import Park

PHOTO = b"jpeg bytes"


@pytest.fixture
def park() -> Park:
    return Park().register()


def photo(park: Park, who: str, task_id: str, side: str, number: int) -> None:
    body = {
        "id": f"0199f3a0-7c1e-7b52-9d53-0d6a4c1f2e{number:02d}",
        "dimension": side,
        "sha256": hashlib.sha256(PHOTO).hexdigest(),
        "size": len(PHOTO),
        "content_type": "image/jpeg",
    }
    park.as_(who).post(f"/v1/tasks/{task_id}/photos", body, expect=201)


def retest(park: Park, who: str, task_id: str, side: str, number: int) -> None:
    body = {
        "id": f"0199f3a0-7c1e-7b52-9d53-0d6a4c1f2f{number:02d}",
        "dimension": side,
        "indicator": "voc",
        "value": 28.5,
        "unit": "mg/m3",
        "instrument": "PID-3",
        "measured_at": "2026-03-02T10:05:00+08:00",
    }
    park.as_(who).post(f"/v1/tasks/{task_id}/retests", body, expect=201)


def test_a_hot_reactor_ends_as_a_task_closed_by_two_departments(park: Park) -> None:
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    (task,) = park.as_("inspector_safety").get("/v1/tasks")["items"]
    assert task["tier"] == 3 and task["safety"]["inspector_id"] == "inspector_safety"
    tid = task["id"]
    for side in ("safety", "environment"):
        retest(park, f"inspector_{side}", tid, side, 1 + (side == "safety"))
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{tid}/sides/{side}/submission", {"note": "已处置"})
        park.pump()
    for side in ("safety", "environment"):
        task = park.as_(f"department_{side}").post(
            f"/v1/tasks/{tid}/sides/{side}/verdict", {"revision": 1, "verdict": "passed"}
        )
        park.pump()
    assert task["state"] == "closed"
    assert park.as_("inspector_safety").get("/v1/tasks")["items"] == []
    score = park.as_("enterprise").get("/v1/enterprises/acme/score")
    assert [entry["cause"] for entry in score["entries"]] == ["timely", "warning"]
    kinds = [n["kind"] for n in park.as_("enterprise").get("/v1/inbox")["items"]]
    assert kinds == ["task_closed", "task_dispatched"]
    assert park.failures == 0
