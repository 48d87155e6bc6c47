"""A joint task and its two sides: one table of what may happen, and what each step leaves behind."""

from dataclasses import replace

import pytest

from chalicelib.domain import side as sides
from chalicelib.domain.catalogue import Deadlines
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import IllegalTransition, JudgeIsSubmitter, StaleRevision
from chalicelib.domain.side import (
    SETTLED,
    TRANSITIONS,
    Side,
    SideAction,
    SideState,
    Submission,
    Verdict,
    next_state,
)
from chalicelib.domain.task import (
    Acknowledgement,
    Task,
    TaskState,
    acknowledge,
    escalate,
    overdue_deadlines,
    settled,
    task_id,
)

SAFETY, ENVIRONMENT = Dimension.SAFETY, Dimension.ENVIRONMENT
TASK = Task(
    id="t-1",
    warning_id="w-1",
    enterprise_id="acme",
    unit_id="r1",
    region="east",
    industry="circular_chemical",
    rule_id="reactor-temperature-voc",
    tier=2,
    safety=Side(inspector_id="i-s"),
    environment=Side(inspector_id="i-e"),
    party=("enterprise",),
    opened_at_ms=1_000,
    due_at_ms=50_000,
    acknowledge_due_at_ms=10_000,
)
LEGAL = {
    ("pending", "submit"): "submitted",
    ("rejected", "submit"): "submitted",
    ("submitted", "pass"): "passed",
    ("submitted", "reject"): "rejected",
    ("pending", "waive"): "waived",
    ("rejected", "waive"): "waived",
    ("passed", "reopen"): "rejected",
    ("waived", "reopen"): "rejected",
}


def submit(task: Task, dimension: Dimension, given: Submission) -> Task:
    return task.with_side(dimension, sides.submit(task.side(dimension), given))


def judge(task: Task, dimension: Dimension, revision: int, given: Verdict) -> Task:
    return settled(task, dimension, sides.judge(task.side(dimension), revision, given), given.at_ms)


def submission(by: str = "i-s", at_ms: int = 2_000) -> Submission:
    return Submission(by, at_ms, "done")


def verdict(action: SideAction = SideAction.PASS, by: str = "d-s", at_ms: int = 3_000) -> Verdict:
    return Verdict(by, at_ms, action, "" if action is SideAction.PASS else "not clean")


@pytest.mark.parametrize("action", SideAction)
@pytest.mark.parametrize("state", SideState)
def test_every_pair_of_state_and_action_is_either_in_the_table_or_illegal(state: SideState, action: SideAction) -> None:
    expected = LEGAL.get((state.value, action.value))
    if expected is not None:
        assert next_state(state, action).value == expected
        return
    with pytest.raises(IllegalTransition) as refused:
        next_state(state, action)
    assert refused.value.params == {"state": state.value, "action": action.value}


def test_the_table_holds_nothing_else() -> None:
    assert {(s.value, a.value): after.value for (s, a), after in TRANSITIONS.items()} == LEGAL
    assert {state.value for state in SETTLED} == {"passed", "waived"}


@pytest.mark.parametrize("state", [s for s in SideState if (s, SideAction.SUBMIT) not in TRANSITIONS])
def test_a_side_cannot_be_submitted_when_it_is(state: SideState) -> None:
    with pytest.raises(IllegalTransition):
        submit(replace(TASK, safety=Side(state)), SAFETY, submission())


@pytest.mark.parametrize("state", [s for s in SideState if s is not SideState.SUBMITTED])
@pytest.mark.parametrize("action", [SideAction.PASS, SideAction.REJECT])
def test_a_side_cannot_be_judged_when_it_is(state: SideState, action: SideAction) -> None:
    with pytest.raises(IllegalTransition):
        judge(replace(TASK, safety=Side(state, revision=1)), SAFETY, 1, verdict(action))


@pytest.mark.parametrize("revision", [0, 2, -1])
def test_a_verdict_on_another_revision_is_stale(revision: int) -> None:
    with pytest.raises(StaleRevision):
        judge(submit(TASK, SAFETY, submission()), SAFETY, revision, verdict())


@pytest.mark.parametrize("action", [SideAction.PASS, SideAction.REJECT])
def test_nobody_judges_their_own_submission(action: SideAction) -> None:
    submitted = submit(TASK, SAFETY, submission(by="d-s"))
    with pytest.raises(JudgeIsSubmitter):
        judge(submitted, SAFETY, 1, verdict(action, by="d-s"))


@pytest.mark.parametrize("dimension", SIDES)
def test_submitting_touches_its_own_side_only(dimension: Dimension) -> None:
    after = submit(TASK, dimension, submission())
    (other,) = (d for d in SIDES if d is not dimension)
    assert after.side(other) == TASK.side(other)
    side = after.side(dimension)
    assert (side.state, side.revision, side.submission) == (SideState.SUBMITTED, 1, submission())


