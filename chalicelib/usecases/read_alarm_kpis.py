"""The figures of alarms, worked out when they are asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.alarm_kpis import MAX_DAYS, Alarm, Figures, Group, GroupFigures, Span, alarm_kpis
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.handling import Course, Handling
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task
from chalicelib.ports import CatalogueRepo, Clock, DispatchRepo, RegistryRepo, TaskRepo

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class KpiQuery:
    """`region` and `industry` None: all that the person sees."""

    from_ms: int
    to_ms: int
    region: str | None = None
    industry: str | None = None


def read_alarm_kpis(
    query: KpiQuery,
    person: Person,
    *,
    dispatches: DispatchRepo,
    tasks: TaskRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> tuple[Figures, tuple[GroupFigures, ...]]:
    """The whole and each joint group in each shift. Raises InvalidRequest for more than MAX_DAYS, or none."""
    require(person, Action.READ_ALARM_KPIS)
    if not 0 < query.to_ms - query.from_ms <= MAX_DAYS * DAY_MS:
        raise InvalidRequest(errors=[FieldError("to", "range", str(MAX_DAYS))])
    catalogue, now_ms = catalogues.current(), clock.now_ms()
    groups = {one.id: (one.region, one.industry) for one in registry.enterprises() if _is_asked(one, query, person)}
    handled = {one.warning_id: one for one in dispatches.between(query.from_ms, query.to_ms)}
    handled |= {one.warning_id: one for one in dispatches.standing(now_ms)}
    known = [one for one in handled.values() if one.enterprise_id in groups]
    opened = {one.warning_id: one for one in tasks.many(_task_ids(known))}
    alarms = [_alarm(one, groups[one.enterprise_id], opened.get(one.warning_id)) for one in known]
    span = Span(query.from_ms, query.to_ms, now_ms, zone, catalogue.chattering, catalogue.stale_after_ms)
    return alarm_kpis(alarms, span, _inspectors(groups.values(), registry.people()))


def _is_asked(one: Enterprise, query: KpiQuery, person: Person) -> bool:
    return (
        query.region in (None, one.region)
        and query.industry in (None, one.industry)
        and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
    )


def _task_ids(handled: Iterable[Handling]) -> list[str]:
    return list(dict.fromkeys(one.task_id for one in handled if one.task_id is not None))


def _alarm(handling: Handling, group: Group, task: Task | None) -> Alarm:
    """`task` is the one that this warning opened; those that joined it have no times of their own."""
    courses = {step.course for step in handling.steps}
    taken = min((one.at_ms for one in task.acknowledgements), default=None) if task else None
    return Alarm(
        warning_id=handling.warning_id,
        group=group,
        unit_id=handling.unit_id,
        rule_id=handling.rule_id,
        raised_at_ms=handling.raised_at_ms,
        is_standing=handling.cleared_at_ms is None,
        was_shelved=Course.SHELVED in courses,
        was_suppressed=Course.SUPPRESSED in courses,
        acknowledged_after_ms=taken - task.opened_at_ms if task and taken is not None else None,
        closed_after_ms=task.closed_at_ms - task.opened_at_ms if task and task.closed_at_ms is not None else None,
    )


def _inspectors(groups: Iterable[Group], people: Iterable[Person]) -> dict[Group, int]:
    on_duty = [one for one in people if one.role is Role.INSPECTOR and one.on_duty]
    return {
        (region, industry): sum(region in one.regions and industry in one.industries for one in on_duty)
        for region, industry in dict.fromkeys(groups)
    }
