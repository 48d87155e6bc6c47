"""What people do to a task: see it, acknowledge it, submit a side, judge a side. How a side is waived or reopened: settle_side.py."""

from dataclasses import dataclass, replace

from chalicelib.domain import side as sides
from chalicelib.domain import task as rules
from chalicelib.domain.access import Action, can_see_task, require, require_side
from chalicelib.domain.assignment import holds_nothing_any_more
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import (
    EvidenceMissing,
    FieldError,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    JudgeIsSubmitter,
    NotFound,
    PreconditionFailed,
    SideChanged,
    SidePassedOn,
)
from chalicelib.domain.events import Event, SidePassed, SideRejected, SideSubmitted, TaskClosed
from chalicelib.domain.membership import seen_by
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import MediaKind, PhotoState
from chalicelib.domain.side import Lack, SideAction, SideState, Submission, Verdict
from chalicelib.domain.task import Acknowledgement, Task, TaskState
from chalicelib.ports import CatalogueRepo, ChecklistRepo, Clock, EvidenceRepo, Page, RegistryRepo, TaskRepo
from chalicelib.usecases.change_task import change_task
from chalicelib.usecases.see_checklist import require_checklist

MAX_REDO_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class SideCommand:
    """A change of one side. `version` is the task's version the person saw (If-Match), where the client sent one. `base` is so too, of a
    person who was offline: what others did to the rest of the task since then does not matter. `media` are the photos that a
    submission rests on."""

    task_id: str
    dimension: Dimension
    text: str
    version: int | None = None
    base: int | None = None
    media: tuple[str, ...] = ()
    lacks: tuple[Lack, ...] = ()
    redo_by_ms: int | None = None


def see_task(task_id: str, person: Person, *, tasks: TaskRepo) -> Task:
    """The task, if the person may know of it. Raises NotFound otherwise.

    Who was called once and has moved since (another enterprise, another region) no longer sees it.
    """
    require(person, Action.READ_TASK)
    task = tasks.get(task_id)
    if task is None or not can_see_task(person, task):
        raise NotFound(what="task")
    return seen_by(task, person)


def list_tasks(person: Person, cursor: str | None, limit: int, *, open_only: bool, tasks: TaskRepo) -> Page[Task]:
    """Newest first: an inspector's own, an enterprise's own, everyone else's whole field of sight."""
    require(person, Action.READ_TASK)
    scopes = {Role.INSPECTOR: f"person:{person.id}", Role.ENTERPRISE: f"enterprise:{person.enterprise_id}"}
    page = tasks.listing(scopes.get(person.role, "park"), cursor, limit, open_only=open_only)
    return Page(tuple(seen_by(task, person) for task in page.items if can_see_task(person, task)), page.cursor)


def acknowledge(task_id: str, person: Person, *, tasks: TaskRepo, clock: Clock) -> Task:
    """Take note of a task, once each. Only its inspectors, or for tier 1 its enterprise, can. Raises SidePassedOn: who holds it now has
    not taken it by that."""
    require(person, Action.ACKNOWLEDGE_TASK)
    task = see_task(task_id, person, tasks=tasks)
    if person.id not in task.party:
        raise NotFound(what="task")
    if task.tier > 1 and person.role is Role.ENTERPRISE:
        raise Forbidden(action=Action.ACKNOWLEDGE_TASK.value)
    mark = Acknowledgement(person.id, clock.now_ms())

    def decide(task: Task) -> tuple[Task, list[Event]]:
        taken = rules.acknowledge(task, mark)
        if taken != task and holds_nothing_any_more(task, person.id):
            raise SidePassedOn()
        return taken, []

    return change_task(task_id, decide, tasks=tasks)


def submit_side(
    command: SideCommand,
    person: Person,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    registry: RegistryRepo,
    checklists: ChecklistRepo,
    clock: Clock,
) -> Task:
    """Hand a side in for judgement. It needs a verified photo or a retest of that side, of the photos that it names every one, and
    the critical items of its checklist.

    The same submission again (a lost answer) is a success that changes nothing.
    """
    seen = see_task(command.task_id, person, tasks=tasks)
    require_side(person, seen, command.dimension, Action.SUBMIT_SIDE)
    _require_evidence(command, evidence)
    require_checklist(seen, command.dimension, registry=registry, checklists=checklists)
    now_ms = clock.now_ms()

    def decide(task: Task) -> tuple[Task, list[Event]]:
        side = task.side(command.dimension)
        known = side.submission
        if side.state is SideState.SUBMITTED and known and _is_same(known, person, command):
            return task, []
        match_version(command, task)
        handed_in = sides.submit(side, Submission(person.id, now_ms, command.text, command.media))
        changed = task.with_side(command.dimension, handed_in)
        revision = changed.side(command.dimension).revision
        return changed, [
            SideSubmitted(task.enterprise_id, now_ms, task.correlation_id, task.id, command.dimension, revision)
        ]

    return change_task(command.task_id, decide, tasks=tasks)


