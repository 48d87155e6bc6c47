"""Channels in memory. What a URL's path or host says decides what becomes of a message, as with the stand-ins of the contract tests."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.domain.channel import SCHEMES, Channel, ChannelFault, scheme_of
from chalicelib.domain.notice import PushMessage, PushOutcome, PushStatus


@dataclass(slots=True)
class FakeChannelSender:
    sent: list[tuple[Channel, PushMessage, str]] = field(default_factory=list)
    fail_next: int = 0
    before: Callable[[], None] = lambda: None

    def check(self, url: str) -> ChannelFault | None:
        if scheme_of(url) not in SCHEMES:
            return ChannelFault.UNSUPPORTED
        if "127.0.0.1" in url:
            return ChannelFault.INTERNAL
        return ChannelFault.UNREADABLE if url.endswith("://") else None

    def new_secret(self) -> str:
        return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    def send(self, message: PushMessage, channel: Channel, notice_id: str, now_ms: int) -> PushOutcome:
        self.before()
        if self.fail_next > 0:
            self.fail_next -= 1
            return PushOutcome(channel.id, PushStatus.RETRY, "NOT_TAKEN")
        self.sent.append((channel, message, notice_id))
        return PushOutcome(channel.id, PushStatus.SENT)
