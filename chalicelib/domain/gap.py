"""What a bridge says of itself: the gap ledger, and how much still waits in its spool.

A gap is what a bridge knows it has not delivered and never will. Its id is the bridge's own, unique within the spool, and its
first report stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from chalicelib.domain.source import RowRange

MAX_MONTHS = 36  # as long as readings are kept
REORDERED_MS = 10 * 60_000  # no request is older: a bridge's token lives five minutes


class GapReason(StrEnum):
    """Why rows are missing. CLOCK_JUMP is a mark: nothing is lost by it."""

    DISK_FULL = "disk_full"
    DROPPED_OLDEST = "dropped_oldest"
    RETENTION_AGE = "retention_age"
    MEMORY_FULL = "memory_full"
    SPOOL_DAMAGED = "spool_damaged"
    REFUSED = "refused"
    CLOCK_JUMP = "clock_jump"


@dataclass(frozen=True, slots=True)
class Gap:
    """`rows` None: the readings never got a row. `detail` is the bridge's own word, of REFUSED the park's code.

    A clock that was set back may make `from_ms` the later instant.
    """

    id: int
    spool: str
    enterprise_id: str
    bridge_id: str
    rows: RowRange | None
    from_ms: int
    to_ms: int
    readings: int
    reason: GapReason
    detail: str | None = None
    point_ids: tuple[str, ...] | None = None
    received_at_ms: int = 0

    @property
    def earliest_ms(self) -> int:
        return min(self.from_ms, self.to_ms)

    @property
    def latest_ms(self) -> int:
        return max(self.from_ms, self.to_ms)

    @property
    def is_mark(self) -> bool:
        return self.reason is GapReason.CLOCK_JUMP

    @property
    def months(self) -> tuple[str, ...]:
        """The months it is found by: all that it touches, at most MAX_MONTHS; of a mark the first and the last."""
        months = list(months_of(self.earliest_ms, self.latest_ms, MAX_MONTHS))
        last = month_of_ms(self.latest_ms)
        return tuple(dict.fromkeys((months[0], last))) if self.is_mark else tuple(months)

    def says_the_same_as(self, other: "Gap") -> bool:
        """Is it the same report? Points are left out: which of them were registered may have changed in between."""
        return _said(self) == _said(other)


def _said(gap: Gap) -> tuple[object, ...]:
    return gap.rows, gap.from_ms, gap.to_ms, gap.readings, gap.reason, gap.detail


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Row numbers; None where the spool is empty, or nothing of it waits."""

    id: str
    newest: int | None
    oldest_waiting: int | None
    waiting_readings: int


@dataclass(frozen=True, slots=True)
class BridgeReport:
    """The last word of a bridge about itself; `sent_at_ms` by its own clock."""

    bridge_id: str
    enterprise_id: str
    received_at_ms: int
    sent_at_ms: int
    spool: SpoolState

    def supersedes(self, known: "BridgeReport | None") -> bool:
        """Is it newer than the one that is known? One that was sent before it is not, unless the clock was set back."""
        if known is None or self.sent_at_ms > known.sent_at_ms:
            return True
        return self.sent_at_ms < known.sent_at_ms and self.received_at_ms - known.received_at_ms > REORDERED_MS


def month_of_ms(at_ms: int) -> str:
    """YYYY-MM, UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m}"


def months_of(from_ms: int, to_ms: int, limit: int) -> Iterator[str]:
    """The months from one instant to another, both included, at most `limit`."""
    moment, last = datetime.fromtimestamp(from_ms / 1000, UTC), month_of_ms(to_ms)
    year, month = moment.year, moment.month
    for _ in range(limit):
        name = f"{year:04d}-{month:02d}"
        yield name
        if name >= last:
            return
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
