"""Is the bridge well? Pure: a snapshot in, the reasons why not out.

A device that does not answer is no illness of the bridge: its points say so themselves, with flag B. What counts is whether
readings are kept and leave.
"""

from typing import TypedDict

from green_shield_bridge.operate.status_model import Snapshot

SILENCE_MS = 10 * 60_000


class Reason(TypedDict):
    code: str
    detail: str


def reasons(now: Snapshot, silence_ms: int = SILENCE_MS) -> list[Reason]:
    """Why the bridge is not well; empty when it is. `silence_ms`: how long the park may not answer while readings wait."""
    found: list[Reason] = []
    spool, since_ms = now["spool"], now["upload"]["retrying_since_ms"]
    if spool["refusing"] is not None:
        found.append({"code": spool["refusing"], "detail": f"the spool refuses readings ({spool['path']})"})
    if since_ms is not None and spool["waiting"] and now["now_ms"] - since_ms > silence_ms:
        found.append({"code": "park_silent", "detail": _silence(now, since_ms)})
    found += [{"code": "source_crashed", "detail": f"the task of source {name} failed"} for name in now["crashed"]]
    return found


def _silence(now: Snapshot, since_ms: int) -> str:
    minutes = (now["now_ms"] - since_ms) // 60_000
    return f"no answer from the park for {minutes} min, {now['spool']['waiting']} readings wait"
