"""Modules against the code: every stage, route and minute's or hour's job is of one, and what stands on what ends somewhere."""

from collections import Counter

import pytest

import app as _served
from chalicelib.api.http import ENDPOINTS
from chalicelib.domain.field_command import COMMANDS
from chalicelib.domain.park_module import NEEDS, OPTIONAL, Module, left_standing
from chalicelib.flow import FLOW
from chalicelib.handlers import on_clock, on_learn
from chalicelib.module_map import RESOURCES, STAGES
from chalicelib.usecases.apply_operation import APPLY, MODULE_OF
from mobile_api_spec.document import build, operation_id

assert _served.app.routes  # the table of routes fills as they are registered


@pytest.mark.parametrize(
    ("table", "known"),
    [
        pytest.param(STAGES, {stage.run.__name__ for stage in FLOW}, id="stages"),
        pytest.param(RESOURCES, {one.tag for one in ENDPOINTS}, id="resources"),
    ],
)
def test_everything_is_of_one_module(table: dict[Module, frozenset[str]], known: set[str]) -> None:
    named = Counter(name for names in table.values() for name in names)
    assert set(named) == known
    assert set(named.values()) == {1}


def test_every_job_is_a_stage_by_whose_name_it_is_switched() -> None:
    stages = {stage.run.__name__ for stage in FLOW}
    assert {job.__name__ for job in on_clock.JOBS} | {job.name for job in on_learn.JOBS} <= stages


def test_every_module_switches_something() -> None:
    assert set(STAGES) | set(RESOURCES) == set(Module)


def test_what_is_done_offline_is_of_the_module_of_its_stage() -> None:
    of_stage = {stage.run.__name__: stage.module for stage in FLOW}
    by_use_case = {"ReportHazard": "report_hazard", "AnswerItem": "answer_item", "PlanVisit": "plan_visit"}
    assert {one.__name__: module for one, module in MODULE_OF.items()} == {
        command: of_stage[use_case] for command, use_case in by_use_case.items()
    }
    assert set(MODULE_OF) <= set(APPLY) and len(APPLY) == len(COMMANDS)


def test_nothing_stands_on_itself_and_the_smallest_set_on_nothing() -> None:
    assert Module.CORE not in NEEDS
    for module in NEEDS:
        reached, ahead = set[Module](), set(NEEDS[module])
        while ahead:
            one = ahead.pop()
            reached.add(one)
            ahead |= set(NEEDS.get(one, ())) - reached
        assert module not in reached and reached <= OPTIONAL


def test_all_off_and_all_on_leave_nothing_standing_on_air() -> None:
    assert left_standing(OPTIONAL) == left_standing(frozenset()) == ()


def test_the_spec_says_of_each_route_which_module_it_belongs_to_and_that_it_may_be_off() -> None:
    paths = build(ENDPOINTS, {})["paths"]
    for one in ENDPOINTS:
        told = paths[one.path][one.method.lower()]
        refused = told["responses"].get("403", {}).get("$ref", "")
        assert told["x-module"] == one.module.value, operation_id(one)
        assert refused.endswith("ModuleOff") is (one.module is not Module.CORE), operation_id(one)
