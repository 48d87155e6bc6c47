"""The spool: readings on disk until the park has them.

Invariants, each held by a transaction and by tests that kill the process:

- a reading counts as produced in the transaction that stores it, so
  `produced == acked + quarantined + dropped + waiting` after any crash;
- a row is deleted only by `acknowledge`, by the declared full-disk policy and by retention; what the park refused is in
  the quarantine table, what was dropped is in the gap ledger, in the same transaction;
- what never got a row is in the gap ledger, at the latest with the next commit that succeeds;
- a batch is a set of rows with an id made once; until it is closed it has the same id and the same bytes;
- row numbers are never used twice; within a lane rows leave in order; live rows leave before the backlog.

One process owns a spool and one thread uses the object.
"""

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolFull
from green_shield_bridge.frames import Frame, series_of, total
from green_shield_bridge.ids import NewId, uuid7
from green_shield_bridge.spool import batches, ledger, settling, status
from green_shield_bridge.spool.file import SpoolFile
from green_shield_bridge.spool.lanes import BacklogRate
from green_shield_bridge.spool.ledger import Gap, Loss, loss_of
from green_shield_bridge.spool.picking import Pick, pick
from green_shield_bridge.spool.room import Admission, Room, drop_older
from green_shield_bridge.spool.values import Batch, Change, Counters, Keeping, Refusal, SpoolState, Wait

_STEP_ROWS = 1_000


