"""Warn along the chain: receivers stop their intake and test their stock, the park verifies at the giver, and a joint task follows at
each place, all under one parent.

The parent is the open task of a warning of the giver's unit, or else one that is opened there for this.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chalicelib.domain.access import can_see
from chalicelib.domain.chain import Gives, Link, Place, units_behind, walk
from chalicelib.domain.chain_alert import DIRECT_TIER, ChainAlert, Crossing, Excess, Warned, chain_task_id, warned_of
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.events import LimitCrossed
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.times import local_minute
from chalicelib.ports import CatalogueRepo, ChainAlertRepo, Clock, DutyRepo, LinkRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case

OPEN_TASKS = 100  # of the giver, among which the one of its warning is looked for
VERIFIERS = frozenset({Role.DEPARTMENT, Role.COMMITTEE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDesk:
    """The ports that warning along the chain needs, together."""

    links: LinkRepo
    alerts: ChainAlertRepo
    registry: RegistryRepo
    tasks: TaskRepo
    catalogues: CatalogueRepo
    duty: DutyRepo
    clock: Clock
    post: Post
    zone: ZoneInfo


def warn_chain(event: LimitCrossed, *, chain_desk: ChainDesk) -> tuple[Warned, ...]:
    """Whom this crossing reaches that the alert had not reached before. Doing it twice tells each once and opens each task once.

    Of what came late people find a notice in their inbox: nobody is called, and no task is opened.
    """
    desk = chain_desk
    alert = desk.alerts.get(event.alert_id)
    crossing = alert.crossing(event.number) if alert else None
    if alert is None or crossing is None:
        return ()
    first = [one for one in desk.links.of_enterprise(crossing.giver.enterprise_id) if one.id in crossing.links]
    steps = walk(crossing.giver, first, _gives(desk))
    stand = desk.alerts.add_warned(alert, [warned_of(one, crossing) for one in steps])
    warned = tuple(one for one in stand if one.number == crossing.number)
    if not warned:
        return ()
    to_receivers = tuple(_for_receivers(event, crossing, warned, desk))
    if crossing.is_late:
        for notice in (*to_receivers, *_for_verifiers(event, crossing, warned, "", desk)):
            desk.post.inbox.add(notice)
        return warned
    hand_out(to_receivers, desk.post)
    parent_id = _parent(event, alert, crossing, desk)
    hand_out(tuple(_for_verifiers(event, crossing, warned, parent_id, desk)), desk.post)
    for one in warned:
        _open(one.task_id, one.place, one.tier, _material(one.link_id, one.place, desk), parent_id, event, desk)
    return warned


def _gives(desk: ChainDesk) -> Gives:
    """What a place passes on: what its enterprise gives from that unit, or from units that it feeds."""

    def gives(place: Place) -> Iterable[Link]:
        profile = desk.registry.profile(place.enterprise_id)
        units = frozenset[str]() if profile is None else units_behind(profile, place.unit_id)
        own = desk.links.of_enterprise(place.enterprise_id)
        return (one for one in own if one.giver.enterprise_id == place.enterprise_id and one.giver.unit_id in units)

    return gives


# the tasks


def _parent(event: LimitCrossed, alert: ChainAlert, crossing: Crossing, desk: ChainDesk) -> str:
    """Chosen once an alert, whatever becomes of the warning's task meanwhile."""
    own_id = chain_task_id(alert.id, crossing.giver)
    parent_id = alert.parent_id or desk.alerts.settle_parent(alert.id, _task_of_warning(crossing.giver, desk) or own_id)
    if parent_id == own_id:
        material = _material(crossing.excesses[0].link_id, crossing.giver, desk)
        _open(own_id, crossing.giver, DIRECT_TIER, material, "", event, desk)
    return parent_id


def _task_of_warning(giver: Place, desk: ChainDesk) -> str | None:
    page = desk.tasks.listing(f"enterprise:{giver.enterprise_id}", None, OPEN_TASKS, open_only=True)
    return next((task.id for task in page.items if _has_open_warning(task, giver.unit_id)), None)


def _has_open_warning(task: Task, unit_id: str) -> bool:
    return any(one.unit_id == unit_id and one.cleared_at_ms is None for one in task.members)


