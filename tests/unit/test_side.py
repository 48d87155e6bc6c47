"""What may happen to a side: every state with every action, and who may not do it."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import (
    GreenShieldError,
    IllegalTransition,
    JudgeIsSubmitter,
    ReopeningTooLate,
    StaleRevision,
)
from chalicelib.domain.side import (
    REOPEN_MS,
    Side,
    SideAction,
    SideState,
    Submission,
    Verdict,
    Waiver,
    decide_waiver,
    judge,
    propose_waiver,
    reopen,
    submit,
)

T0 = 1_772_416_800_000
HANDED_IN = Submission("inspector", T0, "已处置")
PROPOSED = Waiver("dept", T0, "设备已拆除")
SIDES = {
    SideState.PENDING: Side(waiver=PROPOSED),
    SideState.SUBMITTED: Side(SideState.SUBMITTED, 1, submission=HANDED_IN),
    SideState.PASSED: Side(SideState.PASSED, 1, submission=HANDED_IN, verdict=Verdict("dept", T0, SideAction.PASS, "")),
    SideState.REJECTED: Side(SideState.REJECTED, 1, 1, submission=HANDED_IN, waiver=PROPOSED),
    SideState.WAIVED: Side(SideState.WAIVED, waiver=replace(PROPOSED, decided_at_ms=T0, is_given=True)),
}
# The table of design and docs, written out once more by hand.
LEGAL = {
    (SideState.PENDING, SideAction.SUBMIT): SideState.SUBMITTED,
    (SideState.REJECTED, SideAction.SUBMIT): SideState.SUBMITTED,
    (SideState.SUBMITTED, SideAction.PASS): SideState.PASSED,
    (SideState.SUBMITTED, SideAction.REJECT): SideState.REJECTED,
    (SideState.PENDING, SideAction.WAIVE): SideState.WAIVED,
    (SideState.REJECTED, SideAction.WAIVE): SideState.WAIVED,
    (SideState.PASSED, SideAction.REOPEN): SideState.REJECTED,
    (SideState.WAIVED, SideAction.REOPEN): SideState.REJECTED,
}


def done(side: Side, action: SideAction, by: str = "other-dept", at_ms: int = T0 + 9) -> Side:
    match action:
        case SideAction.SUBMIT:
            return submit(side, Submission(by, at_ms, "再次处置"))
        case SideAction.PASS | SideAction.REJECT:
            return judge(side, side.revision, Verdict(by, at_ms, action, "x"))
        case SideAction.WAIVE:
            return decide_waiver(side, by, at_ms, is_given=True, reason="同意")
        case SideAction.REOPEN:
            return reopen(side, Verdict(by, at_ms, action, "x"))


@pytest.mark.parametrize("action", SideAction)
@pytest.mark.parametrize("state", SideState)
def test_every_action_on_every_state_does_what_the_table_says_or_is_refused(
    state: SideState, action: SideAction
) -> None:
    wanted = LEGAL.get((state, action))
    if wanted is not None:
        assert done(SIDES[state], action).state is wanted
        return
    with pytest.raises(IllegalTransition) as refused:
        done(SIDES[state], action)
    assert refused.value.params["state"] == state.value


def test_nobody_judges_what_they_handed_in() -> None:
    with pytest.raises(JudgeIsSubmitter):
        done(SIDES[SideState.SUBMITTED], SideAction.PASS, by="inspector")


def test_a_verdict_on_an_older_submission_is_stale() -> None:
    with pytest.raises(StaleRevision):
        judge(replace(SIDES[SideState.SUBMITTED], revision=2), 1, Verdict("dept", T0, SideAction.PASS, ""))


def test_nobody_consents_to_their_own_waiver() -> None:
    with pytest.raises(JudgeIsSubmitter):
        done(SIDES[SideState.PENDING], SideAction.WAIVE, by="dept")


@pytest.mark.parametrize("state", [SideState.PENDING, SideState.REJECTED])
def test_a_waiver_that_is_refused_leaves_the_side_as_it_is_and_may_be_proposed_anew(state: SideState) -> None:
    refused = decide_waiver(SIDES[state], "other-dept", T0, is_given=False, reason="仍需验收")
    assert refused.state is state
    assert propose_waiver(refused, PROPOSED).waiver == PROPOSED


def test_one_waiver_waits_at_a_time() -> None:
    with pytest.raises(IllegalTransition):
        propose_waiver(SIDES[SideState.PENDING], replace(PROPOSED, reason="另一理由"))


@pytest.mark.parametrize("state", [SideState.SUBMITTED, SideState.PASSED, SideState.WAIVED])
def test_what_is_handed_in_or_settled_is_not_waived(state: SideState) -> None:
    with pytest.raises(IllegalTransition):
        propose_waiver(SIDES[state], PROPOSED)


def test_handing_in_ends_a_proposal() -> None:
    assert done(SIDES[SideState.PENDING], SideAction.SUBMIT).waiver is None


@pytest.mark.parametrize("state", [SideState.PASSED, SideState.WAIVED])
@pytest.mark.parametrize(("late_ms", "error"), [(0, None), (1, ReopeningTooLate)])
def test_a_side_is_opened_again_for_thirty_days(
    state: SideState, late_ms: int, error: type[GreenShieldError] | None
) -> None:
    at_ms = T0 + REOPEN_MS + late_ms
    if error is None:
        again = done(SIDES[state], SideAction.REOPEN, at_ms=at_ms)
        assert (again.state, again.returns) == (SideState.REJECTED, SIDES[state].returns)
        return
    with pytest.raises(error):
        done(SIDES[state], SideAction.REOPEN, at_ms=at_ms)
