"""Snapshots of units by their cameras: announce one, judge its bytes when they land, look at those of a unit."""

import re
from dataclasses import replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.person import Bridge, Person
from chalicelib.domain.photo import MAX_BYTES, PhotoFinding, PhotoState, RefusalReason
from chalicelib.domain.snapshot import CONTENT_TYPE, MAX_AHEAD_MS, OLDEST_MS, Snapshot
from chalicelib.ports import (
    Clock,
    MediaStore,
    MediaTooLarge,
    Page,
    PhotoInspector,
    RegistryRepo,
    SnapshotRepo,
    UploadTicket,
)
from chalicelib.usecases.see_unit import see_unit

KEY = re.compile(r"^incoming/snapshots/(?P<snapshot>[^/]+)$")


def announce_snapshot(
    snapshot: Snapshot,
    by: Person | Bridge,
    *,
    snapshots: SnapshotRepo,
    registry: RegistryRepo,
    media: MediaStore,
    clock: Clock,
) -> tuple[Snapshot, UploadTicket | None]:
    """Announce a snapshot and get leave to upload exactly it. Announcing it again gives a new ticket, while none has landed.

    Raises NotFound for a unit that they cannot see, or is not their plant's; InvalidRequest; ContentConflict.
    """
    unit, now_ms = _unit(snapshot.unit_id, by, registry), clock.now_ms()
    if snapshot.taken_at_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("taken_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")])
    if snapshot.taken_at_ms < now_ms - OLDEST_MS:
        raise InvalidRequest(errors=[FieldError("taken_at", "past", f"{OLDEST_MS // 86_400_000} d")])
    draft = replace(
        snapshot,
        enterprise_id=unit.enterprise_id,
        uploaded_by=by.id,
        is_by_bridge=isinstance(by, Bridge),
        announced_at_ms=now_ms,
    )
    known = snapshots.add(draft)
    if known.state is not PhotoState.EXPECTED:
        return known, None
    ticket = media.upload_ticket(
        original_key(known.id), sha256=known.sha256, size_bytes=known.size_bytes, content_type=CONTENT_TYPE, now_ms=now_ms
    )  # fmt: skip
    return known, ticket


def _unit(unit_id: str, by: Person | Bridge, registry: RegistryRepo) -> Unit:
    if isinstance(by, Person):
        require(by, Action.ADD_SNAPSHOT)
        return see_unit(unit_id, by, registry=registry)[0]
    unit = registry.unit(unit_id)
    if unit is None or unit.enterprise_id != by.enterprise_id:
        raise NotFound(what="unit")
    return unit


def inspect_snapshot(
    key: str, *, snapshots: SnapshotRepo, media: MediaStore, inspector: PhotoInspector, clock: Clock
) -> Snapshot | None:
    """Judge the bytes that landed under `key`: verified with derivatives, or refused with a reason. Again: no change.

    None for a key nobody announced. Raises MediaMissing where the object is gone.
    """
    match = KEY.match(key)
    snapshot = snapshots.get(match["snapshot"]) if match else None
    if snapshot is None or snapshot.state is not PhotoState.EXPECTED:
        return snapshot
    try:
        stored = media.read(key, max_bytes=MAX_BYTES)
    except MediaTooLarge:
        finding, version = PhotoFinding(RefusalReason.SIZE_MISMATCH), ""
    else:
        version = stored.version
        finding = inspector.inspect(
            stored.data, sha256=snapshot.sha256, size_bytes=snapshot.size_bytes, content_type=CONTENT_TYPE
        )
    for edge_px, jpeg in finding.derivatives:
        media.write(derivative_key(snapshot.id, edge_px), jpeg, content_type=CONTENT_TYPE)
    judged = replace(
        snapshot,
        state=PhotoState.VERIFIED if finding.reason is None else PhotoState.REFUSED,
        reason=finding.reason,
        judged_at_ms=clock.now_ms(),
        width_px=finding.width_px,
        height_px=finding.height_px,
        stored_version=version,
    )
    try:
        return snapshots.judge(judged)
    except WriteConflict:
        return snapshots.get(snapshot.id)  # another one was first


def list_snapshots(
    unit_id: str, person: Person, cursor: str | None, limit: int, *, snapshots: SnapshotRepo, registry: RegistryRepo
) -> Page[Snapshot]:
    """Those of a unit that are good, by when they were taken, newest first. Raises NotFound."""
    require(person, Action.READ_SNAPSHOT)
    see_unit(unit_id, person, registry=registry)
    return snapshots.listing(unit_id, cursor, limit)


def see_snapshot(
    unit_id: str, snapshot_id: str, person: Person, *, snapshots: SnapshotRepo, registry: RegistryRepo
) -> Snapshot:
    require(person, Action.READ_SNAPSHOT)
    see_unit(unit_id, person, registry=registry)
    found = snapshots.get(snapshot_id)
    if found is None or found.unit_id != unit_id:
        raise NotFound(what="snapshot")
    return found


def original_key(snapshot_id: str) -> str:
    return f"incoming/snapshots/{snapshot_id}"


def derivative_key(snapshot_id: str, edge_px: int) -> str:
    return f"derived/snapshots/{snapshot_id}/{edge_px}.jpg"
