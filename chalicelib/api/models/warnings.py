"""Warnings and why-cards on the wire."""

from pydantic import (
    Field,
)

from chalicelib.api.models.alarms import HandlingOut
from chalicelib.api.models.wire import Instant, View
from chalicelib.domain.catalogue import TriggerKind
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.warning import WarningState


class WhyTermOut(View):
    role: str
    indicator: str
    dimension: Dimension
    point: str = Field(validation_alias="point_id")
    unit: str
    value: float
    measured_at: Instant = Field(validation_alias="measured_at_ms")
    trigger: TriggerKind
    amount: float
    reference: float | None = None
    band: tuple[float, float] | None = None
    baseline_learnt: bool
    deviation: float
    return_to: list[float] = Field(
        description="the value (a band: both edges) at which this leg lets the warning clear"
    )


class WhyCardOut(View):
    rule_id: str
    rule_version: int
    catalogue_version: str
    terms: list[WhyTermOut]
    magnitude: float
    kappa: float
    coefficient: float
    industry_weight: float
    size_factor: float
    base_risk: float
    composite_score: float
    warning_threshold: float
    block_ids: list[str]
    next_lower_tier_at: float | None = None


class WarningOut(View):
    id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    rule_name: str | None = None
    tier: int
    state: WarningState
    onset_at: Instant = Field(validation_alias="onset_ms")
    opened_at: Instant = Field(validation_alias="opened_at_ms")
    escalated_at: Instant | None = Field(default=None, validation_alias="escalated_at_ms")
    cleared_at: Instant | None = Field(default=None, validation_alias="cleared_at_ms")
    retroactive: bool = Field(description="found in data that came late: it would have been raised at `opened_at`")
    known_as: str = Field(description="the withdrawn warning whose task serves this one; empty: none")
    superseded_by: str = Field(description="of a withdrawn warning, the one that stands in its place; empty: none")
    handling: HandlingOut | None = Field(default=None, description="absent while nothing is done about it")
    why: WhyCardOut


class WarningsOut(View):
    items: list[WarningOut]
    next_cursor: str | None = None
