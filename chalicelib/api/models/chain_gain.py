"""What a change at a giver would do for its receiver, on the wire."""

from typing import Literal

from pydantic import Field

from chalicelib.api.models.laws import IntervalOut
from chalicelib.api.models.wire import Instant, View
from chalicelib.domain.chain_gain import Basis, Unknown


class ResponseGainOut(View):
    """A point of the receiver's unit: how far it would move, or the reason why that is not known."""

    point: str
    indicator: str
    name: str
    unit: str = Field(description="UCUM")
    basis: Basis = Field(description="`link`: by share and damping; `law`: by what the unit has learnt of itself")
    value: float | None = None
    percent: IntervalOut | None = None
    lag_s: float
    reason: Unknown | None = None
    reason_text: str | None = None
    cost_per_hour: IntervalOut | None = Field(default=None, description="the change's; below 0: saved")
    currency: str | None = None
    cost_reason: Literal["no_price"] | Unknown | None = None
    cost_reason_text: str | None = None


class RiskGainOut(View):
    coefficient: float
    score: float
    tier: int


class RuleGainOut(View):
    """A rule of the receiver's unit. `before`, `after`, `coefficient` and `score` are left out for who may not see the receiver."""

    rule_id: str
    score_change: IntervalOut | None = Field(default=None, description="of the composite score; below 0: less risk")
    before: RiskGainOut | None = None
    after: RiskGainOut | None = None
    coefficient: IntervalOut | None = None
    score: IntervalOut | None = None
    is_energy_held: bool = Field(default=False, description="how energy answers is not known: it is left as it is")
    reason: Unknown | None = None
    reason_text: str | None = None


class StepGainOut(View):
    percent: float = Field(description="of the giver's present level")
    giver_value: float | None = Field(default=None, description="what it would be; left out for who may not see it")
    arrives_percent: float = Field(description="what of it reaches the receiver, by share and damping")
    responses: list[ResponseGainOut] = Field(description="empty for who may not see the receiver")
    rules: list[RuleGainOut]


class IndicatorGainOut(View):
    indicator: str
    name: str
    unit: str = Field(description="UCUM")
    giver_value: float | None = Field(default=None, description="left out for who may not see the giver")
    measured_at: Instant | None = None
    steps: list[StepGainOut]
    reason: Unknown | None = None
    reason_text: str | None = None


class OptimisationOut(View):
    link_id: str
    passes_on: float = Field(description="share times damping")
    lead_time_min: int
    learnt_at: Instant | None = Field(default=None, description="which version of the receiver's laws; absent: none")
    assumption_text: str
    indicators: list[IndicatorGainOut]
