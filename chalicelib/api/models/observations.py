"""Observations on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import Instant, View
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.observation import ObservationKind, Verdict


class FindingOut(View):
    dimension: Dimension
    indicator: str
    point: str = Field(validation_alias="point_id")
    unit: str
    verdict: Verdict
    value: float | None = None
    measured_at: Instant | None = Field(default=None, validation_alias="measured_at_ms")
    reference: float | None = None
    change: float | None = Field(default=None, description="value / reference - 1")
    deviation: float | None = None
    says: str | None = Field(default=None, description="the finding in the caller's language")


class ObservationOut(View):
    id: str
    kind: ObservationKind
    enterprise_id: str
    unit_id: str
    dimension: Dimension | None = Field(default=None, description="whose department looks at it; absent: both")
    subject: str = Field(description="the point, indicator or rule it is about")
    says: str | None = Field(default=None, description="what it is, in the caller's language")
    onset_at: Instant = Field(validation_alias="onset_ms")
    opened_at: Instant = Field(validation_alias="opened_at_ms")
    closed_at: Instant | None = Field(default=None, validation_alias="closed_at_ms")
    findings: list[FindingOut]
    figures: dict[str, float]
    catalogue_version: str


class ObservationsOut(View):
    items: list[ObservationOut]
    next_cursor: str | None = None
