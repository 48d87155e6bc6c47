"""Scores on the wire."""

from pydantic import (
    Field,
)

from chalicelib.api.models.wire import (
    Instant,
    Month,
    View,
    Wire,
)
from chalicelib.domain.score import Cause, Grade


class ScoreQuery(Wire):
    month: Month | None = Field(default=None, description="the running month, in the park's time zone, if absent")


class ScoreEntryOut(View):
    key: str
    cause: Cause
    cause_text: str
    points: float
    task_id: str
    at: Instant = Field(validation_alias="at_ms")
    catalogue_version: str


class ScoreOut(View):
    enterprise_id: str
    month: str
    score: float
    grade: Grade
    grade_text: str
    base: float
    entries: list[ScoreEntryOut]
