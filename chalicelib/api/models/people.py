"""A person's own: notices, devices; and health."""

from typing import Literal

from pydantic import (
    Field,
)

from chalicelib.api.models.wire import Instant, View, Wire
from chalicelib.domain.notice import NoticeKind


class NoticeOut(View):
    id: str
    kind: NoticeKind
    task_id: str = Field(description="empty where the notice is not about a task")
    observation_id: str | None = None
    tier: int
    title: str
    body: str
    created_at: Instant = Field(validation_alias="created_at_ms")
    seen_at: Instant | None = Field(default=None, validation_alias="seen_at_ms")


class InboxOut(View):
    items: list[NoticeOut]
    next_cursor: str | None = None


class DeviceIn(Wire):
    token: str = Field(min_length=8, max_length=4096, description="FCM registration token")
    platform: Literal["android", "ios", "harmony", "web"]


class DeviceOut(View):
    id: str
    platform: str
    registered_at: Instant = Field(validation_alias="registered_at_ms")


class HealthOut(View):
    status: Literal["ok"]
