"""Versions of the catalogue: proposed, compared, published, rolled back, reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, InvalidCursor, NotFound, PreconditionFailed

if TYPE_CHECKING:
    from chalicelib.api.models.catalogue import (
        CatalogueOut,
        DifferenceOut,
        DifferencesOut,
        ProposalIn,
        ReviewOut,
        ReviewsOut,
        ScheduleOut,
        VersionOut,
        VersionsOut,
    )
    from chalicelib.domain.catalogue_difference import Difference
    from chalicelib.domain.catalogue_version import CatalogueVersion, Schedule

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/catalogue", summary="Propose a version and put it in force at once",
    action=Action.MANAGE_CATALOGUE, request="catalogue.CatalogueIn", response="catalogue.CatalogueOut",
    problems=(ContentConflict, IllegalTransition, PreconditionFailed),
)  # fmt: skip
def put_catalogue(call: Call) -> CatalogueOut:
    from chalicelib.api.models.catalogue import CatalogueOut
    from chalicelib.usecases import manage_catalogue as manage

    ports, document = call.services, call.body.model_dump()
    done = manage.publish_document(
        document, call.if_match, call.person, registry=ports.registry, catalogues=ports.catalogues, clock=ports.clock
    )
    return CatalogueOut(version=done.version, rules=[r.id for r in done.rules], indicators=sorted(done.indicators))


@endpoint(
    api, "GET", "/v1/catalogue/versions", summary="Versions, newest first, the shipped one last",
    action=Action.READ_CATALOGUE, query=PageQuery, response="catalogue.VersionsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_versions(call: Call) -> VersionsOut:
    from chalicelib.api.models.catalogue import VersionsOut

    catalogues = call.services.catalogues
    page, schedule = catalogues.listing(call.query.cursor, call.query.limit), catalogues.schedule()
    return VersionsOut(items=[_version(call, one, schedule) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/catalogue/versions/{version}", summary="One version with its document",
    action=Action.READ_CATALOGUE, response="catalogue.VersionOut", problems=(NotFound,),
)  # fmt: skip
def get_version(call: Call, version: str) -> VersionOut:
    from chalicelib.usecases import manage_catalogue as manage

    catalogues = call.services.catalogues
    known, document = manage.see_version(version, catalogues=catalogues)
    call.answer_headers["ETag"] = f'"{known.revision}"'
    return _version(call, known, catalogues.schedule()).model_copy(update={"document": dict(document)})


@endpoint(
    api, "PUT", "/v1/catalogue/versions/{version}", summary="Propose a version: a draft",
    action=Action.MANAGE_CATALOGUE, request="catalogue.ProposalIn", response="catalogue.VersionOut",
    problems=(ContentConflict, PreconditionFailed),
)  # fmt: skip
def put_version(call: Call, version: str) -> VersionOut:
    from chalicelib.usecases import manage_catalogue as manage

    body: ProposalIn = call.body
    ports = call.services
    known = manage.propose_version(
        version, body.given, call.if_match, call.person, catalogues=ports.catalogues, clock=ports.clock
    )
    call.answer_headers["ETag"] = f'"{known.revision}"'
    return _version(call, known, ports.catalogues.schedule())


@endpoint(
    api, "GET", "/v1/catalogue/versions/{version}/difference", summary="What changed since another version",
    action=Action.READ_CATALOGUE, query="catalogue.DifferenceQuery", response="catalogue.DifferencesOut", problems=(NotFound,),
)  # fmt: skip
def get_difference(call: Call, version: str) -> DifferencesOut:
    from chalicelib.api.models.catalogue import DifferencesOut
    from chalicelib.usecases import manage_catalogue as manage

    catalogues = call.services.catalogues
    found = manage.compare_versions(call.query.with_, version, catalogues=catalogues)
    return DifferencesOut(items=[_difference(call, one) for one in found])


@endpoint(
    api, "GET", "/v1/catalogue/schedule", summary="What is in force, what will be, and every change",
    action=Action.READ_CATALOGUE, response="catalogue.ScheduleOut",
)  # fmt: skip
def get_schedule(call: Call) -> ScheduleOut:
    return _schedule(call, call.services.catalogues.schedule())


@endpoint(
    api, "POST", "/v1/catalogue/versions/{version}/publication", summary="Put a version in force, now or later",
    action=Action.MANAGE_CATALOGUE, request="catalogue.PublicationIn", response="catalogue.ScheduleOut",
    problems=(NotFound, IllegalTransition, PreconditionFailed),
)  # fmt: skip
def post_publication(call: Call, version: str) -> ScheduleOut:
    from chalicelib.usecases import manage_catalogue as manage

    ports = call.services
    publication = manage.Publication(version, call.body.effective_from, call.body.reason, call.if_match)
    done = manage.publish_version(
        publication, call.person, registry=ports.registry, catalogues=ports.catalogues, clock=ports.clock
    )
    return _schedule(call, done)


@endpoint(
    api, "POST", "/v1/catalogue/rollback", summary="Go back to the version that was in force before",
    action=Action.MANAGE_CATALOGUE, request="catalogue.RollbackIn", response="catalogue.ScheduleOut",
    problems=(IllegalTransition, PreconditionFailed),
)  # fmt: skip
def post_rollback(call: Call) -> ScheduleOut:
    from chalicelib.usecases import manage_catalogue as manage

    ports = call.services
    done = manage.roll_back(
        call.body.reason,
        call.if_match,
        call.person,
        registry=ports.registry,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return _schedule(call, done)


@endpoint(
    api, "GET", "/v1/catalogue/reviews", summary="Reviews of the catalogue, newest first",
    action=Action.READ_CATALOGUE, query=PageQuery, response="catalogue.ReviewsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_reviews(call: Call) -> ReviewsOut:
    from chalicelib.api.models.catalogue import ReviewOut, ReviewsOut

    page = call.services.reviews.listing(call.query.cursor, call.query.limit)
    return ReviewsOut(items=[ReviewOut.model_validate(one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "POST", "/v1/catalogue/reviews", summary="Record that the catalogue in force was reviewed",
    action=Action.MANAGE_CATALOGUE, request="catalogue.ReviewIn", response="catalogue.ReviewOut", status=201, problems=(ContentConflict,),
)  # fmt: skip
def post_review(call: Call) -> ReviewOut:
    from chalicelib.api.models.catalogue import ReviewOut
    from chalicelib.usecases.review_catalogue import record_review

    ports = call.services
    review = record_review(
        call.body.id,
        call.body.note,
        call.person,
        reviews=ports.reviews,
        catalogues=ports.catalogues,
        clock=ports.clock,
        zone=ports.zone,
    )
    return ReviewOut.model_validate(review)


def _version(call: Call, known: CatalogueVersion, schedule: Schedule) -> VersionOut:
    from chalicelib.api.models.catalogue import VersionOut

    return VersionOut(
        version=known.name,
        state=schedule.state(known, call.services.clock.now_ms()),
        revision=known.revision,
        proposed_by=known.proposed_by,
        proposed_at=known.proposed_at_ms,
    )


def _difference(call: Call, one: Difference) -> DifferenceOut:
    from chalicelib.api.models.catalogue import DifferenceOut

    name = None if one.name is None else one.name[call.language]
    return DifferenceOut(path=".".join(one.path), kind=one.kind, name=name, old=one.old, new=one.new)


def _schedule(call: Call, schedule: Schedule) -> ScheduleOut:
    from chalicelib.api.models.catalogue import ChangeOut, ScheduleOut

    call.answer_headers["ETag"] = f'"{schedule.revision}"'
    now_ms = call.services.clock.now_ms()
    return ScheduleOut(
        in_force=schedule.in_force(now_ms),
        since=schedule.since_ms(now_ms),
        revision=schedule.revision,
        scheduled=[ChangeOut.model_validate(one) for one in schedule.scheduled(now_ms)],
        changes=[ChangeOut.model_validate(one) for one in reversed(schedule.changes)],
    )
