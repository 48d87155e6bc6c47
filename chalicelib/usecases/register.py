"""Register enterprises, units, points, people and bridges, each checked against the catalogue and what it belongs to."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.person import Bridge, Person, Role
from chalicelib.domain.photo import Position
from chalicelib.domain.region import Region, is_boundary
from chalicelib.ports import CatalogueRepo, Clock, PackRepo, RegionRepo, RegistryRepo, SignatureVerifier

Fields = Mapping[str, Any]


def put_enterprise(
    enterprise_id: str,
    fields: Fields,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    packs: PackRepo,
    clock: Clock,
) -> Enterprise:
    known = catalogues.current().industry_weights
    if fields["industry"] not in known:
        raise _wrong("industry", ", ".join(sorted(known)))
    position = fields.get("position")
    place = None if position is None else Position(position.latitude, position.longitude)
    before = registry.profile(enterprise_id)
    since_ms = clock.now_ms() if before is None else before.enterprise.registered_at_ms
    own = {"id": enterprise_id, "position": place, "registered_at_ms": since_ms}
    enterprise = Enterprise(**{**fields, **own})
    if registry.put_enterprise(enterprise) != enterprise:  # the dashboard counts new ones too
        _announce({f"enterprise:{enterprise_id}"}, packs, clock)
    return enterprise


def put_unit(
    unit_id: str,
    fields: Fields,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    packs: PackRepo,
    clock: Clock,
) -> Unit:
    """Raises InvalidRequest, with what is allowed, for a type that does not occur in the enterprise's industry."""
    profile = registry.profile(fields["enterprise_id"])
    if profile is None:
        raise NotFound(what="enterprise")
    known = catalogues.current().unit_types
    allowed = sorted(one.id for one in known.values() if one.occurs_in(profile.enterprise.industry))
    if known and fields["type"] not in allowed:
        raise _wrong("type", ", ".join(allowed))
    unit = Unit(**{**fields, "id": unit_id, "feeds": tuple(dict.fromkeys(fields["feeds"]))})
    if wrong := _wrong_feeds(unit, profile):
        raise InvalidRequest(errors=wrong)
    if registry.put_unit(unit) != unit:
        _announce({f"enterprise:{unit.enterprise_id}"}, packs, clock)
    return unit


def _wrong_feeds(unit: Unit, profile: Profile) -> list[FieldError]:
    """What a unit cannot feed: itself, and what its enterprise does not have."""
    known = profile.units_by_id
    return [
        FieldError(f"feeds.{at}", "feeds_itself" if fed == unit.id else "unknown_unit", fed)
        for at, fed in enumerate(unit.feeds)
        if fed == unit.id or fed not in known
    ]


def put_point(point_id: str, fields: Fields, *, registry: RegistryRepo, catalogues: CatalogueRepo) -> Point:
    """Raises InvalidRequest, with what is allowed, for an indicator that does not belong to the unit's type."""
    unit = registry.unit(fields["unit_id"])
    if unit is None:
        raise NotFound(what="unit")
    allowed = catalogues.current().indicators_of(unit.type)
    if fields["indicator"] not in allowed:
        raise _wrong("indicator", ", ".join(sorted(allowed)))
    low, high = fields.get("band_low"), fields.get("band_high")
    if (low is None) != (high is None) or (low is not None and high is not None and low >= high):
        raise _wrong("band_low", "band_low < band_high")
    point = Point(id=point_id, enterprise_id=unit.enterprise_id, **fields)
    registry.put_point(point)
    return point


def put_person(person_id: str, fields: Fields, *, registry: RegistryRepo, packs: PackRepo, clock: Clock) -> Person:
    person = Person(
        **{**fields, "id": person_id, "regions": tuple(fields["regions"]), "industries": tuple(fields["industries"])}
    )
    if person.role in (Role.INSPECTOR, Role.DEPARTMENT) and person.dimension is None:
        raise _wrong("dimension", "safety, environment")
    if person.role is Role.INSPECTOR and not (person.regions and person.industries):
        raise _wrong("regions", "regions x industries")
    if person.is_chief and person.role is not Role.INSPECTOR:
        raise _wrong("is_chief", "inspector")
    if person.role is Role.ENTERPRISE:
        _require_enterprise(person.enterprise_id or "", registry)
    before = registry.put_person(person)
    if before not in (None, person):
        _announce({_scope_of(one) for one in (before, person) if one is not None}, packs, clock)
    return person


def _scope_of(person: Person) -> str:
    """Whose tasks may show them as a contact."""
    match person.role:
        case Role.INSPECTOR:
            return f"person:{person.id}"
        case Role.ENTERPRISE:
            return f"enterprise:{person.enterprise_id}"
        case _:
            return "park"


def _announce(scopes: set[str], packs: PackRepo, clock: Clock) -> None:
    """After the change, never before, or the packs might be made of what was. Where the process dies between the two, a phone hears of the
    change when its task next changes."""
    now_ms = clock.now_ms()
    for scope in sorted(scopes):
        packs.announce(RegistryChanged("", now_ms, f"registered-{now_ms}", scope))


def put_bridge(bridge_id: str, fields: Fields, *, registry: RegistryRepo, signatures: SignatureVerifier) -> Bridge:
    _require_enterprise(fields["enterprise_id"], registry)
    if not signatures.is_public_key(fields["public_key_pem"]):
        raise _wrong("public_key_pem", "Ed25519 PEM")
    bridge = Bridge(id=bridge_id, **fields)
    registry.put_bridge(bridge)
    return bridge


def put_region(region_id: str, fields: Fields, *, regions: RegionRepo) -> Region:
    boundary = tuple(Position(corner.latitude, corner.longitude) for corner in fields["boundary"])
    if not is_boundary(boundary):
        raise _wrong("boundary", "at least 3 corners, a ring that does not cross itself")
    region = Region(region_id, fields["name"], boundary)
    regions.put(region)
    return region


def _require_enterprise(enterprise_id: str, registry: RegistryRepo) -> None:
    if registry.profile(enterprise_id) is None:
        raise NotFound(what="enterprise")


def _wrong(field: str, allowed: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(field, "invalid", allowed)])
