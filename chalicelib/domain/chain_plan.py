"""A joint plan of a chain: who stops what in which order, and where emergency resources stand. An incident starts a run of it.

A run has the plan's steps as they were when it was started. A step opens when all that it comes after are done, and whoever it belongs
to answers it. What cannot be done holds up what comes after it until the committee settles it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import FieldError, IllegalTransition
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import Position


class StepState(StrEnum):
    WAITING = "waiting"  # for others
    OPEN = "open"
    DONE = "done"
    CANNOT = "cannot"


ANSWERS = (StepState.DONE, StepState.CANNOT)
# What an answer makes of a step. What cannot be done may be done after all; what is done stays done.
NEXT = {
    (StepState.OPEN, StepState.DONE),
    (StepState.OPEN, StepState.CANNOT),
    (StepState.CANNOT, StepState.DONE),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """Something for an emergency, and where it stands. Its step is answered by whether it is there and can be used."""

    name: str
    amount: str
    where: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """`enterprise_id` is whose it is, empty: the committee's. `unit_id` is what is stopped, empty: no unit. It is to be answered
    within `within_min` of opening. `resource_id` names a registered emergency resource that it needs, or none."""

    id: str
    text: str
    enterprise_id: str
    unit_id: str
    after: tuple[str, ...]
    within_min: int
    resource: Resource | None = None
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class ChainPlan:
    id: str
    name: str
    region: str
    steps: tuple[PlanStep, ...]

    @property
    def enterprises(self) -> frozenset[str]:
        return frozenset(one.enterprise_id for one in self.steps if one.enterprise_id)


@dataclass(frozen=True, slots=True)
class StepAnswer:
    step_id: str
    state: StepState
    by: str
    at_ms: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanRun:
    """`answers` in the order in which they came: of a step the last stands. `alert_id` is the alert that it was started for, or empty;
    `overdue` are steps of which it was said that their time is up."""

    id: str
    plan: ChainPlan
    incident: str
    alert_id: str
    started_by: str
    started_at_ms: int
    answers: tuple[StepAnswer, ...] = ()
    ended_at_ms: int | None = None
    overdue: tuple[str, ...] = ()
    version: int = 0

    def answer_of(self, step_id: str) -> StepAnswer | None:
        return next((one for one in reversed(self.answers) if one.step_id == step_id), None)

    def state_of(self, step: PlanStep) -> StepState:
        known = self.answer_of(step.id)
        if known is not None:
            return known.state
        is_open = all((one := self.answer_of(id)) is not None and one.state is StepState.DONE for id in step.after)
        return StepState.OPEN if is_open else StepState.WAITING

    def opened_at_ms(self, step: PlanStep) -> int | None:
        """When it became somebody's turn; None: it has not."""
        if self.state_of(step) is StepState.WAITING:
            return None
        known = (self.answer_of(id) for id in step.after)
        return max((one.at_ms for one in known if one is not None), default=self.started_at_ms)

    def due_at_ms(self, step: PlanStep) -> int | None:
        opened_ms = self.opened_at_ms(step)
        return None if opened_ms is None else opened_ms + step.within_min * 60_000

    @property
    def open_steps(self) -> tuple[PlanStep, ...]:
        if self.ended_at_ms is not None:
            return ()
        return tuple(one for one in self.plan.steps if self.state_of(one) is StepState.OPEN)


def wrong_order(steps: Sequence[PlanStep]) -> list[FieldError]:
    """Steps stand in an order in which they can be done: each comes after earlier ones only, so no two wait for each other."""
    found, seen = [], set[str]()
    for at, step in enumerate(steps):
        if step.id in seen:
            found.append(FieldError(f"steps.{at}.id", "repeated", step.id))
        found += [FieldError(f"steps.{at}.after", "unknown_step", id) for id in step.after if id not in seen]
        seen.add(step.id)
    return found


def answered(run: PlanRun, answer: StepAnswer) -> PlanRun:
    """The run with an answer; the same of the same person again leaves it as it is. The last step that is done ends it.

    Raises IllegalTransition for a step that is not open, or is done already, or of a run that has ended. KeyError: no such step.
    """
    step = {one.id: one for one in run.plan.steps}[answer.step_id]
    if any((one.step_id, one.state, one.by) == (step.id, answer.state, answer.by) for one in run.answers):
        return run
    state = run.state_of(step)
    if run.ended_at_ms is not None or (state, answer.state) not in NEXT:
        raise IllegalTransition(state="ended" if run.ended_at_ms else state.value, action=answer.state.value)
    changed = replace(run, answers=(*run.answers, answer))
    is_over = all(changed.state_of(one) is StepState.DONE for one in run.plan.steps)
    return replace(changed, ended_at_ms=answer.at_ms) if is_over else changed


def newly_overdue(run: PlanRun, now_ms: int) -> tuple[str, ...]:
    """Open steps whose time is up, and of which that was not said yet."""
    late = (one.id for one in run.open_steps if now_ms > (run.due_at_ms(one) or 0))
    return tuple(id for id in late if id not in run.overdue)


def may_answer(person: Person, step: PlanStep) -> bool:
    """Its enterprise; the committee may answer for anybody, as over the telephone."""
    if person.role is Role.ENTERPRISE:
        return person.enterprise_id == step.enterprise_id
    return person.role is Role.COMMITTEE
