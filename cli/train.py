"""`green-shield train`: train the watch over a unit from a period that a person knows was normal, and make it the unit's."""

import argparse
import sys
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from chalicelib.bootstrap import Services
from chalicelib.domain.watch_record import DEFAULT_INTERVAL_MS, LEAST_INTERVAL_MS, TrainingRefused, WatchVersion
from chalicelib.usecases.train_watch import train_watch
from cli.park import ParkNotFound, park_of

ADVICE = {
    "unknown_unit": "See the ids of units in GET /v1/enterprises/{id}.",
    "bad_period": "Name one of at most 92 days, and at most 50,000 rows: --from and --to, or a longer --interval.",
    "too_few_points": "A watch needs several points that move with each other.",
    "too_few_rows": "Name a longer period, or a shorter --interval if the plant reports more often.",
    "points_missing": "Name a period in which every point reported, or leave those out with --force.",
    "flagged_readings": "Name a period without faults and calibration, or let them pass with --force.",
    "not_normal": "Name a period without them, or take it as normal all the same with --force.",
}


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train the watch over a unit from a normal period",
        description=f"{__doc__} The watch renews itself each week from then on. Credentials, region and endpoint are those of the AWS CLI.",
    )
    parser.add_argument("unit", help="the unit's id")
    parser.add_argument(
        "--from",
        dest="begin",
        metavar="TIME",
        required=True,
        type=_time,
        help="begin of the normal period, RFC 3339 with offset",
    )
    parser.add_argument("--to", dest="end", metavar="TIME", required=True, type=_time, help="its end, exclusive")
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=_interval,
        default=DEFAULT_INTERVAL_MS,
        help=f"how often the unit is judged (default: {DEFAULT_INTERVAL_MS // 1000})",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="take the period as normal whatever speaks against it: flagged readings, missing points, open warnings",
    )
    parser.add_argument(
        "--stack", default="green-shield", help="the CloudFormation stack of the park (default: green-shield)"
    )
    parser.set_defaults(run=run)  # fmt: skip


def run(chosen: argparse.Namespace, park: Services | None = None) -> int:
    console = Console()
    try:
        version = _train(chosen, park or park_of(chosen.stack), console)
    except ParkNotFound as problem:
        return _failed(str(problem))
    except TrainingRefused as refused:
        return _failed(f"{refused}. {ADVICE[refused.reason]}")
    show(version, console)
    return 0


def _train(chosen: argparse.Namespace, park: Services, console: Console) -> WatchVersion:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(f"reading and training {chosen.unit}", total=None)
        return train_watch(
            chosen.unit,
            (chosen.begin, chosen.end),
            interval_ms=chosen.interval,
            is_forced=chosen.force,
            registry=park.registry,
            catalogues=park.catalogues,
            blocks=park.blocks,
            warnings=park.warnings,
            observations=park.observations,
            watches=park.watches,
            models=park.models,
            clock=park.clock,
        )


def show(version: WatchVersion, console: Console) -> None:
    table = Table(title=f"watch of {version.unit_id}", show_header=False)
    for name, value in (
        ("version", version.version),
        ("points", f"{len(version.points)}: {', '.join(version.points)}"),
        ("left out", ", ".join(version.left_out) or "-"),
        ("rows", f"{version.rows:,}, one each {version.interval_ms // 1000} s"),
        ("false alarms", f"{version.far:.2%} of the rows in cross-validation"),
        ("active", "from the next minute on"),
    ):
        table.add_row(name, value)
    console.print(table)


def _failed(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 1


def _time(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no RFC 3339 time, like 2026-03-02T00:00:00+08:00") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} says no offset, like +08:00")
    return (moment - datetime.fromtimestamp(0, moment.tzinfo)) // timedelta(milliseconds=1)


def _interval(text: str) -> int:
    if not text.isdigit() or int(text) * 1000 < LEAST_INTERVAL_MS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from {LEAST_INTERVAL_MS // 1000} on")
    return int(text) * 1000
