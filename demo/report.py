"""What the demo counts at its end, all of it read back through the API, the bridge's own counters and the FCM stand-in."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from demo.client import Phone

Json = dict[str, Any]
WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report and what about it is not as it must be (empty: all is well)."""

    report: Json
    problems: list[str] = field(default_factory=list)


def everything(phone: Phone, path: str, **query: Any) -> list[Json]:
    """All pages of a list."""
    items: list[Json] = []
    cursor: str | None = None
    while True:
        page = phone.get(path, **query, **({} if cursor is None else {"cursor": cursor}))
        items += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return items


def stored_readings(phone: Phone, unit_ids: Iterable[str], since_ms: int) -> tuple[int, int]:
    """(readings stored, readings that came twice) over all units, read back through the API."""
    stored = doubled = 0
    for unit_id in unit_ids:
        start: str | None = iso(since_ms)
        end = iso(round(time.time() * 1000) + 300_000)
        while start is not None:
            page = phone.get(f"v1/units/{unit_id}/readings", **{"from": start, "to": end})
            for series in page["series"]:
                stored += len(series["times"])
                doubled += len(series["times"]) - len(set(series["times"]))
            start = page.get("next_from")
    return stored, doubled


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(timespec="milliseconds")


def collect(
    *, admin: Phone, standins: str, unit_ids: Iterable[str], since_ms: int, bridge: Mapping[str, int], every_tier: bool
) -> Outcome:
    """Count everything once more from outside and say what is wrong."""
    stored, doubled = stored_readings(admin, unit_ids, since_ms)
    warnings = [w for w in everything(admin, "v1/warnings") if w["state"] != "observed"]
    tasks = everything(admin, "v1/tasks", state="all")
    deliveries = {task["id"]: admin.get(f"v1/tasks/{task['id']}/deliveries")["items"] for task in tasks}
    photos = [p for task in tasks for p in admin.get(f"v1/tasks/{task['id']}/evidence")["photos"]]
    latencies = push_latencies_s(standins, tasks, warnings)
    produced = bridge.get("produced", 0)
    report = {
        "readings": {"produced": produced, "stored": stored, "lost": produced - stored, "doubled": doubled},
        "warnings": {str(tier): sum(w["tier"] == tier for w in warnings) for tier in (1, 2, 3)},
        "tasks": {"opened": len(tasks), "closed": sum(task["state"] == "closed" for task in tasks)},
        "pushes": count_pushes(deliveries.values()),
        "photos": {state: sum(p["state"] == state for p in photos) for state in ("verified", "refused")},
        "latency_s": {"reading_to_push": {"p50": percentile(latencies, 50), "p95": percentile(latencies, 95)}},
    }
    return Outcome(report, problems_of(report, photos, every_tier=every_tier))


def count_pushes(ledgers: Iterable[list[Json]]) -> Json:
    """Of each notice and device the last attempt counts; earlier ones were retried."""
    final: dict[tuple[str, str], str] = {}
    attempts = 0
    for ledger in ledgers:
        for one in sorted(ledger, key=lambda d: d["attempt"]):
            final[one["notice_id"], one["device_id"]] = one["status"]
            attempts += 1
    counts = Counter(final.values())
    failed = counts["refused"] + counts["retry"]
    forgotten = counts["unregistered"]  # the provider no longer knows the device, and now neither do we
    return {"sent": counts["sent"], "failed": failed, "retried": attempts - len(final), "forgotten": forgotten}


def push_latencies_s(standins: str, tasks: list[Json], warnings: list[Json]) -> list[float]:
    """From the reading that decided a warning to the push of its task being taken by FCM, for each push."""
    opened = {w["id"]: datetime.fromisoformat(w["opened_at"]).timestamp() for w in warnings}
    decided = {task["id"]: opened[task["warning_id"]] for task in tasks if task["warning_id"] in opened}
    messages = httpx.get(f"{standins}/messages", timeout=10).json()["messages"]
    found = []
    for one in messages:
        data = one["message"].get("data", {})
        if data.get("kind") == "task_dispatched" and data["task_id"] in decided:
            found.append(one["at_ms"] / 1000 - decided[data["task_id"]])
    return sorted(found)


def percentile(values: list[float], share: int) -> float | None:
    """Nearest-rank percentile of sorted values; None where there are none."""
    if not values:
        return None
    return round(values[max(0, -(-len(values) * share // 100) - 1)], 3)


def problems_of(report: Json, photos: list[Json], *, every_tier: bool) -> list[str]:
    problems = []
    readings, tasks = report["readings"], report["tasks"]
    if readings["lost"] or not readings["produced"]:
        problems.append(f"readings lost: {readings['lost']} of {readings['produced']}")
    if readings["doubled"]:
        problems.append(f"readings doubled: {readings['doubled']}")
    if tasks["opened"] != tasks["closed"]:
        problems.append(f"tasks not closed: {tasks['opened'] - tasks['closed']} of {tasks['opened']}")
    if tasks["opened"] and not report["pushes"]["sent"]:
        problems.append("no push was sent")
    if report["pushes"]["failed"]:
        problems.append(f"pushes failed: {report['pushes']['failed']}")
    if every_tier and (missing := [tier for tier, n in report["warnings"].items() if n == 0]):
        problems.append(f"no warning of tier {', '.join(missing)}")
    if waiting := sum(p["state"] == "expected" for p in photos):
        problems.append(f"photos never judged: {waiting}")
    return problems
