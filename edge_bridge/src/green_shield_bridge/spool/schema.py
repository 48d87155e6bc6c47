"""The tables of the spool, and how a file of an earlier version becomes one of this version.

- frame: one row a frame; `number` is the source sequence number and is never used twice; `crc` covers time and body
  (null in rows of version 1);
- batch: the open ones; every row between first and last that is there belongs to it; `spool` is null in batches of
  version 1, which were sent without a source;
- gap: the ledger; a row is not changed any more once it was shown to the park;
- lifetime: counters of readings; produced == acked + quarantined + dropped + those in frame.
"""

import sqlite3

from green_shield_bridge.errors import SpoolError
from green_shield_bridge.spool.database import transaction

SCHEMA_VERSION = 2
APPLICATION_ID = 0x47534231  # "GSB1"

_COMMON = """
CREATE TABLE gap (id INTEGER PRIMARY KEY AUTOINCREMENT, spool TEXT NOT NULL, first INTEGER, last INTEGER,
    from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, readings INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT,
    points TEXT, uploaded_ms INTEGER);
CREATE INDEX gap_open ON gap (id) WHERE uploaded_ms IS NULL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX frame_priority ON frame (priority);
"""

_NEW = """
CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE, interval_s REAL);
CREATE TABLE frame (number INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, count INTEGER NOT NULL,
    body BLOB NOT NULL, priority INTEGER NOT NULL DEFAULT 1, crc INTEGER);
CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, block_id TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL, spool TEXT, readings INTEGER);
CREATE TABLE quarantine (id INTEGER PRIMARY KEY AUTOINCREMENT, block_id TEXT NOT NULL, point TEXT NOT NULL,
    time_ms INTEGER NOT NULL, value REAL, flag TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
    refused_ms INTEGER NOT NULL);
CREATE TABLE lifetime (produced INTEGER NOT NULL, acked INTEGER NOT NULL, quarantined INTEGER NOT NULL,
    dropped INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0);
INSERT INTO lifetime (produced, acked, quarantined) VALUES (0, 0, 0);
"""

_FROM_1 = """
ALTER TABLE frame ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE frame ADD COLUMN crc INTEGER;
ALTER TABLE batch ADD COLUMN spool TEXT;
ALTER TABLE batch ADD COLUMN readings INTEGER;
ALTER TABLE lifetime ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lifetime ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
"""

_STEPS = {0: _NEW + _COMMON, 1: _FROM_1 + _COMMON}


def prepare(db: sqlite3.Connection, path: str, spool_id: str, first_gap: int) -> None:
    """Bring a file to this version in one transaction. Raises SpoolError for a version or a file that is not ours."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    if version not in _STEPS:
        raise SpoolError(
            f"spool {path}: made by another version of the bridge (schema {version}, this one knows {SCHEMA_VERSION})"
        )
    if version == 0 and db.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
        raise SpoolError(f"spool {path}: is a database of another program; name another file")
    with transaction(db):
        for statement in _STEPS[version].split(";"):
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('spool_id', ?)", (spool_id,))
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('gap', ?)", (first_gap,))
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
