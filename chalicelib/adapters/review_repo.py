"""Reviews of the catalogue in the operations table: a quarter's reminder and its reviews, and the list of all."""

from collections.abc import Sequence
from contextlib import suppress

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict
from chalicelib.domain.events import CatalogueReviewDue
from chalicelib.domain.review import Review
from chalicelib.ports import Page

LIST = "REVIEWS"


class RowReviewRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def is_settled(self, quarter: str) -> bool:
        return bool(self._rows.query(f"REVIEW#{quarter}", limit=1))

    def announce(self, event: CatalogueReviewDue) -> None:
        said = Put(Row(f"REVIEW#{event.quarter}", "ANNOUNCED"), Expect.ABSENT)
        with suppress(RowConflict):  # another minute has said it
            self._rows.commit([said, *event_puts([event])])

    def add(self, review: Review) -> Review:
        row = Row(f"REVIEWED#{review.id}", "REVIEW", to_body(review))
        lists = (
            Row(f"REVIEW#{review.quarter}", f"DONE#{review.id}"),
            Row(LIST, f"{review.at_ms:013d}#{review.id}"),
        )
        try:
            self._rows.commit([Put(row, Expect.ABSENT), *(Put(one) for one in lists)])
        except RowConflict as error:
            (first,) = self._load([review.id])
            if (first.note, first.by) != (review.note, review.by):
                raise ContentConflict(id=review.id) from error
            return first
        return review

    def listing(self, cursor: str | None, limit: int) -> Page[Review]:
        feed, onward = feed_page(self._rows, LIST, cursor, limit)
        return Page(tuple(self._load([row.sk.split("#", 1)[1] for row in feed])), onward)

    def _load(self, ids: Sequence[str]) -> list[Review]:
        rows = self._rows.get_many([(f"REVIEWED#{one}", "REVIEW") for one in ids])
        known = {review.id: review for row in rows if (review := from_body(Review, row.body))}
        return [known[one] for one in ids if one in known]
