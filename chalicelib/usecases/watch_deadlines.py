"""Once a minute: which open tasks have missed a deadline, each said once."""

from dataclasses import replace

from chalicelib.domain.events import TaskOverdue
from chalicelib.domain.task import Task, overdue_deadlines
from chalicelib.ports import Clock, TaskRepo
from chalicelib.usecases.change_task import change_task_if_any

PAGE = 100


def watch_deadlines(*, tasks: TaskRepo, clock: Clock) -> int:
    """Announce every newly missed deadline. Returns how many tasks had one."""
    now_ms = clock.now_ms()
    cursor, found = None, 0
    while True:
        page = tasks.listing("park", cursor, PAGE, open_only=True)
        for task in page.items:
            if overdue_deadlines(task, now_ms):
                change_task_if_any(task.id, lambda now: _mark(now, now_ms), tasks=tasks)
                found += 1
        cursor = page.cursor
        if cursor is None:
            return found


def _mark(task: Task, now_ms: int) -> tuple[Task, list[TaskOverdue]]:
    missed = overdue_deadlines(task, now_ms)
    marked = replace(task, overdue=(*task.overdue, *missed))
    head = (task.enterprise_id, now_ms, task.correlation_id, task.id)
    return marked, [TaskOverdue(*head, deadline, task.tier) for deadline in missed]
