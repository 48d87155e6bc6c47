"""What bridges report and what is asked of them, in the operations table: reports, the gap ledger, commands.

A gap's key follows from its spool and id, so that it is stored once; pointers find it by the months that it touches. A command
that waits for its bridge has a pointer in the bridge's own partition, by the instant of its expiry, and ASKED says until when there
may be any: whoever reads the state anyway need look no further.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.adapters.block_repo import RETENTION_S
from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.command import MAX_LIFE_S, WAITING, Command
from chalicelib.domain.errors import Busy, ContentConflict, WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.gap import MAX_MONTHS, BridgeReport, Gap, months_of
from chalicelib.domain.person import Bridge
from chalicelib.ports import Page

PAGE = 100
EXPIRED_KEPT_S = 86_400
Key = tuple[str, str]


class RowReportRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, report: BridgeReport) -> None:
        self._rows.commit([Put(Row(f"REPORTS#{report.enterprise_id}", report.bridge_id, to_body(report)))])

    def get(self, bridge: Bridge) -> BridgeReport | None:
        row = self._rows.get(f"REPORTS#{bridge.enterprise_id}", bridge.id)
        return None if row is None else from_body(BridgeReport, row.body)

    def of_enterprise(self, enterprise_id: str) -> tuple[BridgeReport, ...]:
        return tuple(from_body(BridgeReport, row.body) for row in self._rows.query(f"REPORTS#{enterprise_id}"))


class RowGapRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, gaps: Sequence[Gap]) -> tuple[Gap, ...]:
        known = {(row.pk, row.sk): from_body(Gap, row.body) for row in self._get_many([_gap_key(gap) for gap in gaps])}
        for gap in gaps:
            key = _gap_key(gap)
            if key not in known:
                known[key] = self._add(gap)
        return tuple(known[_gap_key(gap)] for gap in gaps)

    def _add(self, gap: Gap) -> Gap:
        pk, sk = _gap_key(gap)
        row = Row(pk, sk, to_body(gap), ttl_s=gap.received_at_ms // 1000 + RETENTION_S)
        try:
            self._rows.commit([Put(row, Expect.ABSENT), *(Put(_pointer(gap, row, month)) for month in gap.months)])
        except RowConflict:
            stored = self._rows.get(pk, sk)
            if stored is None:  # it has just expired
                raise Busy(reason="contention") from None
            return from_body(Gap, stored.body)
        return gap

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> Iterator[Gap]:
        seen: set[str] = set()
        for month in months_of(from_ms, to_ms, MAX_MONTHS):
            for page in self._pages(f"GAPS#{enterprise_id}#{month}"):
                fresh = [str(row.body["sk"]) for row in page if row.body["sk"] not in seen]
                seen.update(fresh)
                rows = self._get_many([(f"ENT#{enterprise_id}", sk) for sk in fresh])
                yield from (from_body(Gap, row.body) for row in sorted(rows, key=lambda row: row.sk))

    def _pages(self, pk: str) -> Iterator[list[Row]]:
        after = None
        while rows := self._rows.query(pk, after=after, limit=PAGE):
            yield rows
            after = rows[-1].sk

    def _get_many(self, keys: Sequence[Key]) -> list[Row]:
        return self._rows.get_many(list(dict.fromkeys(keys))) if keys else []


def _gap_key(gap: Gap) -> Key:
    return f"ENT#{gap.enterprise_id}", f"GAP#{gap.spool}#{gap.id:016d}"


def _pointer(gap: Gap, row: Row, month: str) -> Row:
    sk = f"{gap.earliest_ms:013d}#{gap.spool}#{gap.id:016d}"
    return Row(f"GAPS#{gap.enterprise_id}#{month}", sk, {"sk": row.sk}, ttl_s=row.ttl_s)


class RowCommandRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, command: Command, events: Sequence[Event]) -> Command:
        first = replace(command, version=1)
        feed = Row(f"COMMANDS#{command.enterprise_id}", f"{command.requested_at_ms:013d}#{command.id}")
        pk, sk = _waiting_key(command)
        kept_s = command.expires_at_ms // 1000 + EXPIRED_KEPT_S
        pointers = (feed, Row(pk, sk, ttl_s=kept_s), _asked_row(command))
        try:
            self._rows.commit([Put(_command_row(first), Expect.ABSENT), *map(Put, pointers), *event_puts(events)])
        except RowConflict:
            return self._known(command)
        return first

    def _known(self, command: Command) -> Command:
        known = self.get(command.enterprise_id, command.id)
        if known is None:
            raise WriteConflict
        same = ("bridge_id", "measure", "value", "reason", "requested_by", "life_s")
        if any(getattr(known, name) != getattr(command, name) for name in same):
            raise ContentConflict(id=command.id)
        return known

    def get(self, enterprise_id: str, command_id: str) -> Command | None:
        row = self._rows.get(f"ENT#{enterprise_id}", f"COMMAND#{command_id}")
        return None if row is None else from_body(Command, row.body)

    def save(self, command: Command, events: Sequence[Event]) -> Command:
        after = replace(command, version=command.version + 1)
        settled = [] if after.state in WAITING else [Delete(*_waiting_key(after))]
        try:
            self._rows.commit([Put(_command_row(after), Expect.VERSION), *settled, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def pending(self, bridge: Bridge, now_ms: int, limit: int) -> tuple[Command, ...]:
        waiting = self._rows.query(f"PENDING#{bridge.id}", from_sk=f"{now_ms + 1:013d}", limit=limit)
        ids = [row.sk.split("#", 1)[1] for row in waiting]
        found = self._many(bridge.enterprise_id, ids)
        return tuple(found[one] for one in ids if one in found and found[one].state in WAITING)

    def listing(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[Command]:
        feed, onward = feed_page(self._rows, f"COMMANDS#{enterprise_id}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        known = self._many(enterprise_id, ids)
        return Page(tuple(known[one] for one in ids if one in known), onward)

    def _many(self, enterprise_id: str, ids: Sequence[str]) -> dict[str, Command]:
        keys = [(f"ENT#{enterprise_id}", f"COMMAND#{one}") for one in ids]
        rows = self._rows.get_many(keys) if keys else []
        return {one.id: one for row in rows if (one := from_body(Command, row.body))}


def _command_row(command: Command) -> Row:
    return Row(f"ENT#{command.enterprise_id}", f"COMMAND#{command.id}", to_body(command), version=command.version)


def _waiting_key(command: Command) -> Key:
    return f"PENDING#{command.bridge_id}", f"{command.expires_at_ms:013d}#{command.id}"


def _asked_row(command: Command) -> Row:
    """Whatever was asked before has expired by then, so that it never has to be compared with what stands."""
    until_ms = command.requested_at_ms + MAX_LIFE_S * 1000
    return Row(f"ASKED#{command.bridge_id}", "UNTIL", {"until_ms": until_ms}, ttl_s=until_ms // 1000)
