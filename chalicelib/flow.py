"""START HERE: the whole product in order, as data. Event in -> use case -> events out.

The wiring, the tests and the table in the README all read this. Each stage runs at least once for each event and changes
nothing the second time. `runs_in` names the deployed function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.block import Block
from chalicelib.domain.dashboard import ThingTouched
from chalicelib.domain.events import (
    AuditBroken,
    CatalogueReviewDue,
    ChainEnded,
    ChainLifted,
    ChainReached,
    CommandRequested,
    CommandSettled,
    ConsequencesChanged,
    CoursePassed,
    CoursePublished,
    DrillCancelled,
    DrillDue,
    DrillEnded,
    DrillPlanned,
    InterviewCalled,
    LateWarningsFound,
    LimitCrossed,
    MonthSettled,
    ObjectionDecided,
    ObjectionLate,
    ObjectionRaised,
    ObservationOpened,
    OperationSettled,
    PhotoMissing,
    PhotoRefused,
    PlanRunEnded,
    PlanStepOverdue,
    PlanStepsOpened,
    PlanStepStuck,
    RegistryChanged,
    SideAssigned,
    SidePassed,
    SideRejected,
    SideReopened,
    SideSubmitted,
    SideWaived,
    SupervisionChanged,
    TaskClosed,
    TaskDispatched,
    TaskEscalated,
    TaskOverdue,
    TaskReminder,
    TaskWarningCleared,
    TrainingAssigned,
    TrainingDue,
    TrainingMissed,
    WaiverProposed,
    WaiverRefused,
    WarningCleared,
    WarningEscalated,
    WarningRaised,
)
from chalicelib.domain.field_pack import PhotoJudged, TaskTouched
from chalicelib.domain.park_module import Module
from chalicelib.module_map import module_of_stage
from chalicelib.ports import PushRequest
from chalicelib.usecases.add_retest import add_retest, compare_retests
from chalicelib.usecases.answer_checklist import answer_item
from chalicelib.usecases.apply_consequences import (
    apply_consequences,
    call_for_interview,
    review_supervision,
    supervise,
    unlock_by_work,
)
from chalicelib.usecases.check_dashboard import check_enterprise, check_totals
from chalicelib.usecases.count_thing import count_registered, count_thing
from chalicelib.usecases.decide_conflict import decide_conflict
from chalicelib.usecases.deliver_commands import deliver_commands
from chalicelib.usecases.dispatch_task import dispatch_task, follow_escalation, note_clearing, release_members
from chalicelib.usecases.end_chain_alerts import end_chain_alerts
from chalicelib.usecases.escalate_channels import escalate_channels
from chalicelib.usecases.evaluate_coupling import evaluate_coupling
from chalicelib.usecases.find_decoupling import find_decoupling
from chalicelib.usecases.find_sensor_faults import find_sensor_faults
from chalicelib.usecases.fit_foresight import fit_foresight
from chalicelib.usecases.hand_over import accept_side, decline_side, transfer_side
from chalicelib.usecases.hold_drill import cancel_drill, end_drill, plan_drill, start_drill
from chalicelib.usecases.hold_interview import record_interview
from chalicelib.usecases.ingest_readings import Upload, ingest_readings
from chalicelib.usecases.learn_laws import learn_laws
from chalicelib.usecases.lift_chain import lift_chain, tell_lifted
from chalicelib.usecases.miss_photos import miss_photos
from chalicelib.usecases.notify import notify
from chalicelib.usecases.object_to_score import decide_objection, raise_objection, remind_of_objections, tell_objection
from chalicelib.usecases.open_visits import open_visits
from chalicelib.usecases.plan_maintenance import approve_window, end_window, propose_window
from chalicelib.usecases.plan_visit import plan_visit
from chalicelib.usecases.project_task import project_anew, project_task
from chalicelib.usecases.publish_ranking import publish_rankings
from chalicelib.usecases.push import push
from chalicelib.usecases.push_channel import push_channel
from chalicelib.usecases.read_audit import verify_audit
from chalicelib.usecases.rebuild_dashboard import rebuild_dashboard
from chalicelib.usecases.register import put_enterprise, put_person, put_unit
from chalicelib.usecases.release_chain_alert import release_alert
from chalicelib.usecases.report_hazard import report_hazard
from chalicelib.usecases.request_command import request_command
from chalicelib.usecases.review_catalogue import ask_for_review, tell_review
from chalicelib.usecases.run_plan import answer_step, end_run, start_run
from chalicelib.usecases.score_task import score_task
from chalicelib.usecases.score_training import score_training
from chalicelib.usecases.settle_month import count_month, resettle_month, settle_month
from chalicelib.usecases.settle_side import decide_waiver, propose_waiver, reopen_side
from chalicelib.usecases.shelve_warnings import confirm_shelving, end_shelving, shelve_warnings
from chalicelib.usecases.submit_evidence import announce_photo, inspect_photo, rectify
from chalicelib.usecases.switch_modules import switch_modules
from chalicelib.usecases.sync_operations import retry_held, retry_on_photo, sync_operations
from chalicelib.usecases.take_inspection import announce_inspection, decide_value, read_inspection
from chalicelib.usecases.take_report import Report, take_report
from chalicelib.usecases.take_snapshot import announce_snapshot, inspect_snapshot
from chalicelib.usecases.tell_audit import tell_audit
from chalicelib.usecases.tell_consequences import tell_consequences, warn_of_downgrade
from chalicelib.usecases.tell_downwind import tell_downwind
from chalicelib.usecases.tell_drill import tell_drill, tell_drill_due
from chalicelib.usecases.tell_late import tell_late
from chalicelib.usecases.tell_observation import tell_observation
from chalicelib.usecases.tell_operation import tell_operation
from chalicelib.usecases.tell_plan import tell_plan
from chalicelib.usecases.tell_training import tell_training
from chalicelib.usecases.train_people import assign_course, publish_course, take_course
from chalicelib.usecases.train_watch import renew_watch
from chalicelib.usecases.walk_chain import walk_chain
from chalicelib.usecases.warn_receiver import warn_receiver
from chalicelib.usecases.watch_alarms import watch_alarms
from chalicelib.usecases.watch_chain import watch_chain
from chalicelib.usecases.watch_deadlines import watch_deadlines
from chalicelib.usecases.watch_drills import ask_for_drill, watch_drills
from chalicelib.usecases.watch_plans import watch_plans
from chalicelib.usecases.watch_sources import watch_sources
from chalicelib.usecases.watch_training import watch_training
from chalicelib.usecases.watch_unit import watch_unit
from chalicelib.usecases.work_task import acknowledge, judge_side, submit_side


@dataclass(frozen=True, slots=True)
class Stage:
    """`on` is what starts it: an event, or for people and clocks a word."""

    name: str
    runs_in: str
    on: type | str
    run: Callable[..., Any]
    emits: tuple[type, ...] = ()

    @property
    def module(self) -> Module:
        """Where a park has it switched off, what starts the stage passes it by."""
        return module_of_stage(self.run.__name__)


# What follows from an operation made offline: the same as from what its kind does with a signal.
DONE_OFFLINE = (
    TaskDispatched,
    SideAssigned,
    SideSubmitted,
    SidePassed,
    SideRejected,
    WaiverProposed,
    WaiverRefused,
    SideWaived,
    SideReopened,
    TaskClosed,
)

FLOW = (
    Stage("ingest", "api", Upload, ingest_readings, (Block,)),
    Stage(
        "evaluate",
        "evaluate",
        Block,
        evaluate_coupling,
        (WarningRaised, WarningEscalated, WarningCleared, LateWarningsFound, ObservationOpened),
    ),
    Stage("tell late", "relay", LateWarningsFound, tell_late, (PushRequest,)),
    Stage("watch unit", "evaluate", Block, watch_unit, (ObservationOpened,)),
    Stage("watch chain", "evaluate", Block, watch_chain, (LimitCrossed,)),
    Stage("walk chain", "relay", LimitCrossed, walk_chain, (ChainReached, TaskDispatched, PushRequest)),
    Stage("warn receiver", "relay", ChainReached, warn_receiver, (TaskDispatched, PushRequest)),
    Stage("end chain alerts", "clock", "every minute", end_chain_alerts, (ChainEnded,)),
    Stage("release chain alert", "api", "department", release_alert, (ChainEnded,)),
    Stage("lift chain", "relay", ChainEnded, lift_chain, (ChainLifted,)),
    Stage("tell lifted", "relay", ChainLifted, tell_lifted, (PushRequest,)),
    Stage("tell observation", "relay", ObservationOpened, tell_observation),
    Stage("dispatch", "relay", WarningRaised, dispatch_task, (TaskDispatched, TaskEscalated, ObservationOpened)),
    Stage("escalate", "relay", WarningEscalated, follow_escalation, (TaskDispatched, TaskEscalated)),
    Stage("note clearing", "relay", WarningCleared, note_clearing, (TaskWarningCleared,)),
    Stage("notify", "relay", TaskDispatched, notify, (PushRequest,)),
    Stage("notify", "relay", TaskEscalated, notify, (PushRequest,)),
    Stage("notify", "relay", TaskWarningCleared, notify, (PushRequest,)),
    Stage("tell downwind", "relay", TaskDispatched, tell_downwind, (PushRequest,)),
    Stage("tell downwind", "relay", TaskEscalated, tell_downwind, (PushRequest,)),
    Stage("push", "push", PushRequest, push),
    Stage("push to a channel", "push", PushRequest, push_channel),
    Stage("project", "relay", TaskTouched, project_task),
    Stage("register enterprise", "api", "admin", put_enterprise, (RegistryChanged,)),
    Stage("register unit", "api", "admin", put_unit, (RegistryChanged,)),
    Stage("register person", "api", "admin", put_person, (RegistryChanged,)),
    Stage("switch modules", "api", "admin", switch_modules, (RegistryChanged,)),
    Stage("project anew", "relay", RegistryChanged, project_anew),
    Stage("acknowledge", "api", "inspector", acknowledge),
    Stage("announce photo", "api", "inspector", announce_photo),
    Stage("inspect photo", "photo", "upload", inspect_photo, (PhotoRefused,)),
    Stage("notify", "relay", PhotoRefused, notify, (PushRequest,)),
    Stage("miss photos", "clock", "every minute", miss_photos, (PhotoMissing,)),
    Stage("notify", "relay", PhotoMissing, notify, (PushRequest,)),
    Stage("announce inspection", "api", "enterprise", announce_inspection),
    Stage("read inspection", "photo", "upload", read_inspection),
    Stage("decide value", "api", "inspector", decide_value),
    Stage("announce snapshot", "api", "enterprise", announce_snapshot),
    Stage("inspect snapshot", "photo", "upload", inspect_snapshot),
    Stage("retest", "api", "inspector", add_retest, (TaskDispatched,)),
    Stage("compare retests", "learn", "every hour", compare_retests, (TaskDispatched,)),
    Stage("rectify", "api", "enterprise", rectify),
    Stage("answer checklist", "api", "inspector", answer_item, (TaskDispatched,)),
    Stage("submit", "api", "inspector", submit_side, (SideSubmitted,)),
    Stage("notify", "relay", SideSubmitted, notify, (PushRequest,)),
    Stage("judge", "api", "department", judge_side, (SidePassed, SideRejected, TaskClosed)),
    Stage("notify", "relay", SideRejected, notify, (PushRequest,)),
    Stage("propose waiver", "api", "department", propose_waiver, (WaiverProposed,)),
    Stage("decide waiver", "api", "department", decide_waiver, (SideWaived, WaiverRefused, TaskClosed)),
    Stage("reopen", "api", "department", reopen_side, (SideReopened,)),
    Stage("notify", "relay", WaiverProposed, notify, (PushRequest,)),
    Stage("notify", "relay", WaiverRefused, notify, (PushRequest,)),
    Stage("notify", "relay", SideWaived, notify, (PushRequest,)),
    Stage("notify", "relay", SideReopened, notify, (PushRequest,)),
    Stage("notify", "relay", TaskClosed, notify, (PushRequest,)),
    Stage("sync", "api", "inspector", sync_operations, (OperationSettled, *DONE_OFFLINE)),
    Stage("decide conflict", "api", "department", decide_conflict, (OperationSettled, *DONE_OFFLINE)),
    Stage("retry held", "clock", "every minute", retry_held, (OperationSettled, *DONE_OFFLINE)),
    Stage("retry on photo", "relay", PhotoJudged, retry_on_photo, (OperationSettled, *DONE_OFFLINE)),
    Stage("tell operation", "relay", OperationSettled, tell_operation, (PushRequest,)),
    Stage("score", "relay", TaskClosed, score_task),
    Stage("object to score", "api", "enterprise", raise_objection, (ObjectionRaised,)),
    Stage("judge objection", "api", "department", decide_objection, (ObjectionDecided,)),
    Stage("tell objection", "relay", ObjectionRaised, tell_objection, (PushRequest,)),
    Stage("tell objection", "relay", ObjectionDecided, tell_objection, (PushRequest,)),
    Stage("remind of objections", "clock", "every minute", remind_of_objections, (ObjectionLate,)),
    Stage("tell objection", "relay", ObjectionLate, tell_objection, (PushRequest,)),
    Stage("warn of downgrade", "relay", TaskDispatched, warn_of_downgrade, (PushRequest,)),
    Stage("warn of downgrade", "relay", TaskOverdue, warn_of_downgrade, (PushRequest,)),
    Stage("count month", "learn", "every hour", count_month),
    Stage("settle month", "learn", "every hour", settle_month, (MonthSettled,)),
    Stage("settle month again", "relay", ObjectionDecided, resettle_month, (MonthSettled,)),
    Stage("publish ranking", "learn", "every hour", publish_rankings),
    Stage("apply consequences", "relay", MonthSettled, apply_consequences, (ConsequencesChanged,)),
    Stage("review supervision", "relay", MonthSettled, review_supervision, (SupervisionChanged,)),
    Stage("call for interview", "relay", MonthSettled, call_for_interview, (InterviewCalled,)),
    Stage("tell consequences", "relay", MonthSettled, tell_consequences, (PushRequest,)),
    Stage("supervise", "relay", WarningRaised, supervise, (SupervisionChanged,)),
    Stage("supervise", "relay", TaskOverdue, supervise, (SupervisionChanged,)),
    Stage("unlock by work", "relay", TaskClosed, unlock_by_work, (ConsequencesChanged,)),
    Stage("tell consequences", "relay", ConsequencesChanged, tell_consequences, (PushRequest,)),
    Stage("tell consequences", "relay", SupervisionChanged, tell_consequences, (PushRequest,)),
    Stage("tell consequences", "relay", InterviewCalled, tell_consequences, (PushRequest,)),
    Stage("record interview", "api", "committee", record_interview),
    Stage("open visits", "learn", "every hour", open_visits, (TaskDispatched,)),
    Stage("release", "relay", TaskClosed, release_members, (TaskDispatched, TaskEscalated)),
    Stage("shelve", "api", "department", shelve_warnings),
    Stage("confirm shelving", "api", "department", confirm_shelving),
    Stage("end shelving", "api", "department", end_shelving),
    Stage("propose maintenance", "api", "enterprise", propose_window),
    Stage("approve maintenance", "api", "department", approve_window),
    Stage("end maintenance", "api", "enterprise", end_window),
    Stage("ask for a measure", "api", "department", request_command, (CommandRequested,)),
    Stage("deliver commands", "api", Upload, deliver_commands),
    Stage("take report", "api", Report, take_report, (CommandSettled,)),
    Stage("ask for review", "clock", "every minute", ask_for_review, (CatalogueReviewDue,)),
    Stage("tell review", "relay", CatalogueReviewDue, tell_review, (PushRequest,)),
    Stage("start plan", "api", "department", start_run, (PlanStepsOpened,)),
    Stage("answer step", "api", "enterprise", answer_step, (PlanStepsOpened, PlanStepStuck, PlanRunEnded)),
    Stage("end plan", "api", "committee", end_run, (PlanRunEnded,)),
    Stage("tell plan", "relay", PlanStepsOpened, tell_plan, (PushRequest,)),
    Stage("tell plan", "relay", PlanStepStuck, tell_plan, (PushRequest,)),
    Stage("watch plans", "clock", "every minute", watch_plans, (PlanStepOverdue,)),
    Stage("tell plan", "relay", PlanStepOverdue, tell_plan, (PushRequest,)),
    Stage("tell plan", "relay", PlanRunEnded, tell_plan, (PushRequest,)),
    Stage("plan drill", "api", "committee", plan_drill, (DrillPlanned,)),
    Stage("start drill", "api", "committee", start_drill, (Block,)),
    Stage("end drill", "api", "committee", end_drill, (DrillEnded,)),
    Stage("cancel drill", "api", "committee", cancel_drill, (DrillCancelled,)),
    Stage("watch drills", "clock", "every minute", watch_drills, (Block, DrillEnded)),
    Stage("tell drill", "relay", DrillPlanned, tell_drill, (PushRequest,)),
    Stage("tell drill", "relay", DrillEnded, tell_drill, (PushRequest,)),
    Stage("tell drill", "relay", DrillCancelled, tell_drill, (PushRequest,)),
    Stage("ask for drill", "clock", "every minute", ask_for_drill, (DrillDue,)),
    Stage("tell drill due", "relay", DrillDue, tell_drill_due, (PushRequest,)),
    Stage("publish course", "api", "admin", publish_course, (CoursePublished,)),
    Stage("assign course", "relay", CoursePublished, assign_course, (TrainingAssigned,)),
    Stage("watch training", "clock", "every minute", watch_training, (TrainingAssigned, TrainingDue, TrainingMissed)),
    Stage("tell training", "relay", TrainingAssigned, tell_training, (PushRequest,)),
    Stage("tell training", "relay", TrainingDue, tell_training, (PushRequest,)),
    Stage("tell training", "relay", TrainingMissed, tell_training, (PushRequest,)),
    Stage("take course", "api", "enterprise", take_course, (CoursePassed,)),
    Stage("score training", "relay", CoursePassed, score_training),
    Stage("score training", "relay", TrainingMissed, score_training),
    Stage("report hazard", "api", "inspector", report_hazard, (TaskDispatched,)),
    Stage("plan visit", "api", "inspector", plan_visit),
    Stage("accept", "api", "inspector", accept_side),
    Stage("decline", "api", "inspector", decline_side, (SideAssigned,)),
    Stage("transfer", "api", "inspector", transfer_side, (SideAssigned,)),
    Stage("watch deadlines", "clock", "every minute", watch_deadlines, (TaskOverdue, TaskReminder, SideAssigned)),
    Stage("notify", "relay", SideAssigned, notify, (PushRequest,)),
    Stage("notify", "relay", TaskReminder, notify, (PushRequest,)),
    Stage("notify", "relay", TaskOverdue, notify, (PushRequest,)),
    Stage("watch alarms", "clock", "every minute", watch_alarms, (TaskDispatched, TaskEscalated, ObservationOpened)),
    Stage("verify audit", "learn", "every hour", verify_audit, (AuditBroken,)),
    Stage("tell audit", "relay", AuditBroken, tell_audit, (PushRequest,)),
    Stage("escalate channels", "clock", "every minute", escalate_channels, (PushRequest,)),
    Stage("find decoupling", "learn", "every hour", find_decoupling, (ObservationOpened,)),
    Stage("learn laws", "learn", "every hour", learn_laws),
    Stage("fit foresight", "learn", "every hour", fit_foresight),
    Stage("renew watch", "learn", "every hour", renew_watch),
    Stage("count", "relay", ThingTouched, count_thing),
    Stage("count registered", "relay", RegistryChanged, count_registered),
    Stage("watch sources", "learn", "every hour", watch_sources),
    Stage("check dashboard", "learn", "every hour", check_enterprise),
    Stage("check totals", "learn", "every hour", check_totals),
    Stage("rebuild dashboard", "learn", "every hour", rebuild_dashboard),
    Stage("find sensor faults", "learn", "every hour", find_sensor_faults, (ObservationOpened,)),
)


def stages_on(event: type, runs_in: str) -> tuple[Stage, ...]:
    """The stages that an event starts in one function, in order."""
    return tuple(stage for stage in FLOW if stage.on is event and stage.runs_in == runs_in)
