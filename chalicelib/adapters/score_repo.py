"""Ledgers of scores, and the objections against their entries, which stand in the same partition so that they are audited with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.objection import Objection
from chalicelib.domain.score import ScoreEntry
from chalicelib.ports import Page

if TYPE_CHECKING:
    from chalicelib.domain.events import Event

OBJECTION = "~OBJECTION#"  # behind every key of an entry
OPEN, DUE = "OBJECTIONS#OPEN", "OBJECTIONS#DUE"


class RowScoreRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, entries: Sequence[ScoreEntry]) -> None:
        for entry in entries:
            with suppress(RowConflict):  # it is there
                self._rows.commit([Put(_entry_row(entry), Expect.ABSENT)])

    def of_month(self, enterprise_id: str, month: str) -> tuple[ScoreEntry, ...]:
        rows = self._rows.query(f"SCORE#{enterprise_id}#{month}", to_sk=OBJECTION)
        return tuple(from_body(ScoreEntry, row.body) for row in rows)

    def objections(self, enterprise_id: str, month: str) -> tuple[Objection, ...]:
        rows = self._rows.query(f"SCORE#{enterprise_id}#{month}", prefix=OBJECTION)
        return tuple(_objection(row) for row in rows)

    def objection(self, objection_id: str) -> Objection | None:
        pointer = self._rows.get(f"OBJECTION#{objection_id}", "OBJECTION")
        found = None if pointer is None else self._rows.get(pointer.body["pk"], pointer.body["sk"])
        return None if found is None else _objection(found)

    def open_objections(self, cursor: str | None, limit: int) -> Page[Objection]:
        feed, onward = feed_page(self._rows, OPEN, cursor, limit)
        keys = [(row.body["pk"], row.body["sk"]) for row in feed]
        known = {(row.pk, row.sk): _objection(row) for row in self._rows.get_many(keys)} if keys else {}
        return Page(tuple(known[key] for key in keys if key in known), onward)

    def raise_objection(self, objection: Objection, events: Sequence[Event]) -> Objection:
        first = replace(objection, version=1)
        row = _objection_row(first)
        pointer = {"pk": row.pk, "sk": row.sk}
        writes = [
            Put(row, Expect.ABSENT),
            Put(Row(f"OBJECTION#{first.id}", "OBJECTION", pointer), Expect.ABSENT),
            Put(Row(OPEN, _place(first), pointer)),
            Put(Row(DUE, _due(first), pointer)),
        ]
        try:
            self._rows.commit([*writes, *event_puts(events)])
        except RowConflict as error:
            known = self.objection(first.id)
            if known is None:
                raise WriteConflict from error
            if _said(known) != _said(first):
                raise ContentConflict(id=first.id) from error
            return known
        return first

    def late_objections(self, now_ms: int, limit: int) -> tuple[Objection, ...]:
        rows = self._rows.query(DUE, to_sk=f"{now_ms:013d}", limit=limit)
        keys = [(row.body["pk"], row.body["sk"]) for row in rows]
        known = {(row.pk, row.sk): _objection(row) for row in self._rows.get_many(keys)} if keys else {}
        return tuple(known[key] for key in keys if key in known)

    def remind(self, objection: Objection, events: Sequence[Event]) -> None:
        self._rows.commit([Delete(DUE, _due(objection)), *event_puts(events)])

    def settle_objection(
        self, objection: Objection, correction: ScoreEntry | None, events: Sequence[Event]
    ) -> Objection:
        after = replace(objection, version=objection.version + 1)
        corrected = [] if correction is None else [Put(_entry_row(correction), Expect.ABSENT)]
        try:
            self._rows.commit(
                [
                    Put(_objection_row(after), Expect.VERSION),
                    *corrected,
                    Delete(OPEN, _place(after)),
                    Delete(DUE, _due(after)),
                    *event_puts(events),
                ]
            )
        except RowConflict as error:
            raise WriteConflict from error
        return after


def _entry_row(entry: ScoreEntry) -> Row:
    return Row(f"SCORE#{entry.enterprise_id}#{entry.month}", entry.key, to_body(entry))


def _objection_row(one: Objection) -> Row:
    return Row(
        f"SCORE#{one.enterprise_id}#{one.month}", f"{OBJECTION}{one.entry_key}", to_body(one), version=one.version
    )


def _objection(row: Row) -> Objection:
    return replace(from_body(Objection, row.body), version=row.version)


def _place(one: Objection) -> str:
    return f"{one.at_ms:013d}#{one.id}"


def _due(one: Objection) -> str:
    return f"{one.due_at_ms:013d}#{one.id}"


def _said(one: Objection) -> tuple[str, ...]:
    """The client's part."""
    return one.enterprise_id, one.month, one.entry_key, one.reason, one.by
