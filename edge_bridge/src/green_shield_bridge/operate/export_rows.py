"""Rows of the export: from a row of the spool to lines of text, some hundred rows at a time, each page a query of its own."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from green_shield_bridge.frames import Frame, unpack
from green_shield_bridge.operate.spool_view import points_of

What = Literal["waiting", "quarantine", "gaps"]
Line = Sequence[str | int]

PAGE_ROWS = 200
_EVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which readings: measured from `since_ms` (inclusive) to `until_ms` (exclusive), of these points; no points: of all.

    A gap is chosen when it touches the time, and when it may concern one of the points.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    points: frozenset[str] = frozenset()

    @property
    def times_ms(self) -> tuple[int, int]:
        return (
            -_EVER_MS if self.since_ms is None else self.since_ms,
            _EVER_MS if self.until_ms is None else self.until_ms,
        )

    def has(self, point: str) -> bool:
        return not self.points or point in self.points


# The rows of one page as lines.
Lines = Callable[[sqlite3.Connection, list[tuple[Any, ...]], Chosen, tzinfo], list[Line]]


@dataclass(frozen=True, slots=True)
class Table:
    """`newest` and `page` are queries; `page` takes two row numbers and two times, and gives the row number first."""

    columns: tuple[str, ...]
    newest_query: str
    page_query: str
    lines: Lines

    def newest(self, db: sqlite3.Connection) -> int:
        (number,) = db.execute(self.newest_query).fetchone()
        return int(number)

    def pages(
        self, db: sqlite3.Connection, newest: int, chosen: Chosen, zone: tzinfo
    ) -> Iterator[tuple[int, list[Line]]]:
        """(number of the last row, lines) of each page, up to the row `newest`."""
        done = 0
        while page := db.execute(self.page_query, (done, newest, *chosen.times_ms, PAGE_ROWS)).fetchall():
            done = page[-1][0]
            yield done, self.lines(db, page, chosen, zone)


def _waiting(db: sqlite3.Connection, page: list[tuple[Any, ...]], chosen: Chosen, zone: tzinfo) -> list[Line]:
    wanted = {series: point for series, point in db.execute("SELECT id, point FROM series") if chosen.has(point)}
    batches = db.execute("SELECT first, last, block_id FROM batch ORDER BY first DESC").fetchall()
    lines: list[Line] = []
    for number, time_ms, count, body in page:
        at, batch = instant(time_ms, zone), _batch_of(number, batches)
        lines += [
            (wanted[series], at, _number(value), flag, number, batch)
            for series, value, flag in unpack(Frame(time_ms, count, body))
            if series in wanted
        ]
    return lines


def _batch_of(number: int, batches: Sequence[tuple[int, int, str]]) -> str:
    """Of batches within each other, a row belongs to the inner one, which begins last."""
    return next((block_id for first, last, block_id in batches if first <= number <= last), "")


def _quarantine(_: sqlite3.Connection, page: list[tuple[Any, ...]], chosen: Chosen, zone: tzinfo) -> list[Line]:
    return [
        (
            point,
            instant(at_ms, zone),
            _number(value),
            flag,
            _words(code),
            _words(reason),
            instant(refused_ms, zone),
            block,
        )
        for _, point, at_ms, value, flag, code, reason, refused_ms, block in page
        if chosen.has(point)
    ]


def _gaps(_: sqlite3.Connection, page: list[tuple[Any, ...]], chosen: Chosen, zone: tzinfo) -> list[Line]:
    lines: list[Line] = []
    for id_, from_ms, to_ms, readings, reason, detail, spool, first, last, points, reported_ms in page:
        names = list(points_of(points))
        if names and not any(map(chosen.has, names)):
            continue
        what = (readings, reason, _words(detail or ""), spool, _known(first), _known(last), " ".join(names))
        reported = "" if reported_ms is None else instant(reported_ms, zone)
        lines.append((id_, instant(from_ms, zone), instant(to_ms, zone), *what, reported))
    return lines


TABLES: dict[What, Table] = {
    "waiting": Table(
        ("point", "time", "value", "flag", "row", "batch"),
        "SELECT coalesce(max(number), 0) FROM frame",
        "SELECT number, time_ms, count, body FROM frame"
        " WHERE number > ? AND number <= ? AND time_ms >= ? AND time_ms < ? ORDER BY number LIMIT ?",
        _waiting,
    ),
    "quarantine": Table(
        ("point", "time", "value", "flag", "code", "reason", "refused_at", "batch"),
        "SELECT coalesce(max(id), 0) FROM quarantine",
        "SELECT id, point, time_ms, value, flag, code, reason, refused_ms, block_id FROM quarantine"
        " WHERE id > ? AND id <= ? AND time_ms >= ? AND time_ms < ? ORDER BY id LIMIT ?",
        _quarantine,
    ),
    "gaps": Table(
        (
            "gap",
            "from",
            "to",
            "readings",
            "reason",
            "detail",
            "spool",
            "first_row",
            "last_row",
            "points",
            "reported_at",
        ),
        "SELECT coalesce(max(id), 0) FROM gap",
        "SELECT id, from_ms, to_ms, readings, reason, detail, spool, first, last, points, uploaded_ms FROM gap"
        " WHERE id > ? AND id <= ? AND to_ms >= ? AND from_ms < ? ORDER BY id LIMIT ?",
        _gaps,
    ),
}


def instant(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="milliseconds")


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _known(row: int | None) -> str | int:
    return "" if row is None else row


def _words(text: str) -> str:
    """Words of others, so that a spreadsheet does not take them for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
