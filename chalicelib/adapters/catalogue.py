"""Reads a catalogue document into domain values, and refuses a broken one by naming every wrong field.

The shipped catalogue stands as YAML in chalicelib/catalogue; a park's own is the same document, stored in the registry.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from chalicelib.adapters.catalogue_consequences import ConsequencePart, InterviewPart, SupervisionPart
from chalicelib.adapters.catalogue_parts import (
    Code,
    IndicatorPart,
    MeasurePart,
    Name,
    RulePart,
    Strict,
    Text,
    UnitTypePart,
    complete,
)
from chalicelib.adapters.catalogue_policy import (
    TIERS,
    BaselinePart,
    ChainPart,
    ChatteringPart,
    DeadlinePart,
    GroupingPart,
    SamplingPart,
    ScorePart,
    Share,
)
from chalicelib.adapters.catalogue_references import Parts, Wrong, unresolved
from chalicelib.domain.catalogue import Catalogue

SHIPPED = Path(__file__).parent.parent / "catalogue"
PARTS = (
    "indicators",
    "rules",
    "measures",
    "unit_types",
    "standards",
    "consequences",
)  # a file each; policy.yaml has the rest
SIZES = ("large", "medium", "small")
Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]  # it stands in paths


class InvalidDocument(Exception):
    """A document that is no catalogue. `wrong` has the path of each wrong field and what is wrong with it."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(wrong)
        self.wrong = tuple(wrong)


class Document(Strict):
    version: Version
    issued: date | None = Field(default=None, description="the day on which it was written, as far as it says")
    indicators: dict[Name, IndicatorPart] = Field(min_length=1)
    rules: list[RulePart]
    kappa: float = Field(gt=0)
    baseline: BaselinePart
    industry_weights: dict[Name, Share] = Field(min_length=1)
    warning_thresholds: dict[Name, Annotated[float, Field(ge=0, le=100)]]
    size_factors: Annotated[dict[str, Annotated[float, Field(gt=0)]], complete(SIZES)]
    sampling: SamplingPart
    deadlines: Annotated[dict[int, DeadlinePart], complete(TIERS)]
    score: ScorePart
    measures: dict[Code, MeasurePart] = Field(default={}, description="a park that names none asks for none")
    unit_types: dict[Name, UnitTypePart] = Field(default={}, description="none: any type and any indicator of it goes")
    standards: dict[Name, Text] = Field(default={}, description="none: any standard may be named")
    grouping: GroupingPart = GroupingPart()
    chattering: ChatteringPart = ChatteringPart()
    stale_after_s: float = Field(default=86_400, gt=0)
    chain: ChainPart = ChainPart()
    consequences: dict[Code, ConsequencePart] = Field(default={}, description="a park that names none has none")
    supervision: SupervisionPart = SupervisionPart()
    interview: InterviewPart = InterviewPart()

    @property
    def parts(self) -> Parts:
        names = {
            name: frozenset(getattr(self, name))
            for name in ("indicators", "unit_types", "standards", "industry_weights", "warning_thresholds")
        }
        own = {"sampling": frozenset(self.sampling.industries), "part_weights": frozenset(self.score.part_weights)}
        own["prices"] = frozenset(self.chain.hourly_prices)
        rules = dict(enumerate(self.rules))
        return Parts(self.indicators, self.unit_types, rules, names | own)

    def value(self) -> Catalogue:
        return Catalogue(
            version=self.version,
            issued_ms=None if self.issued is None else _midnight_ms(self.issued),
            indicators={key: one.value(key) for key, one in self.indicators.items()},
            rules=tuple(rule.value() for rule in self.rules),
            industry_weights=self.industry_weights,
            warning_thresholds=self.warning_thresholds,
            size_factors=self.size_factors,
            kappa=self.kappa,
            baseline_half_life_ms=round(self.baseline.half_life_s * 1000),
            baseline_minimum=self.baseline.minimum_readings,
            tier_intervals_s=dict(self.sampling.tier_s),
            risk_intervals_s=tuple(self.sampling.base_risk_s),
            deadlines={tier: one.value() for tier, one in self.deadlines.items()},
            score=self.score.value(),
            measures={key: one.value(key) for key, one in self.measures.items()},
            grouping=self.grouping.value(),
            chattering=self.chattering.value(),
            stale_after_ms=round(self.stale_after_s * 1000),
            industry_intervals_s={key: tuple(one) for key, one in self.sampling.industries.items()},
            unit_types={key: one.value(key) for key, one in self.unit_types.items()},
            standards=self.standards,
            chain=self.chain.value(),
            consequences={key: one.value(key) for key, one in self.consequences.items()},
            supervision=self.supervision.value(),
            interview=self.interview.value(),
        )


def _midnight_ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def read(document: Mapping[str, Any]) -> Document:
    """A document with its defaults filled in. Raises InvalidDocument, which names every wrong field."""
    try:
        found = Document.model_validate(document)
    except ValidationError as error:
        own = [(e["loc"], str(e["msg"]).removeprefix("Value error, ")) for e in error.errors()]
        raise InvalidDocument([*own, *unresolved(Parts.of(document))]) from error
    if wrong := list(unresolved(found.parts)):
        raise InvalidDocument(wrong)
    return found


def parse(document: Mapping[str, Any]) -> Catalogue:
    """A catalogue from its document. Raises InvalidDocument, which names every wrong field."""
    return read(document).value()


def shipped_document() -> dict[str, Any]:
    """The catalogue that comes with the code, as one document."""
    policy: dict[str, Any] = read_shipped("policy")
    return policy | {name: read_shipped(name) for name in PARTS}


@cache
def shipped() -> Catalogue:
    return parse(shipped_document())


@cache
def shipped_version() -> str:
    """Its name alone, which a park with a catalogue of its own asks for without reading the rest."""
    found = re.search(r'^version: "(.+)"$', (SHIPPED / "policy.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def read_shipped(name: str) -> Any:
    """What a file of the shipped catalogue says."""
    import yaml  # a park with a catalogue of its own never needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
