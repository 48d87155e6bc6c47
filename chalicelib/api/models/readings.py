"""Uploads and readings on the wire."""

from typing import Any, Literal

from pydantic import (
    BaseModel,
    Field,
)

from chalicelib.api.models.bridges import CommandForBridge, SourceModel
from chalicelib.api.models.wire import ClientId, Instant, InstantIn, View, Wire


class SeriesIn(BaseModel):
    """One point's readings. Checked one by one when stored: a bad series never takes the good ones with it."""

    point: str = Field(max_length=64)
    times: list[int | str] = Field(description="epoch milliseconds or RFC 3339, strictly rising")
    values: list[float | None] = Field(description="null only where the flag says why there is none")
    flags: list[str] | None = Field(
        default=None, description="one HJ 212 letter a reading: N F M S D C T B; all N if absent"
    )


class UploadIn(Wire):
    block_id: ClientId
    sent_at: InstantIn | None = None
    source: SourceModel | None = None
    series: list[dict[str, Any]] = Field(min_length=1, max_length=2000)


class SeriesProblem(View):
    code: str
    title: str


class SeriesResultOut(View):
    index: int
    point: str
    status: Literal[202, 422]
    stored: int
    error: SeriesProblem | None = None


class UnitAdviceOut(View):
    unit: str
    sampling_interval_s: int
    tier: int | None = Field(default=None, description="of the unit's open warning; absent: none is open")
    points: list[str]


class ReceiptOut(View):
    block_id: str
    received_at: Instant
    stored_readings: int
    results: list[SeriesResultOut]
    units: list[UnitAdviceOut]
    source: SourceModel | None = Field(
        default=None, description="the rows that the park has with this block, as first stored"
    )
    commands: list[CommandForBridge] = Field(default=[], description="measures that the park asks for")


class ReadingsQuery(Wire):
    from_: InstantIn = Field(alias="from")
    to: InstantIn
    points: str = Field(default="", max_length=4000, description="point ids with commas; all of the unit if absent")


class SeriesOut(View):
    point: str
    indicator: str
    unit: str
    times: list[Instant]
    values: list[float | None]
    flags: list[str]


class ReadingsOut(View):
    unit: str
    series: list[SeriesOut]
    next_from: Instant | None = Field(default=None, description="ask again from here; absent when complete")
