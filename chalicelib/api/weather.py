"""Regions, their weather, and what lies downwind of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.weather import (
        DownwindOut,
        ReceptorOut,
        RegionOut,
        WeatherHourIn,
        WeatherIn,
        WeatherOut,
        WeatherTaken,
    )
    from chalicelib.domain.downwind import Receptor
    from chalicelib.domain.weather import WeatherHour

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/regions/{region_id}", summary="Register a region with its boundary", action=Action.REGISTER,
    request="weather.RegionIn", response="weather.RegionOut",
)  # fmt: skip
def put_region(call: Call, region_id: str) -> RegionOut:
    from chalicelib.api.models.weather import RegionOut
    from chalicelib.usecases.register import put_region as register_region

    return RegionOut.model_validate(register_region(region_id, dict(call.body), regions=call.services.regions))


@endpoint(
    api, "GET", "/v1/regions/{region_id}", summary="A region with its boundary", action=Action.READ_WEATHER,
    response="weather.RegionOut", problems=(NotFound,),
)  # fmt: skip
def get_region(call: Call, region_id: str) -> RegionOut:
    from chalicelib.api.models.weather import RegionOut

    region = call.services.regions.get(region_id)
    if region is None:
        raise NotFound(what="region")
    return RegionOut.model_validate(region)


@endpoint(
    api, "PUT", "/v1/regions/{region_id}/weather", summary="Give a region's weather, observed or forecast",
    action=Action.REGISTER, request="weather.WeatherIn", response="weather.WeatherTaken", problems=(NotFound,),
)  # fmt: skip
def put_region_weather(call: Call, region_id: str) -> WeatherTaken:
    from chalicelib.api.models.weather import WeatherTaken
    from chalicelib.usecases.keep_weather import put_weather

    ports = call.services
    hours = [_hour(one, call.body) for one in call.body.hours]
    standing = put_weather(
        region_id, hours, regions=ports.regions, registry=ports.registry, weather=ports.weather, clock=ports.clock
    )
    return WeatherTaken(region=region_id, hours=len(hours), standing=standing)


@endpoint(
    api, "GET", "/v1/regions/{region_id}/weather", summary="A region's weather", action=Action.READ_WEATHER,
    query="weather.WeatherQuery", response="weather.WeatherOut", problems=(NotFound,),
)  # fmt: skip
def get_region_weather(call: Call, region_id: str) -> WeatherOut:
    from chalicelib.api.models.weather import WeatherHourOut, WeatherOut
    from chalicelib.usecases.keep_weather import read_weather

    ports = call.services
    hours = read_weather(
        region_id,
        call.query.from_,
        call.query.to,
        regions=ports.regions,
        registry=ports.registry,
        weather=ports.weather,
    )
    return WeatherOut(region=region_id, hours=[WeatherHourOut.model_validate(one) for one in hours])


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/downwind", summary="Who and what lies downwind of an enterprise",
    action=Action.READ_DOWNWIND, query="weather.DownwindQuery", response="weather.DownwindOut", problems=(NotFound,),
)  # fmt: skip
def get_downwind(call: Call, enterprise_id: str) -> DownwindOut:
    from chalicelib.api.models.weather import DownwindOut, WeatherHourOut
    from chalicelib.usecases.downwind_of import downwind_of, names_known_to
    from chalicelib.usecases.see_enterprise import see_enterprise

    ports = call.services
    see_enterprise(enterprise_id, call.person, registry=ports.registry)
    at_ms = ports.clock.now_ms() if call.query.at is None else call.query.at
    found = downwind_of(
        enterprise_id,
        at_ms,
        registry=ports.registry,
        regions=ports.regions,
        catalogues=ports.catalogues,
        weather=ports.weather,
    )
    known = names_known_to(call.person, found, registry=ports.registry)
    sector = found.sector
    return DownwindOut(
        enterprise_id=enterprise_id,
        at=at_ms,
        located=found.located,
        wind=sector.wind,
        wind_text=text(f"word.wind.{sector.wind.value}", call.language),
        reach_m=sector.reach_m,
        weather=None if sector.weather is None else WeatherHourOut.model_validate(sector.weather),
        to_deg=sector.to_deg,
        half_width_deg=sector.half_width_deg,
        stability=sector.stability,
        receptors=[_receptor(one, known) for one in found.receptors],
    )


def _hour(given: WeatherHourIn, issue: WeatherIn) -> WeatherHour:
    from chalicelib.domain.weather import WeatherHour

    values = given.model_dump(exclude={"at"})
    return WeatherHour(given.at, issue.kind, issue.source, issue.issued_at, **values)


def _receptor(one: Receptor, known: frozenset[str]) -> ReceptorOut:
    from chalicelib.api.models.weather import ReceptorOut
    from chalicelib.domain.downwind import ReceptorKind, vague_m

    if one.kind is not ReceptorKind.ENTERPRISE or one.id in known:
        return ReceptorOut.model_validate(one)
    return ReceptorOut(kind=one.kind, distance_m=vague_m(one.distance_m))
