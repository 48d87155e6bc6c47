"""Weather and warnings made up from a known truth, for tests of foresight."""

from dataclasses import replace
from functools import cache
from math import cos, exp, pi

import numpy as np

from bench.foresight import Truth
from bench.prsa import ZONE
from chalicelib.domain.foresight_features import Features
from chalicelib.domain.foresight_fit import Array, History, history
from chalicelib.domain.weather import HOUR_MS, Weather, WeatherHour, WeatherKind

START_MS = 1_609_430_400_000  # 2021-01-01T00:00:00+08:00


@cache
def climate(days: int, seed: int = 1) -> Weather:
    """Seasons, days and nights, and weather that lasts: temperature and wind are autoregressive around them."""
    random = np.random.default_rng(seed)
    found: dict[int, WeatherHour] = {}
    warmth = breeze = 0.0
    for hour in range(days * 24):
        warmth, breeze = 0.97 * warmth + random.normal(0, 1.0), 0.9 * breeze + random.normal(0, 0.25)
        degrees = 13 - 14 * cos(2 * pi * hour / 24 / 365) + 4 * cos(2 * pi * (hour - 15) / 24) + warmth
        at_ms = START_MS + hour * HOUR_MS
        found[at_ms] = WeatherHour(at_ms, WeatherKind.OBSERVED, "s", at_ms, degrees, exp(0.5 + breeze))
    return found


@cache
def hours_of(days: int, seed: int = 1) -> History:
    """A history in which nothing happens."""
    weather = climate(days, seed)
    return history(weather, (), min(weather), max(weather) + HOUR_MS, ZONE)


def drawn(known: History, truth: Truth, seed: int) -> tuple[History, Array]:
    """The history with warnings drawn from a truth, and their true probabilities."""
    random = np.random.default_rng(seed)
    cells = zip(known.x.tolist(), known.cells, strict=True)
    p = np.array([truth(Features(*given), cell[1]) for given, cell in cells])
    return replace(known, y=(random.random(len(p)) < p).astype(np.float64)), p
