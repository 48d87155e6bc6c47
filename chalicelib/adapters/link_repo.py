"""Links of the chain in the registry: each by its id, and once more with either of its enterprises.

Those of an enterprise are kept in the process for `cache_s`, the absence of any as well: every block of readings asks.
"""

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.registry_repo import Cache
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.chain import Link
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.ports import Clock

CACHE_S = 60.0
LIST = "LINKS"


class RowLinkRepo:
    def __init__(self, rows: Rows, clock: Clock, *, cache_s: float = CACHE_S) -> None:
        self._rows = rows
        self._cache = Cache(clock, cache_s)

    def forget(self) -> None:
        self._cache.clear()

    def put(self, link: Link) -> None:
        known, body = self._rows.get(LIST, link.id), to_body(link)
        if known is not None and from_body(Link, known.body).ends != link.ends:
            raise ContentConflict(id=link.id)
        version, expect = (1, Expect.ABSENT) if known is None else (known.version + 1, Expect.VERSION)
        head = Put(Row(LIST, link.id, body, version=version), expect)
        try:
            self._rows.commit([head, *(Put(Row(pk, link.id, body)) for pk in _partitions(link))])
        except RowConflict as error:
            raise WriteConflict from error
        self._cache.clear()

    def get(self, link_id: str) -> Link | None:
        row = self._rows.get(LIST, link_id)
        return None if row is None else from_body(Link, row.body)

    def delete(self, link: Link) -> None:
        self._rows.commit([Delete(LIST, link.id), *(Delete(pk, link.id) for pk in _partitions(link))])
        self._cache.clear()

    def of_enterprise(self, enterprise_id: str) -> tuple[Link, ...]:
        return self._cache.get(enterprise_id, lambda: self._load(f"LINKS#{enterprise_id}"))

    def all(self) -> tuple[Link, ...]:
        return self._load(LIST)

    def _load(self, pk: str) -> tuple[Link, ...]:
        return tuple(from_body(Link, row.body) for row in self._rows.query(pk))


def _partitions(link: Link) -> list[str]:
    return [f"LINKS#{place.enterprise_id}" for place in link.ends]
