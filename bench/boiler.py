"""How well marks find the dirt of a recording that was read off a screen by OCR: `python -m bench.boiler DATA`.

DATA is a folder of ocr_results_*.csv: a stamp and 56 cells a row. The constants of the detector were chosen on the first day's file; the second day's was looked at as well, so that
neither is a blind test.

What counts as dirt is told here by a rule of its own, and not by the detector: a cell that is no plain decimal number; and a number that
is 10 or 100 times (or a tenth or hundredth of) the median of its six neighbours, three numbers before and three after it, to within
20 %, while all six are within 20 % of that median. Signs are left aside, as OCR loses them too. Every other number is good.
"""

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby
from math import isnan, nan
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from chalicelib.domain.mark import SPARES_READINGS, Mark, Roles
from chalicelib.domain.plausibility import find_marks
from chalicelib.domain.reading import NORMAL, Quality, Series
from chalicelib.domain.signal import signal_of

COLUMNS = 56
NUMBER = re.compile(r"-?\d+(\.\d+)?")
CHINA = timezone(timedelta(hours=8))
MINUTE_MS = 60_000
SIDE = 3
CLOSE = 0.2
POWERS = (0.01, 0.1, 10.0, 100.0)
ANY = (-1e12, 1e12)  # nobody has said what is plausible of these columns
ROLES = Roles(load="1", emissions=("40", "41", "42", "43", "44", "45", "47"))


@dataclass(frozen=True, slots=True)
class Recording:
    """`values` by column from "1" to "56", NaN where the cell is no number; all of one length."""

    name: str
    times_ms: tuple[int, ...]
    values: dict[str, list[float]]

    def series(self, column: str, scale: float = 1.0) -> Series:
        """As a bridge would deliver the column: what is no number arrives as missing, flagged as a fault."""
        values = [value * scale for value in self.values[column]]
        flags = "".join(Quality.FAULT.value if isnan(value) else NORMAL for value in values)
        return Series(column, self.times_ms, values, flags)


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    cells: int
    no_numbers: int
    shifted: int
    found: int
    good_marked: int

    @property
    def recall(self) -> float:
        return self.found / max(1, self.no_numbers + self.shifted)

    @property
    def false_share(self) -> float:
        return self.good_marked / max(1, self.cells - self.no_numbers - self.shifted)


def read(file: Path) -> Recording:
    """Rows in file order. Several rows of one stamp are spread over the time until the next, a row cut short ends in missing cells."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row][1:]
    values = {str(n): [_number(row[n]) if n < len(row) else nan for row in rows] for n in range(1, COLUMNS + 1)}
    return Recording(file.stem, tuple(_times([row[0] for row in rows])), values)


def _number(cell: str) -> float:
    return float(cell) if NUMBER.fullmatch(cell.strip()) else nan


def _times(stamps: Sequence[str]) -> Iterator[int]:
    for stamp, group in groupby(stamps):
        at_ms = round(datetime.fromisoformat(stamp).replace(tzinfo=CHINA).timestamp() * 1000)
        count = len(list(group))
        yield from (at_ms + n * MINUTE_MS // count for n in range(count))


def is_shifted(values: Sequence[float]) -> list[bool]:
    """By the rule at the head of this module."""
    at = [n for n, value in enumerate(values) if not isnan(value)]
    found = [False] * len(values)
    for place in range(SIDE, len(at) - SIDE):
        around = [abs(values[n]) for n in (*at[place - SIDE : place], *at[place + 1 : place + 1 + SIDE])]
        usual = median(around)
        if usual == 0.0 or any(abs(one - usual) > CLOSE * usual for one in around):
            continue
        times = abs(values[at[place]]) / usual
        found[at[place]] = any(abs(times / power - 1.0) <= CLOSE for power in POWERS)
    return found


def marks_of(recording: Recording) -> tuple[Mark, ...]:
    """The columns judged as the points of one unit."""
    return find_marks([signal_of(recording.series(column), ANY) for column in recording.values], ROLES)


def judge(recording: Recording) -> Score:
    marked = {column: [False] * len(recording.times_ms) for column in recording.values}
    place = {at_ms: n for n, at_ms in enumerate(recording.times_ms)}
    for mark in marks_of(recording):
        if mark.kind not in SPARES_READINGS:
            first, last = place[mark.from_ms], place[mark.until_ms]
            marked[mark.point_id][first : last + 1] = [True] * (last - first + 1)
    no_numbers = shifted = found = good_marked = 0
    for column, values in recording.values.items():
        for value, is_off, is_marked in zip(values, is_shifted(values), marked[column], strict=True):
            no_numbers += isnan(value)
            shifted += is_off
            dirty = is_off or isnan(value)
            found += dirty and is_marked
            good_marked += not dirty and is_marked
    cells = len(recording.times_ms) * len(recording.values)
    return Score(recording.name, cells, no_numbers, shifted, found, good_marked)


def main() -> int:
    files = sorted(Path(sys.argv[1]).glob("ocr_results_*.csv"))
    table = Table(title="marks on a boiler's recordings")
    for heading in ("recording", "cells", "no number", "off by ten", "found", "good cells marked"):
        table.add_column(heading, justify="left" if heading == "recording" else "right")
    for file in files:
        one = judge(read(file))
        numbers = (f"{n:,}" for n in (one.cells, one.no_numbers, one.shifted))
        table.add_row(one.name, *numbers, f"{one.recall:.2%}", f"{one.false_share:.2%}")
    Console().print(table)
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main())
