"""Test data of a drill: readings that bring a unit's rule to a wanted deviation, and back.

They are made from what the rule's triggers compare with, so that the ordinary fold finds in them what the scenario asks for. Before
the first act come as many ordinary readings as a baseline needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.catalogue import Trigger, TriggerKind
from chalicelib.domain.coupling import AT_TRIGGER, Reference, deviation, value_at
from chalicelib.domain.drill import MINUTE_MS, Act, Drill
from chalicelib.domain.plan import BoundRule, BoundTerm, Plan
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.state import EnterpriseState

READINGS, APART_MS = 6, 15_000  # enough for a rule's delays, and for the gate to believe a jump
PLACES = 6


@dataclass(frozen=True, slots=True)
class Due:
    """Readings of one act at one unit: as it begins (`deviates`) or as it is over."""

    key: str
    unit_id: str
    act: Act
    deviates: bool
    is_first: bool


def due_now(drill: Drill, rules: Mapping[str, BoundRule], now_ms: int) -> list[Due]:
    """What is to be injected by now and has not been, in order. `rules` are by unit what its act plays (rule_of)."""
    known = {one.block_id for one in drill.injections}
    seen = {one.unit_id for one in drill.injections}
    found: list[tuple[int, Due]] = []
    for act in drill.scenario.acts:
        for target in drill.targets:
            if not _plays(act, rules.get(target.unit_id)):
                continue
            for deviates, after_min in _turns(act, drill.scenario.acts, rules[target.unit_id]):
                key = f"{drill.id}:{act.id}:{'onset' if deviates else 'calm'}:{target.unit_id}"
                if key not in known and now_ms >= (drill.started_at_ms or 0) + after_min * MINUTE_MS:
                    found.append((after_min, Due(key, target.unit_id, act, deviates, target.unit_id not in seen)))
    found.sort(key=lambda one: one[0])
    return [one for _, one in found]


def _turns(act: Act, acts: tuple[Act, ...], bound: BoundRule) -> list[tuple[bool, int]]:
    """When an act begins and when it is over. It does not end where another goes on from it."""
    over_min = act.after_min + act.for_min
    goes_on = any(_plays(one, bound) and act.after_min < one.after_min <= over_min for one in acts)
    return [(True, act.after_min), *([] if goes_on else [(False, over_min)])]


def _plays(act: Act, bound: BoundRule | None) -> bool:
    return bound is not None and (not act.rules or bound.rule.id in act.rules)


def rule_of(unit_id: str, acts: tuple[Act, ...], plan: Plan) -> BoundRule | None:
    """The rule that a scenario plays at a unit: the first that one of its acts names, or the unit's first. None: it plays none there."""
    bound = plan.rules_of_unit.get(unit_id, ())
    return next((one for one in bound if any(_plays(act, one) for act in acts)), None)


def readings_of(
    due: Due, bound: BoundRule, plan: Plan, state: EnterpriseState, now_ms: int
) -> tuple[Series, ...] | None:
    """The series of what is due, the last reading now. None: a leg has no point whose trigger has anything to compare with, or of which
    the wanted value could be true."""
    times = [now_ms - APART_MS * n for n in reversed(range(READINGS))]
    lead = [times[0] - MINUTE_MS * n for n in range(plan.catalogue.baseline_minimum, 0, -1)] if due.is_first else []
    found: dict[str, Series] = {}
    for leg, term in (("safety", bound.safety), ("response", bound.response), ("energy", bound.energy)):
        d = due.act.deviations.get(leg, 0.0) if due.deviates else 0.0
        own = {} if term is None else _values(term, d, plan, state)
        if not own and leg != "energy":  # energy only weighs
            return None
        for point_id, (usual, wanted) in own.items():
            values = [usual] * len(lead) + [wanted] * len(times)
            found.setdefault(point_id, Series(point_id, [*lead, *times], values, NORMAL * len(values)))
    return tuple(found.values())


def _values(term: BoundTerm, d: float, plan: Plan, state: EnterpriseState) -> dict[str, tuple[float, float]]:
    """By point, what is usual and what deviates by `d`, where both can be told and could be true."""
    found: dict[str, tuple[float, float]] = {}
    for point_id, reference in term.points:
        normal = reference or _baseline(point_id, plan, state)
        usual, wanted = _usual(term.term.trigger, normal), _wanted(term.term.trigger, d, normal)
        low, high = plan.indicator(point_id).plausible
        if usual is None or wanted is None or not low <= usual <= high:
            continue
        can_be = min(max(wanted, low), high)  # no gauge shows more: as far as it goes, if that is past the trigger
        if can_be == wanted or (deviation(term.term.trigger, can_be, normal) or 0.0) >= AT_TRIGGER:
            found[point_id] = usual, can_be
    return found


def _baseline(point_id: str, plan: Plan, state: EnterpriseState) -> Reference:
    """What the unit has really learnt, else what is registered."""
    known = state.points.get(point_id)
    is_learnt = known is not None and known.count >= plan.catalogue.baseline_minimum
    return Reference(known.mean if known is not None and is_learnt else plan.point(point_id).nominal)


def _usual(trigger: Trigger, reference: Reference) -> float | None:
    """A value that deviates from nothing."""
    if trigger.kind is TriggerKind.OUTSIDE_BAND:
        low, high = reference.low, reference.high
        return None if low is None or high is None else round((low + high) / 2.0, PLACES)
    if reference.value is None:
        return None
    d = {TriggerKind.ABOVE_THRESHOLD_BY: -1.0, TriggerKind.ABOVE_LIMIT: 0.5}.get(trigger.kind, 0.0)
    return round(value_at(trigger, d, reference)[0], PLACES)


def _wanted(trigger: Trigger, d: float, reference: Reference) -> float | None:
    """A value that deviates by `d`; under 0.9 as usual."""
    usual = _usual(trigger, reference)
    if usual is None or d <= 0.0:
        return usual
    if trigger.kind is not TriggerKind.OUTSIDE_BAND:
        return round(value_at(trigger, d, reference)[0], PLACES)
    low, high = reference.low or 0.0, reference.high or 0.0
    return usual if d < 1.0 else round(high + (d - 1.0) * (high - low) / 2.0, PLACES)
