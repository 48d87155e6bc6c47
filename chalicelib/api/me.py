"""The caller's own: who am I, my devices; and is the service up."""

from datetime import time

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.people import DeviceIn, DeviceOut, HealthOut, PreferencesModel
from chalicelib.api.models.registry import PersonOut
from chalicelib.domain.access import Action
from chalicelib.domain.notice import Device
from chalicelib.domain.preferences import Preferences, QuietHours

api = Blueprint(__name__)


@endpoint(api, "GET", "/v1/health", summary="Is the service up", public=True, response=HealthOut)
def get_health(call: Call) -> HealthOut:
    return HealthOut(status="ok")


@endpoint(api, "GET", "/v1/me", summary="Who you are here", action=Action.READ_SELF, response=PersonOut)
def get_me(call: Call) -> PersonOut:
    return PersonOut.model_validate(call.person)


@endpoint(
    api, "GET", "/v1/me/preferences", summary="What you chose for pushes", action=Action.READ_SELF,
    response=PreferencesModel,
)  # fmt: skip
def get_preferences(call: Call) -> PreferencesModel:
    return _chosen(call.services.preferences.of(call.person.id))


@endpoint(
    api, "PUT", "/v1/me/preferences", summary="Choose the language of pushes, and when you want none",
    action=Action.READ_SELF, request=PreferencesModel, response=PreferencesModel,
)  # fmt: skip
def put_preferences(call: Call) -> PreferencesModel:
    given: PreferencesModel = call.body
    quiet = None
    if given.quiet is not None:
        quiet = QuietHours(time.fromisoformat(given.quiet.begins), time.fromisoformat(given.quiet.ends))
    chosen = Preferences(call.person.id, given.language, quiet)
    call.services.preferences.put(chosen)
    return _chosen(chosen)


def _chosen(preferences: Preferences) -> PreferencesModel:
    quiet = preferences.quiet
    hours = None if quiet is None else {"begins": f"{quiet.begins:%H:%M}", "ends": f"{quiet.ends:%H:%M}"}
    return PreferencesModel.model_validate({"language": preferences.language, "quiet": hours})


@endpoint(
    api, "PUT", "/v1/me/devices/{device_id}", summary="Register a phone for pushes", action=Action.READ_SELF,
    request=DeviceIn, response=DeviceOut,
)  # fmt: skip
def put_device(call: Call, device_id: str) -> DeviceOut:
    now_ms = call.services.clock.now_ms()
    device = Device(device_id, call.person.id, call.body.token, call.body.platform, now_ms)
    call.services.devices.put(device)
    return DeviceOut.model_validate(device)


@endpoint(api, "DELETE", "/v1/me/devices/{device_id}", summary="Forget a phone", action=Action.READ_SELF, status=204)
def delete_device(call: Call, device_id: str) -> None:
    call.services.devices.delete(call.person.id, device_id)
