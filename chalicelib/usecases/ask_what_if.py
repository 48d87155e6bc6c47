"""Judge stored readings again under another version of the catalogue, and say what would have been different. Nothing is changed."""

from dataclasses import dataclass

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound, TooLarge
from chalicelib.domain.evaluation import evaluate
from chalicelib.domain.late import gather
from chalicelib.domain.plan import Plan, make_plan
from chalicelib.domain.reading import Series
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.what_if import Comparison, Supposed, compare, supposed
from chalicelib.ports import BlockRepo, CatalogueRepo, RegistryRepo, StateRepo

DAY_MS = 86_400_000
MAX_SPAN_MS = 31 * DAY_MS
MAX_READINGS = 400_000  # judged twice within the API's time
WARM_UP_MS = 7 * DAY_MS  # how old what is known of a unit's baselines may be at most


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`against` None: what is in force now."""

    enterprise_id: str
    from_ms: int
    to_ms: int
    version: str
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`readings` that were judged; the warnings of `against` and of `version`, and what differs."""

    version: str
    against: str
    readings: int
    warnings_against: tuple[Supposed, ...]
    warnings: tuple[Supposed, ...]
    comparison: Comparison


def ask_what_if(
    asked: WhatIf, *, registry: RegistryRepo, catalogues: CatalogueRepo, blocks: BlockRepo, states: StateRepo
) -> Answer:
    """Both catalogues judge the readings of from_ms <= t < to_ms, from the same baselines and with nothing open.

    Raises NotFound (enterprise, catalogue_version), InvalidRequest, TooLarge.
    """
    profile = registry.profile(asked.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    if not asked.from_ms < asked.to_ms <= asked.from_ms + MAX_SPAN_MS:
        raise InvalidRequest(errors=[FieldError("to", "range", str(MAX_SPAN_MS // DAY_MS))])
    catalogue = _version(asked.version, catalogues)
    against = catalogues.current() if asked.against is None else _version(asked.against, catalogues)
    plans = [_plan(profile, one, field) for one, field in ((against, "against"), (catalogue, "version"))]
    state, series = _history(asked, plans, blocks, states)
    first, other = (supposed(evaluate(state, plan, series).decisions, asked.from_ms) for plan in plans)
    readings = sum(map(len, series))
    return Answer(catalogue.version, against.version, readings, first, other, compare(first, other))


def _version(name: str, catalogues: CatalogueRepo) -> Catalogue:
    found = catalogues.version(name)
    if found is None:
        raise NotFound(what="catalogue_version")
    return found


def _plan(profile: Profile, catalogue: Catalogue, field: str) -> Plan:
    """A draft may not know what is registered: of that there is nothing to suppose."""
    enterprise = profile.enterprise
    for part, name in (
        (catalogue.industry_weights, enterprise.industry),
        (catalogue.warning_thresholds, enterprise.industry),
        (catalogue.size_factors, enterprise.size),
    ):
        if name not in part:
            raise InvalidRequest(errors=[FieldError(field, "in_use", name)])
    return make_plan(profile, catalogue)


def _history(
    asked: WhatIf, plans: list[Plan], blocks: BlockRepo, states: StateRepo
) -> tuple[EnterpriseState, list[Series]]:
    """What was known of each point's baseline before, and the readings since then."""
    units = {unit for plan in plans for unit in plan.watches_of_unit}
    points = {unit: [p.id for p in plans[0].profile.points_of(unit)] for unit in units}
    begin_ms = dict.fromkeys(units, asked.from_ms)
    state = EnterpriseState()
    for unit in sorted(units):
        kept = states.checkpoints(asked.enterprise_id, unit, asked.from_ms, asked.from_ms - WARM_UP_MS)
        if (checkpoint := next(iter(kept), None)) is not None:
            known = EnterpriseState(points=checkpoint.state.points)
            state, begin_ms[unit] = state.with_units({unit: points[unit]}, known), checkpoint.at_ms
    stored = list(blocks.between(asked.enterprise_id, min(begin_ms.values(), default=asked.from_ms), asked.to_ms))
    if (count := sum(block.readings for block in stored)) > MAX_READINGS:
        raise TooLarge(what="readings", given=count, allowed=MAX_READINGS)
    series = [one for unit in sorted(units) for one in gather(stored, points[unit], begin_ms[unit], asked.to_ms - 1)]
    return state, series
