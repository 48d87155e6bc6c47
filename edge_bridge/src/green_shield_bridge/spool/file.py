"""The file of the spool in use: reads, and writes that carry their counters and their losses.

Where the file proves to be damaged, a new one takes its place and the work is done again there. Where the disk is full, the
reserve is given up and the work is done again.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolDamaged, SpoolFull
from green_shield_bridge.ids import NewId
from green_shield_bridge.spool import ledger
from green_shield_bridge.spool.database import transaction, translated
from green_shield_bridge.spool.lanes import LiveWindow
from green_shield_bridge.spool.ledger import Loss, Losses
from green_shield_bridge.spool.opening import Opened, Opener, newest_row, oldest_row
from green_shield_bridge.spool.owner import Owner, Witness
from green_shield_bridge.spool.reserve import Reserve
from green_shield_bridge.spool.values import Change, Counters, Keeping

_T = TypeVar("_T")


class SpoolFile:
    """All methods raise SpoolBusy, SpoolFull or SpoolError, and then have changed nothing."""

    def __init__(self, path: str, keeping: Keeping, clock: Clock, new_id: NewId) -> None:
        self.path = path
        self.clock = clock
        self.new_id = new_id
        self.losses = Losses()
        self.reserve = Reserve(path, keeping.reserve_bytes)
        self._keeping = keeping
        self._owner = Owner(path)
        self._opener = Opener(path, self._owner, clock, new_id)
        try:
            self._use(self._opener.open())
        except BaseException:
            self._owner.close()
            raise

    def close(self) -> None:
        self._db.close()
        self._owner.close()

    @property
    def counters(self) -> Counters:
        """With what is refused and not written down yet."""
        return replace(self._counters, refused=self._counters.refused + self.losses.refused)

    def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        def once() -> _T:
            with translated(self.path):
                return work(self._db)

        return self.guarded(once)

    def write(self, work: Callable[[sqlite3.Connection, Change], _T]) -> _T:
        """One durable commit together with its counters, and with the losses that were not written down yet."""

        def twice() -> _T:
            try:
                return self._commit(work)
            except SpoolFull:
                self._relieve()
                return self._commit(work)

        return self.guarded(twice)

    def guarded(self, work: Callable[[], _T]) -> _T:
        """Do it again on a new file where the one there proves to be damaged."""
        try:
            return work()
        except SpoolDamaged as damage:
            self._db.close()
            self._use(self._opener.replace(str(damage), self.points))
            return work()

    def record(self, db: sqlite3.Connection, losses: list[Loss]) -> None:
        """Write losses to the ledger within a transaction."""
        ledger.write(db, losses, self.spool_id, self.points, self.shown)

    def _use(self, opened: Opened) -> None:
        self._db, self.spool_id, self._counters = opened.db, opened.spool_id, opened.counters
        self.reserve.make(self._keeping.margin_bytes)
        with translated(self.path):
            self.points: dict[int, str] = dict(self._db.execute("SELECT id, point FROM series"))
            self.shown = ledger.newest(self._db)
            self.open_gaps = ledger.count_open(self._db)
            self.newest = newest_row(self._db)
            self._oldest = oldest_row(self._db)
            self.live = self._live_at_start()

    def _live_at_start(self) -> LiveWindow:
        """Rows on disk whose time is within the window are live, so that a quick restart keeps them in order."""
        window_s, now_ms, now_s = self._keeping.live_window_s, self.clock.wall_ms(), self.clock.monotonic_s()
        live: list[tuple[int, float]] = []
        floor = 0
        for number, time_ms in self._db.execute("SELECT number, time_ms FROM frame ORDER BY number DESC"):
            age_s = max(0.0, (now_ms - time_ms) / 1000)
            if age_s > window_s:
                floor = number
                break
            if not live or now_s - age_s < live[-1][1] - window_s / 64:
                live.append((number, now_s - age_s))
        window = LiveWindow(window_s, floor)
        for number, at_s in reversed(live):
            window.committed(number, at_s)
        return window

    def _commit(self, work: Callable[[sqlite3.Connection, Change], _T]) -> _T:
        change = Change(refused=self.losses.refused)
        with translated(self.path), transaction(self._db):
            self.record(self._db, list(self.losses.all()))
            result = work(self._db, change)
            if change != Change():
                _count(self._db, change)
            newest = newest_row(self._db) if change.produced else self.newest
        has_losses = self.losses.any or change.dropped or change.refused or change.quarantined
        before, self._counters = self._counters, change.of(self._counters)
        self.losses.clear()
        if change.produced:
            self.newest = newest
            self.live.committed(newest, self.clock.monotonic_s())
        if self._counters.produced != before.produced or self._counters.settled != before.settled:
            self._testify(has_other_oldest=self._counters.settled != before.settled or before.waiting == 0)
        if has_losses:
            self.count_gaps()
        return result

    def _testify(self, *, has_other_oldest: bool) -> None:
        if has_other_oldest:
            self._oldest = oldest_row(self._db)
        now = self._counters
        self._owner.testify(Witness(self.spool_id, now.settled, now.produced, self.newest, *self._oldest))

    def count_gaps(self) -> None:
        with translated(self.path):
            self.open_gaps = ledger.count_open(self._db)

    def _relieve(self) -> None:
        """Give the reserve to the disk, so that the log can be taken into the file and begin anew."""
        self.reserve.give_up()
        with translated(self.path):
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _count(db: sqlite3.Connection, change: Change) -> None:
    db.execute(
        "UPDATE lifetime SET produced = produced + ?, acked = acked + ?, quarantined = quarantined + ?,"
        " dropped = dropped + ?, refused = refused + ?",
        (change.produced, change.acked, change.quarantined, change.dropped, change.refused),
    )
