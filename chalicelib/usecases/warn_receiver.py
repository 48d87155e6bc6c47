"""Warn one receiver: stop the intake, test the stock; and open the joint task there, under the alert's parent.

They learn of their own supplier and material. Whose excess it is only they learn who take from there.
"""

from chalicelib.domain.chain import Link, Place
from chalicelib.domain.chain_alert import ChainAlert, Warned
from chalicelib.domain.events import ChainReached
from chalicelib.domain.notice import NoticeKind
from chalicelib.domain.person import Role
from chalicelib.domain.times import local_minute
from chalicelib.usecases.chain_desk import ChainDesk, ChainNews, figures, link_at, open_chain_task, tell, unit_name


def warn_receiver(event: ChainReached, *, chain_desk: ChainDesk) -> Warned | None:
    """Doing it twice tells each once and opens the task once. None: the link was taken away meanwhile, or the alert is not there, or over."""
    desk, place = chain_desk, Place(event.enterprise_id, event.unit_id)
    alert = desk.alerts.get(event.alert_id)
    warned = next((one for one in alert.warned if one.place == place), None) if alert else None
    link = None if warned is None else link_at(warned.link_id, place, desk)
    if alert is None or alert.end is not None or warned is None or link is None:
        return None
    news = _news(alert, warned, link, desk)
    readers = sorted(
        one.id
        for one in desk.registry.people()
        if one.role is Role.ENTERPRISE and one.enterprise_id == place.enterprise_id
    )
    tell(tuple(news.to(one, event) for one in readers), is_late=alert.is_late, desk=desk)
    if not alert.is_late:
        open_chain_task(warned.task_id, place, warned.tier, link.material, alert.parent_id, event, desk)
    return warned


def _news(alert: ChainAlert, warned: Warned, link: Link, desk: ChainDesk) -> ChainNews:
    place = warned.place
    profile, supplier = desk.registry.profile(place.enterprise_id), desk.registry.profile(link.giver.enterprise_id)
    params = {
        "tier": str(warned.tier),
        "enterprise": link.giver.enterprise_id if supplier is None else supplier.enterprise.name,
        "unit": place.unit_id if profile is None else unit_name(profile, place),
        "material": link.material,
        "at": local_minute(warned.expected_at_ms, desk.zone),
    }
    crossing = alert.crossing(warned.number)
    excess = next((one for one in crossing.excesses if one.link_id == link.id), None) if crossing else None
    kind = NoticeKind.CHAIN_FARTHER if excess is None else NoticeKind.CHAIN_INTAKE
    if excess is not None:
        params |= figures(excess, desk)
    return ChainNews(f"chain|{alert.id}|{place.unit_id}", kind, "", place, warned.tier, params)
