"""The interview list: who was under the bound for months running is called to the committee, which writes down minutes and outcome."""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition


class InterviewState(StrEnum):
    CALLED = "called"
    HELD = "held"
    WITHDRAWN = "withdrawn"  # a month was settled again, and the score was not that low


class InterviewOutcome(StrEnum):
    PLAN_AGREED = "plan_agreed"  # the enterprise committed itself to a plan with dates
    UNDER_WATCH = "under_watch"
    HANDED_OVER = "handed_over"  # to the departments' enforcement
    NOT_ATTENDED = "not_attended"


@dataclass(frozen=True, slots=True)
class Interview:
    """`id` follows from enterprise and month. `values` are the scores of the months running, oldest first."""

    id: str
    enterprise_id: str
    month: str
    values: tuple[float, ...]
    called_at_ms: int
    state: InterviewState = InterviewState.CALLED
    held_at_ms: int | None = None
    minutes: str = ""
    outcome: InterviewOutcome | None = None
    attended: str = ""
    recorded_by: str = ""
    recorded_at_ms: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Minutes:
    """`attended`: who was there for the enterprise."""

    held_at_ms: int
    text: str
    outcome: InterviewOutcome
    attended: str


def interview_id(enterprise_id: str, month: str) -> str:
    return f"{enterprise_id}:{month}"


def record(interview: Interview, minutes: Minutes, by: str, at_ms: int) -> Interview:
    """With its minutes; they may be put right, each time by a new version. Raises IllegalTransition for one that was withdrawn."""
    if interview.state is InterviewState.WITHDRAWN:
        raise IllegalTransition(state=interview.state.value, action="record_interview")
    return replace(
        interview,
        state=InterviewState.HELD,
        held_at_ms=minutes.held_at_ms,
        minutes=minutes.text,
        outcome=minutes.outcome,
        attended=minutes.attended,
        recorded_by=by,
        recorded_at_ms=at_ms,
    )


def withdraw(interview: Interview) -> Interview:
    """One that was held stays as it is: it took place."""
    return replace(interview, state=InterviewState.WITHDRAWN) if interview.state is InterviewState.CALLED else interview
