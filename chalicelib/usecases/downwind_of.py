"""Who lies downwind of an enterprise's release at an instant."""

from dataclasses import replace

from chalicelib.domain.access import can_see
from chalicelib.domain.downwind import Downwind, Receptor, ReceptorKind, downwind
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.weather import HOUR_MS, WeatherKind, hour_of, observed_first, weather_at
from chalicelib.ports import CatalogueRepo, RegionRepo, RegistryRepo, WeatherRepo

BACK_HOURS = 3
TRUSTED = frozenset({Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN})


def downwind_of(
    enterprise_id: str,
    at_ms: int,
    *,
    registry: RegistryRepo,
    regions: RegionRepo,
    catalogues: CatalogueRepo,
    weather: WeatherRepo,
) -> Downwind:
    """By the wind of that hour, else of the newest of the three hours before. Raises NotFound without such an enterprise."""
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    first_ms, end_ms = hour_of(at_ms) - BACK_HOURS * HOUR_MS, hour_of(at_ms) + HOUR_MS
    region = profile.enterprise.region
    hours = observed_first(one for kind in WeatherKind for one in weather.between(region, kind, first_ms, end_ms))
    blowing = weather_at(hours, at_ms, within_hours=BACK_HOURS)
    found = downwind(profile.enterprise, at_ms, blowing, registry.enterprises(), regions.all())
    stations = catalogues.current().public_stations
    return replace(found, receptors=tuple(_told_apart(one, stations, registry) for one in found.receptors))


def _told_apart(one: Receptor, stations: frozenset[str], registry: RegistryRepo) -> Receptor:
    profile = registry.profile(one.id) if one.kind is ReceptorKind.ENTERPRISE else None
    is_station = profile is not None and any(unit.type in stations for unit in profile.units)
    return replace(one, kind=ReceptorKind.STATION) if is_station else one


def names_known_to(person: Person, found: Downwind, *, registry: RegistryRepo) -> frozenset[str]:
    """The enterprises downwind whose name a person may know: of the others they learn how many, and how far."""
    return frozenset(
        one.id
        for one in _enterprises(found, registry)
        if person.role in TRUSTED or can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
    )


def _enterprises(found: Downwind, registry: RegistryRepo) -> list[Enterprise]:
    ids = {one.id for one in found.receptors if one.kind is not ReceptorKind.BOUNDARY}
    return [one for one in registry.enterprises() if one.id in ids]
