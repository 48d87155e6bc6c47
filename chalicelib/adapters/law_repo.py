"""Learnt coupling laws in the operations table: one row a version, by unit and when it was fitted; older than the newest KEPT are deleted."""

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Delete, Put, Row, Rows
from chalicelib.domain.law import UnitLaws

KEPT = 12


class RowLawRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, laws: UnitLaws) -> None:
        pk, sk = f"LAWS#{laws.unit_id}", f"{laws.fitted_at_ms:013d}"
        known = [row.sk for row in self._rows.query(pk, newest_first=True)]
        kept = sorted({*known, sk}, reverse=True)
        old = [Delete(pk, one) for one in kept[KEPT:] if one != sk]
        self._rows.commit([Put(Row(pk, sk, to_body(laws))), *old])

    def latest(self, unit_id: str, at_ms: int | None = None) -> UnitLaws | None:
        to_sk = "~" if at_ms is None else f"{at_ms:013d}"
        rows = self._rows.query(f"LAWS#{unit_id}", from_sk="0", to_sk=to_sk, newest_first=True, limit=1)
        return from_body(UnitLaws, rows[0].body) if rows else None

    def versions(self, unit_id: str) -> tuple[UnitLaws, ...]:
        rows = self._rows.query(f"LAWS#{unit_id}", newest_first=True)
        return tuple(from_body(UnitLaws, row.body) for row in rows)
