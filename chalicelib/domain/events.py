"""What crosses from one function to the next. Each is written in the transaction of the state it announces.

An event's id follows from what happened, so the same thing announced twice is one event.
"""

from dataclasses import dataclass
from typing import ClassVar

from chalicelib.domain.dimension import Dimension


@dataclass(frozen=True, slots=True)
class Event:
    """`at_ms` is when it happened: event time for warnings, else when the person acted."""

    kind: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]
    enterprise_id: str
    at_ms: int
    correlation_id: str

    @property
    def id(self) -> str:
        return ":".join([self.kind, *(str(getattr(self, name)) for name in self.identity)])


@dataclass(frozen=True, slots=True)
class WarningRaised(Event):
    kind: ClassVar[str] = "warning_raised"
    identity: ClassVar[tuple[str, ...]] = ("warning_id",)
    warning_id: str


@dataclass(frozen=True, slots=True)
class WarningEscalated(Event):
    kind: ClassVar[str] = "warning_escalated"
    identity: ClassVar[tuple[str, ...]] = ("warning_id", "tier")
    warning_id: str
    tier: int


@dataclass(frozen=True, slots=True)
class WarningCleared(Event):
    kind: ClassVar[str] = "warning_cleared"
    identity: ClassVar[tuple[str, ...]] = ("warning_id",)
    warning_id: str


@dataclass(frozen=True, slots=True)
class LateWarningsFound(Event):
    """Data that came late hold warnings that nobody was called for. `at_ms` is the hour they came in: one digest an hour."""

    kind: ClassVar[str] = "late_warnings_found"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "at_ms")


@dataclass(frozen=True, slots=True)
class TaskEvent(Event):
    identity: ClassVar[tuple[str, ...]] = ("task_id",)
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskDispatched(TaskEvent):
    """`party`: who was called then; a later escalation calls more, but not to this."""

    kind: ClassVar[str] = "task_dispatched"
    party: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskEscalated(TaskEvent):
    kind: ClassVar[str] = "task_escalated"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "tier")
    tier: int
    party: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskWarningCleared(TaskEvent):
    kind: ClassVar[str] = "task_warning_cleared"


@dataclass(frozen=True, slots=True)
class SideEvent(TaskEvent):
    identity: ClassVar[tuple[str, ...]] = ("task_id", "dimension", "revision")
    dimension: Dimension
    revision: int


@dataclass(frozen=True, slots=True)
class SideSubmitted(SideEvent):
    kind: ClassVar[str] = "side_submitted"


@dataclass(frozen=True, slots=True)
class SidePassed(SideEvent):
    kind: ClassVar[str] = "side_passed"


@dataclass(frozen=True, slots=True)
class SideRejected(SideEvent):
    kind: ClassVar[str] = "side_rejected"
    reason: str


@dataclass(frozen=True, slots=True)
class WaiverEvent(TaskEvent):
    identity: ClassVar[tuple[str, ...]] = ("task_id", "dimension", "at_ms")
    dimension: Dimension


@dataclass(frozen=True, slots=True)
class WaiverProposed(WaiverEvent):
    kind: ClassVar[str] = "waiver_proposed"


@dataclass(frozen=True, slots=True)
class WaiverRefused(WaiverEvent):
    kind: ClassVar[str] = "waiver_refused"


@dataclass(frozen=True, slots=True)
class SideWaived(WaiverEvent):
    kind: ClassVar[str] = "side_waived"


@dataclass(frozen=True, slots=True)
class SideReopened(WaiverEvent):
    kind: ClassVar[str] = "side_reopened"
    reason: str


@dataclass(frozen=True, slots=True)
class TaskClosed(TaskEvent):
    """`reopenings`: how often it had been opened again before."""

    kind: ClassVar[str] = "task_closed"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "reopenings")
    reopenings: int = 0


@dataclass(frozen=True, slots=True)
class SideAssigned(TaskEvent):
    """A side changed hands: `step` of the task's ledger. `to` and `former` are persons, or empty for nobody."""

    kind: ClassVar[str] = "side_assigned"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "step")
    dimension: Dimension
    step: int
    to: str
    former: str


@dataclass(frozen=True, slots=True)
class TaskReminder(TaskEvent):
    """`left`: how much of its time is left."""

    kind: ClassVar[str] = "task_reminder"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "left", "tier", "at_ms")
    left: str
    tier: int


@dataclass(frozen=True, slots=True)
class TaskOverdue(TaskEvent):
    kind: ClassVar[str] = "task_overdue"
    identity: ClassVar[tuple[str, ...]] = ("task_id", "deadline", "tier")
    deadline: str
    tier: int


@dataclass(frozen=True, slots=True)
class PhotoRefused(TaskEvent):
    kind: ClassVar[str] = "photo_refused"
    identity: ClassVar[tuple[str, ...]] = ("photo_id",)
    photo_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PhotoMissing(TaskEvent):
    """It was announced long ago, and its bytes have not come."""

    kind: ClassVar[str] = "photo_missing"
    identity: ClassVar[tuple[str, ...]] = ("photo_id",)
    photo_id: str


