"""Turn a warning into one joint task with its inspectors, party and deadlines, and follow the warning from then on."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.domain.access import can_see
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import (
    TaskDispatched,
    TaskEscalated,
    TaskWarningCleared,
    WarningCleared,
    WarningEscalated,
    WarningRaised,
)
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Side, Task, TaskState, escalate, task_id
from chalicelib.domain.warning import Warning
from chalicelib.ports import CatalogueRepo, Clock, RegistryRepo, TaskRepo, WarningRepo
from chalicelib.usecases.change_task import change_task_if_any


def dispatch_task(
    event: WarningRaised,
    *,
    warnings: WarningRepo,
    registry: RegistryRepo,
    tasks: TaskRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Task:
    """Open the joint task of a warning and announce it. Doing it twice opens one task."""
    warning = _warning(event.warning_id, warnings)
    if (known := tasks.get(task_id(warning.id))) is not None:
        return known
    enterprise = _enterprise(warning.enterprise_id, registry)
    draft = plan_task(warning, enterprise, registry.people(), tasks, catalogues.current(), clock.now_ms())
    called = TaskDispatched(enterprise.id, draft.opened_at_ms, warning.correlation_id, draft.id, draft.party)
    return tasks.add(draft, [called])


def plan_task(
    warning: Warning,
    enterprise: Enterprise,
    people: Iterable[Person],
    tasks: TaskRepo,
    catalogue: Catalogue,
    now_ms: int,
) -> Task:
    concerned = _concerned(enterprise, people)
    inspectors = choose_inspectors(concerned, warning.tier, tasks)
    deadlines = catalogue.deadlines[warning.tier]
    return Task(
        id=task_id(warning.id),
        warning_id=warning.id,
        enterprise_id=enterprise.id,
        unit_id=warning.unit_id,
        region=enterprise.region,
        industry=enterprise.industry,
        rule_id=warning.rule_id,
        tier=warning.tier,
        safety=Side(inspector_id=inspectors[Dimension.SAFETY]),
        environment=Side(inspector_id=inspectors[Dimension.ENVIRONMENT]),
        party=choose_party(concerned, warning.tier, inspectors),
        opened_at_ms=now_ms,
        due_at_ms=now_ms + deadlines.finish_ms,
        acknowledge_due_at_ms=None if deadlines.acknowledge_ms is None else now_ms + deadlines.acknowledge_ms,
        correlation_id=warning.correlation_id,
    )


def follow_escalation(
    event: WarningEscalated, *, registry: RegistryRepo, tasks: TaskRepo, catalogues: CatalogueRepo, clock: Clock
) -> Task | None:
    """Raise the open task of a warning to its new tier. A task that is closed, or not dispatched yet, stays as it is:
    dispatch reads the warning as it then stands."""

    def decide(task: Task) -> tuple[Task, list[TaskEscalated]]:
        if task.tier >= event.tier or task.state is TaskState.CLOSED:
            return task, []
        concerned = _concerned(_enterprise(task.enterprise_id, registry), registry.people())
        chosen = choose_inspectors(concerned, event.tier, tasks)
        inspectors = {dimension: task.side(dimension).inspector_id or chosen[dimension] for dimension in SIDES}
        party = choose_party(concerned, event.tier, inspectors)
        deadlines = catalogues.current().deadlines[event.tier]
        raised = escalate(task, event.tier, clock.now_ms(), deadlines, inspectors, party)
        head = (task.enterprise_id, clock.now_ms(), event.correlation_id, task.id)
        return raised, [TaskEscalated(*head, event.tier, party)]

    return change_task_if_any(task_id(event.warning_id), decide, tasks=tasks)


def note_clearing(event: WarningCleared, *, tasks: TaskRepo) -> Task | None:
    """Write on the task that the readings are back. It stays open: people close it, not sensors."""

    def decide(task: Task) -> tuple[Task, list[TaskWarningCleared]]:
        if task.warning_cleared_at_ms is not None:
            return task, []
        cleared = replace(task, warning_cleared_at_ms=event.at_ms)
        return cleared, [TaskWarningCleared(task.enterprise_id, event.at_ms, event.correlation_id, task.id)]

    return change_task_if_any(task_id(event.warning_id), decide, tasks=tasks)


def choose_inspectors(concerned: Iterable[Person], tier: int, tasks: TaskRepo) -> Mapping[Dimension, str | None]:
    """The least loaded inspector on duty for each side; nobody for tier 1, which the enterprise works alone."""
    chosen: dict[Dimension, str | None] = dict.fromkeys(SIDES)
    if tier == 1:
        return chosen
    for dimension in SIDES:
        group = [p for p in concerned if p.role is Role.INSPECTOR and p.dimension is dimension and p.on_duty]
        chosen[dimension] = min((p.id for p in group), key=lambda i: (tasks.open_count(i), i), default=None)
    return chosen


def choose_party(concerned: Iterable[Person], tier: int, inspectors: Mapping[Dimension, str | None]) -> tuple[str, ...]:
    """Every tier tells the enterprise and both departments; 2 adds the two inspectors, 3 the committee."""
    told = {p.id for p in concerned if p.role in (Role.ENTERPRISE, Role.DEPARTMENT)}
    told |= {inspector for inspector in inspectors.values() if inspector is not None}
    if tier == 3:
        told |= {p.id for p in concerned if p.role is Role.COMMITTEE}
    return tuple(sorted(told))


def _concerned(enterprise: Enterprise, people: Iterable[Person]) -> list[Person]:
    where = {"enterprise_id": enterprise.id, "region": enterprise.region, "industry": enterprise.industry}
    return [person for person in people if can_see(person, **where)]


def _warning(warning_id: str, warnings: WarningRepo) -> Warning:
    warning = warnings.get(warning_id)
    if warning is None:
        raise NotFound(what="warning")
    return warning


def _enterprise(enterprise_id: str, registry: RegistryRepo) -> Enterprise:
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    return profile.enterprise
