"""What a catalogue document says of policy: baseline, sampling, deadlines, score points, alarm habits; as pydantic models."""

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.adapters.catalogue_parts import Name, Strict, complete, fields_of
from chalicelib.domain.catalogue import Chattering, Deadlines, Grouping, ScorePolicy

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


class DeadlinePart(Strict):
    finish_s: float = Field(gt=0)
    acknowledge_s: float | None = Field(default=None, gt=0)

    def value(self) -> Deadlines:
        return Deadlines(
            round(self.finish_s * 1000), None if self.acknowledge_s is None else round(self.acknowledge_s * 1000)
        )


class ScorePart(Strict):
    base: float
    warning: Annotated[dict[int, float], complete(TIERS)]
    timely: Annotated[dict[int, float], complete(TIERS)]
    late: Annotated[dict[int, float], complete(TIERS)]
    returned: float

    def value(self) -> ScorePolicy:
        return ScorePolicy(**fields_of(self))
