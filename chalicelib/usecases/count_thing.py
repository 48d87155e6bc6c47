"""Keep the figures of the dashboard: whenever something that counts was written, count it as it is now in the place of what was counted before.

What was counted is read before the thing itself is, and replaced only if it is still that: who is overtaken between the two begins again,
so that nobody counts an older state over a newer one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from chalicelib.domain.coupling import base_risk
from chalicelib.domain.dashboard import (
    NOW,
    Facet,
    Home,
    Place,
    Thing,
    ThingKind,
    ThingTouched,
    enterprise_node,
)
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import Busy, WriteConflict
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.facets import (
    of_enterprise,
    of_observation,
    of_score,
    of_source,
    of_task,
    of_unit,
    of_warning,
)
from chalicelib.domain.score import Score
from chalicelib.ports import (
    BlockRepo,
    CatalogueRepo,
    Clock,
    DashboardRepo,
    ObservationRepo,
    Patience,
    RegistryRepo,
    ScoreRepo,
    TaskRepo,
    WarningRepo,
)
from chalicelib.usecases.score_task import standing_score

ATTEMPTS = 12
ENTERPRISE, JOINT = "enterprise:", "joint:"
GRACE_MS = 5 * 60_000  # a bridge's line may be slow, and a round of sampling takes its time


@dataclass(frozen=True, slots=True)
class DashboardDesk:
    """All that is counted, and where the figures are."""

    dashboard: DashboardRepo
    tasks: TaskRepo
    warnings: WarningRepo
    observations: ObservationRepo
    scores: ScoreRepo
    registry: RegistryRepo
    catalogues: CatalogueRepo
    blocks: BlockRepo
    patience: Patience
    clock: Clock
    zone: tzinfo


def count_thing(touched: ThingTouched, *, dashboard_desk: DashboardDesk) -> int:
    """Count something as it now is. Returns how many generations of the figures changed; doing it twice changes nothing the second time."""
    kept = dashboard_desk.dashboard.generations().kept
    return sum(count_things(one, touched.anchor, (touched.thing,), dashboard_desk) for one in kept)


def count_registered(changed: RegistryChanged, *, dashboard_desk: DashboardDesk) -> int:
    """Have an enterprise and its units stand where the registry now says."""
    scope = changed.scope
    if not scope.startswith(ENTERPRISE):
        return 0
    desk = dashboard_desk
    desk.registry.forget()
    return sum(settle_in(one, scope.removeprefix(ENTERPRISE), desk) for one in desk.dashboard.generations().kept)


def settle_in(generation: int, enterprise_id: str, desk: DashboardDesk) -> int:
    """Count that it is there, with its units, and again what follows from its industry. Returns how many were counted otherwise."""
    profile = desk.registry.profile(enterprise_id)
    if profile is None:
        return 0
    anchor = enterprise_node(enterprise_id)
    months = [one for one in desk.dashboard.months(generation, anchor) if one != NOW]
    things = [Thing(ThingKind.ENTERPRISE), *(Thing(ThingKind.UNIT, unit.id) for unit in profile.units)]
    things += [Thing(ThingKind.SCORE, month) for month in months]
    changed = count_things(generation, anchor, things, desk)
    rehome(generation, profile.enterprise, desk)
    return changed


def rehome(generation: int, one: Enterprise, desk: DashboardDesk) -> bool:
    """Have its figures stand where it belongs. Returns whether they stood elsewhere."""
    anchor = enterprise_node(one.id)
    for attempt in range(ATTEMPTS):
        try:
            return desk.dashboard.rehome(generation, anchor, _home(one), desk.clock.now_ms())
        except WriteConflict:
            desk.patience.wait(attempt)
    raise Busy(reason="contention")


def count_things(generation: int, anchor: str, things: Sequence[Thing], desk: DashboardDesk) -> int:
    """Count some things of an anchor in one generation. Returns how many were counted otherwise. Raises Busy where others were first all the
    time, and then the record comes again."""
    for attempt in range(ATTEMPTS):
        stored = desk.dashboard.stored(generation, anchor, things)
        facets = facets_of(anchor, things, desk)
        homes = homes_of((anchor, *_sharers(facets), *_sharers(stored.facet(one) for one in things)), desk)
        if anchor not in homes:
            return 0  # nobody knows where it would stand
        try:
            return desk.dashboard.settle(stored, facets, homes, desk.clock.now_ms())
        except WriteConflict:
            desk.patience.wait(attempt)
    raise Busy(reason="contention")


def _sharers(facets: Iterable[Facet]) -> tuple[str, ...]:
    return tuple(enterprise_node(one) for facet in facets for one in facet.shared)


def homes_of(anchors: Iterable[str], desk: DashboardDesk) -> dict[str, Home]:
    """Of those that the registry knows."""
    found = {}
    for anchor in dict.fromkeys(anchors):
        if anchor.startswith(JOINT):
            region, _, industry = anchor.removeprefix(JOINT).partition("|")
            found[anchor] = Home(Place(region, industry))
        elif (profile := desk.registry.profile(anchor.removeprefix(ENTERPRISE))) is not None:
            found[anchor] = _home(profile.enterprise)
    return found


def _home(one: Enterprise) -> Home:
    return Home(Place(one.region, one.industry), one.name)


def facets_of(anchor: str, things: Sequence[Thing], desk: DashboardDesk) -> list[Facet]:
    """What each adds as it is now; nothing, where it is not there (any more)."""
    ids = {kind: [one.id for one in things if one.kind is kind] for kind in ThingKind}
    tasks = desk.tasks.many(ids[ThingKind.TASK])
    warnings = desk.warnings.many(ids[ThingKind.WARNING])
    observations = desk.observations.many(ids[ThingKind.OBSERVATION])
    found = [of_task(one, desk.zone) for one in tasks]
    found += [of_warning(one, desk.zone) for one in warnings]
    found += [of_observation(one, desk.zone) for one in observations]
    rest = [one for one in things if one.kind in OF_ENTERPRISE]
    found += _of_enterprise(anchor.removeprefix(ENTERPRISE), rest, desk) if rest else []
    known = {one.thing: one for one in found}
    return [known.get(one, Facet(one)) for one in things]


OF_ENTERPRISE = frozenset({ThingKind.SCORE, ThingKind.ENTERPRISE, ThingKind.UNIT, ThingKind.SOURCE})


def _of_enterprise(enterprise_id: str, things: Iterable[Thing], desk: DashboardDesk) -> list[Facet]:
    profile = desk.registry.profile(enterprise_id)
    if profile is None:
        return []
    found: list[Facet] = []
    for one in things:
        match one.kind:
            case ThingKind.SCORE:
                found.append(of_score(_score(profile.enterprise, one.id, desk)))
            case ThingKind.UNIT if one.id in profile.units_by_id:
                found.append(of_unit(one.id))
            case ThingKind.ENTERPRISE:
                found.append(of_enterprise())
            case ThingKind.SOURCE:
                found.append(of_source(is_reporting=_is_reporting(profile.enterprise, desk)))
    return found


def _score(one: Enterprise, month: str, desk: DashboardDesk) -> Score:
    now_ms = desk.clock.now_ms()
    return standing_score(one, month, now_ms, scores=desk.scores, catalogues=desk.catalogues, zone=desk.zone)


def _is_reporting(one: Enterprise, desk: DashboardDesk) -> bool:
    """Whether data came within two of the enterprise's sampling intervals."""
    newest = desk.blocks.newest(one.id)
    catalogue = desk.catalogues.current()
    risk = base_risk(catalogue.industry_weight(one.industry), catalogue.size_factors.get(one.size, 1.0))
    within_ms = 2000 * catalogue.sampling_interval_s(risk, None, one.industry) + GRACE_MS
    return newest is not None and newest.received_at_ms >= desk.clock.now_ms() - within_ms
