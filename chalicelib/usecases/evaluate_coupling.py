"""Judge the readings of a stored block: state, warnings and events change together or not at all.

Readings newer than all that was judged of their unit go on where the last fold ended. Others are late: their unit is judged again,
from its state before them, on everything that is stored since. So the order in which uploads come makes no difference to
the warnings that are found; it makes one only to who is called (settlement.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from chalicelib.domain.block import Block
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.evaluation import Change, Decision, Evaluation, Plans, evaluate_under
from chalicelib.domain.events import Event
from chalicelib.domain.late import MAX_REPLAYED, MAX_REWIND_MS, by_unit, frontiers, gather, late_from, within_limits
from chalicelib.domain.observation import Observation, ObservationKind, observation_id
from chalicelib.domain.plan import Plan, make_plan
from chalicelib.domain.reading import Series, cut
from chalicelib.domain.settlement import Arrival, Known, Settlement, settle
from chalicelib.domain.state import Checkpoint, EnterpriseState, Phase, RuleState
from chalicelib.domain.warning import Warning, WarningState, warning_id
from chalicelib.ports import BlockRepo, CatalogueRepo, ObservationRepo, RegistryRepo, StateRepo, WarningRepo

ATTEMPTS = 5
MAX_DECISIONS = 24  # at most four rows each, and one commit takes a hundred


Part = tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`unjudged`: units of which readings came too late, or too many would have to be judged again."""

    decisions: tuple[Decision, ...] = ()
    events: tuple[Event, ...] = ()
    unjudged: tuple[str, ...] = ()

    def __add__(self, other: "Judgement") -> "Judgement":
        return Judgement(self.decisions + other.decisions, self.events + other.events, self.unjudged + other.unjudged)


@dataclass(frozen=True, slots=True)
class _Ports:
    profile: Profile
    catalogues: CatalogueRepo
    states: StateRepo
    warnings: WarningRepo
    observations: ObservationRepo
    blocks: BlockRepo

    def plans(self, from_ms: int, to_ms: int) -> Plans:
        """What was in force when it was measured counts, not what is when it comes."""
        found = self.catalogues.in_force_between(from_ms, to_ms)
        return [(since_ms, make_plan(self.profile, catalogue)) for since_ms, catalogue in found]


