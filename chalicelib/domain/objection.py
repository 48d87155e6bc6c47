"""An objection against an entry of a score: while it is open the entry does not count, and a second person judges it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.errors import FieldError, IllegalTransition, InvalidRequest, ObjectionTooLate, SameJudge
from chalicelib.domain.score import ScoreEntry
from chalicelib.domain.task import Task

DAY_MS = 86_400_000


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"  # the entry is taken back by another one
    REJECTED = "rejected"  # the entry counts again


@dataclass(frozen=True, slots=True)
class Objection:
    """`due_at_ms` is by when it is to be judged; later it is still open, and said to be late."""

    id: str
    enterprise_id: str
    month: str
    entry_key: str
    reason: str
    by: str
    at_ms: int
    due_at_ms: int
    state: ObjectionState = ObjectionState.OPEN
    decided_by: str = ""
    decided_reason: str = ""
    decided_at_ms: int | None = None
    version: int = 0

    def is_late_at(self, now_ms: int) -> bool:
        return self.state is ObjectionState.OPEN and now_ms > self.due_at_ms


def object_to(
    entry: ScoreEntry, objection_id: str, reason: str, by: str, now_ms: int, policy: ScorePolicy
) -> Objection:
    """Raises InvalidRequest for what is no deduction, ObjectionTooLate after the policy's days."""
    if entry.points >= 0:
        raise InvalidRequest(errors=[FieldError("entry", "only_of_a_deduction", entry.key)])
    if now_ms > entry.at_ms + policy.objection_days * DAY_MS:
        raise ObjectionTooLate(days=policy.objection_days)
    due_at_ms = now_ms + policy.judging_days * DAY_MS
    return Objection(objection_id, entry.enterprise_id, entry.month, entry.key, reason, by, now_ms, due_at_ms)


def decide(objection: Objection, *, is_upheld: bool, by: str, reason: str, task: Task | None, at_ms: int) -> Objection:
    """Raises IllegalTransition where it was decided, SameJudge for who judged the task that the entry comes from."""
    state = ObjectionState.UPHELD if is_upheld else ObjectionState.REJECTED
    if objection.state is not ObjectionState.OPEN:
        raise IllegalTransition(state=objection.state.value, action=state.value)
    if task is not None and by in judges_of(task):
        raise SameJudge()
    return replace(objection, state=state, decided_by=by, decided_reason=reason, decided_at_ms=at_ms)


def judges_of(task: Task) -> frozenset[str]:
    """Who accepted a side of it, or gave their consent to a waiver."""
    sides = [task.side(one) for one in SIDES]
    verdicts = {one.verdict.by for one in sides if one.verdict is not None}
    waivers = {by for one in sides if one.waiver is not None for by in (one.waiver.by, one.waiver.decided_by) if by}
    return frozenset(verdicts | waivers)
