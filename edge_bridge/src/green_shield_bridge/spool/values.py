"""What the spool takes and gives: plain values."""

from dataclasses import dataclass
from typing import Literal

from green_shield_bridge.batching import Block

WhenFull = Literal["refuse_new", "drop_oldest"]
Lane = Literal["live", "backlog"]

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is kept, for how long, and what happens when there is no room.

    `reserve_bytes`: of disk, held back to be able to write down what was lost. `margin_bytes`: of disk, never filled.
    """

    when_full: WhenFull = "refuse_new"
    max_bytes: int = 2_000 * MEBIBYTE
    keep_ms: int = 30 * 86_400_000
    live_window_s: float = 120.0
    backlog_readings_per_s: float = 20_000.0
    reserve_bytes: int = 8 * MEBIBYTE
    margin_bytes: int = 4 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Counters:
    """Readings since the spool was made. `waiting` are on disk and not acknowledged yet; `refused` never got there."""

    produced: int = 0
    acked: int = 0
    quarantined: int = 0
    dropped: int = 0
    refused: int = 0

    @property
    def settled(self) -> int:
        return self.acked + self.quarantined + self.dropped

    @property
    def waiting(self) -> int:
        return self.produced - self.settled


@dataclass(slots=True)
class Change:
    """What one transaction adds to the counters."""

    produced: int = 0
    acked: int = 0
    quarantined: int = 0
    dropped: int = 0
    refused: int = 0

    def of(self, now: Counters) -> Counters:
        return Counters(
            now.produced + self.produced,
            now.acked + self.acked,
            now.quarantined + self.quarantined,
            now.dropped + self.dropped,
            now.refused + self.refused,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the park does not take a series or a block: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows `first` to `last` that are in no other batch, packed."""

    first: int
    last: int
    block: Block
    lane: Lane


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send now. `seconds`: until the backlog may go on; None: nothing waits for time to pass."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Numbers of the newest row ever and of the oldest that waits, and times of waiting rows; None where there is none.

    `bytes`: of the file.
    """

    spool_id: str
    newest: int | None
    oldest_waiting: int | None
    waiting_readings: int
    live_readings: int
    oldest_waiting_ms: int | None
    newest_waiting_ms: int | None
    bytes: int
