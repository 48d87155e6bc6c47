"""The picture of a part of the park from figures that are kept: so many reads for a page, however many enterprises there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.dashboard import NOW, PARK, Generations, Tally, enterprise_node, summed
from chalicelib.domain.dashboard_figures import Figures, figures_of
from chalicelib.domain.dashboard_scope import Level, NodeName, Scope, name_of, scope_of
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.score import month_of
from chalicelib.ports import BlockRepo, Clock, DashboardRepo, Page, RegistryRepo

Tallies = Mapping[tuple[str, str], Tally]


@dataclass(frozen=True, slots=True)
class DashboardQuery:
    """None: all that the person sees. `month` is YYYY-MM."""

    region: str | None = None
    industry: str | None = None
    enterprise_id: str | None = None
    month: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    what: NodeName
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Picture:
    """`last_data_at_ms` is of a single enterprise: when its newest readings came."""

    node: Node
    month: str
    children: Page[Node]
    generations: Generations
    last_data_at_ms: int | None = None


def read_dashboard(
    query: DashboardQuery,
    person: Person,
    cursor: str | None,
    limit: int,
    *,
    dashboard: DashboardRepo,
    registry: RegistryRepo,
    blocks: BlockRepo,
    clock: Clock,
    zone: tzinfo,
) -> Picture:
    """Raises NotFound for what there is not, or is not theirs to see."""
    require(person, Action.READ_DASHBOARD)
    month = query.month or month_of(clock.now_ms(), zone)
    profile = _profile(query, person, registry)
    scope = scope_of(person, query.region, query.industry) if profile is None else _branch(profile)
    generations = dashboard.generations()
    live = generations.live
    below = dashboard.children(live, scope.listed, cursor, limit) if scope.listed else Page(_unnamed(scope), None)
    nodes = [*scope.nodes, *(node for node, _ in below.items)]
    known = dashboard.tallies(live, [(node, sk) for node in nodes for sk in (NOW, month)])
    if scope.level in (Level.REGION, Level.INDUSTRY, Level.GROUP) and not _is_known(scope, known):
        raise NotFound(what=scope.level.value)
    children = tuple(
        Node(name_of(node), _called(node, name, profile), _figures((node,), month, known))
        for node, name in below.items
        if _is_below(scope, known[node, NOW])
    )
    newest = None if profile is None else blocks.newest(profile.enterprise.id)
    return Picture(
        Node(
            _own_name(scope, profile), profile.enterprise.name if profile else "", _figures(scope.nodes, month, known)
        ),
        month,
        Page(children, below.cursor),
        generations,
        None if newest is None else newest.received_at_ms,
    )


def _profile(query: DashboardQuery, person: Person, registry: RegistryRepo) -> Profile | None:
    """Of the enterprise that is asked for, or that the person is of."""
    asked = query.enterprise_id or (person.enterprise_id if person.role is Role.ENTERPRISE else None)
    if asked is None:
        return None
    profile = registry.profile(asked)
    one = None if profile is None else profile.enterprise
    if one is None or not can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry):
        raise NotFound(what="enterprise")
    if query.region not in (None, one.region) or query.industry not in (None, one.industry):
        raise NotFound(what="enterprise")
    return profile


def _branch(profile: Profile) -> Scope:
    node = enterprise_node(profile.enterprise.id)
    return Scope(Level.ENTERPRISE, (node,), node)


def _unnamed(scope: Scope) -> tuple[tuple[str, str], ...]:
    return tuple((node, "") for node in scope.chosen)


def _is_known(scope: Scope, known: Tallies) -> bool:
    return any(known[node, NOW].version for node in scope.nodes)


def _is_below(scope: Scope, tally: Tally) -> bool:
    """An enterprise that moves stands in two lists for a moment; it is shown where it is counted."""
    return tally.place is None or scope.listed == tally.place.group or scope.level is Level.ENTERPRISE


def _called(node: str, name: str, profile: Profile | None) -> str:
    unit = None if profile is None else profile.units_by_id.get(name_of(node).id)
    return name if unit is None else unit.name


def _figures(nodes: Iterable[str], month: str, known: Tallies) -> Figures:
    return figures_of(*(_added([known[node, sk] for node in nodes]) for sk in (NOW, month)))


def _added(tallies: list[Tally]) -> Tally:
    return Tally(summed(one.counts for one in tallies), max((one.at_ms for one in tallies), default=0))


def _own_name(scope: Scope, profile: Profile | None) -> NodeName:
    if profile is not None:
        one = profile.enterprise
        return NodeName(Level.ENTERPRISE, one.region, one.industry, one.id)
    return NodeName(scope.level) if scope.level is Level.OWN or scope.nodes == (PARK,) else name_of(scope.nodes[0])
