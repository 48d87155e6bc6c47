"""The steps of a joint plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.chain_plan import (
    ANSWERS,
    ChainPlan,
    PlanRun,
    PlanStep,
    StepAnswer,
    StepState,
    answered,
    wrong_order,
)
from chalicelib.domain.errors import IllegalTransition

DONE, CANNOT = StepState.DONE, StepState.CANNOT


def step(id: str, *after: str) -> PlanStep:
    return PlanStep(id, id, "acme", "", after, 10)


STEPS = (step("stop"), step("foam"), step("drain", "stop", "foam"), step("report", "drain"))
RUN = PlanRun("r", ChainPlan("p", "plan", "east", STEPS), "leak", "", "committee", 1000)


def answer(id: str, state: StepState = DONE, by: str = "e", at_ms: int = 2000) -> StepAnswer:
    return StepAnswer(id, state, by, at_ms)


def after(*answers: StepAnswer) -> PlanRun:
    run = RUN
    for one in answers:
        run = answered(run, one)
    return run


def open_ids(run: PlanRun) -> list[str]:
    return [one.id for one in run.open_steps]


def test_what_comes_after_nothing_is_open_at_once() -> None:
    assert open_ids(RUN) == ["stop", "foam"] and RUN.opened_at_ms(STEPS[0]) == 1000


def test_a_step_opens_when_all_before_it_are_done() -> None:
    assert open_ids(after(answer("stop"))) == ["foam"]
    run = after(answer("stop", at_ms=2000), answer("foam", at_ms=3000))
    assert open_ids(run) == ["drain"]
    assert [run.opened_at_ms(one) for one in STEPS[2:]] == [3000, None]


def test_what_cannot_be_done_holds_up_what_comes_after_until_it_is_done_after_all() -> None:
    run = after(answer("stop"), answer("foam", CANNOT))
    assert open_ids(run) == []
    assert open_ids(answered(run, answer("foam", by="committee"))) == ["drain"]


def test_the_last_step_that_is_done_ends_the_run() -> None:
    run = after(*(answer(one.id, at_ms=2000 + n) for n, one in enumerate(STEPS)))
    assert run.ended_at_ms == 2003 and open_ids(run) == []


def test_the_same_answer_again_changes_nothing() -> None:
    run = after(answer("stop"))
    assert answered(run, answer("stop", at_ms=9000)) is run


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        pytest.param(RUN, answer("drain"), id="a step before its turn"),
        pytest.param(after(answer("stop")), answer("stop", CANNOT), id="what is done cannot be undone"),
        pytest.param(after(answer("stop")), answer("stop", by="another"), id="nor done by another"),
        pytest.param(replace(RUN, ended_at_ms=1500), answer("stop"), id="a step of a run that has ended"),
    ],
)
def test_an_answer_out_of_turn_is_refused(run: PlanRun, wrong: StepAnswer) -> None:
    with pytest.raises(IllegalTransition):
        answered(run, wrong)


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        pytest.param(STEPS, [], id="an order in which it can be done"),
        pytest.param((step("a", "b"), step("b")), [("steps.0.after", "unknown_step")], id="after a later one"),
        pytest.param((step("a", "a"),), [("steps.0.after", "unknown_step")], id="after itself"),
        pytest.param((step("a"), step("a")), [("steps.1.id", "repeated")], id="an id twice"),
    ],
)
def test_steps_stand_in_the_order_in_which_they_can_be_done(steps: tuple[PlanStep, ...], wrong: list[tuple[str, str]]) -> None:  # fmt: skip
    assert [(one.field, one.code) for one in wrong_order(steps)] == wrong


@given(st.lists(st.tuples(st.sampled_from([one.id for one in STEPS]), st.sampled_from(ANSWERS)), max_size=12))
def test_whatever_people_answer_no_step_is_done_before_those_that_it_comes_after(drawn: list[tuple[str, StepState]]) -> None:  # fmt: skip
    run = RUN
    for id, state in drawn:
        try:
            run = answered(run, answer(id, state))
        except IllegalTransition:
            continue
    for one in STEPS:
        if run.state_of(one) is not StepState.WAITING:
            assert all(run.state_of(two) is DONE for two in STEPS if two.id in one.after)
    assert (run.ended_at_ms is not None) is all(run.state_of(one) is DONE for one in STEPS)
