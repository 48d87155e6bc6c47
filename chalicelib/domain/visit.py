"""Several tasks of one enterprise, worked in one visit. Each keeps its sides, its evidence and its verdicts; a visit only says that one goes
there once."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.dimension import SIDES
from chalicelib.domain.errors import FieldError
from chalicelib.domain.task import Task, TaskState

MOST_TASKS = 20


@dataclass(frozen=True, slots=True)
class Visit:
    id: str
    enterprise_id: str
    task_ids: tuple[str, ...]
    planned_at_ms: int
    by: str
    created_at_ms: int


def wrong_tasks(tasks: Sequence[Task | None], inspector_id: str | None) -> list[FieldError]:
    """What keeps tasks from being one visit, by their place. `inspector_id`: who must hold a side of each; None: a department plans."""
    enterprise = next((one.enterprise_id for one in tasks if one is not None and one.enterprise_id), "")
    found = (_error(f"tasks.{at}", task, enterprise, inspector_id) for at, task in enumerate(tasks))
    return [error for error in found if error is not None]


def _error(field: str, task: Task | None, enterprise_id: str, inspector_id: str | None) -> FieldError | None:
    if task is None:
        return FieldError(field, "no_such_task", "")
    if task.state is TaskState.CLOSED:
        return FieldError(field, "closed_task", "")
    if not task.enterprise_id or task.enterprise_id != enterprise_id:
        return FieldError(field, "other_enterprise", "")
    if inspector_id is not None and inspector_id not in {task.side(dimension).inspector_id for dimension in SIDES}:
        return FieldError(field, "not_yours", "")
    return None
