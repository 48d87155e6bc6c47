"""How a batch is closed: what the park took is deleted, what it refused goes to quarantine and to the gap ledger."""

import sqlite3
from collections.abc import Mapping, Sequence

from green_shield_bridge.batching import readings_of
from green_shield_bridge.spool.batches import frames_of
from green_shield_bridge.spool.ledger import MAX_POINTS, Loss
from green_shield_bridge.spool.values import Batch, Change, Refusal

MAX_QUARANTINE_ROWS = 1_000_000

_Refused = tuple[int, int, float | None, str]  # time, series, value, flag


def close(
    db: sqlite3.Connection,
    change: Change,
    batch: Batch,
    refused: Mapping[int, Refusal],
    points: Mapping[int, str],
    now_ms: int,
    *,
    is_kept: bool = True,
) -> list[Loss]:
    """Within a transaction. `refused`: by series id; `is_kept`: in quarantine. Returns what the ledger has to say about it."""
    if db.execute("DELETE FROM batch WHERE block_id = ?", (batch.block.block_id,)).rowcount == 0:
        return []  # it stayed behind in a damaged file
    kept = _refused_readings(db, batch, refused) if refused else []
    if is_kept:
        _quarantine(db, batch, kept, refused, points, now_ms)
    db.execute("DELETE FROM frame WHERE number BETWEEN ? AND ?", (batch.first, batch.last))
    change.quarantined += len(kept)
    change.acked += batch.block.readings - len(kept)
    return _losses(batch, kept, refused)


def trim_quarantine(db: sqlite3.Connection) -> None:
    """Keep the newest: what was refused is in the ledger, and the disk is not for what nobody looks at."""
    db.execute("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (MAX_QUARANTINE_ROWS,))


def _refused_readings(db: sqlite3.Connection, batch: Batch, refused: Mapping[int, Refusal]) -> list[_Refused]:
    frames = (frame for _, frame in frames_of(db, batch.first, batch.last))
    return [(t, series, value, flag) for t, (series, value, flag) in readings_of(frames) if series in refused]


def _quarantine(
    db: sqlite3.Connection,
    batch: Batch,
    kept: Sequence[_Refused],
    refused: Mapping[int, Refusal],
    points: Mapping[int, str],
    now_ms: int,
) -> None:
    db.executemany(
        "INSERT INTO quarantine (block_id, point, time_ms, value, flag, code, reason, refused_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (batch.block.block_id, points[s], t, value, flag, refused[s].code, refused[s].reason, now_ms)
            for t, s, value, flag in kept
        ),
    )


def _losses(batch: Batch, kept: Sequence[_Refused], refused: Mapping[int, Refusal]) -> list[Loss]:
    """One for each code. The codes are the park's, so they are cut to a bounded length."""
    by_code: dict[str, list[_Refused]] = {}
    for reading in kept:
        by_code.setdefault(refused[reading[1]].code[:100], []).append(reading)
    return [_loss(batch, code, readings) for code, readings in by_code.items()]


def _loss(batch: Batch, code: str, readings: Sequence[_Refused]) -> Loss:
    times = [t for t, _, _, _ in readings]
    series = frozenset(s for _, s, _, _ in readings)
    few = series if len(series) <= MAX_POINTS else None
    return Loss("refused", min(times), max(times), len(readings), few, (batch.first, batch.last), code)
