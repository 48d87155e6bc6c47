"""Rows: the small store that every repository stands on. Memory and DynamoDB implement it; one set of contract tests holds both.

A row has a partition key `pk`, a sort key `sk`, a JSON body or bytes, and a version that every replacement raises by one.
commit() writes all or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

READINGS, OPERATIONS, REGISTRY = "readings", "operations", "registry"
MAX_WRITES = 100  # what DynamoDB takes in one transaction


@dataclass(frozen=True, slots=True)
class Row:
    """`ttl_s` is epoch SECONDS, as DynamoDB's TTL asks; None: keep. `at` version 0 a row does not exist yet."""

    pk: str
    sk: str
    body: Mapping[str, Any] = field(default_factory=dict)
    blob: bytes = b""
    version: int = 1
    ttl_s: int | None = None


class Expect(StrEnum):
    ANYTHING = "anything"
    ABSENT = "absent"
    VERSION = "version"  # the stored version is row.version - 1


@dataclass(frozen=True, slots=True)
class Put:
    row: Row
    expect: Expect = Expect.ANYTHING


@dataclass(frozen=True, slots=True)
class Delete:
    pk: str
    sk: str


def check_writes(writes: Sequence[Put | Delete]) -> None:
    """Raises ValueError for writes that cannot be one commit: a mistake in our code, never in the data."""
    keys = [(write.row.pk, write.row.sk) if isinstance(write, Put) else (write.pk, write.sk) for write in writes]
    if len(keys) > MAX_WRITES or len(set(keys)) < len(keys):
        raise ValueError(f"{len(keys)} writes of {len(set(keys))} rows cannot be one commit")


class RowConflict(Exception):
    """A Put's expectation did not hold; nothing was written."""


class Rows(Protocol):
    """One table. Reads are consistent. Raises errors.Busy when the store will take the same call later."""

    def get(self, pk: str, sk: str) -> Row | None: ...
    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        """Those that exist, in no order."""
        ...

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
        """Rows of a partition by rising sk (or falling): those with the prefix, or from_sk <= sk <= to_sk
        (not both), beyond `after`."""
        ...

    def count(self, pk: str) -> int: ...
    def commit(self, writes: Sequence[Put | Delete]) -> None:
        """All or nothing: at most MAX_WRITES, no two of the same row. Raises RowConflict."""
        ...
