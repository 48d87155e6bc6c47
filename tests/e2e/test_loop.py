"""The whole loop once, on the packaged functions: a reactor runs hot, and the task is closed by two departments."""

import json
import time
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import httpx

from demo.camera import take_photo
from infra import local_stack
from tests.live_park import FUNCTIONS, HOT, SITE, LivePark, LivePlant, eventually, now_ms

SIDES = ("safety", "environment")
NOTE, REASON = "夜班某某已关闭阀门", "照片里有某某的脸"


def test_a_hot_reactor_ends_as_a_task_closed_by_two_departments(live: LivePark) -> None:
    plant = live.plant("loop")
    correlation_id = plant.reads(HOT, correlation_id=f"loop-{uuid4()}")

    task = plant.task_of()
    assert (task["tier"], task["safety"]["inspector_id"]) == (3, live.person("inspector_safety"))
    warning = live.phones["committee"].get(f"v1/warnings/{task['warning_id']}")
    assert (warning["tier"], warning["state"]) == (3, "open")

    (pushed,) = eventually(lambda: live.pushes(task), "the push of the task")
    assert "3级预警" in pushed["notification"]["title"]
    for function in ("api", "evaluate", "relay", "push"):
        assert eventually(
            lambda name=function: live.log_of(name, correlation_id), f"{function} logs the upload's correlation id"
        )

    for side in SIDES:
        brings_evidence(live, task, side)
        submits(live, task, side)
    for side in SIDES:
        verdict = {"revision": 1, "verdict": "passed"}
        task = live.phones[f"department_{side}"].post(f"v1/tasks/{task['id']}/sides/{side}/verdict", verdict)
    assert task["state"] == "closed"

    assert eventually(lambda: live.pushes(task, "task_closed"), "the push of the closing")
    assert live.inbox(task) == ["task_closed", "side_submitted", "task_dispatched"]
    assert live.log_of("photo", correlation_id), "what happens to the task carries the same id, photos included"
    eventually(lambda: scored(live, plant) == {"timely", "warning"}, "both entries in the score ledger")
    assert {one["status"] for one in live.deliveries(task)} == {"sent"}


def brings_evidence(live: LivePark, task: dict, side: str) -> None:
    """A photo as a phone takes it, and a value measured by hand."""
    photo = live.photographs(task, side)
    assert photo["state"] == "verified" and photo["width_px"] == 1600
    assert abs(photo["position"]["latitude"] - SITE["latitude"]) < 0.001
    indicator, value, unit = {
        "safety": ("reactor_temperature", HOT["temperature"], "Cel"),
        "environment": ("voc", HOT["voc"], "mg/m3"),
    }[side]
    retest = {"id": str(uuid4()), "dimension": side, "indicator": indicator, "value": value, "unit": unit}
    retest |= {"instrument": "handheld-1", "measured_at": datetime.now().astimezone().isoformat()}
    known = live.phones[f"inspector_{side}"].post(f"v1/tasks/{task['id']}/retests", retest)
    assert known["comparison"]["agreement"] in ("agrees", "awaiting")


def submits(live: LivePark, task: dict, side: str) -> None:
    answer = live.phones[f"inspector_{side}"].post(f"v1/tasks/{task['id']}/sides/{side}/submission", {"note": NOTE})
    assert answer[side]["state"] == "submitted"


def scored(live: LivePark, plant: LivePlant) -> set[str]:
    return {entry["cause"] for entry in live.phones["committee"].get(f"v1/enterprises/{plant.id}/score")["entries"]}


def test_the_pictures_of_a_verified_photo_carry_no_exif_and_its_original_is_what_was_taken(live: LivePark) -> None:
    plant = live.plant("pictures")
    plant.reads(HOT)
    task = plant.task_of()
    photo = live.photographs(task, "safety")
    shown = live.phones["department_safety"].get(f"v1/tasks/{task['id']}/photos/{photo['id']}")
    links = shown["links"]
    original = httpx.get(links.pop("original"), timeout=30)
    assert sha256(original.content).hexdigest() == photo["sha256"] and b"Exif" in original.content
    assert len(links) == 2
    for link in links.values():
        picture = httpx.get(link, timeout=30)
        assert picture.status_code == 200 and picture.content.startswith(b"\xff\xd8") and b"Exif" not in picture.content


def test_what_the_functions_log_is_json_and_holds_nothing_secret_or_personal(live: LivePark, stack_home: Path) -> None:
    plant, since_ms = live.plant("logged"), now_ms()
    correlation_id = plant.reads(HOT)
    task = plant.task_of()
    for side in SIDES:
        brings_evidence(live, task, side)
        submits(live, task, side)
    returned = {"revision": 1, "verdict": "rejected", "reason": REASON}
    live.phones["department_safety"].post(f"v1/tasks/{task['id']}/sides/safety/verdict", returned)
    eventually(lambda: "side_rejected" in live.inbox(task, "inspector_safety"), "the return is told")
    eventually(lambda: live.log_of("push", correlation_id), "the push function's lines")

    lines = [line for function in FUNCTIONS for line in live.log(function, since_ms)]
    said = [json.dumps(json.loads(line), ensure_ascii=False) for line in lines]
    assert len(said) > 20
    for secret in secrets(live, stack_home):
        assert [line for line in said if secret in line] == []


def test_a_figure_of_the_dashboard_follows_a_change_within_two_seconds(live: LivePark) -> None:
    plant = live.plant("figures")
    plant.reads(HOT)
    task = plant.task_of()

    def safety() -> dict:
        found = live.phones["committee"].get("v1/dashboard", enterprise=plant.id)["figures"]["tasks"]["sides"]
        return next(one for one in found if one["side"] == "safety")

    eventually(lambda: safety()["pending"] == 1, "the task in the figures")
    brings_evidence(live, task, "safety")
    submits(live, task, "safety")
    began = time.monotonic()
    eventually(lambda: safety()["submitted"] == 1, "the submission in the figures", within_s=10, every_s=0.05)
    assert time.monotonic() - began <= 2.0


def secrets(live: LivePark, home: Path) -> list[str]:
    """What must not be in a log: tokens, keys, names, and what people wrote and photographed."""
    keys = [line for file in home.glob("*.pem") for line in file.read_text().splitlines() if not line.startswith("---")]
    people = [live.phones[role].get("v1/me")["name"] for role in live.phones]
    picture = b64encode(take_photo("any", **SITE)[:600]).decode()[:200]
    assert keys and people
    return [*live.stack.tokens.values(), *keys, *people, live.fcm_token, "ya29.", "eyJ", NOTE, REASON, picture]


def test_no_function_asked_for_anything_that_its_role_refuses(live: LivePark, stack_home: Path) -> None:
    local_stack.save_now(stack_home)
    assert local_stack.denied_calls(stack_home) == []
