"""A side changes hands: taken, declined, or given to somebody else of the group."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, require
from chalicelib.domain.assignment import Crew, hand_over, has_lost, next_willing
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.duty import Standing, chief_of, group_of, ranked
from chalicelib.domain.errors import FieldError, Forbidden, IllegalTransition, InvalidRequest, SidePassedOn
from chalicelib.domain.events import Event, SideAssigned
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import SETTLED
from chalicelib.domain.task import Acknowledgement, Assignment, AssignmentReason, Task, acknowledge
from chalicelib.ports import CatalogueRepo, Clock, DutyRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.change_task import change_task
from chalicelib.usecases.work_task import SideCommand, match_version, see_task


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewDesk:
    """The ports that handing over needs, together."""

    tasks: TaskRepo
    registry: RegistryRepo
    duty: DutyRepo
    catalogues: CatalogueRepo
    clock: Clock


def accept_side(command: SideCommand, person: Person, *, crew_desk: CrewDesk) -> Task:
    """The holder takes their side. Again: no change. Raises SidePassedOn."""
    require(person, Action.HAND_OVER)
    see_task(command.task_id, person, tasks=crew_desk.tasks)
    now_ms = crew_desk.clock.now_ms()

    def decide(task: Task) -> tuple[Task, list[Event]]:
        _require_holder(task, command, person)
        match_version(command, task)
        return acknowledge(task, Acknowledgement(person.id, now_ms)), []

    return change_task(command.task_id, decide, tasks=crew_desk.tasks)


def decline_side(command: SideCommand, person: Person, *, crew_desk: CrewDesk) -> Task:
    """The holder gives their side back, with a reason: the next of the group gets it, the chief last. Raises NobodyLeft, SidePassedOn."""
    require(person, Action.HAND_OVER)
    seen = see_task(command.task_id, person, tasks=crew_desk.tasks)
    crew = crew_of(seen, command.dimension, crew_desk)

    def decide(task: Task) -> tuple[Task, list[Event]]:
        last = _last_step(task, command.dimension)
        if last is not None and (last.why, last.by, last.text) == (AssignmentReason.DECLINED, person.id, command.text):
            return task, []
        _require_holder(task, command, person)
        _require_open(task, command, AssignmentReason.DECLINED)
        return _handed(
            task, command, person, next_willing(task, command.dimension, crew), AssignmentReason.DECLINED, crew_desk
        )

    return change_task(command.task_id, decide, tasks=crew_desk.tasks)


def transfer_side(command: SideCommand, to: str, person: Person, *, crew_desk: CrewDesk) -> Task:
    """Give a side to somebody of the same group who is there: by its holder, the group's chief, or the side's department.

    Raises SidePassedOn.
    """
    require(person, Action.TRANSFER)
    seen = see_task(command.task_id, person, tasks=crew_desk.tasks)
    _require_fit(seen, command.dimension, to, crew_desk)
    chief = crew_of(seen, command.dimension, crew_desk).chief

    def decide(task: Task) -> tuple[Task, list[Event]]:
        last = _last_step(task, command.dimension)
        if last is not None and (last.why, last.by, last.to) == (AssignmentReason.TRANSFERRED, person.id, to):
            return task, []
        is_department = person.role is Role.DEPARTMENT and person.dimension is command.dimension
        if person.id not in (task.side(command.dimension).inspector_id, chief) and not is_department:
            _require_not_lost(task, command, person)
            raise Forbidden(action=Action.TRANSFER.value)
        return _handed(task, command, person, to, AssignmentReason.TRANSFERRED, crew_desk)

    return change_task(command.task_id, decide, tasks=crew_desk.tasks)


def crew_of(task: Task, dimension: Dimension, desk: CrewDesk) -> Crew:
    group = group_of(desk.registry.people(), task.region, task.industry, dimension)
    rota, now_ms = desk.duty.rota(desk.clock.now_ms()), desk.clock.now_ms()
    return Crew(ranked(group, rota, now_ms, desk.tasks.open_count), chief_of(group, rota, now_ms))


def assigned(task: Task, step: Assignment, former: str | None) -> SideAssigned:
    head = (task.enterprise_id, step.at_ms, task.correlation_id, task.id)
    return SideAssigned(*head, step.dimension, len(task.assignments), step.to or "", former or "")


def _handed(
    task: Task, command: SideCommand, person: Person, to: str, why: AssignmentReason, desk: CrewDesk
) -> tuple[Task, list[Event]]:
    match_version(command, task)
    _require_open(task, command, why)
    side = task.side(command.dimension)
    step = Assignment(command.dimension, to, desk.clock.now_ms(), why, person.id, command.text)
    deadlines = desk.catalogues.current().deadlines[task.tier]
    changed = hand_over(task, step, deadlines.acknowledge_ms)
    return changed, [assigned(changed, step, side.inspector_id)]


def _require_open(task: Task, command: SideCommand, why: AssignmentReason) -> None:
    """Tier 1 is its enterprise's, and what is settled nobody works on."""
    side = task.side(command.dimension)
    if task.tier == 1 or side.state in SETTLED:
        raise IllegalTransition(state=side.state.value, action=why.value)


def _last_step(task: Task, dimension: Dimension) -> Assignment | None:
    return next((one for one in reversed(task.assignments) if one.dimension is dimension), None)


def _require_holder(task: Task, command: SideCommand, person: Person) -> None:
    if task.side(command.dimension).inspector_id != person.id:
        _require_not_lost(task, command, person)
        raise Forbidden(action=Action.HAND_OVER.value)


def _require_not_lost(task: Task, command: SideCommand, person: Person) -> None:
    if has_lost(task, command.dimension, person.id):
        raise SidePassedOn()


def _require_fit(task: Task, dimension: Dimension, to: str, desk: CrewDesk) -> None:
    group = group_of(desk.registry.people(), task.region, task.industry, dimension)
    standings = desk.duty.rota(desk.clock.now_ms()).standings(group, desk.clock.now_ms())
    if standings.get(to) not in (Standing.AVAILABLE, Standing.NOT_ON_SHIFT):
        fit = sorted(one for one, how in standings.items() if how in (Standing.AVAILABLE, Standing.NOT_ON_SHIFT))
        raise InvalidRequest(errors=[FieldError("to", "one_of", ", ".join(fit))])
