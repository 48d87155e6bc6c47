"""Rows in memory, for unit tests: the same behaviour as DynamoDB's, as the contract tests hold."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock

from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, check_writes


class MemoryRows:
    """One table. `on_put` stands for its stream: it is called with each row that a commit has put, unless it
    stood there just so."""

    def __init__(self, on_put: Callable[[Row], None] | None = None) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._lock = Lock()
        self._on_put = on_put

    def get(self, pk: str, sk: str) -> Row | None:
        return self._rows.get(pk, {}).get(sk)

    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        return [row for pk, sk in dict.fromkeys(keys) if (row := self.get(pk, sk)) is not None]

    def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        from_sk: str = "",
        to_sk: str = "",
        after: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        with self._lock:
            rows = dict(self._rows.get(pk, {}))
        keys = sorted(
            (sk for sk in rows if sk.startswith(prefix) and from_sk <= sk <= (to_sk or sk)), reverse=newest_first
        )
        if after is not None:
            keys = [sk for sk in keys if (sk < after if newest_first else sk > after)]
        return [rows[sk] for sk in keys[:limit]]

    def partitions(self) -> list[str]:
        return sorted(self._rows)

    def count(self, pk: str) -> int:
        return len(self._rows.get(pk, {}))

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        check_writes(writes)
        put: list[Row] = []
        with self._lock:
            for write in writes:
                if isinstance(write, Put) and not self._holds(write):
                    raise RowConflict
            for write in writes:
                if isinstance(write, Delete):
                    self._rows.get(write.pk, {}).pop(write.sk, None)
                    continue
                stored = replace(write.row, body=json.loads(json.dumps(write.row.body)))
                put += [] if self.get(stored.pk, stored.sk) == stored else [stored]
                self._rows.setdefault(stored.pk, {})[stored.sk] = stored
        for row in put if self._on_put else ():
            assert self._on_put is not None
            self._on_put(row)

    def _holds(self, put: Put) -> bool:
        known = self.get(put.row.pk, put.row.sk)
        match put.expect:
            case Expect.ABSENT:
                return known is None
            case Expect.VERSION:
                return known is not None and known.version == put.row.version - 1
            case Expect.ANYTHING:
                return True
