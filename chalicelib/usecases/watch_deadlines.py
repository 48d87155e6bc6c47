"""Once a minute: which open tasks have missed a deadline or come near one, each said once, and whose side goes to the next."""

from dataclasses import replace

from chalicelib.domain.assignment import due_reminder, hand_over, next_holder, unanswered_sides
from chalicelib.domain.events import Event, TaskOverdue, TaskReminder
from chalicelib.domain.task import Assignment, Task, overdue_deadlines
from chalicelib.usecases.change_task import change_task_if_any
from chalicelib.usecases.hand_over import CrewDesk, assigned, crew_of

PAGE = 100


def watch_deadlines(*, crew_desk: CrewDesk) -> int:
    """Announce every newly missed deadline, hand on what nobody took, and remind. Returns how many tasks missed one."""
    now_ms = crew_desk.clock.now_ms()
    cursor, found = None, 0
    while True:
        page = crew_desk.tasks.listing("park", cursor, PAGE, open_only=True)
        for task in page.items:
            missed = bool(overdue_deadlines(task, now_ms))
            if missed or unanswered_sides(task, now_ms) or due_reminder(task, now_ms):
                change_task_if_any(task.id, lambda now: _watch(now, now_ms, crew_desk), tasks=crew_desk.tasks)
            found += missed
        cursor = page.cursor
        if cursor is None:
            return found


def _watch(task: Task, now_ms: int, desk: CrewDesk) -> tuple[Task, list[Event]]:
    missed, reminder = overdue_deadlines(task, now_ms), due_reminder(task, now_ms)
    head = (task.enterprise_id, now_ms, task.correlation_id, task.id)
    marked = replace(task, overdue=(*task.overdue, *missed))
    events: list[Event] = [TaskOverdue(*head, deadline, task.tier) for deadline in missed]
    if reminder is not None:
        marked = replace(marked, reminded=(*task.reminded, reminder))
        events.append(TaskReminder(*head, reminder, task.tier))
    for dimension in unanswered_sides(task, now_ms):
        found = next_holder(marked, dimension, crew_of(task, dimension, desk))
        if found is None:
            continue
        former = marked.side(dimension).inspector_id
        step = Assignment(dimension, found[0], now_ms, found[1])
        marked = hand_over(marked, step, desk.catalogues.current().deadlines[task.tier].acknowledge_ms)
        events.append(assigned(marked, step, former))
    return marked, events
