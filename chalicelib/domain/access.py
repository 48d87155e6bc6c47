"""Who may do what, in one table, and which objects a person can see at all.

A role that may never do an action is refused (403). An object outside the person's scope does not exist for them (404).
"""

from enum import StrEnum

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task


class Action(StrEnum):
    READ_SELF = "read_self"
    READ_ENTERPRISE = "read_enterprise"
    READ_READINGS = "read_readings"
    READ_WARNING = "read_warning"
    READ_LAW = "read_law"
    READ_OBSERVATION = "read_observation"
    READ_TASK = "read_task"
    SHELVE = "shelve"
    CONFIRM_SHELVING = "confirm_shelving"
    END_SHELVING = "end_shelving"
    READ_SHELVING = "read_shelving"
    PLAN_MAINTENANCE = "plan_maintenance"
    APPROVE_MAINTENANCE = "approve_maintenance"
    END_MAINTENANCE = "end_maintenance"
    READ_MAINTENANCE = "read_maintenance"
    READ_ALARM_KPIS = "read_alarm_kpis"
    READ_SCORE = "read_score"
    RECOUNT_SCORE = "recount_score"
    OBJECT_TO_SCORE = "object_to_score"
    JUDGE_OBJECTION = "judge_objection"
    READ_RANKING = "read_ranking"
    READ_CONSEQUENCE = "read_consequence"
    RECORD_INTERVIEW = "record_interview"
    ACKNOWLEDGE_TASK = "acknowledge_task"
    ADD_EVIDENCE = "add_evidence"
    ADD_RETEST = "add_retest"
    RECTIFY = "rectify"
    SUBMIT_SIDE = "submit_side"
    ANSWER_CHECKLIST = "answer_checklist"
    READ_CHECKLIST = "read_checklist"
    PUBLISH_CHECKLIST = "publish_checklist"
    JUDGE_SIDE = "judge_side"
    READ_CONFLICT = "read_conflict"
    DECIDE_CONFLICT = "decide_conflict"
    REPORT_HAZARD = "report_hazard"
    PLAN_VISIT = "plan_visit"
    HAND_OVER = "hand_over"
    TRANSFER = "transfer"
    KEEP_DUTY = "keep_duty"
    READ_DUTY = "read_duty"
    READ_INSTRUMENT = "read_instrument"
    READ_AUDIT = "read_audit"
    EXPORT_AUDIT = "export_audit"
    READ_DELIVERIES = "read_deliveries"
    MANAGE_CHANNEL = "manage_channel"
    READ_COMMAND = "read_command"
    REQUEST_COMMAND = "request_command"
    REGISTER = "register"
    READ_CATALOGUE = "read_catalogue"
    MANAGE_CATALOGUE = "manage_catalogue"
    ASK_WHAT_IF = "ask_what_if"
    READ_WEATHER = "read_weather"
    READ_DOWNWIND = "read_downwind"
    READ_FORESIGHT = "read_foresight"
    KEEP_LINK = "keep_link"
    READ_CHAIN = "read_chain"
    RELEASE_CHAIN = "release_chain"
    KEEP_PLAN = "keep_plan"
    READ_PLAN = "read_plan"
    START_PLAN = "start_plan"
    ANSWER_PLAN = "answer_plan"
    END_PLAN = "end_plan"
    SHARE_STATISTICS = "share_statistics"
    READ_CREDIT_FILE = "read_credit_file"
    READ_CREDIT_KEYS = "read_credit_keys"
    READ_DASHBOARD = "read_dashboard"
    REBUILD_DASHBOARD = "rebuild_dashboard"
    READ_COURSE = "read_course"
    WRITE_COURSE = "write_course"
    TAKE_COURSE = "take_course"
    READ_TRAINING = "read_training"
    READ_PARK_TRAINING = "read_park_training"
    READ_DRILL = "read_drill"
    HOLD_DRILL = "hold_drill"
    KEEP_RESOURCE = "keep_resource"
    READ_RESOURCE = "read_resource"
    KEEP_TARGET = "keep_target"
    READ_TARGET = "read_target"
    EXPORT = "export"
    IMPORT = "import"
    BRING_INSPECTION = "bring_inspection"
    CONFIRM_INSPECTION = "confirm_inspection"
    READ_INSPECTION = "read_inspection"
    ADD_SNAPSHOT = "add_snapshot"
    READ_SNAPSHOT = "read_snapshot"
    READ_MODULES = "read_modules"
    SWITCH_MODULES = "switch_modules"


