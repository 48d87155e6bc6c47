"""A park whose warnings are raised, escalated and cleared at will: what evaluation would commit, without the readings."""

from dataclasses import replace

from chalicelib.domain.events import Event, WarningCleared, WarningEscalated, WarningRaised
from chalicelib.domain.handling import Handling
from chalicelib.domain.warning import Warning, WarningState, WhyCard, warning_id
from tests.park import Park

PARENT, CHILD = "reactor-temperature-voc", "reactor-pressure-cod"
WHY = WhyCard(PARENT, 1, "v", (), 1.0, 0.2, 0.25, 0.5, 1.0, 0.5, 60.0, 35.0, (), None)


class Alarms:
    """Each call commits what evaluation would, now, and (`pumps`) has it carried on."""

    def __init__(self, park: Park, *, pumps: bool = True) -> None:
        self.park, self._pumps = park, pumps

    def raised(
        self, rule: str = PARENT, *, tier: int = 1, eid: str = "acme", unit: str = "", after_s: float = 1
    ) -> str:
        """A warning of an enterprise's unit (its reactor); its id."""
        self.park.clock.advance(after_s)
        now_ms, unit = self.park.clock.ms, unit or f"{eid}-r1"
        warning = Warning(
            id=warning_id(unit, rule, now_ms),
            enterprise_id=eid,
            unit_id=unit,
            rule_id=rule,
            tier=tier,
            state=WarningState.OPEN,
            onset_ms=now_ms,
            opened_at_ms=now_ms,
            received_at_ms=now_ms,
            why=replace(WHY, rule_id=rule),
            correlation_id="c",
        )
        self._commit(warning, WarningRaised(eid, now_ms, "c", warning.id))
        return warning.id

    def escalates(self, id: str, tier: int) -> None:
        warning, now_ms = self.warning(id), self.park.clock.ms
        event = WarningEscalated(warning.enterprise_id, now_ms, "c", id, tier)
        self._commit(warning.escalated(tier, now_ms, warning.why), event)

    def clears(self, id: str) -> None:
        warning, now_ms = self.warning(id), self.park.clock.ms
        self._commit(warning.cleared(now_ms), WarningCleared(warning.enterprise_id, now_ms, "c", id))

    def replaced(self, id: str, *, tier: int, is_open: bool = True) -> None:
        """Late data shows that another warning, begun a minute before, stood where this one did."""
        known = self.warning(id)
        onset_ms = known.onset_ms - 60_000
        heir = replace(
            known, id=warning_id(known.unit_id, known.rule_id, onset_ms), onset_ms=onset_ms, tier=tier, known_as=id
        )
        self._commit(known.withdrawn(heir.id))
        self._commit(heir if is_open else heir.cleared(self.park.clock.ms))

    def warning(self, id: str) -> Warning:
        found = self.park.services.warnings.get(id)
        assert found is not None
        return found

    def handling(self, id: str) -> Handling:
        found = self.park.services.dispatches.handling(id)
        assert found is not None
        return found

    def course(self, id: str) -> str:
        return self.handling(id).course.value

    def _commit(self, warning: Warning, *events: Event) -> None:
        states = self.park.services.states
        state, version = states.load(warning.enterprise_id)
        states.commit(warning.enterprise_id, state, version, warnings=[warning], events=events)
        if self._pumps:
            self.park.pump()
