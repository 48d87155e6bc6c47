"""Inspection reports with their values, their lists, and what counts of them, by when the samples were taken."""

from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.inspection_report import InspectionReport, LabValue, lab_value
from chalicelib.ports import Page

SAME = (
    "enterprise_id",
    "unit_id",
    "title",
    "laboratory",
    "sampled_at_ms",
    "content_type",
    "sha256",
    "size_bytes",
    "uploaded_by",
)


class RowInspectionRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, report: InspectionReport) -> InspectionReport:
        sk = f"{report.announced_at_ms:013d}#{report.id}"
        feeds = [Put(Row(f"INSPECTIONS#{scope}", sk)) for scope in ("park", f"enterprise:{report.enterprise_id}")]
        try:
            self._rows.commit([Put(_row(report, 1), Expect.ABSENT), *feeds])
        except RowConflict:
            known = self.get(report.id)
            if known is None:
                raise WriteConflict from None
            if any(getattr(known, name) != getattr(report, name) for name in SAME):
                raise ContentConflict(id=report.id) from None
            return known
        return replace(report, version=1)

    def get(self, report_id: str) -> InspectionReport | None:
        row = self._rows.get(f"INSPECTION#{report_id}", "INSPECTION")
        return None if row is None else _of(row)

    def save(self, report: InspectionReport, number: int | None) -> InspectionReport:
        writes: list[Put | Delete] = [Put(_row(report, report.version + 1), Expect.VERSION)]
        if number is not None:
            pk, sk = f"LAB#{report.enterprise_id}", f"{report.sampled_at_ms:013d}#{report.id}#{number:04d}"
            counted = lab_value(report, number)
            writes.append(Delete(pk, sk) if counted is None else Put(Row(pk, sk, to_body(counted))))
        try:
            self._rows.commit(writes)
        except RowConflict as error:
            raise WriteConflict from error
        return replace(report, version=report.version + 1)

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[InspectionReport]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"INSPECTIONS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"INSPECTION#{one}", "INSPECTION") for one in ids]) if ids else []
        known = {one.id: one for one in map(_of, rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)

    def lab_values(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[LabValue]:
        found, onward = feed_page(self._rows, f"LAB#{enterprise_id}", cursor, limit)
        return Page(tuple(from_body(LabValue, row.body) for row in found), onward)


def _row(report: InspectionReport, version: int) -> Row:
    return Row(f"INSPECTION#{report.id}", "INSPECTION", to_body(report), version=version)


def _of(row: Row) -> InspectionReport:
    return replace(from_body(InspectionReport, row.body), version=row.version)
