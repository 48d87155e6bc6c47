"""Alarms that say too much or too long: a rule that opens again and again (chattering), a warning that stands too long (stale).

ISA-18.2, 3.1: a chattering alarm repeatedly changes state in a short time; a stale one stays active for an extended time.
"""

from dataclasses import dataclass

from chalicelib.domain.catalogue import Catalogue, Chattering
from chalicelib.domain.handling import Handling
from chalicelib.domain.observation import Observation, ObservationKind, observation_id
from chalicelib.domain.warning import Warning


@dataclass(frozen=True, slots=True)
class Opening:
    """A warning of a unit's rule, and since when that rule has opened without a pause as long as the chattering window."""

    warning_id: str
    at_ms: int
    episode_ms: int


@dataclass(frozen=True, slots=True)
class Episode:
    """Chattering that was observed, and when its rule last opened."""

    observation_id: str
    last_ms: int


def next_opening(warning: Warning, before: Opening | None, chattering: Chattering) -> Opening:
    at_ms = warning.opened_at_ms
    goes_on = before is not None and at_ms - before.at_ms < chattering.window_ms
    return Opening(warning.id, at_ms, before.episode_ms if before is not None and goes_on else at_ms)


def observe_chattering(warning: Warning, opening: Opening, openings: int, catalogue: Catalogue) -> Observation:
    kind = ObservationKind.CHATTERING
    return Observation(
        id=observation_id(warning.unit_id, kind, warning.rule_id, opening.episode_ms),
        kind=kind,
        enterprise_id=warning.enterprise_id,
        unit_id=warning.unit_id,
        dimension=None,
        subject=warning.rule_id,
        onset_ms=opening.episode_ms,
        opened_at_ms=opening.at_ms,
        received_at_ms=warning.received_at_ms,
        figures=(("openings", float(openings)), ("window_s", catalogue.chattering.window_ms / 1000)),
        catalogue_version=catalogue.version,
        correlation_id=warning.correlation_id,
    )


def observe_stale(handling: Handling, now_ms: int, catalogue: Catalogue) -> Observation:
    return Observation(
        id=stale_id(handling),
        kind=ObservationKind.STALE,
        enterprise_id=handling.enterprise_id,
        unit_id=handling.unit_id,
        dimension=None,
        subject=handling.rule_id,
        onset_ms=handling.raised_at_ms,
        opened_at_ms=handling.raised_at_ms + catalogue.stale_after_ms,
        received_at_ms=now_ms,
        figures=(("stale_after_s", catalogue.stale_after_ms / 1000),),
        catalogue_version=catalogue.version,
    )


def stale_id(handling: Handling) -> str:
    return observation_id(handling.unit_id, ObservationKind.STALE, handling.rule_id, handling.raised_at_ms)
