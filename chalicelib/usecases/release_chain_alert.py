"""End an alert of the chain by hand, with a reason: its instrument is silent, or gone, and somebody has looked.

A person's word does not go against readings: while what is given was over its receivers' limits a short while ago, it stands.
"""

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.chain_alert import AlertEnd, ChainAlert
from chalicelib.domain.chain_end import ended, is_going_on
from chalicelib.domain.errors import IllegalTransition, NotFound, WriteConflict
from chalicelib.domain.events import ChainEnded
from chalicelib.domain.person import Person
from chalicelib.ports import CatalogueRepo, ChainAlertRepo, Clock, RegistryRepo
from chalicelib.usecases.read_chain_alerts import see_alert

ATTEMPTS = 5


def release_alert(
    alert_id: str,
    reason: str,
    person: Person,
    correlation_id: str,
    *,
    chain_alerts: ChainAlertRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> ChainAlert:
    """Doing it twice is once. Raises NotFound for who may not see the giver, IllegalTransition for one that came late, has ended, or goes on."""
    require(person, Action.RELEASE_CHAIN)
    for _ in range(ATTEMPTS):
        alert = _alert_at_its_giver(alert_id, person, chain_alerts, registry)
        assert alert.giver is not None
        if alert.end is not None and (alert.end.by, alert.end.reason) == (person.id, reason):
            return alert
        giver_id, now_ms = alert.giver.enterprise_id, clock.now_ms()
        giving, version = chain_alerts.giving(giver_id)
        is_over = is_going_on(giving, alert.id, catalogues.current().chain, now_ms)
        state = "late" if alert.is_late else "ended" if alert.end is not None else "over" if is_over else ""
        if state:
            raise IllegalTransition(state=state, action=Action.RELEASE_CHAIN.value)
        end = AlertEnd(now_ms, now_ms, person.id, reason)
        event = ChainEnded(giver_id, now_ms, correlation_id, alert.id)
        try:
            chain_alerts.end(alert, end, ended(giving, alert.id, now_ms), version, event)
        except WriteConflict:
            continue
        return _alert_at_its_giver(alert_id, person, chain_alerts, registry)
    raise WriteConflict


def _alert_at_its_giver(
    alert_id: str, person: Person, chain_alerts: ChainAlertRepo, registry: RegistryRepo
) -> ChainAlert:
    alert = see_alert(alert_id, person, chain_alerts=chain_alerts, registry=registry)
    profile = registry.profile(alert.giver.enterprise_id) if alert.giver else None
    if profile is None:
        raise NotFound(what="chain_alert")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="chain_alert")
    return alert
