"""`python -m bench.foresight <weather csv>`: back-test foresight on recorded weather with warnings whose cause is known.

One history is driven by stagnant air and frost after mild days, one opens its warnings at the same rate whatever the weather.
"""

import argparse
import sys
from collections.abc import Callable
from math import log
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.prsa import ZONE, read_weather
from chalicelib.domain.backtest import learn
from chalicelib.domain.climatology import cell_of
from chalicelib.domain.foresight import Backtest, Foresight, expit
from chalicelib.domain.foresight_features import Features, features
from chalicelib.domain.foresight_fit import History, history
from chalicelib.domain.weather import HOUR_MS, Weather

Truth = Callable[[Features, int], float]  # features and hour of the day -> probability of a warning
RARE = log(0.02 / 0.98)


def driven(given: Features, hour: int) -> float:
    """By day, in stagnant air, and in frost after mild days."""
    by_day = 0.6 if 8 <= hour < 20 else 0.0
    return expit(
        RARE - 0.8 + by_day + 2.0 * given.still - 0.8 * (given.wind - 0.5) + 1.8 * given.burst + 0.3 * given.frost
    )


def indifferent(given: Features, hour: int) -> float:
    return 0.02 * (1.6 if 8 <= hour < 20 else 1.0)


def simulate(weather: Weather, truth: Truth, seed: int) -> tuple[int, ...]:
    """Onsets of warnings drawn from a truth, one at most in an hour."""
    random = np.random.default_rng(seed)
    draws = {hour_ms: random.random() for hour_ms in sorted(weather)}
    return tuple(
        hour_ms + HOUR_MS // 2
        for hour_ms, draw in draws.items()
        if (given := features(hour_ms, weather)) is not None and draw < truth(given, cell_of(hour_ms, ZONE)[1])
    )


def lived(weather: Weather, truth: Truth, seed: int) -> History:
    """The recorded weather with warnings drawn from a truth."""
    return history(weather, simulate(weather, truth, seed), min(weather), max(weather) + HOUR_MS, ZONE)


def skill_of_the_truth(known: History, truth: Truth, tested: Backtest) -> float:
    """The skill in the back-test's hours of whoever knows the truth: no forecast can be expected to do better."""
    hours = zip(known.hours_ms.tolist(), known.x.tolist(), known.cells, known.y.tolist(), strict=True)
    squares = [
        (truth(Features(*given), cell[1]) - y) ** 2 for at_ms, given, cell, y in hours if at_ms >= tested.from_ms
    ]
    return 1 - sum(squares) / len(squares) / tested.brier_climatology


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weather", type=Path, help="hourly weather as in the PRSA data set")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    weather = read_weather(options.weather)
    console = Console()
    for name, truth in (("driven by weather", driven), ("indifferent to weather", indifferent)):
        known = lived(weather, truth, options.seed)
        found = learn("bench", known, max(weather) + HOUR_MS)
        assert found.backtest is not None
        show(console, name, found, found.backtest, skill_of_the_truth(known, truth, found.backtest))
    return 0


def show(console: Console, name: str, found: Foresight, tested: Backtest, best: float) -> None:
    console.print(f"[bold]{name}[/]: {found.verdict.value}; a warning in {found.events} of {found.hours} hours")
    console.print(
        f"tested on {tested.hours} hours: Brier {tested.brier:.5f}, climatology {tested.brier_climatology:.5f}\n"
        f"skill {tested.skill:+.4f} (95 % above {tested.skill_low:+.4f}; the truth itself {best:+.4f})"
    )
    table = Table("forecast", "observed", "hours")
    for one in tested.reliability:
        table.add_row(f"{one.forecast:.4f}", f"{one.observed:.4f}", str(one.hours))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
