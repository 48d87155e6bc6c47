"""What bridges report, and what the park says of them, on the wire."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.models.wire import Count, Id, Instant, InstantIn, Number, View, Wire
from chalicelib.domain.gap import GapReason
from chalicelib.domain.source import MAX_RANGES, MAX_ROW, RowRange, are_rising

LATEST_MS = 253_402_300_800_000
UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
SpoolId = Annotated[str, StringConstraints(pattern=UUID), Field(description="of a spool, made with its file: a UUIDv7")]
Row = Annotated[Count, Field(ge=1, le=MAX_ROW)]
Text500 = Annotated[str, StringConstraints(max_length=500)]
Code64 = Annotated[str, StringConstraints(max_length=64)]


def _dated(at_ms: int) -> int:
    if not 0 <= at_ms < LATEST_MS:
        raise ValueError("an instant from 1970 on")
    return at_ms


def _rising(rows: list[RowRange]) -> list[RowRange]:
    if not are_rising(rows):
        raise ValueError("rising ranges [first, last] that do not overlap")
    return rows


def _one_range(rows: RowRange) -> RowRange:
    _rising([rows])
    return rows


PastInstant = Annotated[InstantIn, AfterValidator(_dated)]
Range = Annotated[tuple[Row, Row], AfterValidator(_one_range)]
Ranges = Annotated[list[tuple[Row, Row]], Field(min_length=1, max_length=MAX_RANGES), AfterValidator(_rising)]


class SourceModel(Wire):
    """Which rows of the bridge's spool a block was made of; `rows` are inclusive, rising and do not overlap."""

    spool: SpoolId
    rows: Ranges


class CommandForBridge(View):
    """`measure` is a code of the catalogue. It may come again until it is reported."""

    id: str
    measure: str
    value: float | None = None
    expires_at: Instant = Field(validation_alias="expires_at_ms")


class SpoolIn(Wire):
    id: SpoolId
    newest: Row | None = Field(default=None, description="the newest row; null where there was none yet")
    oldest_waiting: Row | None = Field(default=None, description="null where nothing waits")
    waiting_readings: Count = Field(ge=0, le=MAX_ROW)


class GapIn(Wire):
    """What the bridge has lost, or a jump of its clock (a mark: nothing was lost)."""

    id: Count = Field(ge=0, le=MAX_ROW, description="the bridge's own, unique within the spool")
    spool: SpoolId
    rows: Range | None = Field(default=None, description="null where the readings never got a row")
    from_: PastInstant = Field(alias="from")
    to: PastInstant
    readings: Count = Field(ge=0, le=MAX_ROW)
    reason: GapReason
    detail: Text500 | None = None
    points: list[Annotated[str, StringConstraints(max_length=64)]] | None = Field(
        default=None, max_length=2000, description="those not registered for the bridge's enterprise are left out"
    )


class OutcomeIn(Wire):
    """What came of a command: `value` as written, `read_back` as the device then had it."""

    id: Id
    state: Literal["done", "refused", "failed", "expired", "interrupted"]
    code: Code64 | None = None
    detail: Text500 | None = None
    value: Number | None = None
    read_back: Number | None = None
    at: PastInstant


class ReportIn(Wire):
    sent_at: InstantIn
    spool: SpoolIn
    gaps: list[GapIn] = Field(default=[], max_length=500)
    commands: list[OutcomeIn] = Field(default=[], max_length=100)


class ReportReceiptOut(View):
    """What need not be sent again, and the commands that wait for the bridge."""

    gaps: list[int] = Field(validation_alias="gap_ids")
    gaps_differing: list[int] = Field(
        validation_alias="differing",
        description="of these the park keeps what was reported first, which was something else",
    )
    commands_reported: list[str] = Field(validation_alias="command_ids")
    commands_unknown: list[str] = Field(validation_alias="unknown", description="never asked of this bridge")
    commands: list[CommandForBridge] = Field(default=[])


class SpoolStateOut(View):
    id: str
    newest: int | None = None
    oldest_waiting: int | None = None
    waiting_readings: int


class BridgeReportOut(View):
    received_at: Instant = Field(validation_alias="received_at_ms")
    sent_at: Instant = Field(validation_alias="sent_at_ms", description="by the bridge's own clock")
    spool: SpoolStateOut


class BridgeStatusOut(View):
    id: str
    enterprise_id: str
    revoked: bool
    report: BridgeReportOut | None = Field(default=None, description="absent: it has never reported")
    last_upload_at: Instant | None = Field(
        default=None,
        validation_alias="last_upload_at_ms",
        description="absent: none is among the enterprise's newest uploads",
    )


class BridgesOut(View):
    items: list[BridgeStatusOut]
