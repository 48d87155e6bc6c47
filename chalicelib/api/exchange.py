"""Every list of the park, to take away and to bring: CSV and JSON under the same field names (docs/exchange.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import ID, Call, endpoint, field_text, parse
from chalicelib.domain.access import Action
from chalicelib.domain.errors import FieldError, Forbidden, InvalidCursor, InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.api.models.exchange import ExportOut, ExportQuery, ImportOut
    from chalicelib.api.models.wire import Wire
    from chalicelib.domain.exchange import ListName
    from chalicelib.usecases.import_list import RowIn, RowResult

api = Blueprint(__name__)
MONTHS_BACK = 24
MOST_MONTHS = 240


@endpoint(
    api, "GET", "/v1/exchange/{list_name}", summary="A page of a list, as JSON or CSV, to take away", action=Action.EXPORT,
    query="exchange.ExportQuery", response="exchange.ExportOut", problems=(NotFound, Forbidden, InvalidCursor),
)  # fmt: skip
def get_export(call: Call, list_name: str) -> ExportOut:
    from chalicelib.api.models.exchange import ColumnOut, ExportOut
    from chalicelib.api.sheets import written
    from chalicelib.domain.exchange_columns import COLUMNS
    from chalicelib.usecases.export_list import Asked, export_list, list_named

    query, name = call.query, list_named(list_name)
    asked = Asked(name, call.person, query.cursor, query.limit, _months(call, query))
    page, columns = export_list(asked, export_desk=call.services.export_desk), COLUMNS[name]
    out = ExportOut(
        name=name.value,
        columns=[ColumnOut.model_validate(one) for one in columns],
        count=len(page.items),
        next_cursor=page.cursor,
    )
    if query.format == "json":
        out.rows = [dict(one) for one in page.items]
    else:
        heads = [one.heading if query.headings == "zh" else one.name for one in columns]
        out.content = written(page.items, columns, heads if query.cursor is None else None)
    return out


@endpoint(
    api, "POST", "/v1/exchange/{list_name}", summary="Bring a list of the registry: first to see what would come of it, then to do it",
    action=Action.IMPORT, request="exchange.ImportIn", response="exchange.ImportOut", problems=(NotFound,),
)  # fmt: skip
def post_import(call: Call, list_name: str) -> ImportOut:
    from chalicelib.api.models.exchange import MAX_ROWS
    from chalicelib.api.sheets import checked, read
    from chalicelib.domain.exchange import IMPORTED
    from chalicelib.domain.exchange_columns import COLUMNS
    from chalicelib.usecases.export_list import list_named
    from chalicelib.usecases.import_list import import_list

    given, name = call.body, list_named(list_name)
    if name not in IMPORTED:
        raise NotFound(what="list")
    columns = COLUMNS[name]
    parsed = read(given.content, columns, MAX_ROWS) if given.format == "csv" else checked(given.rows, columns)
    rows = [row_of(name, number, *one) for number, one in enumerate(parsed, start=1)]
    services = call.services if given.apply else call.services.trial()
    return _report(call, name, given.apply, import_list(name, rows, call.person, import_desk=services.import_desk))


def _months(call: Call, query: ExportQuery) -> tuple[str, ...]:
    """Month by month; at most twenty years of them."""
    from datetime import datetime

    now = datetime.fromtimestamp(call.services.clock.now_ms() / 1000, call.services.zone)
    running = now.year * 12 + now.month - 1
    first, last = (
        _number(one, other) for one, other in ((query.from_month, running - MONTHS_BACK), (query.to_month, running))
    )
    if not first <= last < first + MOST_MONTHS:
        raise InvalidRequest(errors=[FieldError("to_month", "at_least", query.from_month or "")])
    return tuple(f"{one // 12:04d}-{one % 12 + 1:02d}" for one in range(first, last + 1))


def _number(month: str | None, otherwise: int) -> int:
    return otherwise if month is None else int(month[:4]) * 12 + int(month[5:]) - 1


def _models() -> Mapping[ListName, type[Wire]]:
    from chalicelib.api.models.chain import LinkIn
    from chalicelib.api.models.emergency import EmergencyResourceIn
    from chalicelib.api.models.registry import EnterpriseIn, PersonIn, PointIn, UnitIn
    from chalicelib.api.models.target import ReductionTargetIn
    from chalicelib.domain.exchange import ListName

    return {
        ListName.ENTERPRISES: EnterpriseIn,
        ListName.UNITS: UnitIn,
        ListName.POINTS: PointIn,
        ListName.PEOPLE: PersonIn,
        ListName.LINKS: LinkIn,
        ListName.RESOURCES: EmergencyResourceIn,
        ListName.TARGETS: ReductionTargetIn,
    }


def row_of(name: ListName, number: int, record: dict[str, Any], wrong: tuple[FieldError, ...]) -> RowIn:
    """A record judged as the body of the route that registers such a thing would be."""
    from chalicelib.domain.exchange import column_of, nested
    from chalicelib.domain.exchange_columns import COLUMNS
    from chalicelib.usecases.import_list import RowIn

    columns, id = COLUMNS[name], record.get("id")
    errors = list(wrong)
    if not isinstance(id, str) or not ID.fullmatch(id):
        errors.append(FieldError("id", "missing" if id is None else "pattern", ID.pattern))
    try:
        body: Any = parse(_models()[name], nested(record, columns))
    except InvalidRequest as error:
        known = {one.field for one in errors}
        found = (FieldError(column_of(one.field, columns), one.code, one.detail) for one in error.errors)
        errors += [one for one in found if one.field not in known]
    shown = id[:64] if isinstance(id, str) else ""
    if errors:
        return RowIn(number, shown, None, tuple(errors))
    return RowIn(number, shown, body.value_of(shown) if hasattr(body, "value_of") else dict(body))


def _report(call: Call, name: ListName, is_applied: bool, results: list[RowResult]) -> ImportOut:
    from chalicelib.api.models.exchange import ImportedRowOut, ImportOut, WrongCellOut
    from chalicelib.usecases.import_list import RowOutcome

    counts = {one.value: sum(result.outcome is one for result in results) for one in RowOutcome}
    return ImportOut(
        name=name.value,
        applied=is_applied,
        **counts,
        rows=[ImportedRowOut(row=one.number, id=one.id, outcome=one.outcome) for one in results],
        errors=[
            WrongCellOut(row=one.number, column=cell.field, code=cell.code, detail=field_text(cell, call.language))
            for one in results
            for cell in one.wrong
        ],
    )
