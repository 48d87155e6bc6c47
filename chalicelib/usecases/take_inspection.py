"""Inspection reports: announce one, read its bytes when they land, see it; and what a person says of each value."""

import re
from dataclasses import replace
from hashlib import sha256

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.errors import FieldError, IllegalTransition, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.inspection_report import (
    MAX_BYTES,
    Decision,
    ExtractedValue,
    InspectionReport,
    LabValue,
    Measured,
    ReportRefusal,
    ReportState,
    ValueState,
    decide,
)
from chalicelib.domain.inspection_values import DocumentText, Vocabulary, find_values
from chalicelib.domain.person import Person, Role
from chalicelib.domain.ucum import NotConvertible, converted
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    DocumentReader,
    InspectionRepo,
    MediaStore,
    MediaTooLarge,
    Page,
    RegistryRepo,
    UploadTicket,
)
from chalicelib.usecases.see_enterprise import see_enterprise

KEY = re.compile(r"^incoming/inspections/(?P<report>[^/]+)$")
MAX_AHEAD_MS = 5 * 60_000
ATTEMPTS = 5


def announce_inspection(
    report: InspectionReport,
    person: Person,
    *,
    inspections: InspectionRepo,
    registry: RegistryRepo,
    media: MediaStore,
    clock: Clock,
) -> tuple[InspectionReport, UploadTicket | None]:
    """Announce a report and get leave to upload exactly it. Announcing it again gives a new ticket, while none has landed.

    Raises NotFound for an enterprise that they cannot see, InvalidRequest, ContentConflict for another report under its id.
    """
    require(person, Action.BRING_INSPECTION)
    profile, now_ms = see_enterprise(report.enterprise_id, person, registry=registry), clock.now_ms()
    if report.unit_id and report.unit_id not in profile.units_by_id:
        raise InvalidRequest(errors=[FieldError("unit_id", "unknown_unit", report.unit_id)])
    if report.sampled_at_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("sampled_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")])
    known = inspections.add(replace(report, uploaded_by=person.id, announced_at_ms=now_ms))
    if known.state is not ReportState.EXPECTED:
        return known, None
    ticket = media.upload_ticket(
        document_key(known.id), sha256=known.sha256, size_bytes=known.size_bytes, content_type=known.content_type, now_ms=now_ms
    )  # fmt: skip
    return known, ticket


def read_inspection(
    key: str,
    *,
    inspections: InspectionRepo,
    media: MediaStore,
    documents: DocumentReader,
    catalogues: CatalogueRepo,
    registry: RegistryRepo,
    clock: Clock,
) -> InspectionReport | None:
    """Read the bytes that landed under `key`: values that wait for a person, or refused with a reason. Again: no change.

    None for a key nobody announced. Raises MediaMissing where the object is gone.
    """
    match = KEY.match(key)
    report = inspections.get(match["report"]) if match else None
    if report is None or report.state is not ReportState.EXPECTED:
        return report
    found, stored_version = _read(report, key, media, documents)
    read = replace(report, read_at_ms=clock.now_ms(), stored_version=stored_version)
    if isinstance(found, ReportRefusal):
        read = replace(read, state=ReportState.REFUSED, reason=found)
    else:
        profile = registry.profile(report.enterprise_id)
        own = frozenset(one.indicator for one in profile.points) if profile else frozenset[str]()
        values, is_cut = find_values(found, Vocabulary(catalogues.current().indicators, own))
        read = replace(read, state=ReportState.READ, values=values, is_cut=is_cut)
    try:
        return inspections.save(read, None)
    except WriteConflict:
        return inspections.get(report.id)  # another one was first


