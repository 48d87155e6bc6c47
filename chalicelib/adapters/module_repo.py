"""What a park has switched off: one row of the registry, audited. It is kept in the process for a minute, so that asking costs at most one
read a minute; a change by another process is seen that much later."""

from chalicelib.adapters.registry_repo import Cache
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.park_module import Module, ParkModules
from chalicelib.ports import Clock

KEY = ("PARK", "MODULES")
CACHE_S = 60.0
KNOWN = frozenset(Module)


class RowModuleRepo:
    def __init__(self, rows: Rows, clock: Clock, *, cache_s: float = CACHE_S) -> None:
        self._rows, self._cache = rows, Cache(clock, cache_s)

    def chosen(self) -> ParkModules:
        return self._cache.get(KEY, self.stored)

    def stored(self) -> ParkModules:
        row = self._rows.get(*KEY)
        if row is None:
            return ParkModules()
        # What an older version does not know, it does not have.
        off = frozenset(Module(name) for name in row.body["off"] if name in KNOWN)
        return ParkModules(off, row.version, str(row.body["changed_by"]), int(row.body["changed_at_ms"]))

    def save(self, modules: ParkModules) -> ParkModules:
        version = modules.version + 1
        body = {"off": sorted(modules.off), "changed_by": modules.changed_by, "changed_at_ms": modules.changed_at_ms}
        expect = Expect.ABSENT if version == 1 else Expect.VERSION
        try:
            self._rows.commit([Put(Row(*KEY, body, version=version), expect)])
        except RowConflict as error:
            raise WriteConflict from error
        finally:
            self.forget()
        return self.stored()

    def forget(self) -> None:
        self._cache.clear()
