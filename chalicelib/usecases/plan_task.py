"""Who works on a task, who is told, and until when: for one unit's warning, for a flood, and when a tier rises."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.access import can_see
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.duty import Rota, chief_of, group_of, ranked
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.membership import member_of
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import Side
from chalicelib.domain.task import Assignment, AssignmentReason, Task, TaskKind, escalate, regional_task_id, task_id
from chalicelib.domain.warning import Warning
from chalicelib.ports import DutyRepo, RegistryRepo, TaskRepo

REGIONAL_TIER = 2  # worked on site by the joint group, whatever the tiers of its warnings (3 has its own task)


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom the warnings of an enterprise may concern, and by which catalogue. `rescuers` answer for the nearest emergency resources."""

    enterprise: Enterprise
    concerned: Sequence[Person]
    catalogue: Catalogue
    rota: Rota
    now_ms: int
    rescuers: frozenset[str] = frozenset()

    @property
    def own_people(self) -> tuple[str, ...]:
        return tuple(sorted(p.id for p in self.concerned if p.role is Role.ENTERPRISE))


def look_around(enterprise_id: str, registry: RegistryRepo, catalogue: Catalogue, duty: DutyRepo, now_ms: int) -> Scene:
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    where = {"enterprise_id": one.id, "region": one.region, "industry": one.industry}
    concerned = [person for person in registry.people() if can_see(person, **where)]
    return Scene(one, concerned, catalogue, duty.rota(now_ms), now_ms)


@dataclass(frozen=True, slots=True)
class Case:
    """What a task without a warning is about. `id` names the task: the same case opened twice is one task. `within_ms`: its time in place of
    its tier's; nobody has to take it at once then."""

    id: str
    kind: TaskKind
    unit_id: str
    tier: int
    about: str
    parent_id: str = ""
    reported_by: str = ""
    correlation_id: str = ""
    within_ms: int | None = None


def plan_task(warning: Warning, scene: Scene, tasks: TaskRepo) -> Task:
    """The joint task of one warning."""
    return _plan(task_id(warning.id), warning, scene, warning.tier, tasks)


def plan_case(case: Case, scene: Scene, tasks: TaskRepo) -> Task:
    """The joint task of a case that has no warning."""
    blank = _blank(case.id, scene, case.tier, tasks, correlation_id=case.correlation_id)
    if case.within_ms is not None:
        blank = replace(blank, due_at_ms=scene.now_ms + case.within_ms, acknowledge_due_at_ms=None)
    return replace(
        blank,
        kind=case.kind,
        unit_id=case.unit_id,
        about=case.about,
        parent_id=case.parent_id,
        reported_by=case.reported_by,
    )


def plan_regional(warning: Warning, step: int, scene: Scene, tasks: TaskRepo) -> Task:
    """One task for the flood that this warning is part of: all inspectors of the group are called, two of them hold its sides."""
    one = scene.enterprise
    task = _plan(regional_task_id(one.region, one.industry, warning.id, step), warning, scene, REGIONAL_TIER, tasks)
    group = {p.id for p in scene.concerned if p.role is Role.INSPECTOR and p.on_duty}
    party = tuple(sorted({*task.party, *group}))
    return replace(task, kind=TaskKind.REGIONAL, enterprise_id="", unit_id="", party=party)


def raise_tier(task: Task, tier: int, scene: Scene, tasks: TaskRepo) -> Task:
    """The task at a higher tier, with those whom that tier adds."""
    chosen = choose_inspectors(scene, tier, tasks)
    inspectors = {dimension: task.side(dimension).inspector_id or chosen[dimension] for dimension in SIDES}
    party = choose_party(scene.concerned, tier, inspectors, scene.rescuers)
    return escalate(task, tier, scene.now_ms, scene.catalogue.deadlines[tier], inspectors, party)


def _plan(id: str, warning: Warning, scene: Scene, tier: int, tasks: TaskRepo) -> Task:
    return replace(
        _blank(id, scene, tier, tasks, correlation_id=warning.correlation_id),
        warning_id=warning.id,
        unit_id=warning.unit_id,
        rule_id=warning.rule_id,
        members=(member_of(warning, scene.now_ms),),
    )


def _blank(id: str, scene: Scene, tier: int, tasks: TaskRepo, *, correlation_id: str) -> Task:
    inspectors = choose_inspectors(scene, tier, tasks)
    deadlines, now_ms = scene.catalogue.deadlines[tier], scene.now_ms
    return Task(
        id=id,
        warning_id="",
        enterprise_id=scene.enterprise.id,
        unit_id="",
        region=scene.enterprise.region,
        industry=scene.enterprise.industry,
        rule_id="",
        tier=tier,
        safety=Side(inspector_id=inspectors[Dimension.SAFETY]),
        environment=Side(inspector_id=inspectors[Dimension.ENVIRONMENT]),
        party=choose_party(scene.concerned, tier, inspectors, scene.rescuers),
        opened_at_ms=now_ms,
        due_at_ms=now_ms + deadlines.finish_ms,
        acknowledge_due_at_ms=None if deadlines.acknowledge_ms is None else now_ms + deadlines.acknowledge_ms,
        correlation_id=correlation_id,
        assignments=tuple(
            Assignment(dimension, to, now_ms, AssignmentReason.DISPATCHED) for dimension, to in inspectors.items() if to
        ),
    )


def choose_inspectors(scene: Scene, tier: int, tasks: TaskRepo) -> Mapping[Dimension, str | None]:
    """For each side the least loaded inspector who is there, the chief where nobody else is; nobody for tier 1, which the enterprise
    works alone."""
    chosen: dict[Dimension, str | None] = dict.fromkeys(SIDES)
    if tier == 1:
        return chosen
    one = scene.enterprise
    for dimension in SIDES:
        group = group_of(scene.concerned, one.region, one.industry, dimension)
        there = ranked(group, scene.rota, scene.now_ms, tasks.open_count)
        chosen[dimension] = there[0] if there else chief_of(group, scene.rota, scene.now_ms)
    return chosen


def choose_party(
    concerned: Iterable[Person],
    tier: int,
    inspectors: Mapping[Dimension, str | None],
    rescuers: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Every tier tells the enterprise and both departments; 2 adds the two inspectors, 3 the committee and who answers for the nearest
    emergency resources, as far as the task is theirs to see."""
    concerned = tuple(concerned)
    told = {p.id for p in concerned if p.role in (Role.ENTERPRISE, Role.DEPARTMENT)}
    told |= {inspector for inspector in inspectors.values() if inspector is not None}
    if tier == 3:
        told |= {p.id for p in concerned if p.role is Role.COMMITTEE or p.id in rescuers}
    return tuple(sorted(told))
