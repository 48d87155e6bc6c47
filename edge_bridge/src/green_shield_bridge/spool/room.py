"""What happens when there is no room: the declared policy, carried out within the transaction that needs the room.

refuse_new: what is stored stays, new frames are refused. drop_oldest: the oldest rows of the lowest priority go, never one
of an open batch, whose bytes must stay; where only higher priorities are stored, the new frames of the lowest are refused.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from green_shield_bridge.frames import HIGH_PRIORITY, LOW_PRIORITY, Frame, total
from green_shield_bridge.spool.batches import stored_frame
from green_shield_bridge.spool.database import PAGE_BYTES, file_bytes
from green_shield_bridge.spool.ledger import Loss, Reason, loss_of
from green_shield_bridge.spool.reserve import Reserve
from green_shield_bridge.spool.values import Keeping

_CHUNK_ROWS = 32

_OLDEST = (
    "SELECT number, time_ms, count, body, crc FROM frame WHERE {which} AND NOT EXISTS"
    " (SELECT 1 FROM batch WHERE frame.number BETWEEN first AND last) ORDER BY number LIMIT ?"
)


@dataclass(slots=True)
class Admission:
    """Which of the new frames may be stored, what was lost for it, and how many stored readings were dropped."""

    refused: list[int] = field(default_factory=list)  # indices of the new frames
    losses: list[Loss] = field(default_factory=list)
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    keeping: Keeping
    reserve: Reserve

    def bytes(self, db: sqlite3.Connection, *, within_file: bool) -> int:
        """Room for rows: under the limit, and on the disk without touching margin and reserve.

        `within_file`: count on no room beyond the file, because the disk has just refused to give some.
        """
        used, free = file_bytes(db)
        if within_file:
            return min(self.keeping.max_bytes - used, free)
        spare = self.keeping.margin_bytes
        if not self.reserve.make(2 * spare):
            spare += self.keeping.reserve_bytes
        return min(self.keeping.max_bytes - used, free + max(0, self.reserve.free_bytes() - spare))

    def admit(self, db: sqlite3.Connection, frames: Sequence[Frame], *, within_file: bool) -> Admission:
        """Make room for the frames as far as the policy goes."""
        admission = Admission()
        if self._fits(db, frames, within_file):
            return admission
        if self.keeping.when_full == "refuse_new":
            _refuse(admission, frames, range(len(frames)))
            return admission
        for priority in range(LOW_PRIORITY, HIGH_PRIORITY + 1):
            left = [f for i, f in enumerate(frames) if i not in set(admission.refused)]
            if self._drop(db, left, priority, admission, within_file):
                break
            _refuse(admission, frames, [i for i, f in enumerate(frames) if f.priority == priority])
        return admission

    def _fits(self, db: sqlite3.Connection, frames: Sequence[Frame], within_file: bool) -> bool:
        return not frames or self.bytes(db, within_file=within_file) >= needed_bytes(frames)

    def _drop(
        self, db: sqlite3.Connection, frames: Sequence[Frame], priority: int, admission: Admission, within_file: bool
    ) -> bool:
        """Drop rows of one priority until the frames fit. False: all of them are gone, and there is still no room."""
        while not self._fits(db, frames, within_file):
            rows = db.execute(_OLDEST.format(which="priority = ?"), (priority, _CHUNK_ROWS)).fetchall()
            if not rows:
                return False
            drop(db, rows, "dropped_oldest", admission)
        return True


def needed_bytes(frames: Sequence[Frame]) -> int:
    """Twice the content: a page may be half empty, and the transaction touches some pages besides."""
    return 2 * sum(len(frame.body) + 64 for frame in frames) + 4 * PAGE_BYTES


def drop_older(db: sqlite3.Connection, before_ms: int, limit: int, admission: Admission) -> bool:
    """Drop the leading rows that are older. True: there may be more of them."""
    rows = db.execute(_OLDEST.format(which="number > 0"), (limit,)).fetchall()
    old = next((i for i, row in enumerate(rows) if row[1] >= before_ms), len(rows))
    if old:
        drop(db, rows[:old], "retention_age", admission)
    return old == limit


def drop(
    db: sqlite3.Connection,
    rows: Sequence[tuple[int, int, int, bytes, int | None]],
    reason: Reason,
    admission: Admission,
) -> None:
    """Delete rows (number, time, count, body, checksum) and note the loss. Raises SpoolDamaged."""
    frames = [stored_frame(*row) for row in rows]
    db.executemany("DELETE FROM frame WHERE number = ?", [(row[0],) for row in rows])
    loss = loss_of(frames, reason, rows=(rows[0][0], rows[-1][0]))
    admission.losses += [loss] if loss else []
    admission.dropped += total(frames)


def _refuse(admission: Admission, frames: Sequence[Frame], indices: Sequence[int]) -> None:
    loss = loss_of([frames[i] for i in indices], "disk_full")
    admission.refused += indices
    admission.losses += [loss] if loss else []
