"""Inspection reports on the wire."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.models.evidence import UploadOut
from chalicelib.api.models.wire import (
    ClientId,
    Count,
    Id,
    Instant,
    InstantIn,
    Number,
    OptionalText,
    ShortText,
    View,
    Wire,
)
from chalicelib.domain.inspection_report import MAX_BYTES, ReportRefusal, ReportState, ValueState


class InspectionIn(Wire):
    id: ClientId
    enterprise_id: Id | None = Field(default=None, description="whose samples; absent: the caller's own enterprise")
    unit_id: Id | None = Field(default=None, description="where they were taken, if at one unit")
    title: ShortText = Field(max_length=200)
    laboratory: ShortText = Field(max_length=200)
    sampled_at: InstantIn
    content_type: Literal["application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: Count = Field(ge=1, le=MAX_BYTES)


class MeasuredOut(View):
    indicator: str
    value: float
    unit: str = Field(description="the indicator's, UCUM")
    is_below: bool = Field(description="less than that: as far down as the method sees")


class DecisionOut(View):
    state: ValueState
    measured: MeasuredOut | None = Field(default=None, description="what counts; absent: it was rejected")
    by: str
    at: Instant = Field(validation_alias="at_ms")
    note: str


class ExtractedValueOut(View):
    number: int
    state: ValueState
    state_text: str = ""
    source: str = Field(description="sheet!cell, or the page", examples=["检测结果!C7"])
    context: str = Field(description="the words around")
    label: str = Field(description="the word by which it was found")
    written: str
    unit_written: str
    candidates: list[str] = Field(description="indicators that it may be; one of the enterprise's own where it has any")
    measured: MeasuredOut | None = Field(
        default=None, description="as it was read, in the indicator's unit; absent: to be corrected or rejected"
    )
    decisions: list[DecisionOut] = Field(description="the last one stands")


class InspectionOut(View):
    id: str
    enterprise_id: str
    unit_id: str
    title: str
    laboratory: str
    sampled_at: Instant = Field(validation_alias="sampled_at_ms")
    content_type: str
    size: int = Field(validation_alias="size_bytes")
    uploaded_by: str
    announced_at: Instant = Field(validation_alias="announced_at_ms")
    state: ReportState
    reason: ReportRefusal | None = None
    reason_text: str | None = None
    read_at: Instant | None = Field(default=None, validation_alias="read_at_ms")
    values: list[ExtractedValueOut]
    is_cut: bool = Field(description="there was more in it than is read of one document")
    url: str | None = Field(default=None, description="where the document is, for a quarter of an hour")
    upload: UploadOut | None = Field(default=None, description="leave to upload it, while it has not come")


class InspectionHeadOut(View):
    id: str
    enterprise_id: str
    title: str
    laboratory: str
    sampled_at: Instant
    announced_at: Instant
    state: ReportState
    pending: int = Field(description="values that wait for a person")


class InspectionsOut(View):
    items: list[InspectionHeadOut]
    next_cursor: str | None = None


class ValueDecisionIn(Wire):
    decision: Literal[ValueState.CONFIRMED, ValueState.CORRECTED, ValueState.REJECTED]
    indicator: Id | None = Field(default=None, description="of a correction")
    value: Number | None = Field(default=None, ge=-1e15, le=1e15, description="of a correction")
    unit: str | None = Field(default=None, max_length=20, description="UCUM, of a correction")
    is_below: bool = False
    note: OptionalText = Field(default="", max_length=500)


class LabValueOut(View):
    enterprise_id: str
    unit_id: str
    report_id: str
    number: int
    indicator: str
    indicator_name: str
    value: float
    unit: str
    is_below: bool
    limit: float | None = Field(default=None, description="the indicator's own, beside it: nothing is judged")
    limit_source: str | None = None
    sampled_at: Instant
    laboratory: str
    source: str
    confirmed_by: str
    confirmed_at: Instant


class LabValuesOut(View):
    items: list[LabValueOut]
    next_cursor: str | None = None
