"""What goes to a superior platform, on disk until it has confirmed it.

Invariants:
- samples become a summary, and the summary a packet, in one commit: no span is sent twice or forgotten, whenever the process dies;
- a packet is deleted only when the platform has it or refused it, or as the oldest of too many (counted in `dropped`);
- nothing in this file is the park's: losing it loses the platform's copy and nothing else.
"""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from green_shield_bridge.forward.composing import Outlet, Sample, Summary, cp_texts, live_items, summary_items
from green_shield_bridge.hj212.readings import LIVE
from green_shield_bridge.spool.database import check, connect, transaction, translated

# An hour, and some time for its end to be noticed.
_KEEP_SAMPLES_MS = 2 * 3_600_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sample (outlet TEXT NOT NULL, time_ms INTEGER NOT NULL, value REAL, flag TEXT NOT NULL,
    PRIMARY KEY (outlet, time_ms)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS packet (number INTEGER PRIMARY KEY AUTOINCREMENT, cn TEXT NOT NULL, time_ms INTEGER NOT NULL,
    cp TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS closed (cn TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
"""
_SUMMARY = """
SELECT outlet, sum(flag = 'N' AND value IS NOT NULL), avg(CASE WHEN flag = 'N' THEN value END),
    min(CASE WHEN flag = 'N' THEN value END), max(CASE WHEN flag = 'N' THEN value END), max(flag)
FROM sample WHERE time_ms >= ? AND time_ms < ? GROUP BY outlet ORDER BY outlet
"""
_LATEST = """
SELECT outlet, value, flag FROM sample AS one WHERE time_ms > ? AND time_ms <= ? AND time_ms =
    (SELECT max(time_ms) FROM sample WHERE outlet = one.outlet AND time_ms <= ?) ORDER BY outlet
"""


class Waiting(NamedTuple):
    """A packet that waits for the platform."""

    number: int
    cn: str
    time_ms: int
    cp: str


class Row(NamedTuple):
    """A value as it came from a source: factor of its outlet, time, value, flag."""

    factor: str
    time_ms: int
    value: float | None
    flag: str


class Outbox:
    """One thread at a time. All methods raise SpoolError, and then have changed nothing."""

    def __init__(self, path: str | os.PathLike[str], outlets: Iterable[Outlet], *, max_packets: int) -> None:
        self._path = os.fspath(path)
        self._outlets = {outlet.factor: outlet for outlet in outlets}
        self._max_packets = max_packets
        self.dropped = 0
        with translated(self._path):
            self._db = connect(self._path)
            check(self._db, self._path)
            self._db.executescript(_SCHEMA)
            (self.waiting,) = self._db.execute("SELECT count(*) FROM packet").fetchone()

    def close(self) -> None:
        self._db.close()

    def add(self, rows: Sequence[Row]) -> None:
        """Keep values until their spans are over. Of one instant, the first counts."""
        with translated(self._path), transaction(self._db):
            self._db.executemany("INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?)", rows)

    def close_live(self, time_ms: int, since_ms: int) -> None:
        """A packet of the latest value of each outlet that had one after `since_ms`."""
        with translated(self._path), transaction(self._db):
            rows = self._db.execute(_LATEST, (since_ms, time_ms, time_ms)).fetchall()
            samples = [Sample(self._outlets[name], value, flag) for name, value, flag in rows if name in self._outlets]
            self._post(LIVE, time_ms, live_items(samples))

    def close_spans(self, cn: str, span_ms: int, until_ms: int) -> None:
        """Packets of every span with values that ended by `until_ms` and was not closed before. DataTime is its begin."""
        with translated(self._path), transaction(self._db):
            row = self._db.execute("SELECT until_ms FROM closed WHERE cn = ?", (cn,)).fetchone()
            end_ms = until_ms // span_ms * span_ms
            closed_ms = row[0] if row else end_ms - span_ms
            if end_ms <= closed_ms:
                return
            begins = self._db.execute(
                "SELECT DISTINCT time_ms / ? * ? FROM sample WHERE time_ms >= ? AND time_ms < ? ORDER BY 1",
                (span_ms, span_ms, closed_ms, end_ms),
            ).fetchall()
            for (begin_ms,) in begins:
                self._post(cn, begin_ms, summary_items(self._summaries(begin_ms, span_ms), span_ms // 1000))
            self._db.execute("INSERT OR REPLACE INTO closed VALUES (?, ?)", (cn, end_ms))

    def forget(self, now_ms: int) -> None:
        """Delete values whose spans are all closed."""
        with translated(self._path), transaction(self._db):
            self._db.execute("DELETE FROM sample WHERE time_ms < ?", (now_ms - _KEEP_SAMPLES_MS,))

    def next(self, live_since_ms: int) -> Waiting | None:
        """What to send next: live data that are fresh, the newest first; else the oldest packet."""
        with translated(self._path):
            row = self._db.execute(
                "SELECT number, cn, time_ms, cp FROM packet WHERE number > (SELECT max(number) - 1000 FROM packet)"
                " AND cn = ? AND time_ms >= ? ORDER BY number DESC LIMIT 1",
                (LIVE, live_since_ms),
            ).fetchone()
            row = (
                row or self._db.execute("SELECT number, cn, time_ms, cp FROM packet ORDER BY number LIMIT 1").fetchone()
            )
        return None if row is None else Waiting(*row)

    def done(self, number: int) -> None:
        """The platform has this packet, or does not want it."""
        with translated(self._path), transaction(self._db):
            self._db.execute("DELETE FROM packet WHERE number = ?", (number,))
        self.waiting -= 1

    def _summaries(self, begin_ms: int, span_ms: int) -> list[Summary]:
        rows = self._db.execute(_SUMMARY, (begin_ms, begin_ms + span_ms))
        return [
            Summary(self._outlets[name], count, mean or 0.0, least or 0.0, most or 0.0, flag)
            for name, count, mean, least, most, flag in rows
            if name in self._outlets
        ]

    def _post(self, cn: str, time_ms: int, items: Sequence[str]) -> None:
        texts = cp_texts(time_ms, items)
        self._db.executemany(
            "INSERT INTO packet (cn, time_ms, cp) VALUES (?, ?, ?)", [(cn, time_ms, text) for text in texts]
        )
        (waiting,) = self._db.execute("SELECT count(*) FROM packet").fetchone()
        spare = waiting - self._max_packets
        if spare > 0:
            self._db.execute(
                "DELETE FROM packet WHERE number IN (SELECT number FROM packet ORDER BY number LIMIT ?)", (spare,)
            )
            self.dropped += spare
        self.waiting = waiting - max(spare, 0)
