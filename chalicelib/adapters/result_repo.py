"""Months as they were counted and settled, beside their ledgers so that they are audited with them, and rankings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import MAX_WRITES, Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.month import MonthFigures, MonthResult
from chalicelib.domain.ranking import Place, Ranking
from chalicelib.ports import Page

FIGURES, RESULT = "~RESULT#FIGURES", "~RESULT"  # behind entries and objections
CLOSED, RANKINGS, STALE = "MONTHS#CLOSED", "RANKINGS", "RANKINGS#STALE"


class RowResultRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def figures(self, enterprise_id: str, month: str) -> MonthFigures | None:
        row = self._rows.get(_pk(enterprise_id, month), FIGURES)
        return None if row is None else from_body(MonthFigures, row.body)

    def count(self, enterprise_id: str, month: str, figures: MonthFigures) -> MonthFigures:
        try:
            self._rows.commit([Put(Row(_pk(enterprise_id, month), FIGURES, to_body(figures)), Expect.ABSENT)])
        except RowConflict:
            known = self.figures(enterprise_id, month)
            if known is None:
                raise WriteConflict from None
            return known
        return figures

    def counted(self, month: str, enterprise_ids: Sequence[str]) -> frozenset[str]:
        return self._with(FIGURES, month, enterprise_ids)

    def settled(self, month: str, enterprise_ids: Sequence[str]) -> frozenset[str]:
        return self._with(RESULT, month, enterprise_ids)

    def _with(self, sk: str, month: str, enterprise_ids: Sequence[str]) -> frozenset[str]:
        by_pk = {_pk(one, month): one for one in enterprise_ids}
        rows = self._rows.get_many([(pk, sk) for pk in by_pk]) if by_pk else []
        return frozenset(by_pk[row.pk] for row in rows)

    def get(self, enterprise_id: str, month: str) -> MonthResult | None:
        row = self._rows.get(_pk(enterprise_id, month), RESULT)
        return None if row is None else _result(row)

    def many(self, month: str, enterprise_ids: Sequence[str]) -> Mapping[str, MonthResult]:
        rows = self._rows.get_many([(_pk(one, month), RESULT) for one in enterprise_ids]) if enterprise_ids else []
        return {one.enterprise_id: one for one in map(_result, rows)}

    def listing(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[MonthResult]:
        feed, onward = feed_page(self._rows, f"RESULTS#{enterprise_id}", cursor, limit)
        rows = self._rows.get_many([(_pk(enterprise_id, row.sk), RESULT) for row in feed]) if feed else []
        return Page(tuple(sorted(map(_result, rows), key=lambda one: one.month, reverse=True)), onward)

    def settle(self, result: MonthResult, events: Sequence[Event]) -> MonthResult:
        after = replace(result, revision=result.revision + 1)
        expect = Expect.VERSION if result.revision else Expect.ABSENT
        row = Row(_pk(after.enterprise_id, after.month), RESULT, to_body(after), version=after.revision)
        feeds = [Put(Row(f"RESULTS#{after.enterprise_id}", after.month)), Put(Row(STALE, after.month))]
        try:
            self._rows.commit([Put(row, expect), *feeds, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def last_settled(self) -> str | None:
        found = self._rows.query(CLOSED, newest_first=True, limit=1)
        return found[0].sk if found else None

    def close(self, month: str, at_ms: int) -> None:
        self._rows.commit([Put(Row(CLOSED, month, {"at_ms": at_ms}))])

    def ranking(self, month: str) -> Ranking | None:
        row = self._rows.get(RANKINGS, month)
        return None if row is None else from_body(Ranking, row.body)

    def rankings(self, cursor: str | None, limit: int) -> Page[Ranking]:
        feed, onward = feed_page(self._rows, RANKINGS, cursor, limit)
        return Page(tuple(from_body(Ranking, row.body) for row in feed), onward)

    def publish(self, ranking: Ranking, places: Mapping[str, Sequence[Place]]) -> Ranking:
        after = replace(ranking, revision=ranking.revision + 1)
        puts = [
            Put(Row(_ranked(after, scope), f"{place.number:06d}", to_body(place)))
            for scope, ordered in places.items()
            for place in ordered
        ]
        for start in range(0, len(puts), MAX_WRITES):
            self._rows.commit(puts[start : start + MAX_WRITES])
        row = Row(RANKINGS, after.month, to_body(after), version=after.revision)
        try:
            expect = Expect.VERSION if ranking.revision else Expect.ABSENT
            self._rows.commit([Put(row, expect), Delete(STALE, after.month)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def places(self, ranking: Ranking, scope: str, cursor: str | None, limit: int) -> Page[Place]:
        feed, onward = feed_page(self._rows, _ranked(ranking, scope), cursor, limit, newest_first=False)
        return Page(tuple(from_body(Place, row.body) for row in feed), onward)

    def stale(self) -> tuple[str, ...]:
        return tuple(row.sk for row in self._rows.query(STALE))


def _pk(enterprise_id: str, month: str) -> str:
    return f"SCORE#{enterprise_id}#{month}"


def _ranked(ranking: Ranking, scope: str) -> str:
    return f"RANKED#{ranking.month}#{ranking.revision}#{scope}"


def _result(row: Row) -> MonthResult:
    return replace(from_body(MonthResult, row.body), revision=row.version)
