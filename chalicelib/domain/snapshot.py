"""A picture that a camera took of a unit, announced by its plant's bridge or by a person, then verified or refused as photos are.

It is no evidence of a task and nothing judges it: it shows what a unit looked like.
"""

from dataclasses import dataclass

from chalicelib.domain.photo import PhotoState, RefusalReason

OLDEST_MS = 90 * 86_400_000
MAX_AHEAD_MS = 5 * 60_000
CONTENT_TYPE = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`camera` is what the plant calls it. `taken_at_ms` is by whoever announced it. `uploaded_by` is a person's id, or a bridge's where
    `is_by_bridge`. `stored_version` names the stored bytes that were judged."""

    id: str
    enterprise_id: str
    unit_id: str
    camera: str
    taken_at_ms: int
    sha256: str
    size_bytes: int
    uploaded_by: str
    is_by_bridge: bool
    announced_at_ms: int
    state: PhotoState = PhotoState.EXPECTED
    reason: RefusalReason | None = None
    judged_at_ms: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    stored_version: str = ""
    version: int = 0
