"""Once a quarter the catalogue is due for review: every admin is told once, unless somebody has recorded the review."""

from datetime import tzinfo

from chalicelib.domain.events import CatalogueReviewDue
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.review import Review, quarter_of
from chalicelib.ports import CatalogueRepo, Clock, RegistryRepo, ReviewRepo
from chalicelib.usecases.hand_out import Post, hand_out

DAY_MS = 86_400_000


def ask_for_review(*, reviews: ReviewRepo, catalogues: CatalogueRepo, clock: Clock, zone: tzinfo) -> bool:
    """Announce the quarter's review once it is due, at the first minute that finds it unsaid. Returns whether it did.

    What took effect since then was looked at this quarter.
    """
    now_ms = clock.now_ms()
    quarter = quarter_of(now_ms, zone)
    due_ms = quarter.due_ms(zone)
    if now_ms < due_ms or reviews.is_settled(str(quarter)):
        return False
    since_ms = catalogues.schedule().since_ms(now_ms)
    catalogue = catalogues.current()
    since_ms = (catalogue.issued_ms or 0) if since_ms is None else since_ms
    if since_ms >= due_ms:
        return False
    reviews.announce(CatalogueReviewDue("", now_ms, f"review-{quarter}", str(quarter), catalogue.version, since_ms))
    return True


def tell_review(event: CatalogueReviewDue, *, registry: RegistryRepo, post: Post) -> tuple[Notice, ...]:
    """Put it into every admin's inbox and ask for pushes. Doing it twice tells each once."""
    days = (event.at_ms - event.since_ms) // DAY_MS
    params = (("version", event.version), ("quarter", event.quarter), ("days", str(days)))
    notices = tuple(
        Notice(
            id=notice_id(event.id, person.id),
            person_id=person.id,
            kind=NoticeKind.CATALOGUE_REVIEW_DUE,
            task_id="",
            enterprise_id="",
            tier=0,
            created_at_ms=event.at_ms,
            params=params,
            correlation_id=event.correlation_id,
        )
        for person in sorted(registry.people(), key=lambda one: one.id)
        if person.role is Role.ADMIN
    )
    return hand_out(notices, post)


def record_review(
    review_id: str,
    note: str,
    person: Person,
    *,
    reviews: ReviewRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> Review:
    """Say that the catalogue in force was reviewed this quarter. Raises ContentConflict for an id with another note."""
    now_ms = clock.now_ms()
    quarter = str(quarter_of(now_ms, zone))
    return reviews.add(Review(review_id, quarter, catalogues.current().version, note, person.id, now_ms))
