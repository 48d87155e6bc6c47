"""flow.py against the code: nothing is announced into the void, and nothing waits for what nobody announces."""

import importlib
import pkgutil
from dataclasses import fields
from inspect import signature

import pytest

import chalicelib.usecases
from app import app
from chalicelib.bootstrap import Services
from chalicelib.domain.block import Block
from chalicelib.domain.events import EVENTS, CommandRequested, CommandSettled, Event, SidePassed
from chalicelib.flow import FLOW, Stage, stages_on
from chalicelib.ports import PushRequest

# Events that start nothing, each with why it is announced all the same.
TERMINAL: dict[type, str] = {
    SidePassed: "for the record: the other side goes on, and TaskClosed tells of the end",
    CommandRequested: "for the record: the bridge fetches what waits for it",
    CommandSettled: "for the record: who asked reads what came of it",
}
# Use cases that answer a question or serve others, so that no stage stands for them.
NO_STAGE = {
    "read_readings",
    "export_credit_file",
    "ask_what_if",
    "read_why",
    "read_sync",
    "read_completeness",
    "read_data_quality",
    "find_marks",
    "read_bridges",
    "see_enterprise",
    "manage_catalogue",
    "advise_enterprise",
    "change_task",
    "keep_weather",
    "downwind_of",
    "read_foresight",
    "plan_task",
    "open_case",
    "see_checklist",
    "apply_operation",
    "register_instrument",
    "keep_duty",
    "see_unit",
    "upload_parts",
    "hand_out",
    "track_delivery",
    "tell_channels",
    "manage_channels",
    "settle_warning",
    "read_alarm_kpis",
    "normal_period",
    "keep_links",
    "chain_desk",
    "read_chain_alerts",
    "keep_plans",
    "share_statistics",
    "share_chain_results",
    "see_chain_gain",
    "read_dashboard",
    "history",
    "read_training",
    "drill_desk",
    "report_drill",
    "keep_resources",
    "keep_targets",
    "change_edition",
    "export_list",
    "import_list",
}
FUNCTIONS = {"api", *(source.name for source in app.event_sources)}
SOURCES = {"admin", "inspector", "enterprise", "department", "committee", "upload", "every minute", "every hour"}
EMITTED = {event for stage in FLOW for event in stage.emits}
CONSUMED = {stage.on for stage in FLOW if isinstance(stage.on, type)}
STAGES = [pytest.param(stage, id=f"{stage.name} on {getattr(stage.on, '__name__', stage.on)}") for stage in FLOW]


def test_every_event_that_is_emitted_has_a_consumer_or_a_reason_to_have_none() -> None:
    assert set(TERMINAL) == EMITTED - CONSUMED


def test_every_event_that_is_waited_for_is_emitted() -> None:
    assert {event for event in CONSUMED - EMITTED if issubclass(event, Event | Block | PushRequest)} == set()


def test_every_event_of_the_domain_is_in_the_flow() -> None:
    assert set(EVENTS.values()) == {event for event in EMITTED if issubclass(event, Event)}


def test_every_event_names_what_makes_it_one_of_a_kind() -> None:
    missing = [event for event in EVENTS.values() if not set(event.identity) <= {field.name for field in fields(event)}]
    assert missing == [] and len(EVENTS) == len({event.kind for event in EVENTS.values()})


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_use_case_that_a_deployed_function_runs(stage: Stage) -> None:
    module, name = stage.run.__module__, stage.run.__name__
    assert module.startswith("chalicelib.usecases.")
    assert getattr(importlib.import_module(module), name) is stage.run
    assert stage.runs_in in FUNCTIONS
    assert isinstance(stage.on, type) or stage.on in SOURCES


@pytest.mark.parametrize("stage", STAGES)
def test_every_port_that_a_stage_asks_for_is_there(stage: Stage) -> None:
    wanted = {p.name for p in signature(stage.run).parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert {port for port in wanted if not hasattr(Services, port)} == set()


def test_a_stage_name_stands_for_one_use_case_and_one_function() -> None:
    known = {(stage.name, stage.run, stage.runs_in) for stage in FLOW}
    assert len(known) == len({stage.name for stage in FLOW}) == len({stage.run for stage in FLOW})


def test_no_event_starts_the_same_stage_twice() -> None:
    assert len({(stage.on, stage.run) for stage in FLOW}) == len(FLOW)


def test_the_relay_runs_the_stages_of_every_event_that_has_one() -> None:
    assert {event for event in EVENTS.values() if not stages_on(event, "relay")} == set(TERMINAL)


def test_every_module_of_use_cases_is_in_the_flow_or_only_answers() -> None:
    modules = {module.name for module in pkgutil.iter_modules(chalicelib.usecases.__path__)}
    assert modules == {stage.run.__module__.rpartition(".")[2] for stage in FLOW} | NO_STAGE


def test_every_deployed_function_has_a_stage() -> None:
    assert {stage.runs_in for stage in FLOW} == FUNCTIONS
