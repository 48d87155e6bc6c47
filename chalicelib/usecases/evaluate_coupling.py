"""Judge the readings of a stored block: state, warnings and events change together or not at all."""

from dataclasses import dataclass

from chalicelib.domain.block import Block
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.evaluation import Change, Decision, evaluate
from chalicelib.domain.events import Event, WarningCleared, WarningEscalated, WarningRaised
from chalicelib.domain.plan import Plan, make_plan
from chalicelib.domain.reading import Series, cut
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.ports import CatalogueRepo, RegistryRepo, StateRepo, WarningRepo

ATTEMPTS = 5
MAX_DECISIONS = 24  # at most four rows each, and one commit takes a hundred


Part = tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    decisions: tuple[Decision, ...]
    events: tuple[Event, ...]


def evaluate_coupling(
    block: Block, *, registry: RegistryRepo, catalogues: CatalogueRepo, states: StateRepo, warnings: WarningRepo
) -> Judgement:
    """Fold a block into its enterprise's state. Doing it twice changes nothing the second time.

    A block with more decisions than one commit takes is judged in parts, each of which commits what it decided.
    Raises WriteConflict if other writers were first again and again.
    """
    profile = registry.profile(block.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    plan = make_plan(profile, catalogues.current())
    done, waiting = Judgement((), ()), [block.series]
    while waiting:
        part = waiting.pop(0)
        outcome = _judge(part, block, plan, states, warnings)
        if isinstance(outcome, Judgement):
            done = Judgement(done.decisions + outcome.decisions, done.events + outcome.events)
        else:
            waiting = [*outcome, *waiting]
    return done


def _judge(
    part: Part, block: Block, plan: Plan, states: StateRepo, warnings: WarningRepo
) -> Judgement | tuple[Part, Part]:
    """Judge and commit a part of the block; or the two parts of it that must be judged one after the other."""
    for _ in range(ATTEMPTS):
        before, version = states.load(block.enterprise_id)
        after, decisions = evaluate(before, plan, part, block_id=block.id)
        if after == before:
            return Judgement((), ())
        if len(decisions) > MAX_DECISIONS and (smaller := _halves(part, plan)):
            return smaller
        changed = _changed(block, decisions, warnings)
        events = tuple(_event(decision, block) for decision in decisions if decision.change is not Change.OBSERVED)
        try:
            states.commit(block.enterprise_id, after, version, warnings=tuple(changed.values()), events=events)
        except WriteConflict:
            continue
        return Judgement(tuple(decisions), events)
    raise WriteConflict


def _halves(part: Part, plan: Plan) -> tuple[Part, Part] | None:
    """Two parts that come to the same when judged in turn: by unit, of one unit by time; None of one unit's one instant."""
    judged = tuple(one for one in part if one.point_id in plan.rules_of_point)
    unit_of = {one.point_id: plan.point(one.point_id).unit_id for one in judged}
    units = list(dict.fromkeys(unit_of.values()))
    if len(units) > 1:
        first = units[: len(units) // 2]
        mine = tuple(one for one in judged if unit_of[one.point_id] in first)
        return mine, tuple(one for one in judged if unit_of[one.point_id] not in first)
    times = sorted({at_ms for one in judged for at_ms in one.times_ms})
    return cut(judged, times[len(times) // 2]) if len(times) > 1 else None


def _changed(block: Block, decisions: list[Decision], warnings: WarningRepo) -> dict[str, Warning]:
    found: dict[str, Warning] = {}
    for decision in decisions:
        known = found.get(decision.warning_id)
        if known is None and decision.change in (Change.ESCALATED, Change.CLEARED):
            known = warnings.get(decision.warning_id)
        if (now := _apply(decision, known, block)) is not None:
            found[decision.warning_id] = now
    return found


def _apply(decision: Decision, known: Warning | None, block: Block) -> Warning | None:
    match decision.change:
        case Change.OPENED | Change.OBSERVED if decision.why is not None:
            state = WarningState.OPEN if decision.change is Change.OPENED else WarningState.OBSERVED
            return Warning(
                id=decision.warning_id,
                enterprise_id=block.enterprise_id,
                unit_id=decision.unit_id,
                rule_id=decision.rule_id,
                tier=decision.tier,
                state=state,
                onset_ms=decision.onset_ms,
                opened_at_ms=decision.at_ms,
                received_at_ms=block.received_at_ms,
                why=decision.why,
                correlation_id=block.correlation_id,
            )
        case Change.ESCALATED if known is not None and decision.why is not None:
            return known.escalated(decision.tier, decision.at_ms, decision.why)
        case Change.CLEARED if known is not None:
            return known.cleared(decision.at_ms)
    return known


def _event(decision: Decision, block: Block) -> Event:
    who, at_ms, correlation = block.enterprise_id, decision.at_ms, block.correlation_id
    match decision.change:
        case Change.ESCALATED:
            return WarningEscalated(who, at_ms, correlation, decision.warning_id, decision.tier)
        case Change.CLEARED:
            return WarningCleared(who, at_ms, correlation, decision.warning_id)
        case _:
            return WarningRaised(who, at_ms, correlation, decision.warning_id)
