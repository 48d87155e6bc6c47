"""Run a joint plan: an incident starts it, step by step those whose turn it is answer, and the committee may end it."""

from dataclasses import replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.chain_plan import PlanRun, StepAnswer, StepState, answered, may_answer
from chalicelib.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.events import Event, PlanRunEnded, PlanStepsOpened, PlanStepStuck
from chalicelib.domain.person import Person, Role
from chalicelib.ports import ChainAlertRepo, Clock, Page, PlanRepo, PlanRunRepo, RegistryRepo
from chalicelib.usecases.keep_plans import may_see, see_plan
from chalicelib.usecases.read_chain_alerts import see_alert

ATTEMPTS = 5


def start_run(
    run_id: str,
    plan_id: str,
    incident: str,
    alert_id: str,
    person: Person,
    *,
    plans: PlanRepo,
    plan_runs: PlanRunRepo,
    chain_alerts: ChainAlertRepo,
    registry: RegistryRepo,
    clock: Clock,
) -> PlanRun:
    """Start a plan for an incident. The same again gives the run as it now stands; another one under its id is a ContentConflict."""
    require(person, Action.START_PLAN)
    plan = see_plan(plan_id, person, plans=plans)
    if alert_id:
        try:
            see_alert(alert_id, person, chain_alerts=chain_alerts, registry=registry)
        except NotFound:
            raise InvalidRequest(errors=[FieldError("alert_id", "unknown_alert", alert_id)]) from None
    run = PlanRun(run_id, plan, incident, alert_id, person.id, clock.now_ms())
    return plan_runs.add(run, [PlanStepsOpened("", run.started_at_ms, f"run-{run_id}", run_id, 0, _ids(run))])


def answer_step(
    run_id: str, step_id: str, state: StepState, note: str, person: Person, *, plan_runs: PlanRunRepo, clock: Clock
) -> PlanRun:
    """Say of a step that it is done, or cannot be. The same again changes nothing.

    Raises NotFound, Forbidden for a step of others, IllegalTransition out of turn.
    """
    require(person, Action.ANSWER_PLAN)
    for _ in range(ATTEMPTS):
        before = see_run(run_id, person, plan_runs=plan_runs)
        step = next((one for one in before.plan.steps if one.id == step_id), None)
        if step is None:
            raise NotFound(what="step")
        if not may_answer(person, step):
            raise Forbidden(action=Action.ANSWER_PLAN.value)
        after = answered(before, StepAnswer(step_id, state, person.id, clock.now_ms(), note))
        if after is before:
            return before
        try:
            return plan_runs.save(after, _events(before, after))
        except WriteConflict:
            continue
    raise WriteConflict


def end_run(run_id: str, person: Person, *, plan_runs: PlanRunRepo, clock: Clock) -> PlanRun:
    """End a run before its last step. Ending it again changes nothing."""
    require(person, Action.END_PLAN)
    for _ in range(ATTEMPTS):
        before = see_run(run_id, person, plan_runs=plan_runs)
        if before.ended_at_ms is not None:
            return before
        after = replace(before, ended_at_ms=clock.now_ms())
        try:
            return plan_runs.save(after, _events(before, after))
        except WriteConflict:
            continue
    raise WriteConflict


def see_run(run_id: str, person: Person, *, plan_runs: PlanRunRepo) -> PlanRun:
    require(person, Action.READ_PLAN)
    run = plan_runs.get(run_id)
    if run is None or not may_see(person, run.plan):
        raise NotFound(what="run")
    return run


def list_runs(person: Person, cursor: str | None, limit: int, *, plan_runs: PlanRunRepo) -> Page[PlanRun]:
    """Newest first."""
    require(person, Action.READ_PLAN)
    page = plan_runs.listing(person.enterprise_id if person.role is Role.ENTERPRISE else None, cursor, limit)
    return Page(tuple(one for one in page.items if may_see(person, one.plan)), page.cursor)


def _events(before: PlanRun, after: PlanRun) -> list[Event]:
    """What a change means to others: steps that are open now and were not, a step that is stuck, the end."""
    answer = after.answers[-1] if after.answers[len(before.answers) :] else None
    at_ms = answer.at_ms if answer else after.ended_at_ms or after.started_at_ms
    head, number = ("", at_ms, f"run-{after.id}", after.id), len(after.answers)
    new = tuple(id for id in _ids(after) if id not in _ids(before))
    events: list[Event] = [PlanStepsOpened(*head, number, new)] if new else []
    if answer is not None and answer.state is StepState.CANNOT:
        events.append(PlanStepStuck(*head, number, answer.step_id))
    if after.ended_at_ms is not None:
        events.append(PlanRunEnded(*head))
    return events


def _ids(run: PlanRun) -> tuple[str, ...]:
    return tuple(one.id for one in run.open_steps)