def _open(
    id: str, place: Place, tier: int, material: str, parent_id: str, event: LimitCrossed, desk: ChainDesk
) -> None:
    case = Case(id, TaskKind.CHAIN, place.unit_id, tier, material, parent_id, correlation_id=event.correlation_id)
    open_case(
        case,
        place.enterprise_id,
        tasks=desk.tasks,
        registry=desk.registry,
        catalogues=desk.catalogues,
        duty=desk.duty,
        clock=desk.clock,
    )


# what people are told


def _for_receivers(
    event: LimitCrossed, crossing: Crossing, warned: Iterable[Warned], desk: ChainDesk
) -> Iterator[Notice]:
    """They learn of their own supplier and material; whose excess it is only who takes from there."""
    people = sorted(desk.registry.people(), key=lambda one: one.id)
    for one in warned:
        profile, link = desk.registry.profile(one.place.enterprise_id), _link(one.link_id, one.place, desk)
        supplier = None if link is None else desk.registry.profile(link.giver.enterprise_id)
        if profile is None or link is None or supplier is None:
            continue
        params = {
            "tier": str(one.tier),
            "enterprise": supplier.enterprise.name,
            "unit": _unit_name(profile, one.place),
            "material": link.material,
            "at": local_minute(one.expected_at_ms, desk.zone),
        }
        excess = next((x for x in crossing.excesses if x.link_id == one.link_id), None)
        if excess is not None:
            params |= _figures(excess, desk)
        kind = NoticeKind.CHAIN_FARTHER if excess is None else NoticeKind.CHAIN_INTAKE
        for person in people:
            if person.role is Role.ENTERPRISE and person.enterprise_id == one.place.enterprise_id:
                key = f"chain|{crossing.alert_id}|{one.place.unit_id}"
                yield _notice(key, person, kind, "", one.place, one.tier, params, event)


def _for_verifiers(
    event: LimitCrossed, crossing: Crossing, warned: Iterable[Warned], parent_id: str, desk: ChainDesk
) -> Iterator[Notice]:
    profile = desk.registry.profile(crossing.giver.enterprise_id)
    if profile is None:
        return
    one, excess = profile.enterprise, crossing.excesses[0]
    params = {
        "tier": str(DIRECT_TIER),
        "enterprise": one.name,
        "unit": _unit_name(profile, crossing.giver),
        "material": _material(excess.link_id, crossing.giver, desk),
        "at": local_minute(crossing.at_ms, desk.zone),
        "count": str(len({each.place.enterprise_id for each in warned})),
        **_figures(excess, desk),
    }
    for person in sorted(desk.registry.people(), key=lambda each: each.id):
        is_concerned = can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
        if person.role in VERIFIERS and is_concerned:
            key = f"chain|{crossing.alert_id}|{crossing.number}"
            yield _notice(key, person, NoticeKind.CHAIN_VERIFY, parent_id, crossing.giver, DIRECT_TIER, params, event)


def _notice(
    key: str, person: Person, kind: NoticeKind, task_id: str, place: Place, tier: int, params: dict[str, str],
    event: LimitCrossed,
) -> Notice:  # fmt: skip
    return Notice(
        id=notice_id(key, person.id),
        person_id=person.id,
        kind=kind,
        task_id=task_id,
        enterprise_id=place.enterprise_id,
        tier=tier,
        created_at_ms=event.at_ms,
        params=tuple(params.items()),
        correlation_id=event.correlation_id,
    )


def _figures(excess: Excess, desk: ChainDesk) -> dict[str, str]:
    indicator = desk.catalogues.current().indicators.get(excess.indicator)
    unit = "" if indicator is None else f" {indicator.unit}"
    return {"subject": excess.indicator, "value": f"{excess.value:g}{unit}", "limit": f"{excess.upper:g}{unit}"}


def _unit_name(profile: Profile, place: Place) -> str:
    unit = profile.units_by_id.get(place.unit_id)
    return place.unit_id if unit is None else unit.name


def _link(link_id: str, end: Place, desk: ChainDesk) -> Link | None:
    return next((one for one in desk.links.of_enterprise(end.enterprise_id) if one.id == link_id), None)


def _material(link_id: str, end: Place, desk: ChainDesk) -> str:
    link = _link(link_id, end, desk)
    return link_id if link is None else link.material
