"""What somebody who stands before a unit needs to know of it: what is open there, who works on it, and where its code leads."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, can_see_task, require, require_sight
from chalicelib.domain.enterprise import Enterprise, Unit
from chalicelib.domain.errors import NotFound
from chalicelib.domain.membership import seen_by
from chalicelib.domain.observation import Observation
from chalicelib.domain.person import Person
from chalicelib.domain.task import Task
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.ports import ObservationRepo, RegistryRepo, TaskRepo, WarningRepo

RECENT_MS = 7 * 86_400_000
MOST = 100


@dataclass(frozen=True, slots=True)
class UnitPage:
    unit: Unit
    enterprise: Enterprise
    tasks: tuple[Task, ...]
    warnings: tuple[Warning, ...]
    observations: tuple[Observation, ...]


def see_unit_page(
    unit_id: str,
    person: Person,
    now_ms: int,
    *,
    registry: RegistryRepo,
    tasks: TaskRepo,
    warnings: WarningRepo,
    observations: ObservationRepo,
) -> UnitPage:
    """Open tasks, and warnings and observations of the last week that are open. Raises NotFound."""
    unit, enterprise = see_unit(unit_id, person, registry=registry)
    open_tasks = tasks.listing(f"enterprise:{enterprise.id}", None, MOST, open_only=True).items
    since_ms = now_ms - RECENT_MS
    return UnitPage(
        unit,
        enterprise,
        tuple(seen_by(one, person) for one in open_tasks if _is_of(one, unit_id) and can_see_task(person, one)),
        tuple(
            one
            for one in warnings.since(enterprise.id, since_ms)
            if one.unit_id == unit_id and one.state is WarningState.OPEN
        ),
        tuple(
            one
            for one in observations.since(enterprise.id, since_ms)
            if one.unit_id == unit_id and one.closed_at_ms is None
        ),
    )


def see_unit(unit_id: str, person: Person, *, registry: RegistryRepo) -> tuple[Unit, Enterprise]:
    """Raises NotFound where there is no such unit, or the person may not know of it."""
    require(person, Action.READ_ENTERPRISE)
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if unit is None or profile is None:
        raise NotFound(what="unit")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="unit")
    return unit, one


def _is_of(task: Task, unit_id: str) -> bool:
    return task.unit_id == unit_id or any(one.unit_id == unit_id for one in task.members)
