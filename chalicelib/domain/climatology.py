"""How often coupled warnings open at this hour of the day in this month: the base rate that every figure is held against."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

MONTHS, HOURS = 12, 24
STRENGTH_HOURS = 100.0  # so many hours at the overall rate are added to each cell
Cell = tuple[int, int]  # month 0..11, hour 0..23, of the park's clock


@dataclass(frozen=True, slots=True)
class Climatology:
    """`rates` and `counts` (hours behind a rate) by month and hour; a cell pools its neighbours in both."""

    rates: tuple[tuple[float, ...], ...]
    counts: tuple[tuple[int, ...], ...]

    def rate(self, cell: Cell) -> float:
        return self.rates[cell[0]][cell[1]]

    def count(self, cell: Cell) -> int:
        return self.counts[cell[0]][cell[1]]


def cell_of(at_ms: int, zone: tzinfo) -> Cell:
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return moment.month - 1, moment.hour


def climatology(hours: Iterable[tuple[Cell, bool]]) -> Climatology:
    """From hours of history: the cell of each, and whether a warning opened. The overall rate is Jeffreys' (k + 1/2)/(n + 1)."""
    counts = [[0] * HOURS for _ in range(MONTHS)]
    events = [[0] * HOURS for _ in range(MONTHS)]
    for (month, hour), event in hours:
        counts[month][hour] += 1
        events[month][hour] += event
    overall = (sum(map(sum, events)) + 0.5) / (sum(map(sum, counts)) + 1)
    cells = [[(_pooled(counts, m, h), _pooled(events, m, h)) for h in range(HOURS)] for m in range(MONTHS)]
    rates = tuple(tuple((k + STRENGTH_HOURS * overall) / (n + STRENGTH_HOURS) for n, k in month) for month in cells)
    return Climatology(rates, tuple(tuple(n for n, _ in month) for month in cells))


def _pooled(table: list[list[int]], month: int, hour: int) -> int:
    near = (-1, 0, 1)
    return sum(table[(month + m) % MONTHS][(hour + h) % HOURS] for m in near for h in near)
