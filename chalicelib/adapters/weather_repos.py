"""What the registry table holds of regions, their weather and what was learnt from it.

The weather of a day and kind is one row, so that years of it are read in few calls and hours of one upload are written at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.foresight import Foresight
from chalicelib.domain.region import Region
from chalicelib.domain.weather import DAY_MS, WeatherHour, WeatherKind, newest_issue

TRIES = 4
DayKey = tuple[WeatherKind, int]


@dataclass(frozen=True, slots=True)
class _Day:
    hours: tuple[WeatherHour, ...]


class RowRegionRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, region: Region) -> None:
        self._rows.commit([Put(Row("REGIONS", region.id, to_body(region)))])

    def get(self, region_id: str) -> Region | None:
        row = self._rows.get("REGIONS", region_id)
        return None if row is None else from_body(Region, row.body)

    def all(self) -> tuple[Region, ...]:
        return tuple(from_body(Region, row.body) for row in self._rows.query("REGIONS"))


class RowWeatherRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, region_id: str, hours: Sequence[WeatherHour]) -> int:
        for _ in range(TRIES):
            days = self._days(region_id, {(one.kind, _day_of(one.hour_ms)) for one in hours})
            merged = {key: _merged(key, day, hours) for key, day in days.items()}
            try:
                self._rows.commit([put for key, day in days.items() for put in _puts(region_id, key, day, merged[key])])
            except RowConflict:
                continue
            standing = {one for after in merged.values() for one in after}
            return sum(one in standing for one in hours)
        raise WriteConflict

    def _days(self, region_id: str, keys: set[DayKey]) -> dict[DayKey, Row | None]:
        wanted = {key: (_pk(region_id), _sk(*key)) for key in keys}
        found = {row.sk: row for row in self._rows.get_many(sorted(wanted.values()))} if wanted else {}
        return {key: found.get(sk) for key, (_, sk) in wanted.items()}

    def between(self, region_id: str, kind: WeatherKind, from_ms: int, to_ms: int) -> tuple[WeatherHour, ...]:
        rows = self._rows.query(_pk(region_id), from_sk=_sk(kind, _day_of(from_ms)), to_sk=_sk(kind, _day_of(to_ms)))
        hours = (one for row in rows for one in from_body(_Day, row.body).hours)
        return tuple(one for one in hours if from_ms <= one.hour_ms < to_ms)


class RowForesightRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, foresight: Foresight) -> None:
        self._rows.commit([Put(Row(f"FORESIGHT#{foresight.region}", "MODEL", to_body(foresight)))])

    def get(self, region_id: str) -> Foresight | None:
        row = self._rows.get(f"FORESIGHT#{region_id}", "MODEL")
        return None if row is None else from_body(Foresight, row.body)


def _merged(key: DayKey, day: Row | None, hours: Sequence[WeatherHour]) -> tuple[WeatherHour, ...]:
    given = [one for one in hours if (one.kind, _day_of(one.hour_ms)) == key]
    return newest_issue(() if day is None else from_body(_Day, day.body).hours, given)


def _puts(region_id: str, key: DayKey, day: Row | None, hours: tuple[WeatherHour, ...]) -> list[Put]:
    """Nothing where the day stays as it is."""
    body = to_body(_Day(hours))
    if day is not None and day.body == body:
        return []
    version, expect = (1, Expect.ABSENT) if day is None else (day.version + 1, Expect.VERSION)
    return [Put(Row(_pk(region_id), _sk(*key), body, version=version), expect)]


def _pk(region_id: str) -> str:
    return f"WEATHER#{region_id}"


def _sk(kind: WeatherKind, day_ms: int) -> str:
    return f"{kind.value}#{day_ms:013d}"


def _day_of(at_ms: int) -> int:
    return at_ms - at_ms % DAY_MS
