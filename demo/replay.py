"""Showing recorded rows to whoever reads, each exactly once and none skipped.

The reader sets the pace: the next row appears when a device is asked and every device has been read since the row
before. So a value read at some instant belongs to the last row that appeared before it, however slow the machine. It
holds for readers that take all of a device's points in one request.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Replayed:
    """When each row appeared, in epoch milliseconds."""

    row_ms: tuple[int, ...]

    def row_at(self, time_ms: int) -> int | None:
        """The row (from 0) that a value read at this instant belongs to; None before the first."""
        row = bisect_right(self.row_ms, time_ms) - 1
        return row if row >= 0 else None


def mapped(rows: Iterable[Mapping[str, float]], mapping: Mapping[str, str]) -> list[Values]:
    """Rows of columns to rows of points. Raises KeyError for a column that a row does not have."""
    return [{point_id: row[column] for column, point_id in mapping.items()} for row in rows]


class Replay:
    """Steps through rows as devices are read. `before_read` is called on one thread; another may read `progress`."""

    def __init__(
        self,
        rows: Sequence[Values],
        devices: Iterable[str],
        show: Callable[[Values], None],
        *,
        period_s: float = 0.0,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.progress: SimpleQueue[int | None] = SimpleQueue()  # the time each row appeared, then None
        self._rows = iter(rows)
        self._devices = frozenset(devices)
        self._show = show
        self._period_s = period_s
        self._wall_ms = wall_ms
        self._monotonic_s = monotonic_s
        self._unread: set[str] = set()
        self._shown_s: float | None = None

    def before_read(self, device: str) -> None:
        """A device is about to answer: show the next row where it is time."""
        if device not in self._devices:
            return
        if not self._unread and self._is_time():
            self._advance()
        self._unread.discard(device)

    def _is_time(self) -> bool:
        return self._shown_s is None or self._monotonic_s() >= self._shown_s + self._period_s

    def _advance(self) -> None:
        values = next(self._rows, None)
        if values is None:
            self._devices = frozenset()
            self.progress.put(None)
            return
        self._show(values)
        self._unread = set(self._devices)
        self._shown_s = self._monotonic_s()
        self.progress.put(self._wall_ms())
