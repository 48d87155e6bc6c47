"""What a catalogue document says of policy: baseline, sampling, deadlines, score points, alarm habits; as pydantic models."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from chalicelib.adapters.catalogue_parts import Name, Strict, complete, fields_of
from chalicelib.domain.catalogue import (
    ChainPolicy,
    ChainShare,
    Chattering,
    Deadlines,
    Duration,
    Grouping,
    MonthPolicy,
    ScorePolicy,
    Steps,
    TrainingPoints,
)
from chalicelib.domain.dimension import Dimension

TIERS = (1, 2, 3)
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[int, Field(ge=1)]


class BaselinePart(Strict):
    half_life_s: float = Field(gt=0)
    minimum_readings: int = Field(ge=1)


def _falls_to_zero(given: list[tuple[float, int]]) -> list[tuple[float, int]]:
    bounds = [bound for bound, _ in given]
    if not bounds or bounds[-1] != 0 or any(a <= b for a, b in pairwise(bounds)):
        raise ValueError("must fall, and end with an entry for base risk 0")
    return given


ByBaseRisk = Annotated[list[tuple[Share, Seconds]], AfterValidator(_falls_to_zero)]


class SamplingPart(Strict):
    tier_s: Annotated[dict[int, Seconds], complete(TIERS)]
    base_risk_s: ByBaseRisk
    industries: dict[Name, ByBaseRisk] = Field(default={}, description="in place of base_risk_s")


class GroupingPart(Strict):
    wait_s: float = Field(default=10, ge=0)
    flood_count: int = Field(default=10, ge=1)
    flood_window_s: float = Field(default=600, gt=0)

    def value(self) -> Grouping:
        return Grouping(round(self.wait_s * 1000), self.flood_count, round(self.flood_window_s * 1000))


class ChatteringPart(Strict):
    count: int = Field(default=3, ge=2)
    window_s: float = Field(default=3600, gt=0)

    def value(self) -> Chattering:
        return Chattering(self.count, round(self.window_s * 1000))


class ChainPart(Strict):
    hysteresis: float = Field(default=0.1, ge=0, lt=1)
    off_delay: int = Field(default=2, ge=1)
    hold_s: float = Field(default=1800, ge=0)
    hourly_prices: dict[Name, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="by indicator, what one unit of it more costs in an hour; none: no costs are told"
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"

    def value(self) -> ChainPolicy:
        hold_ms = round(self.hold_s * 1000)
        return ChainPolicy(self.hysteresis, self.off_delay, hold_ms, self.hourly_prices, self.currency)


class DeadlinePart(Strict):
    finish_s: float = Field(gt=0)
    acknowledge_s: float | None = Field(default=None, gt=0)

    def value(self) -> Deadlines:
        return Deadlines(
            round(self.finish_s * 1000), None if self.acknowledge_s is None else round(self.acknowledge_s * 1000)
        )


Deduction = Annotated[float, Field(le=0)]
Reward = Annotated[float, Field(ge=0)]


class DurationPart(Strict):
    free_s: float = Field(default=3600, ge=0)
    hour: Deduction = -0.5
    most: Deduction = -4

    def value(self) -> Duration:
        return Duration(round(self.free_s * 1000), self.hour, self.most)


class WeightsPart(Strict):
    safety: Share = 0.45
    environment: Share = 0.4
    energy: Share = 0.15

    @model_validator(mode="after")
    def _adds_up(self) -> "WeightsPart":
        if abs(self.safety + self.environment + self.energy - 1) > 1e-9:
            raise ValueError("must add up to 1")
        return self

    def value(self) -> Mapping[Dimension, float]:
        return {one: getattr(self, one.value) for one in Dimension}


class ChainSharePart(Strict):
    share_of: Share = 0.1
    mark: float = Field(default=90, ge=0, le=100, description="a partner's result above it helps, one below it costs")
    most: Reward = Field(default=3, description="points in a month, up or down")

    def value(self) -> ChainShare:
        return ChainShare(self.share_of, self.mark, self.most)


def _rises(given: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if any(a >= b for a, b in pairwise(share for share, _ in given)):
        raise ValueError("must rise")
    return given


StepsPart = Annotated[list[tuple[Share, Deduction]], AfterValidator(_rises)]


class ExceedancesPart(Strict):
    free: int = Field(default=3, ge=0)
    each: Deduction = -1
    most: Deduction = -10


class CarriedPart(Strict):
    share: Share = 0.2
    repaired_share: Share = 0.1
    most: Deduction = -10

    @model_validator(mode="after")
    def _repair_pays(self) -> "CarriedPart":
        if self.repaired_share > self.share:
            raise ValueError("repaired_share must not be more than share")
        return self


class MonthPart(Strict):
    settle_after_s: int = Field(default=172_800, ge=0, le=20 * 86_400)
    rectified: Reward = 2
    rectification: StepsPart = [(0.7, -8.0), (0.9, -3.0)]  # noqa: RUF012  pydantic copies defaults
    exceedances: ExceedancesPart = ExceedancesPart()
    data: StepsPart = [(0.5, -8.0), (0.8, -4.0), (0.95, -1.0)]  # noqa: RUF012
    checked_hours: int = Field(default=8, ge=0, le=48, description="of a month, drawn by lot; 0: none")
    carried: CarriedPart = CarriedPart()

    def value(self) -> MonthPolicy:
        return MonthPolicy(
            settle_after_ms=self.settle_after_s * 1000,
            rectified=self.rectified,
            rectification=_steps(self.rectification),
            exceedances_free=self.exceedances.free,
            exceedance=self.exceedances.each,
            exceedances_most=self.exceedances.most,
            data=_steps(self.data),
            checked_hours=self.checked_hours,
            carried=self.carried.share,
            carried_repaired=self.carried.repaired_share,
            carried_most=self.carried.most,
        )


def _steps(given: list[tuple[float, float]]) -> Steps:
    return tuple((share, points) for share, points in given)


class TrainingPart(Strict):
    passed: Reward = 0.5
    missed: Deduction = -2

    def value(self) -> TrainingPoints:
        return TrainingPoints(self.passed, self.missed)


class ScorePart(Strict):
    base: float
    warning: Annotated[dict[int, float], complete(TIERS)]
    timely: Annotated[dict[int, float], complete(TIERS)]
    late: Annotated[dict[int, float], complete(TIERS)]
    returned: float
    duration: DurationPart = DurationPart()
    reported: Reward = Field(
        default=2, description="a hazard that an enterprise reports of itself: more than hiding it is worth"
    )
    reported_most: Reward = Field(default=10, description="in a month")
    training: TrainingPart = TrainingPart()
    training_most: Reward = Field(default=3, description="in a month, of courses that were passed")
    found: Annotated[dict[int, Deduction], complete(TIERS)] = Field(default={1: -2.0, 2: -4.0, 3: -8.0})
    part_weights: dict[Name, WeightsPart] = Field(default={}, description="by industry; absent: other_weights")
    other_weights: WeightsPart = WeightsPart()
    objection_days: int = Field(default=10, ge=1, le=90)
    judging_days: int = Field(default=15, ge=1, le=90)
    chain: ChainSharePart = ChainSharePart()
    month: MonthPart = MonthPart()

    def value(self) -> ScorePolicy:
        own = {
            "duration": self.duration.value(),
            "training": self.training.value(),
            "part_weights": {industry: one.value() for industry, one in self.part_weights.items()},
            "other_weights": self.other_weights.value(),
            "chain": self.chain.value(),
            "month": self.month.value(),
        }
        return ScorePolicy(**fields_of(self) | own)
