"""How an enterprise's bridges are: what each last reported, and when it last uploaded."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, require
from chalicelib.domain.gap import BridgeReport
from chalicelib.domain.person import Bridge, Person
from chalicelib.ports import BlockRepo, Clock, RegistryRepo, ReportRepo
from chalicelib.usecases.see_enterprise import see_enterprise

NEWEST_BLOCKS = 25
AHEAD_MS = 10 * 60_000  # clocks of those who make block ids differ


@dataclass(frozen=True, slots=True)
class BridgeStatus:
    """`last_upload_at_ms` None: none is among the enterprise's newest uploads."""

    bridge: Bridge
    report: BridgeReport | None
    last_upload_at_ms: int | None


def read_bridges(
    enterprise_id: str, person: Person, *, registry: RegistryRepo, reports: ReportRepo, blocks: BlockRepo, clock: Clock
) -> tuple[BridgeStatus, ...]:
    """By id. Raises NotFound where there is no such enterprise, or the person may not know of it."""
    require(person, Action.READ_ENTERPRISE)
    see_enterprise(enterprise_id, person, registry=registry)
    told = {one.bridge_id: one for one in reports.of_enterprise(enterprise_id)}
    newest: dict[str, int] = {}
    now_ms = clock.now_ms() + AHEAD_MS
    for block in blocks.beyond(enterprise_id, now_ms, backward=True, late=False, limit=NEWEST_BLOCKS):
        newest[block.bridge_id] = max(newest.get(block.bridge_id, 0), block.received_at_ms)
    return tuple(BridgeStatus(one, told.get(one.id), newest.get(one.id)) for one in registry.bridges(enterprise_id))
