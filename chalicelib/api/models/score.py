"""Scores on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import (
    Instant,
    Month,
    View,
    Wire,
)
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.score import Cause, Grade


class ScoreQuery(Wire):
    month: Month | None = Field(default=None, description="the running month, in the park's time zone, if absent")


class ScoreEntryOut(View):
    key: str
    cause: Cause
    cause_text: str
    points: float = Field(description="for each of its parts")
    parts: list[Dimension]
    effect: float = Field(description="on the score, by the weights of its parts, where no bound is met")
    task_id: str
    at: Instant
    catalogue_version: str
    rule: str = Field(description="the rule's id and version, of a warning; empty: none")
    evidence: list[str] = Field(description="photos that the task was settled by")
    corrects: str = Field(description="the key of the entry that it takes back; empty: none")
    repair_text: str = Field(description="how it is avoided or put right")


class ScorePartOut(View):
    part: Dimension
    score: float
    weight: float


class ScoreOut(View):
    enterprise_id: str
    month: str
    score: float
    grade: Grade
    grade_text: str
    base: float
    parts: list[ScorePartOut] = Field(description="each 0 to 100; the score is their sum by weight")
    entries: list[ScoreEntryOut]
