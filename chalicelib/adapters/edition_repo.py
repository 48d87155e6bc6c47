"""A list of which nothing is lost: the newest edition of each thing in one partition, and all of them under its own key.

The list is kept in the process for `cache_s`: tasks of tier 3 ask for it with every answer.
"""

from typing import Any, Generic, TypeVar

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.registry_repo import Cache
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.edition import Edition
from chalicelib.domain.errors import WriteConflict
from chalicelib.ports import Clock

T = TypeVar("T")
CACHE_S = 15.0


class RowEditionRepo(Generic[T]):
    """`listed` is the list's partition, `each` the prefix of the partitions of its things."""

    def __init__(
        self, rows: Rows, clock: Clock, kind: type[T], *, listed: str, each: str, cache_s: float = CACHE_S
    ) -> None:
        self._rows, self._kind, self._listed, self._each = rows, kind, listed, each
        self._cache = Cache(clock, cache_s)

    def save(self, thing_id: str, edition: Edition[T]) -> Edition[T]:
        body: dict[str, Any] = {
            "value": to_body(edition.value),
            "by": edition.by,
            "at_ms": edition.at_ms,
            "is_removed": edition.is_removed,
        }
        expect = Expect.ABSENT if edition.version == 1 else Expect.VERSION
        head = Row(self._listed, thing_id, body, version=edition.version)
        kept = Row(f"{self._each}#{thing_id}", f"{edition.version:06d}", body)
        try:
            self._rows.commit([Put(head, expect), Put(kept, Expect.ABSENT)])
        except RowConflict as error:
            raise WriteConflict from error
        finally:
            self._cache.clear()
        return edition

    def get(self, thing_id: str) -> Edition[T] | None:
        row = self._rows.get(self._listed, thing_id)
        return None if row is None else self._edition(row, row.version)

    def all(self) -> tuple[Edition[T], ...]:
        return self._cache.get("all", self._load)

    def history(self, thing_id: str) -> tuple[Edition[T], ...]:
        rows = self._rows.query(f"{self._each}#{thing_id}", newest_first=True)
        return tuple(self._edition(row, int(row.sk)) for row in rows)

    def _load(self) -> tuple[Edition[T], ...]:
        found = (self._edition(row, row.version) for row in self._rows.query(self._listed))
        return tuple(one for one in found if not one.is_removed)

    def _edition(self, row: Row, version: int) -> Edition[T]:
        body = row.body
        return Edition(
            from_body(self._kind, body["value"]), version, body["by"], body["at_ms"], bool(body["is_removed"])
        )
