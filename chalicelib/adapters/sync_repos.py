"""What phones work from: tasks' packs with the feeds of changes, what became of operations made offline, and conflicts.

A pack and its places in the feeds change in one commit, so a feed never names a pack that is not there, and a task stands in a feed
once. Who has nothing to do with a task any more finds a row that says so, for as long as a phone may stay away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import Event, RegistryChanged
from chalicelib.domain.field_command import COMMANDS, KINDS
from chalicelib.domain.field_operation import DeviceClock, KeptOperation, Outcome
from chalicelib.domain.field_pack import FieldPack, PackEntry, entry_of, feeds_of
from chalicelib.domain.sync_cursor import LONGEST_AWAY_MS
from chalicelib.ports import Page

PACK = "PACK"
WAITING = "WAITING"


class RowPackRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, pack: FieldPack, at_ms: int) -> None:
        pk, body, feeds = f"TASK#{pack.task.id}", to_body(pack), feeds_of(pack.task)
        known = self._rows.get(pk, PACK)
        if known is not None and known.body["pack"] == body:
            return
        was = {} if known is None else dict(known.body["feeds"])
        gone_ms = {feed: ms for feed, ms in was.items() if feed not in feeds}
        row = Row(
            pk,
            PACK,
            {"pack": body, "feeds": dict.fromkeys(feeds, at_ms)},
            version=1 if known is None else known.version + 1,
        )
        writes: list[Put | Delete] = [Put(row, Expect.ABSENT if known is None else Expect.VERSION)]
        writes += [Put(_feed_row(feed, entry_of(pack.task, at_ms))) for feed in sorted(feeds)]
        writes += [Put(_feed_row(feed, entry_of(pack.task, at_ms, is_gone=True))) for feed in sorted(gone_ms)]
        writes += [Delete(f"SYNC#{feed}", _mark(ms, pack.task.id)) for feed, ms in sorted(was.items()) if ms != at_ms]
        try:
            self._rows.commit(writes)
        except RowConflict as error:
            raise WriteConflict from error

    def announce(self, event: RegistryChanged) -> None:
        self._rows.commit(event_puts([event]))

    def changes(self, feed: str, after: str | None, limit: int) -> tuple[tuple[str, PackEntry], ...]:
        rows = self._rows.query(f"SYNC#{feed}", after=after, limit=limit)
        return tuple((row.sk, from_body(PackEntry, row.body)) for row in rows)

    def many(self, task_ids: Sequence[str]) -> Mapping[str, FieldPack]:
        rows = self._rows.get_many([(f"TASK#{task_id}", PACK) for task_id in task_ids]) if task_ids else []
        return {row.pk.removeprefix("TASK#"): from_body(FieldPack, row.body["pack"]) for row in rows}


def _feed_row(feed: str, entry: PackEntry) -> Row:
    """Of an open task the row stays; of one that is closed or gone, until the longest that a phone may have been away."""
    ttl_s = None if entry.is_open else (entry.changed_ms + 2 * LONGEST_AWAY_MS) // 1000
    return Row(f"SYNC#{feed}", _mark(entry.changed_ms, entry.task_id), to_body(entry), ttl_s=ttl_s)


def _mark(changed_ms: int, task_id: str) -> str:
    return f"{changed_ms:013d}#{task_id}"


class RowOperationRepo:
    """An operation, and while it is held or in conflict its places in the lists of those, in one commit."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, person_id: str, operation_id: str) -> KeptOperation | None:
        row = self._rows.get(f"OP#{person_id}", operation_id)
        return None if row is None else _kept(row)

    def save(self, kept: KeptOperation, events: Sequence[Event] = ()) -> KeptOperation:
        after = replace(kept, version=kept.version + 1)
        one = after.operation
        row = Row(f"OP#{one.person_id}", one.id, _operation_body(after), version=after.version)
        writes: list[Put | Delete] = [Put(row, Expect.ABSENT if kept.version == 0 else Expect.VERSION)]
        sk, body = f"{one.received_at_ms:013d}#{one.id}", {"person_id": one.person_id}
        for pk, own_sk, outcome in (
            (WAITING, _place(kept), Outcome.HELD),
            (f"WAITING#{one.person_id}", sk, Outcome.HELD),
            ("CONFLICTS#park", sk, Outcome.CONFLICT),
            (f"CONFLICTS#person:{one.person_id}", sk, Outcome.CONFLICT),
        ):
            if after.outcome is outcome:
                writes.append(Put(Row(pk, own_sk, body)))
            elif kept.version:
                writes.append(Delete(pk, own_sk))
        try:
            self._rows.commit([*writes, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def put_off(self, kept: KeptOperation, now_ms: int) -> KeptOperation:
        after = replace(kept.put_off(now_ms), version=kept.version + 1)
        one = after.operation
        row = Row(f"OP#{one.person_id}", one.id, _operation_body(after), version=after.version)
        waiting = Row(WAITING, _place(after), {"person_id": one.person_id})
        try:
            self._rows.commit([Put(row, Expect.VERSION), Put(waiting), Delete(WAITING, _place(kept))])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def receipts(self, person_id: str, task_id: str) -> Mapping[str, int]:
        rows = self._rows.query(f"DONE#{person_id}", prefix=f"{task_id}#")
        return {row.sk.partition("#")[2]: int(row.body["version"]) for row in rows}

    def held_by(self, person_id: str) -> tuple[KeptOperation, ...]:
        return self._listed(self._rows.query(f"WAITING#{person_id}"))

    def due(self, now_ms: int, limit: int) -> tuple[KeptOperation, ...]:
        return self._listed(self._rows.query(WAITING, to_sk=f"{now_ms + 1:013d}", limit=limit))

    def conflicts(self, scope: str, cursor: str | None, limit: int) -> Page[KeptOperation]:
        feed, onward = feed_page(self._rows, f"CONFLICTS#{scope}", cursor, limit)
        return Page(self._listed(feed), onward)

    def note_clock(self, clock: DeviceClock) -> None:
        self._rows.commit([Put(Row(f"PERSON#{clock.person_id}", f"CLOCK#{clock.device_id}", to_body(clock)))])

    def clock_of(self, person_id: str, device_id: str) -> DeviceClock | None:
        row = self._rows.get(f"PERSON#{person_id}", f"CLOCK#{device_id}")
        return None if row is None else from_body(DeviceClock, row.body)

    def _listed(self, feed: Sequence[Row]) -> tuple[KeptOperation, ...]:
        keys = [(f"OP#{row.body['person_id']}", row.sk.partition("#")[2]) for row in feed]
        known = {(row.pk, row.sk): _kept(row) for row in self._rows.get_many(keys)} if keys else {}
        return tuple(known[key] for key in keys if key in known)


def _place(kept: KeptOperation) -> str:
    """Where a held one stands in the list of all: when the clock tries it next."""
    return f"{kept.try_at_ms or kept.operation.received_at_ms:013d}#{kept.operation.id}"


def _operation_body(kept: KeptOperation) -> dict[str, Any]:
    """A command says its kind: several have the same fields."""
    body = to_body(kept)
    command = body["operation"].pop("command")
    return body | {"kind": KINDS[type(kept.operation.command)], "command": command}


def _kept(row: Row) -> KeptOperation:
    fields = dict(row.body)
    command = from_body(COMMANDS[fields.pop("kind")], fields.pop("command"))
    fields["operation"] = fields["operation"] | {"command": command}
    return replace(from_body(KeptOperation, fields), version=row.version)
