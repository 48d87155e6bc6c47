"""A maintenance window of a unit: announced by its enterprise, approved by a department, and only then suppressing by design.

Tier 3 is never suppressed. A window that was approved does not change; what is planned anew is another window.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition

MAX_WINDOW_MS = 7 * 86_400_000
MAX_AHEAD_MS = 90 * 86_400_000
GRACE_MS = 15 * 60_000  # so much later than its beginning a window may still be announced


class WindowState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    ENDED = "ended"  # by a person, early
    OVER = "over"


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    id: str
    enterprise_id: str
    unit_id: str
    from_ms: int
    to_ms: int
    reason: str
    proposed_by: str
    proposed_at_ms: int
    approved_by: str | None = None
    approved_at_ms: int | None = None
    ended_by: str | None = None
    ended_at_ms: int | None = None
    version: int = 0
    correlation_id: str = ""

    def state_at(self, now_ms: int) -> WindowState:
        if self.ended_at_ms is not None:
            return WindowState.ENDED
        if now_ms >= self.to_ms:
            return WindowState.OVER
        return WindowState.PROPOSED if self.approved_by is None else WindowState.APPROVED

    def suppresses(self, tier: int, now_ms: int) -> bool:
        """Whether a warning of this unit calls nobody now."""
        return tier < 3 and self.from_ms <= now_ms and self.state_at(now_ms) is WindowState.APPROVED


def approve(window: MaintenanceWindow, by: str, now_ms: int) -> MaintenanceWindow:
    """Let it suppress. The first approval stands. Raises IllegalTransition when it has ended."""
    state = window.state_at(now_ms)
    if state is WindowState.APPROVED:
        return window
    if state is not WindowState.PROPOSED:
        raise IllegalTransition(state=state.value, action="approve")
    return replace(window, approved_by=by, approved_at_ms=now_ms)


def end(window: MaintenanceWindow, by: str, now_ms: int) -> MaintenanceWindow:
    """End or withdraw it, once. Raises IllegalTransition when its time has run out."""
    state = window.state_at(now_ms)
    if state is WindowState.ENDED:
        return window
    if state is WindowState.OVER:
        raise IllegalTransition(state=state.value, action="end")
    return replace(window, ended_by=by, ended_at_ms=now_ms)
