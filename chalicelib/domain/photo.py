"""A photo of a task: announced by the phone, uploaded to S3, then verified or refused with a reason."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dimension import Dimension

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 60_000_000
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic")
DERIVATIVE_EDGES_PX = (480, 1600)


class PhotoState(StrEnum):
    EXPECTED = "expected"  # announced, no bytes seen yet
    VERIFIED = "verified"
    REFUSED = "refused"


class RefusalReason(StrEnum):
    HASH_MISMATCH = "hash_mismatch"
    SIZE_MISMATCH = "size_mismatch"
    TYPE_MISMATCH = "type_mismatch"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84, degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Photo:
    """`sha256` is lower-case hex of the original's bytes, made on the phone."""

    id: str
    task_id: str
    enterprise_id: str
    dimension: Dimension
    uploaded_by: str
    announced_at_ms: int
    sha256: str
    size_bytes: int
    content_type: str
    state: PhotoState = PhotoState.EXPECTED
    reason: RefusalReason | None = None
    verified_at_ms: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    taken_at_ms: int | None = None
    position: Position | None = None
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class PhotoFinding:
    """What an inspection of the bytes found. `reason` is None when the photo is good.

    `derivatives` maps the longest edge in pixels to a JPEG without EXIF, upright.
    `taken_at_ms` is None where EXIF has no time; a time without an offset is read in the park's time zone.
    """

    reason: RefusalReason | None
    content_type: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    taken_at_ms: int | None = None
    position: Position | None = None
    derivatives: tuple[tuple[int, bytes], ...] = ()
