"""Which polled values the park gets. The bridge polls faster than it forwards.

A value is kept when the park's interval for its point has passed, and at once when its quality changes, when it
crosses its trigger or comes back, and for the next few polls after a crossing (the park wants consecutive evaluations
before it warns).
"""

from enum import Enum

from green_shield_bridge.modbus.plan import NORMAL

CONFIRMATIONS = 2


class Decision(Enum):
    """Why a value is kept, or that it is not."""

    NOT_DUE = "not_due"
    EVERY = "every"
    DUE = "due"
    QUALITY_CHANGED = "quality_changed"
    CROSSED = "crossed"
    CONFIRMING = "confirming"
    RETURNED = "returned"


# Kept, but in no hurry. Every other kept value is sent at once.
ROUTINE = (Decision.EVERY, Decision.DUE)


class PointSampler:
    """The memory of one point: when it was last kept, in which quality, on which side of its trigger."""

    __slots__ = (
        "_confirm",
        "_flag",
        "_high",
        "_is_beyond",
        "_keeps_all",
        "_kept_ms",
        "_low",
        "_slack_ms",
        "interval_ms",
    )

    def __init__(
        self,
        *,
        interval_ms: int,
        poll_ms: int,
        keeps_all: bool = False,
        low: float = float("-inf"),
        high: float = float("inf"),
    ) -> None:
        self.interval_ms = interval_ms
        self._slack_ms = (
            poll_ms // 2
        )  # half a poll: an interval equal to the poll interval keeps every poll despite jitter
        self._keeps_all = keeps_all
        self._low = low
        self._high = high
        self._kept_ms: int | None = None
        self._flag = NORMAL
        self._is_beyond = False
        self._confirm = 0

    def decide(self, value: float | None, flag: str, time_ms: int) -> Decision:
        decision = self._decide(value, flag, time_ms)
        if decision is not Decision.NOT_DUE:
            self._kept_ms = time_ms
        return decision

    def is_calm(self, value: float | None) -> bool:
        """Whether a value of unchanged quality says nothing new: no crossing, and none to be confirmed."""
        if self._confirm:
            return False
        return value is None or (self._low <= value <= self._high) is not self._is_beyond

    def is_due(self, time_ms: int) -> bool:
        """Whether the park's interval for this point has passed."""
        if self._kept_ms is None:
            return True
        elapsed_ms = time_ms - self._kept_ms
        return elapsed_ms < 0 or elapsed_ms + self._slack_ms >= self.interval_ms  # below 0: the clock was set back

    def due_ms(self) -> int:
        """From when on a value is due; 0 before the first, and where every value is kept."""
        if self._keeps_all or self._kept_ms is None:
            return 0
        return self._kept_ms + self.interval_ms - self._slack_ms

    @property
    def is_watched(self) -> bool:
        return self._low != float("-inf") or self._high != float("inf")

    @property
    def keeps_all(self) -> bool:
        return self._keeps_all

    def _decide(self, value: float | None, flag: str, time_ms: int) -> Decision:
        crossing = None if value is None else self._crossing(value)
        if flag != self._flag:
            self._flag = flag
            return Decision.QUALITY_CHANGED
        if crossing is not None:
            return crossing
        if self._confirm and value is not None:
            self._confirm -= 1
            return Decision.CONFIRMING
        if self._keeps_all:
            return Decision.EVERY
        return Decision.DUE if self.is_due(time_ms) else Decision.NOT_DUE

    def _crossing(self, value: float) -> Decision | None:
        is_beyond = not self._low <= value <= self._high
        if is_beyond is self._is_beyond:
            return None
        self._is_beyond = is_beyond
        self._confirm = CONFIRMATIONS if is_beyond else 0
        return Decision.CROSSED if is_beyond else Decision.RETURNED
