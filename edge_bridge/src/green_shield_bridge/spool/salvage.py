"""What can be taken over from a damaged file, without sending anything twice.

Rows are taken over only where it is known that no acknowledgement was lost: the file names itself, knows of at least as
many settled readings as the witness beside it, and its open batches can be read. Then

- a row in no open batch never left this machine: its batch would have been on disk first;
- an open batch may be at the park already, so it is taken over only as a whole: same id, same rows, same bytes.

A row without a checksum that fits is not taken over. Row numbers are kept, so that a batch stays the same. How much waited is
what the later of file and witness says, so what is lost is known to the reading where either can be read.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from green_shield_bridge.frames import Frame, series_of
from green_shield_bridge.spool.batches import OpenBatch, is_whole, open_batches, record
from green_shield_bridge.spool.database import transaction
from green_shield_bridge.spool.owner import Witness

_CHUNK_ROWS = 500
_ROWS = "SELECT number, time_ms, count, body, priority, crc FROM frame "
_IN_RANGE = _ROWS + "WHERE number BETWEEN ? AND ? ORDER BY number"
_UPWARD = _ROWS + "WHERE number > ? ORDER BY number"
_DOWNWARD = _ROWS + "WHERE number > ? ORDER BY number DESC"

_T = TypeVar("_T")

Row = tuple[int, int, int, bytes, int, int | None]


@dataclass(slots=True)
class Salvage:
    """What is known of a damaged file, and what was taken over. None: not known."""

    spool_id: str | None = None
    waiting: int | None = None
    highest: int | None = None
    oldest: int | None = None
    oldest_ms: int | None = None
    taken: int = 0
    obstacle: str | None = None

    @property
    def lost(self) -> int:
        return 0 if self.waiting is None else max(0, self.waiting - self.taken)


def salvage(path: str, new: sqlite3.Connection, witness: Witness | None, points: Mapping[int, str]) -> Salvage:
    """Take over what is safe into a new, empty file. `points`: series known in memory, which must keep their ids."""
    found = Salvage() if witness is None else as_witnessed(witness)
    new.executemany("INSERT OR IGNORE INTO series (id, point) VALUES (?, ?)", list(points.items()))
    try:
        old = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        found.obstacle = f"cannot be opened: {error}"
        return found
    try:
        _take_over(old, new, witness, found)
    except sqlite3.Error as error:
        found.obstacle = found.obstacle or f"cannot be read: {error}"
    finally:
        old.close()
    return found


def as_witnessed(witness: Witness) -> Salvage:
    """What is known of a file of which nothing can be read."""
    oldest, oldest_ms = (witness.oldest, witness.oldest_ms) if witness.oldest else (None, None)
    return Salvage(witness.spool_id, witness.waiting, witness.newest or None, oldest, oldest_ms)


def _take_over(old: sqlite3.Connection, new: sqlite3.Connection, witness: Witness | None, found: Salvage) -> None:
    settled = _as_it_says(old, witness, found)
    if witness is None or witness.spool_id != found.spool_id or settled < witness.settled:
        found.obstacle = "acknowledgements may be lost, so its rows may be at the park already"
        return
    series = old.execute("SELECT id, point, interval_s FROM series").fetchall()
    batches = open_batches(old)
    if not all(isinstance(number, int) for batch in batches for number in (batch.first, batch.last)):
        raise sqlite3.DatabaseError("its batches are garbled")
    with transaction(new):
        new.executemany("INSERT OR REPLACE INTO series (id, point, interval_s) VALUES (?, ?, ?)", series)
        _keep_what_is_no_row(old, new)
    known = frozenset(id_ for id_, _, _ in series)
    for batch in batches:
        _take_batch(old, new, batch, known, found)
    _take_rows(old, new, batches, known, found)


def _as_it_says(old: sqlite3.Connection, witness: Witness | None, found: Salvage) -> int:
    """Hold what the file says against the witness; returns how many readings the file knows as settled.

    Each counter only ever rises, so the higher of the two is the later one.
    """
    (spool_id,) = _only(old, "SELECT value FROM meta WHERE key = 'spool_id'", str)
    row = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").fetchone()
    produced, settled = _only(old, "SELECT produced, acked + quarantined + dropped FROM lifetime", int)
    if witness is None or witness.spool_id != spool_id:
        found.oldest = found.oldest_ms = found.highest = None  # these were of another spool
        witness = Witness(spool_id, settled)
    found.spool_id = spool_id
    found.highest = max(row[0] if row and isinstance(row[0], int) else 0, found.highest or 0) or None
    found.waiting = max(0, max(produced, witness.produced) - max(settled, witness.settled))
    return settled


def _only(db: sqlite3.Connection, query: str, kind: type[_T]) -> tuple[_T, ...]:
    """The one row there has to be. Raises sqlite3.DatabaseError where damage has taken or changed it."""
    row: tuple[_T, ...] | None = db.execute(query).fetchone()
    if row is None or not all(isinstance(value, kind) for value in row):
        raise sqlite3.DatabaseError("what it says of itself is gone")
    return row


def _keep_what_is_no_row(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Notes, and the gaps that the park does not know of yet."""
    new.executemany(
        "INSERT OR IGNORE INTO meta VALUES (?, ?)", old.execute("SELECT key, value FROM meta WHERE key <> 'spool_id'")
    )
    new.executemany(
        "INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        old.execute(
            "SELECT id, spool, first, last, from_ms, to_ms, readings, reason, detail, points FROM gap"
            " WHERE uploaded_ms IS NULL"
        ),
    )


