"""What a catalogue document says of consequences: measures, key supervision, interviews; as pydantic models."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chalicelib.adapters.catalogue_parts import Strict, Text
from chalicelib.domain.catalogue import Amount, ConsequenceRule, InterviewPolicy, SupervisionPolicy
from chalicelib.domain.score import Grade

KEY_SUPERVISION = "key_supervision"
Share = Annotated[float, Field(ge=0, le=1)]


class AmountPart(Strict):
    value: float = Field(gt=0)
    unit: str = Field(min_length=1, max_length=20, description="UCUM, or a currency (ISO 4217)")
    is_most: bool = Field(default=False, description="it is an upper bound")


class UntilGradePart(Strict):
    grade_at_least: Grade


class ConsequencePart(Strict):
    name: Text
    cause: Grade | Literal["key_supervision"]
    until: Literal["grade_lost", "delisted"] | UntilGradePart
    unlocked_by_work: bool = False
    visits: Literal["weekly"] | None = None
    amount: AmountPart | None = None

    @model_validator(mode="after")
    def _fits(self) -> "ConsequencePart":
        if (self.cause == KEY_SUPERVISION) != (self.until == "delisted"):
            raise ValueError("what key supervision brings ends when it is delisted, and nothing else does")
        return self

    def value(self, id: str) -> ConsequenceRule:
        return ConsequenceRule(
            id=id,
            name=self.name,
            cause=self.cause.value if isinstance(self.cause, Grade) else self.cause,
            until_grade=self.until.grade_at_least.value if isinstance(self.until, UntilGradePart) else None,
            unlocked_by_work=self.unlocked_by_work,
            visits_weekly=self.visits == "weekly",
            amount=None if self.amount is None else Amount(**self.amount.model_dump()),
        )


class SupervisionPart(Strict):
    rate_below: Share = 0.7
    exceedances_over: int = Field(default=3, ge=0)
    off_rate: Share = 0.9
    off_exceedances: int = Field(default=3, ge=0)

    def value(self) -> SupervisionPolicy:
        return SupervisionPolicy(**self.model_dump())


class InterviewPart(Strict):
    score_below: float = Field(default=50, ge=0, le=100)
    months: int = Field(default=3, ge=1, le=12, description="running")

    def value(self) -> InterviewPolicy:
        return InterviewPolicy(**self.model_dump())
