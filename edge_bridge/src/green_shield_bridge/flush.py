"""When what is on disk should be sent: at once if urgent or a full batch, else when the oldest is old enough."""

import asyncio
import contextlib
from collections.abc import Callable


class FlushTimer:
    """Knows how much waits, since when, and whether it is urgent. Times are monotonic seconds."""

    def __init__(self, *, max_age_s: float, max_readings: int, monotonic_s: Callable[[], float]) -> None:
        self.max_age_s = max_age_s
        self._max_readings = max_readings
        self._monotonic_s = monotonic_s
        self._readings = 0
        self._oldest_s: float | None = None
        self._is_urgent = False
        self._changed = asyncio.Event()

    def added(self, readings: int, *, is_urgent: bool) -> None:
        self._readings += readings
        self._is_urgent = self._is_urgent or is_urgent
        if self._oldest_s is None:
            self._oldest_s = self._monotonic_s()
        self._changed.set()

    def hurry(self) -> None:
        """Something waits that is due now, such as the rest of a backlog."""
        self._is_urgent = True
        self._oldest_s = self._monotonic_s()
        self._changed.set()

    def all_in_hand(self) -> None:
        """A batch is about to be made of what waits; only what comes from now on counts."""
        self._readings = 0
        self._oldest_s = None
        self._is_urgent = False

    def due_in_s(self) -> float | None:
        """Seconds until something has to be sent: 0 now, None when nothing waits."""
        if self._oldest_s is None:
            return None
        if self._is_urgent or self._readings >= self._max_readings:
            return 0.0
        return max(0.0, self._oldest_s + self.max_age_s - self._monotonic_s())

    async def wait(self) -> None:
        """Return when something is due."""
        while (seconds := self.due_in_s()) != 0.0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
