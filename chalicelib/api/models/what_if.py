"""What would have been, on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import Id, Instant, InstantIn, View, Wire


class WhatIfIn(Wire):
    enterprise_id: Id
    from_: InstantIn = Field(alias="from")
    to: InstantIn
    version: str = Field(min_length=1, max_length=64, description="a version of the catalogue, a draft too")
    against: str | None = Field(
        default=None, min_length=1, max_length=64, description="the version to compare with; absent: what is in force"
    )


class SupposedOut(View):
    unit_id: str
    rule_id: str
    onset_at: Instant = Field(validation_alias="onset_ms")
    opened_at: Instant = Field(validation_alias="opened_at_ms")
    cleared_at: Instant | None = Field(
        default=None, validation_alias="cleared_at_ms", description="absent: still open at the end"
    )
    tier: int


class ChangedOut(View):
    before: SupposedOut
    after: SupposedOut


class SideOut(View):
    version: str
    warnings: int
    by_tier: dict[int, int]
    hours_open: float


class WhatIfOut(View):
    readings: int
    against: SideOut
    version: SideOut
    same: int = Field(description="warnings that come out the same under both")
    dropped: list[SupposedOut]
    added: list[SupposedOut]
    changed: list[ChangedOut]
    more: int = Field(description="how many further differences are not listed")
