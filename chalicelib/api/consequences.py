"""Settled months, rankings, measures, the list of key supervision, and interviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import IllegalTransition, InvalidCursor, NotFound, PreconditionFailed
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.consequences import (
        FiguresOut,
        InterviewOut,
        InterviewsOut,
        MeasureOut,
        MeasuresOut,
        MinutesIn,
        PublishedMonthsOut,
        RankingOut,
        ResultOut,
        ResultsOut,
        SupervisionOut,
    )
    from chalicelib.domain.catalogue import ConsequenceRule
    from chalicelib.domain.consequence import Consequence
    from chalicelib.domain.interview import Interview
    from chalicelib.domain.month import MonthFigures, MonthResult

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/results", summary="An enterprise's settled months, newest first",
    action=Action.READ_SCORE, query=PageQuery, response="consequences.ResultsOut", problems=(NotFound, InvalidCursor),
)  # fmt: skip
def list_results(call: Call, enterprise_id: str) -> ResultsOut:
    from chalicelib.api.models.consequences import ResultsOut
    from chalicelib.usecases.hold_interview import results_of

    ports, query = call.services, call.query
    page = results_of(
        enterprise_id, call.person, query.cursor, query.limit, results=ports.results, registry=ports.registry
    )
    return ResultsOut(items=[_result(one, call.language) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/rankings", summary="The published ranking of a month, best first", action=Action.READ_RANKING,
    query="consequences.RankingQuery", response="consequences.RankingOut", problems=(NotFound, InvalidCursor),
)  # fmt: skip
def get_ranking(call: Call) -> RankingOut:
    from chalicelib.api.models.consequences import PlaceOut, RankingOut
    from chalicelib.usecases.publish_ranking import read_ranking

    ports, query = call.services, call.query
    found = read_ranking(query.month, query.industry, call.person, query.cursor, query.limit, results=ports.results)
    return RankingOut(
        month=found.ranking.month,
        revision=found.ranking.revision,
        published_at=found.ranking.published_at_ms,
        enterprises=found.ranking.enterprises,
        items=[
            PlaceOut(
                rank=one.rank,
                enterprise_id=one.enterprise_id,
                name=one.name,
                score=one.value,
                grade=one.grade,
                grade_text=text(f"word.grade.{one.grade.value}", call.language),
                change=one.change,
            )
            for one in found.places.items
        ],
        next_cursor=found.places.cursor,
    )


@endpoint(
    api, "GET", "/v1/rankings/published", summary="Which months have a published ranking, newest first",
    action=Action.READ_RANKING, query=PageQuery, response="consequences.PublishedMonthsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_published(call: Call) -> PublishedMonthsOut:
    from chalicelib.api.models.consequences import PublishedMonthsOut, PublishedOut
    from chalicelib.usecases.publish_ranking import list_rankings

    page = list_rankings(call.person, call.query.cursor, call.query.limit, results=call.services.results)
    return PublishedMonthsOut(items=[PublishedOut.model_validate(one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/measures", summary="An enterprise's measures, those that ended too, newest first",
    action=Action.READ_CONSEQUENCE, query=PageQuery, response="consequences.MeasuresOut",
    problems=(NotFound, InvalidCursor),
)  # fmt: skip
def list_measures_of(call: Call, enterprise_id: str) -> MeasuresOut:
    from chalicelib.api.models.consequences import MeasuresOut
    from chalicelib.usecases.hold_interview import measures_of

    ports, query = call.services, call.query
    page = measures_of(
        enterprise_id, call.person, query.cursor, query.limit, consequences=ports.consequences, registry=ports.registry
    )
    return MeasuresOut(items=[_measure(one, call) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/measures", summary="Measures in force, newest first", action=Action.READ_CONSEQUENCE,
    query=PageQuery, response="consequences.MeasuresOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_measures(call: Call) -> MeasuresOut:
    from chalicelib.api.models.consequences import MeasuresOut
    from chalicelib.usecases import hold_interview as use

    ports, query = call.services, call.query
    page = use.list_measures(
        call.person, query.cursor, query.limit, consequences=ports.consequences, registry=ports.registry
    )
    return MeasuresOut(items=[_measure(one, call) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/supervision", summary="Who is on the list of key supervision, newest first",
    action=Action.READ_CONSEQUENCE, query=PageQuery, response="consequences.SupervisionOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_supervised(call: Call) -> SupervisionOut:
    from chalicelib.api.models.consequences import SupervisedOut, SupervisionOut
    from chalicelib.usecases import hold_interview as use

    ports, query = call.services, call.query
    page = use.list_supervised(
        call.person, query.cursor, query.limit, consequences=ports.consequences, registry=ports.registry
    )
    items = [
        SupervisedOut(
            enterprise_id=one.enterprise_id,
            name=_name(one.enterprise_id, call),
            month=one.month,
            listed_at=one.listed_at_ms,
            figures=_figures(one.figures),
        )
        for one in page.items
    ]
    return SupervisionOut(items=items, next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/interviews", summary="The interview list, newest month first", action=Action.READ_CONSEQUENCE,
    query=PageQuery, response="consequences.InterviewsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_interviews(call: Call) -> InterviewsOut:
    from chalicelib.api.models.consequences import InterviewsOut
    from chalicelib.usecases import hold_interview as use

    ports, query = call.services, call.query
    page = use.list_interviews(
        call.person, query.cursor, query.limit, consequences=ports.consequences, registry=ports.registry
    )
    return InterviewsOut(items=[_interview(one, call) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/interviews/{month}", summary="An enterprise's interview of a month",
    action=Action.READ_CONSEQUENCE, response="consequences.InterviewOut", problems=(NotFound,),
)  # fmt: skip
def get_interview(call: Call, enterprise_id: str, month: str) -> InterviewOut:
    from chalicelib.usecases.hold_interview import see_interview

    ports = call.services
    found = see_interview(enterprise_id, month, call.person, consequences=ports.consequences, registry=ports.registry)
    return _interview(found, call)


@endpoint(
    api, "PUT", "/v1/enterprises/{enterprise_id}/interviews/{month}", summary="Write down an interview's minutes and outcome",
    action=Action.RECORD_INTERVIEW, request="consequences.MinutesIn", response="consequences.InterviewOut",
    problems=(NotFound, IllegalTransition, PreconditionFailed),
)  # fmt: skip
def put_interview(call: Call, enterprise_id: str, month: str) -> InterviewOut:
    from chalicelib.domain.interview import Minutes
    from chalicelib.usecases.hold_interview import record_interview

    given: MinutesIn = call.body
    ports = call.services
    recorded = record_interview(
        enterprise_id,
        month,
        Minutes(given.held_at, given.minutes, given.outcome, given.attended),
        call.if_match,
        call.person,
        consequences=ports.consequences,
        registry=ports.registry,
        clock=ports.clock,
    )
    return _interview(recorded, call)


def _result(one: MonthResult, language: str) -> ResultOut:
    from chalicelib.api.models.consequences import ResultOut, ResultPartOut

    return ResultOut(
        month=one.month,
        score=one.value,
        grade=one.grade,
        grade_text=text(f"word.grade.{one.grade.value}", language),
        parts=[ResultPartOut(part=part.value, score=score) for part, score in one.parts.items()],
        figures=_figures(one.figures),
        low_months=one.low_months,
        catalogue_version=one.catalogue_version,
        settled_at=one.settled_at_ms,
        revision=one.revision,
    )


def _figures(one: MonthFigures) -> FiguresOut:
    from chalicelib.api.models.consequences import FiguresOut

    return FiguresOut.model_validate(one)


def _measure(one: Consequence, call: Call) -> MeasureOut:
    from chalicelib.api.models.consequences import AmountOut, MeasureOut
    from chalicelib.domain.consequence import KEY_SUPERVISION

    catalogue = call.services.catalogues.version(one.catalogue_version) or call.services.catalogues.current()
    rule = catalogue.consequences.get(one.measure)
    is_listed = one.cause == KEY_SUPERVISION
    return MeasureOut(
        id=one.id,
        measure=one.measure,
        name=one.measure if rule is None else rule.name[call.language],
        enterprise_id=one.enterprise_id,
        cause=one.cause,
        cause_text=text("word.key_supervision" if is_listed else f"word.grade.{one.cause}", call.language),
        month=one.month,
        started_at=one.started_at_ms,
        ended_at=one.ended_at_ms,
        ended_by=one.ended_by,
        ended_by_text=None if one.ended_by is None else text(f"word.end.{one.ended_by.value}", call.language),
        unlock_text="" if rule is None else _unlock(rule, call.language),
        amount=None if rule is None or rule.amount is None else AmountOut.model_validate(rule.amount),
        visits=one.visits,
    )


def _unlock(rule: ConsequenceRule, language: str) -> str:
    from chalicelib.domain.consequence import KEY_SUPERVISION

    if rule.cause == KEY_SUPERVISION:
        return text("word.unlock.delisted", language)
    if rule.until_grade is None:
        return text("word.unlock.grade_lost", language)
    grade = text(f"word.grade.{rule.until_grade}", language)
    early = text("word.unlock.work_done", language) if rule.unlocked_by_work else ""
    return text("word.unlock.grade_at_least", language, grade=grade) + early


def _interview(one: Interview, call: Call) -> InterviewOut:
    from chalicelib.api.models.consequences import InterviewOut

    outcome = None if one.outcome is None else text(f"word.interview_outcome.{one.outcome.value}", call.language)
    return InterviewOut(
        enterprise_id=one.enterprise_id,
        name=_name(one.enterprise_id, call),
        month=one.month,
        scores=list(one.values),
        called_at=one.called_at_ms,
        state=one.state,
        state_text=text(f"word.interview.{one.state.value}", call.language),
        held_at=one.held_at_ms,
        minutes=one.minutes,
        outcome=one.outcome,
        outcome_text=outcome,
        attended=one.attended,
        recorded_by=one.recorded_by,
        recorded_at=one.recorded_at_ms,
        version=one.version,
    )


def _name(enterprise_id: str, call: Call) -> str:
    profile = call.services.registry.profile(enterprise_id)
    return profile.enterprise.name if profile else enterprise_id
