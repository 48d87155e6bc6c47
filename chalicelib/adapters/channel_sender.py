"""Which sender a channel needs. Each is made, and Apprise imported, at its first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.channel import SCHEMES, WEBHOOK, Channel, ChannelFault, scheme_of
from chalicelib.domain.notice import PushMessage, PushOutcome

if TYPE_CHECKING:
    from chalicelib.adapters.apprise_sender import AppriseSender
    from chalicelib.adapters.webhook import WebhookSender


class ChannelSenders:
    @cached_property
    def _webhooks(self) -> "WebhookSender":
        from chalicelib.adapters.webhook import WebhookSender

        return WebhookSender()

    @cached_property
    def _chats(self) -> "AppriseSender":
        from chalicelib.adapters.apprise_sender import AppriseSender

        return AppriseSender()

    def check(self, url: str) -> ChannelFault | None:
        scheme = scheme_of(url)
        if scheme not in SCHEMES:
            return ChannelFault.UNSUPPORTED
        return self._of(scheme).check(url)

    def new_secret(self) -> str:
        from chalicelib.adapters.webhook import new_secret

        return new_secret()

    def send(self, message: PushMessage, channel: Channel, notice_id: str, now_ms: int) -> PushOutcome:
        return self._of(channel.scheme).send(message, channel, notice_id, now_ms)

    def _of(self, scheme: str) -> "AppriseSender | WebhookSender":
        return self._webhooks if scheme == WEBHOOK else self._chats
