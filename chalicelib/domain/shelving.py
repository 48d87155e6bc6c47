"""Shelving: a person silences the warnings of a unit, or of one of its rules, until a time (ISA-18.2, 9.4.2 shelved state).

One person of a department shelves tiers 1 and 2. Tier 3 is shelved only once a second person has confirmed: of the other
department, or of the committee. Shelving ends by itself, MAX_SHELF_MS after it began at the latest.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import IllegalTransition, SecondPersonNeeded
from chalicelib.domain.person import Person, Role

MAX_SHELF_MS = 24 * 3_600_000  # a shift and the next: who needs longer looks again, or plans maintenance


class ShelvingState(StrEnum):
    OPEN = "open"
    ENDED = "ended"  # by a person, early
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Shelving:
    """`rule_id` None: all rules of the unit. `dimension` is the department's who shelved (None: an admin)."""

    id: str
    enterprise_id: str
    unit_id: str
    rule_id: str | None
    reason: str
    by: str
    dimension: Dimension | None
    from_ms: int
    until_ms: int
    confirmed_by: str | None = None
    confirmed_at_ms: int | None = None
    ended_by: str | None = None
    ended_at_ms: int | None = None
    version: int = 0
    correlation_id: str = ""

    def state_at(self, now_ms: int) -> ShelvingState:
        if self.ended_at_ms is not None:
            return ShelvingState.ENDED
        return ShelvingState.OPEN if now_ms < self.until_ms else ShelvingState.EXPIRED

    def covers(self, rule_id: str, tier: int, now_ms: int) -> bool:
        """Whether a warning of this unit calls nobody now."""
        is_of_rule = self.rule_id in (None, rule_id)
        return (
            is_of_rule and self.state_at(now_ms) is ShelvingState.OPEN and (tier < 3 or self.confirmed_by is not None)
        )


def confirm(shelving: Shelving, person: Person, now_ms: int) -> Shelving:
    """Let it hold for tier 3 too. The first confirmation stands.

    Raises SecondPersonNeeded for whoever shelved it, and for their own department; IllegalTransition when it is over.
    """
    _require_open(shelving, now_ms, "confirm")
    is_own_department = person.role is Role.DEPARTMENT and person.dimension is shelving.dimension
    if person.id == shelving.by or is_own_department:
        raise SecondPersonNeeded()
    if shelving.confirmed_by is not None:
        return shelving
    return replace(shelving, confirmed_by=person.id, confirmed_at_ms=now_ms)


def end(shelving: Shelving, person: Person, now_ms: int) -> Shelving:
    """End it early, once. Raises IllegalTransition when its time has run out."""
    if shelving.state_at(now_ms) is ShelvingState.ENDED:
        return shelving
    _require_open(shelving, now_ms, "end")
    return replace(shelving, ended_by=person.id, ended_at_ms=now_ms)


def _require_open(shelving: Shelving, now_ms: int, action: str) -> None:
    state = shelving.state_at(now_ms)
    if state is not ShelvingState.OPEN:
        raise IllegalTransition(state=state.value, action=action)
