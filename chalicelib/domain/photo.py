"""A photo of a task: announced by the phone, uploaded to S3, then verified or refused with a reason."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dimension import Dimension

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 60_000_000
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic")
VOICE_TYPES = ("audio/mp4", "audio/aac", "audio/amr", "audio/ogg", "audio/wav")
VIDEO_TYPES = ("video/mp4", "video/quicktime")
RECORDING_TYPES = (*VOICE_TYPES, *VIDEO_TYPES)
CONTENT_TYPES = (*PICTURE_TYPES, *RECORDING_TYPES)
DERIVATIVE_EDGES_PX = (480, 1600)
MISSING_AFTER_MS = 2 * 3_600_000  # most shifts end, and most phones find a signal, before that


class MediaKind(StrEnum):
    """Voice and video are stored and their hash is checked; what they show nobody has looked at."""

    PICTURE = "picture"
    VOICE = "voice"
    VIDEO = "video"


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


class MarkKind(StrEnum):
    OUTSIDE_GEOFENCE = "outside_geofence"
    POSITIONS_DIFFER = "positions_differ"
    NO_POSITION = "no_position"
    MOCK_LOCATION = "mock_location"
    CLOCK_SKEW = "clock_skew"
    BEFORE_DISPATCH = "before_dispatch"
    LATE_UPLOAD = "late_upload"
    EDITED = "edited"
    NO_CAMERA_DATA = "no_camera_data"
    REUSED = "reused"
    NEAR_DUPLICATE = "near_duplicate"


@dataclass(frozen=True, slots=True)
class PhotoMark:
    """`value` is what was measured and `limit` what is tolerated, in metres, seconds or bits as the kind has it. The ids point to
    the other photo of a reuse."""

    kind: MarkKind
    value: float | None = None
    limit: float | None = None
    text: str = ""
    task_id: str = ""
    photo_id: str = ""
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the phone itself says of a photo. `skew_ms` is how far its clock was ahead of ours."""

    taken_at_ms: int | None = None
    position: Position | None = None
    accuracy_m: float | None = None
    is_mock_location: bool = False
    skew_ms: int | None = None


@dataclass(frozen=True, slots=True)
class NearPhoto:
    """A photo that was judged before. `look` is its difference hash."""

    task_id: str
    photo_id: str
    enterprise_id: str
    sha256: str
    look: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Photo:
    """`sha256` is lower-case hex of the original's bytes, made on the phone. `look` is the picture's difference hash, 16 hex digits.
    `version` names the stored bytes that were judged."""

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
    claim: Claim | None = None
    look: str = ""
    marks: tuple[PhotoMark, ...] = ()
    version: str = ""

    @property
    def kind(self) -> MediaKind:
        if self.content_type in VOICE_TYPES:
            return MediaKind.VOICE
        return MediaKind.VIDEO if self.content_type in VIDEO_TYPES else MediaKind.PICTURE


@dataclass(frozen=True, slots=True)
class PhotoFinding:
    """What an inspection of the bytes found. `reason` is None when the photo is good.

    `derivatives` maps the longest edge in pixels to a JPEG without EXIF, upright.
    `taken_at_ms` is None where EXIF has no time; a time without an offset is read in the park's time zone; so is `modified_at_ms`.
    `look` is the difference hash of the upright picture. `has_camera`: EXIF names a camera or a time of exposure.
    """

    reason: RefusalReason | None
    content_type: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    taken_at_ms: int | None = None
    position: Position | None = None
    derivatives: tuple[tuple[int, bytes], ...] = ()
    look: str = ""
    software: str = ""
    modified_at_ms: int | None = None
    has_camera: bool = False
