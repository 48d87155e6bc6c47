"""Once a minute: which alerts of the chain are over. What was given is back within its receivers' limits, and the verification at the giver
was accepted: the task that all others stand under is closed.

Alerts of one unit end together, for a receiver that may take again by one of them and not by another would be told both.
"""

from collections.abc import Mapping, Sequence

from chalicelib.domain.chain import Place
from chalicelib.domain.chain_alert import LATE_MS, AlertEnd, ChainAlert, Giving
from chalicelib.domain.chain_end import bounds_of, calm_since, ended, is_going_on, look_back_ms
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import ChainEnded
from chalicelib.domain.late import gather
from chalicelib.domain.task import TaskState
from chalicelib.ports import BlockRepo
from chalicelib.usecases.chain_desk import ChainDesk


def end_chain_alerts(*, chain_desk: ChainDesk, blocks: BlockRepo) -> int:
    """Returns how many ended. What changes meanwhile is looked at again a minute later."""
    now_ms, count = chain_desk.clock.now_ms(), 0
    for giver, alerts in _by_giver(chain_desk.alerts.standing()).items():
        if all(_is_verified(one, now_ms, chain_desk) for one in alerts):
            # Before the readings are: whatever is recorded after this keeps the alerts from ending by what was read before it.
            known = chain_desk.alerts.giving(giver.enterprise_id)
            calm_ms = _calm_since(giver, alerts, known[0], now_ms, chain_desk, blocks)
            if calm_ms is not None:
                count += _end(giver, alerts, AlertEnd(now_ms, calm_ms), known, chain_desk)
    return count


def _by_giver(alerts: Sequence[ChainAlert]) -> Mapping[Place, list[ChainAlert]]:
    found: dict[Place, list[ChainAlert]] = {}
    for one in alerts:
        if one.giver is not None:
            found.setdefault(one.giver, []).append(one)
    return found


def _is_verified(alert: ChainAlert, now_ms: int, desk: ChainDesk) -> bool:
    """One that reached nobody, for its links were taken away, has nothing to verify."""
    if not alert.parent_id:
        return not alert.warned and alert.crossings[-1].at_ms < now_ms - LATE_MS
    task = desk.tasks.get(alert.parent_id)
    return task is not None and task.state is TaskState.CLOSED


def _calm_since(
    giver: Place, alerts: Sequence[ChainAlert], giving: Giving, now_ms: int, desk: ChainDesk, blocks: BlockRepo
) -> int | None:
    catalogue, profile = desk.catalogues.current(), desk.registry.profile(giver.enterprise_id)
    if profile is None or any(is_going_on(giving, one.id, catalogue.chain, now_ms) for one in alerts):
        return None
    bounds = bounds_of(alerts, desk.links.of_enterprise(giver.enterprise_id), profile, catalogue)
    from_ms = now_ms - look_back_ms(catalogue.chain)
    series = gather(blocks.between(giver.enterprise_id, from_ms, now_ms + 1), bounds, from_ms, now_ms)
    return calm_since(bounds, series, catalogue.chain, now_ms)


def _end(giver: Place, alerts: Sequence[ChainAlert], end: AlertEnd, known: tuple[Giving, int], desk: ChainDesk) -> int:
    """How many ended before another writer was first."""
    giving, version = known
    for count, one in enumerate(alerts):
        giving = ended(giving, one.id, end.calm_ms)
        event = ChainEnded(giver.enterprise_id, end.at_ms, f"chain-{one.id}", one.id)
        try:
            desk.alerts.end(one, end, giving, version + count, event)
        except WriteConflict:
            return count
    return len(alerts)
