"""Regions, their weather, and what lies downwind, on the wire."""

from typing import Annotated

from pydantic import Field, PlainSerializer

from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.wire import Id, Instant, InstantIn, Number, ShortText, View, Wire
from chalicelib.domain.downwind import ReceptorKind, Wind
from chalicelib.domain.stability import Stability
from chalicelib.domain.weather import WeatherKind

Whole = Annotated[float, PlainSerializer(lambda value: float(round(value)))]
Tenths = Annotated[float, PlainSerializer(lambda value: round(value, 1))]
ThreeDigits = Annotated[float, PlainSerializer(lambda value: float(f"{value:.3g}"))]


class RegionIn(Wire):
    name: ShortText
    boundary: list[PositionModel] = Field(
        default=[], max_length=500, description="the corners of a ring, WGS 84; the last is joined to the first"
    )


class RegionOut(View):
    id: str
    name: str
    boundary: list[PositionModel]


class WeatherHourIn(Wire):
    at: InstantIn = Field(description="the beginning of the hour")
    temperature_c: Annotated[Number, Field(ge=-60, le=60)] | None = None
    wind_m_s: Annotated[Number, Field(ge=0, le=75)] | None = None
    wind_from_deg: Annotated[Number, Field(ge=0, le=360)] | None = Field(
        default=None, description="where it comes from, from north over east"
    )
    humidity_pct: Annotated[Number, Field(ge=0, le=100)] | None = None
    pressure_hpa: Annotated[Number, Field(ge=450, le=1100)] | None = None
    cloud_cover: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="the part of the sky that is covered"
    )
    precipitation_mm: Annotated[Number, Field(ge=0, le=500)] | None = None


class WeatherIn(Wire):
    kind: WeatherKind
    source: Id = Field(description="the station or the service that issued it")
    issued_at: InstantIn
    hours: list[WeatherHourIn] = Field(min_length=1, max_length=768)


class WeatherTaken(View):
    region: str
    hours: int = Field(description="as many were sent")
    standing: int = Field(description="as many of them stand; of the others a newer issue is known")


class WeatherQuery(Wire):
    from_: InstantIn = Field(alias="from")
    to: InstantIn


class WeatherHourOut(View):
    at: Instant = Field(validation_alias="hour_ms")
    kind: WeatherKind
    source: str
    issued_at: Instant = Field(validation_alias="issued_at_ms")
    temperature_c: float | None = None
    wind_m_s: float | None = None
    wind_from_deg: float | None = None
    humidity_pct: float | None = None
    pressure_hpa: float | None = None
    cloud_cover: float | None = None
    precipitation_mm: float | None = None


class WeatherOut(View):
    region: str
    hours: list[WeatherHourOut]


class DownwindQuery(Wire):
    at: InstantIn | None = Field(default=None, description="now, if absent")


class ReceptorOut(View):
    """`id`, `name` and `bearing_deg` are left out of an enterprise that you may not see; its distance is then in whole 100 m."""

    kind: ReceptorKind
    id: str | None = None
    name: str | None = None
    distance_m: Whole
    bearing_deg: Tenths | None = None
    travel_s: Whole | None = Field(
        default=None, description="at the wind's speed; absent where no wind is known to blow"
    )
    dilution_m2: ThreeDigits | None = Field(
        default=None,
        description="chi * u / Q in 1/m2 on the plume's axis: times the rate of release, divided by the wind, the concentration",
    )


class DownwindOut(View):
    enterprise_id: str
    at: Instant
    located: bool = Field(description="false: the enterprise's position is not registered, so nothing is known")
    wind: Wind
    wind_text: str
    reach_m: float
    weather: WeatherHourOut | None = None
    to_deg: Tenths | None = Field(default=None, description="the axis of the sector; absent: in any direction")
    half_width_deg: Tenths | None = None
    stability: Stability | None = None
    receptors: list[ReceptorOut]
