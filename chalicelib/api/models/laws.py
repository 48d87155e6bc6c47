"""Learnt laws and advice on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import Id, Instant, InstantIn, View, Wire
from chalicelib.domain.advice import NoAdvice
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import NoLaw


class LawQuery(Wire):
    at: InstantIn | None = Field(default=None, description="the law as it stood then; the newest if absent")


class AdviceQuery(Wire):
    unit: Id | None = Field(default=None, description="of this unit only")


class MeasuredOut(View):
    point: str = Field(validation_alias="point_id")
    indicator: str
    dimension: Dimension
    name: str | None = None
    unit: str | None = Field(default=None, description="UCUM")


class IntervalOut(View):
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


class LawOut(View):
    cause: MeasuredOut
    response: MeasuredOut
    percent_per_unit: IntervalOut = Field(description="the response's change in percent for one unit more of the cause")
    lag_s: float = Field(description="how long after the cause the response follows")
    n: int = Field(description="samples of both")
    r2: float
    valid_from: float = Field(description="the law speaks for causes from here (1st percentile of those seen)")
    valid_to: float = Field(description="to here (99th percentile)")
    step_s: float = Field(description="of the even grid on which it was fitted")


class UnclaimedOut(View):
    cause: MeasuredOut
    response: MeasuredOut
    reason: NoLaw
    reason_text: str
    n: int


class CouplingLawOut(View):
    """`says` has one sentence a cause. Without any law `reason_text` says why there is none."""

    unit_id: str
    fitted_at: Instant | None = None
    from_: Instant | None = Field(default=None, serialization_alias="from")
    to: Instant | None = None
    says: list[str]
    laws: list[LawOut]
    unclaimed: list[UnclaimedOut]
    reason_text: str | None = None


class EffectOut(View):
    response: MeasuredOut
    percent: IntervalOut = Field(description="the expected change in percent")
    lag_s: float


class AdviceOut(View):
    unit_id: str
    rule_id: str
    says: str
    cause: MeasuredOut
    value: float
    measured_at: Instant
    target: float
    effects: list[EffectOut]
    fitted_at: Instant = Field(description="which version of the unit's law it stands on")


class DeclinedOut(View):
    unit_id: str
    rule_id: str
    reason: NoAdvice
    reason_text: str


class AdvicesOut(View):
    enterprise_id: str
    items: list[AdviceOut]
    declined: list[DeclinedOut] = Field(description="rules on which there is no advice, and why")
