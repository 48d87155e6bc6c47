"""What the other dimensions of a unit did while one of them is past its trigger (安全异常触发环保核查，环保超标联动能耗分析)."""

from collections.abc import Iterable

from chalicelib.domain.coupling import AT_TRIGGER, Reference
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.leg import LivePoint, LiveTerm
from chalicelib.domain.observation import Finding, Verdict
from chalicelib.domain.plan import BoundWatch, Plan

MOVES = 0.05  # a change by less than this share of its reference is no movement
# Which dimensions are looked up when one is abnormal.
ASKED: dict[Dimension, tuple[Dimension, ...]] = {
    Dimension.SAFETY: (Dimension.SAFETY, Dimension.ENVIRONMENT, Dimension.ENERGY),
    Dimension.ENVIRONMENT: (Dimension.ENVIRONMENT, Dimension.ENERGY, Dimension.SAFETY),
    Dimension.ENERGY: (Dimension.ENERGY, Dimension.SAFETY, Dimension.ENVIRONMENT),
}


def findings(
    watch: BoundWatch, points: Iterable[LivePoint], terms: Iterable[LiveTerm], at_ms: int, plan: Plan
) -> tuple[Finding, ...]:
    """One finding for each point of the unit, the abnormal dimension first, then those that were looked up for it."""
    deviations = _deviations(terms, at_ms)
    since_ms = at_ms - watch.rule.window_ms
    order = ASKED[watch.dimension]
    found = [_finding(point, deviations.get(point.id), since_ms, plan) for point in points]
    return tuple(sorted(found, key=lambda one: (order.index(one.dimension), one.point_id)))


def _deviations(terms: Iterable[LiveTerm], at_ms: int) -> dict[str, tuple[float, Reference]]:
    """By point: its deviation and what its trigger compares with, of the terms that it speaks for."""
    found: dict[str, tuple[float, Reference]] = {}
    for term in terms:
        leg = term.look(at_ms)
        if leg.point is not None:
            reference = next(reference for point, reference in term.points if point is leg.point)
            found[leg.point.id] = (leg.deviation, reference)
    return found


def _finding(point: LivePoint, known: tuple[float, Reference] | None, since_ms: int, plan: Plan) -> Finding:
    indicator = plan.indicator(point.id)
    head = (indicator.dimension, indicator.id, point.id, indicator.unit)
    if not point.valid or point.last_ms < since_ms:
        return Finding(*head, Verdict.UNKNOWN)
    deviation = None if known is None else known[0]
    reference = point.baseline.value if point.baseline.value is not None else known and known[1].value
    change = point.value / reference - 1.0 if reference else None
    verdict = _verdict(deviation, change, is_moving=point.baseline.value is not None)
    return Finding(*head, verdict, point.value, int(point.last_ms), reference, change, deviation)


def _verdict(deviation: float | None, change: float | None, *, is_moving: bool) -> Verdict:
    """`is_moving`: the reference is where the point usually is; from a limit or threshold there is no rise or fall."""
    if deviation is not None and deviation >= AT_TRIGGER:
        return Verdict.EXCEEDS
    if change is None:
        return Verdict.UNKNOWN if deviation is None else Verdict.STEADY
    if is_moving and abs(change) >= MOVES:
        return Verdict.RISES if change > 0 else Verdict.FALLS
    return Verdict.STEADY
