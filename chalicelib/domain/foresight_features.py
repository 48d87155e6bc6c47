"""What of the weather may move coupled risk in an hour. The same function serves learning and looking ahead.

It looks at the hour itself and at the hours before it, never at a later one.
"""

from math import log
from typing import NamedTuple

from chalicelib.domain.freeze import MILD_WITHIN_MS, is_after_mild
from chalicelib.domain.weather import DAY_MS, HOUR_MS, Weather, WeatherHour

LOOK_BACK_MS = MILD_WITHIN_MS
STILL_M_S = 1.5
STILL_WITHIN_HOURS = 12
HEAT_C = 30.0


class Features(NamedTuple):
    warmth: float  # 10 degC
    frost: float  # 5 degC below zero
    heat: float  # 5 degC above 30
    drop: float  # 10 degC colder than a day before
    wind: float  # ln(m/s + 0.5)
    still: float  # share of the last 12 known hours under 1.5 m/s: stagnation
    burst: float  # 1 in frost after mild days
    rain: float  # 1 where it rains


FEATURES = Features._fields


def features(hour_ms: int, weather: Weather) -> Features | None:
    """None where temperature or wind of the hour is not known."""
    now = weather.get(hour_ms)
    if now is None or now.temperature_c is None or now.wind_m_s is None:
        return None
    degrees = now.temperature_c
    return Features(
        warmth=degrees / 10,
        frost=max(0.0, -degrees) / 5,
        heat=max(0.0, degrees - HEAT_C) / 5,
        drop=_drop(degrees, weather.get(hour_ms - DAY_MS)),
        wind=log(now.wind_m_s + 0.5),
        still=_still(hour_ms, weather),
        burst=float(degrees < 0 and is_after_mild(hour_ms, weather)),
        rain=float((now.precipitation_mm or 0) > 0),
    )


def _drop(degrees: float, day_before: WeatherHour | None) -> float:
    before = None if day_before is None else day_before.temperature_c
    return 0.0 if before is None else (before - degrees) / 10


def _still(hour_ms: int, weather: Weather) -> float:
    hours = (weather.get(hour_ms - back * HOUR_MS) for back in range(STILL_WITHIN_HOURS))
    winds = [one.wind_m_s for one in hours if one is not None and one.wind_m_s is not None]
    return sum(wind < STILL_M_S for wind in winds) / len(winds)
