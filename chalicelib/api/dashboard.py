"""The picture of the park: figures that are kept, from the whole park down to a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import ALLOWED, Action
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.api.models.dashboard import (
        CompletenessOut,
        DashboardOut,
        DashboardQueryIn,
        FiguresOut,
        MonthFiguresOut,
        RebuildOut,
        ScoreFiguresOut,
        TaskFiguresOut,
        TierCountsOut,
    )
    from chalicelib.domain.dashboard_figures import Figures, MonthFigures, ScoreFigures
    from chalicelib.usecases.read_dashboard import Node, Picture

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/dashboard", summary="Figures of what you see, or of a part of it, and of what is right below",
    action=Action.READ_DASHBOARD, query="dashboard.DashboardQueryIn", response="dashboard.DashboardOut",
    problems=(NotFound, InvalidCursor),
)  # fmt: skip
def get_dashboard(call: Call) -> DashboardOut:
    from chalicelib.usecases.read_dashboard import DashboardQuery, read_dashboard

    query: DashboardQueryIn = call.query
    ports = call.services
    picture = read_dashboard(
        DashboardQuery(query.region, query.industry, query.enterprise, query.month),
        call.person,
        query.cursor,
        query.limit,
        dashboard=ports.dashboard,
        registry=ports.registry,
        blocks=ports.blocks,
        clock=ports.clock,
        zone=ports.zone,
    )
    return _picture(call, picture)


@endpoint(
    api, "POST", "/v1/dashboard/rebuilds", summary="Have all figures counted anew from the history, beside those that are read",
    action=Action.REBUILD_DASHBOARD, response="dashboard.RebuildOut", status=202,
)  # fmt: skip
def post_rebuild(call: Call) -> RebuildOut:
    from chalicelib.api.models.dashboard import RebuildOut
    from chalicelib.usecases.rebuild_dashboard import ask_for_rebuild

    found = ask_for_rebuild(call.person, dashboard_desk=call.services.dashboard_desk)
    return RebuildOut(
        generation=found.live,
        building=found.building,
        asked_at=found.changed_at_ms or None,
        built_to=found.built_to or None,
    )


def _picture(call: Call, picture: Picture) -> DashboardOut:
    from chalicelib.api.models.dashboard import DashboardNodeOut, DashboardOut

    return DashboardOut(
        **_node(call, picture.node, picture),
        last_data_at=picture.last_data_at_ms,
        is_rebuilding=picture.generations.building is not None,
        children=[DashboardNodeOut(**_node(call, one, picture)) for one in picture.children.items],
        next_cursor=picture.children.cursor,
    )


def _node(call: Call, node: Node, picture: Picture) -> dict[str, Any]:
    from chalicelib.domain.dashboard_scope import Level

    what = node.what
    may_see_scores = call.person.role in ALLOWED[Action.READ_SCORE]
    return {
        "level": what.level,
        "level_text": text(f"word.level.{what.level.value}", call.language),
        "region": what.region or None,
        "industry": what.industry or None,
        "id": what.id or None,
        "name": node.name or None,
        "figures": _figures(call, node.figures, picture, may_see_scores and what.level is not Level.UNIT),
    }


def _figures(call: Call, found: Figures, picture: Picture, has_scores: bool) -> FiguresOut:
    from chalicelib.api.models.dashboard import FiguresOut

    return FiguresOut(
        warnings=_tiers(found.warnings),
        tasks=_tasks(call, found),
        observations=found.observations,
        month=_month(found.month, picture.month),
        scores=_scores(call, found.scores) if has_scores else None,
        completeness=_completeness(found, picture),
    )


def _tiers(found: Mapping[int, int]) -> TierCountsOut:
    from chalicelib.api.models.dashboard import TierCountsOut

    return TierCountsOut(tier_1=found[1], tier_2=found[2], tier_3=found[3], total=sum(found.values()))


def _tasks(call: Call, found: Figures) -> TaskFiguresOut:
    from chalicelib.api.models.dashboard import SideProgressOut, TaskFiguresOut

    return TaskFiguresOut(
        open=_tiers(found.tasks),
        overdue=found.overdue,
        unanswered=found.unanswered,
        shared=found.shared_tasks,
        sides=[
            SideProgressOut.model_validate(
                {"side": side, "side_text": text(f"word.side.{side.value}", call.language)}
                | {state.value: number for state, number in states.items()}
            )
            for side, states in found.sides.items()
        ],
    )


def _month(found: MonthFigures, month: str) -> MonthFiguresOut:
    from chalicelib.api.models.dashboard import HandlingOut, MonthFiguresOut

    return MonthFiguresOut(
        month=month,
        raised=_tiers(found.raised),
        retroactive=found.retroactive,
        observed=found.observed,
        opened=found.opened,
        closed=found.closed,
        on_time=found.on_time,
        on_time_share=found.on_time_share,
        handling=HandlingOut.model_validate(found.handling),
    )


def _scores(call: Call, found: ScoreFigures) -> ScoreFiguresOut:
    from chalicelib.api.models.dashboard import GradeCountOut, ScoreFiguresOut

    return ScoreFiguresOut(
        count=found.count,
        sum=found.sum,
        mean=found.mean,
        grades=[
            GradeCountOut(grade=one, grade_text=text(f"word.grade.{one.value}", call.language), count=number)
            for one, number in found.grades.items()
        ],
    )


def _completeness(found: Figures, picture: Picture) -> CompletenessOut:
    from chalicelib.api.models.dashboard import CompletenessOut

    kept, sources_at_ms = found.completeness, picture.generations.sources_at_ms
    is_seen = sources_at_ms is not None
    return CompletenessOut(
        enterprises=kept.enterprises,
        units=kept.units,
        reporting=kept.reporting if is_seen else None,
        share=kept.share if is_seen else None,
        sources_at=sources_at_ms,
        counted_at=found.counted_at_ms,
        checked_at=picture.generations.checked_at_ms,
    )
