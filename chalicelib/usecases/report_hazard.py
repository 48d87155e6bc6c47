"""Report a hazard: it becomes a joint task at once, and photos are added to that."""

from dataclasses import replace

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.hazard import Hazard, hazard_task_id, tier_of
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task, TaskKind
from chalicelib.ports import CatalogueRepo, Clock, DutyRepo, HazardRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case

MAX_AHEAD_MS = 5 * 60_000


def report_hazard(
    hazard: Hazard,
    person: Person,
    *,
    hazards: HazardRepo,
    tasks: TaskRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    duty: DutyRepo,
    clock: Clock,
) -> Task:
    """The task of a hazard. The same report again gives the task as it now stands; another one under its id is a ContentConflict.

    An enterprise reports its own; its task is of tier 1, which it works alone and both departments accept.
    """
    require(person, Action.REPORT_HAZARD)
    profile = registry.profile(hazard.enterprise_id)
    one = profile.enterprise if profile else None
    if one is None or not can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry):
        raise NotFound(what="enterprise")
    if hazard.unit_id and profile and hazard.unit_id not in profile.units_by_id:
        raise InvalidRequest(errors=[FieldError("unit_id", "unknown_unit", hazard.unit_id)])
    now_ms = clock.now_ms()
    if hazard.seen_at_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("seen_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")])
    is_own = person.role is Role.ENTERPRISE
    known = hazards.add(replace(hazard, reported_by=person.id, received_at_ms=now_ms, is_own=is_own))
    case = Case(
        id=hazard_task_id(known.id),
        kind=TaskKind.HAZARD,
        unit_id=known.unit_id,
        tier=tier_of(known, person),
        about=known.text,
        reported_by=known.reported_by,
    )
    return open_case(
        case, known.enterprise_id, tasks=tasks, registry=registry, catalogues=catalogues, duty=duty, clock=clock
    )
