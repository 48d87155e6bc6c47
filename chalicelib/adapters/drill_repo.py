"""Drills in the operations table: each in one row with its report, lists of all and of each participant's, and what was asked for."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.drill import Drill, DrillState, Scenario
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.events import DrillDue, Event
from chalicelib.ports import Page

RUNNING = "DRILLING"


class RowDrillRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, drill: Drill, events: Sequence[Event]) -> Drill:
        sk = f"{drill.planned_at_ms:013d}#{drill.id}"
        feeds = [Put(Row(f"DRILLS#{scope}", sk)) for scope in ("park", *(f"person:{one}" for one in drill.people))]
        try:
            self._rows.commit([Put(_row(drill, 1), Expect.ABSENT), *feeds, *event_puts(events)])
        except RowConflict:
            known = self.get(drill.id)
            if known is None:
                raise WriteConflict from None
            if known.content != drill.content:
                raise ContentConflict(id=drill.id) from None
            return known
        return replace(drill, version=1)

    def get(self, drill_id: str) -> Drill | None:
        row = self._rows.get(f"DRILL#{drill_id}", "DRILL")
        return None if row is None else _of(row)

    def save(self, drill: Drill, events: Sequence[Event]) -> Drill:
        runs = drill.state is DrillState.RUNNING
        listed: Put | Delete = Put(Row(RUNNING, drill.id)) if runs else Delete(RUNNING, drill.id)
        try:
            self._rows.commit([Put(_row(drill, drill.version + 1), Expect.VERSION), listed, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return replace(drill, version=drill.version + 1)

    def running(self) -> tuple[Drill, ...]:
        found = (self.get(row.sk) for row in self._rows.query(RUNNING))
        return tuple(one for one in found if one is not None)

    def listing(self, person_id: str | None, cursor: str | None, limit: int) -> Page[Drill]:
        scope = "park" if person_id is None else f"person:{person_id}"
        feed, onward = feed_page(self._rows, f"DRILLS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"DRILL#{one}", "DRILL") for one in ids]) if ids else []
        known = {one.id: one for one in map(_of, rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)

    def was_asked_for(self, quarter: str) -> bool:
        return self._rows.get(f"QUARTER#{quarter}", "DRILL") is not None

    def ask_for(self, event: DrillDue) -> None:
        said = Put(Row(f"QUARTER#{event.quarter}", "DRILL"), Expect.ABSENT)
        with suppress(RowConflict):  # another minute has said it
            self._rows.commit([said, *event_puts([event])])


def _row(drill: Drill, version: int) -> Row:
    return Row(f"DRILL#{drill.id}", "DRILL", to_body(replace(drill, version=0)), version=version)


def _of(row: Row) -> Drill:
    return replace(from_body(Drill, row.body), version=row.version)


@cache
def shipped_scenarios() -> tuple[Scenario, ...]:
    from chalicelib.adapters.catalogue import read_shipped

    return tuple(from_body(Scenario, one) for one in read_shipped("drills"))
