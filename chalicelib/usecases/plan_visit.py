"""Plan one visit for several tasks of an enterprise, and see it."""

from collections.abc import Sequence

from chalicelib.domain.access import Action, can_see, can_see_task, require
from chalicelib.domain.errors import InvalidRequest, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task
from chalicelib.domain.visit import Visit, wrong_tasks
from chalicelib.ports import Clock, Page, RegistryRepo, TaskRepo, VisitRepo


def plan_visit(
    visit_id: str,
    task_ids: Sequence[str],
    planned_at_ms: int,
    person: Person,
    *,
    visits: VisitRepo,
    tasks: TaskRepo,
    clock: Clock,
) -> Visit:
    """By an inspector who holds a side of each task, or a department. The same again is the same; raises InvalidRequest naming each task
    that does not fit, ContentConflict for an id with another plan."""
    require(person, Action.PLAN_VISIT)
    wanted = tuple(dict.fromkeys(task_ids))
    known = {one.id: one for one in tasks.many(wanted) if can_see_task(person, one)}
    found = [known.get(one) for one in wanted]
    wrong = wrong_tasks(found, person.id if person.role is Role.INSPECTOR else None)
    if wrong:
        earlier = visits.get(visit_id)  # planned before, and worked since: a repeat is no new plan
        if earlier is None or (earlier.task_ids, earlier.by) != (wanted, person.id):
            raise InvalidRequest(errors=wrong)
        return earlier
    first = next(one for one in found if one is not None)
    return visits.add(Visit(visit_id, first.enterprise_id, wanted, planned_at_ms, person.id, clock.now_ms()))


def see_visit(
    visit_id: str, person: Person, *, visits: VisitRepo, tasks: TaskRepo, registry: RegistryRepo
) -> tuple[Visit, tuple[Task, ...]]:
    """The visit with its tasks as they now stand. Raises NotFound."""
    require(person, Action.READ_TASK)
    visit = visits.get(visit_id)
    if visit is None or not _may_see(visit, person, registry):
        raise NotFound(what="visit")
    known = {one.id: one for one in tasks.many(visit.task_ids)}
    return visit, tuple(known[one] for one in visit.task_ids if one in known)


def list_visits(
    person: Person, cursor: str | None, limit: int, *, visits: VisitRepo, registry: RegistryRepo
) -> Page[Visit]:
    """Newest first: an enterprise's own, everybody else's field of sight."""
    require(person, Action.READ_TASK)
    own = person.enterprise_id if person.role is Role.ENTERPRISE else None
    page = visits.listing(own, cursor, limit)
    return Page(tuple(one for one in page.items if _may_see(one, person, registry)), page.cursor)


def _may_see(visit: Visit, person: Person, registry: RegistryRepo) -> bool:
    profile = registry.profile(visit.enterprise_id)
    one = profile.enterprise if profile else None
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
