"""Measures, listings for key supervision and interviews: one audited partition for each enterprise, and lists of those that stand."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.consequence import Consequence
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.interview import Interview
from chalicelib.domain.supervision import Listing
from chalicelib.ports import Page

MEASURE, LISTING, INTERVIEW = "MEASURE#", "LISTING#", "INTERVIEW#"
STANDING, LISTED, INTERVIEWS = "MEASURES#STANDING", "LISTED", "INTERVIEWS#"
Write = Put | Delete


class RowConsequenceRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def standing(self, enterprise_id: str) -> tuple[Consequence, ...]:
        rows = self._rows.query(f"MEASURES#{enterprise_id}#STANDING")
        keys = [(_pk(enterprise_id), row.sk) for row in rows]
        found = map(_consequence, self._rows.get_many(keys) if keys else [])
        return tuple(sorted(found, key=lambda one: (one.started_at_ms, one.id)))

    def known(self, changes: Sequence[Consequence]) -> frozenset[str]:
        keys = [(_pk(one.enterprise_id), _measure_sk(one)) for one in changes]
        return frozenset(_consequence(row).id for row in self._rows.get_many(keys)) if keys else frozenset()

    def commit(self, changes: Sequence[Consequence], events: Sequence[Event]) -> None:
        self._commit([write for one in changes for write in _measure_writes(one)], events)

    def of_enterprise(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[Consequence]:
        feed, onward = feed_page(self._rows, f"MEASURES#{enterprise_id}", cursor, limit)
        return self._page([(_pk(enterprise_id), row.sk) for row in feed], onward)

    def listing(self, cursor: str | None, limit: int) -> Page[Consequence]:
        feed, onward = feed_page(self._rows, STANDING, cursor, limit)
        return self._page([(row.body["pk"], row.body["sk"]) for row in feed], onward)

    def _page(self, keys: list[tuple[str, str]], onward: str | None) -> Page[Consequence]:
        known = {(row.pk, row.sk): _consequence(row) for row in self._rows.get_many(keys)} if keys else {}
        return Page(tuple(known[key] for key in keys if key in known), onward)

    def supervised(self, enterprise_id: str) -> Listing | None:
        pointer = self._rows.get(LISTED, enterprise_id)
        row = None if pointer is None else self._rows.get(_pk(enterprise_id), pointer.body["sk"])
        return None if row is None else _listing(row)

    def listings(self, enterprise_id: str) -> tuple[Listing, ...]:
        return tuple(map(_listing, self._rows.query(_pk(enterprise_id), prefix=LISTING)))

    def save_listing(self, listing: Listing, changes: Sequence[Consequence], events: Sequence[Event]) -> Listing:
        after = replace(listing, version=listing.version + 1)
        row = Row(_pk(after.enterprise_id), _listing_sk(after), to_body(after), version=after.version)
        writes: list[Write] = [Put(row, Expect.VERSION if listing.version else Expect.ABSENT)]
        place = f"{after.listed_at_ms:013d}#{after.enterprise_id}"
        if after.is_standing:
            writes += [
                Put(Row(LISTED, after.enterprise_id, {"sk": row.sk}), Expect.ABSENT),
                Put(Row(f"{LISTED}#FEED", place, {"pk": row.pk, "sk": row.sk})),
            ]
        else:
            writes += [Delete(LISTED, after.enterprise_id), Delete(f"{LISTED}#FEED", place)]
        self._commit([*writes, *(write for one in changes for write in _measure_writes(one))], events)
        return after

    def supervision(self, cursor: str | None, limit: int) -> Page[Listing]:
        feed, onward = feed_page(self._rows, f"{LISTED}#FEED", cursor, limit)
        keys = [(row.body["pk"], row.body["sk"]) for row in feed]
        known = {(row.pk, row.sk): _listing(row) for row in self._rows.get_many(keys)} if keys else {}
        return Page(tuple(known[key] for key in keys if key in known), onward)

    def interview(self, enterprise_id: str, month: str) -> Interview | None:
        row = self._rows.get(_pk(enterprise_id), f"{INTERVIEW}{month}")
        return None if row is None else _interview(row)

    def save_interview(self, interview: Interview, events: Sequence[Event]) -> Interview:
        after = replace(interview, version=interview.version + 1)
        row = Row(_pk(after.enterprise_id), f"{INTERVIEW}{after.month}", to_body(after), version=after.version)
        pointer = {"pk": row.pk, "sk": row.sk}
        scopes = ("park", f"enterprise:{after.enterprise_id}")
        feeds = [Put(Row(f"{INTERVIEWS}{scope}", f"{after.month}#{after.enterprise_id}", pointer)) for scope in scopes]
        self._commit([Put(row, Expect.VERSION if interview.version else Expect.ABSENT), *feeds], events)
        return after

    def interviews(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Interview]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"{INTERVIEWS}{scope}", cursor, limit)
        keys = [(row.body["pk"], row.body["sk"]) for row in feed]
        known = {(row.pk, row.sk): _interview(row) for row in self._rows.get_many(keys)} if keys else {}
        return Page(tuple(known[key] for key in keys if key in known), onward)

    def _commit(self, writes: Sequence[Write], events: Sequence[Event]) -> None:
        try:
            self._rows.commit([*writes, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error


def _pk(enterprise_id: str) -> str:
    return f"CONSEQUENCES#{enterprise_id}"


def _measure_writes(one: Consequence) -> list[Write]:
    after = replace(one, version=one.version + 1)
    sk = _measure_sk(after)
    row = Row(_pk(after.enterprise_id), sk, to_body(after), version=after.version)
    writes: list[Write] = [Put(row, Expect.VERSION if one.version else Expect.ABSENT)]
    place = f"{after.started_at_ms:013d}#{after.enterprise_id}#{after.measure}"
    own = f"MEASURES#{after.enterprise_id}"
    if not one.version:
        writes.append(Put(Row(own, sk)))
    if after.is_standing:
        return [*writes, Put(Row(f"{own}#STANDING", sk)), Put(Row(STANDING, place, {"pk": row.pk, "sk": sk}))]
    return [*writes, Delete(f"{own}#STANDING", sk), Delete(STANDING, place)]


def _measure_sk(one: Consequence) -> str:
    return f"{MEASURE}{one.started_at_ms:013d}#{one.measure}"


def _listing_sk(listing: Listing) -> str:
    return f"{LISTING}{listing.listed_at_ms:013d}"


def _consequence(row: Row) -> Consequence:
    return replace(from_body(Consequence, row.body), version=row.version)


def _listing(row: Row) -> Listing:
    return replace(from_body(Listing, row.body), version=row.version)


def _interview(row: Row) -> Interview:
    return replace(from_body(Interview, row.body), version=row.version)
