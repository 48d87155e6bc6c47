"""Hazards as they were reported."""

from collections.abc import Sequence

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.hazard import Hazard

SAME = ("enterprise_id", "unit_id", "dimension", "severity", "text", "seen_at_ms", "reported_by", "position")


class RowHazardRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, hazard: Hazard) -> Hazard:
        row = Row(f"HAZARD#{hazard.id}", "HAZARD", to_body(hazard))
        try:
            self._rows.commit([Put(row, Expect.ABSENT)])
        except RowConflict:
            stored = self._rows.get(row.pk, row.sk)
            if stored is None:
                raise WriteConflict from None
            known = from_body(Hazard, stored.body)
            if any(getattr(known, name) != getattr(hazard, name) for name in SAME):
                raise ContentConflict(id=hazard.id) from None
            return known
        return hazard

    def get(self, hazard_id: str) -> Hazard | None:
        stored = self._rows.get(f"HAZARD#{hazard_id}", "HAZARD")
        return None if stored is None else from_body(Hazard, stored.body)

    def many(self, hazard_ids: Sequence[str]) -> tuple[Hazard, ...]:
        rows = self._rows.get_many([(f"HAZARD#{one}", "HAZARD") for one in hazard_ids]) if hazard_ids else []
        known = {hazard.id: hazard for hazard in (from_body(Hazard, row.body) for row in rows)}
        return tuple(known[one] for one in hazard_ids if one in known)
