"""What the stores of regions, weather and foresight promise in ports.py, on memory, moto and DynamoDB Local. Refusals first."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Row, Rows
from chalicelib.adapters.weather_repos import RowForesightRepo, RowRegionRepo, RowWeatherRepo
from chalicelib.domain.climatology import climatology
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.foresight import Backtest, Foresight, Model, ReliabilityBin, Verdict
from chalicelib.domain.photo import Position
from chalicelib.domain.region import Region
from chalicelib.domain.weather import DAY_MS, HOUR_MS, WeatherHour, WeatherKind

T0 = 1_772_409_600_000  # 2026-03-02T00:00:00Z
SEEN, COMING = WeatherKind.OBSERVED, WeatherKind.FORECAST


def hour(number: int, *, kind: WeatherKind = SEEN, issued_ms: int = T0, degrees: float = 1.5) -> WeatherHour:
    return WeatherHour(T0 + number * HOUR_MS, kind, "station", issued_ms, temperature_c=degrees)


def test_days_that_others_write_all_the_time_are_a_conflict() -> None:
    class Contended(MemoryRows):
        """Whoever reads it is overtaken before they write."""

        def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
            return []

    weather = RowWeatherRepo(Contended())
    weather.add("east", [hour(0)])
    with pytest.raises(WriteConflict):
        weather.add("east", [hour(1)])


def test_the_newest_issue_of_an_hour_stands_in_whatever_order_they_come(rows: Rows) -> None:
    weather = RowWeatherRepo(rows)
    newer, older = hour(1, issued_ms=T0 + 5), hour(1, issued_ms=T0 + 4, degrees=9.0)
    assert weather.add("east", [newer, hour(2)]) == 2
    assert weather.add("east", [older, hour(3)]) == 1
    assert weather.between("east", SEEN, T0, T0 + DAY_MS) == (newer, hour(2), hour(3))
    corrected = replace(newer, temperature_c=2.0)
    assert weather.add("east", [corrected]) == 1
    assert weather.between("east", SEEN, T0 + HOUR_MS, T0 + 2 * HOUR_MS) == (corrected,)


def test_the_same_again_writes_nothing(rows: Rows) -> None:
    weather = RowWeatherRepo(rows)
    assert [weather.add("east", [hour(1)]), weather.add("east", [hour(1)])] == [1, 1]
    (row,) = rows.query("WEATHER#east")
    assert row.version == 1
    assert weather.add("east", []) == 0


def test_observed_and_forecast_and_regions_stay_apart(rows: Rows) -> None:
    weather = RowWeatherRepo(rows)
    weather.add("east", [hour(1), hour(1, kind=COMING, degrees=7.0)])
    weather.add("west", [hour(1, degrees=8.0)])
    assert weather.between("east", SEEN, T0, T0 + DAY_MS) == (hour(1),)
    assert weather.between("east", COMING, T0, T0 + DAY_MS) == (hour(1, kind=COMING, degrees=7.0),)
    assert weather.between("west", SEEN, T0, T0 + DAY_MS) == (hour(1, degrees=8.0),)


def test_hours_come_back_by_time_from_the_first_to_before_the_last(rows: Rows) -> None:
    weather = RowWeatherRepo(rows)
    many = [hour(number) for number in range(-30, 31 * 24)]
    assert weather.add("east", many[::-1]) == len(many)
    assert weather.between("east", SEEN, many[0].hour_ms, many[-1].hour_ms + 1) == tuple(many)
    assert weather.between("east", SEEN, many[5].hour_ms, many[40].hour_ms) == tuple(many[5:40])


def test_hours_of_one_day_from_many_at_once_are_all_kept(raced_rows: Rows) -> None:
    weather = RowWeatherRepo(raced_rows)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: weather.add("east", [hour(number)]), range(3)))
    assert weather.between("east", SEEN, T0, T0 + DAY_MS) == (hour(0), hour(1), hour(2))


def test_a_region_comes_back_with_its_boundary(rows: Rows) -> None:
    regions = RowRegionRepo(rows)
    east = Region("east", "东区", (Position(31.0, 121.0), Position(31.0, 121.1), Position(31.1, 121.0)))
    for region in (Region("west", "西区"), replace(east, boundary=()), east, east):
        regions.put(region)
    assert regions.get("east") == east and regions.get("north") is None
    assert regions.all() == (east, Region("west", "西区"))


def test_what_was_learnt_last_for_a_region_comes_back_whole(rows: Rows) -> None:
    foresights = RowForesightRepo(rows)
    base = climatology([((0, 5), True), ((6, 5), False)])
    thin = Foresight("east", T0, T0 - DAY_MS, T0, 2, 1, Verdict.THIN, base)
    model = Model(0.1, (0.5, -0.25), (1.0, 2.0), (3.0, 4.0), (0.0, 1.0))
    tested = Backtest(T0, T0 + 1, 6, 100, 9, 0.05, 0.06, 0.16, 0.01, (ReliabilityBin(0.1, 0.11, 100),))
    full = replace(thin, verdict=Verdict.SKILFUL, model=model, backtest=tested)
    for one in (thin, full):
        foresights.put(one)
        assert foresights.get("east") == one
    assert foresights.get("west") is None
