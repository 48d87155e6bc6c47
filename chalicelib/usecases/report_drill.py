"""The report of a drill: for each of its units, when each step was done, and by when it should have been."""

from chalicelib.domain.audit import AuditKind
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.drill import DISPATCHED_WITHIN_MS, WARNED_WITHIN_MS, Course, Drill, Report, Step, Target
from chalicelib.domain.score import month_of
from chalicelib.domain.task import Task
from chalicelib.usecases.drill_desk import DrillDesk, DrillRoom

MOST_TASKS = 100  # of a drill


def report_on(drill: Drill, now_ms: int, desk: DrillDesk) -> Report:
    room = desk.room(drill)
    tasks = room.tasks.listing("park", None, MOST_TASKS, open_only=False).items
    return Report(now_ms, tuple(_course(target, drill, tasks, room) for target in drill.targets))


def points_of(drill: Drill, now_ms: int, desk: DrillDesk) -> dict[str, float]:
    """By enterprise, what the ledger of the drill's room has, which a closed task's entries reach a moment later. The real one has nothing."""
    room = desk.room(drill)
    at_ms = (drill.started_at_ms or now_ms, drill.ended_at_ms or now_ms)
    months = {month_of(one, desk.zone) for one in at_ms}
    return {
        one: round(sum(entry.points for month in months for entry in room.scores.of_month(one, month)), 2)
        for one in sorted(drill.enterprises)
    }


def _course(target: Target, drill: Drill, tasks: tuple[Task, ...], room: DrillRoom) -> Course:
    injected_ms = min((one.at_ms for one in drill.injections if one.unit_id == target.unit_id), default=None)
    members = [(task, one) for task in reversed(tasks) for one in task.members if one.unit_id == target.unit_id]
    if not members:
        return Course(target.enterprise_id, target.unit_id, "", "", 0, _steps(injected_ms, None, None))
    task, member = members[0]
    first = room.audits.entries(f"{AuditKind.WARNING.value}:{member.warning_id}", 0, 1)
    steps = _steps(injected_ms, first[0].at_ms if first else None, task)
    return Course(target.enterprise_id, target.unit_id, member.warning_id, task.id, task.tier, steps)


def _steps(injected_ms: int | None, warned_ms: int | None, task: Task | None) -> tuple[Step, ...]:
    begun = [Step("injected", injected_ms, None)]
    for name, at_ms, within_ms in (
        ("warned", warned_ms, WARNED_WITHIN_MS),
        ("dispatched", None if task is None else task.opened_at_ms, DISPATCHED_WITHIN_MS),
    ):
        begun.append(Step(name, at_ms, None if injected_ms is None else injected_ms + within_ms))
    if task is None:
        return tuple(begun)
    taken = min((one.at_ms for one in task.acknowledgements), default=None)
    if task.acknowledge_due_at_ms is not None:
        begun.append(Step("acknowledged", taken, task.acknowledge_due_at_ms))
    for dimension in SIDES:
        submission = task.side(dimension).submission
        begun.append(Step(f"submitted_{dimension}", None if submission is None else submission.at_ms, task.due_at_ms))
    return (*begun, Step("accepted", task.closed_at_ms, task.due_at_ms))
