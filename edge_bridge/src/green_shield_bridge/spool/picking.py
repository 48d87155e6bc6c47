"""Which rows go next, live before backlog: an open batch, or a run of rows to cut a new one from.

1. an open batch that still holds live rows; 2. the oldest live rows in no batch; and when the rate lets the backlog go:
3. the oldest open batch; 4. the oldest rows in no batch, up to the next open batch and to the live rows.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from green_shield_bridge.spool.batches import OpenBatch, free_run, open_batches
from green_shield_bridge.spool.values import Lane, Wait


@dataclass(frozen=True, slots=True)
class Pick:
    """`batch` is open already, or `run` is to be cut: (first row, last number)."""

    lane: Lane
    batch: OpenBatch | None = None
    run: tuple[int, int] = (0, 0)


def pick(
    db: sqlite3.Connection,
    *,
    first_live: int,
    in_hand: int,
    skip: Collection[str],
    may_cut: bool,
    backlog_wait_s: float,
) -> Pick | Wait:
    """`first_live`: the lowest live row number; `in_hand`: the highest that may go; `skip`: ids of blocks that wait."""
    opened = open_batches(db)
    ready = [batch for batch in opened if batch.block_id not in skip]
    live = _next(db, "live", [b for b in ready if b.last >= first_live], opened, (first_live, in_hand), may_cut)
    if live is not None:
        return live
    old = _next(db, "backlog", ready, opened, (1, min(in_hand, first_live - 1)), may_cut)
    if old is not None and backlog_wait_s > 0:
        return Wait(backlog_wait_s)
    return old or Wait(None)


def _next(
    db: sqlite3.Connection,
    lane: Lane,
    ready: list[OpenBatch],
    opened: list[OpenBatch],
    rows: tuple[int, int],
    may_cut: bool,
) -> Pick | None:
    if ready:
        return Pick(lane, ready[0])
    run = free_run(db, opened, *rows) if may_cut else None
    return None if run is None else Pick(lane, run=run)
