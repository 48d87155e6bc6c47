"""The one way a raised warning gets its handling: look at what there is, choose, and write the choice with all that follows from it
in one transaction; others were first: look again. Whoever asks says by `is_due` whether there is (still) something to choose.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from chalicelib.domain.chattering import Episode, Opening, next_opening, observe_chattering
from chalicelib.domain.emergency import EmergencyResource, called_by, nearest
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.events import Event, ObservationOpened, TaskDispatched, TaskEscalated
from chalicelib.domain.handling import (
    HELD,
    Choice,
    Circumstances,
    Course,
    Handling,
    Step,
    choose_course,
    first_handling,
)
from chalicelib.domain.membership import join, leave, member_of
from chalicelib.domain.preferences import URGENT_TIER
from chalicelib.domain.task import Task, TaskState
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    DispatchRepo,
    DutyRepo,
    EditionRepo,
    ObservationRepo,
    RegistryRepo,
    ShelvingRepo,
    TaskRepo,
    WarningRepo,
    WindowRepo,
)
from chalicelib.usecases.plan_task import Scene, look_around, plan_regional, plan_task, raise_tier

ATTEMPTS = 8
OPEN_TASKS = 100  # of one enterprise; who has more has other troubles than a task too many


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The ports that dispatching needs, together."""

    warnings: WarningRepo
    registry: RegistryRepo
    tasks: TaskRepo
    dispatches: DispatchRepo
    shelvings: ShelvingRepo
    windows: WindowRepo
    observations: ObservationRepo
    catalogues: CatalogueRepo
    duty: DutyRepo
    resources: EditionRepo[EmergencyResource]
    clock: Clock
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Carried:
    """What a choice comes to: the task that the warning is in, as it is to be written, and what is announced."""

    task: Task
    events: tuple[Event, ...] = ()


def settle_warning(warning_id: str, is_due: Callable[[Handling | None], bool], desk: Desk) -> Handling | None:
    """How the warning is handled after this. Raises NotFound for a warning or an enterprise that is not there."""
    for _ in range(ATTEMPTS):
        warning = current_warning(warning_id, desk.warnings)
        if warning is None:
            raise NotFound(what="warning")
        known = desk.dispatches.handling(warning_id)
        if not is_due(known):
            return known
        try:
            return _settle(warning, known, desk)
        except WriteConflict:
            continue
    raise WriteConflict


def current_warning(warning_id: str, warnings: WarningRepo) -> Warning | None:
    """A warning as it now stands, under the id by which people know it: late data may have put another in its place."""
    known = warnings.get(warning_id)
    while known is not None and known.state is WarningState.WITHDRAWN and known.superseded_by:
        known = warnings.get(known.superseded_by)
    return None if known is None else replace(known, id=warning_id)


def look_at(enterprise_id: str, tier: int, desk: Desk) -> Scene:
    """Whom a warning of a tier may concern; of tier 3 also who answers for the nearest emergency resources."""
    scene = look_around(enterprise_id, desk.registry, desk.catalogues.current(), desk.duty, desk.clock.now_ms())
    if tier < URGENT_TIER:
        return scene
    one = scene.enterprise
    seen = (kept.value for kept in desk.resources.all() if kept.value.enterprise_id in ("", one.id))
    near = nearest(seen, one.position, one.region, scene.now_ms)
    return replace(scene, rescuers=called_by(near, scene.now_ms, desk.zone))


def _settle(warning: Warning, known: Handling | None, desk: Desk) -> Handling:
    scene = look_at(warning.enterprise_id, warning.tier, desk)
    opening, openings = _openings(warning, scene, desk)
    seen = _look(warning, openings, scene, desk)
    choice = choose_course(warning, seen, scene.catalogue)
    if known is not None and choice.course in HELD and (known.course, known.by) == (choice.course, choice.by):
        return known
    carried = _carry(choice, warning, 0 if known is None else len(known.steps), scene, desk)
    step = Step(choice.course, choice.by if carried is None else carried.task.id, scene.now_ms)
    load = None
    if carried is not None and warning.tier < 3 and choice.course in (Course.OWN_TASK, Course.FLOOD):
        regional = carried.task.id if choice.course is Course.FLOOD else None
        load = seen.load.with_dispatch(scene.now_ms, scene.catalogue.grouping, regional)
    return desk.dispatches.commit(
        first_handling(warning, step) if known is None else replace(known.then(step), tier=warning.tier),
        tasks=[*_left(known, warning, desk), *([] if carried is None else [carried.task])],
        load=load,
        opening=opening if known is None else None,
        episode=_chatters(warning, opening, openings, scene, desk) if known is None else None,
        events=() if carried is None else carried.events,
    )


