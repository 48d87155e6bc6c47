"""From decisions to what is written down: warnings, observations, and the events that call people.

Folding again from an earlier state (late data) gives decisions anew. They are settled against what is known: what comes out the same
changes nothing, what is new is added, what came out otherwise is corrected, and what is no longer there is withdrawn. People are
called for what is going on now; a warning that data show when it is long over is `retroactive`, recorded and told in a digest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from chalicelib.domain.evaluation import Change, Decision, Sighting
from chalicelib.domain.events import (
    Event,
    LateWarningsFound,
    ObservationOpened,
    WarningCleared,
    WarningEscalated,
    WarningRaised,
)
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.state import EnterpriseState, Phase
from chalicelib.domain.warning import Warning, WarningState

OVER_MS = 15 * 60_000  # a warning that opened longer ago, and is over, is told in a digest
ONGOING_MS = 2 * 3_600_000  # a warning still open by readings not older than this calls people, whenever it opened
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """What brought the readings: whose they are, and when they came."""

    enterprise_id: str
    received_at_ms: int
    correlation_id: str
    catalogue_version: str


@dataclass(frozen=True, slots=True)
class Known:
    """What may be changed by a fold: `warnings` and `observations` as they are written down, and as they stood where the fold began.
    What is written down and did not stand then was decided after that, and is decided anew."""

    warnings: Mapping[str, Warning]
    observations: Mapping[str, Observation]
    warnings_then: Mapping[str, Warning]
    observations_then: Mapping[str, Observation]


class Settlement(NamedTuple):
    """`warnings` and `observations` as they now are, only those that changed; `state` says which open ones nobody knows of."""

    state: EnterpriseState
    warnings: tuple[Warning, ...]
    observations: tuple[Observation, ...]
    events: tuple[Event, ...]


def settle(
    state: EnterpriseState,
    decisions: Iterable[Decision],
    sightings: Iterable[Sighting],
    known: Known,
    frontiers: Mapping[str, int],
    arrival: Arrival,
) -> Settlement:
    """`frontiers` is, by unit judged, the instant of its newest reading."""
    work = _Settling(state, known, frontiers, arrival)
    work.apply(decisions)
    work.withdraw()
    work.call_for_what_goes_on()
    observations, told = _observations(sightings, known, frontiers, arrival)
    changed = tuple(w for w in work.now.values() if w != known.warnings.get(w.id))
    return Settlement(work.state_with_silent(), changed, observations, (*work.events, *told))


class _Settling:
    """The working state of one settlement."""

    def __init__(self, state: EnterpriseState, known: Known, frontiers: Mapping[str, int], arrival: Arrival) -> None:
        self.state, self.known, self.frontiers, self.arrival = state, known, frontiers, arrival
        self.events: list[Event] = []
        self.now: dict[str, Warning] = dict(known.warnings)
        self._decided: dict[str, list[Decision]] = {}

    def apply(self, decisions: Iterable[Decision]) -> None:
        """Put each warning through its decisions, from how it stood or from nothing."""
        for one in self.known.warnings_then:
            self._decided[one] = []
        for decision in decisions:
            self._decided.setdefault(decision.warning_id, []).append(decision)
        for warning_id, own in self._decided.items():
            before = self.known.warnings.get(warning_id)
            after = self.known.warnings_then.get(warning_id)
            for decision in own:
                after = _applied(after, decision, self.arrival)
            if after is not None:
                self.now[warning_id] = after if before is None else _kept(after, before)
                self._tell(before, self.now[warning_id], own)

    def _tell(self, before: Warning | None, after: Warning, own: list[Decision]) -> None:
        if after.state is WarningState.OBSERVED or after == before:
            return
        if before is None or before.state is WarningState.OBSERVED:
            if after.opened_at_ms >= self.arrival.received_at_ms - OVER_MS or self._goes_on(after):
                self.events += [e for d in own if (e := self._event(d, after)) is not None]
            else:
                self.now[after.id] = replace(after, retroactive=True)
                self._digest()
        elif not before.retroactive:
            self._tell_difference(before, after)
        elif after.state is WarningState.CLEARED:
            self._digest()

    def _tell_difference(self, before: Warning, after: Warning) -> None:
        if after.tier > before.tier:
            self._add(WarningEscalated, after.escalated_at_ms or after.opened_at_ms, after.public_id, after.tier)
        if after.state is WarningState.CLEARED and before.state is not WarningState.CLEARED:
            self._add(WarningCleared, after.cleared_at_ms or after.opened_at_ms, after.public_id)

    def _event(self, decision: Decision, warning: Warning) -> Event | None:
        match decision.change:
            case Change.OPENED:
                return self._made(WarningRaised, decision.at_ms, warning.public_id)
            case Change.ESCALATED:
                return self._made(WarningEscalated, decision.at_ms, warning.public_id, decision.tier)
            case Change.CLEARED:
                return self._made(WarningCleared, decision.at_ms, warning.public_id)
        return None

    def _made(self, kind: type[Event], at_ms: int, *more: object) -> Event:
        return kind(self.arrival.enterprise_id, at_ms, self.arrival.correlation_id, *more)

    def _add(self, kind: type[Event], at_ms: int, *more: object) -> None:
        self.events.append(self._made(kind, at_ms, *more))

    def _digest(self) -> None:
        event = self._made(LateWarningsFound, self.arrival.received_at_ms // HOUR_MS * HOUR_MS)
        if event not in self.events:
            self.events.append(event)

    def _goes_on(self, warning: Warning) -> bool:
        fresh_ms = self.frontiers.get(warning.unit_id, 0)
        return warning.state is WarningState.OPEN and fresh_ms >= self.arrival.received_at_ms - ONGOING_MS

    # what was decided otherwise before

    def withdraw(self) -> None:
        """What had been decided since the fold began and was not decided again is no warning, or another one now."""
        for before in self.known.warnings.values():
            if before.id in self._decided or before.state is WarningState.WITHDRAWN:
                continue
            has_called = before.state is not WarningState.OBSERVED and not before.retroactive
            heir = self._heir(before) if has_called else None
            self.now[before.id] = before.withdrawn(heir.id if heir else "")
            if heir is not None:
                self._inherit(heir, before)
            elif before.state is WarningState.OPEN and has_called:
                self._add(WarningCleared, self.frontiers.get(before.unit_id, before.opened_at_ms), before.public_id)

    def _heir(self, before: Warning) -> Warning | None:
        """The warning that stands now where another one stood: of the same rule and unit, the nearest, and new."""
        new = [
            one
            for one in self.now.values()
            if (one.unit_id, one.rule_id) == (before.unit_id, before.rule_id)
            and one.id not in self.known.warnings
            and one.state in (WarningState.OPEN, WarningState.CLEARED)
            and not one.known_as
        ]
        return min(new, key=lambda one: abs(one.onset_ms - before.onset_ms), default=None)

    def _inherit(self, heir: Warning, before: Warning) -> None:
        """The task that was dispatched for the one serves the other: nobody is called twice."""
        taken = replace(heir, known_as=before.public_id, retroactive=False)
        self.now[heir.id] = taken
        own = [WarningRaised, WarningEscalated, WarningCleared]
        self.events = [e for e in self.events if type(e) not in own or getattr(e, "warning_id", "") != heir.id]
        self._tell_difference(before, taken)

    # what nobody knows of

    def call_for_what_goes_on(self) -> None:
        """A warning of late data that is still open by readings of now calls people like any other."""
        for warning in [one for one in self.now.values() if one.retroactive and self._goes_on(one)]:
            self.now[warning.id] = replace(warning, retroactive=False)
            self._add(WarningRaised, self.frontiers[warning.unit_id], warning.public_id)

    def state_with_silent(self) -> EnterpriseState:
        rules = dict(self.state.rules)
        for key, rule in rules.items():
            warning = self.now.get(rule.warning_id)
            if rule.phase is Phase.OPEN and warning is not None and rule.silent is not warning.retroactive:
                rules[key] = replace(rule, silent=warning.retroactive)
        return replace(self.state, rules=rules)


def _applied(known: Warning | None, decision: Decision, arrival: Arrival) -> Warning | None:
    if decision.why is not None and decision.change in (Change.OPENED, Change.OBSERVED):
        return Warning(
            id=decision.warning_id,
            enterprise_id=arrival.enterprise_id,
            unit_id=decision.unit_id,
            rule_id=decision.rule_id,
            tier=decision.tier,
            state=WarningState.OPEN if decision.change is Change.OPENED else WarningState.OBSERVED,
            onset_ms=decision.onset_ms,
            opened_at_ms=decision.at_ms,
            received_at_ms=arrival.received_at_ms,
            why=decision.why,
            correlation_id=arrival.correlation_id,
        )
    if known is None:
        return None
    if decision.change is Change.ESCALATED and decision.why is not None:
        return known.escalated(decision.tier, decision.at_ms, decision.why)
    return known.cleared(decision.at_ms) if decision.change is Change.CLEARED else known


def _kept(after: Warning, before: Warning) -> Warning:
    """How a warning came to us and whom it called stays as it was."""
    return replace(
        after,
        received_at_ms=before.received_at_ms if before.state is not WarningState.OBSERVED else after.received_at_ms,
        correlation_id=before.correlation_id,
        retroactive=before.retroactive,
        known_as=before.known_as,
        superseded_by="",
    )


def _observations(
    sightings: Iterable[Sighting], known: Known, frontiers: Mapping[str, int], arrival: Arrival
) -> tuple[tuple[Observation, ...], list[Event]]:
    now = dict(known.observations_then)
    for sighting in sightings:
        before = now.get(sighting.observation_id)
        if not sighting.is_over:
            now[sighting.observation_id] = _observed(sighting, known.observations.get(sighting.observation_id), arrival)
        elif before is not None:
            now[before.id] = before.closed(sighting.at_ms)
    for one in known.observations.values():
        now.setdefault(one.id, one.closed(one.opened_at_ms))  # what is not seen any more has lasted no time
    changed = tuple(one for one in now.values() if one != known.observations.get(one.id))
    told: list[Event] = [
        ObservationOpened(one.enterprise_id, one.opened_at_ms, one.correlation_id, one.id)
        for one in changed
        if one.id not in known.observations and _is_news(one, frontiers, arrival)
    ]
    return changed, told


def _observed(sighting: Sighting, before: Observation | None, arrival: Arrival) -> Observation:
    return Observation(
        id=sighting.observation_id,
        kind=ObservationKind.SINGLE,
        enterprise_id=arrival.enterprise_id,
        unit_id=sighting.unit_id,
        dimension=sighting.dimension,
        subject=sighting.indicator,
        onset_ms=sighting.onset_ms,
        opened_at_ms=sighting.at_ms,
        received_at_ms=arrival.received_at_ms if before is None else before.received_at_ms,
        findings=sighting.findings,
        catalogue_version=arrival.catalogue_version,
        correlation_id=arrival.correlation_id if before is None else before.correlation_id,
    )


def _is_news(one: Observation, frontiers: Mapping[str, int], arrival: Arrival) -> bool:
    if one.closed_at_ms is None:
        return frontiers.get(one.unit_id, 0) >= arrival.received_at_ms - ONGOING_MS
    return one.opened_at_ms >= arrival.received_at_ms - OVER_MS
