"""A measure that the park asks of a plant: done, if at all, by the plant's own bridge, once, within limits of its own.

TRANSITIONS is the one table of what may happen to a command; anything else raises IllegalTransition(state, action). That its time
has run out is not a transition: it follows from the clock (state_at). What a bridge reports after that is recorded all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition

DEFAULT_LIFE_S = 600
MAX_LIFE_S = 86_400


class CommandState(StrEnum):
    REQUESTED = "requested"
    DELIVERED = "delivered"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    INTERRUPTED = "interrupted"


class CommandAction(StrEnum):
    DELIVER = "deliver"
    FINISH = "finish"
    REFUSE = "refuse"
    FAIL = "fail"
    EXPIRE = "expire"
    INTERRUPT = "interrupt"


WAITING = (CommandState.REQUESTED, CommandState.DELIVERED)
# What a bridge may report, and what it then did.
OUTCOMES: Mapping[CommandState, CommandAction] = {
    CommandState.DONE: CommandAction.FINISH,
    CommandState.REFUSED: CommandAction.REFUSE,
    CommandState.FAILED: CommandAction.FAIL,
    CommandState.EXPIRED: CommandAction.EXPIRE,
    CommandState.INTERRUPTED: CommandAction.INTERRUPT,
}
# A result may come before the note that the command was delivered.
TRANSITIONS: Mapping[tuple[CommandState, CommandAction], CommandState] = {
    (CommandState.REQUESTED, CommandAction.DELIVER): CommandState.DELIVERED,
    **{(state, action): outcome for state in WAITING for outcome, action in OUTCOMES.items()},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the bridge says came of it: `value` as written, `read_back` as the device then had it, `at_ms` by the bridge's clock."""

    state: CommandState
    at_ms: int
    received_at_ms: int
    code: str | None = None
    detail: str | None = None
    value: float | None = None
    read_back: float | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """`id` is made by the client; `measure` is a code of the catalogue. It expires `life_s` after it was first asked for."""

    id: str
    enterprise_id: str
    bridge_id: str
    measure: str
    value: float | None
    reason: str
    requested_by: str
    requested_at_ms: int
    life_s: int
    state: CommandState = CommandState.REQUESTED
    delivered_at_ms: int | None = None
    outcome: Outcome | None = None
    version: int = 0
    correlation_id: str = ""

    @property
    def expires_at_ms(self) -> int:
        return self.requested_at_ms + self.life_s * 1000

    def state_at(self, now_ms: int) -> CommandState:
        """The state as people see it: expired where the time ran out without a result."""
        return CommandState.EXPIRED if self.state in WAITING and now_ms >= self.expires_at_ms else self.state


def next_state(state: CommandState, action: CommandAction) -> CommandState:
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise IllegalTransition(state=state.value, action=action.value) from None


def deliver(command: Command, at_ms: int) -> Command:
    return replace(command, state=next_state(command.state, CommandAction.DELIVER), delivered_at_ms=at_ms)


def settle(command: Command, outcome: Outcome) -> Command:
    """Record what came of it, whether or not it had expired by then."""
    return replace(command, state=next_state(command.state, OUTCOMES[outcome.state]), outcome=outcome)
