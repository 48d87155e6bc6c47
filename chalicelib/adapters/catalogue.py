"""Reads a catalogue document into domain values, and refuses a broken one by naming the field.

The shipped catalogue stands as YAML in chalicelib/catalogue; a park's own is the same document, stored in the registry.
"""

from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from chalicelib.domain.catalogue import (
    Catalogue,
    Chattering,
    Deadlines,
    Grouping,
    Indicator,
    Measure,
    Rule,
    ScorePolicy,
    Term,
    Trigger,
    TriggerKind,
)
from chalicelib.domain.dimension import Dimension

SHIPPED = Path(__file__).parent.parent / "catalogue"
LANGUAGES = ("zh-CN", "en")
TIERS = (1, 2, 3)
SIZES = ("large", "medium", "small")
Name = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[int, Field(ge=1)]


def _complete(wanted: tuple[Any, ...]) -> AfterValidator:
    def check(given: dict[Any, Any]) -> dict[Any, Any]:
        if set(given) != set(wanted):
            raise ValueError(f"must be given for {', '.join(map(str, wanted))}, no more and no less")
        return given

    return AfterValidator(check)


Text = Annotated[dict[str, Word], _complete(LANGUAGES)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Indicator(_Strict):
    name: Text
    unit: Word
    dimension: Dimension
    plausible: tuple[float, float]
    hj212_code: str | None = None
    limit: float | None = Field(default=None, gt=0)
    standard: str | None = None

    @field_validator("plausible")
    @classmethod
    def _rises(cls, given: tuple[float, float]) -> tuple[float, float]:
        if given[0] >= given[1]:
            raise ValueError("must rise")
        return given


NEEDS_AMOUNT = (TriggerKind.ABOVE_THRESHOLD_BY, TriggerKind.RELATIVE_RISE, TriggerKind.RELATIVE_DROP)


class _Trigger(_Strict):
    kind: TriggerKind
    amount: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _has_its_amount(self) -> "_Trigger":
        if (self.amount > 0) != (self.kind in NEEDS_AMOUNT):
            raise ValueError(f"{self.kind} {'needs an' if self.kind in NEEDS_AMOUNT else 'takes no'} amount")
        return self


class _Term(_Strict):
    indicator: Name
    trigger: _Trigger

    def value(self) -> Term:
        return Term(self.indicator, Trigger(self.trigger.kind, self.trigger.amount))


class _Rule(_Strict):
    id: Name
    version: int = Field(ge=1)
    industry: Name | None
    unit_type: Name
    name: Text
    safety: _Term
    response: _Term
    energy: _Term | None
    window_s: float = Field(default=600, gt=0)
    on_delay: int = Field(default=2, ge=1)
    off_delay: int = Field(default=2, ge=1)
    hysteresis: float = Field(default=0.1, ge=0, lt=1)
    risk_points: Text
    safety_standard: Text
    environment_requirement: Text
    minimum_hold_s: float = Field(default=60, ge=0)
    inhibited_by: tuple[Name, ...] = ()

    def value(self) -> Rule:
        plain = {name: value for name, value in _fields(self).items() if name not in (*DURATIONS, *LEGS)}
        legs = {name: term and term.value() for name in LEGS for term in [getattr(self, name)]}
        durations = {f"{name.removesuffix('_s')}_ms": round(getattr(self, name) * 1000) for name in DURATIONS}
        return Rule(**plain, **legs, **durations)


DURATIONS = ("window_s", "minimum_hold_s")
LEGS = ("safety", "response", "energy")


class _Baseline(_Strict):
    half_life_s: float = Field(gt=0)
    minimum_readings: int = Field(ge=1)


def _falls_to_zero(given: list[tuple[float, int]]) -> list[tuple[float, int]]:
    bounds = [bound for bound, _ in given]
    if not bounds or bounds[-1] != 0 or any(a <= b for a, b in pairwise(bounds)):
        raise ValueError("must fall, and end with an entry for base risk 0")
    return given


ByBaseRisk = Annotated[list[tuple[Share, Seconds]], AfterValidator(_falls_to_zero)]


class _Sampling(_Strict):
    tier_s: Annotated[dict[int, Seconds], _complete(TIERS)]
    base_risk_s: ByBaseRisk
    industries: dict[Name, ByBaseRisk] = Field(default={}, description="in place of base_risk_s")


class _Grouping(_Strict):
    wait_s: float = Field(default=10, ge=0)
    flood_count: int = Field(default=10, ge=1)
    flood_window_s: float = Field(default=600, gt=0)

    def value(self) -> Grouping:
        return Grouping(round(self.wait_s * 1000), self.flood_count, round(self.flood_window_s * 1000))


class _Chattering(_Strict):
    count: int = Field(default=3, ge=2)
    window_s: float = Field(default=3600, gt=0)

    def value(self) -> Chattering:
        return Chattering(self.count, round(self.window_s * 1000))


class _Deadline(_Strict):
    finish_s: float = Field(gt=0)
    acknowledge_s: float | None = Field(default=None, gt=0)

    def value(self) -> Deadlines:
        return Deadlines(
            round(self.finish_s * 1000), None if self.acknowledge_s is None else round(self.acknowledge_s * 1000)
        )


class _Score(_Strict):
    base: float
    warning: Annotated[dict[int, float], _complete(TIERS)]
    timely: Annotated[dict[int, float], _complete(TIERS)]
    late: Annotated[dict[int, float], _complete(TIERS)]
    returned: float


class _Measure(_Strict):
    name: Text


class _Document(_Strict):
    version: Name
    indicators: dict[Name, _Indicator] = Field(min_length=1)
    rules: list[_Rule]
    kappa: float = Field(gt=0)
    baseline: _Baseline
    industry_weights: dict[Name, Share] = Field(min_length=1)
    warning_thresholds: dict[Name, Annotated[float, Field(ge=0, le=100)]]
    size_factors: Annotated[dict[str, Annotated[float, Field(gt=0)]], _complete(SIZES)]
    sampling: _Sampling
    deadlines: Annotated[dict[int, _Deadline], _complete(TIERS)]
    score: _Score
    measures: dict[Code, _Measure] = Field(default={}, description="a park that names none asks for none")
    grouping: _Grouping = _Grouping()
    chattering: _Chattering = _Chattering()
    stale_after_s: float = Field(default=86_400, gt=0)

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> "_Document":
        known: set[str] = set()
        for at, rule in enumerate(self.rules):
            for leg in LEGS:
                term: _Term | None = getattr(rule, leg)
                if term is not None and term.indicator not in self.indicators:
                    raise ValueError(f"rules.{at}.{leg}.indicator: {term.indicator} is not in the catalogue")
            if rule.industry is not None and rule.industry not in self.industry_weights:
                raise ValueError(f"rules.{at}.industry: {rule.industry} has no weight")
            if rule.id in known:
                raise ValueError(f"rules.{at}.id: {rule.id} stands there twice")
            known.add(rule.id)
        self._inhibits_in_order(known)
        for industry in self.sampling.industries:
            if industry not in self.industry_weights:
                raise ValueError(f"sampling.industries.{industry}: {industry} has no weight")
        if set(self.industry_weights) != set(self.warning_thresholds):
            raise ValueError("warning_thresholds: must name the same industries as industry_weights")
        return self

    def _inhibits_in_order(self, known: set[str]) -> None:
        """Every parent is a rule, and no rule is its own ancestor."""
        parents = {rule.id: rule.inhibited_by for rule in self.rules}
        for at, rule in enumerate(self.rules):
            if unknown := [parent for parent in rule.inhibited_by if parent not in known]:
                raise ValueError(f"rules.{at}.inhibited_by: {unknown[0]} is not a rule of the catalogue")
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            rule_id = error.args[1][0]
            at = next(n for n, rule in enumerate(self.rules) if rule.id == rule_id)
            raise ValueError(f"rules.{at}.inhibited_by: {rule_id} would inhibit itself") from error


def parse(document: dict[str, Any]) -> Catalogue:
    """A catalogue from its document. Raises pydantic's ValidationError, which names every wrong field."""
    read = TypeAdapter(_Document).validate_python(document)
    return Catalogue(
        version=read.version,
        indicators={key: Indicator(id=key, **_fields(one)) for key, one in read.indicators.items()},
        rules=tuple(rule.value() for rule in read.rules),
        industry_weights=read.industry_weights,
        warning_thresholds=read.warning_thresholds,
        size_factors=read.size_factors,
        kappa=read.kappa,
        baseline_half_life_ms=round(read.baseline.half_life_s * 1000),
        baseline_minimum=read.baseline.minimum_readings,
        tier_intervals_s=dict(read.sampling.tier_s),
        risk_intervals_s=tuple(read.sampling.base_risk_s),
        deadlines={tier: one.value() for tier, one in read.deadlines.items()},
        score=ScorePolicy(**_fields(read.score)),
        measures={key: Measure(id=key, **_fields(one)) for key, one in read.measures.items()},
        grouping=read.grouping.value(),
        chattering=read.chattering.value(),
        stale_after_ms=round(read.stale_after_s * 1000),
        industry_intervals_s={key: tuple(one) for key, one in read.sampling.industries.items()},
    )


def shipped_document() -> dict[str, Any]:
    """The catalogue that comes with the code, as one document."""
    policy: dict[str, Any] = _load("policy")
    return {**policy, "indicators": _load("indicators"), "rules": _load("rules"), "measures": _load("measures")}


@cache
def shipped() -> Catalogue:
    return parse(shipped_document())


def _fields(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _load(name: str) -> Any:
    import yaml  # a park with a catalogue of its own never needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
