"""Read a unit's readings back, exactly as the plant measured them."""

from collections.abc import Collection, Sequence
from math import isnan

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.person import Person
from chalicelib.domain.reading import Series
from chalicelib.ports import BlockRepo, RegistryRepo

MAX_RANGE_MS = 7 * 24 * 3_600_000
MAX_READINGS = 50_000  # an answer must stay under Lambda's 6 MB
Stored = tuple[int, str]  # when a block was received, and its id
Rows = dict[int, tuple[float, str, Stored]]  # by instant


def visible_unit(unit_id: str, person: Person, registry: RegistryRepo) -> Unit:
    """The unit, if the person may know of it. Raises NotFound otherwise."""
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if unit is None or profile is None:
        raise NotFound(what="unit")
    enterprise = profile.enterprise
    require_sight(
        person, enterprise_id=enterprise.id, region=enterprise.region, industry=enterprise.industry, of="unit"
    )
    return unit


def read_readings(
    unit_id: str,
    from_ms: int,
    to_ms: int,
    point_ids: Sequence[str],
    person: Person,
    *,
    registry: RegistryRepo,
    blocks: BlockRepo,
) -> tuple[tuple[Series, ...], int | None]:
    """Readings of from_ms <= t < to_ms, one series a point, times rising; all points of the unit if none is named.

    Returns (series, next_from_ms): None when the range is complete, else where to go on.
    A reading is one value of one point at one instant: should two uploads carry it, the first stored is given.
    """
    require(person, Action.READ_READINGS)
    unit = visible_unit(unit_id, person, registry)
    profile = registry.profile(unit.enterprise_id)
    assert profile is not None
    known = {point.id for point in profile.points_of(unit.id)}
    if strangers := sorted(set(point_ids) - known):
        raise NotFound(what="point", id=strangers[0])
    if not from_ms < to_ms <= from_ms + MAX_RANGE_MS:
        raise InvalidRequest(errors=[FieldError("to", "range", str(MAX_RANGE_MS // 86_400_000))])
    wanted = set(point_ids) or known
    rows = _stored(unit.enterprise_id, wanted, from_ms, to_ms, blocks)
    next_from_ms = _cut(rows)
    return _series(rows, next_from_ms if next_from_ms is not None else to_ms), next_from_ms


def stored_series(
    enterprise_id: str, point_ids: Collection[str], from_ms: int, to_ms: int, *, blocks: BlockRepo
) -> dict[str, Series]:
    """By point, its stored readings of from_ms <= t < to_ms as read_readings gives them, without a limit to their number."""
    rows = _stored(enterprise_id, point_ids, from_ms, to_ms, blocks)
    return {one.point_id: one for one in _series(rows, to_ms)}


def _stored(
    enterprise_id: str, wanted: Collection[str], from_ms: int, to_ms: int, blocks: BlockRepo
) -> dict[str, Rows]:
    rows: dict[str, Rows] = {point_id: {} for point_id in sorted(wanted)}
    for block in blocks.between(enterprise_id, from_ms, to_ms):
        for one in block.series:
            if one.point_id in wanted:
                _merge(rows[one.point_id], one, (block.received_at_ms, block.id), from_ms, to_ms)
    return rows


def _cut(rows: dict[str, Rows]) -> int | None:
    """The first instant that does not go into this answer, or None if all does."""
    times = sorted(time for by_time in rows.values() for time in by_time)
    return times[MAX_READINGS] if len(times) > MAX_READINGS else None


def _merge(rows: Rows, one: Series, stored: Stored, from_ms: int, to_ms: int) -> None:
    for time, value, flag in zip(one.times_ms, one.values, one.flags, strict=True):
        if from_ms <= time < to_ms and (time not in rows or stored < rows[time][2]):
            rows[time] = (value, flag, stored)


def _series(rows: dict[str, Rows], before_ms: int) -> tuple[Series, ...]:
    found = []
    for point_id, by_time in rows.items():
        times = sorted(time for time in by_time if time < before_ms)
        found.append(Series(point_id, times, [by_time[t][0] for t in times], "".join(by_time[t][1] for t in times)))
    return tuple(found)


def wire_values(one: Series) -> list[float | None]:
    """Values for JSON, which has no NaN: null where the source had none."""
    return [None if isnan(value) else value for value in one.values]
