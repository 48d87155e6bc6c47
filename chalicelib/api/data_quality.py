"""How much of a day's readings is fit to be judged, and what speaks against the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.data_quality import DataQualityOut, MarkOut
    from chalicelib.domain.data_quality import Fitness
    from chalicelib.domain.mark import Mark

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/data-quality", summary="How much of a day's readings is fit to be judged",
    action=Action.READ_READINGS, query="data_quality.DataQualityQuery", response="data_quality.DataQualityOut", problems=(NotFound,),
)  # fmt: skip
def get_data_quality(call: Call, enterprise_id: str) -> DataQualityOut:
    from chalicelib.api.models.data_quality import (
        DataQualityOut,
        DimensionFitnessOut,
        FitnessOut,
        PointFitnessOut,
        UnitFitnessOut,
    )
    from chalicelib.usecases.read_completeness import span_of
    from chalicelib.usecases.read_data_quality import read_data_quality

    ports, query = call.services, call.query
    day = date.fromisoformat(query.day) if query.day else _yesterday(call)
    span = span_of(day, None, ports.zone)
    found = read_data_quality(
        enterprise_id,
        span,
        query.unit,
        call.person,
        registry=ports.registry,
        catalogues=ports.catalogues,
        blocks=ports.blocks,
    )
    return DataQualityOut(
        enterprise_id=enterprise_id,
        day=day.isoformat(),
        from_=span.from_ms,
        to=span.to_ms,
        whole=FitnessOut(**_fitness(found.whole)),
        units=[UnitFitnessOut(unit=unit, **_fitness(one)) for unit, one in found.of_units().items()],
        dimensions=[
            DimensionFitnessOut(dimension=dimension, **_fitness(one))
            for dimension, one in found.of_dimensions().items()
        ],
        points=[
            PointFitnessOut(point=one.point_id, unit=one.unit_id, dimension=one.dimension, **_fitness(one.fitness))
            for one in found.points
        ],
        marks=[_mark(one, call.language) for one in found.marks[: query.limit]],
        more=max(0, len(found.marks) - query.limit),
    )


def _yesterday(call: Call) -> date:
    now = datetime.fromtimestamp(call.services.clock.now_ms() / 1000, UTC).astimezone(call.services.zone)
    return now.date() - timedelta(days=1)


def _fitness(one: Fitness) -> dict[str, Any]:
    return {"readings": one.readings, "fit": one.fit, "share": one.share, "by_mark": dict(one.by_mark)}


def _mark(one: Mark, language: str) -> MarkOut:
    from chalicelib.api.models.data_quality import MarkOut

    return MarkOut(
        kind=one.kind,
        text=text(f"word.mark.{one.kind.value}", language),
        point=one.point_id,
        from_=one.from_ms,
        until=one.until_ms,
        readings=one.readings,
        evidence=dict(one.evidence),
    )
