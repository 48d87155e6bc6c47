"""What a phone brings after a time without a signal, for tests: operations, and what became of them."""

from typing import Any

from chalicelib.api.models.wire import rfc3339
from tests.acts import client_id, the_task
from tests.park import Park


def operation(park: Park, number: int, kind: str, payload: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    known = {"id": client_id(number), "kind": kind, "at": rfc3339(park.clock.ms), "payload": payload or {}}
    return known | ({} if "task_id" in more else {"task_id": the_task(park)["id"]}) | more


def brings(park: Park, person: str, *operations: dict[str, Any], sent_ms: int | None = None) -> list[dict[str, Any]]:
    sent = {"device_id": "phone-1", "sent_at": rfc3339(park.clock.ms if sent_ms is None else sent_ms)}
    answer = park.as_(person).post("/v1/sync", sent | {"operations": list(operations)})
    park.pump()
    results: list[dict[str, Any]] = answer["results"]
    return results


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return [one["outcome"] for one in results]


def kinds(park: Park, person: str) -> set[str]:
    return {notice["kind"] for notice in park.as_(person).get("/v1/inbox")["items"]}
