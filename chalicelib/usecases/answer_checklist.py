"""The checklists of a task: which they are, what was answered, and what a failed item brings about."""

from dataclasses import dataclass, replace

from chalicelib.domain.access import Action, require_side
from chalicelib.domain.checklist import AnswerKind, Checklist, ItemAnswer
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import FieldError, IllegalTransition, InvalidRequest, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import SETTLED
from chalicelib.domain.task import Task, TaskKind
from chalicelib.ports import CatalogueRepo, ChecklistRepo, Clock, DutyRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case
from chalicelib.usecases.see_checklist import checklist_of
from chalicelib.usecases.submit_evidence import MAX_AHEAD_MS
from chalicelib.usecases.work_task import see_task

FOLLOW_UP_TIER = 1  # worked by the enterprise alone: what is urgent is the warning's own task


@dataclass(frozen=True, slots=True)
class TaskChecklists:
    by_side: dict[Dimension, Checklist]
    answers: tuple[ItemAnswer, ...]


def see_checklists(
    task_id: str, person: Person, *, tasks: TaskRepo, registry: RegistryRepo, checklists: ChecklistRepo
) -> TaskChecklists:
    """Both sides' lists and all answers. Of a regional task an enterprise sees no answers: they may be about others."""
    task = see_task(task_id, person, tasks=tasks)
    found = {side: checklist_of(task, side, registry=registry, checklists=checklists) for side in SIDES}
    hidden = task.kind is TaskKind.REGIONAL and person.role is Role.ENTERPRISE
    answers = () if hidden else checklists.answers(task_id)
    return TaskChecklists({side: one for side, one in found.items() if one is not None}, answers)


def answer_item(
    answer: ItemAnswer,
    person: Person,
    skew_ms: int = 0,
    *,
    tasks: TaskRepo,
    registry: RegistryRepo,
    checklists: ChecklistRepo,
    catalogues: CatalogueRepo,
    duty: DutyRepo,
    clock: Clock,
) -> ItemAnswer:
    """Answer an item, by whoever hands the side in. A failed one opens a follow-up where that is wanted, once.

    `skew_ms`: how far the device's clock is known to be ahead. The same answer again is a success, whatever became of the side.
    """
    task = see_task(answer.task_id, person, tasks=tasks)
    require_side(person, task, answer.dimension, Action.ANSWER_CHECKLIST)
    state = task.side(answer.dimension).state
    if state in SETTLED and answer.id not in {one.id for one in checklists.answers(task.id)}:
        raise IllegalTransition(state=state.value, action=Action.ANSWER_CHECKLIST.value)
    checklist = checklist_of(task, answer.dimension, registry=registry, checklists=checklists)
    now_ms = clock.now_ms()
    _check(answer, checklist, now_ms + skew_ms)
    if answer.opens_follow_up and not task.enterprise_id:
        raise InvalidRequest(errors=[FieldError("follow_up", "only_of_one_enterprise", "")])
    name = "" if checklist is None else checklist.name
    kept = checklists.add_answer(replace(answer, by=person.id, received_at_ms=now_ms, checklist=name))
    if kept.opens_follow_up:
        _follow_up(kept, task, checklist, person, tasks, registry, catalogues, duty, clock)
    return kept


def _check(answer: ItemAnswer, checklist: Checklist | None, now_ms: int) -> None:
    item = None if checklist is None else checklist.item(answer.item_id)
    if item is None:
        raise NotFound(what="item")
    if answer.answer is not AnswerKind.OK and not answer.reason:
        raise InvalidRequest(errors=[FieldError("reason", "answer_needs_reason", "")])
    if answer.opens_follow_up and answer.answer is not AnswerKind.FAILED:
        raise InvalidRequest(errors=[FieldError("follow_up", "only_of_a_failed_item", "")])
    if answer.at_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("at", "time_ahead", f"{MAX_AHEAD_MS // 60_000} min")])


def _follow_up(
    answer: ItemAnswer,
    task: Task,
    checklist: Checklist | None,
    person: Person,
    tasks: TaskRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    duty: DutyRepo,
    clock: Clock,
) -> None:
    item = None if checklist is None else checklist.item(answer.item_id)
    about = answer.reason if item is None else f"{item.text['zh-CN']}：{answer.reason}"
    case = Case(
        answer.follow_up_id,
        TaskKind.FOLLOW_UP,
        task.unit_id,
        FOLLOW_UP_TIER,
        about,
        parent_id=task.id,
        reported_by=person.id,
        correlation_id=task.correlation_id,
    )
    open_case(case, task.enterprise_id, tasks=tasks, registry=registry, catalogues=catalogues, duty=duty, clock=clock)
