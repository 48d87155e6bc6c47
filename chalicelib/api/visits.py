"""Several tasks of one enterprise in one visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, InvalidCursor, NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.visits import VisitOut, VisitsOut

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/visits", summary="Plan one visit for several tasks of an enterprise", action=Action.PLAN_VISIT,
    request="visits.VisitIn", response="visits.VisitOut", status=201, problems=(ContentConflict,),
)  # fmt: skip
def post_visit(call: Call) -> VisitOut:
    from chalicelib.api.models.visits import VisitOut
    from chalicelib.usecases.plan_visit import plan_visit

    given, ports = call.body, call.services
    visit = plan_visit(
        given.id, given.tasks, given.planned_at, call.person, visits=ports.visits, tasks=ports.tasks, clock=ports.clock
    )
    return VisitOut.model_validate(visit)


@endpoint(
    api, "GET", "/v1/visits/{visit_id}", summary="A visit with its tasks as they now stand", action=Action.READ_TASK,
    response="visits.VisitOut", problems=(NotFound,),
)  # fmt: skip
def get_visit(call: Call, visit_id: str) -> VisitOut:
    from chalicelib.api.models.visits import VisitOut
    from chalicelib.api.tasks import view_of
    from chalicelib.usecases.plan_visit import see_visit

    ports = call.services
    visit, tasks = see_visit(visit_id, call.person, visits=ports.visits, tasks=ports.tasks, registry=ports.registry)
    view = VisitOut.model_validate(visit)
    view.tasks = [view_of(call, task) for task in tasks]
    return view


@endpoint(
    api, "GET", "/v1/visits", summary="Visits you can see, newest first", action=Action.READ_TASK,
    query="wire.PageQuery", response="visits.VisitsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_visits(call: Call) -> VisitsOut:
    from chalicelib.api.models.visits import VisitOut, VisitsOut
    from chalicelib.usecases import plan_visit

    ports, query = call.services, call.query
    page = plan_visit.list_visits(call.person, query.cursor, query.limit, visits=ports.visits, registry=ports.registry)
    return VisitsOut(items=[VisitOut.model_validate(one) for one in page.items], next_cursor=page.cursor)
