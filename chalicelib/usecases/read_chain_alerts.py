"""Alerts of the chain as a person may know of them: a partner knows of a partner, and nobody of what lies farther along."""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.chain import Place
from chalicelib.domain.chain_alert import ChainAlert, Crossing
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.ports import ChainAlertRepo, Page, RegistryRepo


def see_alert(alert_id: str, person: Person, *, chain_alerts: ChainAlertRepo, registry: RegistryRepo) -> ChainAlert:
    """Raises NotFound for an alert that is not there, or concerns others."""
    require(person, Action.READ_CHAIN)
    alert = chain_alerts.get(alert_id)
    seen = _seen_by(person, alert, registry) if alert else None
    if seen is None:
        raise NotFound(what="chain_alert")
    return seen


def list_alerts(
    person: Person, cursor: str | None, limit: int, *, chain_alerts: ChainAlertRepo, registry: RegistryRepo
) -> Page[ChainAlert]:
    """Newest first."""
    require(person, Action.READ_CHAIN)
    page = chain_alerts.listing(person.enterprise_id if person.role is Role.ENTERPRISE else None, cursor, limit)
    seen = (_seen_by(person, one, registry) for one in page.items)
    return Page(tuple(one for one in seen if one is not None), page.cursor)


def _seen_by(person: Person, alert: ChainAlert, registry: RegistryRepo) -> ChainAlert | None:
    is_of_giver = alert.giver is not None and _can_see(person, alert.giver, registry)
    warned = tuple(
        one for one in alert.warned if _can_see(person, one.place, registry) or (is_of_giver and one.is_direct)
    )
    if is_of_giver:
        return replace(alert, warned=warned)
    if not warned:
        return None
    links = {one.link_id for one in warned if one.is_direct}
    return replace(
        alert,
        end=alert.end and replace(alert.end, by="", reason=""),  # it may say how things stand at the giver
        giver=alert.giver if links else None,
        crossings=tuple(_of_links(alert.crossings, links)),
        warned=warned,
    )


def _of_links(crossings: Iterable[Crossing], links: set[str]) -> Iterable[Crossing]:
    for one in crossings:
        own = tuple(excess for excess in one.excesses if excess.link_id in links)
        if own:
            yield replace(one, excesses=own)


def _can_see(person: Person, place: Place, registry: RegistryRepo) -> bool:
    profile = registry.profile(place.enterprise_id)
    one = profile.enterprise if profile else None
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
