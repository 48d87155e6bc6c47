"""The units that feed a unit or are fed by it, and how they stand."""

from dataclasses import dataclass

from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.state import EnterpriseState, Phase, PointState


@dataclass(frozen=True, slots=True)
class Neighbour:
    """`warnings`: (id, tier) of those open, the highest tier first. `values`: the last judged reading of each point that has one."""

    unit: Unit
    is_upstream: bool
    warnings: tuple[tuple[str, int], ...]
    values: tuple[tuple[Point, PointState], ...]


def neighbours_of(unit_id: str, profile: Profile, state: EnterpriseState) -> tuple[Neighbour, ...]:
    """The highest open tier first; of equal ones what feeds the unit before what it feeds. A unit in a loop stands there twice."""
    own = profile.units_by_id.get(unit_id)
    upstream = [_stands(unit, True, profile, state) for unit in profile.units if unit_id in unit.feeds]
    fed = [profile.units_by_id[one] for one in (own.feeds if own else ()) if one in profile.units_by_id]
    found = [*upstream, *(_stands(unit, False, profile, state) for unit in fed)]
    return tuple(sorted(found, key=lambda one: -max((tier for _, tier in one.warnings), default=0)))


def _stands(unit: Unit, is_upstream: bool, profile: Profile, state: EnterpriseState) -> Neighbour:
    open_ = [
        (rule.warning_id, rule.tier)
        for (unit_id, _), rule in state.rules.items()
        if unit_id == unit.id and rule.phase is Phase.OPEN
    ]
    values = tuple((point, state.points[point.id]) for point in profile.points_of(unit.id) if point.id in state.points)
    return Neighbour(unit, is_upstream, tuple(sorted(open_, key=lambda one: (-one[1], one[0]))), values)
