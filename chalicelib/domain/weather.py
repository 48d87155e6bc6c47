"""The weather of a region, hour by hour. What was observed and what was forecast stay apart; the newest issue of an hour stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class WeatherKind(StrEnum):
    OBSERVED = "observed"
    FORECAST = "forecast"


@dataclass(frozen=True, slots=True)
class WeatherHour:
    """The weather of the hour that begins at `hour_ms`. None: not known.

    `wind_from_deg` is clockwise from north and says where the wind comes from, at 10 m; `cloud_cover` 0..1 of the sky.
    """

    hour_ms: int
    kind: WeatherKind
    source: str
    issued_at_ms: int
    temperature_c: float | None = None
    wind_m_s: float | None = None
    wind_from_deg: float | None = None
    humidity_pct: float | None = None
    pressure_hpa: float | None = None
    cloud_cover: float | None = None
    precipitation_mm: float | None = None


Weather = Mapping[int, WeatherHour]  # by hour_ms


def newest_issue(known: Iterable[WeatherHour], given: Iterable[WeatherHour]) -> tuple[WeatherHour, ...]:
    """Hours of one kind by rising time, each in its newest issue; of the same issue what is given last."""
    found: dict[int, WeatherHour] = {}
    for one in (*known, *given):
        if one.hour_ms not in found or one.issued_at_ms >= found[one.hour_ms].issued_at_ms:
            found[one.hour_ms] = one
    return tuple(found[hour_ms] for hour_ms in sorted(found))


def observed_first(hours: Iterable[WeatherHour]) -> Weather:
    """One value for each hour: what was observed, where there is none what was forecast."""
    ordered = sorted(hours, key=lambda one: one.kind is WeatherKind.OBSERVED)
    return {one.hour_ms: one for one in ordered}


def weather_at(weather: Weather, at_ms: int, *, within_hours: int = 3) -> WeatherHour | None:
    """The hour of an instant, or the newest of the hours before it whose wind is known."""
    hours = (weather.get(hour_of(at_ms) - back * HOUR_MS) for back in range(within_hours + 1))
    return next((one for one in hours if one is not None and one.wind_m_s is not None), None)


def hour_of(at_ms: int) -> int:
    return at_ms - at_ms % HOUR_MS
