"""The beat of a polled device: a fixed grid of instants; late polls are skipped and counted, never piled up."""

import math


def next_slot(interval_s: float, done: int, since_start_s: float) -> tuple[int, int]:
    """(number of the next slot, slots skipped) when slot `done` is over. Slot n begins n * interval after the start.

    A slot that began while the one before was still busy is skipped: the device gets its rest, and values keep to the
    grid.
    """
    begun = math.floor(since_start_s / interval_s + 1e-9)
    following = max(done, begun) + 1
    return following, following - done - 1


class Beat:
    """The slots of one device, one after the other; the first begins at `start_s` of the steady clock."""

    __slots__ = ("_interval_s", "_slot", "_start_s", "due_s")

    def __init__(self, interval_s: float, start_s: float) -> None:
        self._interval_s = interval_s
        self._start_s = start_s
        self._slot = 0
        self.due_s = start_s

    def over(self, now_s: float) -> int:
        """The slot is done (or given up): go on to the first that begins after now. Returns how many are skipped."""
        self._slot, skipped = next_slot(self._interval_s, self._slot, now_s - self._start_s)
        self.due_s = self._start_s + self._slot * self._interval_s
        return skipped
