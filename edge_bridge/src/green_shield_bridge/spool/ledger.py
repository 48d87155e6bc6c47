"""The gap ledger: what the park will never get, and why.

A loss grows in memory with its like (same reason, detail and spool) and is written with the next commit. On disk it goes
on growing until the ledger was shown to the park: a row that was shown never changes, so that its id names one content.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from green_shield_bridge.frames import Frame, series_of

Reason = Literal[
    "disk_full", "dropped_oldest", "retention_age", "memory_full", "spool_damaged", "refused", "clock_jump"
]

REFUSING: tuple[Reason, ...] = ("disk_full", "memory_full")  # readings that never got a row
DROPPING: tuple[Reason, ...] = ("dropped_oldest", "retention_age")  # readings that had one

MAX_POINTS = 100  # a loss of more points names none: it concerns the whole bridge
KEPT_UPLOADED = 10_000

Rows = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Loss:
    """Readings lost for one reason. `series`: the spool's series ids, None for too many; `rows`: lowest and highest.

    `spool`: the spool the rows belonged to; None for the one that keeps the ledger.
    """

    reason: Reason
    from_ms: int
    to_ms: int
    readings: int
    series: frozenset[int] | None = None
    rows: Rows | None = None
    detail: str | None = None
    spool: str | None = None

    @property
    def kind(self) -> tuple[Reason, str | None, str | None]:
        return self.reason, self.detail, self.spool

    def joined(self, other: "Loss") -> "Loss":
        return replace(
            self,
            from_ms=min(self.from_ms, other.from_ms),
            to_ms=max(self.to_ms, other.to_ms),
            readings=self.readings + other.readings,
            series=_few(self.series | other.series) if self.series is not None and other.series is not None else None,
            rows=joined_rows(self.rows, other.rows),
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A row of the ledger. `spool` and `rows` name the lost rows, `points` the points; None: not known or too many."""

    id: int
    spool: str
    rows: Rows | None
    from_ms: int
    to_ms: int
    readings: int
    reason: str
    detail: str | None
    points: tuple[str, ...] | None


class Losses:
    """What is not written down yet: one growing loss for each kind."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[Reason, str | None, str | None], Loss] = {}

    def add(self, losses: Iterable[Loss]) -> None:
        for loss in losses:
            known = self._by_kind.get(loss.kind)
            self._by_kind[loss.kind] = loss if known is None else known.joined(loss)

    def all(self) -> tuple[Loss, ...]:
        return tuple(self._by_kind.values())

    def clear(self) -> None:
        self._by_kind.clear()

    @property
    def any(self) -> bool:
        return bool(self._by_kind)

    @property
    def refused(self) -> int:
        return sum(loss.readings for loss in self._by_kind.values() if loss.reason in REFUSING)


def loss_of(
    frames: Sequence[Frame], reason: Reason, *, rows: Rows | None = None, detail: str | None = None
) -> Loss | None:
    """The loss of some frames; None for no frames."""
    if not frames:
        return None
    times = [frame.time_ms for frame in frames]
    keys = {frame.key: frame for frame in frames}
    series: frozenset[int] = frozenset().union(*map(series_of, keys.values()))
    return Loss(reason, min(times), max(times), sum(f.count for f in frames), _few(series), rows, detail)


def joined_rows(one: Rows | None, other: Rows | None) -> Rows | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def write(db: sqlite3.Connection, losses: Iterable[Loss], spool_id: str, points: Mapping[int, str], shown: int) -> None:
    """Within a transaction. `shown`: the highest id that was ever shown; rows up to it do not grow any more."""
    for loss in losses:
        names = None if loss.series is None else sorted(points[series] for series in loss.series)
        spool = loss.spool or spool_id
        row = db.execute(
            "SELECT id, points, first, last FROM gap WHERE id > ? AND reason = ? AND detail IS ? AND spool = ? LIMIT 1",
            (shown, loss.reason, loss.detail, spool),
        ).fetchone()
        if row is None:
            _insert(db, loss, spool, names)
        else:
            _grow(db, loss, names, *row)


def _insert(db: sqlite3.Connection, loss: Loss, spool: str, names: list[str] | None) -> None:
    db.execute(
        "INSERT INTO gap (spool, first, last, from_ms, to_ms, readings, reason, detail, points)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            spool,
            *(loss.rows or (None, None)),
            loss.from_ms,
            loss.to_ms,
            loss.readings,
            loss.reason,
            loss.detail,
            _text(names),
        ),
    )


def _grow(
    db: sqlite3.Connection, loss: Loss, names: list[str] | None, gap: int, known: str | None, first: int, last: int
) -> None:
    rows = joined_rows(None if first is None else (first, last), loss.rows) or (None, None)
    both = None if names is None or known is None else sorted({*names, *json.loads(known)})
    db.execute(
        "UPDATE gap SET first = ?, last = ?, from_ms = min(from_ms, ?), to_ms = max(to_ms, ?),"
        " readings = readings + ?, points = ? WHERE id = ?",
        (*rows, loss.from_ms, loss.to_ms, loss.readings, _text(both), gap),
    )


def open_gaps(db: sqlite3.Connection, limit: int) -> list[Gap]:
    """The oldest rows that the park has not confirmed."""
    rows = db.execute(
        "SELECT id, spool, first, last, from_ms, to_ms, readings, reason, detail, points FROM gap"
        " WHERE uploaded_ms IS NULL ORDER BY id LIMIT ?",
        (limit,),
    )
    return [_gap(*row) for row in rows]


def count_open(db: sqlite3.Connection) -> int:
    (count,) = db.execute("SELECT count(*) FROM gap WHERE uploaded_ms IS NULL").fetchone()
    return int(count)


def newest(db: sqlite3.Connection) -> int:
    (number,) = db.execute("SELECT coalesce(max(id), 0) FROM gap").fetchone()
    return int(number)


def confirm(db: sqlite3.Connection, ids: Iterable[int], now_ms: int) -> None:
    """The park has these. The oldest of the confirmed go, so that the ledger is bounded."""
    db.executemany("UPDATE gap SET uploaded_ms = ? WHERE id = ? AND uploaded_ms IS NULL", [(now_ms, i) for i in ids])
    db.execute(
        "DELETE FROM gap WHERE uploaded_ms IS NOT NULL AND id <= (SELECT max(id) FROM gap) - ?", (KEPT_UPLOADED,)
    )


def _gap(
    id_: int,
    spool: str,
    first: int | None,
    last: int | None,
    from_ms: int,
    to_ms: int,
    readings: int,
    reason: str,
    detail: str | None,
    points: str | None,
) -> Gap:
    rows = None if first is None or last is None else (first, last)
    return Gap(
        id_,
        spool,
        rows,
        from_ms,
        to_ms,
        readings,
        reason,
        detail,
        None if points is None else tuple(json.loads(points)),
    )


def _few(series: frozenset[int]) -> frozenset[int] | None:
    return series if len(series) <= MAX_POINTS else None


def _text(names: list[str] | None) -> str | None:
    return None if names is None or len(names) > MAX_POINTS else json.dumps(names)
