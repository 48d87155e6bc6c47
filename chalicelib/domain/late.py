"""Which of an upload's readings come late, and what is judged again because of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.domain.block import Block
from chalicelib.domain.plan import Plan
from chalicelib.domain.reading import Series, cut
from chalicelib.domain.state import EnterpriseState

MAX_REWIND_MS = 7 * 86_400_000
MAX_REPLAYED = 1_000_000  # readings of one unit: about ten seconds of folding
MAX_READ = 4_000_000  # readings of all its units, which come in the same blocks
MAX_BLOCKS = 50_000


def frontiers(state: EnterpriseState, plan: Plan, unit_ids: Iterable[str]) -> dict[str, int]:
    """By unit, the instant of the newest reading judged; units without any are not there."""
    found = {}
    for unit_id in unit_ids:
        known = [state.points[p].last_ms for p in plan.points_of(unit_id) if p in state.points]
        if known:
            found[unit_id] = max(known)
    return found


def by_unit(series: Iterable[Series], plan: Plan) -> dict[str, list[Series]]:
    """Series of followed points, by unit."""
    found: dict[str, list[Series]] = {}
    for one in series:
        if (unit_id := plan.unit_of_point.get(one.point_id)) is not None:
            found.setdefault(unit_id, []).append(one)
    return found


def late_from(uploaded: Mapping[str, list[Series]], known: Mapping[str, int]) -> dict[str, int]:
    """By unit, the first of its readings that is not newer than all that was judged of it. `known`: its frontiers."""
    first = {unit_id: min(one.times_ms[0] for one in own) for unit_id, own in uploaded.items()}
    return {unit_id: at_ms for unit_id, at_ms in first.items() if at_ms <= known.get(unit_id, -1)}


def within_limits(blocks: Iterable[Block]) -> list[Block] | None:
    """All the blocks; None, as soon as it shows, where they are more than can be judged again."""
    found: list[Block] = []
    readings = 0
    for block in blocks:
        found.append(block)
        readings += block.readings
        if readings > MAX_READ or len(found) > MAX_BLOCKS:
            return None
    return found


def gather(blocks: Iterable[Block], point_ids: Iterable[str], from_ms: int, to_ms: int) -> list[Series]:
    """Readings of from_ms <= t <= to_ms out of blocks, the first received first, each block once."""
    wanted, once = set(point_ids), {block.id: block for block in blocks}
    found: list[Series] = []
    for block in sorted(once.values(), key=lambda one: (one.received_at_ms, one.id)):
        own = [replace(one, block_id=block.id) for one in block.readable if one.point_id in wanted]
        found += cut(cut(own, from_ms)[1], to_ms + 1)[0]
    return found