def test_passing_one_side_leaves_the_task_open() -> None:
    after = judge(submit(TASK, SAFETY, submission()), SAFETY, 1, verdict())
    assert after.safety.state is SideState.PASSED
    assert (after.state, after.closed_at_ms) == (TaskState.OPEN, None)


@pytest.mark.parametrize("order", [SIDES, tuple(reversed(SIDES))], ids=["safety first", "environment first"])
def test_passing_both_sides_closes_the_task_when_the_second_passes(order: tuple[Dimension, ...]) -> None:
    task = TASK
    for dimension in order:
        task = submit(task, dimension, submission())
    first, second = order
    task = judge(task, first, 1, verdict(at_ms=4_000))
    task = judge(task, second, 1, verdict(at_ms=5_000))
    assert (task.state, task.closed_at_ms) == (TaskState.CLOSED, 5_000)


def test_a_waived_side_counts_as_settled() -> None:
    task = submit(replace(TASK, environment=Side(SideState.WAIVED)), SAFETY, submission())
    assert judge(task, SAFETY, 1, verdict()).state is TaskState.CLOSED


def test_a_rejection_reopens_its_own_side_only_and_counts() -> None:
    task = judge(submit(TASK, ENVIRONMENT, submission()), ENVIRONMENT, 1, verdict())
    task = judge(submit(task, SAFETY, submission()), SAFETY, 1, verdict(SideAction.REJECT))
    assert (task.safety.state, task.safety.returns) == (SideState.REJECTED, 1)
    assert task.safety.verdict is not None
    assert task.safety.verdict.reason == "not clean"
    assert task.environment.state is SideState.PASSED
    again = submit(task, SAFETY, submission())
    assert (again.safety.revision, again.safety.verdict, again.safety.returns) == (2, None, 1)
    assert judge(again, SAFETY, 2, verdict()).state is TaskState.CLOSED


def test_the_first_acknowledgement_of_each_person_stands() -> None:
    task = acknowledge(TASK, Acknowledgement("a", 1))
    task = acknowledge(acknowledge(task, Acknowledgement("b", 2)), Acknowledgement("a", 3))
    assert task.acknowledgements == (Acknowledgement("a", 1), Acknowledgement("b", 2))


def test_escalation_brings_deadlines_forward_and_never_back() -> None:
    nobody = dict.fromkeys(SIDES)
    sooner = escalate(TASK, 3, 5_000, Deadlines(10_000, 600), nobody, ("all",))
    assert (sooner.tier, sooner.due_at_ms, sooner.acknowledge_due_at_ms, sooner.party) == (3, 15_000, 5_600, ("all",))
    assert escalate(TASK, 3, 45_000, Deadlines(10_000, 600), nobody, ()).due_at_ms == 50_000


def test_escalation_names_inspectors_where_there_are_none_and_keeps_those_there_are() -> None:
    task = replace(TASK, safety=Side())
    raised = escalate(task, 3, 5_000, Deadlines(10_000), {SAFETY: "new-s", ENVIRONMENT: "new-e"}, ())
    assert (raised.safety.inspector_id, raised.environment.inspector_id) == ("new-s", "i-e")


def test_escalation_lets_deadlines_be_missed_anew() -> None:
    raised = escalate(
        replace(TASK, overdue=("acknowledge", "finish")), 3, 5_000, Deadlines(10_000, 600), dict.fromkeys(SIDES), ()
    )
    assert raised.overdue == ()


@pytest.mark.parametrize(
    ("task", "now_ms", "missed"),
    [
        pytest.param(TASK, 10_000, (), id="at the deadline nothing is missed yet"),
        pytest.param(TASK, 10_001, ("acknowledge",), id="nobody took it in time"),
        pytest.param(replace(TASK, acknowledgements=(Acknowledgement("a", 1),)), 10_001, (), id="somebody took it"),
        pytest.param(replace(TASK, acknowledge_due_at_ms=None), 50_000, (), id="tier 1 asks for no acknowledgement"),
        pytest.param(TASK, 50_001, ("acknowledge", "finish"), id="both are missed"),
        pytest.param(
            replace(TASK, overdue=("acknowledge",)), 50_001, ("finish",), id="what was said is not said again"
        ),
    ],
)
def test_missed_deadlines(task: Task, now_ms: int, missed: tuple[str, ...]) -> None:
    assert overdue_deadlines(task, now_ms) == missed


def test_a_closed_task_misses_no_deadline() -> None:
    closed = replace(TASK, safety=Side(SideState.PASSED), environment=Side(SideState.PASSED), closed_at_ms=9_000)
    assert overdue_deadlines(closed, 10**9) == ()


def test_a_warning_has_one_task_id() -> None:
    assert task_id("w-abc") == "t-abc"
