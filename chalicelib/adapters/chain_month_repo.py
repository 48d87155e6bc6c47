"""What the sharing of results along the chain was worked out from, by month: a head, and packed parts that are small enough for a row.

All of a month is written in one commit, once: 99 parts, and 4 MB, are more than a hundred thousand links.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.chain_score import ChainMonth
from chalicelib.domain.errors import WriteConflict

HEAD, PART, DONE = "MONTH", "PART#", "DONE"
TIES_A_PART, RESULTS_A_PART = 2000, 5000
T = TypeVar("T")


class RowChainMonthRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def settle(self, month: ChainMonth) -> ChainMonth:
        pk = f"CHAINED#{month.month}"
        head = Row(pk, HEAD, to_body(replace(month, ties=(), results={})))
        parts = [
            Put(Row(pk, f"{PART}{n:04d}", blob=_pack(body)), Expect.ABSENT) for n, body in enumerate(_parts(month))
        ]
        with suppress(RowConflict):
            self._rows.commit([Put(head, Expect.ABSENT), *parts])
            return month
        known = self.get(month.month)
        if known is None:
            raise WriteConflict
        return known

    def get(self, month: str) -> ChainMonth | None:
        rows = self._rows.query(f"CHAINED#{month}")
        head = next((row for row in rows if row.sk == HEAD), None)
        if head is None:
            return None
        parts = [from_body(ChainMonth, {**head.body, **_unpack(row.blob)}) for row in rows if row.sk.startswith(PART)]
        ties = tuple(tie for part in parts for tie in part.ties)
        results = {one: result for part in parts for one, result in part.results.items()}
        return replace(from_body(ChainMonth, head.body), ties=ties, results=results)

    def finish(self, month: str) -> None:
        self._rows.commit([Put(Row(f"CHAINED#{month}", DONE))])

    def is_finished(self, month: str) -> bool:
        return self._rows.get(f"CHAINED#{month}", DONE) is not None


def _parts(month: ChainMonth) -> Iterator[dict[str, Any]]:
    for ties in _chunks(month.ties, TIES_A_PART):
        yield {"ties": to_body(replace(month, ties=tuple(ties), results={}))["ties"], "results": {}}
    for results in _chunks(sorted(month.results.items()), RESULTS_A_PART):
        yield {"ties": [], "results": dict(results)}


def _pack(body: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode())


def _unpack(blob: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(blob))
    return body


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
