"""Who took which credit file when. The table writes each into the enterprise's audit."""

from chalicelib.adapters.codec import to_body
from chalicelib.adapters.rows import Put, Row, Rows
from chalicelib.domain.credit_file import CreditExport


class RowCreditExportRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, export: CreditExport) -> None:
        sk = f"EXPORT#{export.at_ms:013d}#{export.id}#{export.form}"
        self._rows.commit([Put(Row(f"CREDIT#{export.enterprise_id}", sk, to_body(export)))])
