"""The one way a task changes: load, decide, save at the version that was read; others were first: decide again."""

from collections.abc import Callable, Sequence

from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.task import Task
from chalicelib.ports import TaskRepo

ATTEMPTS = 60  # of people who change one task at once each round has a winner: fifty of them all get their answer
Decide = Callable[[Task], tuple[Task, Sequence[Event]]]


def change_task(task_id: str, decide: Decide, *, tasks: TaskRepo) -> Task:
    """Apply a decision to a task. A decision that returns the task unchanged writes nothing.

    Raises NotFound, whatever `decide` raises, and WriteConflict after ATTEMPTS lost races.
    """
    changed = change_task_if_any(task_id, decide, tasks=tasks)
    if changed is None:
        raise NotFound(what="task")
    return changed


def change_task_if_any(task_id: str, decide: Decide, *, tasks: TaskRepo) -> Task | None:
    """The same, for a task that may not be there (yet): then None."""
    for attempt in range(ATTEMPTS):
        task = tasks.get(task_id)
        if task is None:
            return None
        changed, events = decide(task)
        if changed == task:
            return task
        try:
            return tasks.save(changed, events)
        except WriteConflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
