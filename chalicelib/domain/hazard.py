"""What somebody saw that no sensor sees: written down first, filed as a task at once.

The task's id follows from the hazard's, so that a phone without a signal can add photos to the task before it is there.
"""

import re
from dataclasses import dataclass

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import Position

MOST_SEVERE = 3
_TASK = re.compile(r"t-([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9A-HJKMNP-TV-Z]{26})")  # a client's id


@dataclass(frozen=True, slots=True)
class Hazard:
    """`severity` 1 to 3, as who saw it judges it. `unit_id` is empty where it is of no unit. `is_own`: its enterprise reported it."""

    id: str
    enterprise_id: str
    unit_id: str
    dimension: Dimension
    severity: int
    text: str
    seen_at_ms: int
    reported_by: str
    received_at_ms: int
    position: Position | None = None
    is_own: bool = False


def hazard_task_id(hazard_id: str) -> str:
    return f"t-{hazard_id}"


def hazard_of_task(task_id: str) -> str:
    """The hazard's id, of its task's."""
    return task_id.removeprefix("t-")


def is_hazard_task(task_id: str) -> bool:
    """Whether a task of this id comes from a hazard's report: no other has a client's id in its own."""
    return _TASK.fullmatch(task_id) is not None


def tier_of(hazard: Hazard, person: Person) -> int:
    """What an enterprise reports of itself it puts right itself: nobody is punished for looking."""
    return 1 if person.role is Role.ENTERPRISE else hazard.severity
