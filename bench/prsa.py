"""Hourly weather of a Beijing station as the PRSA data set has it (UCI 501): NA where nothing was measured, wind by compass points."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from chalicelib.domain.weather import Weather, WeatherHour, WeatherKind

ZONE = ZoneInfo("Asia/Shanghai")
POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")


def compass_deg(point: str) -> float:
    """The direction of one of the 16 compass points. Raises ValueError for any other."""
    return POINTS.index(point) * 360 / len(POINTS)


def read_weather(path: Path) -> Weather:
    return {one.hour_ms: one for one in read_hours(path)}


def read_hours(path: Path) -> Iterator[WeatherHour]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            moment = datetime(*(int(row[name]) for name in ("year", "month", "day", "hour")), tzinfo=ZONE)
            at_ms = round(moment.timestamp() * 1000)
            yield WeatherHour(
                at_ms,
                WeatherKind.OBSERVED,
                row["station"],
                at_ms,
                temperature_c=_number(row["TEMP"]),
                wind_m_s=_number(row["WSPM"]),
                wind_from_deg=None if row["wd"] == "NA" else compass_deg(row["wd"]),
                pressure_hpa=_number(row["PRES"]),
                precipitation_mm=_number(row["RAIN"]),
            )


def _number(cell: str) -> float | None:
    return None if cell == "NA" else float(cell)
