"""Give a list of the park away, page by page: each person gets what they may see of it, an enterprise its own rows.

A page is bounded whatever the list's length. Its cursor says what of the list was last, so that a list that grows meanwhile is neither
cut nor repeated.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.emergency import MASK, may_see_phones
from chalicelib.domain.enterprise import Enterprise, Profile
from chalicelib.domain.errors import Forbidden, InvalidCursor, NotFound
from chalicelib.domain.exchange import ListName, record_of
from chalicelib.domain.exchange_columns import COLUMNS
from chalicelib.domain.hazard import hazard_of_task
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import TaskKind
from chalicelib.ports import (
    AuditRepo,
    CatalogueRepo,
    ChainAlertRepo,
    DutyRepo,
    HazardRepo,
    InstrumentRepo,
    LinkRepo,
    ObservationRepo,
    Page,
    PlanRepo,
    RegistryRepo,
    ScoreRepo,
    TaskRepo,
    VisitRepo,
    WarningRepo,
)
from chalicelib.usecases.keep_duty import list_rota
from chalicelib.usecases.keep_links import see_chain
from chalicelib.usecases.keep_plans import list_plans
from chalicelib.usecases.keep_resources import Resources, list_resources
from chalicelib.usecases.keep_targets import Targets, list_targets
from chalicelib.usecases.plan_visit import list_visits
from chalicelib.usecases.read_chain_alerts import list_alerts
from chalicelib.usecases.register_instrument import list_instruments
from chalicelib.usecases.work_task import list_tasks

Record = Mapping[str, Any]
BETWEEN = "\n"  # in cursors, between what no id has in it


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDesk:
    """The ports that lists come from."""

    registry: RegistryRepo
    catalogues: CatalogueRepo
    links: LinkRepo
    plans: PlanRepo
    resources: Resources
    targets: Targets
    instruments: InstrumentRepo
    duty: DutyRepo
    warnings: WarningRepo
    tasks: TaskRepo
    scores: ScoreRepo
    observations: ObservationRepo
    hazards: HazardRepo
    visits: VisitRepo
    chain_alerts: ChainAlertRepo
    audits: AuditRepo


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a list is asked for: by whom, from where on, how much. `months` are those of the score ("2026-03"), oldest first."""

    name: ListName
    person: Person
    cursor: str | None
    limit: int
    months: tuple[str, ...] = ()


def export_list(asked: Asked, *, export_desk: ExportDesk) -> Page[Record]:
    """Records by the list's columns. A page may have fewer than `limit`; of units, points and scores a few more.

    Raises Forbidden for a list that is not for their role, InvalidCursor.
    """
    require(asked.person, Action.EXPORT)
    if (needed := NEEDS.get(asked.name)) is not None:
        require(asked.person, needed)
    if asked.name is ListName.PEOPLE and asked.person.role in (Role.INSPECTOR, Role.DEPARTMENT):
        raise Forbidden(action=Action.EXPORT.value)
    is_feed = asked.name in FEEDS
    page = SOURCES[asked.name](asked if is_feed else replace(asked, cursor=_opened(asked.cursor)), export_desk)
    columns = COLUMNS[asked.name]
    records = tuple(record_of(one, columns) for one in page.items)
    return Page(records, page.cursor if is_feed or page.cursor is None else _sealed(page.cursor))


# What has cursors of its own.
FEEDS = frozenset(
    {
        ListName.WARNINGS,
        ListName.TASKS,
        ListName.OBSERVATIONS,
        ListName.HAZARDS,
        ListName.VISITS,
        ListName.CHAIN_ALERTS,
    }
)


