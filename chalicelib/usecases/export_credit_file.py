"""The green credit file of an enterprise: gathered, signed, noted in the audit, and only then handed out.

What is read is bounded: five reads for each month, two for when readings began, of warnings, tasks and measures at most MOST_PAGES pages each, newest
first, and what people have passed. Whoever has more
asks for a shorter period: a signed file that leaves something out would be worse than none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, TypeVar

from chalicelib.domain.access import Action, require
from chalicelib.domain.consequence import Consequence
from chalicelib.domain.credit_file import (
    CreditExport,
    CreditFile,
    CreditRecord,
    Followed,
    MonthRecord,
    Months,
    SigningKey,
    document_of,
    months_between,
    payload_of,
)
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import TooLarge
from chalicelib.domain.hazard import hazard_of_task
from chalicelib.domain.person import Person
from chalicelib.domain.score import month_of
from chalicelib.domain.task import TaskKind
from chalicelib.domain.times import month_span
from chalicelib.ports import (
    BlockRepo,
    CatalogueRepo,
    Clock,
    ConsequenceRepo,
    CreditExportRepo,
    CreditPrinter,
    CreditSigner,
    HazardRepo,
    Page,
    RegistryRepo,
    ResultRepo,
    ScoreRepo,
    TaskRepo,
    TrainingRepo,
    WarningRepo,
)
from chalicelib.usecases.score_task import month_score
from chalicelib.usecases.see_enterprise import see_enterprise

A_PAGE = 100
MOST_PAGES = 40  # of warnings, and of tasks, since the beginning of the period
MOST_ENTRIES = 3000
MOST_BYTES = 2 * 1024 * 1024  # as it is signed; the answer has it once more, and base64, within Lambda's 6 MB
MOST_PDF_BYTES = 4 * 1024 * 1024  # base64 makes four of three, and again there are 6 MB
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDesk:
    """All that a credit file is gathered from, signed and printed by."""

    registry: RegistryRepo
    scores: ScoreRepo
    tasks: TaskRepo
    warnings: WarningRepo
    hazards: HazardRepo
    results: ResultRepo
    consequences: ConsequenceRepo
    training: TrainingRepo
    blocks: BlockRepo
    catalogues: CatalogueRepo
    exports: CreditExportRepo
    signer: CreditSigner
    printer: Callable[[], CreditPrinter]  # made where a PDF is asked for: it is large
    clock: Clock
    zone: tzinfo


def credit_file(
    enterprise_id: str,
    from_month: str | None,
    to_month: str | None,
    person: Person,
    correlation_id: str,
    *,
    credit_desk: CreditDesk,
) -> CreditFile:
    """The file as JSON with its signature.

    Raises NotFound for an enterprise out of sight, InvalidRequest for a period that cannot be, TooLarge for one with too much in it,
    SigningUnavailable where no file can be signed now.
    """
    document, key = _document(enterprise_id, from_month, to_month, person, credit_desk)
    signed = credit_desk.signer.sign_json(payload_of(document))
    _note("json", document, key, person, correlation_id, credit_desk)
    return CreditFile(document, signed)


def credit_file_pdf(
    enterprise_id: str,
    from_month: str | None,
    to_month: str | None,
    person: Person,
    language: str,
    correlation_id: str,
    *,
    credit_desk: CreditDesk,
) -> tuple[bytes, Mapping[str, Any]]:
    """The file as a signed PDF, in a language, and the document that it shows. Raises what `credit_file` does."""
    document, key = _document(enterprise_id, from_month, to_month, person, credit_desk)
    pdf = credit_desk.signer.sign_pdf(credit_desk.printer().print(document, key, language))
    if len(pdf) > MOST_PDF_BYTES:
        raise TooLarge(what="credit_file_bytes", given=len(pdf), allowed=MOST_PDF_BYTES)
    _note("pdf", document, key, person, correlation_id, credit_desk)
    return pdf, document


def credit_keys(person: Person, *, credit_signer: CreditSigner) -> tuple[SigningKey, ...]:
    """What files are verified by: the key in use first, then those before. Raises SigningUnavailable where there is none."""
    require(person, Action.READ_CREDIT_KEYS)
    return credit_signer.known_keys()


def _document(
    enterprise_id: str, from_month: str | None, to_month: str | None, person: Person, desk: CreditDesk
) -> tuple[dict[str, Any], SigningKey]:
    require(person, Action.READ_CREDIT_FILE)
    enterprise = see_enterprise(enterprise_id, person, registry=desk.registry).enterprise
    now_ms = desk.clock.now_ms()
    months = months_between(from_month, to_month, month_of(now_ms, desk.zone))
    key = desk.signer.key()  # before anything is gathered in vain
    document = document_of(_record(enterprise, months, person, now_ms, desk), now_ms)
    size = len(payload_of(document))
    if size > MOST_BYTES:
        raise TooLarge(what="credit_file_bytes", given=size, allowed=MOST_BYTES)
    return document, key


def _record(enterprise: Enterprise, months: Months, person: Person, now_ms: int, desk: CreditDesk) -> CreditRecord:
    from_ms, to_ms = month_span(months[0], desk.zone)[0], month_span(months[-1], desk.zone)[1]
    scored = tuple(_month(enterprise.id, month, person, now_ms, desk) for month in months)
    entries = sum(len(one.score.entries) for one in scored)
    if entries > MOST_ENTRIES:
        raise TooLarge(what="credit_file_entries", given=entries, allowed=MOST_ENTRIES)
    scope = f"enterprise:{enterprise.id}"
    tasks = _within(
        lambda cursor: desk.tasks.listing(scope, cursor, A_PAGE, open_only=False),
        lambda one: one.opened_at_ms,
        from_ms,
        to_ms,
    )
    warnings = _within(
        lambda cursor: desk.warnings.listing(enterprise.id, cursor, A_PAGE), lambda one: one.onset_ms, from_ms, to_ms
    )
    seen = [hazard_of_task(one.id) for one in tasks if one.kind is TaskKind.HAZARD]
    return CreditRecord(
        enterprise=enterprise,
        zone=desk.zone,
        months=scored,
        warnings=warnings,
        tasks=tasks,
        hazards=desk.hazards.many(seen),
        begun_ms=_begun_ms(enterprise.id, from_ms, scored, desk),
        followed=_followed(enterprise.id, months, from_ms, to_ms, desk),
    )


def _followed(enterprise_id: str, months: Months, from_ms: int, to_ms: int, desk: CreditDesk) -> Followed:
    results = [one for month in months if (one := desk.results.get(enterprise_id, month)) is not None]
    called = [each for month in months if (each := desk.consequences.interview(enterprise_id, month)) is not None]
    measures = _reaching(lambda cursor: desk.consequences.of_enterprise(enterprise_id, cursor, A_PAGE), from_ms, to_ms)
    catalogue = desk.catalogues.current()
    return Followed(
        results=tuple(results),
        measures=measures,
        names={
            one.measure: catalogue.consequences[one.measure].name
            for one in measures
            if one.measure in catalogue.consequences
        },
        listings=tuple(
            one
            for one in desk.consequences.listings(enterprise_id)
            if one.listed_at_ms < to_ms and (one.off_at_ms is None or one.off_at_ms >= from_ms)
        ),
        interviews=tuple(called),
        passes=tuple(one for one in desk.training.passes(enterprise_id) if from_ms <= one.at_ms < to_ms),
        misses=tuple(one for one in desk.training.misses(enterprise_id) if from_ms <= one.at_ms < to_ms),
    )


def _reaching(page_of: Callable[[str | None], Page[Consequence]], from_ms: int, to_ms: int) -> tuple[Consequence, ...]:
    """Measures that were in force in from_ms <= t < to_ms, oldest first. Raises TooLarge."""
    found: list[Consequence] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = page_of(cursor)
        found += [
            one
            for one in page.items
            if one.started_at_ms < to_ms and (one.ended_at_ms is None or one.ended_at_ms >= from_ms)
        ]
        if (cursor := page.cursor) is None:
            return tuple(reversed(found))
    raise TooLarge(what="credit_file_records", allowed=A_PAGE * MOST_PAGES)


def _begun_ms(enterprise_id: str, from_ms: int, months: tuple[MonthRecord, ...], desk: CreditDesk) -> int | None:
    """The first that is known of it: `from_ms` where that was before."""
    if any(True for _ in desk.blocks.beyond(enterprise_id, from_ms, backward=True, late=False, limit=1)):
        return from_ms
    known = [
        block.first_ms for block in desk.blocks.beyond(enterprise_id, from_ms, backward=False, late=False, limit=1)
    ]
    known += [month_span(one.month, desk.zone)[0] for one in months if one.score.entries]
    return min(known, default=None)


def _month(enterprise_id: str, month: str, person: Person, now_ms: int, desk: CreditDesk) -> MonthRecord:
    found = month_score(
        enterprise_id,
        month,
        person,
        registry=desk.registry,
        scores=desk.scores,
        tasks=desk.tasks,
        warnings=desk.warnings,
        hazards=desk.hazards,
        catalogues=desk.catalogues,
        clock=desk.clock,
        zone=desk.zone,
    )
    objections = tuple(sorted(desk.scores.objections(enterprise_id, month), key=lambda one: (one.at_ms, one.id)))
    return MonthRecord(found.score, objections, month == month_of(now_ms, desk.zone))


def _within(
    page_of: Callable[[str | None], Page[T]], at_ms: Callable[[T], int], from_ms: int, to_ms: int
) -> tuple[T, ...]:
    """Those of from_ms <= t < to_ms, oldest first, of a list that is newest first. Raises TooLarge."""
    found: list[T] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = page_of(cursor)
        found += [one for one in page.items if from_ms <= at_ms(one) < to_ms]
        cursor = page.cursor
        if cursor is None or (page.items and at_ms(page.items[-1]) < from_ms):
            return tuple(reversed(found))
    raise TooLarge(what="credit_file_records", allowed=A_PAGE * MOST_PAGES)


def _note(
    form: str, document: dict[str, Any], key: SigningKey, person: Person, correlation_id: str, desk: CreditDesk
) -> None:
    export = CreditExport(
        id=correlation_id,
        enterprise_id=document["sections"]["identity"]["id"],
        at_ms=desk.clock.now_ms(),
        by=person.id,
        form=form,
        from_month=document["from"],
        to_month=document["to"],
        digest=document["digest"],
        key_id=key.id,
    )
    desk.exports.add(export)
