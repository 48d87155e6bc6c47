"""Foresight on the wire: no probability without its base rate and its back-test."""

from typing import Annotated

from pydantic import Field, PlainSerializer

from chalicelib.api.models.wire import Id, Instant, View, Wire
from chalicelib.domain.foresight import AHEAD_HOURS, Verdict

Share = Annotated[float, PlainSerializer(lambda value: round(value, 5))]


class ForesightQuery(Wire):
    region: Id | None = Field(default=None, description="all regions that you may see, if absent")
    hours: int = Field(default=AHEAD_HOURS, ge=1, le=AHEAD_HOURS, description="so many, from the present one on")


class OutlookOut(View):
    at: Instant = Field(validation_alias="hour_ms")
    base_rate: Share = Field(description="how often a warning opened at this hour of the day in this month")
    history_hours: int = Field(
        description="hours of history behind the base rate, neighbouring hours and months included"
    )
    probability: Share | None = Field(
        default=None,
        description="that at least one coupled warning opens in the region in this hour; only where the verdict is `skilful` and the "
        "weather of the hour is known",
    )


class ReliabilityOut(View):
    forecast: Share = Field(description="the mean probability of these hours")
    observed: Share = Field(description="the share of them in which a warning opened")
    hours: int


class BacktestOut(View):
    """Time-forward, block after block, with the weather that was observed: errors of a weather forecast come on top."""

    from_: Instant = Field(serialization_alias="from", validation_alias="from_ms")
    to: Instant = Field(validation_alias="to_ms")
    blocks: int
    hours: int
    events: int
    brier: Share
    brier_climatology: Share
    skill: Share = Field(description="Brier skill score against the base rates: 0 is no better, 1 is perfect")
    skill_low: Share = Field(description="the lower end of its one-sided 95 % interval")
    reliability: list[ReliabilityOut]


class HistoryOut(View):
    from_: Instant = Field(serialization_alias="from", validation_alias="from_ms")
    to: Instant = Field(validation_alias="to_ms")
    hours: int = Field(description="with observed temperature and wind")
    events: int = Field(description="of these, hours in which a warning opened")
    fitted_at: Instant = Field(validation_alias="fitted_at_ms")


class CheckUnitOut(View):
    enterprise_id: str
    unit_id: str
    unit_name: str


class CheckOut(View):
    """A freeze that may burst pipes and vessels, so that waste water leaks when it thaws."""

    text: str
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    minimum_c: float
    hours_below_0: int
    hours_below_minus_5: int
    after_mild: bool = Field(description="it was mild (5 degC or more) within the three days before: lines are full")
    hard: bool = Field(description="it goes below -5 degC")
    units: list[CheckUnitOut]


class RegionAheadOut(View):
    region: str
    verdict: Verdict
    verdict_text: str
    history: HistoryOut | None = None
    backtest: BacktestOut | None = None
    hours: list[OutlookOut]
    checks: list[CheckOut]


class ForesightOut(View):
    items: list[RegionAheadOut]
