"""A real boiler, read off a screen by OCR: its dirt is marked, what is good is left alone, and nothing of it raises a warning.

Both days were looked at while the detector was made: these tests hold it, a blind test needs another recording. What is dirt: bench/boiler.py.
"""

from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from bench.boiler import Recording, is_shifted, judge, read
from tests.park import Park, credit_code

HOUR_MS = 3_600_000
# indicator: the recording's column, and what makes the indicator's unit of its own (kgf/cm2, ppm, t/h)
POINTS: dict[str, tuple[str, str, float]] = {
    "pressure": ("boiler_pressure", "2", 0.0980665),
    "drum": ("boiler_pressure", "7", 0.0980665),
    "so2": ("so2", "45", 2.86),
    "nox": ("nox", "43", 2.05),
    "steam": ("steam_flow", "1", 1000.0),
    "fuel": ("fuel_flow", "17", 100.0),
}
RELIEF_MPA = 1.6  # the relief valve's pressure; the recordings stay below it


def recordings(folder: Path) -> list[Path]:
    return sorted((folder / "boiler").glob("ocr_results_*.csv"))


@pytest.fixture(scope="module")
def boiler(shared_data: Path) -> list[Recording]:
    return [read(file) for file in recordings(shared_data)]


def test_a_shifted_cell_is_told_by_its_neighbours_alone() -> None:
    steady = [5.0, 5.1, 4.9, 5.0, 50.0, 5.1, 4.9, 5.0]
    assert is_shifted(steady) == [False] * 4 + [True] + [False] * 3
    assert not any(is_shifted([5.0, 5.1, 9.9, 5.0, 50.0, 5.1, 4.9, 5.0]))
    assert not any(is_shifted([5.0, 5.1, 4.9, 5.0, 50.0, 51.0, 49.0, 50.0, 50.5]))


def test_a_cell_that_is_no_number_arrives_as_missing(tmp_path: Path) -> None:
    rows = ['2025-01-01 10:00,1.5,"7.7,1.2 _",1.3 L', "2025-01-01 10:00,35.,-2,", "2025-01-01 10:01,.6,3,1.1."]
    file = tmp_path / "ocr_results_x.csv"
    file.write_text("timestamp,1,2,3\n" + "\n".join(rows) + "\n", encoding="utf-8-sig")
    found = read(file)
    assert [one - found.times_ms[0] for one in found.times_ms] == [0, 30_000, 60_000]
    assert [isnan(value) for value in found.values["1"]] == [False, True, True]
    assert [isnan(value) for value in found.values["2"]] == [True, False, False]
    assert all(map(isnan, found.values["3"])) and all(map(isnan, found.values["56"]))
    assert found.series("1").flags == "NDD"


def test_dirt_is_marked_and_good_cells_are_not(boiler: list[Recording]) -> None:
    for recording in boiler:
        score = judge(recording)
        assert score.no_numbers + score.shifted > 0
        assert score.recall >= 0.95, recording.name
        assert score.false_share < 0.01, recording.name


def hours(recording: Recording) -> Iterator[slice]:
    """Uploads of an hour, as a bridge with an hour's backlog sends them."""
    start, times = 0, recording.times_ms
    for end in range(1, len(times) + 1):
        if end == len(times) or times[end] // HOUR_MS != times[start] // HOUR_MS:
            yield slice(start, end)
            start = end


def boiler_park() -> Park:
    park = Park().register()
    admin = park.as_("admin")
    park.put_plant(admin, "boilers", "91110000MA01A2B77K")
    plant = {
        "name": "boilers",
        "credit_code": credit_code("91110000MA01A2B77K"),
        "industry": "energy_saving",
        "size": "large",
    }
    admin.put("/v1/enterprises/boilers", plant | {"region": "east"})
    admin.put("/v1/units/boilers-b1", {"enterprise_id": "boilers", "name": "B1", "type": "boiler"})
    for name, (indicator, _, _) in POINTS.items():
        own = {"threshold": RELIEF_MPA} if indicator == "boiler_pressure" else {}
        admin.put(f"/v1/points/boilers-{name}", {"unit_id": "boilers-b1", "indicator": indicator, **own})
    return park


def upload(park: Park, recording: Recording, *, shifted_every: int = 0) -> None:
    """All of a recording; `shifted_every`: so many rows apart, pressure and SO2 both lose their decimal point for one row."""
    columns = {name: recording.series(column, scale) for name, (_, column, scale) in POINTS.items()}
    for part in hours(recording):
        times = list(recording.times_ms[part])
        series: list[dict[str, Any]] = []
        for name, one in columns.items():
            dirt = shifted_every if name in ("pressure", "drum", "so2") else 0
            values = [
                None if isnan(value) else value * (10 if dirt and row % dirt == dirt - 1 else 1)
                for row, value in enumerate(one.values[part], part.start)
            ]
            series.append(
                {"point": f"boilers-{name}", "times": times, "values": values, "flags": list(one.flags[part])}
            )
        park.clock.ms = times[-1] + 1000
        park.upload(series, eid="boilers")
        park.pump()


def warnings(park: Park) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = park.as_("committee").get("/v1/warnings?limit=100")["items"]
    return items


def test_a_whole_recording_raises_no_warning_and_its_quality_is_told(boiler: list[Recording]) -> None:
    park = boiler_park()
    for recording in boiler:
        upload(park, recording)
    assert park.failures == 0 and warnings(park) == []
    day = recording.name.removeprefix("ocr_results_")
    quality = park.as_("committee").get(f"/v1/enterprises/boilers/data-quality?day={day}&unit=boilers-b1&limit=1")
    assert quality["whole"]["readings"] == len(POINTS) * len(recording.times_ms)
    assert 0.9 < quality["whole"]["share"] < 1.0


def test_decimals_lost_in_pressure_and_so2_at_once_raise_no_warning(boiler: list[Recording]) -> None:
    park = boiler_park()
    upload(park, boiler[0], shifted_every=40)
    assert park.failures == 0 and warnings(park) == []
