"""Differential privacy: budgets that are spent by releases, and releases with all that is needed to read them.

Two states of a data set are neighbours where one enterprise, with all that is its own, is in one of them only. A release at epsilon makes
no answer more than exp(epsilon) times as likely for the one as for the other; releases to a recipient add up, and a budget is the most
that they may add up to. The cells of a histogram do not: an enterprise is in one of them only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from chalicelib.domain.discrete_laplace import RandBelow, discrete_laplace, margin
from chalicelib.domain.errors import PrivacyBudgetSpent
from chalicelib.domain.statistic import Statistic, StatisticId

MECHANISM = "discrete_laplace"
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Grant:
    epsilon: Fraction
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one recipient and one data set. The last of `grants` holds, in the place of those before; what was spent stays spent."""

    data_set: str
    recipient: str
    grants: tuple[Grant, ...] = ()
    spent: Fraction = NOTHING
    version: int = 0

    @property
    def granted(self) -> Fraction:
        return self.grants[-1].epsilon if self.grants else NOTHING

    @property
    def left(self) -> Fraction:
        return max(self.granted - self.spent, NOTHING)

    def granting(self, grant: Grant) -> "Budget":
        """The budget with a grant; the same one where no other amount is granted."""
        return self if self.grants and grant.epsilon == self.granted else replace(self, grants=(*self.grants, grant))

    def spending(self, epsilon: Fraction) -> "Budget":
        """Raises PrivacyBudgetSpent where less than epsilon is left."""
        if epsilon > self.left:
            raise PrivacyBudgetSpent(asked=epsilon_text(epsilon), left=epsilon_text(self.left))
        return replace(self, spent=self.spent + epsilon)


@dataclass(frozen=True, slots=True)
class ReleaseQuery:
    """What is asked, for whom, at which price. `month` (YYYY-MM) is empty for a data set that has none."""

    statistic: StatisticId
    recipient: str
    epsilon: Fraction
    month: str = ""


@dataclass(frozen=True, slots=True)
class Noise:
    """The parameters of a release. `scale` = `sensitivity` / epsilon; 95 of 100 answers are no further off than `margin`."""

    mechanism: str
    sensitivity: int
    scale: Fraction
    margin: int

    @classmethod
    def of(cls, statistic: Statistic, epsilon: Fraction) -> "Noise":
        scale = statistic.bound / epsilon
        return cls(MECHANISM, statistic.bound, scale, margin(scale))


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` may be negative: cutting it off would shift every sum of answers."""

    cell: str
    value: int


@dataclass(frozen=True, slots=True)
class Release:
    """`id` is made by the client. `granted`, `spent` and `left` are the budget's just after it. True answers are kept nowhere."""

    id: str
    query: ReleaseQuery
    data_set: str
    by: str
    at_ms: int
    unit: str
    noise: Noise
    answers: tuple[Answer, ...]
    granted: Fraction = NOTHING
    spent: Fraction = NOTHING
    left: Fraction = NOTHING

    def paid_from(self, budget: Budget) -> "Release":
        return replace(self, granted=budget.granted, spent=budget.spent, left=budget.left)


def add_noise(totals: Mapping[str, int], noise: Noise, randbelow: RandBelow) -> tuple[Answer, ...]:
    """Each cell with a sample of its own."""
    return tuple(Answer(cell, total + discrete_laplace(noise.scale, randbelow)) for cell, total in totals.items())


def epsilon_text(epsilon: Fraction) -> str:
    """As people write it; epsilons are whole thousandths."""
    whole, thousandths = divmod(round(epsilon * 1000), 1000)
    return f"{whole}.{thousandths:03d}".rstrip("0").rstrip(".")
