"""When the line to the park may be used again. One line, one pace: uploads and reports share it."""

from collections.abc import Callable

from green_shield_bridge.backoff import full_jitter_s

BASE_S = 0.5


class Pace:
    """Backs off exponentially with full jitter after failures; obeys a time that the park named. Monotonic seconds."""

    def __init__(self, *, retry_max_s: float, random: Callable[[], float]) -> None:
        self._retry_max_s = retry_max_s
        self._random = random
        self._until_s = float("-inf")
        self.failures = 0

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self._until_s - now_s)

    def succeeded(self) -> None:
        """The park answered in earnest."""
        self.failures = 0

    def failed(self, now_s: float) -> float:
        """Returns how long to wait."""
        wait_s = self.backoff_s(self.failures)
        self.failures += 1
        return self._hold(wait_s, now_s)

    def told(self, after_s: float, now_s: float) -> float:
        """The park said when; up to a tenth longer, so that many bridges do not come back in one instant."""
        self.failures += 1
        return self._hold(after_s * (1 + 0.1 * self._random()), now_s)

    def at_once(self) -> float:
        """A failure after which a second try needs no wait."""
        self.failures += 1
        return 0.0

    def backoff_s(self, attempt: int) -> float:
        return full_jitter_s(attempt, base_s=BASE_S, cap_s=self._retry_max_s, random=self._random)

    def _hold(self, wait_s: float, now_s: float) -> float:
        self._until_s = max(self._until_s, now_s + wait_s)
        return wait_s