def _read(
    report: InspectionReport, key: str, media: MediaStore, documents: DocumentReader
) -> tuple[DocumentText | ReportRefusal, str]:
    """What stands in the bytes, or why they are not read, and the version of them."""
    try:
        stored = media.read(key, max_bytes=MAX_BYTES)
    except MediaTooLarge:
        return ReportRefusal.SIZE_MISMATCH, ""
    if len(stored.data) != report.size_bytes:
        return ReportRefusal.SIZE_MISMATCH, stored.version
    if sha256(stored.data).hexdigest() != report.sha256:
        return ReportRefusal.HASH_MISMATCH, stored.version
    return documents.read(stored.data, report.content_type), stored.version


def decide_value(
    report_id: str,
    number: int,
    state: ValueState,
    given: Measured | None,
    note: str,
    person: Person,
    *,
    inspections: InspectionRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> InspectionReport:
    """Confirm a value as it was read, correct it, or reject it. The same again changes nothing; another decision takes its place.

    Raises NotFound, IllegalTransition while the report is not read, InvalidRequest for a value that has no indicator or unit yet.
    """
    require(person, Action.CONFIRM_INSPECTION)
    for _ in range(ATTEMPTS):
        report = see_inspection(report_id, person, inspections=inspections, registry=registry)
        if report.state is not ReportState.READ:
            raise IllegalTransition(state=report.state.value, action=state.value)
        value = report.value(number)
        if value is None:
            raise NotFound(what="value")
        measured = _measured(value, state, given, catalogues)
        changed = decide(report, number, Decision(state, measured, person.id, clock.now_ms(), note))
        if changed is report:
            return report
        try:
            return inspections.save(changed, number)
        except WriteConflict:
            continue
    raise WriteConflict


def _measured(
    value: ExtractedValue, state: ValueState, given: Measured | None, catalogues: CatalogueRepo
) -> Measured | None:
    if state is ValueState.REJECTED:
        return None
    if state is ValueState.CONFIRMED:
        if value.measured is None:
            raise InvalidRequest(errors=[FieldError("decision", "nothing_to_confirm", value.written)])
        return value.measured
    if given is None:
        raise InvalidRequest(errors=[FieldError("value", "missing", "")])
    indicators = catalogues.current().indicators
    if given.indicator not in indicators:
        raise InvalidRequest(errors=[FieldError("indicator", "unknown_indicator", ", ".join(sorted(indicators)))])
    unit = indicators[given.indicator].unit
    try:
        return replace(given, value=converted(given.value, given.unit, unit), unit=unit)
    except NotConvertible as error:
        raise InvalidRequest(errors=[FieldError("unit", "wrong_unit", ", ".join(error.allowed))]) from None


def see_inspection(
    report_id: str, person: Person, *, inspections: InspectionRepo, registry: RegistryRepo
) -> InspectionReport:
    require(person, Action.READ_INSPECTION)
    report = inspections.get(report_id)
    if report is None or not _may_see(report, person, registry):
        raise NotFound(what="report")
    return report


def list_inspections(
    person: Person, cursor: str | None, limit: int, *, inspections: InspectionRepo, registry: RegistryRepo
) -> Page[InspectionReport]:
    """Newest first; a page may have fewer than `limit`."""
    require(person, Action.READ_INSPECTION)
    page = inspections.listing(person.enterprise_id if person.role is Role.ENTERPRISE else None, cursor, limit)
    return Page(tuple(one for one in page.items if _may_see(one, person, registry)), page.cursor)


def list_lab_values(
    enterprise_id: str,
    person: Person,
    cursor: str | None,
    limit: int,
    *,
    inspections: InspectionRepo,
    registry: RegistryRepo,
) -> Page[LabValue]:
    """What counts of an enterprise's reports, the newest samples first."""
    require(person, Action.READ_INSPECTION)
    see_enterprise(enterprise_id, person, registry=registry)
    return inspections.lab_values(enterprise_id, cursor, limit)


def _may_see(report: InspectionReport, person: Person, registry: RegistryRepo) -> bool:
    profile = registry.profile(report.enterprise_id)
    one = None if profile is None else profile.enterprise
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)


def document_key(report_id: str) -> str:
    return f"incoming/inspections/{report_id}"
