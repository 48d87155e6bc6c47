"""Versions of the catalogue in the registry, packed; the schedule of what is in force; and the shipped one, always there.

What is published never changes, so that it is read once in a process. The schedule is kept for `cache_s`: a change by another
process is seen that much later.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.registry_repo import CACHE_S, Cache
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.catalogue_version import CatalogueVersion, Proposal, Schedule
from chalicelib.domain.errors import FieldError, InvalidRequest, TooLarge, WriteConflict
from chalicelib.ports import Clock, Page

SCHEDULE_KEY = ("CATALOGUE", "SCHEDULE")
LIST = "CATALOGUES"
MAX_PACKED_BYTES = 300_000  # DynamoDB takes 400 KB a row


class RowCatalogueRepo:
    def __init__(self, rows: Rows, clock: Clock, *, cache_s: float = CACHE_S) -> None:
        self._rows, self._clock = rows, clock
        self._kept = Cache(clock, cache_s)
        self._published: dict[str, Catalogue] = {}

    def current(self) -> Catalogue:
        return self.in_force_at(self._clock.now_ms())

    def in_force_at(self, at_ms: int) -> Catalogue:
        return self._published_version(self._kept_schedule().in_force(at_ms))

    def in_force_between(self, from_ms: int, to_ms: int) -> tuple[tuple[int, Catalogue], ...]:
        turns = self._kept_schedule().in_force_between(from_ms, to_ms)
        return tuple((since_ms, self._published_version(name)) for since_ms, name in turns)

    def _kept_schedule(self) -> Schedule:
        return self._kept.get("schedule", self.schedule)

    def _published_version(self, name: str) -> Catalogue:
        # Kept like the schedule: to find that the shipped version is not in the store takes a read of its own.
        found = self._kept.get(("version", name), lambda: self.version(name))
        assert found is not None, "what is in force was published, and what was published is never deleted"
        return found

    def version(self, name: str) -> Catalogue | None:
        if name in self._published:
            return self._published[name]
        from chalicelib.adapters import catalogue as catalogues  # its models and YAML are a tenth of a cold start

        known, document = self._load(name)
        if document is None:
            return catalogues.shipped() if name == catalogues.shipped_version() else None
        parsed = catalogues.parse(document)
        if known is not None and known.is_published:
            self._published[name] = parsed
        return parsed

    def schedule(self) -> Schedule:
        row = self._rows.get(*SCHEDULE_KEY)
        if row is not None:
            return from_body(Schedule, {**row.body, "shipped": self._shipped(), "revision": row.version})
        return Schedule(self._shipped())

    def check(self, document: Mapping[str, Any] | str) -> Proposal:
        from chalicelib.adapters import catalogue as catalogues
        from chalicelib.adapters.catalogue_yaml import NotYaml, read_yaml

        lines = None
        try:
            if isinstance(document, str):
                document, lines = read_yaml(document)
            read = catalogues.read(document)
        except NotYaml as error:
            raise InvalidRequest(errors=[FieldError("", "invalid", error.problem, error.line)]) from error
        except catalogues.InvalidDocument as error:
            wrong = [
                FieldError(".".join(map(str, path)), "invalid", message, lines(path) if lines else None)
                for path, message in error.wrong
            ]
            raise InvalidRequest(errors=wrong) from error
        return Proposal(read.model_dump(mode="json"), read.value())

    def stored(self, name: str) -> tuple[CatalogueVersion, Mapping[str, Any]] | None:
        known, document = self._load(name)
        if known is not None and document is not None:
            return known, document
        if name != self._shipped():
            return None
        from chalicelib.adapters import catalogue as catalogues

        shipped = catalogues.read(catalogues.shipped_document()).model_dump(mode="json")
        return CatalogueVersion(name, "", self._issued_ms(), is_published=True), shipped

    def listing(self, cursor: str | None, limit: int) -> Page[CatalogueVersion]:
        feed, onward = feed_page(self._rows, LIST, cursor, limit)
        names = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"CATALOGUE#{name}", "VERSION") for name in names])
        known = {row.pk.split("#", 1)[1]: _version(row) for row in rows}
        found = [known[name] for name in names if name in known]
        if onward is None and self._load(self._shipped())[0] is None:
            found.append(CatalogueVersion(self._shipped(), "", self._issued_ms(), is_published=True))
        return Page(tuple(found), onward)

    def save(self, version: CatalogueVersion, document: Mapping[str, Any]) -> CatalogueVersion:
        head, entry = _puts(version, document)
        if len(head.row.blob) > MAX_PACKED_BYTES:
            raise TooLarge(what="catalogue_bytes", given=len(head.row.blob), allowed=MAX_PACKED_BYTES)
        self._commit(head, entry)
        return _version(head.row)

    def publish(self, version: CatalogueVersion, schedule: Schedule) -> Schedule:
        row = self._rows.get(f"CATALOGUE#{version.name}", "VERSION")
        if row is None:
            return self.put_schedule(schedule, *self._shipped_puts(version))
        if row.version != version.revision:
            raise WriteConflict
        marked = Row(row.pk, row.sk, {**row.body, "is_published": True}, row.blob, row.version + 1)
        return self.put_schedule(schedule, Put(marked, Expect.VERSION))

    def _shipped_puts(self, version: CatalogueVersion) -> list[Put]:
        """The shipped one, once a park has said that it is to be in force, stays when the code ships another."""
        stored = self.stored(version.name)
        assert stored is not None
        return _puts(version, stored[1])

    def put_schedule(self, schedule: Schedule, *others: Put) -> Schedule:
        body = {"changes": to_body(schedule)["changes"]}
        row = Row(*SCHEDULE_KEY, body=body, version=schedule.revision + 1)
        self._commit(Put(row, _expected(schedule.revision)), *others)
        self._kept.clear()
        return self.schedule()

    def _commit(self, *writes: Put) -> None:
        try:
            self._rows.commit(writes)
        except RowConflict as error:
            raise WriteConflict from error

    def _load(self, name: str) -> tuple[CatalogueVersion | None, dict[str, Any] | None]:
        row = self._rows.get(f"CATALOGUE#{name}", "VERSION")
        return (None, None) if row is None else (_version(row), json.loads(gzip.decompress(row.blob)))

    def _shipped(self) -> str:
        from chalicelib.adapters import catalogue as catalogues

        return catalogues.shipped_version()

    def _issued_ms(self) -> int:
        from chalicelib.adapters import catalogue as catalogues

        return catalogues.shipped().issued_ms or 0


def _puts(version: CatalogueVersion, document: Mapping[str, Any]) -> list[Put]:
    packed = gzip.compress(json.dumps(document, ensure_ascii=False).encode(), mtime=0)
    row = Row(f"CATALOGUE#{version.name}", "VERSION", _body(version), packed, version.revision + 1)
    entry = Row(LIST, f"{version.proposed_at_ms:013d}#{version.name}")
    return [Put(row, _expected(version.revision)), Put(entry)]


def _expected(revision: int) -> Expect:
    return Expect.ABSENT if revision == 0 else Expect.VERSION


def _body(version: CatalogueVersion) -> dict[str, Any]:
    return {key: value for key, value in to_body(version).items() if key != "revision"}


def _version(row: Row) -> CatalogueVersion:
    return from_body(CatalogueVersion, {**row.body, "revision": row.version})
