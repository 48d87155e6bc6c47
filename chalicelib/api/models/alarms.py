"""Alarm habits on the wire: how a warning is handled, shelvings, maintenance windows, and the figures of alarms."""

from pydantic import ConfigDict, Field

from chalicelib.api.models.wire import ClientId, Id, Instant, InstantIn, ShortText, View, Wire
from chalicelib.domain.handling import Course
from chalicelib.domain.maintenance import WindowState
from chalicelib.domain.shelving import ShelvingState


class StepOut(View):
    course: Course
    by: str = Field(description="the task, shelving or maintenance window")
    at: Instant = Field(validation_alias="at_ms")


class HandlingOut(StepOut):
    """`steps` are all in order; the last is how it stands."""

    course_text: str = ""
    task_id: str | None = None
    steps: list[StepOut]


class ShelvingIn(Wire):
    id: ClientId
    unit: Id
    rule: Id | None = Field(default=None, description="absent: all rules of the unit")
    reason: ShortText
    until: InstantIn = Field(description="at most 24 hours ahead")


class ShelvingOut(View):
    """Until `confirmed_by` is there, tier 3 calls people all the same."""

    id: str
    enterprise_id: str
    unit: str = Field(validation_alias="unit_id")
    rule: str | None = Field(default=None, validation_alias="rule_id")
    reason: str
    state: ShelvingState = ShelvingState.OPEN
    by: str
    from_: Instant = Field(validation_alias="from_ms", serialization_alias="from")
    until: Instant = Field(validation_alias="until_ms")
    confirmed_by: str | None = None
    confirmed_at: Instant | None = Field(default=None, validation_alias="confirmed_at_ms")
    ended_by: str | None = None
    ended_at: Instant | None = Field(default=None, validation_alias="ended_at_ms")


class ShelvingsOut(View):
    items: list[ShelvingOut]
    next_cursor: str | None = None


class WindowIn(Wire):
    from_: InstantIn = Field(alias="from", description="not in the past by more than 15 minutes")
    to: InstantIn = Field(description="at most 7 days after `from`")
    reason: ShortText


class WindowOut(View):
    """Only an approved window suppresses, and never tier 3."""

    id: str
    enterprise_id: str
    unit: str = Field(validation_alias="unit_id")
    from_: Instant = Field(validation_alias="from_ms", serialization_alias="from")
    to: Instant = Field(validation_alias="to_ms")
    reason: str
    state: WindowState = WindowState.PROPOSED
    proposed_by: str
    proposed_at: Instant = Field(validation_alias="proposed_at_ms")
    approved_by: str | None = None
    approved_at: Instant | None = Field(default=None, validation_alias="approved_at_ms")
    ended_by: str | None = None
    ended_at: Instant | None = Field(default=None, validation_alias="ended_at_ms")


class WindowsOut(View):
    items: list[WindowOut]


class KpiQueryIn(Wire):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, defer_build=True)
    from_: InstantIn = Field(alias="from")
    to: InstantIn = Field(description="at most 31 days after `from`")
    region: Id | None = None
    industry: Id | None = None


class PercentilesOut(View):
    p50_s: float
    p90_s: float


class BadActorOut(View):
    unit: str = Field(validation_alias="unit_id")
    rule: str = Field(validation_alias="rule_id")
    count: int
    share: float


class FiguresOut(View):
    hours: float
    raised: int
    per_hour: float | None = None
    per_inspector_day: float | None = None
    peak_10min: int
    peak_at: Instant | None = Field(
        default=None, validation_alias="peak_at_ms", description="when these ten minutes began"
    )
    flood_share: float = Field(description="part of the ten-minute bins with more than 10")
    standing: int = Field(description="open now")
    stale: int = Field(description="of these, open for too long")
    chattering: int = Field(description="raised while their rule chattered")
    shelved: int
    suppressed: int
    acknowledge: PercentilesOut | None = None
    close: PercentilesOut | None = None
    worst: list[BadActorOut] = Field(description="the ten unit and rule pairs that were raised most often")
    worst_share: float


class GroupFiguresOut(View):
    region: str
    industry: str
    shift: str
    inspectors: int = Field(description="on duty now")
    figures: FiguresOut


class ReferenceOut(View):
    figure: str
    at_most: float
    source: str


class AlarmKpisOut(View):
    total: FiguresOut
    groups: list[GroupFiguresOut]
    references: list[ReferenceOut]
