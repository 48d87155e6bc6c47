"""What cameras saw of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, InvalidCursor, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.snapshots import SnapshotOut, SnapshotsOut
    from chalicelib.domain.person import Bridge, Person
    from chalicelib.domain.snapshot import Snapshot

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/units/{unit_id}/snapshots", summary="Announce a camera's picture of a unit and get leave to upload it",
    action=Action.ADD_SNAPSHOT, request="snapshots.SnapshotIn", response="snapshots.SnapshotOut", status=201,
    problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_snapshot(call: Call, unit_id: str) -> SnapshotOut:
    return _announced(call, call.body.value_of(unit_id), call.person)


@endpoint(
    api, "POST", "/v1/bridges/snapshots", summary="The same by a plant's bridge", request="snapshots.BridgeSnapshotIn",
    response="snapshots.SnapshotOut", status=201, problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_bridge_snapshot(call: Call) -> SnapshotOut:
    return _announced(call, call.body.value_of(call.body.unit_id), call.bridge)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/snapshots", summary="What cameras saw of a unit, newest first", action=Action.READ_SNAPSHOT,
    query=PageQuery, response="snapshots.SnapshotsOut", problems=(NotFound, InvalidCursor),
)  # fmt: skip
def list_snapshots(call: Call, unit_id: str) -> SnapshotsOut:
    from chalicelib.api.models.snapshots import SnapshotsOut
    from chalicelib.usecases import take_snapshot as take

    ports, query = call.services, call.query
    page = take.list_snapshots(
        unit_id, call.person, query.cursor, query.limit, snapshots=ports.snapshots, registry=ports.registry
    )
    return SnapshotsOut(items=[_view(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/snapshots/{snapshot_id}", summary="One snapshot: is it good, and where to see it",
    action=Action.READ_SNAPSHOT, response="snapshots.SnapshotOut", problems=(NotFound,),
)  # fmt: skip
def get_snapshot(call: Call, unit_id: str, snapshot_id: str) -> SnapshotOut:
    from chalicelib.usecases.take_snapshot import see_snapshot

    ports = call.services
    found = see_snapshot(unit_id, snapshot_id, call.person, snapshots=ports.snapshots, registry=ports.registry)
    return _view(call, found)


def _announced(call: Call, snapshot: Snapshot, by: Person | Bridge) -> SnapshotOut:
    from chalicelib.api.models.evidence import UploadOut
    from chalicelib.api.models.snapshots import SnapshotOut
    from chalicelib.usecases.take_snapshot import announce_snapshot

    ports = call.services
    known, ticket = announce_snapshot(
        snapshot, by, snapshots=ports.snapshots, registry=ports.registry, media=ports.media, clock=ports.clock
    )
    view = SnapshotOut.model_validate(known)
    view.upload = UploadOut.model_validate(ticket) if ticket else None
    return view


def _view(call: Call, snapshot: Snapshot) -> SnapshotOut:
    from chalicelib.api.models.snapshots import SnapshotOut
    from chalicelib.domain.access import may_see_original
    from chalicelib.domain.photo import DERIVATIVE_EDGES_PX, PhotoState
    from chalicelib.usecases.take_snapshot import derivative_key, original_key

    view, media = SnapshotOut.model_validate(snapshot), call.services.media
    if snapshot.reason is not None:
        view.reason_text = text(f"word.reason.{snapshot.reason.value}", call.language)
    if snapshot.state is PhotoState.VERIFIED:
        view.links = {str(edge): media.download_url(derivative_key(snapshot.id, edge)) for edge in DERIVATIVE_EDGES_PX}
        if may_see_original(call.person, snapshot.uploaded_by):
            view.links["original"] = media.download_url(original_key(snapshot.id), version=snapshot.stored_version)
    return view