@dataclass(frozen=True, slots=True)
class OperationSettled(TaskEvent):
    """What a phone brought is in conflict, or has an outcome after it had none: forced, refused, applied late, or decided."""

    kind: ClassVar[str] = "operation_settled"
    identity: ClassVar[tuple[str, ...]] = ("person_id", "operation_id", "outcome")
    person_id: str
    operation_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ObservationOpened(Event):
    kind: ClassVar[str] = "observation_opened"
    identity: ClassVar[tuple[str, ...]] = ("observation_id",)
    observation_id: str


@dataclass(frozen=True, slots=True)
class CommandEvent(Event):
    identity: ClassVar[tuple[str, ...]] = ("command_id",)
    command_id: str


@dataclass(frozen=True, slots=True)
class CommandRequested(CommandEvent):
    kind: ClassVar[str] = "command_requested"
    by: str


@dataclass(frozen=True, slots=True)
class CommandSettled(CommandEvent):
    """`state` is what the bridge says came of it."""

    kind: ClassVar[str] = "command_settled"
    state: str


@dataclass(frozen=True, slots=True)
class AuditBroken(Event):
    """Of the whole park. The chain of an object does not hold at an entry."""

    kind: ClassVar[str] = "audit_broken"
    identity: ClassVar[tuple[str, ...]] = ("object", "seq", "why")
    object: str
    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class CatalogueReviewDue(Event):
    """Of the whole park: `enterprise_id` is empty. `version` has been in force since `since_ms`."""

    kind: ClassVar[str] = "catalogue_review_due"
    identity: ClassVar[tuple[str, ...]] = ("quarter",)
    quarter: str
    version: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class ObjectionRaised(Event):
    kind: ClassVar[str] = "objection_raised"
    identity: ClassVar[tuple[str, ...]] = ("objection_id",)
    objection_id: str


@dataclass(frozen=True, slots=True)
class ObjectionDecided(Event):
    kind: ClassVar[str] = "objection_decided"
    identity: ClassVar[tuple[str, ...]] = ("objection_id",)
    objection_id: str


@dataclass(frozen=True, slots=True)
class ObjectionLate(Event):
    """Its time to be judged has passed."""

    kind: ClassVar[str] = "objection_late"
    identity: ClassVar[tuple[str, ...]] = ("objection_id",)
    objection_id: str


@dataclass(frozen=True, slots=True)
class MonthSettled(Event):
    """An enterprise's month has its result, in its `revision`-th settlement."""

    kind: ClassVar[str] = "month_settled"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "month", "revision")
    month: str
    revision: int


@dataclass(frozen=True, slots=True)
class ConsequencesChanged(Event):
    """Measures began or ended, by the ids of those. `why`: what for, once for each of it."""

    kind: ClassVar[str] = "consequences_changed"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "at_ms", "why")
    why: str
    started: tuple[str, ...]
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupervisionChanged(Event):
    """An enterprise was put on the list of key supervision, or taken off it."""

    kind: ClassVar[str] = "supervision_changed"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "month", "is_listed")
    month: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class InterviewCalled(Event):
    kind: ClassVar[str] = "interview_called"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "month")
    month: str


@dataclass(frozen=True, slots=True)
class RegistryChanged(Event):
    """What phones are told of people, units and enterprises has changed. `scope` is the list of tasks that it concerns: "park",
    "enterprise:<id>" or "person:<id>"; `enterprise_id` is empty."""

    kind: ClassVar[str] = "registry_changed"
    identity: ClassVar[tuple[str, ...]] = ("scope", "at_ms")
    scope: str


@dataclass(frozen=True, slots=True)
class LimitCrossed(Event):
    """What an enterprise's unit gives is over what a receiver takes: crossing `number` of an alert of the chain."""

    kind: ClassVar[str] = "limit_crossed"
    identity: ClassVar[tuple[str, ...]] = ("alert_id", "number")
    alert_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ChainReached(Event):
    """A unit that takes something may be reached by an alert of the chain."""

    kind: ClassVar[str] = "chain_reached"
    identity: ClassVar[tuple[str, ...]] = ("alert_id", "enterprise_id", "unit_id")
    alert_id: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class ChainEnded(Event):
    """What was over is back within its receivers' limits, and that was verified."""

    kind: ClassVar[str] = "chain_ended"
    identity: ClassVar[tuple[str, ...]] = ("alert_id",)
    alert_id: str


@dataclass(frozen=True, slots=True)
class ChainLifted(Event):
    """A unit that an alert of the chain had reached is reached no more."""

    kind: ClassVar[str] = "chain_lifted"
    identity: ClassVar[tuple[str, ...]] = ("alert_id", "enterprise_id", "unit_id")
    alert_id: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class PlanEvent(Event):
    """Of a run of a joint plan; `enterprise_id` is empty."""

    identity: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str


