"""Drills: planned and held by the committee, seen by those who take part, reported step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, InvalidCursor, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.drills import CourseOut, DrillOut, DrillsOut, ReportOut, ScenariosOut, StepOut
    from chalicelib.domain.drill import Course, Drill, Step

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/drill-scenarios", summary="What can be practised", action=Action.READ_DRILL,
    response="drills.ScenariosOut",
)  # fmt: skip
def list_scenarios(call: Call) -> ScenariosOut:
    from chalicelib.api.models.drills import ActOut, ScenarioOut, ScenariosOut

    return ScenariosOut(
        items=[
            ScenarioOut(
                id=one.id,
                title=one.title[call.language],
                text=one.text[call.language],
                acts=[ActOut.model_validate(act) for act in one.acts],
            )
            for one in call.services.drill_desk.scenarios()
        ]
    )


@endpoint(
    api, "POST", "/v1/drills", summary="Plan a drill", action=Action.HOLD_DRILL, request="drills.DrillIn",
    response="drills.DrillOut", status=201, problems=(ContentConflict,),
)  # fmt: skip
def post_drill(call: Call) -> DrillOut:
    from chalicelib.domain.drill import Drill
    from chalicelib.usecases.hold_drill import plan_drill, scenario_named

    given, desk = call.body, call.services.drill_desk
    draft = Drill(
        id=given.id,
        title=given.title,
        scenario=scenario_named(given.scenario, desk),
        targets=(),
        people=tuple(given.people),
        starts_at_ms=given.starts_at,
        lasts_min=given.lasts_min,
        planned_by=call.person.id,
        planned_at_ms=0,
    )
    return _drill(call, plan_drill(draft, given.units, call.person, drill_desk=desk))


@endpoint(
    api, "GET", "/v1/drills", summary="Drills that you hold or take part in, newest first", action=Action.READ_DRILL,
    query=PageQuery, response="drills.DrillsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_drills(call: Call) -> DrillsOut:
    from chalicelib.api.models.drills import DrillsOut
    from chalicelib.usecases import hold_drill

    desk = call.services.drill_desk
    page = hold_drill.list_drills(call.person, call.query.cursor, call.query.limit, drill_desk=desk)
    return DrillsOut(items=[_drill(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/drills/{drill_id}", summary="One drill", action=Action.READ_DRILL, response="drills.DrillOut",
    problems=(NotFound,),
)  # fmt: skip
def get_drill(call: Call, drill_id: str) -> DrillOut:
    from chalicelib.usecases.hold_drill import see_drill

    return _drill(call, see_drill(drill_id, call.person, drill_desk=call.services.drill_desk))


@endpoint(
    api, "POST", "/v1/drills/{drill_id}/start", summary="Start a drill: its test data are injected",
    action=Action.HOLD_DRILL, response="drills.DrillOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def start_drill(call: Call, drill_id: str) -> DrillOut:
    from chalicelib.usecases import hold_drill

    return _drill(call, hold_drill.start_drill(drill_id, call.person, drill_desk=call.services.drill_desk))


@endpoint(
    api, "POST", "/v1/drills/{drill_id}/end", summary="End a drill before its time is over: its report is made",
    action=Action.HOLD_DRILL, response="drills.DrillOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def end_drill(call: Call, drill_id: str) -> DrillOut:
    from chalicelib.usecases import hold_drill

    return _drill(call, hold_drill.end_drill(drill_id, call.person, drill_desk=call.services.drill_desk))


@endpoint(
    api, "POST", "/v1/drills/{drill_id}/cancellation", summary="Call a drill off", action=Action.HOLD_DRILL,
    response="drills.DrillOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def cancel_drill(call: Call, drill_id: str) -> DrillOut:
    from chalicelib.usecases import hold_drill

    return _drill(call, hold_drill.cancel_drill(drill_id, call.person, drill_desk=call.services.drill_desk))


@endpoint(
    api, "GET", "/v1/drills/{drill_id}/report", summary="A drill's report: each step with its time and its target",
    action=Action.READ_DRILL, response="drills.ReportOut", problems=(NotFound,),
)  # fmt: skip
def get_drill_report(call: Call, drill_id: str) -> ReportOut:
    from chalicelib.api.models.drills import ReportOut
    from chalicelib.usecases.hold_drill import see_report
    from chalicelib.usecases.report_drill import points_of

    drill, report = see_report(drill_id, call.person, drill_desk=call.services.drill_desk)
    return ReportOut(
        drill_id=drill.id,
        title=drill.title,
        state=drill.state,
        at=report.at_ms,
        steps_total=report.total,
        steps_done=report.done,
        steps_late=report.late,
        courses=[_course(call, one, report.at_ms) for one in report.courses],
        points=points_of(drill, call.services.clock.now_ms(), call.services.drill_desk),
    )


def _drill(call: Call, drill: Drill) -> DrillOut:
    from chalicelib.api.models.drills import DrillOut

    return DrillOut(
        id=drill.id,
        title=drill.title,
        scenario=drill.scenario.id,
        scenario_title=drill.scenario.title[call.language],
        state=drill.state,
        state_text=text(f"word.drill_state.{drill.state.value}", call.language),
        enterprises=sorted(drill.enterprises),
        units=[one.unit_id for one in drill.targets],
        people=list(drill.people),
        starts_at=drill.starts_at_ms,
        lasts_min=drill.lasts_min,
        planned_by=drill.planned_by,
        started_at=drill.started_at_ms,
        ends_at=drill.ends_at_ms,
        ended_at=drill.ended_at_ms,
    )


def _course(call: Call, course: Course, now_ms: int) -> CourseOut:
    from chalicelib.api.models.drills import CourseOut

    begun_ms = course.steps[0].at_ms
    return CourseOut(
        enterprise_id=course.enterprise_id,
        unit_id=course.unit_id,
        warning_id=course.warning_id,
        task_id=course.task_id,
        tier=course.tier,
        steps=[_step(call, one, begun_ms, now_ms) for one in course.steps],
    )


def _step(call: Call, step: Step, begun_ms: int | None, now_ms: int) -> StepOut:
    from chalicelib.api.models.drills import StepOut

    took = None if step.at_ms is None or begun_ms is None else (step.at_ms - begun_ms) / 1000
    return StepOut(
        step=step.name,
        text=text(f"word.drill_step.{step.name}", call.language),
        at=step.at_ms,
        target=step.target_ms,
        took_s=took,
        is_late=step.is_late(now_ms),
    )
