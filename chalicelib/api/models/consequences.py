"""Settled months, rankings, measures, the list of key supervision and interviews on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.api.models.wire import Id, Instant, InstantIn, Month, PageQuery, ShortText, View, Wire
from chalicelib.domain.consequence import EndReason
from chalicelib.domain.interview import InterviewOutcome, InterviewState
from chalicelib.domain.score import Grade


class FiguresOut(View):
    due: int = Field(description="tasks whose time ended in the month")
    done: int = Field(description="those of them that were closed by its end")
    on_time: int = Field(description="those that were closed in their time")
    rate: float | None = Field(default=None, description="rectification rate, 0 to 1; null: nothing was due")
    exceedances: int = Field(description="coupled warnings of the month")
    data: float | None = Field(
        default=None, description="share of readings that came and can be judged, of hours drawn by lot; null: none"
    )


class ResultPartOut(View):
    part: str
    score: float


class ResultOut(View):
    month: str
    score: float
    grade: Grade
    grade_text: str
    parts: list[ResultPartOut]
    figures: FiguresOut
    low_months: int = Field(description="months running, with this one, under the bound for interviews")
    catalogue_version: str
    settled_at: Instant
    revision: int = Field(description="counts settlements: an objection that is decided later settles a month again")


class ResultsOut(View):
    items: list[ResultOut]
    next_cursor: str | None = None


class RankingQuery(PageQuery):
    month: Month | None = Field(default=None, description="the newest that was published, if absent")
    industry: Id | None = Field(default=None, description="within one industry; absent: the whole park")


class PlaceOut(View):
    rank: int = Field(description="equal scores share it")
    enterprise_id: str
    name: str
    score: float
    grade: Grade
    grade_text: str
    change: int | None = Field(default=None, description="ranks gained since the month before; null: there is none")


class RankingOut(View):
    month: str
    revision: int = Field(description="counts publications: one that was corrected is published again")
    published_at: Instant
    enterprises: int
    items: list[PlaceOut]
    next_cursor: str | None = None


class PublishedOut(View):
    month: str
    revision: int
    published_at: Instant = Field(validation_alias="published_at_ms")
    enterprises: int


class PublishedMonthsOut(View):
    items: list[PublishedOut]
    next_cursor: str | None = None


class AmountOut(View):
    value: float
    unit: str = Field(description="UCUM, or a currency (ISO 4217) by time")
    is_most: bool = Field(description="it is an upper bound")


class MeasureOut(View):
    """A measure (措施) that follows from a grade or from key supervision."""

    id: str
    measure: str
    name: str
    enterprise_id: str
    cause: str = Field(description="a grade, or key_supervision")
    cause_text: str
    month: str
    started_at: Instant
    ended_at: Instant | None = None
    ended_by: EndReason | None = None
    ended_by_text: str | None = None
    unlock_text: str = Field(description="what ends it")
    amount: AmountOut | None = None
    visits: int = Field(description="joint visits that were opened for it")


class MeasuresOut(View):
    items: list[MeasureOut]
    next_cursor: str | None = None


class SupervisedOut(View):
    enterprise_id: str
    name: str
    month: str
    listed_at: Instant
    figures: FiguresOut


class SupervisionOut(View):
    items: list[SupervisedOut]
    next_cursor: str | None = None


class InterviewOut(View):
    enterprise_id: str
    name: str
    month: str
    scores: list[float] = Field(description="of the months running, oldest first")
    called_at: Instant
    state: InterviewState
    state_text: str
    held_at: Instant | None = None
    minutes: str = ""
    outcome: InterviewOutcome | None = None
    outcome_text: str | None = None
    attended: str = ""
    recorded_by: str = ""
    recorded_at: Instant | None = None
    version: int


class InterviewsOut(View):
    items: list[InterviewOut]
    next_cursor: str | None = None


class MinutesIn(Wire):
    held_at: InstantIn
    minutes: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    outcome: InterviewOutcome
    attended: ShortText = Field(description="who was there for the enterprise")
