"""Options that several commands share, and types of options with their messages."""

import argparse
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", required=True, metavar="PATH", help="YAML configuration; examples/bridge.yaml explains every key"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def add_time_zone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time-zone",
        type=time_zone,
        default="Asia/Shanghai",
        metavar="NAME",
        help="IANA name of the zone in which instants are written, and read where they have no offset; default: %(default)s",
    )


def number(low: float, high: float) -> Callable[[str], float]:
    """A type for argparse: a number from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"got {text!r}; allowed: {low:g} to {high:g}")
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A type for argparse: a whole number from `low` to `high`; 0x10 is sixteen."""

    def parse(text: str) -> int:
        try:
            value = int(text, 0)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"got {text!r}; allowed: whole numbers from {low} to {high}")
        return value

    return parse


def time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"got {name!r}; allowed: an IANA time zone such as Asia/Shanghai") from error


def instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        allowed = "RFC 3339, such as 2026-03-01T08:00:00+08:00, or without offset in the time zone"
        raise argparse.ArgumentTypeError(f"got {text!r}; allowed: {allowed}") from error


def epoch_ms(moment: datetime | None, zone: ZoneInfo) -> int | None:
    """Epoch milliseconds of an instant; one without offset is in `zone`."""
    if moment is None:
        return None
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    return round(known.timestamp() * 1000)
