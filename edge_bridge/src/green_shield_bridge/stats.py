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
    dropped: int = 0
    in_memory: int = 0


def snapshot(lifetime: Counters, activity: Activity, now_ms: int) -> dict[str, int]:
    return {
        "time_ms": now_ms,
        "pid": os.getpid(),
        "produced": lifetime.produced,
        "acked": lifetime.acked,
        "quarantined": lifetime.quarantined,
        "spool_rows": lifetime.waiting,
        **asdict(activity),
    }


def write_atomically(path: str, document: dict[str, int]) -> None:
    """Replace a file as a whole, so that a reader never sees half of it."""
    temporary = Path(f"{path}.tmp")
    temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")
    temporary.replace(path)
