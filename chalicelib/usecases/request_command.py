"""Ask a plant for a measure. What becomes of it is for the plant's own bridge to decide and to report."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, require
from chalicelib.domain.command import Command
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.events import CommandRequested
from chalicelib.domain.person import Person
from chalicelib.ports import CatalogueRepo, Clock, CommandRepo, Page, RegistryRepo
from chalicelib.usecases.see_enterprise import see_enterprise


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """What a person asks for; `id` is made by their client."""

    id: str
    bridge_id: str
    measure: str
    value: float | None
    reason: str
    life_s: int


def request_command(
    enterprise_id: str,
    request: CommandRequest,
    person: Person,
    correlation_id: str,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    commands: CommandRepo,
    clock: Clock,
) -> Command:
    """Ask, once under an id. Raises NotFound for a bridge that is not of this enterprise or is revoked, InvalidRequest for a
    measure that is not in the catalogue, ContentConflict for an id used before with other content."""
    require(person, Action.REQUEST_COMMAND)
    see_enterprise(enterprise_id, person, registry=registry)
    bridge = registry.bridge(request.bridge_id)
    if bridge is None or bridge.revoked or bridge.enterprise_id != enterprise_id:
        raise NotFound(what="bridge")
    measures = catalogues.current().measures
    if request.measure not in measures:
        raise InvalidRequest(errors=[FieldError("measure", "one_of", ", ".join(sorted(measures)))])
    now_ms = clock.now_ms()
    draft = Command(
        id=request.id,
        enterprise_id=enterprise_id,
        bridge_id=request.bridge_id,
        measure=request.measure,
        value=request.value,
        reason=request.reason,
        requested_by=person.id,
        requested_at_ms=now_ms,
        life_s=request.life_s,
        correlation_id=correlation_id,
    )
    asked = CommandRequested(enterprise_id, now_ms, correlation_id, draft.id, person.id)
    return commands.add(draft, [asked])


def list_commands(
    enterprise_id: str,
    person: Person,
    cursor: str | None,
    limit: int,
    *,
    registry: RegistryRepo,
    commands: CommandRepo,
) -> Page[Command]:
    """Newest first."""
    require(person, Action.READ_COMMAND)
    see_enterprise(enterprise_id, person, registry=registry)
    return commands.listing(enterprise_id, cursor, limit)


def see_command(
    enterprise_id: str, command_id: str, person: Person, *, registry: RegistryRepo, commands: CommandRepo
) -> Command:
    """Raises NotFound where there is none in that enterprise, or the person may not know of it."""
    require(person, Action.READ_COMMAND)
    see_enterprise(enterprise_id, person, registry=registry)
    command = commands.get(enterprise_id, command_id)
    if command is None:
        raise NotFound(what="command")
    return command
