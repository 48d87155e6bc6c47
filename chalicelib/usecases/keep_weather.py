"""Take the weather of a region, observed or forecast, and give it back."""

from collections.abc import Iterator, Sequence

from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.weather import DAY_MS, HOUR_MS, WeatherHour, WeatherKind
from chalicelib.ports import Clock, RegionRepo, RegistryRepo, WeatherRepo

MAX_DAYS = 32
MAX_AHEAD_MS = 5 * 60_000
VALUES = (
    "temperature_c",
    "wind_m_s",
    "wind_from_deg",
    "humidity_pct",
    "pressure_hpa",
    "cloud_cover",
    "precipitation_mm",
)


def put_weather(
    region_id: str,
    hours: Sequence[WeatherHour],
    *,
    regions: RegionRepo,
    registry: RegistryRepo,
    weather: WeatherRepo,
    clock: Clock,
) -> int:
    """Keep hours of one issue and return how many of them stand. Raises InvalidRequest naming each wrong hour, and NotFound."""
    require_region(region_id, regions=regions, registry=registry)
    if wrong := [*_wrong_issue(hours, clock.now_ms()), *_wrong_hours(hours)]:
        raise InvalidRequest(errors=wrong)
    return weather.add(region_id, hours)


def read_weather(
    region_id: str, from_ms: int, to_ms: int, *, regions: RegionRepo, registry: RegistryRepo, weather: WeatherRepo
) -> tuple[WeatherHour, ...]:
    """Hours of from_ms <= t < to_ms by rising time, of an hour what was observed first. Raises InvalidRequest and NotFound."""
    require_region(region_id, regions=regions, registry=registry)
    if not from_ms < to_ms <= from_ms + MAX_DAYS * DAY_MS:
        raise InvalidRequest(errors=[FieldError("to", "range", str(MAX_DAYS))])
    found = [one for kind in WeatherKind for one in weather.between(region_id, kind, from_ms, to_ms)]
    return tuple(sorted(found, key=lambda one: (one.hour_ms, one.kind is WeatherKind.FORECAST)))


def require_region(region_id: str, *, regions: RegionRepo, registry: RegistryRepo) -> None:
    """Raises NotFound unless the region is registered or has an enterprise."""
    if regions.get(region_id) is None and all(one.region != region_id for one in registry.enterprises()):
        raise NotFound(what="region")


def _wrong_issue(hours: Sequence[WeatherHour], now_ms: int) -> Iterator[FieldError]:
    if hours[0].issued_at_ms > now_ms + MAX_AHEAD_MS:
        yield FieldError("issued_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")
    times = [one.hour_ms for one in hours]
    if max(times) - min(times) >= MAX_DAYS * DAY_MS:
        yield FieldError("hours", "range", str(MAX_DAYS))


def _wrong_hours(hours: Sequence[WeatherHour]) -> Iterator[FieldError]:
    seen: set[int] = set()
    for at, one in enumerate(hours):
        if one.hour_ms % HOUR_MS or one.hour_ms in seen:
            yield FieldError(f"hours.{at}.at", "invalid", "the beginning of an hour (UTC), each once")
        elif not _is_of_its_kind(one):
            yield FieldError(f"hours.{at}.at", "invalid", "observed before, forecast from the hour of issued_at on")
        if all(getattr(one, name) is None for name in VALUES):
            yield FieldError(f"hours.{at}", "invalid", "at least one value")
        seen.add(one.hour_ms)


def _is_of_its_kind(one: WeatherHour) -> bool:
    """An observation is not issued before its hour begins, a forecast not after its hour has ended."""
    if one.kind is WeatherKind.OBSERVED:
        return one.hour_ms <= one.issued_at_ms
    return one.hour_ms + HOUR_MS > one.issued_at_ms
