"""Lists that leave the park and come in, on the wire."""

from typing import Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from chalicelib.api.models.wire import Month, View, Wire
from chalicelib.domain.exchange import CellKind
from chalicelib.usecases.import_list import RowOutcome

MAX_ROWS = 200
MAX_CONTENT = 2_000_000
MAX_PAGE = 500


class ExportQuery(Wire):
    format: Literal["json", "csv"] = "json"
    headings: Literal["field", "zh"] = Field(default="field", description="of CSV: field names, or Chinese headings")
    cursor: str | None = Field(default=None, max_length=400, description="where the page before ended")
    limit: int = Field(default=200, ge=1, le=MAX_PAGE)
    from_month: Month | None = Field(default=None, description="of scores; two years back if absent")
    to_month: Month | None = Field(default=None, description="of scores; the running month if absent")


class ColumnOut(View):
    name: str
    heading: str = Field(description="in Chinese")
    kind: CellKind
    is_read_only: bool = Field(description="passed over when it comes in")


class ExportOut(View):
    """Of CSV, the first page begins with a byte order mark and the headings: the pages' contents, one behind the other, are the file."""

    name: str
    columns: list[ColumnOut]
    count: int
    rows: list[dict[str, Any]] | None = Field(default=None, description="of JSON: records by field name")
    content: str | None = Field(default=None, description="of CSV (RFC 4180): the page's text")
    next_cursor: str | None = None


class ImportIn(Wire):
    """Either the text of a CSV file with its headings, or records by field name; what is not there yet is registered."""

    format: Literal["json", "csv"] = "csv"
    content: str | None = Field(default=None, max_length=MAX_CONTENT)
    rows: list[dict[str, Any]] | None = Field(default=None, max_length=MAX_ROWS)
    apply: StrictBool = Field(default=False, description="false: say what would come of it, and write nothing")

    @model_validator(mode="after")
    def _of_its_format(self) -> Self:
        if (self.content is not None) != (self.format == "csv") or (self.rows is not None) != (self.format == "json"):
            raise ValueError("content for csv, rows for json")
        return self


class WrongCellOut(View):
    row: int = Field(description="from 1, the headings not counted")
    column: str
    code: str
    detail: str = Field(description="what is wrong, and what is allowed")


class ImportedRowOut(View):
    row: int
    id: str
    outcome: RowOutcome


class ImportOut(View):
    name: str
    applied: bool
    new: int
    changed: int
    same: int
    wrong: int
    rows: list[ImportedRowOut]
    errors: list[WrongCellOut]
