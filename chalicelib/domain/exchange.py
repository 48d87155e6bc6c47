"""Lists that leave the park and come in: which there are, their columns, and how a value becomes a cell and a cell a value.

A field's name is the same in CSV and JSON. In CSV, text that a spreadsheet would take for a formula has an apostrophe before it, and
loses it when it comes back: cell_of and text_of undo each other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

CHINA = timezone(timedelta(hours=8))
FORMULA = ("=", "+", "-", "@", "\t", "\r")
GUARD = "'"
SEPARATOR = ";"
BOM = "\ufeff"


class ListName(StrEnum):
    ENTERPRISES = "enterprises"
    UNITS = "units"
    POINTS = "points"
    PEOPLE = "people"
    LINKS = "links"
    PLANS = "plans"
    RESOURCES = "resources"
    TARGETS = "targets"
    INSTRUMENTS = "instruments"
    ROTA = "rota"
    WARNINGS = "warnings"
    TASKS = "tasks"
    SCORES = "scores"
    OBSERVATIONS = "observations"
    HAZARDS = "hazards"
    VISITS = "visits"
    CHAIN_ALERTS = "chain_alerts"
    AUDITS = "audits"


# What comes in, in the order in which one needs the other.
IMPORTED = (
    ListName.ENTERPRISES,
    ListName.UNITS,
    ListName.POINTS,
    ListName.PEOPLE,
    ListName.LINKS,
    ListName.RESOURCES,
    ListName.TARGETS,
)


class CellKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"  # true, false
    INSTANT = "instant"  # RFC 3339
    NAMES = "names"  # separated by semicolons
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """`path` is where the value stands in what is exported, and where it goes in the body of the route that registers such a thing;
    `is_read_only`: it leaves and is passed over when it comes in."""

    name: str
    heading: str
    kind: CellKind = CellKind.TEXT
    path: str = ""
    is_read_only: bool = False

    @property
    def target(self) -> str:
        return self.path or self.name


class WrongCell(ValueError):
    """`allowed` says what could have stood there."""

    def __init__(self, allowed: str) -> None:
        super().__init__(allowed)
        self.allowed = allowed


def record_of(value: object, columns: Sequence[Column]) -> dict[str, Any]:
    """A domain value as a record of plain values by column; what is not there is left out."""
    found = {one.name: _plain(_at(value, one), one.kind) for one in columns}
    return {name: cell for name, cell in found.items() if cell is not None and cell != ""}


def _at(value: Any, column: Column) -> Any:
    for step in column.target.split("."):
        if value is None:
            return None
        if isinstance(value, Mapping):
            value = value.get(step)
        elif column.kind is CellKind.INSTANT and not hasattr(value, step):
            value = getattr(value, f"{step}_ms")
        else:
            value = getattr(value, step)
    return value


def _plain(value: Any, kind: CellKind) -> Any:
    if value is None:
        return None
    if kind is CellKind.INSTANT:
        return instant_text(value)
    return _json(value)


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        members = {one.name: _json(getattr(value, one.name)) for one in fields(value)}
        return {name: one for name, one in members.items() if one is not None and one != ""}
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Mapping):
        return {str(key): _json(one) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [_json(one) for one in (sorted(value) if isinstance(value, frozenset | set) else value)]
    return value.value if isinstance(value, StrEnum) else value


def instant_text(at_ms: int) -> str:
    seconds, ms = divmod(at_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
    return moment.astimezone(CHINA).isoformat(timespec="milliseconds")


def cell_of(value: Any, kind: CellKind) -> str:
    """A plain value as the text of a CSV cell."""
    if value is None:
        return ""
    match kind:
        case CellKind.FLAG:
            return "true" if value else "false"
        case CellKind.NUMBER | CellKind.WHOLE:
            return repr(value) if isinstance(value, float) else str(value)
        case CellKind.JSON:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case CellKind.NAMES:
            return guarded(SEPARATOR.join(value))
        case CellKind.TEXT | CellKind.INSTANT:
            return guarded(str(value))


def guarded(text: str) -> str:
    """No spreadsheet runs it. What begins with apostrophes before such a sign gets one more, so that it can be taken off again."""
    return GUARD + text if text.lstrip(GUARD).startswith(FORMULA) else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith(GUARD) and text.lstrip(GUARD).startswith(FORMULA) else text


def value_of(cell: str, kind: CellKind) -> Any:
    """A CSV cell as a plain value; None where it is empty. Raises WrongCell."""
    if cell.strip() == "":
        return None
    match kind:
        case CellKind.FLAG:
            return _flag(cell.strip().lower())
        case CellKind.NUMBER | CellKind.WHOLE:
            return _number(cell.strip(), kind)
        case CellKind.JSON:
            return _document(cell)
        case CellKind.NAMES:
            return [one.strip() for one in unguarded(cell).split(SEPARATOR) if one.strip()]
        case CellKind.TEXT | CellKind.INSTANT:
            return unguarded(cell)


FLAGS = {"true": True, "false": False, "1": True, "0": False, "是": True, "否": False, "yes": True, "no": False}


def _flag(cell: str) -> bool:
    if cell not in FLAGS:
        raise WrongCell("true, false, 是, 否")
    return FLAGS[cell]


def _number(cell: str, kind: CellKind) -> float | int:
    """Digits as they are written with a point; a comma is refused, for it means one thing here and another there."""
    try:
        number = int(cell) if kind is CellKind.WHOLE else float(cell)
    except ValueError:
        raise WrongCell("1234" if kind is CellKind.WHOLE else "1234.5") from None
    if number - number != 0:  # not finite
        raise WrongCell("1234.5")
    return number


def _document(cell: str) -> Any:
    try:
        return json.loads(unguarded(cell), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise WrongCell("JSON") from None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def nested(record: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """A record as the body of the route that registers such a thing: what has no value is left out, and so is `id`."""
    body: dict[str, Any] = {}
    for one in columns:
        if one.is_read_only or one.name == "id" or record.get(one.name) is None:
            continue
        *places, last = one.target.split(".")
        inner = body
        for place in places:
            inner = inner.setdefault(place, {})
        inner[last] = record[one.name]
    return body


def column_of(field: str, columns: Sequence[Column]) -> str:
    """The column that a dotted path of such a body belongs to; the path itself where none does."""
    for one in columns:
        if field == one.target or field.startswith(f"{one.target}."):
            return one.name
    inside = [one.name for one in columns if one.target.startswith(f"{field}.")]
    return inside[0] if inside else field
