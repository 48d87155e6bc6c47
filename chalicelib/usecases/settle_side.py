"""What departments do to a side besides judging it: waive it together, and open it again."""

from collections.abc import Callable

from chalicelib.domain import side as sides
from chalicelib.domain.access import Action, require, require_side
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.events import Event, SideReopened, SideWaived, TaskClosed, WaiverProposed, WaiverRefused
from chalicelib.domain.person import Person
from chalicelib.domain.side import Lack, Side, SideAction, Verdict, Waiver
from chalicelib.domain.task import Task, TaskState, reopened, settled
from chalicelib.ports import CatalogueRepo, Clock, TaskRepo
from chalicelib.usecases.change_task import change_task
from chalicelib.usecases.work_task import SideCommand, match_version, see_task


def propose_waiver(command: SideCommand, person: Person, *, tasks: TaskRepo, clock: Clock) -> Task:
    """Propose to do without a side, by its own department. It stays open until the other department consents.

    The same proposal again is a success that changes nothing.
    """
    _require_own_side(command, person, tasks)
    now_ms = clock.now_ms()

    def decide(task: Task, side: Side) -> tuple[Task, list[Event]]:
        known = side.waiver
        if known is not None and known.is_given is None and (known.by, known.reason) == (person.id, command.text):
            return task, []
        match_version(command, task)
        proposed = sides.propose_waiver(side, Waiver(person.id, now_ms, command.text))
        return task.with_side(command.dimension, proposed), [WaiverProposed(*_head(task, now_ms), command.dimension)]

    return _change(command, decide, tasks)


def decide_waiver(command: SideCommand, is_given: bool, person: Person, *, tasks: TaskRepo, clock: Clock) -> Task:
    """Consent to a waiver, or refuse it, by the other department. The same decision again is a success that changes nothing."""
    require(person, Action.JUDGE_SIDE)
    see_task(command.task_id, person, tasks=tasks)
    if person.dimension not in {one for one in SIDES if one is not command.dimension}:
        raise Forbidden(action=Action.JUDGE_SIDE.value)
    now_ms = clock.now_ms()

    def decide(task: Task, side: Side) -> tuple[Task, list[Event]]:
        known = side.waiver
        if known is not None and (known.decided_by, known.is_given, known.decision_reason) == (
            person.id,
            is_given,
            command.text,
        ):
            return task, []
        match_version(command, task)
        decided = sides.decide_waiver(side, person.id, now_ms, is_given=is_given, reason=command.text)
        changed = settled(task, command.dimension, decided, now_ms)
        return changed, _waiver_events(changed, command.dimension, is_given, now_ms)

    return _change(command, decide, tasks)


def _waiver_events(task: Task, dimension: Dimension, is_given: bool, now_ms: int) -> list[Event]:
    head = _head(task, now_ms)
    if not is_given:
        return [WaiverRefused(*head, dimension)]
    events: list[Event] = [SideWaived(*head, dimension)]
    return [*events, TaskClosed(*head, task.reopenings)] if task.state is TaskState.CLOSED else events


def reopen_side(
    command: SideCommand, person: Person, *, tasks: TaskRepo, catalogues: CatalogueRepo, clock: Clock
) -> Task:
    """Open a settled side again, by its own department, within 30 days. Who held it holds it; the task's time runs anew.

    The same again is a success that changes nothing. Raises ReopeningTooLate.
    """
    _require_own_side(command, person, tasks)
    now_ms = clock.now_ms()

    def decide(task: Task, side: Side) -> tuple[Task, list[Event]]:
        known = side.verdict
        if known is not None and (known.by, known.action, known.reason) == (person.id, SideAction.REOPEN, command.text):
            return task, []
        match_version(command, task)
        deadlines = catalogues.current().deadlines[task.tier]
        lacks, redo_by_ms = (Lack(command.text),), now_ms + deadlines.finish_ms
        opened = sides.reopen(side, Verdict(person.id, now_ms, SideAction.REOPEN, command.text, lacks, redo_by_ms))
        changed = reopened(task, command.dimension, opened, now_ms, deadlines)
        return changed, [SideReopened(*_head(task, now_ms), command.dimension, command.text)]

    return _change(command, decide, tasks)


def _require_own_side(command: SideCommand, person: Person, tasks: TaskRepo) -> None:
    require(person, Action.JUDGE_SIDE)
    task = see_task(command.task_id, person, tasks=tasks)
    require_side(person, task, command.dimension, Action.JUDGE_SIDE)


def _head(task: Task, now_ms: int) -> tuple[str, int, str, str]:
    return task.enterprise_id, now_ms, task.correlation_id, task.id


def _change(command: SideCommand, decide: Callable[[Task, Side], tuple[Task, list[Event]]], tasks: TaskRepo) -> Task:
    return change_task(command.task_id, lambda task: decide(task, task.side(command.dimension)), tasks=tasks)
