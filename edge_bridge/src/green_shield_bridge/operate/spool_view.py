"""A look into a spool file from outside, whether a bridge uses it or not. Opens read-only and holds no transaction longer than one
query, so that it neither stops the bridge nor keeps its write-ahead log from being emptied. Raises SpoolError.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from green_shield_bridge.errors import SpoolError
from green_shield_bridge.operate.status_model import GapRow
from green_shield_bridge.spool.database import translated
from green_shield_bridge.spool.schema import SCHEMA_VERSION

BUSY_S = 5.0
GAPS_SHOWN = 20

_GAP = "SELECT id, first, last, from_ms, to_ms, readings, reason, detail FROM gap"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a spool file holds. `waiting`, `produced`, ... are readings; `gaps` the last of the ledger, newest first."""

    id: str
    path: str
    bytes: int
    waiting: int
    oldest_waiting_ms: int | None
    newest_ms: int | None
    produced: int
    acked: int
    quarantined: int
    dropped: int
    refused: int
    gaps_open: int
    gaps: list[GapRow]


@contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a spool of this version."""
    if not os.path.exists(path):
        raise SpoolError(f"spool {path}: there is no such file")
    with translated(path), closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=BUSY_S)) as db:
        db.isolation_level = None
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise SpoolError(
                f"spool {path}: made by another version of the bridge (schema {version}, this one knows"
                f" {SCHEMA_VERSION}); a bridge that starts with it brings it up to date"
            )
        yield db


def look(path: str) -> Contents:
    with opened(path) as db:
        counters = db.execute("SELECT produced, acked, quarantined, dropped, refused FROM lifetime").fetchone()
        (gaps_open,) = db.execute("SELECT count(*) FROM gap WHERE uploaded_ms IS NULL").fetchone()
        (spool_id,) = db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
        produced, acked, quarantined, dropped, refused = counters
        return Contents(
            id=spool_id,
            path=path,
            bytes=file_bytes(path),
            waiting=produced - acked - quarantined - dropped,
            oldest_waiting_ms=_time_of(db, "ASC"),
            newest_ms=_time_of(db, "DESC"),
            produced=produced,
            acked=acked,
            quarantined=quarantined,
            dropped=dropped,
            refused=refused,
            gaps_open=gaps_open,
            gaps=recent_gaps(db),
        )


def recent_gaps(db: sqlite3.Connection, limit: int = GAPS_SHOWN) -> list[GapRow]:
    """The newest entries of the ledger, newest first."""
    return [_gap(*row) for row in db.execute(f"{_GAP} ORDER BY id DESC LIMIT ?", (limit,))]


def recent_gaps_of(path: str) -> list[GapRow]:
    """The same, of a file."""
    with opened(path) as db:
        return recent_gaps(db)


def file_bytes(path: str) -> int:
    """Of the database with its write-ahead log."""
    size = 0
    for name in (path, f"{path}-wal"):
        with suppress(OSError):
            size += os.stat(name).st_size
    return size


def points_of(text: str | None) -> Iterable[str]:
    """The points of a gap, as the ledger keeps them."""
    return () if text is None else json.loads(text)


def _time_of(db: sqlite3.Connection, direction: str) -> int | None:
    row = db.execute(f"SELECT time_ms FROM frame ORDER BY number {direction} LIMIT 1").fetchone()  # noqa: S608 -- a word of ours
    return None if row is None else int(row[0])


def _gap(id_: int, first: int | None, last: int | None, from_ms: int, to_ms: int, readings: int, *why: Any) -> GapRow:
    reason, detail = why
    rows = None if first is None or last is None else [first, last]
    return GapRow(id=id_, rows=rows, from_ms=from_ms, to_ms=to_ms, readings=readings, reason=reason, detail=detail)
