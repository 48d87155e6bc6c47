"""What goes over the wire. Instants are RFC 3339 with offset out and in; inside they are epoch milliseconds."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from chalicelib.domain.catalogue import TriggerKind
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.notice import NoticeKind, PushStatus
from chalicelib.domain.person import Role
from chalicelib.domain.photo import CONTENT_TYPES, MAX_BYTES, PhotoState, RefusalReason
from chalicelib.domain.score import Cause, Grade
from chalicelib.domain.task import SideAction, SideState, TaskState
from chalicelib.domain.upload import instant_ms
from chalicelib.domain.warning import WarningState

CHINA = timezone(timedelta(hours=8))


def rfc3339(at_ms: int) -> str:
    """An instant for the wire, in China Standard Time, to the millisecond."""
    seconds, ms = divmod(at_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")


def _read_instant(value: Any) -> int:
    at_ms = instant_ms(value)
    if at_ms is None:
        raise ValueError("RFC 3339 date-time with offset")
    return at_ms


INSTANT_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-03-02T09:30:00.000+08:00"]}
Instant = Annotated[int, PlainSerializer(rfc3339), WithJsonSchema(INSTANT_SCHEMA)]
def _no_text(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("a number, not text")
    return value


Number = Annotated[float, BeforeValidator(_no_text)]
Count = Annotated[int, BeforeValidator(_no_text)]
InstantIn = Annotated[int, BeforeValidator(_read_instant), WithJsonSchema(INSTANT_SCHEMA)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
ClientId = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9A-HJKMNP-TV-Z]{26})$"),
    Field(description="made by the client: a UUID (version 7 preferred) or a ULID", examples=["0199f3a0-7c1e-7b52-9d53-0d6a4c1f2e11"]),
]  # fmt: skip
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
OptionalText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), Field(examples=["2026-03"])]
SideName = Literal[Dimension.SAFETY, Dimension.ENVIRONMENT]


class Wire(BaseModel):
    """Unknown fields are refused, numbers are never made of strings, and schemas are built at first use."""

    model_config = ConfigDict(extra="forbid", defer_build=True, allow_inf_nan=False)


class View(BaseModel):
    """Answers are read off domain values by attribute."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True, defer_build=True)


class PageQuery(Wire):
    cursor: str | None = Field(default=None, max_length=400, description="where the page before ended")
    limit: int = Field(default=50, ge=1, le=100)


class TaskQuery(PageQuery):
    state: Literal["open", "all"] = "open"


class FieldProblem(View):
    field: str
    code: str
    detail: str


class Problem(View):
    """RFC 9457 problem details; `code` is stable, `title` is in the caller's language."""

    type: str
    title: str
    status: int
    code: str
    correlation_id: str
    detail: str | None = None
    errors: list[FieldProblem] | None = None


# readings


class SeriesIn(BaseModel):
    """One point's readings. Checked one by one when stored: a bad series never takes the good ones with it."""

    point: str = Field(max_length=64)
    times: list[int | str] = Field(description="epoch milliseconds or RFC 3339, strictly rising")
    values: list[float | None] = Field(description="null only where the flag says why there is none")
    flags: list[str] | None = Field(default=None, description="one HJ 212 letter a reading: N F M S D C T B; all N if absent")


class UploadIn(Wire):
    block_id: ClientId
    sent_at: InstantIn | None = None
    series: list[dict[str, Any]] = Field(min_length=1, max_length=2000)


class SeriesProblem(View):
    code: str
    title: str


class SeriesResultOut(View):
    index: int
    point: str
    status: Literal[202, 422]
    stored: int
    error: SeriesProblem | None = None


class UnitAdviceOut(View):
    unit: str
    sampling_interval_s: int
    tier: int | None = Field(default=None, description="of the unit's open warning; absent: none is open")
    points: list[str]


class ReceiptOut(View):
    block_id: str
    received_at: Instant
    stored_readings: int
    results: list[SeriesResultOut]
    units: list[UnitAdviceOut]
    commands: list[dict[str, Any]] = Field(default_factory=list, description="measures the park asks for")


class ReadingsQuery(Wire):
    from_: InstantIn = Field(alias="from")
    to: InstantIn
    points: str = Field(default="", max_length=4000, description="point ids with commas; all of the unit if absent")