def _take_batch(
    old: sqlite3.Connection, new: sqlite3.Connection, batch: OpenBatch, known: frozenset[int], found: Salvage
) -> None:
    (readings,) = old.execute("SELECT readings FROM batch WHERE first = ?", (batch.first,)).fetchone()
    try:
        rows = old.execute(_IN_RANGE, (batch.first, batch.last)).fetchall()
    except sqlite3.Error:
        return
    if all(_is_whole(row, known) for row in rows) and sum(row[2] for row in rows) == readings:
        with transaction(new):
            record(new, batch, readings)
            _insert(new, rows, found)


def _take_rows(
    old: sqlite3.Connection, new: sqlite3.Connection, batches: list[OpenBatch], known: frozenset[int], found: Salvage
) -> None:
    """Rows of no batch: from the oldest up to the damage, then from the newest down to it."""
    ranges = [(batch.first, batch.last) for batch in batches]
    last = 0
    for chunk in _chunks(old, _UPWARD, 0):
        last = chunk[-1][0]
        _insert_free(new, chunk, ranges, known, found)
    for chunk in _chunks(old, _DOWNWARD, last):
        _insert_free(new, chunk, ranges, known, found)


def _chunks(old: sqlite3.Connection, query: str, above: int) -> Iterator[list[Row]]:
    """Rows up to the first that cannot be read."""
    chunk: list[Row] = []
    try:
        for row in old.execute(query, (above,)):
            chunk.append(row)
            if len(chunk) == _CHUNK_ROWS:
                yield chunk
                chunk = []
    except sqlite3.DatabaseError:
        pass  # the damage; what came before it stays
    if chunk:
        yield chunk


def _insert_free(
    new: sqlite3.Connection, rows: list[Row], ranges: list[tuple[int, int]], known: frozenset[int], found: Salvage
) -> None:
    free = [row for row in rows if not any(first <= row[0] <= last for first, last in ranges)]
    with transaction(new):
        _insert(new, [row for row in free if _is_whole(row, known)], found)


def _insert(new: sqlite3.Connection, rows: list[Row], found: Salvage) -> None:
    new.executemany("INSERT INTO frame (number, time_ms, count, body, priority, crc) VALUES (?, ?, ?, ?, ?, ?)", rows)
    taken = sum(row[2] for row in rows)
    new.execute("UPDATE lifetime SET produced = produced + ?", (taken,))
    found.taken += taken
    for row in rows:
        if found.oldest is None or row[0] < found.oldest:
            found.oldest = row[0]
        if found.oldest_ms is None or row[1] < found.oldest_ms:
            found.oldest_ms = row[1]


def _is_whole(row: Row, known: frozenset[int]) -> bool:
    _, time_ms, count, body, priority, crc = row
    if crc is None or not isinstance(priority, int) or not is_whole(time_ms, count, body, crc):
        return False
    return known.issuperset(series_of(Frame(time_ms, count, body)))
