"""What goes over the wire. Instants are RFC 3339 with offset out and in; inside they are epoch milliseconds."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.upload import instant_ms

AFTER_TIME_MS = 7_258_118_400_000  # 2200: sort keys have thirteen digits for an instant
CHINA = timezone(timedelta(hours=8))


def rfc3339(at_ms: int) -> str:
    """An instant for the wire, in China Standard Time, to the millisecond."""
    seconds, ms = divmod(at_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")


def _read_instant(value: Any) -> int:
    at_ms = instant_ms(value)
    if at_ms is None or not 0 <= at_ms < AFTER_TIME_MS:
        raise ValueError("RFC 3339 date-time with offset, from 1970 to 2200")
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

    model_config = ConfigDict(from_attributes=True, populate_by_name=True, defer_build=True, serialize_by_alias=True)


class PageQuery(Wire):
    cursor: str | None = Field(default=None, max_length=400, description="where the page before ended")
    limit: int = Field(default=50, ge=1, le=100)


class FieldProblem(View):
    field: str
    code: str
    detail: str
    line: int | None = Field(default=None, description="of a document that was sent as YAML")


class Problem(View):
    """RFC 9457 problem details; `code` is stable, `title` is in the caller's language."""

    type: str
    title: str
    status: int
    code: str
    correlation_id: str
    detail: str | None = None
    errors: list[FieldProblem] | None = None
