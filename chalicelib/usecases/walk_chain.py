"""Walk along the chain from a limit that was crossed: whom it reaches is written down, each with the event that calls them, and the park
is asked to verify at the giver.

All tasks stand under one parent: the open task of a warning of the giver's unit, or else one that is opened there for this.
"""

from collections.abc import Iterable

from chalicelib.domain.access import can_see
from chalicelib.domain.chain import Gives, Link, Place, units_behind, walk
from chalicelib.domain.chain_alert import DIRECT_TIER, ChainAlert, Crossing, Warned, chain_task_id, warned_of
from chalicelib.domain.events import LimitCrossed
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.person import Role
from chalicelib.domain.task import Task
from chalicelib.domain.times import local_minute
from chalicelib.usecases.chain_desk import ChainDesk, ChainNews, figures, link_at, open_chain_task, tell, unit_name

OPEN_TASKS = 100  # of the giver, among which the one of its warning is looked for
VERIFIERS = frozenset({Role.DEPARTMENT, Role.COMMITTEE})


def walk_chain(event: LimitCrossed, *, chain_desk: ChainDesk) -> tuple[Warned, ...]:
    """Whom this crossing reaches that the alert had not reached before. Doing it twice reaches each once.

    An event that was stuck until the alert was over reaches nobody. Of what came late people find a notice in their inbox: nobody is called, and no task is opened.
    """
    desk = chain_desk
    alert = desk.alerts.get(event.alert_id)
    crossing = alert.crossing(event.number) if alert else None
    if alert is None or crossing is None or alert.end is not None:
        return ()
    first = [one for one in desk.links.of_enterprise(crossing.giver.enterprise_id) if one.id in crossing.links]
    steps = walk(crossing.giver, first, _gives(desk))
    if not steps:  # the links were taken away meanwhile
        return ()
    parent_id = "" if crossing.is_late else _parent(event, alert, crossing, desk)
    stand = desk.alerts.add_warned(alert, [warned_of(one, crossing) for one in steps], event.correlation_id)
    warned = tuple(one for one in stand if one.number == crossing.number)
    tell(_for_verifiers(event, crossing, warned, parent_id, desk), is_late=crossing.is_late, desk=desk)
    return warned


def _gives(desk: ChainDesk) -> Gives:
    """What a place passes on: what its enterprise gives from that unit, or from units that it feeds."""

    def gives(place: Place) -> Iterable[Link]:
        profile = desk.registry.profile(place.enterprise_id)
        units = frozenset[str]() if profile is None else units_behind(profile, place.unit_id)
        own = desk.links.of_enterprise(place.enterprise_id)
        return (one for one in own if one.giver.enterprise_id == place.enterprise_id and one.giver.unit_id in units)

    return gives


def _parent(event: LimitCrossed, alert: ChainAlert, crossing: Crossing, desk: ChainDesk) -> str:
    """Chosen once an alert, whatever becomes of the warning's task meanwhile."""
    own_id = chain_task_id(alert.id, crossing.giver)
    parent_id = alert.parent_id or desk.alerts.settle_parent(alert.id, _task_of_warning(crossing.giver, desk) or own_id)
    if parent_id == own_id:
        open_chain_task(own_id, crossing.giver, DIRECT_TIER, _material(crossing, desk), "", event, desk)
    return parent_id


def _task_of_warning(giver: Place, desk: ChainDesk) -> str | None:
    page = desk.tasks.listing(f"enterprise:{giver.enterprise_id}", None, OPEN_TASKS, open_only=True)
    return next((task.id for task in page.items if _has_open_warning(task, giver.unit_id)), None)


def _has_open_warning(task: Task, unit_id: str) -> bool:
    return any(one.unit_id == unit_id and one.cleared_at_ms is None for one in task.members)


def _for_verifiers(
    event: LimitCrossed, crossing: Crossing, warned: tuple[Warned, ...], parent_id: str, desk: ChainDesk
) -> tuple[Notice, ...]:
    """Departments and committee; nobody where all had been reached before."""
    profile = desk.registry.profile(crossing.giver.enterprise_id)
    if profile is None or not warned:
        return ()
    one = profile.enterprise
    params = {
        "tier": str(DIRECT_TIER),
        "enterprise": one.name,
        "unit": unit_name(profile, crossing.giver),
        "material": _material(crossing, desk),
        "at": local_minute(crossing.at_ms, desk.zone),
        "count": str(len({each.place.enterprise_id for each in warned})),
        **figures(crossing.excesses[0], desk),
    }
    key = f"chain|{crossing.alert_id}|{crossing.number}"
    news = ChainNews(key, NoticeKind.CHAIN_VERIFY, parent_id, crossing.giver, DIRECT_TIER, params)
    where = {"enterprise_id": one.id, "region": one.region, "industry": one.industry}
    people = sorted(desk.registry.people(), key=lambda each: each.id)
    return tuple(news.to(each.id, event) for each in people if each.role in VERIFIERS and can_see(each, **where))


def _material(crossing: Crossing, desk: ChainDesk) -> str:
    link = link_at(crossing.excesses[0].link_id, crossing.giver, desk)
    return crossing.excesses[0].link_id if link is None else link.material