PEOPLE = frozenset(Role)
ALLOWED: dict[Action, frozenset[Role]] = {
    Action.READ_SELF: PEOPLE,
    Action.READ_ENTERPRISE: PEOPLE,
    Action.READ_READINGS: PEOPLE,
    Action.READ_WARNING: PEOPLE,
    Action.READ_LAW: PEOPLE,
    Action.READ_OBSERVATION: PEOPLE,
    Action.READ_TASK: PEOPLE,
    Action.SHELVE: frozenset({Role.DEPARTMENT, Role.ADMIN}),
    Action.CONFIRM_SHELVING: frozenset({Role.DEPARTMENT, Role.COMMITTEE}),
    Action.END_SHELVING: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_SHELVING: PEOPLE,
    # Its enterprise knows when a unit is taken apart; a department says whether its warnings may be silent then.
    Action.PLAN_MAINTENANCE: frozenset({Role.ENTERPRISE}),
    Action.APPROVE_MAINTENANCE: frozenset({Role.DEPARTMENT}),
    Action.END_MAINTENANCE: frozenset({Role.ENTERPRISE, Role.DEPARTMENT}),
    Action.READ_MAINTENANCE: PEOPLE,
    Action.READ_ALARM_KPIS: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_SCORE: PEOPLE - {Role.INSPECTOR},
    Action.RECOUNT_SCORE: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.OBJECT_TO_SCORE: frozenset({Role.ENTERPRISE}),
    Action.JUDGE_OBJECTION: frozenset({Role.DEPARTMENT, Role.COMMITTEE}),
    # What is published is for all; an enterprise's own figures behind it are not.
    Action.READ_RANKING: PEOPLE,
    Action.READ_CONSEQUENCE: PEOPLE,
    Action.RECORD_INTERVIEW: frozenset({Role.COMMITTEE}),
    Action.ACKNOWLEDGE_TASK: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.ADD_EVIDENCE: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.ADD_RETEST: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.RECTIFY: frozenset({Role.ENTERPRISE}),
    Action.SUBMIT_SIDE: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.ANSWER_CHECKLIST: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.READ_CHECKLIST: PEOPLE,
    Action.PUBLISH_CHECKLIST: frozenset({Role.ADMIN}),
    Action.JUDGE_SIDE: frozenset({Role.DEPARTMENT}),
    Action.READ_CONFLICT: PEOPLE,
    Action.DECIDE_CONFLICT: frozenset({Role.DEPARTMENT, Role.ADMIN}),
    Action.PLAN_VISIT: frozenset({Role.INSPECTOR, Role.DEPARTMENT}),
    Action.REPORT_HAZARD: frozenset({Role.INSPECTOR, Role.ENTERPRISE}),
    Action.HAND_OVER: frozenset({Role.INSPECTOR}),
    Action.TRANSFER: frozenset({Role.INSPECTOR, Role.DEPARTMENT}),
    Action.KEEP_DUTY: frozenset({Role.INSPECTOR, Role.DEPARTMENT, Role.ADMIN}),
    Action.READ_DUTY: PEOPLE - {Role.ENTERPRISE},
    Action.READ_INSTRUMENT: PEOPLE,
    Action.READ_AUDIT: PEOPLE,
    Action.EXPORT_AUDIT: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_DELIVERIES: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    # An admin every one, a department its own: domain/channel.py.
    Action.MANAGE_CHANNEL: frozenset({Role.DEPARTMENT, Role.ADMIN}),
    Action.READ_COMMAND: PEOPLE,
    # A plant's own people act at the plant; inspectors act through tasks.
    Action.REQUEST_COMMAND: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.REGISTER: frozenset({Role.ADMIN}),
    Action.READ_CATALOGUE: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.MANAGE_CATALOGUE: frozenset({Role.ADMIN}),
    Action.ASK_WHAT_IF: frozenset({Role.ADMIN}),
    Action.READ_WEATHER: PEOPLE,
    Action.READ_DOWNWIND: PEOPLE,
    Action.READ_FORESIGHT: PEOPLE - {Role.ENTERPRISE},
    Action.KEEP_LINK: frozenset({Role.COMMITTEE, Role.ADMIN}),
    Action.READ_CHAIN: PEOPLE,
    Action.RELEASE_CHAIN: frozenset({Role.DEPARTMENT, Role.COMMITTEE}),
    Action.KEEP_PLAN: frozenset({Role.COMMITTEE, Role.ADMIN}),
    Action.READ_PLAN: PEOPLE,
    Action.START_PLAN: frozenset({Role.DEPARTMENT, Role.COMMITTEE}),
    Action.ANSWER_PLAN: frozenset({Role.ENTERPRISE, Role.COMMITTEE}),
    Action.END_PLAN: frozenset({Role.COMMITTEE}),
    Action.SHARE_STATISTICS: frozenset({Role.COMMITTEE, Role.ADMIN}),
    Action.READ_CREDIT_FILE: frozenset({Role.ENTERPRISE, Role.DEPARTMENT, Role.COMMITTEE}),
    Action.READ_CREDIT_KEYS: PEOPLE,
    Action.READ_DASHBOARD: PEOPLE,
    Action.REBUILD_DASHBOARD: frozenset({Role.ADMIN}),
    Action.READ_COURSE: PEOPLE,
    Action.WRITE_COURSE: frozenset({Role.ADMIN}),
    Action.TAKE_COURSE: frozenset({Role.ENTERPRISE, Role.INSPECTOR}),
    Action.READ_TRAINING: PEOPLE - {Role.INSPECTOR},
    Action.READ_PARK_TRAINING: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_DRILL: PEOPLE,
    Action.HOLD_DRILL: frozenset({Role.COMMITTEE}),
    Action.KEEP_RESOURCE: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_RESOURCE: PEOPLE,
    Action.KEEP_TARGET: frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}),
    Action.READ_TARGET: PEOPLE,
    # Each gets what they may see: usecases/export_list.py.
    Action.EXPORT: PEOPLE,
    Action.IMPORT: frozenset({Role.ADMIN}),
    Action.BRING_INSPECTION: frozenset({Role.ENTERPRISE, Role.INSPECTOR, Role.DEPARTMENT, Role.ADMIN}),
    # What an enterprise brings somebody else confirms.
    Action.CONFIRM_INSPECTION: frozenset({Role.INSPECTOR, Role.DEPARTMENT, Role.ADMIN}),
    Action.READ_INSPECTION: PEOPLE,
    Action.ADD_SNAPSHOT: frozenset({Role.ENTERPRISE, Role.INSPECTOR, Role.DEPARTMENT}),
    Action.READ_SNAPSHOT: PEOPLE,
    Action.READ_MODULES: PEOPLE,
    Action.SWITCH_MODULES: frozenset({Role.ADMIN}),
}


