"""The only reader of the environment. docs/operations.md lists every setting; a test holds that."""

import os
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "GREENSHIELD_"


class Settings(BaseModel):
    """What a function is told about its surroundings, each by GREENSHIELD_<NAME>."""

    model_config = ConfigDict(frozen=True)

    readings_table: str = Field(min_length=3, description="table of reading blocks")
    operations_table: str = Field(min_length=3, description="table of state, warnings, tasks, evidence and events")
    registry_table: str = Field(min_length=3, description="table of enterprises, units, points, people and bridges")
    photo_bucket: str = Field(min_length=3, description="bucket of photos")
    model_bucket: str = Field(min_length=3, description="bucket of trained models")
    push_queue_url: str = Field(min_length=1, description="URL of the push queue")
    oidc_issuer: str = Field(min_length=1, description="issuer that people's tokens must name")
    oidc_audience: str = Field(default="green-shield", description="audience that tokens must name")
    oidc_jwks_url: str = Field(min_length=1, pattern=r"^https?://", description="where the issuer's public keys are")
    fcm_secret: str = Field(default="", description="Secrets Manager id of the FCM service account; empty: no FCM")
    fcm_endpoint: str = Field(
        default="https://fcm.googleapis.com", pattern=r"^https?://", description="base URL of the FCM v1 API"
    )
    credit_secret: str = Field(
        default="",
        description="Secrets Manager id of the key that credit files are signed with; empty: none are given out",
    )
    public_url: str = Field(
        default="greenshield://open",
        pattern=r"^[a-z][a-z0-9+.-]*://[^\s]+$",
        description="where the code on a unit's door leads; the app opens it",
    )
    time_zone: str = Field(default="Asia/Shanghai", description="IANA time zone of the park: months and local times")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class BadSettings(Exception):
    """The environment is not fit to run in. The message names every setting that is wrong."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    environment = os.environ if environment is None else environment
    given = {key.removeprefix(PREFIX).lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    try:
        settings = Settings.model_validate(given)
        settings.zone  # noqa: B018 - an unknown time zone must be told here
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise BadSettings(wrong) from error
    except (KeyError, ValueError) as error:
        raise BadSettings(f"{PREFIX}TIME_ZONE: unknown time zone: {error}") from error
    return settings
