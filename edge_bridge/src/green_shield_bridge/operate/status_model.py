"""What a running bridge says about itself: the document of `/status`, from which health, metrics and the table are made.

Plain dictionaries, because they cross a socket as JSON. Instants are epoch milliseconds (`_ms`), None where nothing has
happened yet. No key, token, password or value of a reading is in it.
"""

from typing import TypedDict

from green_shield_bridge.sources.status import State


class SourceRow(TypedDict):
    """A SourceStatus as a dictionary. `polls`, `failed` and `late` (skipped) count since the process started."""

    name: str
    kind: str
    address: str
    state: State
    points: int
    last_value_ms: int | None
    polls: int
    failed: int
    late: int
    detail: str | None


class GapRow(TypedDict):
    """One entry of the gap ledger: readings the park will never get, and why."""

    id: int
    rows: list[int] | None
    from_ms: int
    to_ms: int
    readings: int
    reason: str
    detail: str | None


class SpoolPart(TypedDict):
    """`waiting`: readings. `refusing`: the code of the problem while the disk refuses, such as spool_full."""

    id: str
    path: str
    bytes: int
    oldest_waiting_ms: int | None
    newest_ms: int | None
    waiting: int
    refusing: str | None
    gaps_open: int
    gaps: list[GapRow]


class UploadPart(TypedDict):
    """`retrying_since_ms`: the first failed try since the last answer. `backlog` and `live`: readings waiting in each lane."""

    last_ack_ms: int | None
    last_error: str | None
    retrying_since_ms: int | None
    backlog: int
    live: int


class ClockPart(TypedDict):
    offset_ms: int
    jumps: int


class Snapshot(TypedDict):
    """The whole bridge at `now_ms`. `crashed`: names of sources whose task failed and waits for its restart."""

    version: str
    bridge_id: str
    started_ms: int
    now_ms: int
    counters: dict[str, int]
    sources: list[SourceRow]
    crashed: list[str]
    spool: SpoolPart
    upload: UploadPart
    clock: ClockPart
