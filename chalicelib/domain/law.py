"""What has been learnt of a unit: how an environment or energy indicator answers a safety indicator.

ln(response) = intercept + slope * cause, the cause taken `lag_ms` earlier. Values only: chalicelib/domain/coupling_law.py fits
them, whoever reads them needs no numpy.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

from chalicelib.domain.dimension import Dimension

LEAST_EXCESS = log(1.2)


class NoLaw(StrEnum):
    """Why none is claimed."""

    TOO_FEW = "too_few"  # readings of both at one time
    CAUSE_STANDS_STILL = "cause_stands_still"
    RESPONSE_STANDS_STILL = "response_stands_still"
    NO_LINK = "no_link"  # what the cause does from step to step is not followed by the response
    NOT_SIGNIFICANT = "not_significant"
    TOO_WEAK = "too_weak"  # it explains too little of what the response does


@dataclass(frozen=True, slots=True)
class Fit:
    """`slope` is of ln(response) per unit of the cause, with its 95 % interval; `n` samples of one `step_ms` each, `r2` weighted as
    they are. It speaks for causes from `valid_from` to `valid_to` (1st to 99th percentile of those seen).

    `spread` is the standard deviation of the residuals (ln), `sustained` the largest that their mean over SUSTAINED samples
    ordinarily gets.
    """

    intercept: float
    slope: float
    slope_low: float
    slope_high: float
    lag_ms: int
    step_ms: int
    n: int
    r2: float
    valid_from: float
    valid_to: float
    spread: float
    sustained: float

    @property
    def percent_per_unit(self) -> tuple[float, float, float]:
        """(estimate, low, high): the response's change in percent for one unit more of the cause."""
        low, high = sorted((_percent(self.slope_low), _percent(self.slope_high)))
        return _percent(self.slope), low, high

    def change(self, by: float) -> tuple[float, float, float]:
        """(estimate, low, high): the response's change, as a fraction, where the cause moves by so much."""
        low, high = sorted((exp(self.slope_low * by) - 1.0, exp(self.slope_high * by) - 1.0))
        return exp(self.slope * by) - 1.0, low, high

    @property
    def allowance(self) -> float:
        """How far above the law ln(response) may stay for long: twice what it ordinarily does, and a fifth of the response at least."""
        return max(2.0 * self.sustained, LEAST_EXCESS)

    def holds_at(self, cause: float) -> bool:
        return self.valid_from <= cause <= self.valid_to


def _percent(slope: float) -> float:
    return (exp(slope) - 1.0) * 100.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with what it measures, as the law was learnt."""

    point_id: str
    indicator: str
    dimension: Dimension


@dataclass(frozen=True, slots=True)
class Law:
    cause: Measured
    response: Measured
    fit: Fit


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A pair of which no law is claimed. `n` samples were seen of both."""

    cause: Measured
    response: Measured
    reason: NoLaw
    n: int


@dataclass(frozen=True, slots=True)
class UnitLaws:
    """One learning of a unit: what was found in from_ms <= t < to_ms. `fitted_at_ms` names the version."""

    enterprise_id: str
    unit_id: str
    fitted_at_ms: int
    from_ms: int
    to_ms: int
    laws: tuple[Law, ...] = ()
    unclaimed: tuple[Unclaimed, ...] = ()

    def of(self, cause_point: str, response_point: str) -> Law | None:
        pair = (cause_point, response_point)
        return next((law for law in self.laws if (law.cause.point_id, law.response.point_id) == pair), None)

    def best_for(self, response_point: str) -> Law | None:
        """Of several causes the one that explains most."""
        found = [law for law in self.laws if law.response.point_id == response_point]
        return max(found, key=lambda law: law.fit.r2, default=None)