def _openings(warning: Warning, scene: Scene, desk: Desk) -> tuple[Opening, int]:
    """This opening of the rule, and how many there are within the chattering window up to it."""
    at_ms, window_ms = warning.opened_at_ms, scene.catalogue.chattering.window_ms
    known = desk.dispatches.openings(warning.unit_id, warning.rule_id, at_ms - window_ms, at_ms)
    others = [one for one in known if one.warning_id != warning.id]
    return next_opening(warning, others[-1] if others else None, scene.catalogue.chattering), len(others) + 1


def _look(warning: Warning, openings: int, scene: Scene, desk: Desk) -> Circumstances:
    load = desk.dispatches.load(scene.enterprise.region, scene.enterprise.industry)
    page = desk.tasks.listing(f"enterprise:{warning.enterprise_id}", None, OPEN_TASKS, open_only=True)
    return Circumstances(
        now_ms=scene.now_ms,
        windows=desk.windows.of_unit(warning.unit_id),
        shelvings=desk.shelvings.of_unit(warning.unit_id, scene.now_ms),
        open_tasks=page.items,
        openings=openings,
        load=load,
        regional=None if load.regional_task_id is None else desk.tasks.get(load.regional_task_id),
    )


def _chatters(warning: Warning, opening: Opening, openings: int, scene: Scene, desk: Desk) -> Episode | None:
    """Say that the rule chatters, once an episode."""
    if openings < scene.catalogue.chattering.count:
        return None
    found = observe_chattering(warning, opening, openings, scene.catalogue)
    told = ObservationOpened(found.enterprise_id, found.opened_at_ms, found.correlation_id, found.id)
    desk.observations.add([found], [told])
    return Episode(found.id, opening.at_ms)


def _carry(choice: Choice, warning: Warning, step: int, scene: Scene, desk: Desk) -> Carried | None:
    head = (warning.enterprise_id, scene.now_ms, warning.correlation_id)
    if choice.course in HELD:
        return None
    if choice.task is not None:
        return _joined(choice, warning, scene, desk)
    if choice.course is Course.FLOOD:
        draft = plan_regional(warning, step, scene, desk.tasks)
    else:
        draft = plan_task(warning, scene, desk.tasks)
    return Carried(draft, (TaskDispatched(*head, draft.id, draft.party),))


def _joined(choice: Choice, warning: Warning, scene: Scene, desk: Desk) -> Carried:
    """The task with the warning in it. Those of an enterprise that is new to a regional task are called to it."""
    assert choice.task is not None
    known, head = choice.task, (warning.enterprise_id, scene.now_ms, warning.correlation_id)
    if choice.course is Course.FLOOD:
        task = join(known, member_of(warning, scene.now_ms), scene.own_people)
        is_new = warning.enterprise_id not in known.enterprises
        return Carried(task, (TaskDispatched(*head, task.id, scene.own_people),) if is_new else ())
    task = join(known, member_of(warning, scene.now_ms))
    if warning.tier <= known.tier:
        return Carried(task)
    raised = raise_tier(task, warning.tier, scene, desk.tasks)
    return Carried(raised, (TaskEscalated(*head, raised.id, raised.tier, raised.party),))


def _left(known: Handling | None, warning: Warning, desk: Desk) -> Sequence[Task]:
    """The open task that the warning leaves for another."""
    task = None if known is None or known.task_id is None else desk.tasks.get(known.task_id)
    return [] if task is None or task.state is TaskState.CLOSED else [leave(task, warning.id)]