class Spool:
    """All methods raise SpoolBusy, SpoolFull or SpoolError, and then have changed nothing.

    A damaged file is replaced by a new one, at the start and while running, and the work goes on there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        keeping: Keeping | None = None,
        *,
        clock: Clock | None = None,
        new_id: NewId = uuid7,
    ) -> None:
        self._keeping = keeping or Keeping()
        self._file = SpoolFile(os.fspath(path), self._keeping, clock or Clock(), new_id)
        self._room = Room(self._keeping, self._file.reserve)
        self._rate = BacklogRate(self._keeping.backlog_readings_per_s)
        self._in_hand = self._file.newest
        self._packed: Batch | None = None  # the one that was sent last, because it often goes again

    def close(self) -> None:
        self._file.close()

    @property
    def path(self) -> str:
        return self._file.path

    @property
    def spool_id(self) -> str:
        return self._file.spool_id

    @property
    def counters(self) -> Counters:
        """Of the spool's life, with what is refused and not written down yet."""
        return self._file.counters

    @property
    def open_gaps(self) -> int:
        """Rows of the ledger that the park has not confirmed."""
        return self._file.open_gaps

    def series_of(self, points: Iterable[str]) -> dict[str, int]:
        """The ids of some points, made where they are new."""
        wanted = list(points)

        def work(db: sqlite3.Connection, _: Change) -> dict[int, str]:
            db.executemany("INSERT OR IGNORE INTO series (point) VALUES (?)", [(point,) for point in wanted])
            return dict(db.execute("SELECT id, point FROM series"))

        self._file.points = self._file.write(work)
        ids = {point: id_ for id_, point in self._file.points.items()}
        return {point: ids[point] for point in wanted}

    def intervals(self) -> dict[str, float]:
        """The sampling intervals that the park told last, by point."""
        query = "SELECT point, interval_s FROM series WHERE interval_s IS NOT NULL"
        return self._file.read(lambda db: dict(db.execute(query)))

    def remember_intervals(self, intervals: Mapping[str, float]) -> None:
        rows = [(seconds, point) for point, seconds in intervals.items()]
        self._file.write(lambda db, _: db.executemany("UPDATE series SET interval_s = ? WHERE point = ?", rows))

    def get(self, key: str) -> str | None:
        """A note that was put before."""
        row = self._file.read(lambda db: db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return None if row is None else str(row[0])

    def put(self, key: str, value: str) -> None:
        """Keep a note, durably. `spool_id` is the spool's own."""
        self.put_all({key: value})

    def notes(self, prefix: str) -> dict[str, str]:
        """Every note whose key begins so."""
        query = "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?"
        return self._file.read(lambda db: dict(db.execute(query, (len(prefix), prefix))))

    def put_all(self, notes: Mapping[str, str | None]) -> None:
        """Keep some notes and forget others (None), in one commit."""
        if "spool_id" in notes:
            raise ValueError("key: spool_id is the spool's own; allowed: any other")
        kept = [(key, value) for key, value in notes.items() if value is not None]
        gone = [(key,) for key, value in notes.items() if value is None]

        def work(db: sqlite3.Connection, _: Change) -> None:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept)
            db.executemany("DELETE FROM meta WHERE key = ?", gone)

        self._file.write(work)

    def newest_readings(self, rows: int, points: Collection[str]) -> list[tuple[str, int]]:
        """(point, time_ms) of the readings of some points in the newest rows."""
        wanted = {series: point for series, point in self._file.points.items() if point in points}
        first = (self.state().newest or 0) - rows + 1

        def work(db: sqlite3.Connection) -> list[tuple[str, int]]:
            frames = (frame for _, frame in batches.frames_of(db, first, 2**63 - 1))
            return [(wanted[series], f.time_ms) for f in frames for series in series_of(f) if series in wanted]

        return self._file.read(work)

    def append(self, frames: Sequence[Frame], losses: Iterable[Loss] = ()) -> list[int]:
        """Store frames and count their readings, in one commit. Returns the indices of those that were refused.

        `losses`: what was lost before it came here, for the ledger. Without room the declared policy decides, and what it
        refuses or drops is in the ledger.
        """
        self._file.losses.add(losses)
        try:
            return self._file.write(lambda db, change: self._store(db, change, frames, within_file=False))
        except SpoolFull:
            pass
        try:
            return self._file.write(lambda db, change: self._store(db, change, frames, within_file=True))
        except SpoolFull:
            loss = loss_of(frames, "disk_full")
            self.note([loss] if loss else [])
            return list(range(len(frames)))

    def note(self, losses: Iterable[Loss]) -> bool:
        """Add to the ledger. False: the disk does not take it yet; it is kept in memory for the next commit."""
        self._file.losses.add(losses)
        try:
            self._file.write(lambda _db, _change: None)
        except SpoolFull:
            return False
        return True

    def next_batch(
        self, limits: Limits, *, fresh_is_due: bool = True, skip: Collection[str] = (), may_cut: bool = True
    ) -> Batch | Wait:
        """What to send next, live before backlog; a batch has the same bytes until it is closed.

        `fresh_is_due`: whether rows that came since this was last true may be sent now. `skip`: ids of blocks that have
        to wait. `may_cut`: whether a new batch may be opened.
        """
        if fresh_is_due:
            self._in_hand = self._file.newest
        return self._file.guarded(lambda: self._next_batch(limits, skip, may_cut))

    def acknowledge(self, batch: Batch, refused: Mapping[int, Refusal] | None = None) -> None:
        """Close a batch that the park has stored. `refused`: by series id, what it did not take (to quarantine).

        Where there is no room for the quarantine, the ledger alone tells of what was refused: a full disk must not stop
        the delivery of the rest, which is what makes room.
        """
        try:
            self._close(batch, refused or {}, is_kept=True)
        except SpoolFull:
            self._close(batch, refused or {}, is_kept=False)
        self._packed = None

    def _close(self, batch: Batch, refused: Mapping[int, Refusal], *, is_kept: bool) -> None:
        now_ms = self._file.clock.wall_ms()

        def work(db: sqlite3.Connection, change: Change) -> None:
            closed = settling.close(db, change, batch, refused, self._file.points, now_ms, is_kept=is_kept)
            self._file.record(db, closed)

        self._file.write(work)

    def set_aside(self, batch: Batch, refusal: Refusal) -> None:
        """Close a batch that will never be taken: all of it goes to quarantine."""
        self.acknowledge(batch, dict.fromkeys(batch.block.series, refusal))

    def split(self, batch: Batch) -> bool:
        """Replace a batch by its two halves, under new ids. False: it is one row."""
        now_ms, new_id = self._file.clock.wall_ms(), self._file.new_id
        self._packed = None
        return self._file.write(lambda db, _: batches.split(db, batch.first, batch.last, now_ms, new_id))

    def expire(self) -> bool:
        """Drop some of what is older than it is kept. True: there may be more."""
        before_ms = self._file.clock.wall_ms() - self._keeping.keep_ms

        def work(db: sqlite3.Connection, change: Change) -> bool:
            admission = Admission()
            has_more = drop_older(db, before_ms, _STEP_ROWS, admission)
            self._record(db, change, admission)
            settling.trim_quarantine(db)
            return has_more

        return self._file.write(work)

    def state(self) -> SpoolState:
        first_live = self._file.live.first_live(self._file.clock.monotonic_s())
        return self._file.read(
            lambda db: status.state_of(db, self.spool_id, self._file.newest, first_live, self.counters.waiting)
        )

    def show_gaps(self, limit: int) -> list[Gap]:
        """The oldest gaps the park has not confirmed. From now on they do not change any more."""
        gaps = self._file.read(lambda db: ledger.open_gaps(db, limit))
        self._file.shown = max([self._file.shown, *(gap.id for gap in gaps)])
        return gaps

    def confirm_gaps(self, ids: Collection[int]) -> None:
        """The park has these."""
        now_ms = self._file.clock.wall_ms()
        self._file.write(lambda db, _: ledger.confirm(db, ids, now_ms))
        self._file.count_gaps()

    def _store(
        self, db: sqlite3.Connection, change: Change, frames: Sequence[Frame], *, within_file: bool
    ) -> list[int]:
        admission = self._room.admit(db, frames, within_file=within_file)
        refused = set(admission.refused)
        kept = [frame for i, frame in enumerate(frames) if i not in refused]
        batches.insert(db, kept)
        self._record(db, change, admission)
        change.produced += total(kept)
        return sorted(refused)

    def _record(self, db: sqlite3.Connection, change: Change, admission: Admission) -> None:
        change.dropped += admission.dropped
        change.refused += sum(loss.readings for loss in admission.losses if loss.reason in ledger.REFUSING)
        self._file.record(db, admission.losses)

    def _next_batch(self, limits: Limits, skip: Collection[str], may_cut: bool) -> Batch | Wait:
        now_s = self._file.clock.monotonic_s()
        choice = self._file.read(
            lambda db: pick(
                db,
                first_live=self._file.live.first_live(now_s),
                in_hand=self._in_hand,
                skip=skip,
                may_cut=may_cut,
                backlog_wait_s=self._rate.wait_s(now_s),
            )
        )
        if isinstance(choice, Wait):
            return choice
        batch = self._pack(choice, limits)
        if batch is None:
            return Wait(0.0)
        if batch.lane == "backlog":
            self._rate.sent(batch.block.readings, now_s)
        return batch

    def _pack(self, choice: Pick, limits: Limits) -> Batch | None:
        """None: what was picked stayed behind in a damaged file."""
        known, opened = self._packed, choice.batch
        if opened is not None and known is not None and known.block.block_id == opened.block_id:
            return replace(known, lane=choice.lane)
        cut = self._cut(choice.run, limits) if opened is None else (opened, self._load(opened))
        if cut is None or not cut[1]:
            return None
        opened, rows = cut
        block = batches.pack(opened, rows, self._file.points)
        self._packed = Batch(opened.first, opened.last, block, choice.lane)
        return self._packed

    def _load(self, opened: batches.OpenBatch) -> list[batches.NumberedFrame]:
        return self._file.read(lambda db: list(batches.frames_of(db, opened.first, opened.last)))

    def _cut(
        self, run: tuple[int, int], limits: Limits
    ) -> tuple[batches.OpenBatch, list[batches.NumberedFrame]] | None:
        now_ms, new_id = self._file.clock.wall_ms(), self._file.new_id
        return self._file.write(lambda db, _: batches.cut(db, run, limits, self.spool_id, now_ms, new_id))
