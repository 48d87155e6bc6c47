"""Measures that the park asks of a plant, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.commands import CommandIn, CommandOut, CommandsOut
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, InvalidCursor, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.domain.command import Command

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/enterprises/{enterprise_id}/commands", summary="Ask a plant for a measure",
    action=Action.REQUEST_COMMAND, request=CommandIn, response=CommandOut, status=201,
    problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_command(call: Call, enterprise_id: str) -> CommandOut:
    from chalicelib.usecases.request_command import CommandRequest, request_command

    body: CommandIn = call.body
    ports = call.services
    command = request_command(
        enterprise_id,
        CommandRequest(body.id, body.bridge_id, body.measure, body.value, body.reason, body.expires_in_s),
        call.person,
        call.correlation_id,
        registry=ports.registry,
        catalogues=ports.catalogues,
        commands=ports.commands,
        clock=ports.clock,
    )
    return _view(call, command)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/commands", summary="Commands to an enterprise, newest first",
    action=Action.READ_COMMAND, query=PageQuery, response=CommandsOut, problems=(NotFound, InvalidCursor),
)  # fmt: skip
def get_commands(call: Call, enterprise_id: str) -> CommandsOut:
    from chalicelib.usecases.request_command import list_commands

    ports = call.services
    page = list_commands(
        enterprise_id,
        call.person,
        call.query.cursor,
        call.query.limit,
        registry=ports.registry,
        commands=ports.commands,
    )
    return CommandsOut(items=[_view(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/commands/{command_id}", summary="One command and what came of it",
    action=Action.READ_COMMAND, response=CommandOut, problems=(NotFound,),
)  # fmt: skip
def get_command(call: Call, enterprise_id: str, command_id: str) -> CommandOut:
    from chalicelib.usecases.request_command import see_command

    ports = call.services
    known = see_command(enterprise_id, command_id, call.person, registry=ports.registry, commands=ports.commands)
    return _view(call, known)


def _view(call: Call, command: Command) -> CommandOut:
    view = CommandOut.model_validate(command)
    view.state = command.state_at(call.services.clock.now_ms())
    view.state_text = text(f"word.command.{view.state.value}", call.language)
    measure = call.services.catalogues.current().measures.get(command.measure)
    view.measure_name = None if measure is None else measure.name[call.language]
    return view
