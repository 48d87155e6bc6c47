"""When what is on disk should be sent: at once if urgent or a full batch, else when the oldest is old enough."""

import asyncio
import contextlib
from collections.abc import Callable


class FlushTimer:
    """Knows how much waits, since when, and whether it is urgent. Times are monotonic seconds."""

    def __init__(
        self, *, max_age_s: float, max_readings: int, monotonic_s: Callable[[], float], urgent_gap_s: float = 0.0
    ) -> None:
        """`urgent_gap_s`: after a batch, urgent values wait this long for the company of others."""
        self._max_age_s = max_age_s
        self._urgent_gap_s = urgent_gap_s
        self._taken_s = float("-inf")
        self._max_readings = max_readings
        self._monotonic_s = monotonic_s
        self._readings = 0
        self._oldest_s: float | None = None
        self._is_urgent = self._is_hurried = False
        self._changed = asyncio.Event()

    @property
    def max_age_s(self) -> float:
        return self._max_age_s

    @max_age_s.setter
    def max_age_s(self, seconds: float) -> None:
        self._max_age_s = seconds
        self._changed.set()

    def added(self, readings: int, *, is_urgent: bool) -> None:
        self._readings += readings
        is_news = self._oldest_s is None or (is_urgent and not self._is_urgent) or self._readings >= self._max_readings
        self._is_urgent = self._is_urgent or is_urgent
        if self._oldest_s is None:
            self._oldest_s = self._monotonic_s()
        if is_news:  # else what waits already is due before this is
            self._changed.set()

    def hurry(self) -> None:
        """Something waits that is due now, such as the rest of a backlog."""
        self._is_hurried = True
        self._oldest_s = self._monotonic_s()
        self._changed.set()

    def all_in_hand(self) -> None:
        """A batch is about to be made of what waits; only what comes from now on counts."""
        self._readings = 0
        self._oldest_s = None
        self._is_urgent = self._is_hurried = False
        self._taken_s = self._monotonic_s()

    def due_in_s(self) -> float | None:
        """Seconds until something has to be sent: 0 now, None when nothing waits."""
        if self._oldest_s is None:
            return None
        if self._is_hurried or self._readings >= self._max_readings:
            return 0.0
        due_s = self._oldest_s + self.max_age_s
        if self._is_urgent:
            due_s = min(due_s, self._taken_s + self._urgent_gap_s)
        return max(0.0, due_s - self._monotonic_s())

    async def wait(self, at_most_s: float | None = None) -> None:
        """Return when something is due, or after `at_most_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._until_due()

    async def _until_due(self) -> None:
        while (seconds := self.due_in_s()) != 0.0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