@dataclass(frozen=True, slots=True)
class PlanStepsOpened(PlanEvent):
    """`number`: how many answers there had been."""

    kind: ClassVar[str] = "plan_steps_opened"
    identity: ClassVar[tuple[str, ...]] = ("run_id", "number")
    number: int
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanStepStuck(PlanEvent):
    """Whoever a step belongs to says that it cannot be done."""

    kind: ClassVar[str] = "plan_step_stuck"
    identity: ClassVar[tuple[str, ...]] = ("run_id", "number")
    number: int
    step_id: str


@dataclass(frozen=True, slots=True)
class PlanStepOverdue(PlanEvent):
    kind: ClassVar[str] = "plan_step_overdue"
    identity: ClassVar[tuple[str, ...]] = ("run_id", "step_id")
    step_id: str


@dataclass(frozen=True, slots=True)
class PlanRunEnded(PlanEvent):
    kind: ClassVar[str] = "plan_run_ended"


@dataclass(frozen=True, slots=True)
class DrillEvent(Event):
    """Of the whole park: `enterprise_id` is empty."""

    identity: ClassVar[tuple[str, ...]] = ("drill_id",)
    drill_id: str


@dataclass(frozen=True, slots=True)
class DrillPlanned(DrillEvent):
    kind: ClassVar[str] = "drill_planned"


@dataclass(frozen=True, slots=True)
class DrillEnded(DrillEvent):
    kind: ClassVar[str] = "drill_ended"


@dataclass(frozen=True, slots=True)
class DrillCancelled(DrillEvent):
    kind: ClassVar[str] = "drill_cancelled"


@dataclass(frozen=True, slots=True)
class DrillDue(Event):
    """Of the whole park: a quarter is nearly over, and no drill was held or is planned."""

    kind: ClassVar[str] = "drill_due"
    identity: ClassVar[tuple[str, ...]] = ("quarter",)
    quarter: str


@dataclass(frozen=True, slots=True)
class CoursePublished(Event):
    """Of the whole park. `course` is id@version."""

    kind: ClassVar[str] = "course_published"
    identity: ClassVar[tuple[str, ...]] = ("course",)
    course: str


@dataclass(frozen=True, slots=True)
class CoursePassed(Event):
    """By one of an enterprise's people."""

    kind: ClassVar[str] = "course_passed"
    identity: ClassVar[tuple[str, ...]] = ("attempt_id",)
    attempt_id: str


@dataclass(frozen=True, slots=True)
class TrainingEvent(Event):
    """`course` is id@version. `enterprise_id` is empty of an inspector's."""

    course: str


@dataclass(frozen=True, slots=True)
class TrainingAssigned(TrainingEvent):
    kind: ClassVar[str] = "training_assigned"
    identity: ClassVar[tuple[str, ...]] = ("course", "person_id")
    person_id: str


@dataclass(frozen=True, slots=True)
class TrainingDue(TrainingEvent):
    """A deadline of somebody's is near."""

    kind: ClassVar[str] = "training_due"
    identity: ClassVar[tuple[str, ...]] = ("course", "person_id", "due_day")
    person_id: str
    due_day: str


@dataclass(frozen=True, slots=True)
class TrainingMissed(TrainingEvent):
    """A deadline passed while people of the enterprise had not passed the course."""

    kind: ClassVar[str] = "training_missed"
    identity: ClassVar[tuple[str, ...]] = ("enterprise_id", "course", "due_day")
    due_day: str


EVENTS: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        WarningRaised,
        WarningEscalated,
        WarningCleared,
        LateWarningsFound,
        TaskDispatched,
        TaskEscalated,
        TaskWarningCleared,
        SideSubmitted,
        SidePassed,
        SideRejected,
        WaiverProposed,
        WaiverRefused,
        SideWaived,
        SideReopened,
        TaskClosed,
        TaskOverdue,
        TaskReminder,
        SideAssigned,
        PhotoRefused,
        PhotoMissing,
        OperationSettled,
        CommandRequested,
        CommandSettled,
        CatalogueReviewDue,
        AuditBroken,
        ObjectionRaised,
        ObjectionDecided,
        ObjectionLate,
        MonthSettled,
        ConsequencesChanged,
        SupervisionChanged,
        InterviewCalled,
        RegistryChanged,
        ObservationOpened,
        LimitCrossed,
        ChainReached,
        ChainEnded,
        ChainLifted,
        PlanStepsOpened,
        PlanStepStuck,
        PlanStepOverdue,
        PlanRunEnded,
        DrillPlanned,
        DrillEnded,
        DrillCancelled,
        DrillDue,
        CoursePublished,
        CoursePassed,
        TrainingAssigned,
        TrainingDue,
        TrainingMissed,
    )
}
