"""Sums of counts as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.dashboard import SHARED, Counts, Tally
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.facets import handling_class_end_s
from chalicelib.domain.score import Grade
from chalicelib.domain.side import SideState

TIERS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many enterprises and units stand behind the figures, and from how many of the enterprises data came of late."""

    enterprises: int
    units: int
    reporting: int

    @property
    def share(self) -> float | None:
        return round(self.reporting / self.enterprises, 4) if self.enterprises else None


@dataclass(frozen=True, slots=True)
class Handling:
    """How long closed tasks had been open. The median is less than `median_below_s`, and not less than half of it."""

    count: int
    total_s: int
    median_below_s: int | None

    @property
    def mean_s(self) -> float | None:
        return round(self.total_s / self.count, 1) if self.count else None


@dataclass(frozen=True, slots=True)
class MonthFigures:
    raised: Mapping[int, int]
    retroactive: int
    observed: int
    opened: int
    closed: int
    on_time: int
    handling: Handling

    @property
    def on_time_share(self) -> float | None:
        return round(self.on_time / self.closed, 4) if self.closed else None


@dataclass(frozen=True, slots=True)
class ScoreFigures:
    """Of the enterprises that have entries in the month; the others stand where everybody begins."""

    count: int
    sum: float
    grades: Mapping[Grade, int]

    @property
    def mean(self) -> float | None:
        return round(self.sum / self.count, 2) if self.count else None


@dataclass(frozen=True, slots=True)
class Figures:
    """`counted_at_ms` is when any of them last changed; None: nothing was ever counted."""

    counted_at_ms: int | None
    warnings: Mapping[int, int]
    tasks: Mapping[int, int]
    sides: Mapping[Dimension, Mapping[SideState, int]]
    overdue: int
    unanswered: int
    shared_tasks: int
    observations: int
    month: MonthFigures
    scores: ScoreFigures
    completeness: Completeness


def figures_of(now: Tally, month: Tally) -> Figures:
    counts = now.counts
    return Figures(
        counted_at_ms=max(now.at_ms, month.at_ms) or None,
        warnings=_by_tier("warnings", counts),
        tasks=_by_tier("tasks", counts),
        sides={side: {state: counts.get(f"{side.value}.{state.value}", 0) for state in SideState} for side in SIDES},
        overdue=counts.get("overdue", 0),
        unanswered=counts.get("unanswered", 0),
        shared_tasks=counts.get(SHARED, 0),
        observations=counts.get("observations", 0),
        month=_month(month.counts),
        scores=_scores(month.counts),
        completeness=Completeness(*(counts.get(name, 0) for name in ("enterprises", "units", "reporting"))),
    )


def _by_tier(name: str, counts: Counts) -> dict[int, int]:
    return {tier: counts.get(f"{name}.{tier}", 0) for tier in TIERS}


def _month(counts: Counts) -> MonthFigures:
    return MonthFigures(
        raised=_by_tier("raised", counts),
        retroactive=counts.get("retroactive", 0),
        observed=counts.get("observed", 0),
        opened=counts.get("opened", 0),
        closed=counts.get("closed", 0),
        on_time=counts.get("on_time", 0),
        handling=Handling(counts.get("closed", 0), counts.get("handling_s", 0), median_below_s(counts)),
    )


def _scores(counts: Counts) -> ScoreFigures:
    grades = {grade: counts.get(f"grade.{grade.value}", 0) for grade in Grade}
    return ScoreFigures(counts.get("scored", 0), counts.get("score_hundredths", 0) / 100, grades)


def median_below_s(counts: Counts) -> int | None:
    """The end of the class that the median lies in: the first by which half of all are reached."""
    classes = sorted(
        (int(name.removeprefix("handling.")), number) for name, number in counts.items() if name.startswith("handling.")
    )
    half, reached = sum(number for _, number in classes) / 2, 0
    for at, number in classes:
        reached += number
        if reached >= half:
            return handling_class_end_s(at)
    return None
