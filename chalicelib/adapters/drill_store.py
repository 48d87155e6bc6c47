"""A drill's room: the same tables, seen through a prefix of every partition key.

Whatever stands on these rows reads and writes the room's rows and no others, so a drill cannot reach what is real, nor what is real
a drill. What comes from outside is named one by one: of the registry those who take part, read only; their inboxes; the bucket, where
a drill's keys are its own.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.rows import Delete, Put, Row, Rows
from chalicelib.domain.drill import Drill
from chalicelib.domain.enterprise import Enterprise, Profile, Unit
from chalicelib.domain.notice import Notice
from chalicelib.domain.person import Bridge, Person
from chalicelib.ports import InboxRepo, MediaStore, Page, RegistryRepo

PREFIX = "DRILLED#"
RETENTION_S = 400 * 86_400
ROOM = re.compile(r"DRILLED#(?P<drill>[^#]+)#(?P<pk>.*)", re.DOTALL)
KEY = re.compile(r"(?P<folder>incoming|derived)/drill~(?P<drill>[^~/]+)~(?P<rest>.+)")


def room_of(row: Row) -> tuple[str, Row]:
    """(drill, the row as its room sees it); ("", the row) for what is real."""
    found = ROOM.fullmatch(row.pk)
    return ("", row) if found is None else (found["drill"], replace(row, pk=found["pk"]))


def room_of_key(key: str) -> tuple[str, str]:
    """The same of a key of the bucket."""
    found = KEY.fullmatch(key)
    return ("", key) if found is None else (found["drill"], f"{found['folder']}/{found['rest']}")


class DrillRows:
    """Rows of one drill. They go of themselves `RETENTION_S` after it: what is kept of a drill is its report."""

    def __init__(self, rows: Rows, drill: Drill) -> None:
        self._rows, self._prefix = rows, f"{PREFIX}{drill.id}#"
        self._until_s = drill.ends_at_ms // 1000 + RETENTION_S

    def get(self, pk: str, sk: str) -> Row | None:
        row = self._rows.get(self._prefix + pk, sk)
        return None if row is None else self._seen(row)

    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        return [self._seen(row) for row in self._rows.get_many([(self._prefix + pk, sk) for pk, sk in keys])]

    def query(self, pk: str, **how: Any) -> list[Row]:
        return [self._seen(row) for row in self._rows.query(self._prefix + pk, **how)]

    def count(self, pk: str) -> int:
        return self._rows.count(self._prefix + pk)

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        self._rows.commit([self._within(one) for one in writes])

    def _seen(self, row: Row) -> Row:
        return replace(row, pk=row.pk.removeprefix(self._prefix))

    def _within(self, write: Put | Delete) -> Put | Delete:
        if isinstance(write, Delete):
            return Delete(self._prefix + write.pk, write.sk)
        row = write.row
        ttl_s = self._until_s if row.ttl_s is None else min(row.ttl_s, self._until_s)
        return replace(write, row=replace(row, pk=self._prefix + row.pk, ttl_s=ttl_s))


class DrillRegistry:
    """Of the registry, the enterprises and the people who take part. It cannot be written to."""

    def __init__(self, registry: RegistryRepo, drill: Drill) -> None:
        self._registry, self._drill = registry, drill

    def profile(self, enterprise_id: str) -> Profile | None:
        return self._registry.profile(enterprise_id) if enterprise_id in self._drill.enterprises else None

    def enterprises(self) -> tuple[Enterprise, ...]:
        return tuple(one for one in self._registry.enterprises() if one.id in self._drill.enterprises)

    def unit(self, unit_id: str) -> Unit | None:
        unit = self._registry.unit(unit_id)
        return unit if unit is not None and unit.enterprise_id in self._drill.enterprises else None

    def points_elsewhere(self, point_ids: Sequence[str]) -> frozenset[str]:
        return self._registry.points_elsewhere(point_ids)

    def person(self, person_id: str) -> Person | None:
        return self._registry.person(person_id) if person_id in self._drill.people else None

    def people(self) -> tuple[Person, ...]:
        return tuple(one for one in self._registry.people() if one.id in self._drill.people)

    def bridge(self, bridge_id: str) -> Bridge | None:
        return None

    def bridges(self, enterprise_id: str) -> tuple[Bridge, ...]:
        return ()


class DrillInbox:
    """The inboxes of those who take part. Notices of a drill stand in them marked; others are not there for it."""

    def __init__(self, inbox: InboxRepo, drill: Drill) -> None:
        self._inbox, self._drill = inbox, drill

    def add(self, notice: Notice) -> None:
        if notice.person_id in self._drill.people:
            self._inbox.add(notice)

    def get(self, person_id: str, notice_id: str) -> Notice | None:
        known = self._inbox.get(person_id, notice_id)
        return known if known is not None and self._is_own(known) else None

    def listing(self, person_id: str, cursor: str | None, limit: int) -> Page[Notice]:
        page = self._inbox.listing(person_id, cursor, limit)
        return Page(tuple(filter(self._is_own, page.items)), page.cursor)

    def mark_seen(self, notice: Notice, at_ms: int) -> Notice:
        return self._inbox.mark_seen(notice, at_ms)

    def fold(self, first: Notice, notice: Notice) -> None:
        self._inbox.fold(first, notice)

    def _is_own(self, notice: Notice) -> bool:
        return notice.drill_id == self._drill.id


class DrillMedia:
    """The bucket, where a drill's photos have keys of their own under the same folders. A key is the first argument of whatever is done."""

    def __init__(self, media: MediaStore, drill: Drill) -> None:
        self._media, self._mark = media, f"drill~{drill.id}~"

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._media, name)

        def within(key: str, *more: Any, **how: Any) -> Any:
            folder, _, rest = key.partition("/")
            return known(f"{folder}/{self._mark}{rest}", *more, **how)

        return within
