"""Open batches in the database: found, cut, loaded and split. A batch never shares a row with another."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from green_shield_bridge.batching import Block, Limits, Source, build_block, ranges_of, take
from green_shield_bridge.errors import SpoolDamaged
from green_shield_bridge.frames import Frame, total
from green_shield_bridge.ids import NewId

NumberedFrame = tuple[int, Frame]

MAX_NUMBER = 2**63 - 1

_ROWS = "SELECT number, time_ms, count, body, crc FROM frame WHERE number BETWEEN ? AND ? ORDER BY number"


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """`spool`: whose numbers the rows have; None for a batch that is sent without its source."""

    first: int
    last: int
    block_id: str
    created_ms: int
    spool: str | None


def checksum(time_ms: int, body: bytes) -> int:
    return zlib.crc32(body, time_ms & 0xFFFFFFFF)


def is_whole(time_ms: object, count: object, body: object, crc: object) -> bool:
    """Whether a row is what was stored; damage can change the type of a column, too. Rows of version 1 have no checksum."""
    if not (isinstance(time_ms, int) and isinstance(count, int) and isinstance(body, bytes)):
        return False
    return len(body) == 13 * count and (crc is None or crc == checksum(time_ms, body))


def stored_frame(number: int, time_ms: int, count: int, body: bytes, crc: int | None) -> Frame:
    """The frame of a row. Raises SpoolDamaged."""
    if not is_whole(time_ms, count, body, crc):
        raise SpoolDamaged(f"row {number} is not what was stored")
    return Frame(time_ms, count, body)


def insert(db: sqlite3.Connection, frames: Iterable[Frame]) -> None:
    db.executemany(
        "INSERT INTO frame (time_ms, count, body, priority, crc) VALUES (?, ?, ?, ?, ?)",
        [(f.time_ms, f.count, f.body, f.priority, checksum(f.time_ms, f.body)) for f in frames],
    )


def open_batches(db: sqlite3.Connection) -> list[OpenBatch]:
    rows = db.execute("SELECT first, last, block_id, created_ms, spool FROM batch ORDER BY first")
    return [OpenBatch(*row) for row in rows]


def free_run(db: sqlite3.Connection, batches: Sequence[OpenBatch], first: int, last: int) -> tuple[int, int] | None:
    """(lowest row from `first` to `last` that is in no batch, the highest number up to which none follows)."""
    for batch in batches:
        if batch.last < first:
            continue
        if (number := _lowest(db, first, min(batch.first - 1, last))) is not None:
            return number, min(batch.first - 1, last)
        first = batch.last + 1
    number = _lowest(db, first, last)
    return None if number is None else (number, last)


def cut(
    db: sqlite3.Connection, run: tuple[int, int], limits: Limits, spool_id: str, created_ms: int, new_id: NewId
) -> tuple[OpenBatch, list[NumberedFrame]] | None:
    """Make a batch of the leading rows of a free run, within a transaction. None: there are no rows."""
    numbered = list(take(frames_of(db, *run), limits))
    if not numbered:
        return None
    batch = OpenBatch(numbered[0][0], numbered[-1][0], new_id(created_ms), created_ms, spool_id)
    record(db, batch, total(frame for _, frame in numbered))
    return batch, numbered


def record(db: sqlite3.Connection, batch: OpenBatch, readings: int) -> None:
    db.execute(
        "INSERT INTO batch (first, last, block_id, created_ms, spool, readings) VALUES (?, ?, ?, ?, ?, ?)",
        (batch.first, batch.last, batch.block_id, batch.created_ms, batch.spool, readings),
    )


def pack(batch: OpenBatch, numbered: Sequence[NumberedFrame], points: Mapping[int, str]) -> Block:
    """The block of a batch: always the same bytes."""
    source = batch.spool and Source(batch.spool, ranges_of(number for number, _ in numbered))
    return build_block(batch.block_id, batch.created_ms, (f for _, f in numbered), points, source or None)


def split(db: sqlite3.Connection, first: int, last: int, created_ms: int, new_id: NewId) -> bool:
    """Replace a batch by its two halves, under new ids, within a transaction. False: it has one row."""
    (rows,) = db.execute("SELECT count(*) FROM frame WHERE number BETWEEN ? AND ?", (first, last)).fetchone()
    known = db.execute("SELECT spool FROM batch WHERE first = ?", (first,)).fetchone()
    if rows < 2 or known is None:
        return False
    (middle,) = db.execute(
        "SELECT number FROM frame WHERE number BETWEEN ? AND ? ORDER BY number LIMIT 1 OFFSET ?",
        (first, last, rows // 2),
    ).fetchone()
    db.execute("DELETE FROM batch WHERE first = ?", (first,))
    for low, high in ((first, middle - 1), (middle, last)):
        half = OpenBatch(low, high, new_id(created_ms), created_ms, known[0])
        record(db, half, total(frame for _, frame in frames_of(db, low, high)))
    return True


def frames_of(db: sqlite3.Connection, first: int, last: int) -> Iterator[NumberedFrame]:
    """Rows with their checksums compared. Raises SpoolDamaged."""
    for number, time_ms, count, body, crc in db.execute(_ROWS, (first, last)):
        yield number, stored_frame(number, time_ms, count, body, crc)


def _lowest(db: sqlite3.Connection, first: int, last: int) -> int | None:
    row = db.execute(
        "SELECT number FROM frame WHERE number BETWEEN ? AND ? ORDER BY number LIMIT 1", (first, last)
    ).fetchone()
    return None if row is None else int(row[0])
