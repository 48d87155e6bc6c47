"""reading_to_push_s: from the instant a value was read in the device to the push at the provider, on the local stack.

`make demo` measures it on the whole running system and writes it into its report; here it is read from there. So is the floor,
where the report has one: one authenticated write through the same gateway, function and table.
"""

import json
import time
from pathlib import Path

from bench.figure import Figure

REPORT = Path(__file__).resolve().parent.parent / "build" / "demo" / "report.json"
FRESH_S = 24 * 3600
TARGET_S = 60.0
Percentiles = dict[str, float]


def figures() -> list[Figure]:
    measured, floor, note = _latency()
    return [
        Figure("reading_to_push_s.p50", measured.get("p50"), "s", floor.get("p50"), note=note),
        Figure("reading_to_push_s.p95", measured.get("p95"), "s", floor.get("p95"), TARGET_S, note=note),
    ]


def _latency() -> tuple[Percentiles, Percentiles, str]:
    try:
        age_s = time.time() - REPORT.stat().st_mtime
        latencies: dict[str, Percentiles] = json.loads(REPORT.read_text())["latency_s"]
        measured = latencies["reading_to_push"]
    except (OSError, ValueError, KeyError) as error:
        return {}, {}, f"not measured ({type(error).__name__}): there is no report of a demo; run `make demo` first"
    if age_s > FRESH_S:
        return {}, {}, f"not measured: the demo's report is {age_s / 3600:.0f} h old; run `make demo` again"
    return measured, latencies.get("api_write", {}), f"from the demo's run {age_s / 60:.0f} min ago"