class SeriesOut(View):
    point: str
    indicator: str
    unit: str
    times: list[Instant]
    values: list[float | None]
    flags: list[str]


class ReadingsOut(View):
    unit: str
    series: list[SeriesOut]
    next_from: Instant | None = Field(default=None, description="ask again from here; absent when complete")


# registry


class PositionModel(Wire):
    model_config = ConfigDict(extra="forbid", from_attributes=True, allow_inf_nan=False)
    latitude: Number = Field(ge=-90, le=90)
    longitude: Number = Field(ge=-180, le=180)


def _credit_code(code: str) -> str:
    from stdnum.cn import uscc  # only registering needs it
    from stdnum.exceptions import ValidationError

    try:
        return uscc.validate(code)
    except ValidationError:
        raise ValueError("18-character unified social credit code with a right check digit") from None


class EnterpriseIn(Wire):
    name: ShortText
    credit_code: Annotated[str, AfterValidator(_credit_code)]
    industry: str
    size: Literal["large", "medium", "small"]
    region: Id
    position: PositionModel | None = None


class UnitIn(Wire):
    enterprise_id: Id
    name: ShortText
    type: Id


class PointIn(Wire):
    unit_id: Id
    indicator: Id
    nominal: Number | None = None
    threshold: Number | None = None
    limit: Number | None = None
    band_low: Number | None = None
    band_high: Number | None = None


class PersonIn(Wire):
    name: ShortText
    role: Role
    language: Literal["zh-CN", "en"] = "zh-CN"
    dimension: SideName | None = None
    enterprise_id: Id | None = None
    regions: list[Id] = []
    industries: list[str] = []
    on_duty: StrictBool = True


class BridgeIn(Wire):
    enterprise_id: Id
    public_key_pem: str = Field(max_length=2000, description="Ed25519 public key, PEM (SubjectPublicKeyInfo)")
    revoked: StrictBool = False


class EnterpriseOut(View):
    id: str
    name: str
    credit_code: str
    industry: str
    size: str
    region: str
    position: PositionModel | None = None


class PointOut(View):
    id: str
    indicator: str
    nominal: float | None = None
    threshold: float | None = None
    limit: float | None = None
    band_low: float | None = None
    band_high: float | None = None


class UnitOut(View):
    id: str
    enterprise_id: str
    name: str
    type: str
    points: list[PointOut] = []


class EnterprisesOut(View):
    items: list[EnterpriseOut]


class UnitsOut(View):
    items: list[UnitOut]


class PersonOut(View):
    id: str
    name: str
    role: Role
    language: str
    dimension: Dimension | None = None
    enterprise_id: str | None = None
    regions: list[str] = []
    industries: list[str] = []
    on_duty: bool = True


class BridgeOut(View):
    id: str
    enterprise_id: str
    revoked: bool


class CatalogueIn(BaseModel):
    model_config = ConfigDict(extra="allow")
    version: str = Field(description="a catalogue document; chalicelib/catalogue shows the shipped one")


class CatalogueOut(View):
    version: str
    rules: list[str]
    indicators: list[str]


# warnings


class WhyTermOut(View):
    role: str
    indicator: str
    dimension: Dimension
    point: str = Field(validation_alias="point_id")
    unit: str
    value: float
    measured_at: Instant = Field(validation_alias="measured_at_ms")
    trigger: TriggerKind
    amount: float
    reference: float | None = None
    band: tuple[float, float] | None = None
    baseline_learnt: bool
    deviation: float
    return_to: list[float] = Field(description="the value (a band: both edges) at which this leg lets the warning clear")


class WhyCardOut(View):
    rule_id: str
    rule_version: int
    catalogue_version: str
    terms: list[WhyTermOut]
    magnitude: float
    kappa: float
    coefficient: float
    industry_weight: float
    size_factor: float
    base_risk: float
    composite_score: float
    warning_threshold: float
    block_ids: list[str]
    next_lower_tier_at: float | None = None


class WarningOut(View):
    id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    rule_name: str | None = None
    tier: int
    state: WarningState
    onset_at: Instant = Field(validation_alias="onset_ms")
    opened_at: Instant = Field(validation_alias="opened_at_ms")
    escalated_at: Instant | None = Field(default=None, validation_alias="escalated_at_ms")
    cleared_at: Instant | None = Field(default=None, validation_alias="cleared_at_ms")
    why: WhyCardOut


