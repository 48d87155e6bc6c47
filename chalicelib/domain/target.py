"""Regional reduction targets: what a region, or an industry of it, is to come down to in a period, and how far its points are.

How far is told of indicators only, from the normal level that evaluation has learnt of each point (time-decayed, without open warnings):
where each stands now, which is no mean over the period. Of totals of energy, carbon, water and waste nothing here is measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.ucum import converted, convertible_to


class TargetForm(StrEnum):
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    REDUCE_BY = "reduce_by"  # a share of the baseline


class Total(StrEnum):
    ENERGY = "energy"
    CARBON = "carbon"
    WATER = "water"
    WASTE = "waste"


# By total the unit that all others are turned into.
TOTAL_UNITS = {Total.ENERGY: "GJ", Total.CARBON: "t", Total.WATER: "m3", Total.WASTE: "t"}
SHARES = convertible_to("%")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a reduction is counted from, and of when that is."""

    value: float
    unit: str
    period: str


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """Where a target stands: a title, the number that authorities give it (文号), and where it can be read."""

    title: str
    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ReductionTarget:
    """One of `indicator` and `total` is given. `industry` empty: every industry. Months ("2026-03") from `from_month` to `to_month`."""

    id: str
    name: str
    region: str
    industry: str
    indicator: str
    total: Total | None
    form: TargetForm
    value: float
    unit: str
    from_month: str
    to_month: str
    source: SourceDocument
    baseline: Baseline | None = None
    note: str = ""

    def concerns(self, region: str, industry: str) -> bool:
        return self.region == region and self.industry in ("", industry)

    def goal_in(self, unit: str) -> float:
        """What it comes down to (or up to), in a unit of measure. Raises NotConvertible."""
        if self.form is not TargetForm.REDUCE_BY:
            return converted(self.value, self.unit, unit)
        if self.baseline is None:
            raise ValueError("a reduction has a baseline")
        return converted(self.baseline.value, self.baseline.unit, unit) * (1 - converted(self.value, self.unit, "1"))

    def is_met_by(self, level: float, unit: str) -> bool:
        goal = self.goal_in(unit)
        return level >= goal if self.form is TargetForm.AT_LEAST else level <= goal


@dataclass(frozen=True, slots=True)
class Level:
    """Where a point stands: its learnt normal level, in its indicator's unit."""

    enterprise_id: str
    point_id: str
    value: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Of `points` whose level is known, `met` keep to the target; `unknown` have no level yet. Values in `unit`."""

    unit: str
    goal: float
    points: int
    met: int
    unknown: int
    mean: float | None
    farthest: tuple[Level, ...]


FARTHEST = 10


def progress_of(target: ReductionTarget, levels: Iterable[Level], unknown: int, unit: str) -> Progress:
    known = list(levels)
    sign = -1 if target.form is TargetForm.AT_LEAST else 1
    missed = [one for one in known if not target.is_met_by(one.value, unit)]
    return Progress(
        unit=unit,
        goal=target.goal_in(unit),
        points=len(known),
        met=len(known) - len(missed),
        unknown=unknown,
        mean=sum(one.value for one in known) / len(known) if known else None,
        farthest=tuple(sorted(missed, key=lambda one: (-sign * one.value, one.point_id))[:FARTHEST]),
    )
