"""Joint tasks on the wire."""

from typing import Literal

from pydantic import (
    Field,
    StrictBool,
)

from chalicelib.api.models.emergency import NearResourceOut
from chalicelib.api.models.wire import (
    ClientId,
    Count,
    Id,
    Instant,
    InstantIn,
    OptionalText,
    PageQuery,
    ShortText,
    View,
    Wire,
)
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.progress import Stage
from chalicelib.domain.side import SideAction, SideState
from chalicelib.domain.task import AssignmentReason, TaskKind, TaskState


class TaskQuery(PageQuery):
    state: Literal["open", "all"] = "open"


class SubmissionOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")
    note: str
    media: list[str] = Field(description="the photos that it rests on; empty: it names none")


class LackOut(View):
    what: str
    evidence_id: str = Field(description="the photo or retest that it is about; empty: none in particular")


class VerdictOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")
    action: SideAction
    reason: str
    lacks: list[LackOut] = Field(description="of a rejection or reopening: what is to be redone")
    redo_by: Instant | None = Field(default=None, validation_alias="redo_by_ms")


class WaiverOut(View):
    """Proposed by the side's department; `is_given` is the other department's decision, absent until it has decided."""

    by: str
    at: Instant = Field(validation_alias="at_ms")
    reason: str
    decided_by: str
    decided_at: Instant | None = Field(default=None, validation_alias="decided_at_ms")
    is_given: bool | None = None
    decision_reason: str


class SideOut(View):
    state: SideState
    revision: int
    returns: int
    inspector_id: str | None = None
    submission: SubmissionOut | None = None
    verdict: VerdictOut | None = None
    waiver: WaiverOut | None = None


class AcknowledgementOut(View):
    by: str
    at: Instant = Field(validation_alias="at_ms")


class MemberOut(View):
    warning_id: str
    enterprise_id: str
    unit_id: str
    rule_id: str
    tier: int
    joined_at: Instant = Field(validation_alias="joined_at_ms")
    cleared_at: Instant | None = Field(default=None, validation_alias="cleared_at_ms")


class AssignmentOut(View):
    dimension: Dimension
    to: str | None = None
    at: Instant = Field(validation_alias="at_ms")
    why: AssignmentReason
    why_text: str = ""
    by: str
    text: str


class SideProgressOut(View):
    stage: Stage
    text: str
    share: float = Field(description="of the way, 0 to 1")


class ProgressOut(View):
    """Both sides beside each other; `laggard` is absent while they are level."""

    safety: SideProgressOut
    environment: SideProgressOut
    laggard: Dimension | None = None
    laggard_text: str | None = None


class TaskOut(View):
    """A regional task is of many enterprises: its `enterprise_id` and `unit_id` are empty, and an enterprise sees of it what is
    its own. `version` is also the ETag; send it as If-Match to change only what you saw."""

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
    kind: TaskKind
    about: str = Field(description="what a task without a warning is about, in words")
    parent_id: str = Field(description="the task that it follows from; empty: none")
    reported_by: str
    assignments: list[AssignmentOut] = Field(description="who held which side, and why it changed hands")
    progress: ProgressOut | None = None
    resources: list[NearResourceOut] | None = Field(
        default=None,
        description="of an open task of tier 3: the emergency resources that are nearest, with telephone numbers",
    )
    doubts: list[str] = Field(description="tasks about instruments that a retest disagreed with")
    members: list[MemberOut] = Field(description="the warnings that it is about, the first one included")
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
    media: list[ClientId] = Field(
        default=[], max_length=200, description="photos that it rests on; it is taken once all of them are verified"
    )


class LackIn(Wire):
    what: ShortText
    evidence_id: OptionalText = Field(default="", max_length=64)


class VerdictIn(Wire):
    revision: Count = Field(ge=1, description="the submission this verdict judges")
    verdict: Literal["passed", "rejected"]
    reason: OptionalText = Field(default="", description="required when rejected")
    lacks: list[LackIn] = Field(
        default=[], max_length=50, description="of a rejection: what is to be redone; without any, what `reason` says"
    )
    redo_by: InstantIn | None = Field(
        default=None,
        description="of a rejection: at most 30 days ahead; without it, the time that the tier has to finish",
    )


class WaiverIn(Wire):
    reason: ShortText


class ConsentIn(Wire):
    consent: StrictBool
    reason: ShortText


class ReopeningIn(Wire):
    reason: ShortText


class HandoverIn(Wire):
    reason: ShortText


class TransferIn(Wire):
    to: Id = Field(description="an inspector of the same region, industry and dimension, who is not away")
    reason: ShortText