class WarningsOut(View):
    items: list[WarningOut]
    next_cursor: str | None = None


# tasks


class SubmissionOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")
    note: str


class VerdictOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")
    action: SideAction
    reason: str


class SideOut(View):
    state: SideState
    revision: int
    returns: int
    inspector_id: str | None = None
    submission: SubmissionOut | None = None
    verdict: VerdictOut | None = None


class AcknowledgementOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")


class TaskOut(View):
    """`version` is also the ETag; send it as If-Match to change only what you saw."""

    id: str
    warning_id: str
    enterprise_id: str
    enterprise_name: str | None = None
    unit_id: str
    unit_name: str | None = None
    region: str
    industry: str
    tier: int
    state: TaskState
    rule_id: str
    rule_name: str | None = None
    risk_points: str | None = None
    safety_standard: str | None = None
    environment_requirement: str | None = None
    safety: SideOut
    environment: SideOut
    party: list[str]
    opened_at: Instant = Field(validation_alias="opened_at_ms")
    due_at: Instant = Field(validation_alias="due_at_ms")
    acknowledge_due_at: Instant | None = Field(default=None, validation_alias="acknowledge_due_at_ms")
    acknowledgements: list[AcknowledgementOut]
    overdue: list[str]
    warning_cleared_at: Instant | None = Field(default=None, validation_alias="warning_cleared_at_ms")
    closed_at: Instant | None = Field(default=None, validation_alias="closed_at_ms")
    version: int


class TasksOut(View):
    items: list[TaskOut]
    next_cursor: str | None = None


class SubmissionIn(Wire):
    note: ShortText


class VerdictIn(Wire):
    revision: Count = Field(ge=1, description="the submission this verdict judges")
    verdict: Literal["passed", "rejected"]
    reason: OptionalText = Field(default="", description="required when rejected")


# evidence


class PhotoIn(Wire):
    id: ClientId
    dimension: SideName
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(description="of the file's bytes, hex")
    size: Count = Field(ge=1, le=MAX_BYTES, description="bytes")
    content_type: Literal[CONTENT_TYPES]  # type: ignore[valid-type]


class UploadOut(View):
    url: str
    fields: dict[str, str]
    expires_at: Instant = Field(validation_alias="expires_at_ms")


class PhotoOut(View):
    id: str
    task_id: str
    dimension: Dimension
    uploaded_by: str
    announced_at: Instant = Field(validation_alias="announced_at_ms")
    sha256: str
    size: int = Field(validation_alias="size_bytes")
    content_type: str
    state: PhotoState
    reason: RefusalReason | None = None
    reason_text: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    taken_at: Instant | None = Field(default=None, validation_alias="taken_at_ms")
    position: PositionModel | None = None
    upload: UploadOut | None = None
    links: dict[str, str] | None = Field(default=None, description="short-lived links to the pictures by longest edge")


class RetestIn(Wire):
    id: ClientId
    dimension: SideName
    indicator: Id
    value: Number
    unit: str = Field(max_length=20, description="UCUM; must be the indicator's own")
    instrument: ShortText
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
        )


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


class DeliveriesOut(View):
    items: list[DeliveryOut]


# people's own


class NoticeOut(View):
    id: str
    kind: NoticeKind
    task_id: str
    tier: int
    title: str
    body: str
    created_at: Instant = Field(validation_alias="created_at_ms")
    seen_at: Instant | None = Field(default=None, validation_alias="seen_at_ms")


class InboxOut(View):
    items: list[NoticeOut]
    next_cursor: str | None = None


class DeviceIn(Wire):
    token: str = Field(min_length=8, max_length=4096, description="FCM registration token")
    platform: Literal["android", "ios", "harmony", "web"]


class DeviceOut(View):
    id: str
    platform: str
    registered_at: Instant = Field(validation_alias="registered_at_ms")


# score


class ScoreQuery(Wire):
    month: Month | None = Field(default=None, description="the running month, in the park's time zone, if absent")


class ScoreEntryOut(View):
    key: str
    cause: Cause
    cause_text: str
    points: float
    task_id: str
    at: Instant = Field(validation_alias="at_ms")
    catalogue_version: str


class ScoreOut(View):
    enterprise_id: str
    month: str
    score: float
    grade: Grade
    grade_text: str
    base: float
    entries: list[ScoreEntryOut]


class HealthOut(View):
    status: Literal["ok"]
