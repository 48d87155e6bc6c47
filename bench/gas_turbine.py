"""The law of a gas turbine's NOX and CO against its safety temperatures, learnt on all years but the last and judged on that:

    python -m bench.gas_turbine ../shared/data/gas_turbine

Reads gt_<year>.csv of a folder (UCI "Gas Turbine CO and NOx Emission Data Set": consecutive hours without stamps). Every forecast is one hour
ahead from what was known then; "learning on" lets the law go on learning in the year it is judged on, after each day.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from chalicelib.domain.curve_law import Array, CurveLaw, Forecast, fit_curve, forecast
from chalicelib.domain.law import NoLaw

CAUSES = ("TIT", "TAT", "AT")
RESPONSES = ("NOX", "CO", "TEY")
SHUFFLES = 5
WAYS = {"as learnt before": False, "learning on": True}
Columns = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Score:
    """Of forecasts one hour ahead, in the response's unit. `rmse_gain` and `mae_gain`: how much smaller than "as the hour before"."""

    coverage: float
    rmse: float
    mae: float
    rmse_gain: float
    mae_gain: float


def read_years(folder: Path) -> dict[int, Columns]:
    """Columns by name of each year. Headers may have stray spaces. Raises FileNotFoundError for a folder without years."""
    files = sorted(folder.glob("gt_*.csv"))
    if len(files) < 2:
        raise FileNotFoundError(f"fewer than two gt_<year>.csv in {folder}")
    return {int(path.stem.removeprefix("gt_")): _read(path) for path in files}


def _read(path: Path) -> Columns:
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    table = np.array(rows, dtype=float)
    return {name.strip(): table[:, column] for column, name in enumerate(head)}


def joined(years: list[Columns]) -> Columns:
    return {name: np.concatenate([one[name] for one in years]) for name in years[0]}


def causes(columns: Columns) -> Array:
    return np.column_stack([columns[name] for name in CAUSES])


def judge(law: CurveLaw, columns: Columns, response: str, *, keeps_learning: bool) -> Score:
    return score(forecast(law, causes(columns), columns[response], keeps_learning=keeps_learning), columns[response])


def score(made: Forecast, y: Array) -> Score:
    truth, before = y[1:], y[:-1]
    errors, naive = made.estimate - truth, before - truth
    rmse, mae = float(np.sqrt(np.mean(errors**2))), float(np.mean(np.abs(errors)))
    return Score(
        coverage=float(np.mean((made.low <= truth) & (truth <= made.high))),
        rmse=rmse,
        mae=mae,
        rmse_gain=1.0 - rmse / float(np.sqrt(np.mean(naive**2))),
        mae_gain=1.0 - mae / float(np.mean(np.abs(naive))),
    )


def shuffled_claims(columns: Columns, response: str, seeds: int = SHUFFLES) -> int:
    """How often a law is claimed of responses in random order."""
    orders = [np.random.default_rng(seed).permutation(columns[response]) for seed in range(seeds)]
    return sum(not isinstance(fit_curve(causes(columns), order), NoLaw) for order in orders)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gas_turbine", description=__doc__)
    parser.add_argument("folder", type=Path)
    years = read_years(parser.parse_args().folder)
    *learnt, judged = sorted(years)
    known = joined([years[year] for year in learnt])
    table = Table(title=f"learnt on {', '.join(map(str, learnt))}, judged on {judged}; causes {', '.join(CAUSES)}")
    for heading in ("response", "coefficients", *Score.__slots__, "laws of shuffled labels"):
        table.add_column(heading)
    found: dict[str, Any] = {}
    for response in RESPONSES:
        claims = shuffled_claims(known, response)
        law = fit_curve(causes(known), known[response])
        if isinstance(law, NoLaw):
            table.add_row(response, f"no law: {law}", *[""] * 5, f"{claims} of {SHUFFLES}")
            continue
        scores = {name: asdict(judge(law, years[judged], response, keeps_learning=on)) for name, on in WAYS.items()}
        found[response] = {**scores, "laws_of_shuffled_labels": f"{claims} of {SHUFFLES}"}
        for name, one in scores.items():
            cells = [f"{value:.3f}" for value in one.values()]
            table.add_row(response, name, *cells, f"{claims} of {SHUFFLES}")
    console = Console()
    console.print(table if console.is_terminal else json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
