"""Which module each stage of flow.py and each resource of the API belongs to. Tests hold that none is missing.

By name, so that a function which asks loads no use case for it. A name that stands nowhere belongs to the smallest set.
"""

from collections.abc import Mapping

from chalicelib.domain.park_module import Module

# Stages by the use case that they run.
STAGES: Mapping[Module, frozenset[str]] = {
    Module.CORE: frozenset(
        [
            "ingest_readings",
            "evaluate_coupling",
            "tell_late",
            "tell_observation",
            "dispatch_task",
            "follow_escalation",
            "note_clearing",
            "notify",
            "push",
            "project_task",
            "project_anew",
            "put_enterprise",
            "put_unit",
            "put_person",
            "switch_modules",
            "acknowledge",
            "announce_photo",
            "inspect_photo",
            "miss_photos",
            "add_retest",
            "compare_retests",
            "rectify",
            "submit_side",
            "judge_side",
            "propose_waiver",
            "decide_waiver",
            "reopen_side",
            "sync_operations",
            "decide_conflict",
            "retry_held",
            "retry_on_photo",
            "tell_operation",
            "release_members",
            "shelve_warnings",
            "confirm_shelving",
            "end_shelving",
            "propose_window",
            "approve_window",
            "end_window",
            "take_report",
            "ask_for_review",
            "tell_review",
            "accept_side",
            "decline_side",
            "transfer_side",
            "watch_deadlines",
            "watch_alarms",
            "verify_audit",
            "tell_audit",
        ]
    )
    # It lets go of calls for which there is no channel: were it off, last week's would go out at once when it is on again.
    | {"escalate_channels"},
    Module.CHAINS: frozenset(
        {"watch_chain", "walk_chain", "warn_receiver", "end_chain_alerts", "release_alert", "lift_chain", "tell_lifted"}
    ),
    Module.PLANS: frozenset({"start_run", "answer_step", "end_run", "tell_plan", "watch_plans"}),
    Module.UNIT_WATCH: frozenset({"watch_unit", "renew_watch"}),
    Module.LAWS: frozenset({"learn_laws", "find_decoupling"}),
    Module.WEATHER: frozenset({"tell_downwind"}),
    Module.FORESIGHT: frozenset({"fit_foresight"}),
    Module.DATA_QUALITY: frozenset({"find_sensor_faults"}),
    Module.CHECKLISTS: frozenset({"answer_item"}),
    Module.HAZARDS: frozenset({"report_hazard"}),
    Module.VISITS: frozenset({"plan_visit"}),
    Module.SCORE: frozenset(
        {
            "score_task",
            "raise_objection",
            "decide_objection",
            "tell_objection",
            "remind_of_objections",
            "warn_of_downgrade",
            "count_month",
            "settle_month",
            "resettle_month",
            "publish_rankings",
            "apply_consequences",
            "review_supervision",
            "call_for_interview",
            "record_interview",
            "supervise",
            "unlock_by_work",
            "open_visits",
            "tell_consequences",
        }
    ),
    Module.COMMANDS: frozenset({"request_command", "deliver_commands"}),
    Module.CHANNELS: frozenset({"push_channel"}),
    Module.DASHBOARD: frozenset(
        {"count_thing", "count_registered", "watch_sources", "check_enterprise", "check_totals", "rebuild_dashboard"}
    ),
    Module.TRAINING: frozenset(
        {"publish_course", "assign_course", "take_course", "score_training", "tell_training", "watch_training"}
    ),
    Module.DRILLS: frozenset(
        {
            "plan_drill",
            "start_drill",
            "end_drill",
            "cancel_drill",
            "tell_drill",
            "watch_drills",
            "ask_for_drill",
            "tell_drill_due",
        }
    ),
    Module.INSPECTIONS: frozenset({"announce_inspection", "read_inspection", "decide_value"}),
    Module.SNAPSHOTS: frozenset({"announce_snapshot", "inspect_snapshot"}),
}
# Resources by the name of their file in api/.
RESOURCES: Mapping[Module, frozenset[str]] = {
    Module.CORE: frozenset(
        [
            "readings",
            "bridges",
            "enterprises",
            "units",
            "completeness",
            "warnings",
            "observations",
            "tasks",
            "crew",
            "sync",
            "shelvings",
            "maintenance",
            "alarm_kpis",
            "audit",
            "inbox",
            "me",
            "modules",
            "registry",
            "instruments",
            "catalogue",
            "exchange",
        ]
    ),
    Module.CHAINS: frozenset({"chain", "chain_gain"}),
    Module.PLANS: frozenset({"chain_plans"}),
    Module.LAWS: frozenset({"laws"}),
    Module.WEATHER: frozenset({"weather"}),
    Module.FORESIGHT: frozenset({"foresight"}),
    Module.WHAT_IF: frozenset({"what_if"}),
    Module.DATA_QUALITY: frozenset({"data_quality"}),
    Module.CHECKLISTS: frozenset({"checklists"}),
    Module.HAZARDS: frozenset({"hazards"}),
    Module.VISITS: frozenset({"visits"}),
    Module.SCORE: frozenset({"scores", "consequences", "credit_files"}),
    Module.COMMANDS: frozenset({"commands"}),
    Module.CHANNELS: frozenset({"channels"}),
    Module.PRIVACY: frozenset({"privacy"}),
    Module.DASHBOARD: frozenset({"dashboard"}),
    Module.TRAINING: frozenset({"courses"}),
    Module.DRILLS: frozenset({"drills"}),
    Module.RESOURCES: frozenset({"emergency"}),
    Module.TARGETS: frozenset({"targets"}),
    Module.INSPECTIONS: frozenset({"inspections"}),
    Module.SNAPSHOTS: frozenset({"snapshots"}),
}
_OF_STAGE = {name: module for module, names in STAGES.items() for name in names}
_OF_RESOURCE = {name: module for module, names in RESOURCES.items() for name in names}


def module_of_stage(use_case: str) -> Module:
    return _OF_STAGE.get(use_case, Module.CORE)


def module_of_resource(resource: str) -> Module:
    return _OF_RESOURCE.get(resource, Module.CORE)
