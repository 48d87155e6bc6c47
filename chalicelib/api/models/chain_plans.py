"""Joint plans of chains and their runs, on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.models.emergency import EmergencyResourceOut
from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.wire import ClientId, Count, Id, Instant, OptionalText, ShortText, View, Wire
from chalicelib.domain.chain_plan import ChainPlan, PlanStep, Resource, StepState
from chalicelib.domain.photo import Position

MAX_STEPS = 50


class ResourceIn(Wire):
    name: ShortText = Field(max_length=100)
    amount: ShortText = Field(max_length=50, examples=["2 台"])
    where: ShortText = Field(max_length=200, description="where it stands")
    position: PositionModel | None = None

    def value(self) -> Resource:
        at = None if self.position is None else Position(self.position.latitude, self.position.longitude)
        return Resource(self.name, self.amount, self.where, at)


class PlanStepIn(Wire):
    id: Id
    text: ShortText = Field(max_length=500, description="what is to be done")
    enterprise_id: Id | None = Field(default=None, description="whose it is; absent: the committee's")
    unit_id: Id | None = Field(default=None, description="the unit of that enterprise that is stopped")
    after: list[Id] = Field(
        default=[], max_length=MAX_STEPS, description="steps before it in the list that must be done first"
    )
    within_min: Annotated[Count, Field(ge=1, le=7 * 24 * 60)]
    resource: ResourceIn | None = Field(
        default=None, description="an emergency resource that this step checks: done, if it is there and can be used"
    )
    resource_id: Id | None = Field(default=None, description="a registered emergency resource that the step needs")

    def value(self) -> PlanStep:
        return PlanStep(
            id=self.id,
            text=self.text,
            enterprise_id=self.enterprise_id or "",
            unit_id=self.unit_id or "",
            after=tuple(dict.fromkeys(self.after)),
            within_min=self.within_min,
            resource=None if self.resource is None else self.resource.value(),
            resource_id=self.resource_id or "",
        )


class PlanIn(Wire):
    name: ShortText = Field(max_length=100)
    region: Id
    steps: list[PlanStepIn] = Field(min_length=1, max_length=MAX_STEPS)

    def value_of(self, plan_id: str) -> ChainPlan:
        return ChainPlan(plan_id, self.name, self.region, tuple(one.value() for one in self.steps))


class ResourceOut(View):
    name: str
    amount: str
    where: str
    position: PositionModel | None = None


class PlanStepOut(View):
    id: str
    text: str
    enterprise_id: str = Field(description="empty: the committee's")
    unit_id: str
    after: list[str]
    within_min: int
    resource: ResourceOut | None = None
    resource_id: str = Field(description="a registered emergency resource that the step needs; empty: none")
    emergency_resource: EmergencyResourceOut | None = Field(
        default=None, description="that resource as it is now: what is there, whether it can be used, who is on call"
    )


class PlanOut(View):
    id: str
    name: str
    region: str
    steps: list[PlanStepOut]


class PlansOut(View):
    items: list[PlanOut]


class RunIn(Wire):
    id: ClientId
    incident: ShortText = Field(max_length=500, description="what has happened")
    alert_id: Id | None = Field(default=None, description="the alert of the chain that it is about")


class AnswerIn(Wire):
    state: Literal[StepState.DONE, StepState.CANNOT]
    note: OptionalText = Field(default="", max_length=500)


class RunStepOut(PlanStepOut):
    state: StepState
    state_text: str
    due_at: Instant | None = Field(default=None, description="absent while it waits for others")
    is_overdue: bool = Field(description="it was not answered in time")
    answered_by: str | None = None
    answered_at: Instant | None = None
    note: str | None = None


class RunOut(View):
    id: str
    plan_id: str
    name: str
    region: str
    incident: str
    alert_id: str
    started_by: str
    started_at: Instant
    ended_at: Instant | None = None
    steps: list[RunStepOut]


class RunsOut(View):
    items: list[RunOut]
    next_cursor: str | None = None
