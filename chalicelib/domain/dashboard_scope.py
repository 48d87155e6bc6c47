"""Which part of the picture a person asks for, and may see: whole regions or industries, joint groups, or one enterprise's branch.

Figures of a node are those of all that is in it, so a node is shown only to who may see all of it. Who may see a part of the park has the
sum of that part's nodes.
"""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dashboard import PARK, Place, industry_node, region_node
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person, Role


class Level(StrEnum):
    PARK = "park"
    REGION = "region"
    INDUSTRY = "industry"
    GROUP = "group"
    ENTERPRISE = "enterprise"
    UNIT = "unit"
    OWN = "own"  # the regions or joint groups that are a person's, together


@dataclass(frozen=True, slots=True)
class Scope:
    """`nodes` whose figures are added. What is below is either listed under a node, or `chosen`."""

    level: Level
    nodes: tuple[str, ...]
    listed: str = ""
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeName:
    """What a node is, by its parts."""

    level: Level
    region: str = ""
    industry: str = ""
    id: str = ""


def scope_of(person: Person, region: str | None, industry: str | None) -> Scope:
    """Of anything above an enterprise. Raises NotFound for what is not theirs."""
    own_regions, own_industries = _own(person)
    regions = _within(region, own_regions, "region")
    industries = _within(industry, own_industries, "industry")
    if regions is None and industries is None:
        return _listed(Level.PARK, PARK)
    if regions is None and industry is not None:
        return _listed(Level.INDUSTRY, industry_node(industry))
    if region is not None and industries is None:
        return _listed(Level.REGION, region_node(region))
    if region is not None and industry is not None:
        return _listed(Level.GROUP, Place(region, industry).group)
    return _chosen(regions or (), industries)


def _listed(level: Level, node: str) -> Scope:
    return Scope(level, (node,), node)


def _chosen(regions: tuple[str, ...], industries: tuple[str, ...] | None) -> Scope:
    if industries is None:
        nodes = tuple(region_node(one) for one in sorted(regions))
    else:
        nodes = tuple(Place(one, other).group for one in sorted(regions) for other in sorted(industries))
    return Scope(Level.OWN, nodes, chosen=nodes)


def _own(person: Person) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Regions and industries that a person is bound to; None: all."""
    if person.role is Role.INSPECTOR:
        return person.regions, person.industries
    if person.role is Role.DEPARTMENT and person.regions:
        return person.regions, None
    return None, None


def _within(asked: str | None, own: tuple[str, ...] | None, what: str) -> tuple[str, ...] | None:
    if asked is None:
        return own
    if own is not None and asked not in own:
        raise NotFound(what=what)
    return (asked,)


def name_of(node: str) -> NodeName:
    kind, _, rest = node.partition(":")
    if kind == "group":
        region, _, industry = rest.partition("|")
        return NodeName(Level.GROUP, region, industry)
    match Level(kind):
        case Level.REGION:
            return NodeName(Level.REGION, region=rest)
        case Level.INDUSTRY:
            return NodeName(Level.INDUSTRY, industry=rest)
        case level:
            return NodeName(level, id=rest)
