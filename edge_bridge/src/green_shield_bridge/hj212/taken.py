"""What was taken from the stations: a value that comes again is answered again and not stored again.

One row a packet in a small SQLite file beside the spool: (MN, CN, DataTime) and which values it brought. Order of events:

    1. the readings are on disk in the spool    2. add() is committed here    3. the device is answered

A kill between 1 and 2 leaves readings in the spool that this file does not know; whoever opens it asks the spool for its newest
rows and adds them (`recall` of sources/hj212.py), before a device can send them again. So nothing is stored twice, and nothing
is answered that is not stored. Of each (MN, CN) the newest `KEPT` packets are remembered, in the order they came, so that
supplements with an old DataTime are known too: 16 h of live data each 30 s, 13 days of ten minutes, 83 days of hours.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from green_shield_bridge.errors import SpoolError

KEPT = 2_000
_PRUNE_EVERY = 100
_SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (
    number INTEGER PRIMARY KEY AUTOINCREMENT, mn TEXT NOT NULL, cn TEXT NOT NULL, time_ms INTEGER NOT NULL,
    marks TEXT NOT NULL, UNIQUE (mn, cn, time_ms));
CREATE INDEX IF NOT EXISTS by_number ON taken (mn, cn, number);
"""


class Key(NamedTuple):
    """One instant of one kind of data of one station."""

    mn: str
    cn: str
    time_ms: int


class Taken:
    """One thread at a time. All methods raise SpoolError."""

    def __init__(self, path: str | os.PathLike[str], *, kept: int = KEPT) -> None:
        self._path = os.fspath(path)
        self._kept = kept
        self._added = 0
        with _translated(self._path):
            self._db = _open(self._path)

    def close(self) -> None:
        self._db.close()

    def known(self, keys: Iterable[Key]) -> dict[Key, frozenset[str]]:
        """Which values of these instants were taken; nothing for an instant that is new."""
        found: dict[Key, frozenset[str]] = {}
        with _translated(self._path):
            for key in keys:
                marks = self._marks(key)
                if marks:
                    found[key] = marks
        return found

    def add(self, marks: Sequence[tuple[Key, Iterable[str]]]) -> None:
        """Remember values, in one commit; joined with what is known of the same instants."""
        merged: dict[Key, frozenset[str]] = {}
        with _translated(self._path):
            for key, names in marks:
                merged[key] = merged.get(key, frozenset()).union(names)
            self._store({key: names | self._marks(key) for key, names in merged.items()})

    def newest_ms(self, mn: str, cn: str) -> int | None:
        """The latest DataTime taken of this kind."""
        with _translated(self._path):
            (time_ms,) = self._db.execute("SELECT max(time_ms) FROM taken WHERE mn = ? AND cn = ?", (mn, cn)).fetchone()
        return None if time_ms is None else int(time_ms)

    def _marks(self, key: Key) -> frozenset[str]:
        row = self._db.execute("SELECT marks FROM taken WHERE mn = ? AND cn = ? AND time_ms = ?", key).fetchone()
        return frozenset(row[0].split("\n")) if row else frozenset()

    def _store(self, marks: Mapping[Key, frozenset[str]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(
                "INSERT INTO taken (mn, cn, time_ms, marks) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (mn, cn, time_ms) DO UPDATE SET marks = excluded.marks",
                [(*key, "\n".join(sorted(names))) for key, names in marks.items()],
            )
            self._added += len(marks)
            if self._added >= _PRUNE_EVERY:
                self._prune()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite rolls back by itself when the disk is full
                self._db.execute("ROLLBACK")
            raise

    def _prune(self) -> None:
        self._added = 0
        kinds = self._db.execute(
            "SELECT mn, cn FROM taken GROUP BY mn, cn HAVING count(*) > ?", (self._kept,)
        ).fetchall()
        for kind in kinds:
            self._db.execute(
                "DELETE FROM taken WHERE mn = ? AND cn = ? AND number <= (SELECT number FROM taken"
                " WHERE mn = ? AND cn = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (*kind, *kind, self._kept),
            )


def _open(path: str) -> sqlite3.Connection:
    try:
        if not Path(path).exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise SpoolError(f"{path}: {error.strerror}; the folder must exist and be writable") from error
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "journal_size_limit=4194304", "cache_size=-1024"):
        db.execute(f"PRAGMA {pragma}")
    db.executescript(_SCHEMA)
    return db


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SpoolError(f"{path}: {error}") from error
