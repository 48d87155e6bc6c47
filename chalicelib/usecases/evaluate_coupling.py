"""Judge the readings of a stored block: state, warnings and events change together or not at all."""

from dataclasses import dataclass

from chalicelib.domain.block import Block
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.evaluation import Change, Decision, evaluate
from chalicelib.domain.events import Event, WarningCleared, WarningEscalated, WarningRaised
from chalicelib.domain.plan import make_plan
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.ports import CatalogueRepo, RegistryRepo, StateRepo, WarningRepo

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    decisions: tuple[Decision, ...]
    events: tuple[Event, ...]


def evaluate_coupling(
    block: Block, *, registry: RegistryRepo, catalogues: CatalogueRepo, states: StateRepo, warnings: WarningRepo
) -> Judgement:
    """Fold a block into its enterprise's state. Doing it twice changes nothing the second time.

    Raises WriteConflict if other writers were first again and again.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _once(block, registry, catalogues, states, warnings)
        except WriteConflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _once(
    block: Block, registry: RegistryRepo, catalogues: CatalogueRepo, states: StateRepo, warnings: WarningRepo
) -> Judgement:
    profile = registry.profile(block.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    before, version = states.load(block.enterprise_id)
    after, decisions = evaluate(before, make_plan(profile, catalogues.current()), block.series, block_id=block.id)
    if after == before:
        return Judgement((), ())
    changed = _changed(block, decisions, warnings)
    events = tuple(_event(decision, block) for decision in decisions if decision.change is not Change.OBSERVED)
    states.commit(block.enterprise_id, after, version, warnings=tuple(changed.values()), events=events)
    return Judgement(tuple(decisions), events)


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
