"""Who works on what: sides that change hands, the rota, leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.tasks import changed, side_named
from chalicelib.domain.access import Action
from chalicelib.domain.errors import (
    Forbidden,
    IllegalTransition,
    NobodyLeft,
    NotFound,
    PreconditionFailed,
    SidePassedOn,
)
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.crew import DutyEntryOut, DutyOut
    from chalicelib.api.models.tasks import TaskOut
    from chalicelib.domain.duty import DutyKind

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/acceptance", summary="Take your side", action=Action.HAND_OVER,
    response="tasks.TaskOut", problems=(NotFound, PreconditionFailed, SidePassedOn),
)  # fmt: skip
def post_acceptance(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases.hand_over import accept_side
    from chalicelib.usecases.work_task import SideCommand

    command = SideCommand(task_id, side_named(side), "", call.if_match)
    return changed(call, accept_side(command, call.person, crew_desk=call.services.crew_desk))


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/decline", summary="Give your side back: the next of the group gets it",
    action=Action.HAND_OVER, request="tasks.HandoverIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, NobodyLeft, SidePassedOn, PreconditionFailed),
)  # fmt: skip
def post_decline(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases.hand_over import decline_side
    from chalicelib.usecases.work_task import SideCommand

    command = SideCommand(task_id, side_named(side), call.body.reason, call.if_match)
    return changed(call, decline_side(command, call.person, crew_desk=call.services.crew_desk))


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/transfer", summary="Give a side to somebody of the same group",
    action=Action.TRANSFER, request="tasks.TransferIn", response="tasks.TaskOut",
    problems=(NotFound, Forbidden, IllegalTransition, SidePassedOn, PreconditionFailed),
)  # fmt: skip
def post_transfer(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases.hand_over import transfer_side
    from chalicelib.usecases.work_task import SideCommand

    command = SideCommand(task_id, side_named(side), call.body.reason, call.if_match)
    return changed(call, transfer_side(command, call.body.to, call.person, crew_desk=call.services.crew_desk))


@endpoint(
    api, "PUT", "/v1/people/{person_id}/shifts/{entry_id}", summary="Enter a shift", action=Action.KEEP_DUTY,
    request="crew.DutyEntryIn", response="crew.DutyEntryOut", problems=(NotFound, Forbidden),
)  # fmt: skip
def put_shift(call: Call, person_id: str, entry_id: str) -> DutyEntryOut:
    from chalicelib.domain.duty import DutyKind

    return _put(call, person_id, entry_id, DutyKind.SHIFT)


@endpoint(
    api, "PUT", "/v1/people/{person_id}/leaves/{entry_id}", summary="Enter a leave", action=Action.KEEP_DUTY,
    request="crew.DutyEntryIn", response="crew.DutyEntryOut", problems=(NotFound, Forbidden),
)  # fmt: skip
def put_leave(call: Call, person_id: str, entry_id: str) -> DutyEntryOut:
    from chalicelib.domain.duty import DutyKind

    return _put(call, person_id, entry_id, DutyKind.LEAVE)


@endpoint(
    api, "DELETE", "/v1/people/{person_id}/shifts/{entry_id}", summary="Take a shift out", action=Action.KEEP_DUTY,
    status=204, problems=(NotFound, Forbidden),
)  # fmt: skip
def delete_shift(call: Call, person_id: str, entry_id: str) -> None:
    from chalicelib.domain.duty import DutyKind

    _delete(call, person_id, entry_id, DutyKind.SHIFT)


@endpoint(
    api, "DELETE", "/v1/people/{person_id}/leaves/{entry_id}", summary="Take a leave out", action=Action.KEEP_DUTY,
    status=204, problems=(NotFound, Forbidden),
)  # fmt: skip
def delete_leave(call: Call, person_id: str, entry_id: str) -> None:
    from chalicelib.domain.duty import DutyKind

    _delete(call, person_id, entry_id, DutyKind.LEAVE)


@endpoint(
    api, "GET", "/v1/duty", summary="Who of a joint group is there, and how much each has to do",
    action=Action.READ_DUTY, query="crew.DutyQuery", response="crew.DutyOut", problems=(NotFound,),
)  # fmt: skip
def get_duty(call: Call) -> DutyOut:
    from chalicelib.api.models.crew import DutyOut, OnDutyOut
    from chalicelib.usecases.keep_duty import who_is_on_duty

    ports, query = call.services, call.query
    found = who_is_on_duty(
        query.region, query.industry, call.person,
        duty=ports.duty, registry=ports.registry, tasks=ports.tasks, clock=ports.clock,
    )  # fmt: skip
    return DutyOut(
        items=[
            OnDutyOut(
                person_id=one.person.id,
                name=one.person.name,
                dimension=one.person.dimension,
                is_chief=one.person.is_chief,
                standing=one.standing,
                standing_text=text(f"word.standing.{one.standing.value}", call.language),
                open_tasks=one.load,
            )
            for one in found
        ]
    )


def _put(call: Call, person_id: str, entry_id: str, kind: DutyKind) -> DutyEntryOut:
    from chalicelib.api.models.crew import DutyEntryOut
    from chalicelib.domain.duty import DutyEntry
    from chalicelib.usecases.keep_duty import put_duty

    given, ports = call.body, call.services
    entry = DutyEntry(entry_id, person_id, kind, given.from_, given.to, given.reason)
    done = put_duty(entry, call.person, duty=ports.duty, registry=ports.registry, clock=ports.clock)
    return DutyEntryOut.model_validate(done)


def _delete(call: Call, person_id: str, entry_id: str, kind: DutyKind) -> None:
    from chalicelib.usecases.keep_duty import delete_duty

    delete_duty(person_id, kind, entry_id, call.person, duty=call.services.duty, registry=call.services.registry)
