"""Measure, print and write build/bench.json. `--only evaluate` measures what begins with that name and leaves the rest of
the file as it was."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import cold_start, dashboard, evaluate, ingest, latency, photo, sync, write_units
from bench.figure import Figure

WIDTH = 116  # of a log
OUT = Path(__file__).resolve().parent.parent / "build" / "bench.json"
MEASURES: dict[str, Callable[[], list[Figure]]] = {
    "ingest.cpu_us_per_reading": ingest.figures,
    "ingest.write_units": write_units.figures,
    "photo": photo.figures,
    "sync": sync.figures,
    "dashboard": dashboard.figures,
    "cold_start": cold_start.figures,
    "reading_to_push_s": latency.figures,
    "evaluate.readings_per_s": evaluate.figures,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", metavar="NAME", action="append", help=f"one of: {', '.join(MEASURES)} (a prefix will do)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="where to write the figures (default: build/bench.json)")
    parser.add_argument("--strict", action="store_true", help="exit with status 1 if a target is not met")
    chosen = parser.parse_args()
    wanted = [name for name in MEASURES if not chosen.only or any(name.startswith(only) for only in chosen.only)]
    if not wanted:
        parser.error(f"nothing is called {chosen.only}; there is {', '.join(MEASURES)}")
    figures = [figure for name in wanted for figure in MEASURES[name]()]
    known = json.loads(chosen.out.read_text()) if chosen.only and chosen.out.is_file() else {}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps({**known, **{f.name: f.entry() for f in figures}}, indent=2) + "\n")
    console = Console()
    show(figures, console if console.is_terminal else Console(width=WIDTH))
    return 1 if chosen.strict and any(figure.met is False for figure in figures) else 0


def show(figures: list[Figure], console: Console) -> None:
    table = Table(title="bench", caption="ratio: how many times dearer than its floor")
    for heading in ("figure", "value", "unit", "floor", "ratio", "target", "met"):
        table.add_column(heading, justify="right" if heading in ("value", "floor", "ratio") else "left", no_wrap=True)
    for figure in figures:
        entry = figure.entry()
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
        numbers = [_shown(entry[key]) for key in ("value", "floor", "ratio")]
        table.add_row(figure.name, numbers[0], figure.unit, *numbers[1:], _target(figure), met)
    console.print(table)
    for figure in figures:
        if figure.note:
            console.print(f"[bold]{figure.name}[/]: {figure.note}", highlight=False)


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = ">=" if figure.higher_is_better else "<="
    return f"{'ratio ' if figure.bound == 'ratio' else ''}{sign} {figure.target:g}"


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:,.4g}" if abs(number) < 1e4 else f"{number:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
