"""Inspection reports as documents: announced, uploaded, read, each value confirmed by a person before it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, InvalidCursor, InvalidRequest, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.inspections import (
        InspectionHeadOut,
        InspectionOut,
        InspectionsOut,
        LabValueOut,
        LabValuesOut,
    )
    from chalicelib.domain.inspection_report import InspectionReport, LabValue, Measured

api = Blueprint(__name__)


@endpoint(
    api, "POST", "/v1/inspections", summary="Announce an inspection report and get leave to upload it",
    action=Action.BRING_INSPECTION, request="inspections.InspectionIn", response="inspections.InspectionOut", status=201,
    problems=(NotFound, ContentConflict),
)  # fmt: skip
def post_inspection(call: Call) -> InspectionOut:
    from chalicelib.api.models.evidence import UploadOut
    from chalicelib.domain.inspection_report import InspectionReport
    from chalicelib.usecases.take_inspection import announce_inspection

    given, ports = call.body, call.services
    report = InspectionReport(
        id=given.id,
        enterprise_id=given.enterprise_id or call.person.enterprise_id or "",
        unit_id=given.unit_id or "",
        title=given.title,
        laboratory=given.laboratory,
        sampled_at_ms=given.sampled_at,
        content_type=given.content_type,
        sha256=given.sha256,
        size_bytes=given.size,
        uploaded_by="",
        announced_at_ms=0,
    )
    known, ticket = announce_inspection(
        report,
        call.person,
        inspections=ports.inspections,
        registry=ports.registry,
        media=ports.media,
        clock=ports.clock,
    )
    view = _view(call, known)
    view.upload = UploadOut.model_validate(ticket) if ticket else None
    return view


@endpoint(
    api, "GET", "/v1/inspections/{report_id}", summary="An inspection report with what was read of it",
    action=Action.READ_INSPECTION, response="inspections.InspectionOut", problems=(NotFound,),
)  # fmt: skip
def get_inspection(call: Call, report_id: str) -> InspectionOut:
    from chalicelib.usecases.take_inspection import see_inspection

    ports = call.services
    return _view(call, see_inspection(report_id, call.person, inspections=ports.inspections, registry=ports.registry))


@endpoint(
    api, "GET", "/v1/inspections", summary="Inspection reports you can see, newest first", action=Action.READ_INSPECTION,
    query=PageQuery, response="inspections.InspectionsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_inspections(call: Call) -> InspectionsOut:
    from chalicelib.api.models.inspections import InspectionsOut
    from chalicelib.usecases import take_inspection as take

    ports, query = call.services, call.query
    page = take.list_inspections(
        call.person, query.cursor, query.limit, inspections=ports.inspections, registry=ports.registry
    )
    return InspectionsOut(items=[_head(one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "POST", "/v1/inspections/{report_id}/values/{number}/decision", summary="Confirm a value, correct it, or reject it",
    action=Action.CONFIRM_INSPECTION, request="inspections.ValueDecisionIn", response="inspections.InspectionOut",
    problems=(NotFound, IllegalTransition),
)  # fmt: skip
def decide_value(call: Call, report_id: str, number: str) -> InspectionOut:
    from chalicelib.usecases import take_inspection as take

    given, ports = call.body, call.services
    report = take.decide_value(
        report_id,
        int(number) if number.isdecimal() and len(number) <= 4 else 0,
        given.decision,
        _given(call),
        given.note,
        call.person,
        inspections=ports.inspections,
        registry=ports.registry,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return _view(call, report)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/lab-values", summary="Confirmed values of an enterprise's inspection reports",
    action=Action.READ_INSPECTION, query=PageQuery, response="inspections.LabValuesOut", problems=(NotFound, InvalidCursor),
)  # fmt: skip
def list_lab_values(call: Call, enterprise_id: str) -> LabValuesOut:
    from chalicelib.api.models.inspections import LabValuesOut
    from chalicelib.usecases import take_inspection as take

    ports, query = call.services, call.query
    page = take.list_lab_values(
        enterprise_id,
        call.person,
        query.cursor,
        query.limit,
        inspections=ports.inspections,
        registry=ports.registry,
    )
    return LabValuesOut(items=[_lab_value(call, one) for one in page.items], next_cursor=page.cursor)


def _given(call: Call) -> Measured | None:
    """What a correction says, all of it or nothing. Raises InvalidRequest for half of one."""
    from chalicelib.domain.errors import FieldError
    from chalicelib.domain.inspection_report import Measured, ValueState

    given = call.body
    if given.decision is not ValueState.CORRECTED:
        return None
    missing = [name for name in ("indicator", "value", "unit") if getattr(given, name) is None]
    if missing:
        raise InvalidRequest(errors=[FieldError(name, "missing", "") for name in missing])
    return Measured(given.indicator, given.value, given.unit, given.is_below)


def _view(call: Call, report: InspectionReport) -> InspectionOut:
    from chalicelib.api.models.inspections import InspectionOut
    from chalicelib.domain.inspection_report import ReportState
    from chalicelib.usecases.take_inspection import document_key

    view = InspectionOut.model_validate(report)
    for one in view.values:
        one.state_text = text(f"word.lab_value.{one.state.value}", call.language)
    if report.reason is not None:
        view.reason_text = text(f"word.document.{report.reason.value}", call.language)
    if report.state is ReportState.READ:
        view.url = call.services.media.download_url(document_key(report.id), version=report.stored_version)
    return view


def _head(report: InspectionReport) -> InspectionHeadOut:
    from chalicelib.api.models.inspections import InspectionHeadOut
    from chalicelib.domain.inspection_report import ValueState

    return InspectionHeadOut(
        id=report.id,
        enterprise_id=report.enterprise_id,
        title=report.title,
        laboratory=report.laboratory,
        sampled_at=report.sampled_at_ms,
        announced_at=report.announced_at_ms,
        state=report.state,
        pending=sum(one.state is ValueState.PENDING for one in report.values),
    )


def _lab_value(call: Call, one: LabValue) -> LabValueOut:
    from chalicelib.api.models.inspections import LabValueOut

    measured = one.measured
    indicator = call.services.catalogues.current().indicators.get(measured.indicator)
    view = LabValueOut(
        enterprise_id=one.enterprise_id,
        unit_id=one.unit_id,
        report_id=one.report_id,
        number=one.number,
        indicator=measured.indicator,
        indicator_name=measured.indicator if indicator is None else indicator.name[call.language],
        value=measured.value,
        unit=measured.unit,
        is_below=measured.is_below,
        sampled_at=one.sampled_at_ms,
        laboratory=one.laboratory,
        source=one.source,
        confirmed_by=one.confirmed_by,
        confirmed_at=one.confirmed_at_ms,
    )
    if indicator is not None:
        clause = "" if indicator.clause is None else indicator.clause[call.language]
        view.limit, view.limit_source = indicator.limit, f"{indicator.standard or ''} {clause}".strip() or None
    return view
