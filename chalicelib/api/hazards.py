"""What people see that no sensor sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.tasks import changed
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.tasks import TaskOut

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/hazards", summary="Report a hazard: it becomes a task at once", action=Action.REPORT_HAZARD,
    request="hazards.HazardIn", response="tasks.TaskOut", status=201, problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_hazard(call: Call) -> TaskOut:
    from chalicelib.usecases.report_hazard import report_hazard

    ports = call.services
    task = report_hazard(
        call.body.value_of(),
        call.person,
        hazards=ports.hazards,
        tasks=ports.tasks,
        registry=ports.registry,
        catalogues=ports.catalogues,
        duty=ports.duty,
        clock=ports.clock,
    )
    return changed(call, task)
