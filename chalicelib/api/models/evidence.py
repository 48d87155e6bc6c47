"""Photos, retests, rectifications and push attempts on the wire."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    StrictBool,
    StringConstraints,
)

from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.wire import ClientId, Count, Id, Instant, InstantIn, Number, ShortText, SideName, View, Wire
from chalicelib.domain.comparison import Agreement
from chalicelib.domain.delivery import DeliveryState
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.instrument import RetestMark
from chalicelib.domain.notice import PushStatus
from chalicelib.domain.photo import CONTENT_TYPES, MAX_BYTES, MarkKind, MediaKind, PhotoState, RefusalReason


class PhotoIn(Wire):
    id: ClientId
    dimension: SideName
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(description="of the file's bytes, hex")
    size: Count = Field(ge=1, le=MAX_BYTES, description="bytes")
    content_type: Literal[CONTENT_TYPES]  # type: ignore[valid-type]
    taken_at: InstantIn | None = Field(default=None, description="when it was taken, by the phone's clock")
    position: PositionModel | None = Field(default=None, description="where, by the phone: WGS 84")
    accuracy_m: Annotated[Number, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="of the position, as the phone says"
    )
    is_mock_location: StrictBool = Field(default=False, description="the phone's position was set by another app")
    device_time: InstantIn | None = Field(default=None, description="the phone's clock, now")


class UploadOut(View):
    url: str
    fields: dict[str, str]
    expires_at: Instant = Field(validation_alias="expires_at_ms")


class PartOut(View):
    """Put the file's bytes from `start` on, `size` of them, to `url`."""

    number: int
    start: int
    size: int
    url: str


class PartsOut(View):
    missing: list[PartOut] = Field(description="in parts of 5 MiB; the last is what is left")
    done: list[int] = Field(description="numbers of those that have come")
    expires_at: Instant = Field(validation_alias="expires_at_ms")


class PhotoMarkOut(View):
    """What speaks against a photo; it blocks nothing. `value` and `limit` are in metres, seconds or bits, as `text` says. The other
    photo of a reuse is named to committee, admin and departments of the whole park."""

    kind: MarkKind
    text: str = ""
    value: float | None = None
    limit: float | None = None
    other_task: str | None = None
    other_photo: str | None = None


class PhotoOut(View):
    id: str
    task_id: str
    dimension: Dimension
    uploaded_by: str
    announced_at: Instant = Field(validation_alias="announced_at_ms")
    sha256: str
    size: int = Field(validation_alias="size_bytes")
    content_type: str
    kind: MediaKind = Field(description="voice and video are stored and their hash is checked; nothing looks into them")
    state: PhotoState
    reason: RefusalReason | None = None
    reason_text: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    taken_at: Instant | None = Field(default=None, validation_alias="taken_at_ms")
    position: PositionModel | None = Field(
        default=None, description="where the camera stood, for who took it, departments, committee and admin"
    )
    marks: list[PhotoMarkOut] = Field(default=[])
    upload: UploadOut | None = None
    links: dict[str, str] | None = Field(
        default=None,
        description="short-lived links: pictures without EXIF by longest edge, and `original`, as it came, where the caller may have it",
    )


class RetestIn(Wire):
    id: ClientId
    dimension: SideName
    indicator: Id
    value: Number
    unit: str = Field(max_length=20, description="UCUM; the indicator's own, or one that can be turned into it")
    instrument: ShortText
    instrument_id: Id | None = Field(default=None, description="of a registered instrument")
    measured_at: InstantIn

    def value_of(self, task_id: str) -> Retest:
        return Retest(
            id=self.id,
            task_id=task_id,
            enterprise_id="",
            dimension=self.dimension,
            indicator=self.indicator,
            value=self.value,
            unit=self.unit,
            instrument=self.instrument,
            measured_at_ms=self.measured_at,
            entered_by="",
            received_at_ms=0,
            instrument_id=self.instrument_id or "",
        )


class ComparisonOut(View):
    """Numbers are in the indicator's unit. `online` is the mean of `readings` of the same minute; two beside it where `is_between`."""

    agreement: Agreement
    text: str = ""
    point_id: str
    online: float | None = None
    readings: int
    is_between: bool
    difference: float | None = None
    tolerance: float | None = None


class RetestOut(View):
    id: str
    task_id: str
    dimension: Dimension
    indicator: str
    value: float
    unit: str
    instrument: str
    measured_at: Instant = Field(validation_alias="measured_at_ms")
    entered_by: str
    received_at: Instant = Field(validation_alias="received_at_ms")
    entered_value: float | None = Field(default=None, description="as it was entered, in `entered_unit`")
    entered_unit: str
    instrument_id: str
    indicator_name: str | None = None
    limit: float | None = Field(default=None, description="of the indicator, where the catalogue has one")
    limit_source: str | None = None
    comparison: ComparisonOut | None = None
    marks: list[RetestMark]
    mark_texts: list[str] = Field(default=[])


class RectificationIn(Wire):
    id: ClientId
    text: ShortText
    photos: list[ClientId] = Field(default=[], max_length=50)

    def value_of(self, task_id: str) -> Rectification:
        return Rectification(self.id, task_id, "", self.text, tuple(self.photos), "", 0)


class RectificationOut(View):
    id: str
    task_id: str
    text: str
    photos: list[str] = Field(validation_alias="photo_ids")
    entered_by: str
    received_at: Instant = Field(validation_alias="received_at_ms")


class EvidenceOut(View):
    photos: list[PhotoOut]
    retests: list[RetestOut]
    rectifications: list[RectificationOut]


class DeliveryOut(View):
    notice_id: str
    person_id: str
    channel: str
    device_id: str
    attempt: int
    at: Instant = Field(validation_alias="at_ms")
    status: PushStatus
    reason: str


class DeliveryStepOut(View):
    """`channel`, `device_id` and `attempt` where one device is meant."""

    notice_id: str
    person_id: str
    state: DeliveryState
    at: Instant = Field(validation_alias="at_ms")
    channel: str
    device_id: str
    attempt: int
    reason: str


class DeliveriesOut(View):
    items: list[DeliveryOut] = Field(description="every attempt to push")
    course: list[DeliveryStepOut] = Field(
        default=[], description="the states that its notices have passed, in order of time"
    )
