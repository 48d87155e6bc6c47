"""A coupled risk that is open, with its why-card: every term, the rule, the data behind it, and the way back."""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.catalogue import TriggerKind
from chalicelib.domain.dimension import Dimension


class WarningState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"
    OBSERVED = "observed"  # below the warning threshold: recorded, nobody is called
    WITHDRAWN = "withdrawn"  # data that came late shows that it was none, or another (`superseded_by`)


@dataclass(frozen=True, slots=True)
class WhyTerm:
    """One leg of the decision, in the indicator's unit.

    `reference` is what the trigger compared with (baseline, threshold or limit; for a band see `band`).
    `return_to` is the value (for a band: both edges) at which this leg lets the warning clear.
    """

    role: str
    indicator: str
    dimension: Dimension
    point_id: str
    unit: str
    value: float
    measured_at_ms: int
    trigger: TriggerKind
    amount: float
    reference: float | None
    band: tuple[float, float] | None
    baseline_learnt: bool
    deviation: float
    return_to: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WhyCard:
    """All that led to the tier. `next_lower_tier_at` is the magnitude under which the coefficient leaves its tier."""

    rule_id: str
    rule_version: int
    catalogue_version: str
    terms: tuple[WhyTerm, ...]
    magnitude: float
    kappa: float
    coefficient: float
    industry_weight: float
    size_factor: float
    base_risk: float
    composite_score: float
    warning_threshold: float
    block_ids: tuple[str, ...]
    next_lower_tier_at: float | None


@dataclass(frozen=True, slots=True)
class Warning:
    """`onset_ms` is when both legs were first past their triggers (event time); ids follow from (unit, rule, onset).

    `retroactive`: found in data that came late; nobody was called. `known_as` is the withdrawn warning whose task serves this one.
    """

    id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    tier: int
    state: WarningState
    onset_ms: int
    opened_at_ms: int
    received_at_ms: int
    why: WhyCard
    escalated_at_ms: int | None = None
    cleared_at_ms: int | None = None
    correlation_id: str = ""
    retroactive: bool = False
    known_as: str = ""
    superseded_by: str = ""

    @property
    def public_id(self) -> str:
        """The id under which people were called."""
        return self.known_as or self.id

    def escalated(self, tier: int, at_ms: int, why: WhyCard) -> "Warning":
        return replace(self, tier=tier, escalated_at_ms=at_ms, why=why)

    def cleared(self, at_ms: int) -> "Warning":
        return replace(self, state=WarningState.CLEARED, cleared_at_ms=at_ms)

    def withdrawn(self, superseded_by: str) -> "Warning":
        return replace(self, state=WarningState.WITHDRAWN, superseded_by=superseded_by)


def warning_id(unit_id: str, rule_id: str, onset_ms: int) -> str:
    """The same coupled risk has the same id however often its readings are evaluated."""
    return "w-" + sha256(f"{unit_id}|{rule_id}|{onset_ms}".encode()).hexdigest()[:20]
