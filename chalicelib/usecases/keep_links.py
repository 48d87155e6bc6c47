"""Keep the links of the chain: what the park registers of who gives what to whom, and what of it a person may see."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.chain import Link, Place
from chalicelib.domain.coupling import ROUNDING
from chalicelib.domain.enterprise import Enterprise, Unit
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.link_cursor import from_cursor, to_cursor
from chalicelib.domain.person import Person
from chalicelib.domain.ucum import convertible_to
from chalicelib.ports import CatalogueRepo, LinkRepo, RegistryRepo


@dataclass(frozen=True, slots=True)
class Node:
    """An end of a link. `unit` is None where the person knows the enterprise as a partner only."""

    place: Place
    enterprise: Enterprise
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Chain:
    """Nodes by place, edges by id: those of a page, and the ends that these have. `cursor`: there are more behind it."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    cursor: str | None = None


def put_link(link: Link, person: Person, *, links: LinkRepo, registry: RegistryRepo, catalogues: CatalogueRepo) -> Link:
    """Register a link, or change it. Raises InvalidRequest with what does not fit, ContentConflict for a link between others."""
    require(person, Action.KEEP_LINK)
    links.forget()
    wrong = [
        *_wrong_ends(link, registry),
        *_wrong_indicators(link, registry, catalogues),
        *_wrong_share(link, links),
    ]
    if wrong:
        raise InvalidRequest(errors=wrong)
    links.put(link)
    return link


def _wrong_ends(link: Link, registry: RegistryRepo) -> Iterable[FieldError]:
    if link.giver.enterprise_id == link.receiver.enterprise_id:
        yield FieldError("receiver.enterprise_id", "same_enterprise", link.receiver.enterprise_id)
    for name, place in (("giver", link.giver), ("receiver", link.receiver)):
        profile = registry.profile(place.enterprise_id)
        if profile is None:
            yield FieldError(f"{name}.enterprise_id", "unknown_enterprise", place.enterprise_id)
        elif place.unit_id not in profile.units_by_id:
            yield FieldError(f"{name}.unit_id", "unknown_unit", place.unit_id)


def _wrong_indicators(link: Link, registry: RegistryRepo, catalogues: CatalogueRepo) -> Iterable[FieldError]:
    """Indicators are measured at the giver, and limits are given in a unit that their values can be told in."""
    unit, catalogue = registry.unit(link.giver.unit_id), catalogues.current()
    allowed = catalogue.indicators_of(unit.type) if unit else ()
    seen: set[str] = set()
    for at, one in enumerate(link.carries):
        if one.indicator in seen:
            yield FieldError(f"carries.{at}.indicator", "repeated", one.indicator)
        elif unit and one.indicator not in allowed:
            yield FieldError(f"carries.{at}.indicator", "unknown_indicator", ", ".join(sorted(allowed)))
        elif unit and one.unit not in (units := convertible_to(catalogue.indicators[one.indicator].unit)):
            yield FieldError(f"carries.{at}.unit", "wrong_unit", ", ".join(units))
        seen.add(one.indicator)


def _wrong_share(link: Link, links: LinkRepo) -> Iterable[FieldError]:
    others = sum(
        one.share
        for one in links.of_enterprise(link.giver.enterprise_id)
        if one.id != link.id and one.giver == link.giver and one.material == link.material
    )
    if others + link.share > 1 + ROUNDING:
        yield FieldError("share", "shares_exceed", f"{others:g}")


def see_link(link_id: str, person: Person, *, links: LinkRepo, registry: RegistryRepo) -> Link:
    """Raises NotFound for a link that is not there, or is between others."""
    require(person, Action.READ_CHAIN)
    link = links.get(link_id)
    if link is None or not _may_see(person, link, registry):
        raise NotFound(what="link")
    return link


def delete_link(link_id: str, person: Person, *, links: LinkRepo) -> None:
    """Take a link away. Raises NotFound where there is none."""
    require(person, Action.KEEP_LINK)
    link = links.get(link_id)
    if link is None:
        raise NotFound(what="link")
    links.delete(link)


def see_chain(
    person: Person,
    region: str | None,
    cursor: str | None = None,
    limit: int | None = None,
    *,
    links: LinkRepo,
    registry: RegistryRepo,
) -> Chain:
    """The links that a person may see, of which one end is in the region (None: anywhere), behind a cursor; at most `limit` (None: all).

    Raises InvalidCursor.
    """
    require(person, Action.READ_CHAIN)
    own = links.of_enterprise(person.enterprise_id) if person.enterprise_id else links.all()
    nodes = {place: node for link in own for place in link.ends if (node := _node(place, person, registry)) is not None}
    found = tuple(
        sorted(
            (link for link in own if _is_in(region, link, nodes) and _may_see(person, link, registry)),
            key=lambda one: one.id,
        )
    )
    last = None if cursor is None else from_cursor(cursor)
    behind = tuple(link for link in found if last is None or link.id > last)
    page = behind if limit is None else behind[:limit]
    ends = {place for link in page for place in link.ends}
    onward = to_cursor(page[-1].id) if len(page) < len(behind) else None
    return Chain(tuple(nodes[place] for place in sorted(ends & nodes.keys())), page, onward)


def _is_in(region: str | None, link: Link, nodes: dict[Place, Node]) -> bool:
    return region is None or any(place in nodes and nodes[place].enterprise.region == region for place in link.ends)


def _may_see(person: Person, link: Link, registry: RegistryRepo) -> bool:
    """Both partners know of their link, and so does whoever may see one of them."""
    return any((node := _node(place, person, registry)) is not None and node.unit is not None for place in link.ends)


def _node(place: Place, person: Person, registry: RegistryRepo) -> Node | None:
    profile = registry.profile(place.enterprise_id)
    unit = profile.units_by_id.get(place.unit_id) if profile else None
    if profile is None or unit is None:
        return None
    one = profile.enterprise
    is_seen = can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
    return Node(place, one, unit if is_seen else None)
