"""Shelving: warnings of a unit that call nobody until a time, because a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, InvalidCursor, NotFound, SecondPersonNeeded

if TYPE_CHECKING:
    from chalicelib.api.models.alarms import ShelvingIn, ShelvingOut, ShelvingsOut
    from chalicelib.domain.shelving import Shelving

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/shelvings", summary="Shelve the warnings of a unit until a time", action=Action.SHELVE,
    request="alarms.ShelvingIn", response="alarms.ShelvingOut", status=201, problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_shelving(call: Call) -> ShelvingOut:
    from chalicelib.usecases import shelve_warnings as use

    body: ShelvingIn = call.body
    ports = call.services
    shelving = use.shelve_warnings(
        use.ShelvingRequest(body.id, body.unit, body.rule, body.reason, body.until),
        call.person,
        call.correlation_id,
        registry=ports.registry,
        catalogues=ports.catalogues,
        shelvings=ports.shelvings,
        clock=ports.clock,
    )
    return _view(call, shelving)


@endpoint(
    api, "GET", "/v1/shelvings", summary="Shelvings you can see, open and past, newest first",
    action=Action.READ_SHELVING, query=PageQuery, response="alarms.ShelvingsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_shelvings(call: Call) -> ShelvingsOut:
    from chalicelib.api.models.alarms import ShelvingsOut
    from chalicelib.usecases import shelve_warnings as use

    ports, query = call.services, call.query
    page = use.list_shelvings(
        call.person, query.cursor, query.limit, registry=ports.registry, shelvings=ports.shelvings
    )
    return ShelvingsOut(items=[_view(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/shelvings/{shelving_id}", summary="One shelving", action=Action.READ_SHELVING,
    response="alarms.ShelvingOut", problems=(NotFound,),
)  # fmt: skip
def get_shelving(call: Call, shelving_id: str) -> ShelvingOut:
    from chalicelib.usecases import shelve_warnings as use

    ports = call.services
    return _view(call, use.see_shelving(shelving_id, call.person, registry=ports.registry, shelvings=ports.shelvings))


@endpoint(
    api, "POST", "/v1/shelvings/{shelving_id}/confirmation", summary="Confirm a shelving, so that it holds for tier 3",
    action=Action.CONFIRM_SHELVING, response="alarms.ShelvingOut", problems=(NotFound, IllegalTransition, SecondPersonNeeded),
)  # fmt: skip
def confirm_shelving(call: Call, shelving_id: str) -> ShelvingOut:
    from chalicelib.usecases import shelve_warnings as use

    ports = call.services
    confirmed = use.confirm_shelving(
        shelving_id, call.person, registry=ports.registry, shelvings=ports.shelvings, clock=ports.clock
    )
    return _view(call, confirmed)


@endpoint(
    api, "POST", "/v1/shelvings/{shelving_id}/end", summary="End a shelving early", action=Action.END_SHELVING,
    response="alarms.ShelvingOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def end_shelving(call: Call, shelving_id: str) -> ShelvingOut:
    from chalicelib.usecases import shelve_warnings as use

    ports = call.services
    ended = use.end_shelving(
        shelving_id, call.person, registry=ports.registry, shelvings=ports.shelvings, clock=ports.clock
    )
    return _view(call, ended)


def _view(call: Call, shelving: Shelving) -> ShelvingOut:
    from chalicelib.api.models.alarms import ShelvingOut

    view = ShelvingOut.model_validate(shelving)
    view.state = shelving.state_at(call.services.clock.now_ms())
    return view
