"""One enterprise under evaluation, for tests of the domain: readings in, decisions out, in domain words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.catalogue import Catalogue, Rule, Term, Trigger, TriggerKind
from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.evaluation import Decision, evaluate
from chalicelib.domain.plan import Plan, make_plan
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.state import IDLE, EnterpriseState, RuleState

START_MS = 1_772_416_800_000
MINUTE_S = 60.0
Reading = float | tuple[float, str]  # a value, or a value with its flag
NOMINAL: dict[str, Any] = {
    "temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
    "voc": {"indicator": "voc", "nominal": 30.0},
    "steam": {"indicator": "steam_flow", "nominal": 100.0},
}


def enterprise(industry: str = "circular_chemical", size: str = "medium") -> Enterprise:
    return Enterprise("acme", "Acme", "91110000MA01A2B34H", industry, size, "east")


def catalogue_with(rule: str = "reactor-temperature-voc", **changes: Any) -> Catalogue:
    """The shipped catalogue with one rule changed. `safety`, `response` and `energy` may be given as triggers."""
    known = shipped()
    for leg in ("safety", "response", "energy"):
        if isinstance(changes.get(leg), Trigger):
            term = getattr(the_rule(known, rule), leg)
            changes[leg] = Term(term.indicator, changes[leg])
    rules = tuple(replace(one, **changes) if one.id == rule else one for one in known.rules)
    return replace(known, rules=rules)


def the_rule(catalogue: Catalogue, rule_id: str) -> Rule:
    (rule,) = (one for one in catalogue.rules if one.id == rule_id)
    return rule


def above(delta: float) -> Trigger:
    return Trigger(TriggerKind.ABOVE_THRESHOLD_BY, delta)


class Plant:
    """A unit whose points are named as in `points`; more units by `unit/name`. Every reads() is one upload."""

    def __init__(
        self,
        points: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        unit_type: str = "reactor",
        industry: str = "circular_chemical",
        size: str = "medium",
        catalogue: Catalogue | None = None,
    ) -> None:
        registered = tuple(
            Point(**{"id": name, "enterprise_id": "acme", "unit_id": _unit_of(name), **fields})
            for name, fields in (points or NOMINAL).items()
        )
        units = tuple(
            Unit(unit_id, "acme", unit_id, unit_type) for unit_id in dict.fromkeys(p.unit_id for p in registered)
        )
        self.catalogue = catalogue or shipped()
        self.plan: Plan = make_plan(Profile(enterprise(industry, size), units, registered), self.catalogue)
        self.state = EnterpriseState()
        self.decisions: list[Decision] = []
        self._blocks = 0

    def reads(self, at_s: float, **values: Reading) -> list[Decision]:
        """One upload of one value of each point, all at one instant. Returns what was decided."""
        return self.upload(series(at_s, values))

    def reads_each(self, *rows: tuple[float, Mapping[str, Reading]]) -> list[Decision]:
        return [decision for at_s, values in rows for decision in self.reads(at_s, **values)]

    def stays(self, from_s: float, times: int, step_s: float = MINUTE_S, **values: Reading) -> list[Decision]:
        """The same values again and again."""
        return [decision for n in range(times) for decision in self.reads(from_s + n * step_s, **values)]

    def upload(self, block: Iterable[Series]) -> list[Decision]:
        self._blocks += 1
        self.state, made, *_ = evaluate(self.state, self.plan, block, block_id=f"block-{self._blocks}")
        self.decisions += made
        return made

    def rule(self, rule_id: str = "reactor-temperature-voc", unit_id: str = "r1") -> RuleState:
        return self.state.rules.get((unit_id, rule_id), IDLE)


def _unit_of(name: str) -> str:
    return name.split("/", maxsplit=1)[0] if "/" in name else "r1"


def series(at_s: float, values: Mapping[str, Reading]) -> tuple[Series, ...]:
    at_ms = START_MS + round(at_s * 1000)
    pairs = {name: value if isinstance(value, tuple) else (value, NORMAL) for name, value in values.items()}
    return tuple(Series(name, [at_ms], [value], flag) for name, (value, flag) in pairs.items())


def columns(rows: Sequence[tuple[int, str, float, str]]) -> tuple[Series, ...]:
    """Series out of single readings (time, point, value, flag), in order of time."""
    points = dict.fromkeys(point for _, point, _, _ in rows)
    own = {point: [row for row in rows if row[1] == point] for point in points}
    return tuple(
        Series(point, [r[0] for r in own[point]], [r[2] for r in own[point]], "".join(r[3] for r in own[point]))
        for point in points
    )


def changes(decisions: Iterable[Decision]) -> list[str]:
    """What was decided, in words: "opened 1", "escalated 3", "cleared 3"."""
    return [f"{one.change.value} {one.tier}" for one in decisions]
