"""Snapshots of units, listed by when they were taken once they are good."""

from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.photo import PhotoState
from chalicelib.domain.snapshot import Snapshot
from chalicelib.ports import Page

SAME = ("enterprise_id", "unit_id", "camera", "taken_at_ms", "sha256", "size_bytes", "uploaded_by", "is_by_bridge")


class RowSnapshotRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, snapshot: Snapshot) -> Snapshot:
        try:
            self._rows.commit([Put(_row(snapshot, 1), Expect.ABSENT)])
        except RowConflict:
            known = self.get(snapshot.id)
            if known is None:
                raise WriteConflict from None
            if any(getattr(known, name) != getattr(snapshot, name) for name in SAME):
                raise ContentConflict(id=snapshot.id) from None
            return known
        return replace(snapshot, version=1)

    def get(self, snapshot_id: str) -> Snapshot | None:
        row = self._rows.get(f"SNAPSHOT#{snapshot_id}", "SNAPSHOT")
        return None if row is None else _of(row)

    def judge(self, snapshot: Snapshot) -> Snapshot:
        sk = f"{snapshot.taken_at_ms:013d}#{snapshot.id}"
        is_good = snapshot.state is PhotoState.VERIFIED
        feed = [Put(Row(f"SNAPSHOTS#{snapshot.unit_id}", sk))] if is_good else []
        try:
            self._rows.commit([Put(_row(snapshot, snapshot.version + 1), Expect.VERSION), *feed])
        except RowConflict as error:
            raise WriteConflict from error
        return replace(snapshot, version=snapshot.version + 1)

    def listing(self, unit_id: str, cursor: str | None, limit: int) -> Page[Snapshot]:
        feed, onward = feed_page(self._rows, f"SNAPSHOTS#{unit_id}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"SNAPSHOT#{one}", "SNAPSHOT") for one in ids]) if ids else []
        known = {one.id: one for one in map(_of, rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)


def _row(snapshot: Snapshot, version: int) -> Row:
    return Row(f"SNAPSHOT#{snapshot.id}", "SNAPSHOT", to_body(snapshot), version=version)


def _of(row: Row) -> Snapshot:
    return replace(from_body(Snapshot, row.body), version=row.version)
