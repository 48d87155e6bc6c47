"""An observation: something that one department should look at and that is no coupled warning. It never opens a task."""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.dimension import Dimension


class ObservationKind(StrEnum):
    SINGLE = "single"  # one dimension past its trigger, the others not
    SENSOR_FAULT = "sensor_fault"
    OFF_NORMAL = "off_normal"  # the unit watch sees one dimension leave normal operation
    EARLY_COUPLED = "early_coupled"  # the unit watch sees safety and environment leave normal operation together
    DECOUPLED = "decoupled"  # emission without its cause: treatment fails
    CHATTERING = "chattering"
    STALE = "stale"


class Verdict(StrEnum):
    """What an indicator did while another one was abnormal."""

    EXCEEDS = "exceeds"
    RISES = "rises"
    FALLS = "falls"
    STEADY = "steady"
    UNKNOWN = "unknown"  # nothing valid within the association window, or nothing to compare with


@dataclass(frozen=True, slots=True)
class Finding:
    """One point at the time of the observation, in its indicator's unit. `change` is value / reference - 1."""

    dimension: Dimension
    indicator: str
    point_id: str
    unit: str
    verdict: Verdict
    value: float | None = None
    measured_at_ms: int | None = None
    reference: float | None = None
    change: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """`dimension` is whose department is told (None: both), `subject` the point, indicator or rule it is about.

    `figures` are further evidence, each number under its name.
    """

    id: str
    kind: ObservationKind
    enterprise_id: str
    unit_id: str
    dimension: Dimension | None
    subject: str
    onset_ms: int
    opened_at_ms: int
    received_at_ms: int
    closed_at_ms: int | None = None
    findings: tuple[Finding, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()
    catalogue_version: str = ""
    correlation_id: str = ""

    def closed(self, at_ms: int | None) -> "Observation":
        return replace(self, closed_at_ms=at_ms)


def observation_id(unit_id: str, kind: ObservationKind, subject: str, onset_ms: int) -> str:
    """The same matter has the same id however often it is found."""
    return "o-" + sha256(f"{unit_id}|{kind}|{subject}|{onset_ms}".encode()).hexdigest()[:20]
