"""Alerts of the chain: what is remembered of an enterprise that gives, and of each alert its crossings and whom it reached.

Crossings and places are rows of their own, written once, so that what was told first stays, whoever writes it again.
"""

from collections.abc import Sequence
from contextlib import suppress

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.chain import Place
from chalicelib.domain.chain_alert import AlertEnd, ChainAlert, Crossing, Giving, Warned
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import ChainEnded, ChainLifted, ChainReached, LimitCrossed
from chalicelib.ports import Page

GIVING, PARENT, ENDED = "GIVING", "PARENT", "ENDED"
CROSSING, WARNED, LIFTED = "CROSSING#", "WARNED#", "LIFTED#"
STANDING = "CHAINS#standing"


class RowChainAlertRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def giving(self, enterprise_id: str) -> tuple[Giving, int]:
        row = self._rows.get(f"ENT#{enterprise_id}", GIVING)
        return (Giving(), 0) if row is None else (from_body(Giving, row.body), row.version)

    def record(
        self,
        enterprise_id: str,
        giving: Giving,
        version: int,
        crossings: Sequence[Crossing],
        events: Sequence[LimitCrossed],
    ) -> None:
        row = Row(f"ENT#{enterprise_id}", GIVING, to_body(giving), version=version + 1)
        head = Put(row, Expect.ABSENT if version == 0 else Expect.VERSION)
        puts = [put for one in crossings for put in _crossing_puts(one)]
        try:
            self._rows.commit([head, *puts, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error

    def get(self, alert_id: str) -> ChainAlert | None:
        rows = self._rows.query(f"CHAIN#{alert_id}")
        crossings = tuple(from_body(Crossing, row.body) for row in rows if row.sk.startswith(CROSSING))
        if not crossings:
            return None
        warned = (from_body(Warned, row.body) for row in rows if row.sk.startswith(WARNED))
        return ChainAlert(
            id=alert_id,
            giver=crossings[0].giver,
            at_ms=crossings[0].at_ms,
            is_late=crossings[0].is_late,
            crossings=crossings,
            warned=tuple(sorted(warned, key=lambda one: one.order)),
            parent_id=next((str(row.body["task_id"]) for row in rows if row.sk == PARENT), ""),
            end=next((from_body(AlertEnd, row.body) for row in rows if row.sk == ENDED), None),
        )

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[ChainAlert]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"CHAINS#{scope}", cursor, limit)
        found = (self.get(row.sk.split("#", 1)[1]) for row in feed)
        return Page(tuple(one for one in found if one is not None), onward)

    def add_warned(self, alert: ChainAlert, warned: Sequence[Warned], correlation_id: str) -> tuple[Warned, ...]:
        for one in warned:
            head = Row(f"CHAIN#{alert.id}", f"{WARNED}{one.place.enterprise_id}#{one.place.unit_id}", to_body(one))
            with suppress(RowConflict):  # reached before
                feed, place = _feed_row(one.place, alert.at_ms, alert.id), one.place
                told = ChainReached(place.enterprise_id, one.crossed_at_ms, correlation_id, alert.id, place.unit_id)
                self._rows.commit([Put(head, Expect.ABSENT), Put(feed), *event_puts([told])])
        known = self.get(alert.id)
        places = {one.place for one in warned}
        return () if known is None else tuple(one for one in known.warned if one.place in places)

    def settle_parent(self, alert_id: str, task_id: str) -> str:
        row = Row(f"CHAIN#{alert_id}", PARENT, {"task_id": task_id})
        with suppress(RowConflict):
            self._rows.commit([Put(row, Expect.ABSENT)])
            return task_id
        known = self._rows.get(row.pk, row.sk)
        if known is None:
            raise WriteConflict
        return str(known.body["task_id"])

    def standing(self) -> tuple[ChainAlert, ...]:
        found = (self.get(row.sk.split("#", 1)[1]) for row in self._rows.query(STANDING))
        return tuple(one for one in found if one is not None)

    def end(self, alert: ChainAlert, end: AlertEnd, giving: Giving, version: int, event: ChainEnded) -> None:
        row = Row(f"ENT#{event.enterprise_id}", GIVING, to_body(giving), version=version + 1)
        writes: list[Put | Delete] = [
            Put(row, Expect.ABSENT if version == 0 else Expect.VERSION),
            Put(Row(f"CHAIN#{alert.id}", ENDED, to_body(end)), Expect.ABSENT),
            Delete(STANDING, _place(alert.at_ms, alert.id)),
        ]
        try:
            self._rows.commit([*writes, *event_puts([event])])
        except RowConflict as error:
            raise WriteConflict from error

    def lift(self, alert: ChainAlert, correlation_id: str) -> None:
        assert alert.end is not None
        for one in alert.warned:
            place = one.place
            row = Row(f"CHAIN#{alert.id}", f"{LIFTED}{place.enterprise_id}#{place.unit_id}")
            told = ChainLifted(place.enterprise_id, alert.end.at_ms, correlation_id, alert.id, place.unit_id)
            with suppress(RowConflict):  # told before
                self._rows.commit([Put(row, Expect.ABSENT), *event_puts([told])])


def _crossing_puts(one: Crossing) -> list[Put]:
    """The first of an alert brings it into the lists."""
    row = Put(Row(f"CHAIN#{one.alert_id}", f"{CROSSING}{one.number:04d}", to_body(one)))
    if one.number:
        return [row]
    sk = _place(one.at_ms, one.alert_id)
    calls = [] if one.is_late else [Put(Row(STANDING, sk))]
    return [row, Put(Row("CHAINS#park", sk)), Put(_feed_row(one.giver, one.at_ms, one.alert_id)), *calls]


def _feed_row(place: Place, at_ms: int, alert_id: str) -> Row:
    return Row(f"CHAINS#enterprise:{place.enterprise_id}", _place(at_ms, alert_id))


def _place(at_ms: int, alert_id: str) -> str:
    return f"{at_ms:013d}#{alert_id}"
