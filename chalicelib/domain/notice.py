"""What a person is told, and the ledger of how it was delivered. The inbox is the truth; a push only points to it."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate


class NoticeKind(StrEnum):
    TASK_DISPATCHED = "task_dispatched"
    CASE_DISPATCHED = "case_dispatched"  # a task without a warning
    SENSOR_IN_DOUBT = "sensor_in_doubt"
    TASK_ESCALATED = "task_escalated"
    WARNING_CLEARED = "warning_cleared"
    SIDE_SUBMITTED = "side_submitted"
    SIDE_BEHIND = "side_behind"  # the other one was handed in
    SIDE_REJECTED = "side_rejected"
    WAIVER_PROPOSED = "waiver_proposed"
    WAIVER_REFUSED = "waiver_refused"
    SIDE_WAIVED = "side_waived"
    SIDE_REOPENED = "side_reopened"
    TASK_CLOSED = "task_closed"
    SIDE_ASSIGNED = "side_assigned"
    SIDE_HANDED_ON = "side_handed_on"
    TASK_REMINDER = "task_reminder"
    TASK_OVERDUE = "task_overdue"
    PHOTO_REFUSED = "photo_refused"
    PHOTO_MISSING = "photo_missing"
    OPERATION_CONFLICT = "operation_conflict"
    OPERATION_APPLIED = "operation_applied"
    OPERATION_REFUSED = "operation_refused"
    OPERATION_DISCARDED = "operation_discarded"
    LATE_WARNINGS = "late_warnings"
    OBSERVATION_OPENED = "observation_opened"
    AUDIT_BROKEN = "audit_broken"
    CATALOGUE_REVIEW_DUE = "catalogue_review_due"
    OBJECTION_RAISED = "objection_raised"
    OBJECTION_DECIDED = "objection_decided"
    OBJECTION_LATE = "objection_late"
    MONTH_SETTLED = "month_settled"
    MONTH_RESETTLED = "month_resettled"  # an objection was decided after it
    GRADE_AT_RISK = "grade_at_risk"
    CONSEQUENCES_CHANGED = "consequences_changed"
    SUPERVISION_LISTED = "supervision_listed"
    SUPERVISION_ENDED = "supervision_ended"
    INTERVIEW_CALLED = "interview_called"
    RISK_UPWIND = "risk_upwind"
    RISK_NEARBY = "risk_nearby"
    CHAIN_INTAKE = "chain_intake"  # what you take is over your limit
    CHAIN_FARTHER = "chain_farther"  # what you take may be affected by what somebody took before you
    CHAIN_VERIFY = "chain_verify"
    CHAIN_RESUME = "chain_resume"  # what you take is within your limit again
    CHAIN_OVER = "chain_over"  # the alert that may have affected what you take is over
    CHAIN_RELEASED = "chain_released"  # somebody of the park has ended the alert
    CHAIN_CASE = "chain_case"  # the task about it
    PLAN_STEP = "plan_step"
    PLAN_STUCK = "plan_stuck"
    PLAN_OVERDUE = "plan_overdue"
    PLAN_ENDED = "plan_ended"
    COURSE_ASSIGNED = "course_assigned"
    COURSE_DUE = "course_due"
    COURSE_OVERDUE = "course_overdue"
    DRILL_PLANNED = "drill_planned"
    DRILL_ENDED = "drill_ended"
    DRILL_CANCELLED = "drill_cancelled"
    DRILL_DUE = "drill_due"  # none was held this quarter


# What comes in bursts of the same: a phone that sends ten blurred photos, or its whole outbox after a day without a signal. What calls
# somebody is never folded.
FOLDED = frozenset(
    {
        NoticeKind.PHOTO_REFUSED,
        NoticeKind.PHOTO_MISSING,
        NoticeKind.OPERATION_APPLIED,
        NoticeKind.OPERATION_REFUSED,
        NoticeKind.OPERATION_DISCARDED,
    }
)
FOLDING_MS = 10 * 60_000


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person. `id` is derived from (task, reason, person): telling it twice tells it once.

    `params` fill the text of `kind` in the reader's language. `task_id` is empty where there is no task.
    `count`: how many equal ones it stands for. `drill_id` names the drill that it is of; empty: it is meant.
    """

    id: str
    person_id: str
    kind: NoticeKind
    task_id: str
    enterprise_id: str
    tier: int
    created_at_ms: int
    params: tuple[tuple[str, str], ...] = ()
    seen_at_ms: int | None = None
    correlation_id: str = ""
    observation_id: str = ""
    count: int = 1
    drill_id: str = ""

    def repeats(self, earlier: "Notice") -> bool:
        """Whether it says what an earlier one says that nobody has opened yet: then that one is counted up, and no phone rings again."""
        is_equal = (self.person_id, self.kind, self.task_id, self.tier, self.params, self.drill_id) == (
            earlier.person_id, earlier.kind, earlier.task_id, earlier.tier, earlier.params, earlier.drill_id
        )  # fmt: skip
        is_near = 0 <= self.created_at_ms - earlier.created_at_ms <= FOLDING_MS
        return self.kind in FOLDED and is_equal and is_near and earlier.seen_at_ms is None

    def without_reason(self) -> "Notice":
        """That it was so, and not what was written of it."""
        return replace(self, params=tuple((name, "—" if name == "reason" else value) for name, value in self.params))

    @property
    def ledger_id(self) -> str:
        """Under what its deliveries are kept: its task, or itself where it has none."""
        return self.task_id or self.id

    @property
    def may_be_grouped(self) -> bool:
        """A push of it may wait for others of the same enterprise and go out with them. Tier 3 never waits."""
        return self.kind is NoticeKind.TASK_DISPATCHED and self.tier < 3


