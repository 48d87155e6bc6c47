"""Store an upload. It is acknowledged once its block is durable; evaluation never stands between a plant and its ack."""

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chalicelib.domain.block import Block, pack
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.coupling import base_risk
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound, NothingUsable, TooLarge
from chalicelib.domain.person import Bridge
from chalicelib.domain.reading import Series
from chalicelib.domain.source import Source
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.upload import MAX_READINGS, MAX_SPAN_MS, Refusal, SeriesResult, check_series
from chalicelib.ports import BlockRepo, CatalogueRepo, Clock, RegistryRepo, StateRepo

MAX_BLOCK_BYTES = 350_000  # DynamoDB takes 400 KB an item, attribute names and keys included


@dataclass(frozen=True, slots=True)
class Upload:
    """`series` as parsed from the wire, each a mapping with "point", "times", "values" and perhaps "flags"; `source` the rows
    of the bridge's spool that they came from."""

    block_id: str
    series: Sequence[Mapping[str, Any]]
    correlation_id: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class UnitAdvice:
    """How often the park wants a unit's points from now on."""

    unit_id: str
    sampling_interval_s: int
    tier: int | None
    point_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """`source` as the block has it, whatever was now sent. `may_have_commands`: some may wait for the bridge."""

    block_id: str
    received_at_ms: int
    stored_readings: int
    results: tuple[SeriesResult, ...]
    units: tuple[UnitAdvice, ...]
    source: Source | None
    may_have_commands: bool


def ingest_readings(
    upload: Upload,
    bridge: Bridge,
    *,
    registry: RegistryRepo,
    blocks: BlockRepo,
    states: StateRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Receipt:
    """Store the good series of an upload as one block and name what was wrong with the others.

    Raises NothingUsable, TooLarge, or ContentConflict for a block id used before with other content.
    """
    profile = registry.profile(bridge.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    now_ms = clock.now_ms()
    results, good = _check(upload, profile, registry, now_ms)
    if not good:
        raise NothingUsable(results=results)
    draft = _block(upload, bridge, good, now_ms)
    block = blocks.add(draft)
    if block.payload != draft.payload:
        results = _as_first_judged(results, good, block)
    state, commands_until_ms = states.glance(bridge.enterprise_id, bridge.id)
    return Receipt(
        block_id=block.id,
        received_at_ms=block.received_at_ms,
        stored_readings=block.readings,
        results=tuple(results),
        units=_advice(profile, good, state, catalogues.current()),
        source=block.source,
        may_have_commands=now_ms < commands_until_ms,
    )


def _check(
    upload: Upload, profile: Profile, registry: RegistryRepo, now_ms: int
) -> tuple[list[SeriesResult], list[Series]]:
    results: list[SeriesResult] = []
    good: list[Series] = []
    seen: set[str] = set()
    unknown = [p for s in upload.series if (p := _point_id(s)) not in profile.points_by_id]
    foreign = registry.points_elsewhere(unknown) if unknown else frozenset()
    for index, raw in enumerate(upload.series):
        point_id = _point_id(raw)
        checked = _refused(point_id, profile, seen, foreign) or check_series(raw, now_ms)
        if isinstance(checked, Refusal):
            results.append(SeriesResult(index, point_id, 0, checked))
            continue
        seen.add(point_id)
        good.append(checked)
        results.append(SeriesResult(index, point_id, len(checked)))
    return results, good


def _point_id(raw: Mapping[str, Any]) -> str:
    """What a series calls its point, fit to be looked up and written back: no registered id is longer or not ASCII."""
    return str(raw.get("point"))[:65].encode("ascii", "replace").decode()


def _as_first_judged(results: list[SeriesResult], good: list[Series], block: Block) -> list[SeriesResult]:
    """A repeat is answered by what the block holds. What was refused the first time is not in it, though it may pass by now
    (its point was registered since, its time is no longer ahead): to call it stored would lose it."""
    held = {(one.point_id, tuple(one.times_ms)) for one in block.series}
    accepted = iter(good)
    return [
        one
        if one.refusal is not None or (one.point_id, tuple(next(accepted).times_ms)) in held
        else SeriesResult(one.index, one.point_id, 0, Refusal("refused_before", {}))
        for one in results
    ]


def _refused(point_id: str, profile: Profile, seen: set[str], foreign: frozenset[str]) -> Refusal | None:
    if point_id not in profile.points_by_id:
        return Refusal("wrong_enterprise" if point_id in foreign else "unknown_point", {"point": point_id})
    if point_id in seen:
        return Refusal("duplicate_series", {"point": point_id})
    return None


def _block(upload: Upload, bridge: Bridge, good: list[Series], now_ms: int) -> Block:
    readings = sum(map(len, good))
    if readings > MAX_READINGS:
        raise TooLarge(what="readings", given=readings, allowed=MAX_READINGS)
    first_ms, last_ms = min(s.times_ms[0] for s in good), max(s.times_ms[-1] for s in good)
    if last_ms - first_ms > MAX_SPAN_MS:
        raise TooLarge(what="span_s", given=(last_ms - first_ms) // 1000, allowed=MAX_SPAN_MS // 1000)
    payload = pack(good)
    if len(payload) > MAX_BLOCK_BYTES:
        raise TooLarge(what="packed_bytes", given=len(payload), allowed=MAX_BLOCK_BYTES)
    return Block(
        id=upload.block_id,
        enterprise_id=bridge.enterprise_id,
        bridge_id=bridge.id,
        received_at_ms=now_ms,
        first_ms=first_ms,
        last_ms=last_ms,
        readings=readings,
        digest=_digest(upload),
        payload=payload,
        correlation_id=upload.correlation_id,
        source=upload.source,
    )


def _digest(upload: Upload) -> str:
    """Of what was sent, however it was spelt: white space, the order of keys and 30 for 30.0 do not make other content. Other
    rows do: whoever deletes what the park has must not be told of rows that it does not know."""
    digest = sha256()
    for raw in upload.series:
        content = _numbers(raw) or json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
        digest.update(len(content).to_bytes(4, "big") + content)
    if upload.source is not None:
        digest.update(json.dumps([upload.source.spool, upload.source.rows]).encode())
    return digest.hexdigest()


def _numbers(raw: Mapping[str, Any]) -> bytes | None:
    """A plain series as bytes, which is ten times cheaper than JSON; None for a series that is not plain."""
    if not raw.keys() <= {"point", "times", "values", "flags"}:
        return None
    try:
        head = json.dumps([raw["point"], raw.get("flags"), len(raw["times"])]).encode()
        return head + array("q", raw["times"]).tobytes() + array("d", raw["values"]).tobytes()
    except (KeyError, TypeError, OverflowError):
        return None


def _advice(
    profile: Profile, good: list[Series], state: EnterpriseState, catalogue: Catalogue
) -> tuple[UnitAdvice, ...]:
    enterprise = profile.enterprise
    risk = base_risk(catalogue.industry_weight(enterprise.industry), catalogue.size_factors[enterprise.size])
    unit_ids = dict.fromkeys(profile.points_by_id[one.point_id].unit_id for one in good)
    return tuple(
        UnitAdvice(
            unit_id=unit_id,
            sampling_interval_s=catalogue.sampling_interval_s(
                risk, tier := state.tier_of(unit_id), enterprise.industry
            ),
            tier=tier,
            point_ids=tuple(point.id for point in profile.points_of(unit_id)),
        )
        for unit_id in unit_ids
    )
