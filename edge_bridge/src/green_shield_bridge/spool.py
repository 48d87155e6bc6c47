"""The spool: readings on disk until the park has them.

Invariants, each held by a transaction and by tests that kill the process:

- a reading counts as produced in the transaction that stores it, so `produced == acked + quarantined + waiting` after
  any crash;
- a row is deleted only by `acknowledge` and `set_aside`, and what the park refused is in the quarantine table with
  the reason;
- a batch is a row range with an id made once; until it is closed, `next_batch` gives the same id and the same content;
- row numbers are never used twice; rows leave in order.

One process owns a spool (a lock file says so) and one thread uses the object. SQLite in WAL mode with
synchronous=FULL: a commit survives a power cut.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from green_shield_bridge.batching import Block, Limits, build_block, readings_of, take
from green_shield_bridge.errors import SpoolBusy, SpoolDamaged, SpoolError, SpoolFull
from green_shield_bridge.frames import Frame, total

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x47534231  # "GSB1"

_SCHEMA = """
CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE, interval_s REAL);
CREATE TABLE frame (number INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, count INTEGER NOT NULL, body
BLOB NOT NULL); CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, block_id TEXT NOT NULL UNIQUE,
created_ms INTEGER NOT NULL); CREATE TABLE quarantine ( id INTEGER PRIMARY KEY AUTOINCREMENT, block_id TEXT NOT NULL,
point TEXT NOT NULL, time_ms INTEGER NOT NULL, value REAL, flag TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT
NULL, refused_ms INTEGER NOT NULL); CREATE TABLE lifetime (produced INTEGER NOT NULL, acked INTEGER NOT NULL,
quarantined INTEGER NOT NULL); INSERT INTO lifetime VALUES (0, 0, 0);
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """Readings since the spool was made. `waiting` are on disk and not acknowledged yet."""

    produced: int = 0
    acked: int = 0
    quarantined: int = 0

    @property
    def waiting(self) -> int:
        return self.produced - self.acked - self.quarantined


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the park does not take a series or a block: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows `first` to `last`, packed. `has_more`: further rows waited when it was loaded."""

    first: int
    last: int
    block: Block
    has_more: bool


class Spool:
    """All methods raise SpoolBusy, SpoolFull, SpoolDamaged or SpoolError, and then have changed nothing."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._lock = _lock(self._path)
        self.counters = Counters()
        try:
            with _translated(self._path):
                self._db = _open(self._path)
                self.counters = Counters(
                    *self._db.execute("SELECT produced, acked, quarantined FROM lifetime").fetchone()
                )
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)

    def series_of(self, points: Iterable[str]) -> dict[str, int]:
        """The ids of some points, made where they are new."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO series (point) VALUES (?)", [(point,) for point in points])
            ids = dict(db.execute("SELECT point, id FROM series"))
        return {point: ids[point] for point in points}

    def intervals(self) -> dict[str, float]:
        """The sampling intervals that the park told last, by point."""
        with _translated(self._path):
            return dict(self._db.execute("SELECT point, interval_s FROM series WHERE interval_s IS NOT NULL"))

    def remember_intervals(self, intervals: Mapping[str, float]) -> None:
        with self._transaction() as db:
            db.executemany(
                "UPDATE series SET interval_s = ? WHERE point = ?", [(s, point) for point, s in intervals.items()]
            )

    def append(self, frames: Sequence[Frame]) -> None:
        """Store frames and count their readings, in one commit."""
        produced = total(frames)
        with self._transaction(produced=produced) as db:
            db.executemany(
                "INSERT INTO frame (time_ms, count, body) VALUES (?, ?, ?)",
                [(f.time_ms, f.count, f.body) for f in frames],
            )

    def next_batch(self, limits: Limits, now_ms: int, new_id: Callable[[int], str]) -> Batch | None:
        """The oldest batch that is not closed; else a new one of the oldest rows; None when nothing waits."""
        with _translated(self._path):
            row = self._db.execute(
                "SELECT first, last, block_id, created_ms FROM batch ORDER BY first LIMIT 1"
            ).fetchone()
            if row is None:
                row = self._cut_batch(limits, now_ms, new_id)
            return row and self._load(*row)

    def acknowledge(self, batch: Batch, refused: Mapping[int, Refusal], now_ms: int) -> None:
        """Close a batch that the park has stored. `refused`: by series id, what it did not take (to quarantine)."""
        quarantined = 0
        with _translated(self._path):
            if refused:
                points = self._points()
                kept = [
                    (
                        batch.block.block_id,
                        points[series],
                        time_ms,
                        value,
                        flag,
                        refused[series].code,
                        refused[series].reason,
                        now_ms,
                    )
                    for time_ms, (series, value, flag) in readings_of(self._frames(batch.first, batch.last))
                    if series in refused
                ]
                quarantined = len(kept)
        with self._transaction(acked=batch.block.readings - quarantined, quarantined=quarantined) as db:
            if refused:
                db.executemany(
                    "INSERT INTO quarantine (block_id, point, time_ms, value, flag, code, reason, refused_ms)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    kept,
                )
            db.execute("DELETE FROM frame WHERE number BETWEEN ? AND ?", (batch.first, batch.last))
            db.execute("DELETE FROM batch WHERE first = ?", (batch.first,))

    def set_aside(self, batch: Batch, refusal: Refusal, now_ms: int) -> None:
        """Close a batch that the park refuses as a whole: all of it goes to quarantine."""
        self.acknowledge(batch, dict.fromkeys(batch.block.series, refusal), now_ms)

    def split(self, batch: Batch, now_ms: int, new_id: Callable[[int], str]) -> bool:
        """Replace a batch that is too large for the park by its two halves, under new ids. False: it is one row."""
        if batch.first == batch.last:
            return False
        with self._transaction() as db:
            (middle,) = db.execute(
                "SELECT number FROM frame WHERE number BETWEEN ? AND ? ORDER BY number LIMIT 1 OFFSET"
                " (SELECT count(*) FROM frame WHERE number BETWEEN ? AND ?) / 2",
                (batch.first, batch.last) * 2,
            ).fetchone()
            db.execute("DELETE FROM batch WHERE first = ?", (batch.first,))
            db.executemany(
                "INSERT INTO batch (first, last, block_id, created_ms) VALUES (?, ?, ?, ?)",
                [(batch.first, middle - 1, new_id(now_ms), now_ms), (middle, batch.last, new_id(now_ms), now_ms)],
            )
        return True

    def _cut_batch(self, limits: Limits, now_ms: int, new_id: Callable[[int], str]) -> tuple[int, int, str, int] | None:
        rows = self._db.execute("SELECT number, time_ms, count, body FROM frame ORDER BY number")
        numbers = [number for number, _ in take(((row[0], Frame(*row[1:])) for row in rows), limits)]
        rows.close()
        if not numbers:
            return None
        row = (numbers[0], numbers[-1], new_id(now_ms), now_ms)
        with self._transaction() as db:
            db.execute("INSERT INTO batch (first, last, block_id, created_ms) VALUES (?, ?, ?, ?)", row)
        return row

    def _load(self, first: int, last: int, block_id: str, created_ms: int) -> Batch:
        block = build_block(block_id, created_ms, self._frames(first, last), self._points())
        (newest,) = self._db.execute("SELECT max(number) FROM frame").fetchone()
        return Batch(first, last, block, has_more=newest > last)

    def _frames(self, first: int, last: int) -> Iterator[Frame]:
        rows = self._db.execute(
            "SELECT time_ms, count, body FROM frame WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
        )
        return (Frame(*row) for row in rows)

    def _points(self) -> dict[int, str]:
        return dict(self._db.execute("SELECT id, point FROM series"))

    @contextmanager
    def _transaction(self, *, produced: int = 0, acked: int = 0, quarantined: int = 0) -> Iterator[sqlite3.Connection]:
        """One durable commit together with its counters; the counters in memory follow only after it."""
        with _translated(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                if produced or acked or quarantined:
                    self._db.execute(
                        "UPDATE lifetime SET produced = produced + ?, acked = acked + ?, quarantined = quarantined + ?",
                        (produced, acked, quarantined),
                    )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite rolls back by itself when the disk is full
                    self._db.execute("ROLLBACK")
                raise
        now = self.counters
        self.counters = replace(
            now, produced=now.produced + produced, acked=now.acked + acked, quarantined=now.quarantined + quarantined
        )


def _lock(path: str) -> int:
    """Hold the lock file for as long as the process lives; the kernel drops it however the process ends."""
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"spool {path}: {error.strerror}; the folder must exist and be writable") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise SpoolBusy(f"spool {path}: another bridge is using it; one spool belongs to one bridge") from error
    return handle


def _open(path: str) -> sqlite3.Connection:
    if not Path(path).exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "journal_size_limit=16777216",
        "cache_size=-2048",
        "temp_store=MEMORY",
    ):
        db.execute(f"PRAGMA {pragma}")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        db.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id={_APPLICATION_ID}; PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
        )
    elif version != SCHEMA_VERSION:
        raise SpoolError(
            f"spool {path}: made by another version of the bridge (schema {version}, this one knows {SCHEMA_VERSION})"
        )
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise SpoolDamaged(f"spool {path}: {verdict}. {_DAMAGED_ADVICE}")
    return db


_DAMAGED_ADVICE = (
    "Move the file (with its -wal and -shm) away, keep it for recovery, and start again: the bridge makes a new one"
)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _spool_error(path, error) from error


def _spool_error(path: str, error: sqlite3.Error) -> SpoolError:
    name: str = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
    if name == "SQLITE_FULL":
        return SpoolFull(f"spool {path}: the disk is full; free some space and the bridge goes on by itself")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return SpoolDamaged(f"spool {path}: {error}. {_DAMAGED_ADVICE}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return SpoolBusy(f"spool {path}: another program holds the database ({error})")
    return SpoolError(f"spool {path}: {error} ({name})")
