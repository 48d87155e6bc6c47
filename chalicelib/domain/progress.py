"""How far both sides of a task have come, in step or not (同步跟踪)."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.side import SETTLED, SideState
from chalicelib.domain.task import Task


class Stage(StrEnum):
    WAITING = "waiting"  # nobody holds it
    ASSIGNED = "assigned"
    TAKEN = "taken"
    RETURNED = "returned"
    SUBMITTED = "submitted"
    SETTLED = "settled"


ORDER = {Stage.WAITING: 0, Stage.ASSIGNED: 1, Stage.TAKEN: 2, Stage.RETURNED: 2, Stage.SUBMITTED: 3, Stage.SETTLED: 4}
STEPS = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """`laggard` is the side that is behind; None while both are level."""

    safety: Stage
    environment: Stage
    laggard: Dimension | None

    def stage(self, dimension: Dimension) -> Stage:
        return self.safety if dimension is Dimension.SAFETY else self.environment


def progress_of(task: Task) -> Progress:
    stages = {one: _stage(task, one) for one in SIDES}
    safety, environment = (ORDER[stages[one]] for one in SIDES)
    laggard = None if safety == environment else (SIDES[0] if safety < environment else SIDES[1])
    return Progress(stages[SIDES[0]], stages[SIDES[1]], laggard)


def _stage(task: Task, dimension: Dimension) -> Stage:
    side = task.side(dimension)
    if side.state in SETTLED:
        return Stage.SETTLED
    if side.state is SideState.SUBMITTED:
        return Stage.SUBMITTED
    if side.state is SideState.REJECTED:
        return Stage.RETURNED
    taken = {one.by for one in task.acknowledgements}
    if task.tier == 1:  # its enterprise holds both sides
        return Stage.TAKEN if taken else Stage.ASSIGNED
    if side.inspector_id is None:
        return Stage.WAITING
    return Stage.TAKEN if side.inspector_id in taken else Stage.ASSIGNED
