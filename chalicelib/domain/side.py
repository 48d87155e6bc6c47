"""One side of a joint task: what its people did, and what the departments made of it.

TRANSITIONS is the one table of what may happen to a side; anything else raises IllegalTransition(state, action).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition, JudgeIsSubmitter, ReopeningTooLate, StaleRevision

REOPEN_MS = 30 * 86_400_000


class SideState(StrEnum):
    PENDING = "pending"
    SUBMITTED = "submitted"
    PASSED = "passed"
    REJECTED = "rejected"
    WAIVED = "waived"


class SideAction(StrEnum):
    SUBMIT = "submit"
    PASS = "pass"
    REJECT = "reject"
    WAIVE = "waive"
    REOPEN = "reopen"


TRANSITIONS: Mapping[tuple[SideState, SideAction], SideState] = {
    (SideState.PENDING, SideAction.SUBMIT): SideState.SUBMITTED,
    (SideState.REJECTED, SideAction.SUBMIT): SideState.SUBMITTED,
    (SideState.SUBMITTED, SideAction.PASS): SideState.PASSED,
    (SideState.SUBMITTED, SideAction.REJECT): SideState.REJECTED,
    (SideState.PENDING, SideAction.WAIVE): SideState.WAIVED,
    (SideState.REJECTED, SideAction.WAIVE): SideState.WAIVED,
    (SideState.PASSED, SideAction.REOPEN): SideState.REJECTED,
    (SideState.WAIVED, SideAction.REOPEN): SideState.REJECTED,
}
SETTLED = frozenset({SideState.PASSED, SideState.WAIVED})


@dataclass(frozen=True, slots=True)
class Submission:
    """`media` are the photos that it rests on, by id; empty: it names none."""

    by: str
    at_ms: int
    note: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing or wrong in a submission; `evidence_id` names the photo or retest that it is about, where it is one."""

    what: str
    evidence_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a department said last. Of a rejection and of a reopening: what lacks, and until when it is to be redone."""

    by: str
    at_ms: int
    action: SideAction
    reason: str
    lacks: tuple[Lack, ...] = ()
    redo_by_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Proposed by the side's own department, decided by the other one. `is_given` None: it has not decided."""

    by: str
    at_ms: int
    reason: str
    decided_by: str = ""
    decided_at_ms: int | None = None
    is_given: bool | None = None
    decision_reason: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """`revision` counts submissions; a verdict names the revision it judges. `returns` counts rejections. `changed_in` is the version
    of the task that last changed this side: who saw that one, or a later one, has seen the side as it is."""

    state: SideState = SideState.PENDING
    revision: int = 0
    returns: int = 0
    inspector_id: str | None = None
    submission: Submission | None = None
    verdict: Verdict | None = None
    changed_in: int = 1
    waiver: Waiver | None = None
    acknowledge_by_ms: int | None = None  # where it changed hands; else the task's own time

    @property
    def settled_at_ms(self) -> int | None:
        if self.state is SideState.WAIVED and self.waiver is not None:
            return self.waiver.decided_at_ms
        return self.verdict.at_ms if self.state is SideState.PASSED and self.verdict is not None else None


def next_state(state: SideState, action: SideAction) -> SideState:
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise IllegalTransition(state=state.value, action=action.value) from None


def submit(side: Side, submission: Submission) -> Side:
    """Handing it in ends a waiver that was only proposed: there is something to judge now."""
    state = next_state(side.state, SideAction.SUBMIT)
    return replace(side, state=state, revision=side.revision + 1, submission=submission, verdict=None, waiver=None)


def judge(side: Side, revision: int, verdict: Verdict) -> Side:
    """Pass or reject what was submitted as `revision`. Nobody judges their own submission."""
    state = next_state(side.state, verdict.action)
    if revision != side.revision:
        raise StaleRevision(given=revision, current=side.revision)
    if side.submission is not None and side.submission.by == verdict.by:
        raise JudgeIsSubmitter()
    returns = side.returns + (verdict.action is SideAction.REJECT)
    return replace(side, state=state, returns=returns, verdict=verdict)


def propose_waiver(side: Side, waiver: Waiver) -> Side:
    """In the place of one that was refused; one that waits for its decision stands."""
    next_state(side.state, SideAction.WAIVE)
    if side.waiver is not None and side.waiver.is_given is None:
        raise IllegalTransition(state="waiver_proposed", action=SideAction.WAIVE.value)
    return replace(side, waiver=waiver)


def decide_waiver(side: Side, by: str, at_ms: int, *, is_given: bool, reason: str) -> Side:
    """The other department consents, and the side is waived; or it does not, and the side stays as it is."""
    state = next_state(side.state, SideAction.WAIVE)
    if side.waiver is None or side.waiver.is_given is not None:
        raise IllegalTransition(state=side.state.value, action="decide_waiver")
    if side.waiver.by == by:
        raise JudgeIsSubmitter()
    decided = replace(side.waiver, decided_by=by, decided_at_ms=at_ms, is_given=is_given, decision_reason=reason)
    return replace(side, state=state if is_given else side.state, waiver=decided)


def reopen(side: Side, verdict: Verdict) -> Side:
    """Open what was settled at most 30 days ago. It is no return: what was handed in had been good."""
    state = next_state(side.state, SideAction.REOPEN)
    settled_at_ms = side.settled_at_ms
    if settled_at_ms is None or verdict.at_ms > settled_at_ms + REOPEN_MS:
        raise ReopeningTooLate(days=REOPEN_MS // 86_400_000)
    return replace(side, state=state, verdict=verdict, waiver=None)