def evaluate_coupling(
    block: Block,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    states: StateRepo,
    warnings: WarningRepo,
    observations: ObservationRepo,
    blocks: BlockRepo,
) -> Judgement:
    """Fold a block into its enterprise's state. Doing it twice changes nothing the second time.

    A block with more decisions than one commit takes is judged in parts, each of which commits what it decided.
    Raises WriteConflict if other writers were first again and again.
    """
    profile = registry.profile(block.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    ports = _Ports(profile, catalogues, states, warnings, observations, blocks)
    plans = ports.plans(block.first_ms, block.last_ms)
    plan = plans[-1][1]
    uploaded = by_unit(block.series, plan)
    before, _ = states.load(block.enterprise_id)
    late = late_from(uploaded, frontiers(before, plan, uploaded))
    on_time = tuple(one for unit_id, own in uploaded.items() if unit_id not in late for one in own)
    done = _go_on(on_time, block, plans, ports) if on_time or _has_strays(before, plan) else Judgement()
    for unit_id in late:
        done += _judge_again(unit_id, uploaded[unit_id], block, plan, ports)
    return done


def _has_strays(state: EnterpriseState, plan: Plan) -> bool:
    """Is something open in a unit that no rule asks for any more?"""
    return any(unit_id not in plan.watches_of_unit for unit_id, _ in (*state.rules, *state.watches))


# readings in order


def _go_on(part: Part, block: Block, plans: Plans, ports: _Ports) -> Judgement:
    done, waiting = Judgement(), [part]
    while waiting:
        part = waiting.pop(0)
        outcome = _judge(part, block, plans, ports)
        if isinstance(outcome, Judgement):
            done += outcome
        else:
            waiting = [*outcome, *waiting]
    return done


def _judge(part: Part, block: Block, plans: Plans, ports: _Ports) -> Judgement | tuple[Part, Part]:
    """Judge and commit a part of the block; or the two parts of it that must be judged one after the other."""
    plan = plans[-1][1]
    for _ in range(ATTEMPTS):
        before, version = ports.states.load(block.enterprise_id)
        folded = evaluate_under(before, plans, part, block_id=block.id)
        if folded.state == before:
            return Judgement()
        if len(folded.decisions) + len(folded.sightings) > MAX_DECISIONS and (smaller := _halves(part, plan)):
            return smaller
        units = list(by_unit(part, plan))
        known = _changing(folded, units, ports)
        settled = settle(
            folded.state, folded.decisions, folded.sightings, known, frontiers(folded.state, plan, units), _arrival(block, plan)
        )  # fmt: skip
        if _commit(block.enterprise_id, version, settled, folded.checkpoints, ports):
            return Judgement(tuple(folded.decisions), settled.events)
    raise WriteConflict


def _halves(part: Part, plan: Plan) -> tuple[Part, Part] | None:
    """Two parts that come to the same when judged in turn: by unit, of one unit by time; None of one unit's one instant."""
    judged = by_unit(part, plan)
    units = list(judged)
    if len(units) > 1:
        first, second = units[: len(units) // 2], units[len(units) // 2 :]
        return tuple(s for u in first for s in judged[u]), tuple(s for u in second for s in judged[u])
    own = [one for unit in judged.values() for one in unit]
    times = sorted({at_ms for one in own for at_ms in one.times_ms})
    return cut(own, times[len(times) // 2]) if len(times) > 1 else None


def _changing(folded: Evaluation, unit_ids: list[str], ports: _Ports) -> Known:
    """What is written down of the warnings and observations that the fold has changed, and of those that nobody knows of."""
    opened = {d.warning_id for d in folded.decisions if d.change is Change.OPENED}
    wanted = {d.warning_id for d in folded.decisions if d.change is not Change.OBSERVED} - opened
    wanted |= {rule.warning_id for (unit, _), rule in folded.state.rules.items() if rule.silent and unit in unit_ids}
    begun = {s.observation_id for s in folded.sightings if not s.is_over}
    over = {s.observation_id for s in folded.sightings if s.is_over} - begun
    warnings, seen = _warnings(wanted, ports), _observations(over, ports)
    return Known(warnings, seen, warnings, seen)


def _warnings(ids: Iterable[str], ports: _Ports) -> dict[str, Warning]:
    return {one.id: one for one in map(ports.warnings.get, sorted(ids)) if one is not None}


def _observations(ids: Iterable[str], ports: _Ports) -> dict[str, Observation]:
    return {one.id: one for one in map(ports.observations.get, sorted(ids)) if one is not None}


# late readings


def _judge_again(unit_id: str, own: list[Series], block: Block, plan: Plan, ports: _Ports) -> Judgement:
    """Judge a unit again from its state before the late readings. Doing it twice finds the second time that all is as it was."""
    for _ in range(ATTEMPTS):
        before, version = ports.states.load(block.enterprise_id)
        reached_ms = frontiers(before, plan, [unit_id])[unit_id]
        first_ms, last_ms = min(one.times_ms[0] for one in own), max(one.times_ms[-1] for one in own)
        if first_ms < reached_ms - MAX_REWIND_MS:
            return Judgement(unjudged=(unit_id,))
        again = _fold_again(unit_id, first_ms, max(reached_ms, last_ms), before, block, plan, ports)
        if again is None:
            return Judgement(unjudged=(unit_id,))
        folded, known = again
        settled = settle(
            folded.state, folded.decisions, folded.sightings, known, frontiers(folded.state, plan, [unit_id]), _arrival(block, plan)
        )  # fmt: skip
        if settled.state == before and not settled.warnings and not settled.observations:
            ports.states.keep(block.enterprise_id, folded.checkpoints)
            return Judgement()
        if _commit(block.enterprise_id, version, settled, folded.checkpoints, ports):
            changed = {one.id for one in settled.warnings}
            return Judgement(tuple(d for d in folded.decisions if d.warning_id in changed), settled.events)
    raise WriteConflict


def _fold_again(
    unit_id: str, first_ms: int, to_ms: int, before: EnterpriseState, block: Block, plan: Plan, ports: _Ports
) -> tuple[Evaluation, Known] | None:
    """Fold the unit from the nearest checkpoint from which everything can be told; None: too much would have to be folded."""
    points = plan.points_of(unit_id)
    since_ms = to_ms - 2 * MAX_REWIND_MS
    kept = ports.states.checkpoints(block.enterprise_id, unit_id, first_ms, since_ms)
    for base in chain(kept, [_nothing(unit_id, since_ms)]):
        stored = within_limits(ports.blocks.between(block.enterprise_id, base.at_ms, to_ms + 1))
        series = None if stored is None else gather([*stored, block], points, base.at_ms, to_ms)
        if series is None or sum(map(len, series)) > MAX_REPLAYED:
            return None
        plans = ports.plans(base.at_ms, to_ms)
        folded = evaluate_under(before.with_units({unit_id: points}, base.state), plans, series)
        if (known := _known_since(unit_id, base, folded.decisions, block.enterprise_id, ports)) is not None:
            return folded, known
    return None


def _nothing(unit_id: str, at_ms: int) -> Checkpoint:
    """Before a unit's first reading."""
    return Checkpoint(unit_id, at_ms, EnterpriseState())


def _known_since(
    unit_id: str, base: Checkpoint, decisions: list[Decision], enterprise_id: str, ports: _Ports
) -> Known | None:
    """What is written down of a unit since a checkpoint, and how what was open there stood. None where that cannot be told: a
    warning went further since, does not any more, and how it looked before is not written down."""
    rules = {_warning_of(key, rule): rule for key, rule in base.state.rules.items() if key[0] == unit_id}
    watches = {_observation_of(key, one): one for key, one in base.state.watches.items() if key[0] == unit_id}
    warnings = {w.id: w for w in ports.warnings.since(enterprise_id, base.at_ms) if w.unit_id == unit_id}
    warnings |= _warnings(rules, ports)
    seen = {
        one.id: one
        for one in ports.observations.since(enterprise_id, base.at_ms)
        if one.unit_id == unit_id and one.kind is ObservationKind.SINGLE
    } | _observations(watches, ports)
    further = {d.warning_id for d in decisions if d.change in (Change.OPENED, Change.ESCALATED)}
    then: dict[str, Warning] = {}
    for known_id, rule in rules.items():
        if rule.phase is Phase.IDLE:
            continue
        written = warnings.get(known_id)
        if written is None or written.state is WarningState.WITHDRAWN:
            return None
        if not _has_not_moved(written, rule) and known_id not in further:
            return None
        then[known_id] = (
            written if rule.phase is Phase.OBSERVED else replace(written, state=WarningState.OPEN, cleared_at_ms=None)
        )
    open_then = {i: seen[i].closed(None) for i, watch in watches.items() if watch.phase is Phase.OPEN and i in seen}
    return Known(warnings, seen, then, open_then)


def _warning_of(key: tuple[str, str], rule: RuleState) -> str:
    return rule.warning_id or warning_id(*key, rule.onset_ms or 0)


def _observation_of(key: tuple[str, str], watch: RuleState) -> str:
    unit_id, term = key
    return watch.warning_id or observation_id(unit_id, ObservationKind.SINGLE, term, watch.onset_ms or 0)


def _has_not_moved(written: Warning, rule: RuleState) -> bool:
    """Whether a warning opened and escalated as it is written down when its rule was in that state already."""
    if rule.phase is Phase.OBSERVED:
        return written.state is WarningState.OBSERVED
    return written.tier == rule.tier and written.opened_at_ms == rule.opened_ms


# both


def _arrival(block: Block, plan: Plan) -> Arrival:
    return Arrival(block.enterprise_id, block.received_at_ms, block.correlation_id, plan.catalogue.version)


def _commit(
    enterprise_id: str, version: int, settled: Settlement, checkpoints: list[Checkpoint], ports: _Ports
) -> bool:
    """Write down what was settled; False if another writer was first. Checkpoints go before the state: they follow from what
    is stored, and a state must never be ahead of them. What nobody is told of may follow it."""
    ports.states.keep(enterprise_id, checkpoints)
    told = {getattr(event, "warning_id", "") for event in settled.events}
    quiet: tuple[Warning, ...] = ()
    if len(settled.warnings) + len(settled.observations) > MAX_DECISIONS:
        quiet = tuple(one for one in settled.warnings if one.public_id not in told)
    loud = tuple(one for one in settled.warnings if one not in quiet)
    try:
        ports.states.commit(
            enterprise_id,
            settled.state,
            version,
            warnings=loud,
            events=settled.events,
            observations=settled.observations,
        )
    except WriteConflict:
        return False
    ports.warnings.record(quiet)
    return True
