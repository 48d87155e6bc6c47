"""Visits on the wire."""

from pydantic import Field

from chalicelib.api.models.tasks import TaskOut
from chalicelib.api.models.wire import ClientId, Id, Instant, InstantIn, View, Wire
from chalicelib.domain.visit import MOST_TASKS


class VisitIn(Wire):
    id: ClientId
    tasks: list[Id] = Field(min_length=1, max_length=MOST_TASKS, description="open ones of one enterprise")
    planned_at: InstantIn


class VisitOut(View):
    id: str
    enterprise_id: str
    task_ids: list[str]
    planned_at: Instant = Field(validation_alias="planned_at_ms")
    by: str
    created_at: Instant = Field(validation_alias="created_at_ms")
    tasks: list[TaskOut] | None = Field(default=None, description="as they now stand; absent in lists")


class VisitsOut(View):
    items: list[VisitOut]
    next_cursor: str | None = None