def _sealed(place: str) -> str:
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _opened(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise InvalidCursor() from None


NEEDS = {
    ListName.ROTA: Action.READ_DUTY,
    ListName.SCORES: Action.READ_SCORE,
    ListName.AUDITS: Action.EXPORT_AUDIT,
}


def _slice(found: Sequence[Any], key: Callable[[Any], str], asked: Asked) -> Page[Any]:
    """A page of what is held as a whole: lists of the registry."""
    after = asked.cursor or ""
    rest = sorted((one for one in found if key(one) > after), key=key)
    kept = rest[: asked.limit]
    return Page(tuple(kept), key(kept[-1]) if len(rest) > asked.limit else None)


def _id(one: Any) -> str:
    return str(one.id)


def _enterprises(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return _slice(_seen(asked.person, desk), _id, asked)


def _seen(person: Person, desk: ExportDesk) -> list[Enterprise]:
    return [
        one
        for one in desk.registry.enterprises()
        if can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
    ]


def _by_enterprise(asked: Asked, desk: ExportDesk, rows: Callable[[Profile], Sequence[Any]]) -> Page[Any]:
    """Whole enterprises, until there are enough rows."""
    found: list[Any] = []
    ids = sorted(one.id for one in _seen(asked.person, desk) if one.id > (asked.cursor or ""))
    for at, enterprise_id in enumerate(ids, start=1):
        profile = desk.registry.profile(enterprise_id)
        found += [] if profile is None else rows(profile)
        if len(found) >= asked.limit:
            return Page(tuple(found), enterprise_id if at < len(ids) else None)
    return Page(tuple(found), None)


def _units(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return _by_enterprise(asked, desk, lambda profile: sorted(profile.units, key=_id))


def _points(asked: Asked, desk: ExportDesk) -> Page[Any]:
    known = desk.catalogues.current().indicators

    def rows(profile: Profile) -> list[Record]:
        return [
            {name: getattr(one, name) for name in POINT}
            | (
                {}
                if (of := known.get(one.indicator)) is None
                else {"indicator_name": of.name["zh-CN"], "hj212_code": of.hj212_code, "unit": of.unit}
            )
            for one in sorted(profile.points, key=_id)
        ]

    return _by_enterprise(asked, desk, rows)


POINT = (
    "id",
    "enterprise_id",
    "unit_id",
    "indicator",
    "nominal",
    "threshold",
    "limit",
    "band_low",
    "band_high",
)


def _people(asked: Asked, desk: ExportDesk) -> Page[Any]:
    """An enterprise's own; committee and admin have everybody."""
    person, people = asked.person, desk.registry.people()
    own = [one for one in people if person.role is not Role.ENTERPRISE or one.enterprise_id == person.enterprise_id]
    return _slice(own, _id, asked)


def _links(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return _slice(see_chain(asked.person, None, links=desk.links, registry=desk.registry).links, _id, asked)


def _plans(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return _slice(list_plans(asked.person, plans=desk.plans), _id, asked)


def _resources(asked: Asked, desk: ExportDesk) -> Page[Any]:
    """Telephone numbers only for those who read them in the list."""
    found = (one.value for one in list_resources(asked.person, resources=desk.resources))
    shown = [
        one
        if may_see_phones(asked.person, one)
        else replace(one, on_call=tuple(replace(who, phone=MASK) for who in one.on_call))
        for one in found
    ]
    return _slice(shown, _id, asked)


def _targets(asked: Asked, desk: ExportDesk) -> Page[Any]:
    found = list_targets(asked.person, targets=desk.targets, registry=desk.registry)
    return _slice([one.value for one in found], _id, asked)


def _instruments(asked: Asked, desk: ExportDesk) -> Page[Any]:
    found = list_instruments(asked.person, instruments=desk.instruments, registry=desk.registry)
    return _slice(found, _id, asked)


def _rota(asked: Asked, desk: ExportDesk) -> Page[Any]:
    found = list_rota(asked.person, duty=desk.duty, registry=desk.registry)
    return _slice(found, lambda one: f"{one.to_ms:013d}#{one.person_id}#{one.id}", asked)


def _own(person: Person) -> str | None:
    return person.enterprise_id if person.role is Role.ENTERPRISE else None


def _of_enterprises(page: Page[Any], person: Person, desk: ExportDesk) -> Page[Any]:
    seen = {one.id for one in _seen(person, desk)}
    return Page(tuple(one for one in page.items if one.enterprise_id in seen), page.cursor)


def _warnings(asked: Asked, desk: ExportDesk) -> Page[Any]:
    page = desk.warnings.listing(_own(asked.person), asked.cursor, asked.limit)
    return _of_enterprises(page, asked.person, desk)


def _observations(asked: Asked, desk: ExportDesk) -> Page[Any]:
    page = desk.observations.listing(_own(asked.person), asked.cursor, asked.limit)
    return _of_enterprises(page, asked.person, desk)


def _tasks(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return list_tasks(asked.person, asked.cursor, asked.limit, open_only=False, tasks=desk.tasks)


def _hazards(asked: Asked, desk: ExportDesk) -> Page[Any]:
    """By the tasks that they were filed as."""
    page = _tasks(asked, desk)
    ids = [hazard_of_task(task.id) for task in page.items if task.kind is TaskKind.HAZARD]
    found = (desk.hazards.get(one) for one in ids)
    return Page(tuple(one for one in found if one is not None), page.cursor)


def _visits(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return list_visits(asked.person, asked.cursor, asked.limit, visits=desk.visits, registry=desk.registry)


def _chain_alerts(asked: Asked, desk: ExportDesk) -> Page[Any]:
    return list_alerts(asked.person, asked.cursor, asked.limit, chain_alerts=desk.chain_alerts, registry=desk.registry)


def _scores(asked: Asked, desk: ExportDesk) -> Page[Any]:
    """Month by month of each enterprise, until there are enough entries."""
    found: list[Any] = []
    places = [(one.id, month) for one in sorted(_seen(asked.person, desk), key=_id) for month in asked.months]
    after = (asked.cursor or "").split(BETWEEN)
    rest = [one for one in places if asked.cursor is None or list(one) > after]
    for at, (enterprise_id, month) in enumerate(rest, start=1):
        found += desk.scores.of_month(enterprise_id, month)
        if len(found) >= asked.limit or at >= MOST_MONTHS:
            return Page(tuple(found), f"{enterprise_id}{BETWEEN}{month}" if at < len(rest) else None)
    return Page(tuple(found), None)


MOST_MONTHS = 500  # ledgers that one page looks into


def _audits(asked: Asked, desk: ExportDesk) -> Page[Any]:
    """Entry by entry of each object; of objects of other regions nothing."""
    found: list[Any] = []
    name, after = _place(asked.cursor)
    objects = [*([name] if name else []), *desk.audits.objects(name, asked.limit)]
    for one in objects:
        start, room = (after if one == name else 0), asked.limit - len(found)
        entries = desk.audits.entries(one, start, room) if _is_theirs(one, asked.person, desk) else ()
        found += entries
        if len(entries) == room:
            return Page(tuple(found), f"{one}{BETWEEN}{entries[-1].seq}")
    is_end = len(objects) < asked.limit + bool(name)
    return Page(tuple(found), None if is_end else f"{objects[-1]}{BETWEEN}{BEYOND}")


BEYOND = 10**9  # more entries than a chain has


def _place(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    name, _, after = cursor.partition(BETWEEN)
    if not after.isdecimal() or len(after) > len(str(BEYOND)):
        raise InvalidCursor()
    return name, int(after)


def _is_theirs(object: str, person: Person, desk: ExportDesk) -> bool:
    """Committee and admin have every chain; a department those of its regions' tasks, warnings and scores."""
    if person.role is not Role.DEPARTMENT or not person.regions:
        return True
    kind, _, name = object.partition(":")
    task = desk.tasks.get(name) if kind == "task" else None
    warning = desk.warnings.get(name) if kind == "warning" else None
    enterprise_id = name.partition(":")[0] if kind == "score" else warning.enterprise_id if warning else ""
    if task is not None:
        return task.region in person.regions
    profile = desk.registry.profile(enterprise_id) if enterprise_id else None
    return profile is not None and profile.enterprise.region in person.regions


SOURCES: Mapping[ListName, Callable[[Asked, ExportDesk], Page[Any]]] = {
    ListName.ENTERPRISES: _enterprises,
    ListName.UNITS: _units,
    ListName.POINTS: _points,
    ListName.PEOPLE: _people,
    ListName.LINKS: _links,
    ListName.PLANS: _plans,
    ListName.RESOURCES: _resources,
    ListName.TARGETS: _targets,
    ListName.INSTRUMENTS: _instruments,
    ListName.ROTA: _rota,
    ListName.WARNINGS: _warnings,
    ListName.TASKS: _tasks,
    ListName.SCORES: _scores,
    ListName.OBSERVATIONS: _observations,
    ListName.HAZARDS: _hazards,
    ListName.VISITS: _visits,
    ListName.CHAIN_ALERTS: _chain_alerts,
    ListName.AUDITS: _audits,
}


def list_named(name: str) -> ListName:
    """Raises NotFound."""
    if name not in set(ListName):
        raise NotFound(what="list")
    return ListName(name)
