"""Which rows are live, and how fast the backlog may go. Pure: times are arguments, monotonic seconds."""

from collections import deque


class LiveWindow:
    """Remembers when rows were committed, in steps of a 64th of the window."""

    def __init__(self, window_s: float, newest: int) -> None:
        """`newest`: the highest row number there is that is not live."""
        self._window_s = window_s
        self._floor = newest
        self._marks: deque[tuple[int, float]] = (
            deque()
        )  # (highest row number, when the first of its step was committed)

    def committed(self, newest: int, at_s: float) -> None:
        """Rows up to `newest` are on disk since `at_s`. Both arguments rise from call to call."""
        if self._marks and at_s - self._marks[-1][1] < self._window_s / 64:
            self._marks[-1] = (newest, self._marks[-1][1])
        else:
            self._marks.append((newest, at_s))

    def first_live(self, now_s: float) -> int:
        """The lowest row number that is live, whether there is such a row or not."""
        while self._marks and now_s - self._marks[0][1] > self._window_s:
            self._floor = self._marks.popleft()[0]
        return self._floor + 1


class BacklogRate:
    """Lets a batch go when the one before it has had its time: readings / rate."""

    def __init__(self, readings_per_s: float) -> None:
        self._readings_per_s = readings_per_s
        self._free_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self._free_s - now_s)

    def sent(self, readings: int, now_s: float) -> None:
        self._free_s = max(self._free_s, now_s) + readings / self._readings_per_s
