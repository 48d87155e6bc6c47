"""What is ahead of the regions that a person may see: probabilities by hour with their base rate and back-test, and freeze checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chalicelib.domain.access import can_see, can_see_region
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import NotFound
from chalicelib.domain.foresight import AHEAD_HOURS, Foresight, Outlook, outlook
from chalicelib.domain.foresight_features import LOOK_BACK_MS
from chalicelib.domain.freeze import Freeze, freezes
from chalicelib.domain.person import Person
from chalicelib.domain.weather import HOUR_MS, Weather, WeatherKind, hour_of, observed_first
from chalicelib.ports import CatalogueRepo, ForesightRepo, RegionRepo, RegistryRepo, WeatherRepo


@dataclass(frozen=True, slots=True)
class RegionAhead:
    """`known` None: nothing was learnt for the region yet. `units` are those to check in each of `freezes`."""

    region: str
    known: Foresight | None
    hours: tuple[Outlook, ...]
    freezes: tuple[Freeze, ...]
    units: tuple[Unit, ...]


def read_foresight(
    person: Person,
    region: str | None,
    now_ms: int,
    *,
    registry: RegistryRepo,
    regions: RegionRepo,
    catalogues: CatalogueRepo,
    weather: WeatherRepo,
    foresights: ForesightRepo,
    zone: ZoneInfo,
) -> tuple[RegionAhead, ...]:
    """Of one region or of all that the person may see. Raises NotFound for a region that is not there for them."""
    known = {one.region for one in registry.enterprises()} | {one.id for one in regions.all()}
    seen = sorted(one for one in known if can_see_region(person, one) and region in (None, one))
    if region is not None and not seen:
        raise NotFound(what="region")
    sensitive = catalogues.current().freeze_sensitive
    return tuple(
        _ahead(one, now_ms, _units(one, sensitive, person, registry), weather, foresights.get(one), zone)
        for one in seen
    )


def _ahead(
    region: str, now_ms: int, units: tuple[Unit, ...], repo: WeatherRepo, known: Foresight | None, zone: ZoneInfo
) -> RegionAhead:
    first_ms = hour_of(now_ms)
    end_ms = first_ms + AHEAD_HOURS * HOUR_MS
    weather = _weather(region, first_ms - LOOK_BACK_MS, end_ms, repo)
    hours = () if known is None else outlook(known, weather, now_ms, zone)
    found = freezes(weather, first_ms, end_ms)
    return RegionAhead(region, known, hours, found, units if found else ())


def _weather(region: str, from_ms: int, to_ms: int, repo: WeatherRepo) -> Weather:
    return observed_first(one for kind in WeatherKind for one in repo.between(region, kind, from_ms, to_ms))


def _units(region: str, sensitive: Iterable[str], person: Person, registry: RegistryRepo) -> tuple[Unit, ...]:
    seen = (
        profile
        for one in registry.enterprises()
        if one.region == region and can_see(person, enterprise_id=one.id, region=region, industry=one.industry)
        if (profile := registry.profile(one.id)) is not None
    )
    return tuple(unit for profile in seen for unit in profile.units if unit.type in sensitive)
