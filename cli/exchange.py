"""`green-shield export` takes every list of a park away into files; `green-shield import` brings one in.

Both go page by page, so that a list's length makes no difference to what they hold in memory.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from chalicelib.api.exchange import MOST_MONTHS, row_of
from chalicelib.api.http import field_text
from chalicelib.api.models.exchange import MAX_PAGE, MAX_ROWS
from chalicelib.api.sheets import read, written
from chalicelib.bootstrap import Services
from chalicelib.domain.errors import GreenShieldError, InvalidRequest
from chalicelib.domain.exchange import IMPORTED, ListName
from chalicelib.domain.exchange_columns import COLUMNS
from chalicelib.domain.messages import text
from chalicelib.domain.person import Person, Role
from chalicelib.usecases.export_list import Asked, export_list
from chalicelib.usecases.import_list import RowOutcome, RowResult, import_list
from cli.park import ParkNotFound, park_of

OPERATOR = Person("operator", "operator", Role.ADMIN, language="en")
STACK = {"default": "green-shield", "help": "the CloudFormation stack of the park (default: green-shield)"}
MOST_ROWS = 1_000_000  # read from one file
ENCODINGS = ("utf-8-sig", "gb18030")  # the second is what spreadsheets in China write without being asked
Record = dict[str, Any]


def add_to(commands: Any) -> None:
    out = commands.add_parser("export", help="take every list away into files", description=__doc__)
    out.add_argument("folder", type=Path, help="where the files go; it is made where it is not there")
    out.add_argument(
        "--list",
        dest="lists",
        action="append",
        choices=list(ListName),
        help="only this list; may be given several times",
    )
    out.add_argument("--format", choices=("csv", "json"), default="csv")
    out.add_argument(
        "--headings", choices=("field", "zh"), default="field", help="of CSV: field names, or Chinese headings"
    )
    out.add_argument("--stack", **STACK)
    out.set_defaults(run=run_export)
    into = commands.add_parser("import", help="bring a list of the registry in", description=__doc__)
    into.add_argument("list", choices=[one.value for one in IMPORTED])
    into.add_argument("file", type=Path, help="CSV, or JSON where its name ends in .json")
    into.add_argument(
        "--apply", action="store_true", help="write it; without this it is only said what would come of it"
    )
    into.add_argument("--stack", **STACK)
    into.set_defaults(run=run_import)


def run_export(chosen: argparse.Namespace, park: Services | None = None) -> int:
    try:
        services = park or park_of(chosen.stack)
        chosen.folder.mkdir(parents=True, exist_ok=True)
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()) as progress:
            for name in [ListName(one) for one in chosen.lists or list(ListName)]:
                shown = progress.add_task(name.value)
                for rows in _export(name, chosen, services):
                    progress.update(shown, description=f"{name.value}: {rows} rows")
                progress.update(shown, completed=100)
    except (ParkNotFound, OSError) as problem:
        return _failed(str(problem))
    return 0


def _export(name: ListName, chosen: argparse.Namespace, services: Services) -> Iterator[int]:
    """Writes a list's file and yields how many rows it has so far, page by page."""
    columns, rows = COLUMNS[name], 0
    heads: list[str] | None = [one.heading if chosen.headings == "zh" else one.name for one in columns]
    is_csv = chosen.format == "csv"
    with (chosen.folder / f"{name.value}.{chosen.format}").open("w", encoding="utf-8", newline="") as file:
        file.write("" if is_csv else "[")
        for records in _pages(name, services):
            if is_csv:
                file.write(written(records, columns, heads))
            else:
                lines = (json.dumps(one, ensure_ascii=False) for one in records)
                file.writelines(f"{',' if rows + at else ''}\n{line}" for at, line in enumerate(lines))
            heads, rows = None, rows + len(records)
            yield rows
        file.write("" if is_csv else "\n]\n")


def _pages(name: ListName, services: Services) -> Iterator[list[Record]]:
    months, cursor = _every_month(services), None
    while True:
        asked = Asked(name, OPERATOR, cursor, MAX_PAGE, months)
        page = export_list(asked, export_desk=services.export_desk)
        yield [dict(one) for one in page.items]
        cursor = page.cursor
        if cursor is None:
            return


def _every_month(services: Services) -> tuple[str, ...]:
    """The running month and as many before it as the API gives at most."""
    from datetime import datetime

    now = datetime.fromtimestamp(services.clock.now_ms() / 1000, services.zone)
    last = now.year * 12 + now.month - 1
    return tuple(f"{one // 12:04d}-{one % 12 + 1:02d}" for one in range(last - MOST_MONTHS + 1, last + 1))


def run_import(chosen: argparse.Namespace, park: Services | None = None) -> int:
    """0: no wrong row."""
    name = ListName(chosen.list)
    try:
        parsed = _parsed(chosen.file, name)
        services = park or park_of(chosen.stack)
        desk = (services if chosen.apply else services.trial()).import_desk
        rows = [row_of(name, number, *one) for number, one in zip(count(1), parsed)]
        results = [
            result
            for at in range(0, len(rows), MAX_ROWS)
            for result in import_list(name, rows[at : at + MAX_ROWS], OPERATOR, import_desk=desk)
        ]
    except InvalidRequest as wrong:
        return _failed("; ".join(f"{one.field}: {field_text(one, 'en')}" for one in wrong.errors))
    except GreenShieldError as problem:
        return _failed(text(f"problem.{problem.code}", "en"))
    except (ParkNotFound, OSError, ValueError) as problem:
        return _failed(str(problem))
    _show(results, chosen.apply)
    return int(any(one.outcome is RowOutcome.WRONG for one in results))


def _parsed(file: Path, name: ListName) -> Any:
    data = file.read_bytes()
    written_as = data.decode(next(one for one in ENCODINGS if _decodes(data, one) or one == ENCODINGS[-1]))
    if file.suffix != ".json":
        return read(written_as, COLUMNS[name], MOST_ROWS)
    from chalicelib.api.sheets import checked

    records = json.loads(written_as)
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise ValueError(f"{file}: an array of records is wanted")
    return checked(records, COLUMNS[name])


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _show(results: list[RowResult], is_applied: bool) -> None:
    console = Console()
    wrong = [(one, cell) for one in results for cell in one.wrong]
    if wrong:
        table = Table("row", "id", "column", "what is wrong")
        for one, cell in wrong[:100]:
            table.add_row(str(one.number), one.id, cell.field, field_text(cell, "en"))
        console.print(table)
    told = ", ".join(f"{sum(one.outcome is outcome for one in results)} {outcome.value}" for outcome in RowOutcome)
    console.print(told + ("" if is_applied else " (nothing was written: add --apply)"))


def _failed(why: str) -> int:
    print(f"green-shield: {why}", file=sys.stderr)
    return 2
