"""The catalogue as values: indicators, rules, weights, deadlines, intervals. Data, versioned; a park may change all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.dimension import Dimension

Text = Mapping[str, str]  # language tag -> text; zh-CN and en are always there


class TriggerKind(StrEnum):
    ABOVE_THRESHOLD_BY = "above_threshold_by"
    RELATIVE_RISE = "relative_rise"
    RELATIVE_DROP = "relative_drop"
    ABOVE_LIMIT = "above_limit"
    OUTSIDE_BAND = "outside_band"


@dataclass(frozen=True, slots=True)
class Trigger:
    """`amount` is the delta of above_threshold_by in the indicator's unit, or the fraction of a relative trigger."""

    kind: TriggerKind
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Indicator:
    """`unit` is a UCUM code; `plausible` the range outside which a value cannot be true; `clause` where in `standard` the limit
    stands; `max_rate_per_s` the fastest change that can be true, in the unit per second; `airborne` says that what is measured goes
    with the wind."""

    id: str
    name: Text
    unit: str
    dimension: Dimension
    plausible: tuple[float, float]
    hj212_code: str | None = None
    limit: float | None = None
    standard: str | None = None
    clause: Text | None = None
    max_rate_per_s: float | None = None
    airborne: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One leg of a rule: an indicator and what makes it deviate."""

    indicator: str
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Rule:
    """A coupled risk of a unit type. Durations are event time.

    `response` is the environment term (for rotating equipment the energy term stands in its place).
    `industry` None means any. A warning stays open for `minimum_hold_ms` at least. While a warning of a rule in `inhibited_by` is
    open in the same unit, this rule's is derived from it.
    """

    id: str
    version: int
    industry: str | None
    unit_type: str
    name: Text
    safety: Term
    response: Term
    energy: Term | None
    window_ms: int
    on_delay: int
    off_delay: int
    hysteresis: float
    risk_points: Text
    safety_standard: Text
    environment_requirement: Text
    minimum_hold_ms: int = 60_000
    inhibited_by: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()


class UnitRole(StrEnum):
    """What an indicator tells of its unit beside its value: that treatment runs, how hard the unit is worked."""

    TREATMENT_POWER = "treatment_power"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class UnitType:
    """What stands in a plant: its indicators by dimension, read together. `industries` None: it occurs in any.

    `freeze_sensitive`: a freeze may burst it. `watches_the_park`: a station that measures the park itself, not a plant.
    """

    id: str
    name: Text
    industries: tuple[str, ...] | None
    tags: Mapping[Dimension, tuple[str, ...]]
    roles: Mapping[UnitRole, str]
    freeze_sensitive: bool = False
    watches_the_park: bool = False

    @property
    def indicators(self) -> tuple[str, ...]:
        return tuple(indicator for indicators in self.tags.values() for indicator in indicators)

    def occurs_in(self, industry: str) -> bool:
        return self.industries is None or industry in self.industries


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Of one tier, from dispatch. `acknowledge_ms` None: no acknowledgement is asked."""

    finish_ms: int
    acknowledge_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """What a warning costs for standing: nothing for `free_ms`, then `hour` for each begun hour, but no more than `most`. Both are negative."""

    free_ms: int
    hour: float
    most: float

    def points(self, stood_ms: int) -> float:
        hours = max(-((self.free_ms - stood_ms) // 3_600_000), 0)
        return max(hours * self.hour, self.most)


Steps = tuple[tuple[float, float], ...]  # (share below, points), by rising share


@dataclass(frozen=True, slots=True)
class MonthPolicy:
    """What a month adds to its own ledger once it is over, and to the next one's. It is settled `settle_after_ms` after its end.

    `rectification` and `data` are steps: the first whose share is not reached counts. Exceedances beyond `exceedances_free` cost `exceedance` each,
    `exceedances_most` in all. `carried` of what is missing to the base goes on into the next month, `carried_repaired` where all that was
    due is done, `carried_most` at most; so that what it was fades by that share from month to month.
    """

    settle_after_ms: int
    rectified: float
    rectification: Steps
    exceedances_free: int
    exceedance: float
    exceedances_most: float
    data: Steps
    checked_hours: int
    carried: float
    carried_repaired: float
    carried_most: float


@dataclass(frozen=True, slots=True)
class SupervisionPolicy:
    """Listed with a rectification rate under `rate_below` AND more than `exceedances_over` exceedances in a month; taken off at the settlement
    of a later month with a rate of `off_rate` or more and not more than `off_exceedances`."""

    rate_below: float
    exceedances_over: int
    off_rate: float
    off_exceedances: int


@dataclass(frozen=True, slots=True)
class InterviewPolicy:
    score_below: float
    months: int


@dataclass(frozen=True, slots=True)
class Amount:
    value: float
    unit: str
    is_most: bool


@dataclass(frozen=True, slots=True)
class ConsequenceRule:
    """A measure that follows from a grade, or from key supervision. `until_grade`: the grade, or a better one, that ends it; None with a
    grade as its cause: any other grade does. `unlocked_by_work`: it ends as soon as no task is open, too."""

    id: str
    name: Text
    cause: str
    until_grade: str | None = None
    unlocked_by_work: bool = False
    visits_weekly: bool = False
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class ChainShare:
    """What partners of a chain share of each other's month: `share_of` of what a partner's result is above or below `mark`, by how strongly
    they are linked, and no more than `most` points in all, up or down."""

    share_of: float = 0.1
    mark: float = 90.0
    most: float = 3.0


@dataclass(frozen=True, slots=True)
class TrainingPoints:
    """Of a course that one of an enterprise's people has passed, and of a deadline that was missed there."""

    passed: float = 0.5
    missed: float = -2.0


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """Points of a month's ledger; deductions are negative.

    A warning that stands longer than `free_ms` costs `hour` for each begun hour more, `most` in all. A hazard that an enterprise reports
    of itself earns `reported`, `reported_most` in a month; one that others find there costs by its tier. `part_weights` say by industry
    how much each part of a score weighs; they add up to 1, and `other_weights` is for industries that are not named.
    """

    base: float
    warning: Mapping[int, float]
    timely: Mapping[int, float]
    late: Mapping[int, float]
    returned: float
    duration: Duration
    reported: float
    reported_most: float
    found: Mapping[int, float]
    part_weights: Mapping[str, Mapping[Dimension, float]]
    other_weights: Mapping[Dimension, float]
    objection_days: int
    judging_days: int
    month: MonthPolicy
    chain: ChainShare = ChainShare()
    training: TrainingPoints = TrainingPoints()
    training_most: float = 3.0  # that passes earn in a month

    def weights_of(self, industry: str) -> Mapping[Dimension, float]:
        return self.part_weights.get(industry, self.other_weights)


@dataclass(frozen=True, slots=True)
class ChainPolicy:
    """When what is given counts as back within its receiver's limit: `off_delay` readings and more, over `hold_ms` at least, not above the
    limit less `hysteresis` of it. `hourly_prices` say by indicator what one unit of it more costs in an hour, in `currency`."""

    hysteresis: float = 0.1
    off_delay: int = 2
    hold_ms: int = 1_800_000
    hourly_prices: Mapping[str, float] = field(default_factory=dict)
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Measure:
    """What the park may ask of a plant, under a stable code."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class Grouping:
    """Warnings of one enterprise within `wait_ms` are told together; more than `flood_count` of a group within
    `flood_window_ms` are a flood."""

    wait_ms: int
    flood_count: int
    flood_window_ms: int


@dataclass(frozen=True, slots=True)
class Chattering:
    """A rule of a unit that opens `count` times within `window_ms` chatters."""

    count: int
    window_ms: int


@dataclass(frozen=True)
class Catalogue:
    version: str
    indicators: Mapping[str, Indicator]
    rules: tuple[Rule, ...]
    industry_weights: Mapping[str, float]
    warning_thresholds: Mapping[str, float]
    size_factors: Mapping[str, float]
    kappa: float
    baseline_half_life_ms: int
    baseline_minimum: int
    tier_intervals_s: Mapping[int, int]
    risk_intervals_s: tuple[tuple[float, int], ...]  # (base risk at least, interval), falling
    deadlines: Mapping[int, Deadlines]
    score: ScorePolicy
    measures: Mapping[str, Measure]
    grouping: Grouping
    chattering: Chattering
    stale_after_ms: int  # a warning that stands open longer is stale
    industry_intervals_s: Mapping[str, tuple[tuple[float, int], ...]]  # in place of risk_intervals_s
    issued_ms: int | None  # when it was written, as far as it says
    unit_types: Mapping[str, UnitType]  # none: any type and any indicator of it goes
    standards: Mapping[str, Text]
    consequences: Mapping[str, ConsequenceRule]
    supervision: SupervisionPolicy
    interview: InterviewPolicy
    chain: ChainPolicy = field(default_factory=ChainPolicy)

    @property
    def freeze_sensitive(self) -> frozenset[str]:
        return frozenset(one.id for one in self.unit_types.values() if one.freeze_sensitive)

    @property
    def public_stations(self) -> frozenset[str]:
        return frozenset(one.id for one in self.unit_types.values() if one.watches_the_park)

    def rules_for(self, industry: str, unit_type: str) -> tuple[Rule, ...]:
        return tuple(r for r in self.rules if r.unit_type == unit_type and r.industry in (None, industry))

    def indicators_of(self, unit_type: str) -> tuple[str, ...]:
        """What may be measured at a unit of a type; of a type that this version does not know, anything."""
        known = self.unit_types.get(unit_type)
        return tuple(self.indicators) if known is None else known.indicators

    def is_airborne(self, rule_id: str) -> bool:
        """Whether what a rule warns of goes with the wind. Of a rule that this version does not know, it may."""
        rule = next((one for one in self.rules if one.id == rule_id), None)
        terms = () if rule is None else (rule.safety, rule.response)
        return rule is None or any(self.indicators[term.indicator].airborne for term in terms)

    def industry_weight(self, industry: str) -> float:
        """An industry that this version does not know is judged like the heaviest that it knows."""
        return self.industry_weights.get(industry, max(self.industry_weights.values()))

    def warning_threshold(self, industry: str) -> float:
        """As with the weight: what is not known is watched as closely as anything."""
        return self.warning_thresholds.get(industry, min(self.warning_thresholds.values()))

    def sampling_interval_s(self, base_risk: float, tier: int | None, industry: str = "") -> int:
        """How often a unit should be sampled: by its open warning's tier, else by its base risk (as its industry asks)."""
        if tier is not None:
            return self.tier_intervals_s[tier]
        intervals = self.industry_intervals_s.get(industry, self.risk_intervals_s)
        return next(interval for least, interval in intervals if base_risk >= least)
