"""The part of the walk about regions, their weather and what lies downwind."""

from collections.abc import Callable

from chalicelib.domain.climatology import climatology
from chalicelib.domain.foresight import Backtest, Foresight, Model, ReliabilityBin, Verdict
from chalicelib.domain.weather import DAY_MS
from mobile_api_spec.recorder import Walker

At = Callable[[float], str]
WEIGHTS = (-0.1, 0.2, 0.0, 0.1, -0.4, 0.6, 0.3, 0.0)
CORNERS = ((31.220, 121.460), (31.220, 121.500), (31.250, 121.500), (31.250, 121.460))


def weather(w: Walker, at: At) -> None:
    boundary = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in CORNERS]
    w.call("put_region", "admin", region_id="east", body={"name": "东区", "boundary": boundary}, expect=200)
    w.call("get_region", "inspector_safety", region_id="east", expect=200)
    observed = {"temperature_c": 9.5, "wind_m_s": 2.4, "wind_from_deg": 270.0, "cloud_cover": 0.3}
    issue = {"kind": "observed", "source": "east-station", "issued_at": at(1)}
    body = issue | {"hours": [{"at": at(0), **observed}]}
    w.call("put_region_weather", "admin", region_id="east", body=body, expect=200)
    forecast = {"kind": "forecast", "source": "city-forecast", "issued_at": at(1)}
    coming = [{"at": at(60 * hour), "temperature_c": 9.0 - hour, "wind_m_s": 1.2} for hour in range(2)]
    w.call("put_region_weather", "admin", region_id="east", body=forecast | {"hours": coming}, expect=200)
    w.call("get_region_weather", "committee", region_id="east", query={"from": at(0), "to": at(120)}, expect=200)
    w.call("get_downwind", "department_safety", enterprise_id="acme", query={"at": at(30)}, expect=200)
    w.park.services.foresights.put(_learnt(w.park.clock.ms))
    cold = [{"at": at(60 * hour), "temperature_c": -1.5 * (hour - 11), "wind_m_s": 1.2} for hour in range(2, 16)]
    later = forecast | {"issued_at": at(2), "hours": cold}
    w.call("put_region_weather", "admin", region_id="east", body=later, expect=200)
    w.call("get_foresight", "committee", query={"region": "east", "hours": "3"}, expect=200)


def _learnt(now_ms: int) -> Foresight:
    """As the daily learning leaves it, for a park with a year of history."""
    base = climatology(((month, hour), day == 0) for month in range(12) for hour in range(24) for day in range(30))
    model = Model(-0.05, WEIGHTS, (0.0,) * len(WEIGHTS), (1.0,) * len(WEIGHTS), (0.0, 1.0))
    table = (ReliabilityBin(0.012, 0.014, 2592), ReliabilityBin(0.091, 0.088, 2592))
    tested = Backtest(now_ms - 216 * DAY_MS, now_ms, 6, 5184, 264, 0.0446, 0.0483, 0.0766, 0.051, table)
    head = ("east", now_ms, now_ms - 360 * DAY_MS, now_ms, 8640, 288)
    return Foresight(*head, Verdict.SKILFUL, base, model, tested)
