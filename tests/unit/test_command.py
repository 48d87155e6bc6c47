"""A command's states: what may follow what, when it expires, and what a gap's months are."""

from itertools import product

import pytest

from chalicelib.domain.command import (
    OUTCOMES,
    TRANSITIONS,
    WAITING,
    Command,
    CommandAction,
    CommandState,
    Outcome,
    deliver,
    next_state,
    settle,
)
from chalicelib.domain.errors import IllegalTransition

T0 = 1_772_416_800_000
COMMAND = Command("c", "acme", "acme-bridge", "start_cooling", 1.0, "降温", "someone", T0, 600)
FORBIDDEN = [pair for pair in product(CommandState, CommandAction) if pair not in TRANSITIONS]


def outcome(state: CommandState, at_ms: int = T0) -> Outcome:
    return Outcome(state, at_ms, at_ms + 5)


@pytest.mark.parametrize(("state", "action"), FORBIDDEN, ids=[f"{a.value} when {s.value}" for s, a in FORBIDDEN])
def test_what_the_table_does_not_have_is_refused(state: CommandState, action: CommandAction) -> None:
    with pytest.raises(IllegalTransition) as refused:
        next_state(state, action)
    assert refused.value.params == {"state": state.value, "action": action.value}


def test_what_came_of_a_command_stands() -> None:
    assert {state for state, _ in TRANSITIONS} == set(WAITING)


@pytest.mark.parametrize("state", OUTCOMES, ids=lambda state: state.value)
@pytest.mark.parametrize("before", [COMMAND, deliver(COMMAND, T0 + 1)], ids=["requested", "delivered"])
def test_a_result_is_recorded_whether_or_not_the_delivery_was_noted(before: Command, state: CommandState) -> None:
    after = settle(before, outcome(state))
    assert (after.state, after.outcome) == (state, outcome(state))


@pytest.mark.parametrize(
    ("command", "at_ms", "seen"),
    [
        pytest.param(COMMAND, T0 + 599_999, CommandState.REQUESTED, id="in time it is as it is"),
        pytest.param(COMMAND, T0 + 600_000, CommandState.EXPIRED, id="not fetched until its expiry it is expired"),
        pytest.param(deliver(COMMAND, T0), T0 + 600_000, CommandState.EXPIRED, id="fetched and never reported it is expired"),
        pytest.param(settle(COMMAND, outcome(CommandState.DONE)), T0 + 10**9, CommandState.DONE, id="what was done stays done"),
    ],
)  # fmt: skip
def test_that_time_ran_out_follows_from_the_clock(command: Command, at_ms: int, seen: CommandState) -> None:
    assert command.state_at(at_ms) is seen


def test_a_result_after_the_expiry_is_recorded_all_the_same() -> None:
    late = settle(deliver(COMMAND, T0 + 1), outcome(CommandState.DONE, COMMAND.expires_at_ms + 60_000))
    assert late.state_at(COMMAND.expires_at_ms + 70_000) is CommandState.DONE
