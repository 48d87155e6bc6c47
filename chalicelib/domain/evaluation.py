"""Evaluation: one pure function folds readings into state and decisions, for live data, late data, replay and what-if.

Event time only: readings are taken in the order in which the plant measured them, all of one instant together. A reading not
newer than the last judged one of its point changes nothing, so the same upload twice is the same as once. Values are compared
with a baseline before it learns from them, and it does not learn while the unit has an open warning, from its onset on.

Units are judged independently of each other. As a unit's readings pass a mark of the clock (every CHECKPOINT_MS of event time), its
state from before is given out: late data is judged by going back to one of these and folding again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from chalicelib.domain import coupling
from chalicelib.domain.coupling import AT_TRIGGER, ROUNDING, Risk
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.findings import findings
from chalicelib.domain.leg import Leg, LivePoint, LiveTerm
from chalicelib.domain.live_unit import CHECKPOINT_MS, LiveRule, LiveUnit, Moment
from chalicelib.domain.observation import Finding, ObservationKind, observation_id
from chalicelib.domain.plan import BoundTerm, BoundWatch, Plan
from chalicelib.domain.reading import Series, cut
from chalicelib.domain.state import IDLE, Checkpoint, EnterpriseState, Phase, PointState, RuleState
from chalicelib.domain.warning import WhyCard, warning_id
from chalicelib.domain.why import why_card


class Change(StrEnum):
    OPENED = "opened"
    ESCALATED = "escalated"
    CLEARED = "cleared"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of one rule of one unit, at `at_ms` (event time), with its reasons. `why` is None for cleared."""

    change: Change
    warning_id: str
    unit_id: str
    rule_id: str
    tier: int
    onset_ms: int
    at_ms: int
    why: WhyCard | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One dimension alone has gone past its trigger (`findings` say what the others did), or `is_over`. `dimension` None: it is over
    because nothing asks for its term any more."""

    observation_id: str
    unit_id: str
    indicator: str
    dimension: Dimension | None
    onset_ms: int
    at_ms: int
    is_over: bool
    findings: tuple[Finding, ...] = ()


class Evaluation(NamedTuple):
    """The new state, and what was decided on the way, in event order."""

    state: EnterpriseState
    decisions: list[Decision]
    sightings: list[Sighting]
    checkpoints: list[Checkpoint]


def evaluate(state: EnterpriseState, plan: Plan, series: Iterable[Series], *, block_id: str = "") -> Evaluation:
    """Fold readings into the state: of one block, or of several (then each series names its own). Where two carry the same
    point and instant, the first counts."""
    fold = _Fold(state, plan, block_id)
    rows = sorted(fold.rows(series), key=itemgetter(0))
    fold.drop_unbound(rows[0][0] if rows else 0)
    for at_ms, group in groupby(rows, key=itemgetter(0)):
        fold.take(at_ms, group)
    return Evaluation(fold.state(), fold.decisions, fold.sightings, fold.checkpoints)


Plans = Sequence[tuple[int, Plan]]


def evaluate_under(state: EnterpriseState, plans: Plans, series: Iterable[Series], *, block_id: str = "") -> Evaluation:
    """As evaluate, each reading under the plan that was in force when it was measured. `plans`: (from when, plan), rising; the
    first also for what comes before."""
    rest, decisions, sightings, checkpoints = tuple(series), list[Decision](), list[Sighting](), list[Checkpoint]()
    for at, (_, plan) in enumerate(plans):
        own, rest = cut(rest, plans[at + 1][0]) if at + 1 < len(plans) else (rest, ())
        if own or at + 1 == len(plans):
            more = evaluate(state, plan, own, block_id=block_id)
            state = more.state
            decisions += more.decisions
            sightings += more.sightings
            checkpoints += more.checkpoints
    return Evaluation(state, decisions, sightings, checkpoints)


Row = tuple[int, LivePoint, float, str, str]
Touched = tuple[list[LiveRule], list[tuple[BoundWatch, LiveTerm]]]


class _Fold:
    """The working state of one call of evaluate; nothing of it outlives the call but the frozen values."""

    def __init__(self, state: EnterpriseState, plan: Plan, block_id: str) -> None:
        self.plan = plan
        self.block_id = block_id
        self.decisions: list[Decision] = []
        self.sightings: list[Sighting] = []
        self.checkpoints: list[Checkpoint] = []
        self._known = state.points
        self._rules, self._watches = dict(state.rules), dict(state.watches)
        self._units: dict[str, LiveUnit] = {}
        self._touches: dict[str, Touched] = {}
        self._together: dict[tuple[str, ...], Touched] = {}
        self._rises_at = coupling.magnitudes_to_rise(plan.catalogue.kappa)
        self._held: dict[str, set[str]] = {}  # unit -> the rules that keep its baselines from learning
        for key, rule in state.rules.items():
            self._hold(key, rule)

    # bringing points to life

    def rows(self, series: Iterable[Series]) -> Iterator[Row]:
        """The readings of units that have a term of some rule."""
        for one in series:
            if (unit_id := self.plan.unit_of_point.get(one.point_id)) is not None:
                unit = self._units.get(unit_id) or self._bind(unit_id)
                n, point = len(one), unit.points[one.point_id]
                blocks = [one.block_id or self.block_id] * n
                yield from zip(one.times_ms, [point] * n, one.values, one.flags, blocks, strict=True)

    def _bind(self, unit_id: str) -> LiveUnit:
        """Bring a unit to life, with all its points, rules and watches. Rules that look at a term alike share it."""
        points = {p: LivePoint(p, self._known.get(p), self.plan) for p in self.plan.points_of(unit_id)}
        unit = self._units[unit_id] = LiveUnit(unit_id, points)
        terms: dict[tuple[str, str, float, int], LiveTerm] = {}

        def live(term: BoundTerm, window_ms: int) -> LiveTerm:
            trigger = term.term.trigger
            key = (term.term.indicator, trigger.kind.value, trigger.amount, window_ms)
            if key not in terms:
                terms[key] = LiveTerm(term, points, window_ms)
            return terms[key]

        for bound in self.plan.rules_of_unit.get(unit_id, ()):
            window_ms = bound.rule.window_ms
            energy = None if bound.energy is None else live(bound.energy, window_ms)
            unit.rules.append(LiveRule(bound, live(bound.safety, window_ms), live(bound.response, window_ms), energy))
        unit.watches = [(one, live(one.term, one.rule.window_ms)) for one in self.plan.watches_of_unit[unit_id]]
        for point_id in points:
            self._touches[point_id] = (
                [rule for rule in unit.rules if any(point_id in term.point_ids for term in rule.bound.terms)],
                [watch for watch in unit.watches if point_id in watch[0].term.point_ids],
            )
        return unit

    def drop_unbound(self, at_ms: int) -> None:
        """Clear what is open by a rule or term that the catalogue or the registry no longer has: of a unit that is judged now at
        its first reading, of one that no rule asks for any more at its last."""
        bound = {rule.key for rule in self.plan.rules} | {watch.key for watch in self.plan.watches}
        for rules in (self._rules, self._watches):
            for key in [key for key in rules if key not in bound and self._is_over(key[0])]:
                self._drop(rules, key, at_ms if key[0] in self._units else self._last_ms(key[0]))

    def _is_over(self, unit_id: str) -> bool:
        return unit_id in self._units or unit_id not in self.plan.watches_of_unit

    def _last_ms(self, unit_id: str) -> int:
        points = self.plan.profile.points_of(unit_id)
        return max((self._known[one.id].last_ms for one in points if one.id in self._known), default=0)

    def _drop(self, rules: dict[tuple[str, str], RuleState], key: tuple[str, str], at_ms: int) -> None:
        known = rules.pop(key)
        onset_ms = known.onset_ms or at_ms
        if rules is self._rules:
            self._hold(key, IDLE)
            if known.phase is Phase.OPEN:
                gone = Decision(Change.CLEARED, known.warning_id, *key, known.tier, onset_ms, at_ms, None)
                self.decisions.append(gone)
        elif known.phase is Phase.OPEN:
            indicator = key[1].partition(":")[0]
            self.sightings.append(Sighting(known.warning_id, key[0], indicator, None, onset_ms, at_ms, is_over=True))

    # what is left when all is judged

    def state(self) -> EnterpriseState:
        seen: dict[str, PointState] = {}
        for unit in self._units.values():
            seen |= _seen(unit)
        return EnterpriseState({**self._known, **seen}, self._rules, self._watches)

    def _checkpoint(self, unit: LiveUnit, at_ms: int) -> None:
        """Give out a unit's state before a reading that passes its mark."""
        rules = {key: rule for key, rule in self._rules.items() if key[0] == unit.id}
        watches = {key: watch for key, watch in self._watches.items() if key[0] == unit.id}
        mark_ms = at_ms // CHECKPOINT_MS * CHECKPOINT_MS
        self.checkpoints.append(Checkpoint(unit.id, mark_ms, EnterpriseState(_seen(unit), rules, watches)))
        unit.mark_ms = mark_ms + CHECKPOINT_MS

    # judging

    def take(self, at_ms: int, rows: Iterable[Row]) -> None:
        """Judge all readings of one instant."""
        fresh: list[LivePoint] = []
        for _, point, value, flag, block_id in rows:
            if at_ms > point.last_ms:
                unit = self._units[point.unit_id]
                if at_ms >= unit.mark_ms:
                    self._checkpoint(unit, at_ms)
                point.see(at_ms, value, flag)
                point.block_id = block_id
                fresh.append(point)
        rules, watches = self._touched(fresh)
        for rule in rules:
            self._judge(rule, at_ms, fresh)
        for watch, term in watches:
            leg = term.leg if term.at_ms == at_ms else term.look(at_ms)
            if leg.deviation >= AT_TRIGGER or watch.key in self._watches:
                self._regard(watch, leg, at_ms, fresh)
        for point in fresh:
            if point.valid and point.learns and not self._held.get(point.unit_id):
                point.learn()

    def _touched(self, fresh: list[LivePoint]) -> Touched:
        """The rules and watches that look at one of these points. A plant's points come together again and again."""
        key = tuple([point.id for point in fresh])
        if (known := self._together.get(key)) is None:
            rules = {rule.key: rule for point in fresh for rule in self._touches[point.id][0]}
            watches = {watch[0].key: watch for point in fresh for watch in self._touches[point.id][1]}
            known = self._together[key] = (list(rules.values()), list(watches.values()))
        return known

    def _judge(self, rule: LiveRule, at_ms: int, fresh: list[LivePoint]) -> None:
        known = self._rules.get(rule.key, IDLE)
        safety = rule.safety.leg if rule.safety.at_ms == at_ms else rule.safety.look(at_ms)
        response = rule.response.leg if rule.response.at_ms == at_ms else rule.response.look(at_ms)
        if known.tier and known.stands and self._stays(known.tier, rule, safety, response, at_ms):
            return
        if known is IDLE and safety.sure and response.sure and min(safety.deviation, response.deviation) < AT_TRIGGER:
            return
        moment = Moment(rule, at_ms, safety, response, fresh)
        after = self._watch(known, moment) if known.phase is Phase.IDLE else self._follow(known, moment)
        if after.uncertain is moment.sure:
            after = replace(after, uncertain=not moment.sure)
        if after is known:
            return
        if after == IDLE:
            self._rules.pop(rule.key, None)
        else:
            self._rules[rule.key] = after
        self._hold(rule.key, after)

    def _stays(self, tier: int, rule: LiveRule, safety: Leg, response: Leg, at_ms: int) -> bool:
        """Of an open warning, what most of its readings are: past both triggers, and not graver than its tier."""
        if safety.deviation < AT_TRIGGER or response.deviation < AT_TRIGGER:
            return False
        energy = rule.energy.look(at_ms).deviation if rule.energy else 0.0
        return coupling.magnitude(safety.deviation, response.deviation, energy) < self._rises_at[tier]

    def _hold(self, key: tuple[str, str], rule: RuleState) -> None:
        held = self._held.setdefault(key[0], set())
        if rule.holds_baseline:
            held.add(key[1])
        else:
            held.discard(key[1])

    def _watch(self, known: RuleState, now: Moment) -> RuleState:
        """Idle: count the rounds past both triggers; fire after the on-delay."""
        if not now.exceeds:
            return IDLE
        known = _counted(known, now.at_ms, known.onset_ms is not None and now.begins_round(known.round_ms))
        return known if known.hits < now.rule.bound.rule.on_delay else self._fire(known, now)

    def _fire(self, known: RuleState, now: Moment) -> RuleState:
        risk = self._risk(now)
        is_called = risk.score >= self.plan.warning_threshold - ROUNDING
        if known.phase is Phase.OBSERVED and not is_called:
            return known
        onset_ms = now.at_ms if known.onset_ms is None else known.onset_ms
        identity = known.warning_id or warning_id(*now.rule.key, onset_ms)
        fired = replace(known, onset_ms=onset_ms, warning_id=identity, calm=0, opened_ms=now.at_ms)
        if not is_called:
            return self._decide(replace(fired, phase=Phase.OBSERVED), Change.OBSERVED, now, risk)
        return self._decide(replace(fired, phase=Phase.OPEN, tier=risk.tier), Change.OPENED, now, risk)

    def _follow(self, known: RuleState, now: Moment) -> RuleState:
        """Fired: escalate at once, clear after the off-delay. Doubtful or old readings do neither."""
        if now.sure and now.is_calm:
            return self._calm_down(known, now)
        known = replace(known, calm=0) if known.calm else known
        if not now.sure:
            return known
        if known.phase is Phase.OBSERVED:
            return self._fire(known, now) if now.exceeds else known
        risk = self._risk(now)
        if risk.tier <= known.tier:
            return known
        return self._decide(replace(known, tier=risk.tier), Change.ESCALATED, now, risk)

    def _calm_down(self, known: RuleState, now: Moment) -> RuleState:
        known = _calmed(known, now.at_ms, known.calm > 0 and now.begins_round(known.round_ms))
        rule = now.rule.bound.rule
        if known.calm < rule.off_delay:
            return known
        if known.phase is Phase.OPEN:
            if now.at_ms - known.opened_ms < rule.minimum_hold_ms:
                return known
            self._decide(known, Change.CLEARED, now, None)
        return IDLE

    def _decide(self, known: RuleState, change: Change, now: Moment, risk: Risk | None) -> RuleState:
        blocks = tuple(sorted({point.block_id for point in now.fresh if point.id in now.rule.bound.deciding}))
        why = None if risk is None else why_card(now.rule.bound, self._legs(now), risk, self.plan, blocks)
        onset_ms = now.at_ms if known.onset_ms is None else known.onset_ms
        self.decisions.append(Decision(change, known.warning_id, *now.rule.key, known.tier, onset_ms, now.at_ms, why))
        return known

    def _risk(self, now: Moment) -> Risk:
        energy = now.rule.energy.look(now.at_ms).deviation if now.rule.energy else 0.0
        return coupling.assess(
            now.safety.deviation,
            now.response.deviation,
            energy,
            kappa=self.plan.catalogue.kappa,
            base=self.plan.base_risk,
        )

    def _legs(self, now: Moment) -> tuple[tuple[str, LiveTerm, Leg], ...]:
        legs = (("safety", now.rule.safety, now.safety), ("response", now.rule.response, now.response))
        energy = now.rule.energy
        return legs if energy is None else (*legs, ("energy", energy, energy.look(now.at_ms)))

    # one dimension alone

    def _regard(self, watch: BoundWatch, leg: Leg, at_ms: int, fresh: list[LivePoint]) -> None:
        """A term past its trigger while no rule that has it is coupled: seen, and over when it is back or becomes coupled."""
        known = self._watches.get(watch.key, IDLE)
        is_coupled = False
        for key in watch.coupled:
            is_coupled = is_coupled or ((rule := self._rules.get(key)) is not None and rule.is_coupled)
        if is_coupled and known is IDLE:
            return
        after = self._alone(known, leg, watch, is_coupled, at_ms, fresh)
        if known.phase is not after.phase:
            self._see(watch, known if after is IDLE else after, at_ms, is_over=after is IDLE)
        if after is IDLE:
            self._watches.pop(watch.key, None)
        else:
            self._watches[watch.key] = after

    def _alone(
        self, known: RuleState, leg: Leg, watch: BoundWatch, is_coupled: bool, at_ms: int, fresh: list[LivePoint]
    ) -> RuleState:
        ids = watch.term.point_ids
        is_new_round = any(point.before_ms >= known.round_ms and point.id in ids for point in fresh)
        if is_coupled or (known.phase is Phase.IDLE and leg.deviation < AT_TRIGGER):
            return IDLE
        if known.phase is Phase.IDLE:
            known = _counted(known, at_ms, is_new_round)
            if known.hits < watch.rule.on_delay:
                return known
            identity = observation_id(*_subject(watch), known.onset_ms or at_ms)
            return replace(known, phase=Phase.OPEN, warning_id=identity, opened_ms=at_ms)
        if not leg.sure or leg.deviation >= 1.0 - watch.rule.hysteresis - ROUNDING:
            return replace(known, calm=0) if known.calm else known
        known = _calmed(known, at_ms, known.calm > 0 and is_new_round)
        return known if known.calm < watch.rule.off_delay else IDLE

    def _see(self, watch: BoundWatch, known: RuleState, at_ms: int, *, is_over: bool) -> None:
        unit = self._units[watch.unit_id]
        onset_ms = at_ms if known.onset_ms is None else known.onset_ms
        found = () if is_over else findings(watch, unit.points.values(), [t for _, t in unit.watches], at_ms, self.plan)
        indicator = watch.term.term.indicator
        self.sightings.append(
            Sighting(known.warning_id, unit.id, indicator, watch.dimension, onset_ms, at_ms, is_over, found)
        )


def _counted(known: RuleState, at_ms: int, is_new_round: bool) -> RuleState:
    """A round past the trigger more."""
    if known.onset_ms is None:
        return replace(known, onset_ms=at_ms, hits=1, round_ms=at_ms)
    return replace(known, hits=known.hits + 1, round_ms=at_ms) if is_new_round else known


def _calmed(known: RuleState, at_ms: int, is_new_round: bool) -> RuleState:
    """A round below the trigger more."""
    if known.calm == 0:
        return replace(known, calm=1, round_ms=at_ms)
    return replace(known, calm=known.calm + 1, round_ms=at_ms) if is_new_round else known


def _subject(watch: BoundWatch) -> tuple[str, ObservationKind, str]:
    return watch.unit_id, ObservationKind.SINGLE, watch.key[1]


def _seen(unit: LiveUnit) -> dict[str, PointState]:
    return {point.id: point.state() for point in unit.points.values() if point.last_ms >= 0}