def require(person: Person, action: Action) -> None:
    if person.role not in ALLOWED[action]:
        raise Forbidden(action=action.value)


def can_see(person: Person, *, enterprise_id: str, region: str, industry: str) -> bool:
    match person.role:
        case Role.ENTERPRISE:
            return person.enterprise_id == enterprise_id
        case Role.INSPECTOR:
            return region in person.regions and industry in person.industries
        case Role.DEPARTMENT:
            return not person.regions or region in person.regions
        case Role.COMMITTEE | Role.ADMIN:
            return True


def can_see_region(person: Person, region: str) -> bool:
    """Whether what concerns a whole region, and no enterprise by itself, is theirs to see."""
    match person.role:
        case Role.ENTERPRISE:
            return False
        case Role.INSPECTOR:
            return region in person.regions
        case Role.DEPARTMENT:
            return not person.regions or region in person.regions
        case Role.COMMITTEE | Role.ADMIN:
            return True


def can_see_task(person: Person, task: Task) -> bool:
    """An enterprise sees every task that one of its warnings is in."""
    return any(can_see(person, enterprise_id=e, region=task.region, industry=task.industry) for e in task.enterprises)


def can_see_evidence(person: Person, enterprise_id: str) -> bool:
    """In a regional task an enterprise sees its own evidence only; of others' tasks it sees none anyway."""
    return person.role is not Role.ENTERPRISE or person.enterprise_id == enterprise_id


def may_see_original(person: Person, uploaded_by: str) -> bool:
    """An original has what the camera wrote, down to where its owner stood: for those who judge it, and for whoever took it."""
    return person.id == uploaded_by or person.role in (Role.ADMIN, Role.COMMITTEE, Role.DEPARTMENT)


def may_know_others(person: Person) -> bool:
    """Whether they may be told which other photo one was before: it may be another enterprise's, or another region's."""
    return person.role in (Role.COMMITTEE, Role.ADMIN) or (person.role is Role.DEPARTMENT and not person.regions)


def require_sight(person: Person, *, enterprise_id: str, region: str, industry: str, of: str) -> None:
    if not can_see(person, enterprise_id=enterprise_id, region=region, industry=industry):
        raise NotFound(what=of)


def require_side(person: Person, task: Task, dimension: Dimension, action: Action) -> None:
    """Sides have owners: tier 1 is submitted by the enterprise, higher tiers by the side's own inspector; a department
    judges its own dimension only."""
    require(person, action)
    if action is Action.JUDGE_SIDE:
        allowed = person.dimension is dimension
    elif task.tier == 1:
        allowed = person.role is Role.ENTERPRISE
    else:
        allowed = person.role is Role.INSPECTOR and task.side(dimension).inspector_id == person.id
    if not allowed:
        raise Forbidden(action=action.value)
