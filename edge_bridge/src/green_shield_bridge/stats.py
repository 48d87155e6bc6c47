"""What the bridge has done, as numbers.

Lifetime ones come from the spool, where no crash can make them lie; the rest count from the start of the process.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from green_shield_bridge.spool import Counters


@dataclass(slots=True)
class Activity:
    """Since this process started."""

    polls: int = 0
    failed_polls: int = 0
    late_polls: int = 0
    spooled: int = 0
    uploaded: int = 0
    uploads: int = 0
    retries: int = 0
    memory_full: int = 0
    in_memory: int = 0


@dataclass(slots=True)
class LineActivity:
    """How the line to the park is. `retrying_since_ms`: the first failed try since the last answer that settled something."""

    last_ack_ms: int | None = None
    last_error: str | None = None
    retrying_since_ms: int | None = None

    def settled(self, now_ms: int) -> None:
        self.last_ack_ms, self.last_error, self.retrying_since_ms = now_ms, None, None

    def failed(self, code: str, now_ms: int) -> None:
        self.last_error = code
        if self.retrying_since_ms is None:
            self.retrying_since_ms = now_ms


def snapshot(lifetime: Counters, activity: Activity, now_ms: int, *, gaps: int = 0) -> dict[str, int]:
    """`gaps`: rows of the gap ledger that the park has not confirmed."""
    return {
        "time_ms": now_ms,
        "pid": os.getpid(),
        "produced": lifetime.produced,
        "acked": lifetime.acked,
        "quarantined": lifetime.quarantined,
        "dropped": lifetime.dropped,
        "refused": lifetime.refused,
        "spool_rows": lifetime.waiting,
        "gaps": gaps,
        **asdict(activity),
    }


def write_atomically(path: str, document: dict[str, int]) -> None:
    """Replace a file as a whole, so that a reader never sees half of it."""
    temporary = Path(f"{path}.tmp")
    temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")
    temporary.replace(path)
