"""Channels on the wire. A URL comes in and never goes out again; a secret goes out once."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from chalicelib.api.models.wire import Count, Id, ShortText, SideName, View, Wire
from chalicelib.domain.channel import Audience, Channel
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.notice import NoticeKind, PushStatus

Tier = Literal[1, 2, 3]
Secret = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=1000)]


class AudienceModel(Wire):
    """One person's own, or a group's: of a dimension, of regions, of an enterprise. Nothing: the whole park's."""

    dimension: SideName | None = None
    regions: list[Id] = Field(default=[], max_length=100)
    enterprise_id: Id | None = None
    person_id: Id | None = None

    @model_validator(mode="after")
    def _is_one_s_or_a_group_s(self) -> "AudienceModel":
        if self.person_id and (self.dimension or self.regions or self.enterprise_id):
            raise ValueError("person_id alone, or any of the others")
        return self


class ChannelIn(Wire):
    name: ShortText
    url: Secret = Field(examples=["wecombot://KEY"], description="see docs/channels.md; it is not shown again")
    audience: AudienceModel
    kinds: list[NoticeKind] = Field(default=[], max_length=50, description="none: every kind")
    least_tier: Tier = 1
    order: Count = Field(
        default=0, ge=0, le=99, description="of a person's own channels, the first to be tried is the lowest"
    )
    language: Literal["zh-CN", "en"] = "zh-CN"

    def value_of(self, channel_id: str) -> Channel:
        given = self.audience
        audience = Audience(given.dimension, tuple(given.regions), given.enterprise_id or "", given.person_id or "")
        kinds = tuple(dict.fromkeys(self.kinds))
        return Channel(channel_id, self.name, self.url, audience, kinds, self.least_tier, self.order, self.language)


class AudienceOut(View):
    dimension: Dimension | None = None
    regions: list[str]
    enterprise_id: str | None = None
    person_id: str | None = None


class ChannelOut(View):
    id: str
    name: str
    url: str = Field(description="its scheme, and nothing more", examples=["wecombot://***"])
    audience: AudienceOut
    kinds: list[NoticeKind]
    least_tier: int
    order: int
    language: str
    secret: str | None = Field(default=None, description="to verify a webhook with: shown once, when it is made")


class ChannelsOut(View):
    items: list[ChannelOut]


class TrialOut(View):
    """What came of it: `sent`, or why not."""

    status: PushStatus
    reason: str
