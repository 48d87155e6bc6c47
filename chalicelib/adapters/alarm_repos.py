"""Alarm habits in the operations table: how each raised warning is handled, shelvings, maintenance windows, loads of groups.

A handling stands beside its warning. Lists of a day's, of those held and of those that stand open name it, written and deleted in its
own transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts, task_writes
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.chattering import Episode, Opening
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.group_load import GroupLoad
from chalicelib.domain.handling import Handling
from chalicelib.domain.maintenance import MaintenanceWindow
from chalicelib.domain.shelving import Shelving
from chalicelib.domain.task import Task
from chalicelib.ports import Page

DAY_MS = 86_400_000
RETENTION_S = 400 * 86_400
PAGE = 500
Key = tuple[str, str]
HELD, STANDING, CHATTERING = "HELD", "STANDING", "CHATTERING"


class RowDispatchRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def handling(self, warning_id: str) -> Handling | None:
        row = self._rows.get(*_key(warning_id))
        return None if row is None else from_body(Handling, row.body)

    def handlings(self, warning_ids: Sequence[str]) -> Mapping[str, Handling]:
        rows = self._rows.get_many([_key(one) for one in dict.fromkeys(warning_ids)]) if warning_ids else []
        return {one.warning_id: one for one in (from_body(Handling, row.body) for row in rows)}

    def between(self, from_ms: int, to_ms: int) -> Iterator[Handling]:
        for day in range(from_ms // DAY_MS, (to_ms - 1) // DAY_MS + 1):
            pk, after = _day(day * DAY_MS), f"{from_ms:013d}"
            while rows := self._rows.query(pk, after=after, limit=PAGE):
                yield from (one for one in self._named(rows) if one.raised_at_ms < to_ms)
                after = rows[-1].sk

    def held(self) -> tuple[Handling, ...]:
        return self._named(self._rows.query(HELD))

    def standing(self, before_ms: int) -> tuple[Handling, ...]:
        return self._named(self._rows.query(STANDING, to_sk=f"{before_ms:013d}"))

    def load(self, region: str, industry: str) -> GroupLoad:
        row = self._rows.get(*_load_key(region, industry))
        return GroupLoad(region, industry) if row is None else from_body(GroupLoad, row.body)

    def openings(self, unit_id: str, rule_id: str, from_ms: int, to_ms: int) -> tuple[Opening, ...]:
        rows = self._rows.query(_opened(unit_id, rule_id), from_sk=f"{from_ms + 1:013d}", to_sk=f"{to_ms:013d}~")
        return tuple(from_body(Opening, row.body) for row in rows)

    def episodes(self) -> tuple[Episode, ...]:
        return tuple(from_body(Episode, row.body) for row in self._rows.query(CHATTERING))

    def end_episode(self, episode: Episode) -> None:
        self._rows.commit([Delete(CHATTERING, episode.observation_id)])

    def commit(
        self,
        handling: Handling,
        *,
        tasks: Sequence[Task] = (),
        load: GroupLoad | None = None,
        opening: Opening | None = None,
        episode: Episode | None = None,
        events: Sequence[Event] = (),
    ) -> Handling:
        after = replace(handling, version=handling.version + 1)
        writes = _handling_writes(after)
        for task in tasks:
            writes += task_writes(replace(task, version=task.version + 1))
        if load is not None:
            next_load = replace(load, version=load.version + 1)
            writes.append(_put(*_load_key(load.region, load.industry), next_load, next_load.version))
        if opening is not None:
            sk = f"{opening.at_ms:013d}#{opening.warning_id}"
            pk = _opened(handling.unit_id, handling.rule_id)
            writes.append(Put(Row(pk, sk, to_body(opening), ttl_s=opening.at_ms // 1000 + RETENTION_S)))
        if episode is not None:
            writes.append(Put(Row(CHATTERING, episode.observation_id, to_body(episode))))
        try:
            self._rows.commit([*writes, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def _named(self, entries: Sequence[Row]) -> tuple[Handling, ...]:
        """Those that list entries name, in their order."""
        ids = [row.sk.split("#", 1)[1] for row in entries]
        known = self.handlings(ids)
        return tuple(known[one] for one in ids if one in known)


def _day(at_ms: int) -> str:
    return f"HANDLED#{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


def _key(warning_id: str) -> Key:
    return f"WARNING#{warning_id}", "HANDLING"


def _opened(unit_id: str, rule_id: str) -> str:
    return f"OPENED#{unit_id}#{rule_id}"


def _load_key(region: str, industry: str) -> Key:
    return f"GROUP#{region}#{industry}", "LOAD"


def _put(pk: str, sk: str, value: object, version: int, ttl_s: int | None = None) -> Put:
    row = Row(pk, sk, to_body(value), version=version, ttl_s=ttl_s)
    return Put(row, Expect.ABSENT if version == 1 else Expect.VERSION)


def _handling_writes(handling: Handling) -> list[Put | Delete]:
    sk = f"{handling.raised_at_ms:013d}#{handling.warning_id}"
    writes: list[Put | Delete] = [
        _put(*_key(handling.warning_id), handling, handling.version),
        Put(Row(_day(handling.raised_at_ms), sk)),
    ]
    for index, is_in in ((HELD, handling.is_held), (STANDING, handling.cleared_at_ms is None)):
        writes.append(Put(Row(index, sk)) if is_in else Delete(index, sk))
    return writes


class RowShelvingRepo:
    """A shelving has pointers in the lists of the park and its enterprise, and in its unit's until it is over."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, shelving: Shelving) -> Shelving:
        first = replace(shelving, version=1)
        sk = f"{first.from_ms:013d}#{first.id}"
        feeds = [Put(Row(f"SHELVINGS#{scope}", sk)) for scope in ("park", f"enterprise:{first.enterprise_id}")]
        try:
            self._rows.commit([_shelving_put(first), Put(_of_unit(first)), *feeds])
        except RowConflict:
            return self._known(shelving)
        return first

    def _known(self, shelving: Shelving) -> Shelving:
        known = self.get(shelving.id)
        if known is None:
            raise WriteConflict
        same = ("unit_id", "rule_id", "reason", "by", "until_ms")
        if any(getattr(known, name) != getattr(shelving, name) for name in same):
            raise ContentConflict(id=shelving.id)
        return known

    def get(self, shelving_id: str) -> Shelving | None:
        row = self._rows.get(f"SHELVING#{shelving_id}", "SHELVING")
        return None if row is None else from_body(Shelving, row.body)

    def save(self, shelving: Shelving) -> Shelving:
        after = replace(shelving, version=shelving.version + 1)
        pointer = _of_unit(after)
        kept = [] if after.ended_at_ms is None else [Delete(pointer.pk, pointer.sk)]
        try:
            self._rows.commit([_shelving_put(after), *kept])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def of_unit(self, unit_id: str, now_ms: int) -> tuple[Shelving, ...]:
        rows = self._rows.query(f"SHELVED#{unit_id}", from_sk=f"{now_ms:013d}")
        return self._many([row.sk.split("#", 1)[1] for row in rows])

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Shelving]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"SHELVINGS#{scope}", cursor, limit)
        return Page(self._many([row.sk.split("#", 1)[1] for row in feed]), onward)

    def _many(self, ids: Sequence[str]) -> tuple[Shelving, ...]:
        rows = self._rows.get_many([(f"SHELVING#{one}", "SHELVING") for one in ids]) if ids else []
        known = {one.id: one for one in (from_body(Shelving, row.body) for row in rows)}
        return tuple(known[one] for one in ids if one in known)


def _shelving_put(shelving: Shelving) -> Put:
    return _put(f"SHELVING#{shelving.id}", "SHELVING", shelving, shelving.version)


def _of_unit(shelving: Shelving) -> Row:
    sk = f"{shelving.until_ms:013d}#{shelving.id}"
    return Row(f"SHELVED#{shelving.unit_id}", sk, ttl_s=shelving.until_ms // 1000 + RETENTION_S)


class RowWindowRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, window: MaintenanceWindow) -> MaintenanceWindow:
        after = replace(window, version=window.version + 1)
        ttl_s = after.to_ms // 1000 + RETENTION_S
        try:
            self._rows.commit([_put(f"WINDOWS#{after.unit_id}", after.id, after, after.version, ttl_s)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def get(self, unit_id: str, window_id: str) -> MaintenanceWindow | None:
        row = self._rows.get(f"WINDOWS#{unit_id}", window_id)
        return None if row is None else from_body(MaintenanceWindow, row.body)

    def of_unit(self, unit_id: str) -> tuple[MaintenanceWindow, ...]:
        found = (from_body(MaintenanceWindow, row.body) for row in self._rows.query(f"WINDOWS#{unit_id}"))
        return tuple(sorted(found, key=lambda one: (one.from_ms, one.id)))
