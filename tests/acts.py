"""What people do with a task, for tests and for the spec's examples: short words over tests.park."""

import hashlib
from dataclasses import dataclass
from typing import Any

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.photo import PhotoFinding, Position, RefusalReason
from tests.park import START_MS, Park

JPEG = b"the bytes of a picture"
MEASURED_AT = "2026-03-02T10:00:30+08:00"


def client_id(number: int) -> str:
    """A UUIDv7 as a client would make it, the same in every run."""
    return f"0199f3a0-7c1e-7b52-9d53-{number:012d}"


@dataclass(slots=True)
class FakeInspector:
    """Finds a good picture wherever the hash is the announced one, or what `reason` says."""

    reason: RefusalReason | None = None
    looks: int = 0

    def inspect(self, data: bytes, *, sha256: str, size_bytes: int, content_type: str) -> PhotoFinding:
        self.looks += 1
        if self.reason is not None:
            return PhotoFinding(self.reason)
        if hashlib.sha256(data).hexdigest() != sha256:
            return PhotoFinding(RefusalReason.HASH_MISMATCH)
        where, small, large = Position(31.2304, 121.4737), (480, b"small"), (1600, b"large")
        return PhotoFinding(None, content_type, 4032, 3024, START_MS + 30_000, where, (small, large))


def photo_body(number: int, side: str, data: bytes = JPEG, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    body = {
        "id": client_id(number),
        "dimension": side,
        "sha256": digest,
        "size": len(data),
        "content_type": "image/jpeg",
    }
    return body | changes


def retest_body(number: int, side: str, **changes: Any) -> dict[str, Any]:
    what = {"indicator": "voc", "value": 28.5, "unit": "mg/m3", "instrument": "PID-3", "measured_at": MEASURED_AT}
    return {"id": client_id(number), "dimension": side, **what, **changes}


def the_task(park: Park, eid: str = "acme") -> dict[str, Any]:
    """The one open task of an enterprise, as the park committee sees it."""
    (task,) = (one for one in park.as_("committee").get("/v1/tasks")["items"] if one["enterprise_id"] == eid)
    return task


def worker_of(task: dict[str, Any], side: str) -> str:
    """Who submits a side: the enterprise in tier 1, else the side's inspector."""
    return task["enterprise_id"].replace("acme", "enterprise") if task["tier"] == 1 else f"inspector_{side}"


def brings_retest(park: Park, task: dict[str, Any], side: str, number: int = 1) -> None:
    body = retest_body(number if side == "safety" else number + 1000, side)
    park.as_(worker_of(task, side)).post(f"/v1/tasks/{task['id']}/retests", body, expect=201)


def submits(
    park: Park, task: dict[str, Any], side: str, note: str = "已处置", *, expect: int = 200, **headers: str
) -> dict[str, Any]:
    path = f"/v1/tasks/{task['id']}/sides/{side}/submission"
    answer = park.as_(worker_of(task, side)).post(path, {"note": note}, expect=expect, **headers)
    park.pump()
    return answer


def judges(park: Park, task: dict[str, Any], side: str, verdict: str = "passed", *, revision: int = 1, reason: str = "", expect: int = 200, **headers: str) -> dict[str, Any]:  # fmt: skip
    path = f"/v1/tasks/{task['id']}/sides/{side}/verdict"
    body = {"revision": revision, "verdict": verdict, "reason": reason}
    answer = park.as_(f"department_{side}").post(path, body, expect=expect, **headers)
    park.pump()
    return answer


def answer_body(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": client_id(number), "answer": "ok", "at": MEASURED_AT} | changes


def answers(
    park: Park, task: dict[str, Any], side: str, item: str, number: int, *, expect: int = 200, **changes: Any
) -> dict[str, Any]:
    path = f"/v1/tasks/{task['id']}/checklists/{side}/items/{item}"
    answer = park.as_(worker_of(task, side)).put(path, answer_body(number, **changes), expect=expect)
    park.pump()
    return answer


def closes(park: Park, task: dict[str, Any]) -> dict[str, Any]:
    """Both sides brought, submitted and passed."""
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
    judges(park, task, "safety")
    return judges(park, task, "environment")


PLACES = {"acme": (31.2304, 121.4737), "other": (31.2304, 121.4947)}  # other lies 2 km east of acme


def places_plants(park: Park, industry_of_other: str = "circular_chemical", **elsewhere: tuple[float, float]) -> None:
    for eid, (latitude, longitude) in (PLACES | elsewhere).items():
        profile = park.services.registry.profile(eid)
        assert profile is not None
        one = profile.enterprise
        fields = {"name": one.name, "credit_code": one.credit_code, "size": one.size, "region": one.region}
        industry = industry_of_other if eid == "other" else one.industry
        position = {"latitude": latitude, "longitude": longitude}
        park.as_("admin").put(f"/v1/enterprises/{eid}", fields | {"industry": industry, "position": position})


def blows_to_other(park: Park, hours: int = 6) -> None:
    """Both plants have their places, and for hours to come the wind is forecast to blow from acme to other."""
    coming = [
        {"at": rfc3339(START_MS + hour * 3_600_000), "wind_m_s": 2.0, "wind_from_deg": 270} for hour in range(hours)
    ]
    forecast = {"kind": "forecast", "source": "station", "issued_at": rfc3339(START_MS), "hours": coming}
    park.as_("admin").put("/v1/regions/east/weather", forecast, expect=200)
    places_plants(park)
