"""Rows to try something on: what is written is seen by whoever reads here, and never reaches the table beneath."""

from collections.abc import Sequence

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Delete, Put, Row, Rows

Key = tuple[str, str]


class TrialRows:
    def __init__(self, beneath: Rows) -> None:
        self._beneath = beneath
        self._own = MemoryRows()
        self._known: set[Key] = set()  # rows that stand as `_own` has them, or are gone as they are there

    def get(self, pk: str, sk: str) -> Row | None:
        self._learn([(pk, sk)])
        return self._own.get(pk, sk)

    def get_many(self, keys: Sequence[Key]) -> list[Row]:
        self._learn(keys)
        return self._own.get_many(keys)

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
        """The whole of the range beneath is read: for lists of the registry, which are no longer than that."""
        found = self._beneath.query(pk, prefix=prefix, from_sk=from_sk, to_sk=to_sk)
        self._keep([row for row in found if (row.pk, row.sk) not in self._known])
        return self._own.query(
            pk, prefix=prefix, from_sk=from_sk, to_sk=to_sk, after=after, newest_first=newest_first, limit=limit
        )

    def count(self, pk: str) -> int:
        return len(self.query(pk))

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        self._learn([(one.row.pk, one.row.sk) if isinstance(one, Put) else (one.pk, one.sk) for one in writes])
        self._own.commit(writes)

    def _learn(self, keys: Sequence[Key]) -> None:
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        if new:
            self._keep(self._beneath.get_many(new))
            self._known.update(new)

    def _keep(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._own.commit([Put(row)])
            self._known.add((row.pk, row.sk))
