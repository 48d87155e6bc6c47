"""The rows of figures that one commit changes: each read once, and written at the version it was read at."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chalicelib.adapters.rows import Expect, Put, Row, Rows
from chalicelib.domain.dashboard import Counts, Place, Tally

Key = tuple[str, str]  # node, and NOW or a month


def node_pk(generation: int, node: str) -> str:
    return f"DASHBOARD#{generation}#{node}"


class Sheet:
    def __init__(self, rows: Rows, generation: int, at_ms: int) -> None:
        self._rows, self._generation, self._at_ms = rows, generation, at_ms
        self._read: dict[Key, Tally] = {}
        self._counts: dict[Key, dict[str, int]] = {}
        self._places: dict[Key, Place] = {}

    def load(self, keys: Iterable[Key]) -> None:
        """Read those that were not read yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._read]
        if not missing:
            return
        by_pk = {node_pk(self._generation, node): node for node, _ in missing}
        found = self._rows.get_many([(node_pk(self._generation, node), sk) for node, sk in missing])
        self._read |= dict.fromkeys(missing, Tally())
        self._read |= {(by_pk[row.pk], row.sk): tally_of(row) for row in found}

    def __getitem__(self, key: Key) -> Tally:
        """As it was read."""
        return self._read[key]

    def add(self, key: Key, counts: Counts) -> None:
        sums = self._counts.setdefault(key, dict(self._read[key].counts))
        for name, number in counts.items():
            sums[name] = sums.get(name, 0) + number

    def put(self, key: Key, counts: Counts) -> None:
        self._counts[key] = dict(counts)

    def place(self, key: Key, place: Place) -> None:
        self._places[key] = place

    def expect(self, key: Key, version: int) -> None:
        """Take it that this version was read."""
        self._read[key] = replace(self._read[key], version=version)

    def is_new(self, key: Key) -> bool:
        return self._read[key].version == 0

    def puts(self, always: Iterable[Key] = ()) -> list[Put]:
        """Those rows whose sums or place in the end are others than they were."""
        keys, kept = dict.fromkeys((*self._counts, *self._places, *always)), set(always)
        found = [(key, self._told(key), self._places.get(key, self._read[key].place)) for key in keys]
        return [
            self._put(key, counts, place)
            for key, counts, place in found
            if key in kept or (counts, place) != (self._read[key].counts, self._read[key].place)
        ]

    def _told(self, key: Key) -> Counts:
        sums = self._counts.get(key)
        return self._read[key].counts if sums is None else {name: number for name, number in sums.items() if number}

    def _put(self, key: Key, counts: Counts, place: Place | None) -> Put:
        version = self._read[key].version
        body: dict[str, Any] = {"counts": counts, "at_ms": self._at_ms}
        if place is not None:
            body |= {"region": place.region, "industry": place.industry}
        row = Row(node_pk(self._generation, key[0]), key[1], body, version=version + 1)
        return Put(row, Expect.VERSION if version else Expect.ABSENT)


def tally_of(row: Row) -> Tally:
    body = row.body
    place = Place(body["region"], body["industry"]) if "region" in body else None
    return Tally(body["counts"], body["at_ms"], place, row.version)
