"""Roads to people besides the app: a department's group chat, somebody's own chat or mailbox, another system's webhook.

A channel reads like a person: what it is told stands in an inbox of its own and in the ledger, so that a channel that is down loses
nothing and hears nothing twice. Its URL and its secret are secrets: nothing shows them again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.notice import NoticeKind
from chalicelib.domain.person import Person, Role

READER = "channel:"
WEBHOOK = "https"
SCHEMES = ("wecombot", "dingtalk", "feishu", "mailto", "mailtos", WEBHOOK)


class ChannelFault(StrEnum):
    """Why a URL cannot be a channel's."""

    UNSUPPORTED = "unsupported_channel"
    UNREADABLE = "bad_channel_url"
    INTERNAL = "internal_address"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose channel it is: one person's, or of everybody that all the others narrow down to (nothing: the whole park)."""

    dimension: Dimension | None = None
    regions: tuple[str, ...] = ()
    enterprise_id: str = ""
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """`kinds` empty: every kind. `order` is the order in which a person's own channels are tried. `secret` signs a webhook."""

    id: str
    name: str
    url: str = field(repr=False)
    audience: Audience = Audience()
    kinds: tuple[NoticeKind, ...] = ()
    least_tier: int = 1
    order: int = 0
    language: str = "zh-CN"
    secret: str = field(default="", repr=False)

    @property
    def reader_id(self) -> str:
        return READER + self.id

    @property
    def scheme(self) -> str:
        return scheme_of(self.url)

    @property
    def masked_url(self) -> str:
        return f"{self.scheme}://***"

    def takes(self, kind: NoticeKind, tier: int, side: Dimension | None) -> bool:
        """Whether it is told of a thing at once. A person's own waits until the person has not seen it in time."""
        return (
            not self.audience.person_id
            and tier >= self.least_tier
            and (not self.kinds or kind in self.kinds)
            and (side is None or self.audience.dimension in (None, side))
        )

    def covers(self, region: str, enterprises: Collection[str]) -> bool:
        """Whether a task's place is in its audience."""
        here = not self.audience.regions or region in self.audience.regions
        return here and (not self.audience.enterprise_id or self.audience.enterprise_id in enterprises)


def scheme_of(url: str) -> str:
    return url.partition("://")[0].lower()


def is_channel(reader_id: str) -> bool:
    return reader_id.startswith(READER)


def channel_notice_id(task_id: str, kind: NoticeKind, created_at_ms: int, reader_id: str) -> str:
    """The same whoever of the park's people the channel stands in for: a group chat hears of a thing once."""
    return "n-" + sha256(f"{task_id}|{kind.value}|{created_at_ms}|{reader_id}".encode()).hexdigest()[:20]


def may_manage(person: Person, audience: Audience) -> bool:
    """An admin every channel; a department those of its own dimension within its own regions, and each of them their own."""
    if person.role is Role.ADMIN:
        return True
    if person.role is not Role.DEPARTMENT:
        return False
    if audience.person_id:
        return audience.person_id == person.id
    within = not person.regions or (bool(audience.regions) and set(audience.regions) <= set(person.regions))
    return audience.dimension is person.dimension and within and not audience.enterprise_id
