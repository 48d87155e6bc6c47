"""Opens the file, checks it, and puts a new one in the place of a damaged one.

The damaged file keeps its content under another name and is never deleted. The new one is made whole beside it, and
only then takes its name: a crash in between leaves something that the next start finishes or does again.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from green_shield_bridge import log
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolDamaged
from green_shield_bridge.ids import NewId
from green_shield_bridge.spool import ledger
from green_shield_bridge.spool.database import check, connect, hold_wal, transaction, translated
from green_shield_bridge.spool.ledger import Loss
from green_shield_bridge.spool.owner import Owner, Witness
from green_shield_bridge.spool.salvage import Salvage, as_witnessed, salvage
from green_shield_bridge.spool.schema import prepare
from green_shield_bridge.spool.values import Counters


@dataclass(frozen=True, slots=True)
class Opened:
    db: sqlite3.Connection
    spool_id: str
    counters: Counters


@dataclass(frozen=True, slots=True)
class Opener:
    path: str
    owner: Owner
    clock: Clock
    new_id: NewId

    def open(self) -> Opened:
        """The spool as it is on disk, or a new one in its place. Raises SpoolError where neither can be had."""
        self._finish_switch()
        try:
            return self._open_checked()
        except SpoolDamaged as damage:
            return self.replace(str(damage), {})

    def replace(self, why: str, points: Mapping[int, str]) -> Opened:
        """Set the damaged file aside and go on with a new one. `points`: series ids that are in use."""
        with translated(self.path):
            found = self._make_successor(why, points)
        Path(f"{self.path}.new").rename(f"{self.path}.ready")
        self._finish_switch()
        log.error(
            "spool_damaged",
            detail=why,
            old_spool=found.spool_id,
            highest_row=found.highest,
            salvaged=found.taken,
            lost=found.lost if found.waiting is not None else None,
            obstacle=found.obstacle,
        )
        return self._open_checked()

    def _open_checked(self) -> Opened:
        witness = self.owner.witness()
        with translated(self.path):
            db = connect(self.path)
            try:
                opened = self._opened(db)
                if witness and not _knows_of(db, opened.spool_id, witness.spool_id):
                    opened = self._other(opened, witness)
            except BaseException:
                db.close()
                raise
        if witness and (lacking := _lacking(opened, witness)):
            db.close()
            raise SpoolDamaged(f"spool {self.path}: an older state of the file; {lacking} are missing")
        self.owner.testify(_seen(opened))
        return opened

    def _opened(self, db: sqlite3.Connection) -> Opened:
        prepare(db, self.path, self.new_id(self.clock.wall_ms()), first_gap=0)
        check(db, self.path)
        hold_wal(self.path)
        note = db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
        counters = db.execute("SELECT produced, acked, quarantined, dropped, refused FROM lifetime").fetchone()
        if note is None or counters is None:
            raise SpoolDamaged(f"spool {self.path}: what it says of itself is gone")
        return Opened(db, note[0], Counters(*counters))

    def _other(self, opened: Opened, witness: Witness) -> Opened:
        """Where the spool has another id than before: a damaged byte made one, or the file is not the one that was there."""
        is_same = replace(_seen(opened), spool_id=witness.spool_id) == witness
        if not is_same or not witness.produced:
            self._note_missing(opened.db, opened.spool_id, witness)
            return opened
        log.error("spool_id_restored", path=self.path, damaged=opened.spool_id, spool=witness.spool_id)
        with transaction(opened.db):
            opened.db.execute("UPDATE meta SET value = ? WHERE key = 'spool_id'", (witness.spool_id,))
        return replace(opened, spool_id=witness.spool_id)

    def _note_missing(self, db: sqlite3.Connection, spool_id: str, old: Witness) -> None:
        log.error("spool_missing", path=self.path, old_spool=old.spool_id, lost=old.waiting)
        now_ms = self.clock.wall_ms()
        loss = _loss(as_witnessed(old), "the file is missing", now_ms)
        with transaction(db):
            db.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'gap'", (now_ms,)
            )  # as for a successor
            ledger.write(db, [loss], spool_id, {}, 0)

    def _make_successor(self, why: str, points: Mapping[int, str]) -> Salvage:
        path = f"{self.path}.new"
        _remove(path)
        now_ms = self.clock.wall_ms()
        db = connect(path)
        try:
            # Ids of gaps go on from here: a gap of the old spool that is told by the new one must not meet one of the same id.
            prepare(db, path, spool_id := self.new_id(now_ms), now_ms)
            found = salvage(self.path, db, self.owner.witness(), points)
            with transaction(db):
                db.execute("DELETE FROM sqlite_sequence WHERE name = 'frame'")
                db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('frame', ?)", (_highest(db, found),))
                ledger.write(db, [_loss(found, _told(found, why), now_ms)], spool_id, points, 0)
        finally:
            db.close()
        return found

    def _finish_switch(self) -> None:
        """Give a finished successor the name of the spool, after the old file and its log have left it."""
        ready = Path(f"{self.path}.ready")
        if not ready.exists():
            return
        stamp = datetime.fromtimestamp(self.clock.wall_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")
        for suffix in ("-wal", "-shm", ""):
            if (old := Path(f"{self.path}{suffix}")).exists():
                old.rename(f"{self.path}.damaged-{stamp}{suffix}")
        ready.rename(self.path)


def _seen(opened: Opened) -> Witness:
    newest, oldest = newest_row(opened.db), oldest_row(opened.db)
    return Witness(opened.spool_id, opened.counters.settled, opened.counters.produced, newest, *oldest)


def newest_row(db: sqlite3.Connection) -> int:
    """The highest row number ever given."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'frame'").fetchone()
    return 0 if row is None else int(row[0])


