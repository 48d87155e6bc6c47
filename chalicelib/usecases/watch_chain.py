"""Hold a stored block against what the receivers of its enterprise take. Where nothing is given this costs a look into memory."""

from collections.abc import Sequence

from chalicelib.domain.block import Block
from chalicelib.domain.chain_alert import Crossing, Over, follow, over_limits
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import LimitCrossed
from chalicelib.ports import CatalogueRepo, ChainAlertRepo, LinkRepo, RegistryRepo

ATTEMPTS = 5
MAX_CROSSINGS = 19  # at most five rows each, and one commit takes a hundred


def watch_chain(
    block: Block, *, registry: RegistryRepo, catalogues: CatalogueRepo, links: LinkRepo, chain_alerts: ChainAlertRepo
) -> tuple[Crossing, ...]:
    """The limits that were crossed, each once an episode. Doing it twice changes nothing the second time.

    Raises WriteConflict if other writers were first again and again.
    """
    given = [one for one in links.of_enterprise(block.enterprise_id) if one.giver.enterprise_id == block.enterprise_id]
    profile = registry.profile(block.enterprise_id) if given else None
    if profile is None:
        return ()
    catalogue = catalogues.in_force_at(block.last_ms)
    over = list(over_limits(block.series, given, profile, catalogue, block.received_at_ms))
    return _record(over, block, chain_alerts) if over else ()


def _record(over: Sequence[Over], block: Block, chain_alerts: ChainAlertRepo) -> tuple[Crossing, ...]:
    """In parts, one after the other, where there is more than one commit takes."""
    for _ in range(ATTEMPTS):
        before, version = chain_alerts.giving(block.enterprise_id)
        after, crossings = follow(before, over, block.received_at_ms, block.id)
        if after == before:
            return ()
        if len(crossings) > MAX_CROSSINGS:
            last = crossings[MAX_CROSSINGS - 1].order
            now, then = [o for o in over if o.order <= last], [o for o in over if o.order > last]
            return _record(now, block, chain_alerts) + _record(then, block, chain_alerts)
        told = [
            LimitCrossed(block.enterprise_id, one.at_ms, block.correlation_id, one.alert_id, one.number)
            for one in crossings
        ]
        try:
            chain_alerts.record(block.enterprise_id, after, version, crossings, told)
        except WriteConflict:
            continue
        return crossings
    raise WriteConflict
