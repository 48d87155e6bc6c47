"""Drills on the wire."""

from typing import Annotated

from pydantic import Field, model_validator

from chalicelib.api.models.wire import ClientId, Count, Id, Instant, InstantIn, ShortText, View, Wire
from chalicelib.domain.drill import DrillState

MAX_UNITS, MAX_PEOPLE = 10, 50


class ActOut(View):
    id: str
    deviations: dict[str, float] = Field(
        description="by leg of the rule (safety, response, energy); 1.0 is exactly the trigger"
    )
    after_min: int = Field(description="from the drill's start")
    for_min: int
    rules: list[str] = Field(description="at which rules' units; empty: at every unit")


class ScenarioOut(View):
    id: str
    title: str
    text: str
    acts: list[ActOut]


class ScenariosOut(View):
    items: list[ScenarioOut]


class DrillIn(Wire):
    id: ClientId
    title: ShortText = Field(max_length=100, examples=["三季度跨企业联合演练"])
    scenario: Id
    units: list[Id] = Field(
        min_length=1, max_length=MAX_UNITS, description="where it plays; their enterprises take part"
    )
    people: list[Id] = Field(
        min_length=1, max_length=MAX_PEOPLE, description="who takes part: nobody else is told of it"
    )
    starts_at: InstantIn = Field(description="when it is meant to start; it is started by hand")
    lasts_min: Annotated[Count, Field(ge=10, le=24 * 60)] = 120

    @model_validator(mode="after")
    def _each_once(self) -> "DrillIn":
        if len(set(self.units)) < len(self.units) or len(set(self.people)) < len(self.people):
            raise ValueError("each unit and each person once")
        return self


class DrillOut(View):
    id: str
    title: str
    scenario: str
    scenario_title: str
    state: DrillState
    state_text: str
    enterprises: list[str]
    units: list[str]
    people: list[str]
    starts_at: Instant
    lasts_min: int
    planned_by: str
    started_at: Instant | None = None
    ends_at: Instant = Field(description="by when it is over, if nobody ends it before")
    ended_at: Instant | None = None


class DrillsOut(View):
    items: list[DrillOut]
    next_cursor: str | None = None


class StepOut(View):
    step: str
    text: str
    at: Instant | None = Field(default=None, description="absent: it has not been done")
    target: Instant | None = Field(default=None, description="by when, where there is a deadline")
    took_s: float | None = Field(default=None, description="from the test data on")
    is_late: bool


class CourseOut(View):
    enterprise_id: str
    unit_id: str
    warning_id: str = Field(description="empty: the test data have raised none")
    task_id: str = Field(description="is read with the header X-Drill")
    tier: int = Field(description="0 where there is no task")
    steps: list[StepOut]


class ReportOut(View):
    drill_id: str
    title: str
    state: DrillState
    at: Instant = Field(description="when the report was made: at the drill's end, or now")
    steps_total: int
    steps_done: int
    steps_late: int
    courses: list[CourseOut]
    points: dict[str, float] = Field(
        description="by enterprise, what it would have come to in its score, which has nothing of it"
    )
