"""One SQLite file in WAL mode with synchronous=FULL: a commit survives a power cut.

Every sqlite3.Error becomes one of the bridge's at this edge.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from green_shield_bridge.errors import SpoolBusy, SpoolDamaged, SpoolError, SpoolFull

PAGE_BYTES = 4096
WAL_BYTES = 4 * 1024 * 1024
_WAL_PAGES = WAL_BYTES // PAGE_BYTES


def connect(path: str) -> sqlite3.Connection:
    """Raises sqlite3.Error and OSError."""
    if not Path(path).exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"wal_autocheckpoint={_WAL_PAGES}",
            f"journal_size_limit={4 * WAL_BYTES}",
            "cache_size=-2048",
            "temp_store=MEMORY",
        ):
            db.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def check(db: sqlite3.Connection, path: str) -> None:
    """Raises SpoolDamaged where SQLite finds the file damaged."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise SpoolDamaged(f"spool {path}: {verdict}")


def hold_wal(path: str) -> None:
    """Allocate the write-ahead log, so that acknowledgements can be written when the disk is full.

    Bytes after the last commit of a log mean nothing to SQLite. Only the log may be opened here: closing any handle of
    the database file itself would drop SQLite's locks on it.
    """
    try:
        handle = os.open(f"{path}-wal", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.posix_fallocate(handle, 0, WAL_BYTES)
    except OSError:
        return  # no room, or a file system that does not allocate: the reserve stands in
    finally:
        os.close(handle)


def file_bytes(db: sqlite3.Connection) -> tuple[int, int]:
    """(bytes in use, bytes free within the file), as the running transaction sees them."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    return (pages - free) * PAGE_BYTES, free * PAGE_BYTES


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One durable commit, or no change at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite rolls back by itself when the disk is full
            db.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise spool_error(path, error) from error


def spool_error(path: str, error: sqlite3.Error) -> SpoolError:
    name: str = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
    if name == "SQLITE_FULL":
        return SpoolFull(f"spool {path}: the disk is full; free some space and the bridge goes on by itself")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ")) or _lacks_a_name(error):
        return SpoolDamaged(f"spool {path}: {error} ({name})")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return SpoolBusy(f"spool {path}: another program holds the database ({error})")
    return SpoolError(f"spool {path}: {error} ({name})")


def _lacks_a_name(error: sqlite3.Error) -> bool:
    """All statements are constants, so a table or column that is not there was lost with a damaged schema."""
    return str(error).startswith(("no such table", "no such column")) or "has no column named" in str(error)
