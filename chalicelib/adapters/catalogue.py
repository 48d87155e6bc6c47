"""Reads a catalogue document into domain values, and refuses a broken one by naming the field.

The shipped catalogue stands as YAML in chalicelib/catalogue; a park's own is the same document, stored in the registry.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from chalicelib.domain.catalogue import Catalogue, Deadlines, Indicator, Rule, ScorePolicy, Term
from chalicelib.domain.dimension import Dimension

SHIPPED = Path(__file__).parent.parent / "catalogue"
Text = dict[Literal["zh-CN", "en"], str]
Tier = Annotated[int, Field(ge=1, le=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Indicator(_Strict):
    name: Text
    unit: str
    dimension: Dimension
    plausible: tuple[float, float]
    hj212_code: str | None = None
    limit: float | None = None
    standard: str | None = None


class _Rule(_Strict):
    id: str
    version: int
    industry: str | None
    unit_type: str
    name: Text
    safety: Term
    response: Term
    energy: Term | None
    window_s: float = Field(default=600, gt=0)
    on_delay: int = Field(default=2, ge=1)
    off_delay: int = Field(default=2, ge=1)
    hysteresis: float = Field(default=0.1, ge=0, lt=1)
    risk_points: Text
    safety_standard: Text
    environment_requirement: Text

    def value(self) -> Rule:
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "window_s"}
        return Rule(**fields, window_ms=round(self.window_s * 1000))


class _Baseline(_Strict):
    half_life_s: float = Field(gt=0)
    minimum_readings: int = Field(ge=1)


class _Sampling(_Strict):
    tier_s: dict[Tier, int]
    base_risk_s: list[tuple[float, int]]


class _Deadline(_Strict):
    finish_s: float = Field(gt=0)
    acknowledge_s: float | None = Field(default=None, gt=0)

    def value(self) -> Deadlines:
        return Deadlines(round(self.finish_s * 1000), None if self.acknowledge_s is None else round(self.acknowledge_s * 1000))


class _Score(_Strict):
    base: float
    warning: dict[Tier, float]
    timely: dict[Tier, float]
    late: dict[Tier, float]
    returned: float


class _Document(_Strict):
    version: str
    indicators: dict[str, _Indicator]
    rules: list[_Rule]
    kappa: float = Field(gt=0)
    baseline: _Baseline
    industry_weights: dict[str, float]
    warning_thresholds: dict[str, float]
    size_factors: dict[str, float]
    sampling: _Sampling
    deadlines: dict[Tier, _Deadline]
    score: _Score

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> "_Document":
        for rule in self.rules:
            for term in (rule.safety, rule.response, rule.energy):
                if term is not None and term.indicator not in self.indicators:
                    raise ValueError(f"rule {rule.id}: indicator {term.indicator} is not in the catalogue")
            if rule.industry is not None and rule.industry not in self.industry_weights:
                raise ValueError(f"rule {rule.id}: industry {rule.industry} has no weight")
        if set(self.industry_weights) != set(self.warning_thresholds):
            raise ValueError("industry_weights and warning_thresholds must name the same industries")
        if not self.sampling.base_risk_s or self.sampling.base_risk_s[-1][0] != 0:
            raise ValueError("sampling.base_risk_s must end with an entry for base risk 0")
        return self


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
    )


def shipped_document() -> dict[str, Any]:
    """The catalogue that comes with the code, as one document."""
    policy: dict[str, Any] = _load("policy")
    return {**policy, "indicators": _load("indicators"), "rules": _load("rules")}


@cache
def shipped() -> Catalogue:
    return parse(shipped_document())


def _fields(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _load(name: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
