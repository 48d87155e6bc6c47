"""Watches: which model watches which unit (registry), what a watch remembers (operations), and when scheduled jobs last ran.

Active models are kept in the process for `cache_s`, the absence of any as well: most enterprises have none.
"""

from collections.abc import Mapping, Sequence

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.operations_repos import event_puts, observation_puts
from chalicelib.adapters.registry_repo import Cache
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import Event
from chalicelib.domain.observation import Observation
from chalicelib.domain.watch_record import WatchVersion
from chalicelib.domain.watch_track import WatchTrack, pack_track, unpack_track
from chalicelib.ports import Clock

CACHE_S = 60.0


class RowWatchRepo:
    def __init__(self, registry: Rows, operations: Rows, clock: Clock, *, cache_s: float = CACHE_S) -> None:
        self._registry, self._operations = registry, operations
        self._cache = Cache(clock, cache_s)

    def active(self, enterprise_id: str) -> tuple[WatchVersion, ...]:
        return self._cache.get(enterprise_id, lambda: self._load(enterprise_id))

    def activate(self, version: WatchVersion) -> None:
        self._registry.commit([Put(Row(f"WATCHES#{version.enterprise_id}", version.unit_id, to_body(version)))])
        self._cache.clear()

    def _load(self, enterprise_id: str) -> tuple[WatchVersion, ...]:
        rows = self._registry.query(f"WATCHES#{enterprise_id}")
        return tuple(from_body(WatchVersion, row.body) for row in rows)

    def load(self, enterprise_id: str, unit_id: str) -> tuple[WatchTrack, int]:
        row = self._operations.get(f"ENT#{enterprise_id}", f"WATCH#{unit_id}")
        return (WatchTrack(), 0) if row is None else (unpack_track(row.blob), row.version)

    def commit(
        self,
        enterprise_id: str,
        unit_id: str,
        track: WatchTrack,
        version: int,
        *,
        observations: Sequence[Observation],
        events: Sequence[Event],
    ) -> None:
        row = Row(f"ENT#{enterprise_id}", f"WATCH#{unit_id}", blob=pack_track(track), version=version + 1)
        head = Put(row, Expect.ABSENT if version == 0 else Expect.VERSION)
        puts = [put for one in observations for put in observation_puts(one)]
        try:
            self._operations.commit([head, *puts, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error


class RowLearningRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def done(self, job: str) -> Mapping[tuple[str, str], int]:
        rows = self._rows.query(f"LEARNT#{job}")
        return {(str(row.body["enterprise_id"]), str(row.body["unit_id"])): int(row.body["at_ms"]) for row in rows}

    def mark(self, job: str, enterprise_id: str, unit_id: str, at_ms: int) -> None:
        body = {"enterprise_id": enterprise_id, "unit_id": unit_id, "at_ms": at_ms}
        self._rows.commit([Put(Row(f"LEARNT#{job}", f"{enterprise_id}#{unit_id}", body))])
