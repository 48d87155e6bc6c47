"""What the parts of a catalogue document say of each other: every name that is used must be given, in the right place.

The parts that are sound are checked even where others are not, so that all that is wrong is said at once.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

from pydantic import ValidationError

from chalicelib.adapters.catalogue_parts import LEGS, IndicatorPart, RulePart, Strict, UnitTypePart
from chalicelib.domain.dimension import Dimension

P = TypeVar("P", bound=Strict)
Path = tuple[str | int, ...]
Wrong = tuple[Path, str]


@dataclass(frozen=True)
class Parts:
    """The sound parts of a document by name (rules by place), and every name it gives, of what is not sound too."""

    indicators: Mapping[str, IndicatorPart]
    unit_types: Mapping[str, UnitTypePart]
    rules: Mapping[int, RulePart]
    names: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Parts":
        rules = document.get("rules")
        tables = ("indicators", "unit_types", "standards", "industry_weights", "warning_thresholds")
        return cls(
            _sound(IndicatorPart, _table(document, "indicators")),
            _sound(UnitTypePart, _table(document, "unit_types")),
            _sound(RulePart, dict(enumerate(rules if isinstance(rules, list) else ()))),
            {name: frozenset(_table(document, name)) for name in tables}
            | {
                "sampling": frozenset(_table(_table(document, "sampling"), "industries")),
                "part_weights": frozenset(_table(_table(document, "score"), "part_weights")),
                "prices": frozenset(_table(_table(document, "chain"), "hourly_prices")),
            },
        )


def _table(document: Mapping[str, Any], name: str) -> Mapping[Any, Any]:
    given = document.get(name)
    return given if isinstance(given, Mapping) else {}


def _sound(part: type[P], given: Mapping[Any, Any]) -> dict[Any, P]:
    found: dict[Any, P] = {}
    for name, one in given.items():
        with suppress(ValidationError):
            found[name] = part.model_validate(one)
    return found


def unresolved(parts: Parts) -> Iterator[Wrong]:
    """Every reference that does not hold, with the path of the field that makes it."""
    yield from _industries(parts)
    for name, indicator in parts.indicators.items():
        if indicator.standard is not None and _is_unknown(indicator.standard, "standards", parts):
            yield ("indicators", name, "standard"), f"{indicator.standard} is not among the standards"
        if indicator.clause is not None and indicator.standard is None:
            yield ("indicators", name, "clause"), "names no standard"
    for name, unit_type in parts.unit_types.items():
        for path, message in _of_unit_type(unit_type, parts):
            yield ("unit_types", name, *path), message
    for at, rule in parts.rules.items():
        for path, message in _of_rule(rule, parts):
            yield ("rules", at, *path), message
    for name in sorted(map(str, parts.names["prices"] - parts.names["indicators"])):
        yield ("chain", "hourly_prices", name), f"{name} is not in the catalogue"
    yield from _rule_ids(parts)


def _is_unknown(name: str, table: str, parts: Parts) -> bool:
    """Standards and unit types are known by name only where the document has such a table at all."""
    return name not in parts.names[table] and (bool(parts.names[table]) or table not in ("standards", "unit_types"))


def _industries(parts: Parts) -> Iterator[Wrong]:
    weights, thresholds = parts.names["industry_weights"], parts.names["warning_thresholds"]
    if weights and weights != thresholds:
        yield ("warning_thresholds",), "must name the same industries as industry_weights"
    for name in sorted(parts.names["sampling"] - weights):
        yield ("sampling", "industries", name), f"{name} has no weight"
    for name in sorted(parts.names["part_weights"] - weights):
        yield ("score", "part_weights", name), f"{name} has no weight"


def _of_unit_type(unit_type: UnitTypePart, parts: Parts) -> Iterator[Wrong]:
    for at, industry in enumerate(unit_type.industries or ()):
        if industry not in parts.names["industry_weights"]:
            yield ("industries", at), f"{industry} has no weight"
    own: set[str] = set()
    for dimension in Dimension:
        for at, name in enumerate(getattr(unit_type, dimension)):
            own.add(name)
            if name not in parts.names["indicators"]:
                yield (dimension.value, at), f"{name} is not in the catalogue"
            elif name in parts.indicators and parts.indicators[name].dimension is not dimension:
                yield (dimension.value, at), f"{name} belongs to {parts.indicators[name].dimension}"
    for role, name in unit_type.roles.items():
        if name not in own:
            yield ("roles", role.value), f"{name} is not an indicator of this unit type"


def _of_rule(rule: RulePart, parts: Parts) -> Iterator[Wrong]:
    is_known = rule.industry is None or rule.industry in parts.names["industry_weights"]
    if not is_known:
        yield ("industry",), f"{rule.industry} has no weight"
    unit_type = parts.unit_types.get(rule.unit_type)
    if _is_unknown(rule.unit_type, "unit_types", parts):
        yield ("unit_type",), f"{rule.unit_type} is not a unit type"
    elif is_known and unit_type and unit_type.industries and rule.industry not in (None, *unit_type.industries):
        yield ("industry",), f"{rule.unit_type} does not occur in {rule.industry}"
    for leg in LEGS:
        term = getattr(rule, leg)
        if term is None:
            continue
        if term.indicator not in parts.names["indicators"]:
            yield (leg, "indicator"), f"{term.indicator} is not in the catalogue"
        elif unit_type and all(term.indicator not in getattr(unit_type, dimension) for dimension in Dimension):
            yield (leg, "indicator"), f"{term.indicator} is not an indicator of {rule.unit_type}"
    for at, standard in enumerate(rule.standards):
        if _is_unknown(standard, "standards", parts):
            yield ("standards", at), f"{standard} is not among the standards"


def _rule_ids(parts: Parts) -> Iterator[Wrong]:
    """Ids are unique, every parent is a rule, and no rule is its own ancestor."""
    place: dict[str, int] = {}
    for at, rule in parts.rules.items():
        if rule.id in place:
            yield ("rules", at, "id"), f"{rule.id} stands there twice"
        place.setdefault(rule.id, at)
    for at, rule in parts.rules.items():
        for parent in rule.inhibited_by:
            if parent not in place:
                yield ("rules", at, "inhibited_by"), f"{parent} is not a rule of the catalogue"
    try:
        TopologicalSorter({rule.id: rule.inhibited_by for rule in parts.rules.values()}).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        yield ("rules", min(place[name] for name in ring), "inhibited_by"), f"{' <- '.join(ring)} inhibit each other"
