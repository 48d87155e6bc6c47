"""A photo over a weak line, on the packaged functions: in parts, with a break."""

import hashlib
from uuid import uuid4

import httpx

from demo.camera import take_photo
from tests.live_park import HOT, SITE, LivePark, eventually

PART = 5 * 1024 * 1024


def test_a_photo_that_came_in_parts_is_judged_like_any_other(live: LivePark) -> None:
    plant = live.plant("parts")
    plant.reads(HOT)
    task = plant.task_of()
    phone = live.phones["inspector_safety"]
    picture = take_photo("parts", **SITE)
    data = picture + bytes(PART)  # decoders stop at the picture's end; what follows makes the file long
    photo = {"id": str(uuid4()), "dimension": "safety", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    phone.post(f"v1/tasks/{task['id']}/photos", photo | {"content_type": "image/jpeg"})
    path = f"v1/tasks/{task['id']}/photos/{photo['id']}"
    first, last = phone.post(f"{path}/parts")["missing"]
    put(last, data)
    (rest,) = phone.post(f"{path}/parts")["missing"]
    assert rest["number"] == first["number"]
    put(rest, data)
    phone.post(f"{path}/parts/completion")
    judged = eventually(
        lambda: found if (found := phone.get(path))["state"] != "expected" else None, "the photo is judged"
    )
    assert (judged["state"], judged["width_px"]) == ("verified", 1600)


def put(part: dict, data: bytes) -> None:
    answer = httpx.put(part["url"], content=data[part["start"] : part["start"] + part["size"]], timeout=60)
    assert answer.status_code == 200, answer.text
