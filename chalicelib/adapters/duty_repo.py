"""The rota in the registry: one partition by the end of each entry, so that what has ended is never read."""

from contextlib import suppress

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Delete, Put, Row, RowConflict, Rows
from chalicelib.domain.duty import DutyEntry, DutyKind, Rota

ROTA = "ROTA"
KEPT_S = 90 * 86_400


class RowDutyRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, entry: DutyEntry) -> None:
        pointer = Row(f"DUTY#{entry.person_id}", f"{entry.kind.value}#{entry.id}", {"sk": _sk(entry)})
        row = Row(ROTA, _sk(entry), to_body(entry), ttl_s=entry.to_ms // 1000 + KEPT_S)
        known = self._rows.get(pointer.pk, pointer.sk)
        moved = [] if known is None or known.body["sk"] == row.sk else [Delete(ROTA, str(known.body["sk"]))]
        self._rows.commit([Put(pointer), Put(row), *moved])

    def delete(self, person_id: str, kind: DutyKind, entry_id: str) -> None:
        key = f"DUTY#{person_id}", f"{kind.value}#{entry_id}"
        known = self._rows.get(*key)
        if known is not None:
            with suppress(RowConflict):
                self._rows.commit([Delete(*key), Delete(ROTA, str(known.body["sk"]))])

    def rota(self, now_ms: int) -> Rota:
        rows = self._rows.query(ROTA, from_sk=f"{now_ms:013d}", to_sk="~")
        return Rota(tuple(from_body(DutyEntry, row.body) for row in rows))


def _sk(entry: DutyEntry) -> str:
    return f"{entry.to_ms:013d}#{entry.person_id}#{entry.kind.value}#{entry.id}"
