"""The why-card on the wire: small enough to be kept on a phone."""

from pydantic import Field

from chalicelib.api.models.wire import Instant, View
from chalicelib.domain.catalogue import TriggerKind
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.downwind import ReceptorKind, Wind
from chalicelib.domain.warning import WarningState


class SparkOut(View):
    ago_s: list[int] = Field(description="seconds before `decided_at`, falling")
    values: list[float]


class WhyPartOut(View):
    role: str
    indicator: str
    name: str
    dimension: Dimension
    point: str
    value: float
    unit: str = Field(description="UCUM")
    measured_at: Instant
    trigger: TriggerKind
    reference: float | None = Field(default=None, description="threshold, limit or baseline, as the trigger compares")
    band: tuple[float, float] | None = None
    baseline: str | None = Field(default=None, description="learnt or nominal, where the trigger compares with it")
    deviation: float = Field(description="1 at the trigger")
    weight: float = Field(description="share in the magnitude, 0 to 1")
    flag: str = Field(description="of the reading itself, as HJ 212 has it; N: normal")
    readings: int = Field(description="stored in the hour before the decision")
    flagged: int = Field(description="of these, not normal")
    standard: str | None = None
    clears_at: list[float] = Field(description="the value (a band: both edges) beyond which this term lets it clear")
    words: str
    spark: SparkOut | None = None


class WhySumOut(View):
    magnitude: float
    kappa: float
    coefficient: float
    industry_weight: float
    size_factor: float
    base_risk: float
    composite_score: float
    warning_threshold: float
    words: str


class WayOut(View):
    below: float = Field(description="the coefficient to get under")
    alone: list[float | None] = Field(
        description="by term: the value that does it with the others held; null where this term alone cannot"
    )
    together: list[float | None] = Field(description="by term: values that do it together; null: stays as it is")
    words: str


class WhyRuleOut(View):
    id: str
    version: int
    name: str
    catalogue_version: str
    words: str


class RemediesOut(View):
    risk: str
    safety: str
    environment: str


class OpenWarningOut(View):
    id: str
    tier: int


class NeighbourValueOut(View):
    name: str
    value: float | None = Field(default=None, description="absent where the last reading was not normal")
    unit: str


class NeighbourOut(View):
    id: str
    name: str
    side: str = Field(description="upstream or downstream")
    warnings: list[OpenWarningOut]
    values: list[NeighbourValueOut]


class WhyReceptorOut(View):
    """`name` and `travel_s` are left out of an enterprise that you may not see; its distance is then in whole 100 m."""

    kind: ReceptorKind
    name: str | None = None
    distance_m: int
    travel_s: int | None = None


class WhyDownwindOut(View):
    wind: Wind
    words: str
    to_deg: int | None = Field(default=None, description="where the wind blows to; absent: in any direction")
    receptors: list[WhyReceptorOut]
    left_out: int | None = None


class WhyOut(View):
    """At most 4 KB as sent. `shortened` names what was cut to get there."""

    warning_id: str
    tier: int
    state: WarningState
    enterprise_id: str
    enterprise: str
    unit_id: str
    unit: str
    onset_at: Instant
    decided_at: Instant
    cleared_at: Instant | None = None
    retroactive: bool
    known_as: str | None = None
    superseded_by: str | None = None
    late: str | None = Field(default=None, description="in words, what data that came late have to do with it")
    rule: WhyRuleOut
    terms: list[WhyPartOut]
    sum: WhySumOut
    ways: list[WayOut]
    clears: str | None = Field(default=None, description="in words, when the warning clears")
    remedies: RemediesOut | None = None
    neighbours: list[NeighbourOut]
    neighbours_left_out: int | None = None
    downwind: WhyDownwindOut | None = Field(
        default=None, description="at the decision; absent where the enterprise's position is not registered"
    )
    shortened: list[str] = Field(description="sparks, neighbours, downwind, texts: what was cut for size")
