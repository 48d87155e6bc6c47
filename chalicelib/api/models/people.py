"""A person's own: notices, devices; and health."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    StringConstraints,
)

from chalicelib.api.models.wire import Id, Instant, View, Wire
from chalicelib.domain.notice import NoticeKind


class NoticeOut(View):
    id: str
    kind: NoticeKind
    task_id: str = Field(description="empty where the notice is not about a task")
    observation_id: str | None = None
    drill_id: str | None = Field(
        default=None,
        description="it is of a drill, not meant: what it points to is read with this in the header X-Drill",
    )
    tier: int
    title: str
    body: str
    created_at: Instant = Field(validation_alias="created_at_ms")
    count: int = Field(default=1, description="how many equal ones it stands for")
    seen_at: Instant | None = Field(default=None, validation_alias="seen_at_ms")


class InboxOut(View):
    items: list[NoticeOut]
    next_cursor: str | None = None


ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class QuietModel(Wire):
    """By the park's clock. The night through where it ends before it begins."""

    begins: ClockTime = Field(examples=["22:00"])
    ends: ClockTime = Field(examples=["07:00"])


class PreferencesModel(Wire):
    """Of the caller. Without a language pushes come in the one that the registry has; tier 3 comes in quiet hours too."""

    language: Literal["zh-CN", "en"] | None = None
    quiet: QuietModel | None = None


class ReceiptIn(Wire):
    device_id: Id = Field(description="the phone that the push arrived on", examples=["phone-1"])


class DeviceIn(Wire):
    token: str = Field(min_length=8, max_length=4096, description="FCM registration token")
    platform: Literal["android", "ios", "harmony", "web"]


class DeviceOut(View):
    id: str
    platform: str
    registered_at: Instant = Field(validation_alias="registered_at_ms")


class HealthOut(View):
    status: Literal["ok"]