def judge_side(
    command: SideCommand,
    revision: int,
    action: SideAction,
    person: Person,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Task:
    """Accept or reject what was submitted as `revision`. A rejection says what lacks, and until when it is to be redone. The same verdict again is a success that changes nothing."""
    require(person, Action.JUDGE_SIDE)
    seen = see_task(command.task_id, person, tasks=tasks)
    require_side(person, seen, command.dimension, Action.JUDGE_SIDE)
    _require_no_part_in(command, person, evidence)
    now_ms = clock.now_ms()
    _check_rejection(command, action, now_ms)
    # By default within the task's own time; where that is over, once more as long as its tier has.
    finish_ms = catalogues.current().deadlines[seen.tier].finish_ms
    usual_ms = seen.due_at_ms if seen.due_at_ms > now_ms else now_ms + finish_ms
    redo_by_ms = (command.redo_by_ms or usual_ms) if action is SideAction.REJECT else None
    lacks = (command.lacks or (Lack(command.text),)) if action is SideAction.REJECT else ()

    def decide(task: Task) -> tuple[Task, list[Event]]:
        side = task.side(command.dimension)
        if side.verdict is not None and side.revision == revision:
            same = (side.verdict.by, side.verdict.action, side.verdict.reason, side.verdict.lacks)
            if same == (person.id, action, command.text, lacks):
                return task, []
            raise IllegalTransition(state=side.state.value, action=action.value)
        match_version(command, task)
        verdict = Verdict(person.id, now_ms, action, command.text, lacks, redo_by_ms)
        changed = rules.settled(task, command.dimension, sides.judge(side, revision, verdict), now_ms)
        told = tuple(one for one in changed.overdue if one != f"redo_{command.dimension}")
        return replace(changed, overdue=told), _verdict_events(changed, command, revision, action, now_ms)

    return change_task(command.task_id, decide, tasks=tasks)


def _require_no_part_in(command: SideCommand, person: Person, evidence: EvidenceRepo) -> None:
    """Who brought evidence of a side, and works for the department since, does not judge it."""
    photos, retests, rectifications = evidence.of_task(command.task_id)
    brought = {one.uploaded_by for one in photos if one.dimension is command.dimension}
    brought |= {one.entered_by for one in retests if one.dimension is command.dimension}
    brought |= {one.entered_by for one in rectifications}  # they are of both sides
    if person.id in brought:
        raise JudgeIsSubmitter()


def _check_rejection(command: SideCommand, action: SideAction, now_ms: int) -> None:
    if action is not SideAction.REJECT:
        return
    wrong = [] if command.text else [FieldError("reason", "rejection_needs_reason", "")]
    if command.redo_by_ms is not None and not now_ms < command.redo_by_ms <= now_ms + MAX_REDO_MS:
        wrong.append(FieldError("redo_by", "ahead", f"{MAX_REDO_MS // 86_400_000} d"))
    if wrong:
        raise InvalidRequest(errors=wrong)


def _verdict_events(task: Task, command: SideCommand, revision: int, action: SideAction, now_ms: int) -> list[Event]:
    head = (task.enterprise_id, now_ms, task.correlation_id, task.id)
    if action is SideAction.REJECT:
        return [SideRejected(*head, command.dimension, revision, command.text)]
    events: list[Event] = [SidePassed(*head, command.dimension, revision)]
    if task.state is TaskState.CLOSED:
        events.append(TaskClosed(*head, task.reopenings))
    return events


def match_version(command: SideCommand, task: Task) -> None:
    """Raises PreconditionFailed or SideChanged where the person has not seen the task, or the side, as it is."""
    if command.version is not None and command.version != task.version:
        raise PreconditionFailed(given=command.version, current=task.version)
    if command.base is not None and task.side(command.dimension).changed_in > command.base:
        raise SideChanged(side=command.dimension.value, given=command.base, current=task.version)


def _is_same(known: Submission, person: Person, command: SideCommand) -> bool:
    return (known.by, known.note, known.media) == (person.id, command.text, command.media)


def _require_evidence(command: SideCommand, evidence: EvidenceRepo) -> None:
    photos, retests, _ = evidence.of_task(command.task_id)
    usable = {p.id for p in photos if p.dimension is command.dimension and p.state is PhotoState.VERIFIED}
    pictured = any(p.id in usable and p.kind is MediaKind.PICTURE for p in photos)
    missing = sorted({*command.media} - usable)
    measured = any(r.dimension is command.dimension for r in retests)
    if missing or not (pictured or measured):
        raise EvidenceMissing(side=command.dimension.value, missing=missing)
