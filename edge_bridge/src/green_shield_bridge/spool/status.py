"""What the spool says about itself."""

import sqlite3

from green_shield_bridge.spool.database import file_bytes
from green_shield_bridge.spool.values import SpoolState


def state_of(db: sqlite3.Connection, spool_id: str, newest: int, first_live: int, waiting: int) -> SpoolState:
    """`newest`: the highest row number ever; `first_live`: the lowest that is live; `waiting`: readings."""
    oldest = db.execute("SELECT number, time_ms FROM frame ORDER BY number LIMIT 1").fetchone()
    latest = db.execute("SELECT time_ms FROM frame ORDER BY number DESC LIMIT 1").fetchone()
    (live,) = db.execute("SELECT coalesce(sum(count), 0) FROM frame WHERE number >= ?", (first_live,)).fetchone()
    return SpoolState(
        spool_id=spool_id,
        newest=newest or None,
        oldest_waiting=oldest and oldest[0],
        waiting_readings=waiting,
        live_readings=live,
        oldest_waiting_ms=oldest and oldest[1],
        newest_waiting_ms=latest and latest[0],
        bytes=sum(file_bytes(db)),
    )
