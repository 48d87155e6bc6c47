"""CSV as spreadsheets read and write it (RFC 4180, with a byte order mark), and rows of it as values to be judged.

Nothing here knows a list: columns come from domain/exchange_columns.py.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import FieldError, InvalidRequest, TooLarge
from chalicelib.domain.exchange import BOM, WrongCell, cell_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chalicelib.domain.exchange import Column

Parsed = tuple[dict[str, Any], tuple[FieldError, ...]]


def written(records: Iterable[Mapping[str, Any]], columns: Sequence[Column], headings: Sequence[str] | None) -> str:
    """A page of CSV; with `headings` it is the first."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if headings is not None:
        out.write(BOM)
        writer.writerow(headings)
    writer.writerows([cell_of(record.get(one.name), one.kind) for one in columns] for record in records)
    return out.getvalue()


def read(content: str, columns: Sequence[Column], max_rows: int) -> list[Parsed]:
    """Records and the wrong cells of each. Raises InvalidRequest for headings that say nothing, TooLarge for too many rows."""
    reader = csv.reader(StringIO(content.removeprefix(BOM), newline=""), strict=True)
    try:
        lines = []
        for line in reader:
            lines += [line] if any(cell.strip() for cell in line) else []
            if len(lines) > max_rows + 1:
                raise TooLarge(what="rows", given=len(lines) - 1, allowed=max_rows)
    except csv.Error as error:
        raise InvalidRequest(errors=[FieldError("content", "invalid", f"CSV: {error}", reader.line_num)]) from None
    if not lines:
        raise InvalidRequest(errors=[FieldError("content", "missing", "")])
    found = _headed(lines[0], columns)
    return [_parsed(line, found) for line in lines[1:]]


def _headed(heads: Sequence[str], columns: Sequence[Column]) -> list[Column]:
    """Columns by what stands over them: a field's name or its Chinese heading."""
    known = {one.name: one for one in columns} | {one.heading: one for one in columns}
    names = [head.strip() for head in heads]
    wrong = [
        FieldError(name[:100], "unknown_column", ", ".join(one.name for one in columns))
        for name in names
        if name not in known
    ]
    found = [known[name] for name in names if name in known]
    wrong += [FieldError(one.name, "repeated", one.name) for at, one in enumerate(found) if one in found[:at]]
    if wrong:
        raise InvalidRequest(errors=wrong)
    return found


def _parsed(line: Sequence[str], columns: Sequence[Column]) -> Parsed:
    record: dict[str, Any] = {}
    wrong: list[FieldError] = []
    if len(line) > len(columns):
        wrong.append(FieldError(columns[-1].name, "surplus_cells", str(len(columns))))
    for one, cell in zip(columns, line, strict=False):
        if one.is_read_only:
            continue
        try:
            record[one.name] = value_of(cell, one.kind)
        except WrongCell as error:
            wrong.append(FieldError(one.name, "invalid", error.allowed))
    return record, tuple(wrong)


def checked(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[Parsed]:
    """Records that came as JSON: names that no column has are wrong."""
    known = {one.name for one in columns}
    return [
        (
            {name: value for name, value in row.items() if name in known},
            tuple(
                FieldError(name[:100], "unknown_column", ", ".join(sorted(known))) for name in row if name not in known
            ),
        )
        for row in rows
    ]
