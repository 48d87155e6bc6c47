"""What the demo counts at its end, all of it read back through the API, the bridge's own counters and the FCM stand-in."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from demo.client import Phone

Json = dict[str, Any]
WRITES = 20


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


def ledger_of(phone: Phone, enterprise_ids: Iterable[str], since_ms: int) -> Json:
    """The completeness ledgers together: rows of the bridges' spools that the park has, and such that it misses."""
    days = sorted({park_day(since_ms), park_day(round(time.time() * 1000))})
    totals = [
        phone.get(f"v1/enterprises/{one}/completeness", day=day)["totals"] for one in enterprise_ids for day in days
    ]
    return {part: sum(one[f"rows_{part}"] for one in totals) for part in ("stored", "missing")}


def park_day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo("Asia/Shanghai")).date().isoformat()


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(timespec="milliseconds")


def collect(
    *,
    admin: Phone,
    standins: str,
    enterprise_ids: Iterable[str],
    unit_ids: Iterable[str],
    since_ms: int,
    bridge: Mapping[str, int],
    every_tier: bool,
) -> Outcome:
    """Count everything once more from outside and say what is wrong."""
    stored, doubled = stored_readings(admin, unit_ids, since_ms)
    warnings = [w for w in everything(admin, "v1/warnings") if w["state"] != "observed"]
    tasks = everything(admin, "v1/tasks", state="all")
    photos = [p for task in tasks for p in admin.get(f"v1/tasks/{task['id']}/evidence")["photos"]]
    latencies = push_latencies_s(standins, tasks, warnings)
    produced = bridge.get("produced", 0)
    report = {
        "rows": ledger_of(admin, enterprise_ids, since_ms),
        "readings": {"produced": produced, "stored": stored, "lost": produced - stored, "doubled": doubled},
        "industries": industries_of(admin, enterprise_ids, warnings),
        "warnings": {str(tier): sum(w["tier"] == tier for w in warnings) for tier in (1, 2, 3)},
        "tasks": {"opened": len(tasks), "closed": sum(task["state"] == "closed" for task in tasks)},
        "pushes": reported(count_pushes(ledgers(admin))),
        "photos": {state: sum(p["state"] == state for p in photos) for state in ("verified", "refused")},
        "latency_s": {"reading_to_push": percentiles(latencies), "api_write": percentiles(write_round_trips_s(admin))},
    }
    return Outcome(report, problems_of(report, photos, every_tier=every_tier))


def industries_of(admin: Phone, enterprise_ids: Iterable[str], warnings: list[Json]) -> dict[str, int]:
    """How many warnings there were in the industry of each enterprise."""
    industry = {one: admin.get(f"v1/enterprises/{one}")["industry"] for one in enterprise_ids}
    counts = Counter(industry[w["enterprise_id"]] for w in warnings)
    return {name: counts[name] for name in dict.fromkeys(industry.values())}


def ledgers(admin: Phone) -> list[Json]:
    """Every attempt to deliver anything, of all tasks."""
    tasks = everything(admin, "v1/tasks", state="all")
    return [one for task in tasks for one in admin.get(f"v1/tasks/{task['id']}/deliveries")["items"]]


def count_pushes(attempts: list[Json]) -> Json:
    """Of each notice and device the last attempt counts; earlier ones were retried."""
    final = {
        (one["notice_id"], one["device_id"]): one["status"] for one in sorted(attempts, key=lambda d: d["attempt"])
    }
    counts = Counter(final.values())
    # A forgotten device: Google no longer knows it, and now neither does the park.
    words = {"sent": "sent", "refused": "refused", "waiting": "retry", "forgotten": "unregistered"}
    return {word: counts[status] for word, status in words.items()} | {"retried": len(attempts) - len(final)}


def reported(pushes: Json) -> Json:
    """What waits for another try when all is over counts as failed."""
    failed = pushes["refused"] + pushes["waiting"]
    return {"sent": pushes["sent"], "failed": failed, "retried": pushes["retried"], "forgotten": pushes["forgotten"]}


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


def write_round_trips_s(phone: Phone) -> list[float]:
    """What one authenticated write takes through the same gateway, function and table: the floor of any latency here."""
    found = []
    for number in range(WRITES):
        begun_s = time.perf_counter()
        phone.put("v1/me/devices/stopwatch", {"token": f"stopwatch-{number:08d}", "platform": "web"})
        found.append(time.perf_counter() - begun_s)
    return sorted(found)


def percentiles(values: list[float]) -> Json:
    return {"p50": percentile(values, 50), "p95": percentile(values, 95)}


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
    if report["rows"]["missing"]:
        problems.append(f"rows of the bridge's spool missing at the park: {report['rows']['missing']}")
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
    if every_tier and (silent := [name for name, n in report["industries"].items() if n == 0]):
        problems.append(f"no warning in {', '.join(silent)}")
    if waiting := sum(p["state"] == "expected" for p in photos):
        problems.append(f"photos never judged: {waiting}")
    return problems


def shown(path: Path) -> str:
    """A path as it is seen from the project's folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def rows_of(report: Json) -> Iterator[tuple[str, str]]:
    """The report as people read it."""
    names = {
        "readings": "读数 readings",
        "rows": "完整性 completeness",
        "tasks": "任务 tasks",
        "pushes": "推送 pushes",
        "photos": "照片 photos",
        **({"audit": "审计 audit"} if "audit" in report else {}),
    }
    yield "预警 warnings", ", ".join(f"{count} of tier {tier}" for tier, count in report["warnings"].items())
    yield "行业 industries", ", ".join(f"{count} in {name}" for name, count in report["industries"].items())
    for part, name in names.items():
        words = {what: f"rows {what}" if part == "rows" else what for what in report[part]}
        yield name, ", ".join(f"{count} {words[what]}" for what, count in report[part].items())
    for name, one in report.get("scores", {}).items():
        yield "评分 score", f"{name} {one['score']:g} {one['grade']} ({one['entries']} entries)"
    for name, one in report.get("credit", {}).items():
        first, *others = map(Path, one["files"])
        yield (
            "信用档案 credit file",
            ", ".join([f"{name} {one['verdict']}: {shown(first)}", *(o.suffix for o in others)]),
        )
    latency = report["latency_s"]["reading_to_push"]
    if latency["p50"] is not None:
        yield "读数到推送 reading to push", f"median {latency['p50']:.1f} s, 95 % within {latency['p95']:.1f} s"
    if "recording" in report:
        run = report["recording"]
        opened = ", ".join(map(str, run["warning_rows"])) or "none"
        yield "回放 recording", f"{run['file']}: {run['rows']} rows, warnings at row {opened}"
