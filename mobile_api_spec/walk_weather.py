"""The part of the walk about regions, their weather and what lies downwind."""

from collections.abc import Callable

from mobile_api_spec.recorder import Walker

At = Callable[[float], str]
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
    w.call("get_foresight", "committee", query={"region": "east"}, expect=200)
