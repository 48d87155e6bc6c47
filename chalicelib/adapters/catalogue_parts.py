"""What a catalogue document is made of: indicators, unit types and rules as pydantic models, which name every wrong field."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from chalicelib.domain.catalogue import Indicator, Measure, Rule, Term, Trigger, TriggerKind, UnitRole, UnitType
from chalicelib.domain.dimension import Dimension

LANGUAGES = ("zh-CN", "en")
DURATIONS = ("window_s", "minimum_hold_s")
LEGS = ("safety", "response", "energy")
NEEDS_AMOUNT = (TriggerKind.ABOVE_THRESHOLD_BY, TriggerKind.RELATIVE_RISE, TriggerKind.RELATIVE_DROP)
Name = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[str, Field(min_length=1)]


def complete(wanted: tuple[Any, ...]) -> AfterValidator:
    def check(given: dict[Any, Any]) -> dict[Any, Any]:
        if set(given) != set(wanted):
            raise ValueError(f"must be given for {', '.join(map(str, wanted))}, no more and no less")
        return given

    return AfterValidator(check)


Text = Annotated[dict[str, Word], complete(LANGUAGES)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def fields_of(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


class IndicatorPart(Strict):
    name: Text
    unit: Word
    dimension: Dimension
    plausible: tuple[float, float]
    hj212_code: str | None = None
    limit: float | None = Field(default=None, gt=0)
    standard: Name | None = None
    clause: Text | None = None
    max_rate_per_s: float | None = Field(default=None, gt=0)
    airborne: bool = False

    @field_validator("plausible")
    @classmethod
    def _rises(cls, given: tuple[float, float]) -> tuple[float, float]:
        if given[0] >= given[1]:
            raise ValueError("must rise")
        return given

    def value(self, indicator_id: str) -> Indicator:
        return Indicator(id=indicator_id, **fields_of(self))


class UnitTypePart(Strict):
    name: Text
    industries: tuple[Name, ...] | None
    safety: tuple[Name, ...]
    environment: tuple[Name, ...]
    energy: tuple[Name, ...]
    roles: dict[UnitRole, Name] = Field(default={})
    freeze_sensitive: bool = False
    watches_the_park: bool = False

    def value(self, type_id: str) -> UnitType:
        tags = {dimension: getattr(self, dimension) for dimension in Dimension}
        return UnitType(
            type_id, self.name, self.industries, tags, self.roles, self.freeze_sensitive, self.watches_the_park
        )


class TriggerPart(Strict):
    kind: TriggerKind
    amount: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _has_its_amount(self) -> "TriggerPart":
        if (self.amount > 0) != (self.kind in NEEDS_AMOUNT):
            raise ValueError(f"{self.kind} {'needs an' if self.kind in NEEDS_AMOUNT else 'takes no'} amount")
        return self


class TermPart(Strict):
    indicator: Name
    trigger: TriggerPart

    def value(self) -> Term:
        return Term(self.indicator, Trigger(self.trigger.kind, self.trigger.amount))


class RulePart(Strict):
    id: Name
    version: int = Field(ge=1)
    industry: Name | None
    unit_type: Name
    name: Text
    safety: TermPart
    response: TermPart
    energy: TermPart | None
    window_s: float = Field(default=600, gt=0)
    on_delay: int = Field(default=2, ge=1)
    off_delay: int = Field(default=2, ge=1)
    hysteresis: float = Field(default=0.1, ge=0, lt=1)
    risk_points: Text
    safety_standard: Text
    environment_requirement: Text
    minimum_hold_s: float = Field(default=60, ge=0)
    inhibited_by: tuple[Name, ...] = ()
    standards: tuple[Name, ...] = ()

    def value(self) -> Rule:
        plain = {name: value for name, value in fields_of(self).items() if name not in (*DURATIONS, *LEGS)}
        legs = {name: term and term.value() for name in LEGS for term in [getattr(self, name)]}
        durations = {f"{name.removesuffix('_s')}_ms": round(getattr(self, name) * 1000) for name in DURATIONS}
        return Rule(**plain, **legs, **durations)


class MeasurePart(Strict):
    name: Text

    def value(self, measure_id: str) -> Measure:
        return Measure(id=measure_id, name=self.name)
