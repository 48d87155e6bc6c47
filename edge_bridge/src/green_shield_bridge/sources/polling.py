"""The beat of a polled source: a fixed grid of instants; late polls are skipped and counted, never piled up."""

import asyncio
import math
from collections.abc import Callable


def next_slot(interval_s: float, done: int, since_start_s: float) -> tuple[int, int]:
    """(number of the next slot, slots skipped) when slot `done` is over. Slot n begins n * interval after the start.

    A slot that began while the one before was still busy is skipped: the device gets its rest, and values keep to the
    grid.
    """
    begun = math.floor(since_start_s / interval_s + 1e-9)
    following = max(done, begun) + 1
    return following, following - done - 1


class Beat:
    """Waits for the slots of one source, one after the other; the first is after `phase_s`."""

    def __init__(self, interval_s: float, monotonic_s: Callable[[], float], *, phase_s: float = 0.0) -> None:
        self._interval_s = interval_s
        self._monotonic_s = monotonic_s
        self._start_s = monotonic_s() + phase_s
        self._slot: int | None = None

    async def next(self) -> int:
        """Sleep until the next slot; returns how many were skipped before it."""
        skipped = 0
        if self._slot is None:
            self._slot = 0
        else:
            self._slot, skipped = next_slot(self._interval_s, self._slot, self._monotonic_s() - self._start_s)
        await asyncio.sleep(self._start_s + self._slot * self._interval_s - self._monotonic_s())
        return skipped
