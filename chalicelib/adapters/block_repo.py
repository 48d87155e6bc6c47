"""Blocks in the readings table: one row a block, and a small marker that makes its id unique.

Block rows sort by their last reading, so that live queries touch live blocks only. The marker is written first and names the
row's key: a crash between the two is mended by the next try of the same upload.
"""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.block import Block
from chalicelib.domain.errors import ContentConflict
from chalicelib.domain.upload import MAX_SPAN_MS

RETENTION_S = 3 * 366 * 86_400
PAGE = 50
PREFIX = "B#"


class RowBlockRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, block: Block) -> Block:
        sk = self._claim(block)
        row = replace(_row_of(block), sk=sk)
        try:
            self._rows.commit([Put(row, Expect.ABSENT)])
        except RowConflict:
            stored = self._rows.get(row.pk, sk)
            if stored is None:
                raise
            return block_of(stored)
        return block

    def _claim(self, block: Block) -> str:
        """The sort key that belongs to this block id. Raises ContentConflict if the id is taken for other content."""
        row = _row_of(block)
        marker = Row(row.pk, f"ID#{block.id}", {"digest": block.digest, "sk": row.sk}, ttl_s=row.ttl_s)
        try:
            self._rows.commit([Put(marker, Expect.ABSENT)])
        except RowConflict:
            known = self._rows.get(marker.pk, marker.sk)
            if known is None or known.body["digest"] != block.digest:
                raise ContentConflict(id=block.id) from None
            return str(known.body["sk"])
        return row.sk

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> Iterator[Block]:
        after = None
        from_sk, to_sk = f"{PREFIX}{from_ms:013d}", f"{PREFIX}{to_ms + MAX_SPAN_MS:013d}"
        while True:
            rows = self._rows.query(f"ENT#{enterprise_id}", from_sk=from_sk, to_sk=to_sk, after=after, limit=PAGE)
            for block in map(block_of, rows):
                if block.first_ms < to_ms:
                    yield block
            if len(rows) < PAGE:
                return
            after = rows[-1].sk


def _row_of(block: Block) -> Row:
    body = {
        "bridge_id": block.bridge_id,
        "received_at_ms": block.received_at_ms,
        "first_ms": block.first_ms,
        "last_ms": block.last_ms,
        "readings": block.readings,
        "digest": block.digest,
        "correlation_id": block.correlation_id,
    }
    return Row(
        pk=f"ENT#{block.enterprise_id}",
        sk=f"{PREFIX}{block.last_ms:013d}#{block.id}",
        body=body,
        blob=block.payload,
        ttl_s=block.received_at_ms // 1000 + RETENTION_S,
    )


def block_of(row: Row) -> Block:
    return Block(id=row.sk.split("#", 2)[2], enterprise_id=row.pk.removeprefix("ENT#"), payload=row.blob, **row.body)
