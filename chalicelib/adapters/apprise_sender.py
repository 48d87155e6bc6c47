"""Group chats and mail through Apprise: 企业微信, 钉钉, 飞书, e-mail.

Apprise answers yes or no; no is tried again, for it does not say why. What an URL may set besides (longer timeouts, retries of its
own, redirects, no check of certificates) is set back. It logs URLs when it debugs, so its log is off.
"""

import logging
from collections.abc import Callable
from typing import Any

import apprise

from chalicelib.adapters.addresses import (
    Address,
    InternalAddress,
    Resolve,
    UnknownHost,
    is_public,
    public_addresses,
    resolve,
)
from chalicelib.domain.channel import SCHEMES, WEBHOOK, Channel, ChannelFault, scheme_of
from chalicelib.domain.notice import PushMessage, PushOutcome, PushStatus

TIMEOUT_S = 2.5  # as for webhooks
MAIL_TIMEOUT_S = 5.0  # mail servers let strangers wait before they greet
CHATS = frozenset(SCHEMES) - {WEBHOOK}
SMTP_PORT = 587
FETCHING = ("use_wkd", "pgp_key", "pgp_privkey")  # keys for PGP, which Apprise would get from wherever the URL says

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class AppriseSender:
    """`schemes` are those that may be a channel's; of mail, whose server anybody may name, `allows` says which addresses may be called."""

    def __init__(
        self,
        *,
        schemes: frozenset[str] = CHATS,
        resolve: Resolve = resolve,
        allows: Callable[[Address], bool] = is_public,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._schemes, self._resolve, self._allows, self._timeout_s = schemes, resolve, allows, timeout_s

    def check(self, url: str) -> ChannelFault | None:
        service = self._service(url)
        if service is None:
            return ChannelFault.UNREADABLE
        try:
            self._check_server(service)
        except InternalAddress:
            return ChannelFault.INTERNAL
        except UnknownHost:
            return ChannelFault.UNREADABLE
        return None

    def send(self, message: PushMessage, channel: Channel, notice_id: str, now_ms: int) -> PushOutcome:
        service = self._service(channel.url)
        if service is None:
            return PushOutcome(channel.id, PushStatus.REFUSED, "BAD_URL")
        try:
            self._check_server(service)
        except InternalAddress:
            return PushOutcome(channel.id, PushStatus.REFUSED, "INTERNAL_ADDRESS")
        except UnknownHost:
            return PushOutcome(channel.id, PushStatus.RETRY, "UNKNOWN_HOST")
        taken = service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT)
        return PushOutcome(channel.id, *((PushStatus.SENT,) if taken else (PushStatus.RETRY, "NOT_TAKEN")))

    def _service(self, url: str) -> Any:
        """Apprise's object for a URL, new each time, for one that was used before throttles; None for a URL that is none of these."""
        if scheme_of(url) not in self._schemes:
            return None
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if any(getattr(service, name, None) for name in FETCHING):
            return None
        if service is not None:
            is_mail = hasattr(service, "smtp_host")
            service.socket_connect_timeout = max(self._timeout_s, MAIL_TIMEOUT_S) if is_mail else self._timeout_s
            service.socket_read_timeout = self._timeout_s
            service.redirects, service.verify_certificate, service.retry = False, True, 0
        return service

    def _check_server(self, service: Any) -> None:
        """A mail server is whatever the URL names; the chats have fixed hosts."""
        server = getattr(service, "smtp_host", None)
        if server:
            public_addresses(server, service.port or SMTP_PORT, resolve=self._resolve, allows=self._allows)
