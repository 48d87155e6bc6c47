"""What of a unit's readings cannot well be true, by looking at a whole window of them: marks, each with its evidence.

Every kind states in its own module how often it would come of honest signals. Loads numpy.
"""

from collections.abc import Mapping, Sequence

from chalicelib.domain import plausible_shapes, plausible_units, plausible_values
from chalicelib.domain.mark import NO_ROLES, Mark, Roles
from chalicelib.domain.signal import Signal, without


def find_marks(signals: Sequence[Signal], roles: Roles = NO_ROLES) -> tuple[Mark, ...]:
    """All marks of one unit's window, by time. Shape is judged on what is left after single wrong readings."""
    marks: list[Mark] = []
    fit: dict[str, Signal] = {}
    for one in signals:
        found, wrong = plausible_values.find(one)
        marks += found
        fit[one.point_id] = without(one, wrong)
        marks += plausible_shapes.find(fit[one.point_id])
    known: Mapping[str, Signal] = {one.point_id: one for one in signals}
    marks += plausible_units.find(known, fit, roles)
    return tuple(sorted(marks, key=lambda mark: (mark.from_ms, mark.point_id, mark.kind)))