def of_drill(notice: Notice, drill_id: str) -> Notice:
    """The notice as one of a drill, under an id of its own: the same may really happen in the same instant."""
    return replace(notice, id=f"d-{notice.id}", drill_id=drill_id) if drill_id else notice


def notice_id(event_id: str, person_id: str) -> str:
    return "n-" + sha256(f"{event_id}|{person_id}".encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of a person that takes pushes. `token` is FCM's registration token, a secret: it is never logged."""

    id: str
    person_id: str
    token: str
    platform: str
    registered_at_ms: int


# Of text as JSON. With ids of at most 64 characters in the data, a message stays well under the 4 KB of FCM and APNs.
TITLE_BYTES, BODY_BYTES = 512, 2048
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class PushMessage:
    """What a channel sends: rendered text and a small data payload (under 4 KB in all).

    `ttl_s`: for how long it is worth delivering to a phone that is off.
    """

    title: str
    body: str
    data: tuple[tuple[str, str], ...]
    collapse_key: str
    urgent: bool
    ttl_s: int = DAY_S


def shortened(text: str, max_bytes: int) -> str:
    """The text, or as much of its beginning as fits into so many bytes of JSON, with an ellipsis.

    A name may be as long as its owner likes; a push that is cut still rings, one that is refused does not.
    """
    if _json_bytes(text) <= max_bytes:
        return text
    sizes = accumulate(map(_json_bytes, text))
    return text[: sum(size <= max_bytes - _json_bytes("…") for size in sizes)] + "…"


def _json_bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


class PushStatus(StrEnum):
    SENT = "sent"
    UNREGISTERED = "unregistered"  # the device is gone: forget it
    RETRY = "retry"  # 429, 5xx, timeouts: try again later
    REFUSED = "refused"  # the provider will never take it


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """One device's answer. `reason` is the provider's own code; `retry_after_s` is set where it named a time."""

    device_id: str
    status: PushStatus
    reason: str = ""
    provider_id: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt in the delivery ledger."""

    notice_id: str
    task_id: str
    person_id: str
    channel: str
    device_id: str
    attempt: int
    at_ms: int
    status: PushStatus
    reason: str = ""
    provider_id: str = ""

    @property
    def is_final(self) -> bool:
        return self.status is not PushStatus.RETRY
