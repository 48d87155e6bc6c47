"""What credit files stand on, on every store: exports that leave their entry in the audit, and hazards by the hundred."""

from chalicelib.adapters.audited_rows import AuditedRows, RowAuditRepo
from chalicelib.adapters.credit_repo import RowCreditExportRepo
from chalicelib.adapters.hazard_repo import RowHazardRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.credit_file import CreditExport
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.hazard import Hazard

EXPORT = CreditExport("call-1", "acme", 1_000, "committee", "pdf", "2025-04", "2026-03", "d" * 64, "k" * 64)


def a_hazard(number: int) -> Hazard:
    return Hazard(f"h-{number:03d}", "acme", "", Dimension.SAFETY, 1, "x", 0, "someone", 0)


def test_an_export_leaves_its_entry_in_the_audit_once(rows: Rows) -> None:
    exports = RowCreditExportRepo(AuditedRows(rows, lambda: 1_000))
    exports.add(EXPORT)
    exports.add(EXPORT)
    (entry,) = RowAuditRepo(rows, rows).entries("credit_file:acme", 0)
    assert entry.after is not None
    assert (entry.after["by"], entry.after["form"], entry.after["digest"]) == ("committee", "pdf", "d" * 64)


def test_hazards_come_in_the_order_in_which_they_are_asked_for_and_unknown_ones_are_left_out(rows: Rows) -> None:
    hazards = RowHazardRepo(rows)
    for number in range(120):
        hazards.add(a_hazard(number))
    asked = [f"h-{number:03d}" for number in reversed(range(130))]
    assert hazards.many(asked) == tuple(a_hazard(number) for number in reversed(range(120)))
    assert hazards.many([]) == ()
