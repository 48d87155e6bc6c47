"""Visits, and the lists of them."""

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.visit import Visit
from chalicelib.ports import Page

SAME = ("enterprise_id", "task_ids", "planned_at_ms", "by")


class RowVisitRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, visit: Visit) -> Visit:
        sk = f"{visit.created_at_ms:013d}#{visit.id}"
        feeds = [Put(Row(f"VISITS#{scope}", sk)) for scope in ("park", f"enterprise:{visit.enterprise_id}")]
        try:
            self._rows.commit([Put(Row(f"VISIT#{visit.id}", "VISIT", to_body(visit)), Expect.ABSENT), *feeds])
        except RowConflict:
            known = self.get(visit.id)
            if known is None:
                raise WriteConflict from None
            if any(getattr(known, name) != getattr(visit, name) for name in SAME):
                raise ContentConflict(id=visit.id) from None
            return known
        return visit

    def get(self, visit_id: str) -> Visit | None:
        row = self._rows.get(f"VISIT#{visit_id}", "VISIT")
        return None if row is None else from_body(Visit, row.body)

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Visit]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"VISITS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"VISIT#{one}", "VISIT") for one in ids]) if ids else []
        known = {one.id: one for one in (from_body(Visit, row.body) for row in rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)
