"""Scores with their parts and entries, and objections against those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import (
    ContentConflict,
    IllegalTransition,
    InvalidCursor,
    NotFound,
    ObjectionTooLate,
    SameJudge,
)
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.score import (
        ChainShareOut,
        ObjectionIn,
        ObjectionOut,
        ObjectionsOut,
        RecountOut,
        ScoreEntryOut,
        ScoreOut,
    )
    from chalicelib.domain.objection import Objection
    from chalicelib.domain.score import Score, ScoreEntry
    from chalicelib.usecases.score_task import MonthScore
    from chalicelib.usecases.share_chain_results import SharedMonth

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/score", summary="Score, grade and entries of a month",
    action=Action.READ_SCORE, query="score.ScoreQuery", response="score.ScoreOut", problems=(NotFound,),
)  # fmt: skip
def get_score(call: Call, enterprise_id: str) -> ScoreOut:
    from chalicelib.domain.score import month_of
    from chalicelib.usecases.score_task import month_score

    ports = call.services
    month = call.query.month or month_of(ports.clock.now_ms(), ports.zone)
    score = month_score(
        enterprise_id,
        month,
        call.person,
        registry=ports.registry,
        scores=ports.scores,
        tasks=ports.tasks,
        warnings=ports.warnings,
        hazards=ports.hazards,
        catalogues=ports.catalogues,
        clock=ports.clock,
        zone=ports.zone,
    )
    return _score(call, score)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/score/recount", summary="A month's ledger beside what the history gives anew",
    action=Action.RECOUNT_SCORE, query="score.ScoreQuery", response="score.RecountOut", problems=(NotFound,),
)  # fmt: skip
def get_recount(call: Call, enterprise_id: str) -> RecountOut:
    from chalicelib.api.models.score import RecountOut
    from chalicelib.domain.score import month_of
    from chalicelib.usecases.score_task import compare_with_history

    ports = call.services
    found = compare_with_history(
        enterprise_id,
        call.query.month or month_of(ports.clock.now_ms(), ports.zone),
        call.person,
        registry=ports.registry,
        scores=ports.scores,
        tasks=ports.tasks,
        warnings=ports.warnings,
        hazards=ports.hazards,
        chain_months=ports.chain_months,
        results=ports.results,
        training=ports.training,
        catalogues=ports.catalogues,
        zone=ports.zone,
    )
    return RecountOut.model_validate(found)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/score/chain", summary="What partners of the chain share of their month, by partner and link",
    action=Action.READ_SCORE, query="score.ScoreQuery", response="score.ChainShareOut", problems=(NotFound,),
)  # fmt: skip
def get_chain_share(call: Call, enterprise_id: str) -> ChainShareOut:
    from chalicelib.domain.score import month_of
    from chalicelib.usecases.share_chain_results import see_chain_share

    ports = call.services
    found = see_chain_share(
        enterprise_id,
        call.query.month or month_of(ports.clock.now_ms(), ports.zone),
        call.person,
        chain_months=ports.chain_months,
        links=ports.links,
        registry=ports.registry,
        scores=ports.scores,
        catalogues=ports.catalogues,
        clock=ports.clock,
        zone=ports.zone,
    )
    return _chain_share(found)


@endpoint(
    api, "POST", "/v1/score-objections", summary="Object to an entry of your score: it does not count until it was judged",
    action=Action.OBJECT_TO_SCORE, request="score.ObjectionIn", response="score.ObjectionOut", status=201,
    problems=(NotFound, ContentConflict, IllegalTransition, ObjectionTooLate),
)  # fmt: skip
def post_objection(call: Call) -> ObjectionOut:
    from chalicelib.usecases.object_to_score import raise_objection

    given: ObjectionIn = call.body
    ports = call.services
    raised = raise_objection(
        given.id,
        given.month,
        given.entry,
        given.reason,
        call.person,
        call.correlation_id,
        scores=ports.scores,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return _objection(call, raised)


@endpoint(
    api, "GET", "/v1/score-objections", summary="Objections that are open, newest first", action=Action.READ_SCORE,
    query=PageQuery, response="score.ObjectionsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_objections(call: Call) -> ObjectionsOut:
    from chalicelib.api.models.score import ObjectionsOut
    from chalicelib.usecases.object_to_score import list_open_objections

    ports, query = call.services, call.query
    page = list_open_objections(call.person, query.cursor, query.limit, scores=ports.scores, registry=ports.registry)
    return ObjectionsOut(items=[_objection(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/score-objections/{objection_id}", summary="One objection", action=Action.READ_SCORE,
    response="score.ObjectionOut", problems=(NotFound,),
)  # fmt: skip
def get_objection(call: Call, objection_id: str) -> ObjectionOut:
    from chalicelib.usecases.object_to_score import see_objection

    ports = call.services
    return _objection(call, see_objection(objection_id, call.person, scores=ports.scores, registry=ports.registry))


@endpoint(
    api, "POST", "/v1/score-objections/{objection_id}/decision", summary="Judge an objection, as a second person",
    action=Action.JUDGE_OBJECTION, request="score.ObjectionDecisionIn", response="score.ObjectionOut",
    problems=(NotFound, IllegalTransition, SameJudge),
)  # fmt: skip
def decide_objection(call: Call, objection_id: str) -> ObjectionOut:
    from chalicelib.usecases import object_to_score as use

    ports = call.services
    decided = use.decide_objection(
        objection_id,
        call.body.uphold,
        call.body.reason,
        call.person,
        call.correlation_id,
        scores=ports.scores,
        tasks=ports.tasks,
        registry=ports.registry,
        clock=ports.clock,
    )
    return _objection(call, decided)


def _score(call: Call, found: MonthScore) -> ScoreOut:
    from chalicelib.api.models.score import ProjectionOut, ScoreOut, ScorePartOut

    score, ahead = found.score, found.projected
    projected = None
    if ahead is not None:
        projected = ProjectionOut(
            score=ahead.value,
            grade=ahead.grade,
            grade_text=text(f"word.grade.{ahead.grade.value}", call.language),
            is_downgrade=ahead.value < score.value and ahead.grade is not score.grade,
        )
    return ScoreOut(
        enterprise_id=score.enterprise_id,
        month=score.month,
        score=score.value,
        grade=score.grade,
        grade_text=text(f"word.grade.{score.grade.value}", call.language),
        base=score.base,
        parts=[ScorePartOut(part=one, score=score.parts[one], weight=score.weights[one]) for one in score.parts],
        entries=[_entry(one, score, call.language) for one in score.entries],
        projected=projected,
    )


def _entry(one: ScoreEntry, score: Score, language: str) -> ScoreEntryOut:
    from chalicelib.api.models.score import ScoreEntryOut

    return ScoreEntryOut(
        key=one.key,
        cause=one.cause,
        cause_text=text(f"word.cause.{one.cause.value}", language),
        points=one.points,
        parts=list(one.parts),
        effect=round(one.points * sum(score.weights[part] for part in one.parts), 2),
        task_id=one.task_id,
        at=one.at_ms,
        catalogue_version=one.catalogue_version,
        rule=one.rule,
        evidence=list(one.evidence),
        corrects=one.corrects,
        figures=dict(one.figures),
        is_frozen=one.key in score.frozen,
        repair_text=text(f"word.repair.{one.cause.value}", language),
    )


def _chain_share(shared: SharedMonth) -> ChainShareOut:
    from chalicelib.api.models.score import ChainLinkOut, ChainPartnerOut, ChainShareOut

    return ChainShareOut(
        enterprise_id=shared.found.enterprise_id,
        month=shared.month,
        is_settled=shared.is_settled,
        points=shared.found.points,
        share_of=shared.share.share_of,
        mark=shared.share.mark,
        most=shared.share.most,
        partners=[
            ChainPartnerOut(
                enterprise_id=one.enterprise_id,
                enterprise_name=shared.names.get(one.enterprise_id, one.enterprise_id),
                result=one.result,
                strength=one.strength,
                points=one.points,
                links=[ChainLinkOut(id=id, material=shared.materials.get(id)) for id in one.links],
            )
            for one in shared.found.partners
        ],
    )


def _objection(call: Call, one: Objection) -> ObjectionOut:
    from chalicelib.api.models.score import ObjectionOut

    view = ObjectionOut.model_validate(one)
    view.state_text = text(f"word.objection.{one.state.value}", call.language)
    view.is_late = one.is_late_at(call.services.clock.now_ms())
    return view
