"""Data quality on the wire."""

from pydantic import Field

from chalicelib.api.models.completeness import Day
from chalicelib.api.models.wire import Id, Instant, View, Wire
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.mark import MarkKind


class DataQualityQuery(Wire):
    day: Day | None = Field(default=None, description="yesterday if absent; of today, what there is so far")
    unit: Id | None = Field(default=None, description="only this unit")
    limit: int = Field(default=200, ge=1, le=5000, description="of marks")


class FitnessOut(View):
    readings: int
    fit: int = Field(description="neither flagged by their source nor marked")
    share: float | None = Field(default=None, description="fit of all, 0 to 1; absent where there are no readings")
    by_mark: dict[MarkKind, int] = Field(description="readings that each kind doubts; one may have several")


class UnitFitnessOut(FitnessOut):
    unit: str


class DimensionFitnessOut(FitnessOut):
    dimension: Dimension


class PointFitnessOut(FitnessOut):
    point: str
    unit: str
    dimension: Dimension


class MarkOut(View):
    """`from` and `until` are the instants of the first and the last reading; they may reach back before the day."""

    kind: MarkKind
    text: str
    point: str
    from_: Instant = Field(serialization_alias="from")
    until: Instant
    readings: int
    evidence: dict[str, float]


class DataQualityOut(View):
    enterprise_id: str
    day: str
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    whole: FitnessOut
    units: list[UnitFitnessOut]
    dimensions: list[DimensionFitnessOut]
    points: list[PointFitnessOut]
    marks: list[MarkOut]
    more: int = Field(description="marks that were left out")
