"""Enterprises, their units, their score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.registry import EnterpriseOut, EnterprisesOut, PointOut, UnitOut, UnitsOut
from chalicelib.api.models.score import ScoreEntryOut, ScoreOut, ScorePartOut, ScoreQuery
from chalicelib.domain.access import Action, can_see
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.domain.enterprise import Profile, Unit
    from chalicelib.domain.score import Score, ScoreEntry

api = Blueprint(__name__)


@endpoint(
    api,
    "GET",
    "/v1/enterprises",
    summary="Enterprises you can see",
    action=Action.READ_ENTERPRISE,
    response=EnterprisesOut,
)
def list_enterprises(call: Call) -> EnterprisesOut:
    seen = [
        one
        for one in call.services.registry.enterprises()
        if can_see(call.person, enterprise_id=one.id, region=one.region, industry=one.industry)
    ]
    return EnterprisesOut(items=[EnterpriseOut.model_validate(one) for one in seen])


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}", summary="One enterprise", action=Action.READ_ENTERPRISE,
    response=EnterpriseOut, problems=(NotFound,),
)  # fmt: skip
def get_enterprise(call: Call, enterprise_id: str) -> EnterpriseOut:
    from chalicelib.usecases.see_enterprise import see_enterprise

    return EnterpriseOut.model_validate(
        see_enterprise(enterprise_id, call.person, registry=call.services.registry).enterprise
    )


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/units", summary="An enterprise's units with their points",
    action=Action.READ_ENTERPRISE, response=UnitsOut, problems=(NotFound,),
)  # fmt: skip
def list_units(call: Call, enterprise_id: str) -> UnitsOut:
    from chalicelib.usecases.see_enterprise import see_enterprise

    profile = see_enterprise(enterprise_id, call.person, registry=call.services.registry)
    return UnitsOut(items=[_unit(unit, profile) for unit in profile.units])


@endpoint(
    api, "GET", "/v1/units/{unit_id}", summary="One unit with its points", action=Action.READ_ENTERPRISE,
    response=UnitOut, problems=(NotFound,),
)  # fmt: skip
def get_unit(call: Call, unit_id: str) -> UnitOut:
    from chalicelib.usecases.read_readings import visible_unit
    from chalicelib.usecases.see_enterprise import see_enterprise

    unit = visible_unit(unit_id, call.person, call.services.registry)
    return _unit(unit, see_enterprise(unit.enterprise_id, call.person, registry=call.services.registry))


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/score", summary="Score, grade and entries of a month",
    action=Action.READ_SCORE, query=ScoreQuery, response=ScoreOut, problems=(NotFound,),
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
        catalogues=ports.catalogues,
        clock=ports.clock,
        zone=ports.zone,
    )
    return _score(score, call.language)


def _unit(unit: Unit, profile: Profile) -> UnitOut:
    points = [PointOut.model_validate(point) for point in profile.points_of(unit.id)]
    return UnitOut.of(unit, points)


def _score(score: Score, language: str) -> ScoreOut:
    return ScoreOut(
        enterprise_id=score.enterprise_id,
        month=score.month,
        score=score.value,
        grade=score.grade,
        grade_text=text(f"word.grade.{score.grade.value}", language),
        base=score.base,
        parts=[ScorePartOut(part=one, score=score.parts[one], weight=score.weights[one]) for one in score.parts],
        entries=[_entry(one, score, language) for one in score.entries],
    )


def _entry(one: ScoreEntry, score: Score, language: str) -> ScoreEntryOut:
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
        repair_text=text(f"word.repair.{one.cause.value}", language),
    )
