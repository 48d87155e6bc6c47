"""Who and what lies downwind of a release: a sector around the way that the wind blows, or, in a calm, all around.

Directions come by compass points, so half a point is added to the plume's own width. Below CALM_M_S a direction says nothing: then
all within the distance that such air goes in an hour are named, and nothing is said of time or dilution.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees, hypot

from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.geo import angle_between_deg, bearing_deg, nearest_in_sector, offset_m
from chalicelib.domain.photo import Position
from chalicelib.domain.plume import FARTHEST_M, NEAREST_M, dilution_m2, half_width_m, spread_m
from chalicelib.domain.region import Region
from chalicelib.domain.stability import Stability, stability, sun_elevation_deg
from chalicelib.domain.weather import WeatherHour

CALM_M_S = 0.5
CALM_RADIUS_M = CALM_M_S * 3600
HALF_A_COMPASS_POINT_DEG = 11.25
WIDTH_TAKEN_AT_M = 1000.0
VAGUE_M = 100


class Wind(StrEnum):
    BLOWING = "blowing"
    CALM = "calm"
    UNKNOWN = "unknown"


class ReceptorKind(StrEnum):
    ENTERPRISE = "enterprise"
    STATION = "station"
    BOUNDARY = "boundary"


@dataclass(frozen=True, slots=True)
class Receptor:
    """`id` is an enterprise's or a region's; a station is an enterprise that runs public stations. `bearing_deg` is from the
    release, to the nearest part of a boundary.

    `travel_s` and `dilution_m2` (chi * u / Q on the plume's axis at that distance) are None where no wind is known to blow.
    """

    kind: ReceptorKind
    id: str
    name: str
    distance_m: float
    bearing_deg: float
    travel_s: float | None = None
    dilution_m2: float | None = None


@dataclass(frozen=True, slots=True)
class Sector:
    """Where a release goes. `to_deg` and `half_width_deg` None: in any direction."""

    wind: Wind
    reach_m: float
    weather: WeatherHour | None = None
    wind_m_s: float | None = None
    to_deg: float | None = None
    half_width_deg: float | None = None
    stability: Stability | None = None


@dataclass(frozen=True, slots=True)
class Downwind:
    """Receptors, nearest first. `located` False: where the release would be is not registered, so nothing is known."""

    enterprise_id: str
    at_ms: int
    located: bool
    sector: Sector
    receptors: tuple[Receptor, ...] = ()


def vague_m(distance_m: float) -> int:
    """A distance as it is told to those who may not know who is there."""
    return round(distance_m / VAGUE_M) * VAGUE_M


def sector_of(origin: Position, at_ms: int, weather: WeatherHour | None) -> Sector:
    if weather is None or weather.wind_m_s is None:
        return Sector(Wind.UNKNOWN, CALM_RADIUS_M, weather)
    if weather.wind_m_s < CALM_M_S:
        return Sector(Wind.CALM, CALM_RADIUS_M, weather, weather.wind_m_s)
    if weather.wind_from_deg is None:
        return Sector(Wind.UNKNOWN, CALM_RADIUS_M, weather, weather.wind_m_s)
    known = stability(weather.wind_m_s, sun_elevation_deg(origin, at_ms), weather.cloud_cover)
    plume_deg = degrees(atan2(half_width_m(WIDTH_TAKEN_AT_M, known), WIDTH_TAKEN_AT_M))
    to_deg = (weather.wind_from_deg + 180) % 360
    return Sector(
        Wind.BLOWING, FARTHEST_M, weather, weather.wind_m_s, to_deg, plume_deg + HALF_A_COMPASS_POINT_DEG, known
    )


def downwind(
    source: Enterprise,
    at_ms: int,
    weather: WeatherHour | None,
    enterprises: Iterable[Enterprise],
    regions: Iterable[Region],
) -> Downwind:
    """Other enterprises and boundaries in the sector, nearest first."""
    if source.position is None:
        return Downwind(source.id, at_ms, located=False, sector=Sector(Wind.UNKNOWN, 0.0, weather))
    origin = source.position
    sector = sector_of(origin, at_ms, weather)
    places = [_of_enterprise(origin, one, sector) for one in enterprises if one.id != source.id]
    ends = [_of_boundary(origin, one, sector) for one in regions]
    found = sorted((one for one in (*places, *ends) if one is not None), key=lambda one: (one.distance_m, one.id))
    return Downwind(source.id, at_ms, located=True, sector=sector, receptors=tuple(found))


def _of_enterprise(origin: Position, one: Enterprise, sector: Sector) -> Receptor | None:
    if one.position is None:
        return None
    offset = offset_m(origin, one.position)
    if sector.to_deg is not None and sector.half_width_deg is not None and hypot(*offset) > 0:
        aside_deg = angle_between_deg(bearing_deg(offset), sector.to_deg)
        if aside_deg > sector.half_width_deg:
            return None
    return _receptor(ReceptorKind.ENTERPRISE, one.id, one.name, offset, sector)


def _of_boundary(origin: Position, region: Region, sector: Sector) -> Receptor | None:
    if not region.boundary:
        return None
    ring = [offset_m(origin, corner) for corner in region.boundary]
    nearest = nearest_in_sector(ring, sector.to_deg, sector.half_width_deg or 0.0)
    return None if nearest is None else _receptor(ReceptorKind.BOUNDARY, region.id, region.name, nearest, sector)


def _receptor(kind: ReceptorKind, id: str, name: str, offset: tuple[float, float], sector: Sector) -> Receptor | None:
    distance_m = hypot(*offset)
    if distance_m > sector.reach_m:
        return None
    if sector.wind is not Wind.BLOWING or sector.wind_m_s is None or sector.stability is None:
        return Receptor(kind, id, name, distance_m, bearing_deg(offset))
    diluted = dilution_m2(spread_m(max(distance_m, NEAREST_M), sector.stability))
    return Receptor(kind, id, name, distance_m, bearing_deg(offset), distance_m / sector.wind_m_s, diluted)
