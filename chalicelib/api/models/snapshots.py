"""Snapshots of units on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.api.models.evidence import UploadOut
from chalicelib.api.models.wire import ClientId, Count, Id, Instant, InstantIn, View, Wire
from chalicelib.domain.photo import MAX_BYTES, PhotoState, RefusalReason
from chalicelib.domain.snapshot import Snapshot


class SnapshotIn(Wire):
    """Of a JPEG."""

    id: ClientId
    camera: Id = Field(description="what the plant calls the camera", examples=["cam-r1"])
    taken_at: InstantIn = Field(description="at most 90 days ago")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: Count = Field(ge=1, le=MAX_BYTES)

    def value_of(self, unit_id: str) -> Snapshot:
        return Snapshot(self.id, "", unit_id, self.camera, self.taken_at, self.sha256, self.size, "", False, 0)


class BridgeSnapshotIn(SnapshotIn):
    unit_id: Id = Field(description="a unit of the bridge's own enterprise")


class SnapshotOut(View):
    id: str
    enterprise_id: str
    unit_id: str
    camera: str
    taken_at: Instant = Field(validation_alias="taken_at_ms")
    size: int = Field(validation_alias="size_bytes")
    uploaded_by: str
    is_by_bridge: bool
    state: PhotoState
    reason: RefusalReason | None = None
    reason_text: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    upload: UploadOut | None = Field(default=None, description="leave to upload it, while it has not come")
    links: dict[str, str] | None = Field(
        default=None, description="as of photos: without EXIF by longest edge, and `original` for those who may have it"
    )


class SnapshotsOut(View):
    items: list[SnapshotOut]
    next_cursor: str | None = None
