"""How a device is, as every kind of source says it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "starting", "lost", "suspended"]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One device or station, since the process started. `last_value_ms`: when it last gave a value."""

    name: str
    kind: str
    address: str
    state: State
    points: int
    last_value_ms: int | None
    polls: int
    failed: int
    late: int
    detail: str | None
