"""What may be told to outsiders: a table of data sets with their statistics, and how each is measured within its bound.

No enterprise adds more than `bound` to a whole answer, whatever it has: that is the sensitivity of a statistic. A later part adds a data
set by a row of DATA_SETS and by saying where its records are (usecases/share_statistics.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

WHOLE = ""  # the one cell of what is not told by cells
TIERS = ("1", "2", "3")


class DataSetId(StrEnum):
    ENTERPRISES = "enterprises"
    WARNINGS = "warnings"
    TASKS = "tasks"


class Kind(StrEnum):
    COUNT = "count"
    SUM = "sum"
    HISTOGRAM = "histogram"


class By(StrEnum):
    """What a histogram's cells are. All possible cells are told, empty ones too: which of them are there would be telling."""

    INDUSTRY = "industry"
    TIER = "tier"


class StatisticId(StrEnum):
    ENTERPRISES = "enterprises"
    ENTERPRISES_BY_INDUSTRY = "enterprises_by_industry"
    WARNINGS = "warnings"
    WARNED_BY_INDUSTRY = "warned_by_industry"
    WARNED_BY_TIER = "warned_by_tier"
    TASKS = "tasks"
    OVERDUE_MINUTES = "overdue_minutes"
    TASKED_BY_INDUSTRY = "tasked_by_industry"


@dataclass(frozen=True, slots=True)
class Statistic:
    """`bound` is the most that one enterprise adds to the answer, in `unit` (UCUM); answers are whole numbers of it."""

    id: StatisticId
    kind: Kind
    bound: int
    unit: str
    by: By | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """`is_monthly`: its records are those of a month; else those of now."""

    id: DataSetId
    is_monthly: bool
    statistics: tuple[Statistic, ...]


def _enterprises_by(id: StatisticId, by: By) -> Statistic:
    return Statistic(id, Kind.HISTOGRAM, 1, "{enterprise}", by)


DATA_SETS: Mapping[DataSetId, DataSet] = {
    one.id: one
    for one in (
        DataSet(
            DataSetId.ENTERPRISES,
            False,
            (
                Statistic(StatisticId.ENTERPRISES, Kind.COUNT, 1, "{enterprise}"),
                _enterprises_by(StatisticId.ENTERPRISES_BY_INDUSTRY, By.INDUSTRY),
            ),
        ),
        DataSet(
            DataSetId.WARNINGS,
            True,
            (
                Statistic(StatisticId.WARNINGS, Kind.COUNT, 10, "{warning}"),
                _enterprises_by(StatisticId.WARNED_BY_INDUSTRY, By.INDUSTRY),
                _enterprises_by(StatisticId.WARNED_BY_TIER, By.TIER),
            ),
        ),
        DataSet(
            DataSetId.TASKS,
            True,
            (
                Statistic(StatisticId.TASKS, Kind.COUNT, 10, "{task}"),
                Statistic(StatisticId.OVERDUE_MINUTES, Kind.SUM, 2 * 24 * 60, "min"),
                _enterprises_by(StatisticId.TASKED_BY_INDUSTRY, By.INDUSTRY),
            ),
        ),
    )
}
STATISTICS: Mapping[StatisticId, tuple[DataSet, Statistic]] = {
    one.id: (data_set, one) for data_set in DATA_SETS.values() for one in data_set.statistics
}


@dataclass(frozen=True, slots=True)
class Record:
    """One thing of a data set, and whose it is. `amount` is what a sum adds up; `tier` 0: it has none."""

    enterprise_id: str
    industry: str
    tier: int = 0
    amount: int = 0


def measure(statistic: Statistic, records: Iterable[Record], industries: Sequence[str]) -> dict[str, int]:
    """The true answer by cell, each enterprise's part within the bound. It must not leave the park without noise."""
    own: dict[str, list[Record]] = defaultdict(list)
    for one in records:
        own[one.enterprise_id].append(one)
    match statistic.kind:
        case Kind.COUNT:
            return {WHOLE: sum(_bounded(len(theirs), statistic.bound) for theirs in own.values())}
        case Kind.SUM:
            return {WHOLE: sum(_bounded(sum(r.amount for r in theirs), statistic.bound) for theirs in own.values())}
        case Kind.HISTOGRAM:
            cells = dict.fromkeys(TIERS if statistic.by is By.TIER else industries, 0)
            for theirs in own.values():
                if (cell := _cell(statistic, theirs)) in cells:
                    cells[cell] += 1
            return cells


def _bounded(contribution: int, bound: int) -> int:
    return min(max(contribution, 0), bound)


def _cell(statistic: Statistic, theirs: Iterable[Record]) -> str:
    """The one cell that an enterprise counts in: its industry, or the highest tier that it had."""
    return max(str(one.tier) if statistic.by is By.TIER else one.industry for one in theirs)
