"""Register enterprises, units, points, people and bridges, each checked against the catalogue and what it belongs to."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.enterprise import Enterprise, Point, Unit
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.person import Bridge, Person, Role
from chalicelib.domain.photo import Position
from chalicelib.domain.region import Region, is_boundary
from chalicelib.ports import CatalogueRepo, RegionRepo, RegistryRepo, SignatureVerifier

Fields = Mapping[str, Any]


def put_enterprise(
    enterprise_id: str, fields: Fields, *, registry: RegistryRepo, catalogues: CatalogueRepo
) -> Enterprise:
    known = catalogues.current().industry_weights
    if fields["industry"] not in known:
        raise _wrong("industry", ", ".join(sorted(known)))
    position = fields.get("position")
    place = None if position is None else Position(position.latitude, position.longitude)
    enterprise = Enterprise(**{**fields, "id": enterprise_id, "position": place})
    registry.put_enterprise(enterprise)
    return enterprise


def put_unit(unit_id: str, fields: Fields, *, registry: RegistryRepo) -> Unit:
    _require_enterprise(fields["enterprise_id"], registry)
    unit = Unit(id=unit_id, **fields)
    registry.put_unit(unit)
    return unit


def put_point(point_id: str, fields: Fields, *, registry: RegistryRepo, catalogues: CatalogueRepo) -> Point:
    unit = registry.unit(fields["unit_id"])
    if unit is None:
        raise NotFound(what="unit")
    indicators = catalogues.current().indicators
    if fields["indicator"] not in indicators:
        raise _wrong("indicator", ", ".join(sorted(indicators)))
    low, high = fields.get("band_low"), fields.get("band_high")
    if (low is None) != (high is None) or (low is not None and high is not None and low >= high):
        raise _wrong("band_low", "band_low < band_high")
    point = Point(id=point_id, enterprise_id=unit.enterprise_id, **fields)
    registry.put_point(point)
    return point


def put_person(person_id: str, fields: Fields, *, registry: RegistryRepo) -> Person:
    person = Person(
        **{**fields, "id": person_id, "regions": tuple(fields["regions"]), "industries": tuple(fields["industries"])}
    )
    if person.role in (Role.INSPECTOR, Role.DEPARTMENT) and person.dimension is None:
        raise _wrong("dimension", "safety, environment")
    if person.role is Role.INSPECTOR and not (person.regions and person.industries):
        raise _wrong("regions", "regions x industries")
    if person.role is Role.ENTERPRISE:
        _require_enterprise(person.enterprise_id or "", registry)
    registry.put_person(person)
    return person


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


def publish_catalogue(
    document: Mapping[str, object], *, registry: RegistryRepo, catalogues: CatalogueRepo
) -> Catalogue:
    """Make a document the park's catalogue. What is registered must go on being known: raises InvalidRequest otherwise."""
    if left_out := _left_out(document, registry):
        raise InvalidRequest(errors=left_out)
    return catalogues.publish(document)


def _left_out(document: Mapping[str, object], registry: RegistryRepo) -> list[FieldError]:
    """What enterprises and points refer to and the document does not have. A part that is no table is for publish to refuse."""
    profiles = [profile for one in registry.enterprises() if (profile := registry.profile(one.id)) is not None]
    used = {
        "indicators": {point.indicator for profile in profiles for point in profile.points},
        "industry_weights": {profile.enterprise.industry for profile in profiles},
        "size_factors": {profile.enterprise.size for profile in profiles},
    }
    return [
        FieldError(f"{part}.{name}", "in_use", name)
        for part, names in used.items()
        if isinstance(known := document.get(part), Mapping)
        for name in sorted(names - known.keys())
    ]


def _require_enterprise(enterprise_id: str, registry: RegistryRepo) -> None:
    if registry.profile(enterprise_id) is None:
        raise NotFound(what="enterprise")


def _wrong(field: str, allowed: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(field, "invalid", allowed)])
