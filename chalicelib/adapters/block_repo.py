"""Blocks in the readings table: one row a block, under a key that follows from its id alone, so that an id is unique.

Ids that clients make by the clock (UUIDv7, ULID) sort blocks by when they were made. A block is live if its readings are from
just before that; any other (late data, an id without a time) also gets a small row under its last reading's time that points to
it, in the same transaction. A time range is then found without an index: live blocks by their own keys, the others by pointers.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.block import Block, made_at_ms
from chalicelib.domain.errors import Busy, ContentConflict
from chalicelib.domain.source import Source
from chalicelib.domain.upload import MAX_SPAN_MS

RETENTION_S = 3 * 366 * 86_400
PAGE = 50
PREFIX, LATE_PREFIX = "B#", "LATE#"
LIVE_MS = 2 * 3_600_000  # readings of a live block are at most so much older than its id
AHEAD_MS = 10 * 60_000  # and at most so much newer: clocks differ


class RowBlockRepo:
    def __init__(self, rows: Rows, *, page: int = PAGE) -> None:
        self._rows, self._page = rows, page

    def add(self, block: Block) -> Block:
        row = block_row(block)
        try:
            self._rows.commit([Put(row, Expect.ABSENT), *([] if _is_live(block) else [Put(_pointer(block, row))])])
        except RowConflict:
            return self._known(block, row)
        return block

    def _known(self, block: Block, row: Row) -> Block:
        stored = self._rows.get(row.pk, row.sk)
        if stored is None:  # it has just expired
            raise Busy(reason="contention")
        known = block_of(stored)
        if known.digest != block.digest:
            raise ContentConflict(id=block.id)
        return known

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> Iterator[Block]:
        pk = f"ENT#{enterprise_id}"
        for page in self._pages(pk, f"{PREFIX}{_time(from_ms - AHEAD_MS)}", f"{PREFIX}{_time(to_ms + LIVE_MS)}"):
            yield from (block for block in map(block_of, page) if _is_live(block) and _overlaps(block, from_ms, to_ms))
        for page in self._pages(pk, f"{LATE_PREFIX}{_time(from_ms)}", f"{LATE_PREFIX}{_time(to_ms + MAX_SPAN_MS)}"):
            blocks = sorted(self._blocks_of(page), key=lambda b: b.id)
            yield from (block for block in blocks if _overlaps(block, from_ms, to_ms))

    def beyond(self, enterprise_id: str, at_ms: int, *, backward: bool, late: bool, limit: int) -> Iterator[Block]:
        prefix = LATE_PREFIX if late else PREFIX
        at = f"{prefix}{_time(at_ms)}"
        bounds = (prefix, at) if backward else (at, f"{prefix}~")
        for page in self._pages(f"ENT#{enterprise_id}", *bounds, newest_first=backward):
            yield from self._blocks_of(page[:limit])
            limit -= len(page)
            if limit <= 0:
                return

    def newest(self, enterprise_id: str) -> Block | None:
        found = self._rows.query(f"ENT#{enterprise_id}", from_sk=PREFIX, to_sk=f"{PREFIX}~", newest_first=True, limit=1)
        return block_of(found[0]) if found else None

    def _blocks_of(self, page: list[Row]) -> list[Block]:
        """Blocks, or what pointers lead to, in the page's order."""
        if not page[0].sk.startswith(LATE_PREFIX):
            return [block_of(row) for row in page]
        known = {row.sk: row for row in self._rows.get_many([(row.pk, str(row.body["sk"])) for row in page])}
        return [block_of(known[sk]) for row in page if (sk := str(row.body["sk"])) in known]

    def _pages(self, pk: str, from_sk: str, to_sk: str, *, newest_first: bool = False) -> Iterator[list[Row]]:
        after = None
        while rows := self._rows.query(
            pk, from_sk=from_sk, to_sk=to_sk, after=after, newest_first=newest_first, limit=self._page
        ):
            yield rows
            if len(rows) < self._page:
                return
            after = rows[-1].sk


def _time(at_ms: int) -> str:
    """Of fixed width, so that text sorts as time."""
    return f"{min(max(at_ms, 0), 10**13 - 1):013d}"


def _is_live(block: Block) -> bool:
    return block.last_ms - AHEAD_MS <= made_at_ms(block.id) <= block.first_ms + LIVE_MS


def _overlaps(block: Block, from_ms: int, to_ms: int) -> bool:
    return block.first_ms < to_ms and block.last_ms >= from_ms


def block_row(block: Block) -> Row:
    body: dict[str, Any] = {
        "bridge_id": block.bridge_id,
        "received_at_ms": block.received_at_ms,
        "first_ms": block.first_ms,
        "last_ms": block.last_ms,
        "readings": block.readings,
        "digest": block.digest,
        "correlation_id": block.correlation_id,
    }
    if block.source is not None:
        body["source"] = {"spool": block.source.spool, "rows": block.source.rows}
    return Row(
        pk=f"ENT#{block.enterprise_id}",
        sk=f"{PREFIX}{_time(made_at_ms(block.id))}#{block.id}",
        body=body,
        blob=block.payload,
        ttl_s=block.received_at_ms // 1000 + RETENTION_S,
    )


def _pointer(block: Block, row: Row) -> Row:
    return Row(row.pk, f"{LATE_PREFIX}{_time(block.last_ms)}#{block.id}", {"sk": row.sk}, ttl_s=row.ttl_s)


def block_of(row: Row) -> Block:
    body = dict(row.body)
    source = body.pop("source", None)
    return Block(
        id=row.sk.split("#", 2)[2],
        enterprise_id=row.pk.removeprefix("ENT#"),
        payload=row.blob,
        source=None if source is None else Source(source["spool"], tuple((a, b) for a, b in source["rows"])),
        **body,
    )
