"""Joint plans of chains, and their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, Forbidden, IllegalTransition, InvalidCursor, NotFound
from chalicelib.domain.messages import text
from chalicelib.domain.person import Role

if TYPE_CHECKING:
    from chalicelib.api.models.chain_plans import PlanOut, PlansOut, PlanStepOut, RunOut, RunsOut, RunStepOut
    from chalicelib.domain.chain_plan import ChainPlan, PlanRun, PlanStep

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/chain/plans/{plan_id}", summary="Register a joint plan", action=Action.KEEP_PLAN,
    request="chain_plans.PlanIn", response="chain_plans.PlanOut",
)  # fmt: skip
def put_plan(call: Call, plan_id: str) -> PlanOut:
    from chalicelib.usecases import keep_plans as keep

    ports = call.services
    plan = keep.put_plan(
        call.body.value_of(plan_id),
        call.person,
        plans=ports.plans,
        registry=ports.registry,
        resources=ports.resources,
    )
    return _plan(call, plan)


@endpoint(
    api, "GET", "/v1/chain/plans/{plan_id}", summary="A joint plan", action=Action.READ_PLAN,
    response="chain_plans.PlanOut", problems=(NotFound,),
)  # fmt: skip
def get_plan(call: Call, plan_id: str) -> PlanOut:
    from chalicelib.usecases import keep_plans as keep

    return _plan(call, keep.see_plan(plan_id, call.person, plans=call.services.plans))


@endpoint(
    api, "GET", "/v1/chain/plans", summary="The joint plans that you take part in, or may see", action=Action.READ_PLAN,
    response="chain_plans.PlansOut",
)  # fmt: skip
def list_plans(call: Call) -> PlansOut:
    from chalicelib.api.models.chain_plans import PlansOut
    from chalicelib.usecases import keep_plans as keep

    found = keep.list_plans(call.person, plans=call.services.plans)
    return PlansOut(items=[_plan(call, one) for one in found])


@endpoint(
    api, "POST", "/v1/chain/plans/{plan_id}/runs", summary="Start a joint plan for an incident", action=Action.START_PLAN,
    request="chain_plans.RunIn", response="chain_plans.RunOut", status=201, problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_run(call: Call, plan_id: str) -> RunOut:
    from chalicelib.usecases.run_plan import start_run

    given, ports = call.body, call.services
    run = start_run(
        given.id,
        plan_id,
        given.incident,
        given.alert_id or "",
        call.person,
        plans=ports.plans,
        plan_runs=ports.plan_runs,
        chain_alerts=ports.chain_alerts,
        registry=ports.registry,
        clock=ports.clock,
    )
    return _run(call, run)


@endpoint(
    api, "GET", "/v1/chain/runs", summary="Runs of joint plans, newest first", action=Action.READ_PLAN, query=PageQuery,
    response="chain_plans.RunsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_runs(call: Call) -> RunsOut:
    from chalicelib.api.models.chain_plans import RunsOut
    from chalicelib.usecases import run_plan

    page = run_plan.list_runs(call.person, call.query.cursor, call.query.limit, plan_runs=call.services.plan_runs)
    return RunsOut(items=[_run(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/chain/runs/{run_id}", summary="A run of a joint plan: whose turn it is", action=Action.READ_PLAN,
    response="chain_plans.RunOut", problems=(NotFound,),
)  # fmt: skip
def get_run(call: Call, run_id: str) -> RunOut:
    from chalicelib.usecases.run_plan import see_run

    return _run(call, see_run(run_id, call.person, plan_runs=call.services.plan_runs))


@endpoint(
    api, "POST", "/v1/chain/runs/{run_id}/steps/{step_id}/answer", summary="Say that a step is done, or cannot be",
    action=Action.ANSWER_PLAN, request="chain_plans.AnswerIn", response="chain_plans.RunOut",
    problems=(NotFound, Forbidden, IllegalTransition),
)  # fmt: skip
def post_step_answer(call: Call, run_id: str, step_id: str) -> RunOut:
    from chalicelib.usecases.run_plan import answer_step

    given, ports = call.body, call.services
    run = answer_step(
        run_id, step_id, given.state, given.note, call.person, plan_runs=ports.plan_runs, clock=ports.clock
    )
    return _run(call, run)


@endpoint(
    api, "POST", "/v1/chain/runs/{run_id}/end", summary="End a run before its last step", action=Action.END_PLAN,
    response="chain_plans.RunOut", problems=(NotFound,),
)  # fmt: skip
def end_run(call: Call, run_id: str) -> RunOut:
    from chalicelib.usecases import run_plan

    ports = call.services
    return _run(call, run_plan.end_run(run_id, call.person, plan_runs=ports.plan_runs, clock=ports.clock))


def _plan(call: Call, plan: ChainPlan) -> PlanOut:
    from chalicelib.api.models.chain_plans import PlanOut

    steps = [_plain_step(call, one) for one in plan.steps]
    return PlanOut(id=plan.id, name=plan.name, region=plan.region, steps=steps)


def _plain_step(call: Call, step: PlanStep) -> PlanStepOut:
    """With the emergency resource as it is now, for everybody who takes part: telephone numbers too."""
    from chalicelib.api.models.chain_plans import PlanStepOut

    view = PlanStepOut.model_validate(step)
    kept = call.services.resources.get(step.resource_id) if step.resource_id else None
    if kept is not None and not kept.is_removed:
        from chalicelib.api.models.emergency import EmergencyResourceOut, Shown

        shown = Shown(call.language, call.services.zone, with_phones=True)
        view.emergency_resource = EmergencyResourceOut.of(kept.value, call.services.clock.now_ms(), shown)
    return view


def _run(call: Call, run: PlanRun) -> RunOut:
    from chalicelib.api.models.chain_plans import RunOut

    return RunOut(
        id=run.id,
        plan_id=run.plan.id,
        name=run.plan.name,
        region=run.plan.region,
        incident=run.incident,
        alert_id=run.alert_id,
        started_by=run.started_by,
        started_at=run.started_at_ms,
        ended_at=run.ended_at_ms,
        steps=[_step(call, run, one) for one in run.plan.steps],
    )


def _step(call: Call, run: PlanRun, step: PlanStep) -> RunStepOut:
    from chalicelib.api.models.chain_plans import RunStepOut

    state, answer = run.state_of(step), run.answer_of(step.id)
    view = RunStepOut(
        **dict(_plain_step(call, step)),
        state=state,
        state_text=text(f"word.plan_step.{state.value}", call.language),
        due_at=run.due_at_ms(step),
        is_overdue=step.id in run.overdue,
    )
    if answer is not None:
        view.answered_at, view.note = answer.at_ms, answer.note
        if call.person.role is not Role.ENTERPRISE or call.person.enterprise_id == step.enterprise_id:
            view.answered_by = answer.by
    return view
