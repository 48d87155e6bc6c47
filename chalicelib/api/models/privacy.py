"""Statistics for outsiders on the wire. An epsilon is a decimal written as text, so that it is exactly what was meant."""

from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.models.wire import ClientId, Id, Instant, View, Wire
from chalicelib.domain.privacy import ReleaseQuery
from chalicelib.domain.statistic import By, DataSetId, Kind, StatisticId


def _positive(epsilon: str) -> str:
    if not Fraction(epsilon):
        raise ValueError("more than 0")
    return epsilon


EpsilonIn = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$"),
    AfterValidator(_positive),
    Field(examples=["0.5"], description="more than 0, less than 100, at most three decimals"),
]
EpsilonOut = Annotated[str, Field(examples=["0.5"])]
WholeMonth = Annotated[
    str,
    StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"),
    Field(examples=["2026-02"], description="in the park's time zone; it must be over. Only of a data set that has months"),
]  # fmt: skip


class BudgetIn(Wire):
    epsilon: EpsilonIn = Field(description="what all releases may add up to, those that were made included")


class GrantOut(View):
    epsilon: EpsilonOut
    by: str
    at: Instant


class BudgetOut(View):
    """The last of `grants` holds."""

    data_set: DataSetId
    recipient: str
    granted: EpsilonOut
    spent: EpsilonOut
    left: EpsilonOut
    grants: list[GrantOut]


class StatisticOut(View):
    id: StatisticId
    title: str
    kind: Kind
    by: By | None = Field(default=None, description="what the cells of a histogram are")
    bound: int = Field(description="the most that one enterprise adds to the answer, in `unit`")
    unit: str = Field(description="UCUM")


class DataSetOut(View):
    id: DataSetId
    title: str
    is_monthly: bool = Field(description="whether a month must be named")
    statistics: list[StatisticOut]
    budgets: list[BudgetOut]
    granted: EpsilonOut = Field(
        description="of all recipients: what they could learn if they put their answers together"
    )
    spent: EpsilonOut


class DataSetsOut(View):
    items: list[DataSetOut]


class ReleaseIn(Wire):
    id: ClientId
    recipient: Id
    statistic: StatisticId
    epsilon: EpsilonIn
    month: WholeMonth | None = None

    def value_of(self) -> ReleaseQuery:
        return ReleaseQuery(self.statistic, self.recipient, Fraction(self.epsilon), self.month or "")


class NoiseOut(View):
    """P(noise = x) is proportional to exp(-|x| / scale), for every integer x."""

    mechanism: str
    sensitivity: int = Field(description="how far one enterprise, with all that is its own, can move the answer")
    scale: str = Field(description="sensitivity / epsilon, as a fraction", examples=["20", "1/2"])
    margin: int = Field(description="95 of 100 answers are no further off than this")


class AnswerOut(View):
    cell: str | None = Field(default=None, description="of a histogram")
    value: int = Field(description="with noise; it may be negative")


class ReleaseOut(View):
    """`granted`, `spent` and `left` are the budget's just after the release."""

    id: str
    title: str
    recipient: str
    data_set: DataSetId
    statistic: StatisticId
    month: str | None = None
    epsilon: EpsilonOut
    unit: str
    noise: NoiseOut
    answers: list[AnswerOut]
    granted: EpsilonOut
    spent: EpsilonOut
    left: EpsilonOut
    by: str
    at: Instant


class ReleasesOut(View):
    items: list[ReleaseOut]
    next_cursor: str | None = None
