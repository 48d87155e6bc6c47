"""The completeness ledger on the wire."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.models.wire import Instant, View, Wire
from chalicelib.domain.gap import GapReason


def _is_day(given: str) -> str:
    date.fromisoformat(given)
    return given


Day = Annotated[
    str,
    StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
    AfterValidator(_is_day),
    Field(description="a day of the park's time zone", examples=["2026-03-02"]),
]


class CompletenessQuery(Wire):
    day: Day
    hour: int | None = Field(default=None, ge=0, le=23, description="only this hour of the day; all of it if absent")


class StoredRangeOut(View):
    rows: tuple[int, int]
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    readings: int | None = Field(
        default=None, description="absent where a block of the range has rows of another range too"
    )


class MissingRangeOut(View):
    rows: tuple[int, int]
    from_: Instant | None = Field(
        default=None, serialization_alias="from", description="absent where nothing before it is known"
    )
    to: Instant | None = Field(default=None, description="absent where nothing after it is known")
    reason: str = Field(description="a reason of the gap ledger, `waiting` or `unknown`")
    reason_text: str
    gap: int | None = Field(default=None, description="the entry of the gap ledger that tells of it")
    readings: int | None = Field(default=None, description="of the whole gap, as the bridge counted them")
    detail: str | None = None


class GapOut(View):
    id: int
    rows: tuple[int, int] | None = None
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    readings: int
    reason: GapReason
    reason_text: str
    detail: str | None = None
    points: list[str] | None = None


class SpoolLedgerOut(View):
    """`start_known` false: what came before the first stored row could not be found."""

    spool: str
    complete: bool
    start_known: bool
    readings: int
    stored: list[StoredRangeOut]
    missing: list[MissingRangeOut]
    gaps: list[GapOut] = Field(
        description="entries of the gap ledger that no missing range tells of: readings that never got a row, some readings of "
        "rows that are stored, and jumps of the clock"
    )


class UnsourcedOut(View):
    blocks: int
    readings: int
    from_: Instant = Field(serialization_alias="from")
    to: Instant


class BridgeLedgerOut(View):
    bridge_id: str
    complete: bool = Field(description="nothing of it is known to be missing")
    silent: bool = Field(description="it was there, and nothing is known of this time")
    last_report_at: Instant | None = None
    spools: list[SpoolLedgerOut]
    unsourced: UnsourcedOut | None = Field(
        default=None, description="blocks of a bridge that does not number its rows: what is missing cannot be told"
    )


class LinkFaultOut(View):
    from_: Instant = Field(serialization_alias="from")
    to: Instant | None = Field(default=None, description="the next reading without it; absent: none came in this time")


class PointLedgerOut(View):
    point: str
    readings: int
    valid: int
    by_flag: dict[str, int]
    first: Instant | None = None
    last: Instant | None = None
    hourly: list[int] = Field(description="readings of each hour")
    link_faults: list[LinkFaultOut]


class CompletenessTotals(View):
    readings: int
    valid: int
    rows_stored: int
    rows_missing: int
    rows_waiting: int
    readings_lost: int = Field(description="by the gap ledger")
    readings_unsourced: int
    points: int
    points_without_readings: int


class CompletenessOut(View):
    """`complete`: all that sources are known to have produced is stored, and there was something."""

    enterprise_id: str
    day: str
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    complete: bool
    totals: CompletenessTotals
    bridges: list[BridgeLedgerOut]
    points: list[PointLedgerOut]
