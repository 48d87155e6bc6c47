"""An alert of the chain is over: each place that it reached gets an event of its own, and its people are told from there."""

from chalicelib.domain.chain import Place
from chalicelib.domain.chain_alert import FARTHER_TIER, AlertEnd, ChainAlert, Warned
from chalicelib.domain.events import ChainEnded, ChainLifted
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.person import Role
from chalicelib.domain.times import local_minute
from chalicelib.usecases.chain_desk import ChainDesk, ChainNews, link_at, tell, unit_name


def lift_chain(event: ChainEnded, *, chain_desk: ChainDesk) -> int:
    """Returns how many places are told. Doing it twice tells each once."""
    alert = chain_desk.alerts.get(event.alert_id)
    if alert is None or alert.end is None:
        return 0
    chain_desk.alerts.lift(alert, event.correlation_id)
    return len(alert.warned)


def tell_lifted(event: ChainLifted, *, chain_desk: ChainDesk) -> tuple[Notice, ...]:
    """Who takes from the giver may take again, who is behind them hears that it is over. Doing it twice tells each once.

    Nobody hears it whose link was taken away, or who is held by another alert along the same link: its end will tell them.
    """
    desk, place = chain_desk, Place(event.enterprise_id, event.unit_id)
    alert = desk.alerts.get(event.alert_id)
    warned = next((one for one in alert.warned if one.place == place), None) if alert else None
    if alert is None or alert.end is None or warned is None or _is_held(alert, warned, desk):
        return ()
    news = _news(alert, warned, alert.end, desk)
    people = sorted(one.id for one in desk.registry.people() if _is_of(one.role, one.enterprise_id, place))
    notices = () if news is None else tuple(news.to(one, event) for one in people)
    tell(notices, is_late=False, desk=desk)
    return notices


def _is_of(role: Role, enterprise_id: str | None, place: Place) -> bool:
    return role is Role.ENTERPRISE and enterprise_id == place.enterprise_id


def _is_held(alert: ChainAlert, warned: Warned, desk: ChainDesk) -> bool:
    mine = (warned.place, warned.link_id)
    others = (one for one in desk.alerts.standing() if one.id != alert.id)
    return any((each.place, each.link_id) == mine for one in others for each in one.warned)


def _news(alert: ChainAlert, warned: Warned, end: AlertEnd, desk: ChainDesk) -> ChainNews | None:
    place = warned.place
    link = link_at(warned.link_id, place, desk)
    if link is None:
        return None
    profile, supplier = desk.registry.profile(place.enterprise_id), desk.registry.profile(link.giver.enterprise_id)
    params = {
        "tier": str(FARTHER_TIER),
        "enterprise": link.giver.enterprise_id if supplier is None else supplier.enterprise.name,
        "unit": place.unit_id if profile is None else unit_name(profile, place),
        "material": link.material,
        "at": local_minute(end.calm_ms, desk.zone),
    }
    crossed = {excess.link_id for one in alert.crossings for excess in one.excesses}
    kind = NoticeKind.CHAIN_RESUME if link.id in crossed else NoticeKind.CHAIN_OVER
    kind = NoticeKind.CHAIN_RELEASED if end.by else kind
    key = f"{kind}|{link.id}|{place.unit_id}|{end.at_ms}"  # of alerts that end together it is said once
    return ChainNews(key, kind, "", place, FARTHER_TIER, params)