def oldest_row(db: sqlite3.Connection) -> tuple[int, int]:
    """(number, time) of the oldest row that waits; zeros where none does."""
    row = db.execute("SELECT number, time_ms FROM frame ORDER BY number LIMIT 1").fetchone()
    return (0, 0) if row is None else row


def _highest(db: sqlite3.Connection, found: Salvage) -> int:
    (number,) = db.execute("SELECT coalesce(max(number), 0) FROM frame").fetchone()
    return max(int(number), found.highest or 0)


def _knows_of(db: sqlite3.Connection, spool_id: str, old_id: str) -> bool:
    """Whether this is the spool that was used last, or its ledger says what became of that one."""
    query = "SELECT 1 FROM gap WHERE spool = ? AND reason = 'spool_damaged' LIMIT 1"
    return spool_id == old_id or db.execute(query, (old_id,)).fetchone() is not None


def _lacking(opened: Opened, witness: Witness) -> str | None:
    """What the file has lost although it is whole, such as one put back from a copy or one without its log."""
    if witness.spool_id != opened.spool_id:
        return None
    if opened.counters.settled < witness.settled:
        return "acknowledgements"
    return "readings" if opened.counters.produced < witness.produced else None


def _told(found: Salvage, why: str) -> str:
    known = "readings lost are not known; " if found.waiting is None else ""
    outcome = f"nothing salvaged: {found.obstacle}" if found.obstacle else f"{found.taken} readings salvaged"
    return f"{known}{outcome}; {why}"[:500]


def _loss(found: Salvage, detail: str, now_ms: int) -> Loss:
    """The gap spans everything that waited, in rows and in time, whatever the clock did meanwhile."""
    oldest_ms = now_ms if found.oldest_ms is None else found.oldest_ms
    rows = (min(found.oldest or 1, found.highest), found.highest) if found.highest and found.waiting != 0 else None
    from_ms, to_ms = min(now_ms, oldest_ms), max(now_ms, oldest_ms)
    return Loss("spool_damaged", from_ms, to_ms, found.lost, rows=rows, detail=detail, spool=found.spool_id)


def _remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
