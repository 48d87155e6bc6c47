"""The registry: enterprises with units and points, people and bridges.

Profiles and people are kept in the process for `cache_s`: a change by another process is seen that much later.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.errors import ContentConflict
from chalicelib.domain.person import Bridge, Person
from chalicelib.ports import Clock

T = TypeVar("T")
CACHE_S = 15.0


class Cache:
    """Values by key, each good for `seconds`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._for_ms = clock, round(seconds * 1000)
        self._known: dict[Any, tuple[int, Any]] = {}

    def get(self, key: Any, load: Callable[[], T]) -> T:
        now_ms = self._clock.now_ms()
        until_ms, value = self._known.get(key, (0, None))
        if now_ms < until_ms:
            return value  # type: ignore[no-any-return]
        loaded = load()
        if loaded is not None:  # what is missing now may be registered a moment later
            self._known[key] = (now_ms + self._for_ms, loaded)
        return loaded

    def clear(self) -> None:
        self._known.clear()


class RowRegistryRepo:
    def __init__(self, rows: Rows, clock: Clock, *, cache_s: float = CACHE_S) -> None:
        self._rows = rows
        self._cache = Cache(clock, cache_s)

    def profile(self, enterprise_id: str) -> Profile | None:
        return self._cache.get(("profile", enterprise_id), lambda: self._load_profile(enterprise_id))

    def _load_profile(self, enterprise_id: str) -> Profile | None:
        rows = self._rows.query(f"ENT#{enterprise_id}")
        head = next((row for row in rows if row.sk == "ENT"), None)
        if head is None:
            return None
        units = tuple(from_body(Unit, row.body) for row in rows if row.sk.startswith("UNIT#"))
        points = tuple(from_body(Point, row.body) for row in rows if row.sk.startswith("POINT#"))
        return Profile(from_body(Enterprise, head.body), units, points)

    def enterprises(self) -> tuple[Enterprise, ...]:
        return self._cache.get(
            "enterprises", lambda: tuple(from_body(Enterprise, row.body) for row in self._rows.query("ENTERPRISES"))
        )

    def unit(self, unit_id: str) -> Unit | None:
        return self._load(f"UNIT#{unit_id}", "UNIT", Unit)

    def points_elsewhere(self, point_ids: Sequence[str]) -> frozenset[str]:
        rows = self._rows.get_many([(f"POINT#{point_id}", "POINT") for point_id in dict.fromkeys(point_ids)])
        return frozenset(row.pk.removeprefix("POINT#") for row in rows)

    def person(self, person_id: str) -> Person | None:
        return self._cache.get(("person", person_id), lambda: self._load("PEOPLE", person_id, Person))

    def people(self) -> tuple[Person, ...]:
        return self._cache.get(
            "people", lambda: tuple(from_body(Person, row.body) for row in self._rows.query("PEOPLE"))
        )

    def bridge(self, bridge_id: str) -> Bridge | None:
        return self._cache.get(("bridge", bridge_id), lambda: self._load(f"BRIDGE#{bridge_id}", "BRIDGE", Bridge))

    def bridges(self, enterprise_id: str) -> tuple[Bridge, ...]:
        rows = self._rows.query(f"ENT#{enterprise_id}", prefix="BRIDGE#")
        return tuple(from_body(Bridge, row.body) for row in rows)

    def forget(self) -> None:
        self._cache.clear()

    def put_enterprise(self, enterprise: Enterprise) -> Enterprise | None:
        body, before = to_body(enterprise), self._load(f"ENT#{enterprise.id}", "ENT", Enterprise)
        self._commit(Row(f"ENT#{enterprise.id}", "ENT", body), Row("ENTERPRISES", enterprise.id, body))
        return before

    def put_unit(self, unit: Unit) -> Unit | None:
        body, before = to_body(unit), self.unit(unit.id)
        self._commit_owned(
            Row(f"UNIT#{unit.id}", "UNIT", body), Row(f"ENT#{unit.enterprise_id}", f"UNIT#{unit.id}", body)
        )
        return before

    def put_point(self, point: Point) -> None:
        owner = {"enterprise_id": point.enterprise_id, "unit_id": point.unit_id}
        row = Row(f"ENT#{point.enterprise_id}", f"POINT#{point.id}", to_body(point))
        self._commit_owned(Row(f"POINT#{point.id}", "POINT", owner), row)

    def put_person(self, person: Person) -> Person | None:
        before = self._load("PEOPLE", person.id, Person)
        self._commit(Row("PEOPLE", person.id, to_body(person)))
        return before

    def put_bridge(self, bridge: Bridge) -> None:
        body = to_body(bridge)
        listed = Row(f"ENT#{bridge.enterprise_id}", f"BRIDGE#{bridge.id}", body)
        self._commit_owned(Row(f"BRIDGE#{bridge.id}", "BRIDGE", body), listed)

    def _load(self, pk: str, sk: str, kind: type[T]) -> T | None:
        row = self._rows.get(pk, sk)
        return None if row is None else from_body(kind, row.body)

    def _commit_owned(self, pointer: Row, *others: Row) -> None:
        """An id that is unique in the whole park stays with the enterprise that has it."""
        for _ in range(2):  # who was beaten to a new id looks again at whose it is
            known = self._rows.get(pointer.pk, pointer.sk)
            if known is not None and known.body["enterprise_id"] != pointer.body["enterprise_id"]:
                break
            expect = Expect.ABSENT if known is None else Expect.ANYTHING
            with suppress(RowConflict):
                self._rows.commit([Put(pointer, expect), *(Put(row) for row in others)])
                self._cache.clear()
                return
        raise ContentConflict(id=pointer.pk.partition("#")[2])

    def _commit(self, *rows: Row) -> None:
        self._rows.commit([Put(row) for row in rows])
        self._cache.clear()
