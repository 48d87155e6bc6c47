"""A table whose rows of tasks, warnings, scores, catalogues and the choice of modules cannot change without an entry in the audit, written in the same commit.

A RowConflict means what it always means, that an expectation of the caller's did not hold: where another entry of the same chain was
first, the commit is tried again behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chalicelib.acting import author
from chalicelib.adapters.codec import from_body
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.audit import FIRST, AuditKind, Entry, Head, difference
from chalicelib.domain.errors import Busy

HEADS = "AUDITED"
ATTEMPTS = 12
# The keys of rows that are audited: which object, and which part of it.
AUDITED: tuple[tuple[re.Pattern[str], AuditKind], ...] = (
    (re.compile(r"TASK#(?P<object>[^|]+)\|(?P<part>TASK|(?:PHOTO|RETEST|RECTIFICATION|ANSWER)#.+)"), AuditKind.TASK),
    (re.compile(r"WARNING#(?P<object>[^|]+)\|(?P<part>WARNING)"), AuditKind.WARNING),
    (re.compile(r"SCORE#(?P<object>[^|]+)\|(?P<part>.+)"), AuditKind.SCORE),
    (re.compile(r"CONSEQUENCES#(?P<object>[^|]+)\|(?P<part>.+)"), AuditKind.CONSEQUENCE),
    (re.compile(r"PRIVACY#(?P<object>[^|]+)\|BUDGET#(?P<part>.+)"), AuditKind.PRIVACY),
    (re.compile(r"CREDIT#(?P<object>[^|]+)\|(?P<part>EXPORT#.+)"), AuditKind.CREDIT_FILE),
    (re.compile(r"(?P<object>CATALOGUE)\|(?P<part>SCHEDULE)"), AuditKind.CATALOGUE),
    (re.compile(r"(?P<object>CATALOGUE)#(?P<part>.+\|VERSION)"), AuditKind.CATALOGUE),
    (re.compile(r"(?P<object>PARK)\|(?P<part>MODULES)"), AuditKind.MODULES),
)

if TYPE_CHECKING:
    from chalicelib.domain.events import Event
IN_REGISTRY = frozenset({AuditKind.CATALOGUE, AuditKind.MODULES})  # of these there is one each
OWN = {"TASK", "WARNING", "MODULES"}  # parts that are the object itself
Key = tuple[str, str]
State = Mapping[str, Any] | None


class AuditedRows:
    def __init__(self, rows: Rows, now_ms: Callable[[], int]) -> None:
        self._rows, self._now_ms = rows, now_ms
        self.get, self.get_many, self.query, self.count = rows.get, rows.get_many, rows.query, rows.count

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        audited = [(write, named) for write in writes if (named := audited_object(*_key(write))) is not None]
        if not audited:
            self._rows.commit(writes)
            return
        keys = [_key(write) for write, _ in audited]
        for _ in range(ATTEMPTS):
            heads = dict.fromkeys((HEADS, object) for _, (object, _) in audited)
            known = {(row.pk, row.sk): row for row in self._rows.get_many([*dict.fromkeys(keys), *heads])}
            try:
                self._rows.commit([*writes, *self._entries(audited, known)])
                return
            except RowConflict:
                stored = {(row.pk, row.sk): row for row in self._rows.get_many([_key(one) for one in writes])}
                if not all(_holds(write, stored.get(_key(write))) for write in writes):
                    raise
        raise Busy(reason="contention")

    def _entries(self, audited: Sequence[tuple[Put | Delete, Key]], known: Mapping[Key, Row]) -> list[Put]:
        puts: list[Put] = []
        heads: dict[str, Entry] = {}
        for write, (object, part) in audited:
            before, after = _told(known.get(_key(write))), _told(write.row if isinstance(write, Put) else None)
            if before == after:
                continue
            seq, previous = _last(heads.get(object), known.get((HEADS, object)))
            entry = self._entry(object, part, difference(before, after), seq + 1, previous)
            heads[object] = entry
            puts.append(Put(Row(f"AUDIT#{object}", f"{entry.seq:010d}", asdict(entry)), Expect.ABSENT))
        return [*puts, *(_head(entry, known.get((HEADS, object))) for object, entry in heads.items())]

    def _entry(self, object: str, part: str, changed: tuple[State, State], seq: int, previous: str) -> Entry:
        who = author()
        return Entry(
            object=object,
            seq=seq,
            at_ms=self._now_ms(),
            by_kind=who.kind,
            by_id=who.id,
            origin=who.origin,
            device_id=who.device_id,
            operation_id=who.operation_id,
            device_at_ms=who.device_at_ms,
            part=part,
            before=changed[0],
            after=changed[1],
            previous=previous,
        ).sealed()


def audited_object(pk: str, sk: str) -> Key | None:
    """(object, part of it) of a row that is audited."""
    for pattern, kind in AUDITED:
        if (match := pattern.fullmatch(f"{pk}|{sk}")) is not None:
            name = "" if kind in IN_REGISTRY else ":" + match["object"].replace("#", ":")
            return kind.value + name, "" if match["part"] in OWN else match["part"].removesuffix("|VERSION")
    return None


def _key(write: Put | Delete) -> Key:
    return (write.row.pk, write.row.sk) if isinstance(write, Put) else (write.pk, write.sk)


def _told(row: Row | None) -> State:
    """What of a row is audited: its body, and of packed bytes their hash."""
    if row is None:
        return None
    packed = {"blob_sha256": sha256(row.blob).hexdigest()} if row.blob else {}
    return json.loads(json.dumps(dict(row.body))) | packed


def _last(entry: Entry | None, head: Row | None) -> tuple[int, str]:
    if entry is not None:
        return entry.seq, entry.hash
    return (0, FIRST) if head is None else (int(head.body["seq"]), str(head.body["hash"]))


def _head(entry: Entry, stood: Row | None) -> Put:
    """Where a chain ends, by which two who would go on from the same entry are told apart."""
    body = {"seq": entry.seq, "hash": entry.hash, "at_ms": entry.at_ms}
    version, expect = (1, Expect.ABSENT) if stood is None else (stood.version + 1, Expect.VERSION)
    return Put(Row(HEADS, entry.object, body, version=version), expect)


def _holds(write: Put | Delete, stored: Row | None) -> bool:
    if isinstance(write, Delete) or write.expect is Expect.ANYTHING:
        return True
    if write.expect is Expect.ABSENT:
        return stored is None
    return stored is not None and stored.version == write.row.version - 1


class RowAuditRepo:
    """Reads chains, each from the table that its object is in."""

    def __init__(self, operations: Rows, registry: Rows) -> None:
        self._operations, self._registry = operations, registry

    def head(self, object: str) -> Head | None:
        row = self._of(object).get(HEADS, object)
        return None if row is None else _head_of(row)

    def entries(self, object: str, after: int, limit: int | None = None) -> tuple[Entry, ...]:
        rows = self._of(object).query(f"AUDIT#{object}", after=f"{after:010d}", limit=limit)
        return tuple(from_body(Entry, row.body) for row in rows)

    def heads(self) -> tuple[Head, ...]:
        rows = [*self._operations.query(HEADS), *self._registry.query(HEADS)]
        return tuple(_head_of(row) for row in rows)

    def objects(self, after: str, limit: int) -> tuple[str, ...]:
        found = (table.query(HEADS, after=after or None, limit=limit) for table in (self._operations, self._registry))
        return tuple(sorted(row.sk for rows in found for row in rows)[:limit])

    def state(self, object: str) -> State:
        """The object as its row has it now; None where it has none of its own."""
        kind, _, name = object.partition(":")
        keys = {
            AuditKind.TASK: (f"TASK#{name}", "TASK"),
            AuditKind.WARNING: (f"WARNING#{name}", "WARNING"),
            AuditKind.MODULES: ("PARK", "MODULES"),
        }
        key = keys.get(AuditKind(kind))
        return None if key is None else _told(self._of(object).get(*key))

    def report(self, event: Event) -> None:
        self._operations.commit(event_puts([event]))

    def _of(self, object: str) -> Rows:
        return self._registry if object in IN_REGISTRY else self._operations


def _head_of(row: Row) -> Head:
    return Head(row.sk, int(row.body["seq"]), str(row.body["hash"]), int(row.body["at_ms"]))
