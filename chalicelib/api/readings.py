"""Uploads from bridges, and reading them back."""

from chalice.app import Blueprint

from chalicelib.api.bridges import waiting_commands
from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.bridges import SourceModel
from chalicelib.api.models.readings import (
    ReadingsOut,
    ReadingsQuery,
    ReceiptOut,
    SeriesOut,
    SeriesProblem,
    SeriesResultOut,
    UnitAdviceOut,
    UploadIn,
)
from chalicelib.domain.access import Action
from chalicelib.domain.errors import Busy, ContentConflict, NotFound, NothingUsable, TooLarge, UnsupportedMediaType
from chalicelib.domain.messages import text
from chalicelib.domain.source import Source
from chalicelib.domain.upload import SeriesResult
from chalicelib.observability import count
from chalicelib.usecases.ingest_readings import Receipt, Upload, ingest_readings
from chalicelib.usecases.read_readings import read_readings, wire_values

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/readings", summary="Store an upload of readings", request=UploadIn, response=ReceiptOut, status=202,
    problems=(NothingUsable, ContentConflict, TooLarge, UnsupportedMediaType, Busy),
)  # fmt: skip
def post_readings(call: Call) -> ReceiptOut:
    upload = _upload(call)
    ports = call.services
    try:
        receipt = ingest_readings(
            upload,
            call.bridge,
            registry=ports.registry,
            blocks=ports.blocks,
            states=ports.states,
            catalogues=ports.catalogues,
            clock=ports.clock,
        )
    except NothingUsable as error:
        error.params["results"] = [
            r.model_dump(exclude_none=True) for r in _results(error.params["results"], call.language)
        ]  # type: ignore[attr-defined]
        raise
    count("ReadingsStored", receipt.stored_readings)
    answer = _receipt(receipt, call.language)
    if call.is_minimal_wanted:
        answer.results = [one for one in answer.results if one.status != 202]
        call.answer_headers["Preference-Applied"] = "return=minimal"
    answer.commands = waiting_commands(call) if receipt.may_have_commands else []
    return answer


def _upload(call: Call) -> Upload:
    given = call.body.source
    source = None if given is None else Source(given.spool, tuple(given.rows))
    return Upload(call.body.block_id, call.body.series, call.correlation_id, source)


def _receipt(receipt: Receipt, language: str) -> ReceiptOut:
    source = receipt.source
    return ReceiptOut(
        block_id=receipt.block_id,
        received_at=receipt.received_at_ms,
        stored_readings=receipt.stored_readings,
        results=_results(receipt.results, language),
        units=[
            UnitAdviceOut(
                unit=one.unit_id, sampling_interval_s=one.sampling_interval_s, tier=one.tier, points=list(one.point_ids)
            )
            for one in receipt.units
        ],
        source=None if source is None else SourceModel.model_construct(spool=source.spool, rows=list(source.rows)),
    )


def _results(results: object, language: str) -> list[SeriesResultOut]:
    assert isinstance(results, list | tuple)
    return [_result(one, language) for one in results]


def _result(one: SeriesResult, language: str) -> SeriesResultOut:
    if one.refusal is None:
        return SeriesResultOut(index=one.index, point=one.point_id, status=202, stored=one.stored)
    title = text(f"refusal.{one.refusal.code}", language, **one.refusal.params)
    error = SeriesProblem(code=one.refusal.code, title=title)
    return SeriesResultOut(index=one.index, point=one.point_id[:64], status=422, stored=0, error=error)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/readings", summary="Read a unit's readings back", action=Action.READ_READINGS,
    query=ReadingsQuery, response=ReadingsOut, problems=(NotFound,),
)  # fmt: skip
def get_readings(call: Call, unit_id: str) -> ReadingsOut:
    points = [point for point in call.query.points.split(",") if point]
    ports = call.services
    series, next_from_ms = read_readings(
        unit_id, call.query.from_, call.query.to, points, call.person, registry=ports.registry, blocks=ports.blocks
    )
    unit = ports.registry.unit(unit_id)
    profile = ports.registry.profile(unit.enterprise_id) if unit else None
    assert profile is not None
    indicators = ports.catalogues.current().indicators
    known = profile.points_by_id
    return ReadingsOut(
        unit=unit_id,
        series=[
            SeriesOut(
                point=one.point_id,
                indicator=known[one.point_id].indicator,
                unit=indicators[known[one.point_id].indicator].unit,
                times=list(one.times_ms),
                values=wire_values(one),
                flags=list(one.flags),
            )
            for one in series
        ],
        next_from=next_from_ms,
    )
