"""Our own webhooks, signed as Standard Webhooks says (standardwebhooks.com): webhook-id, webhook-timestamp, webhook-signature.

The connection goes to the very address that was looked up and found public, with the host's name for TLS: a name that is looked up a
second time may have moved in between. Redirects are not followed. One send is one attempt; retrying is the queue's work.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from chalicelib.adapters.addresses import (
    Address,
    InternalAddress,
    Resolve,
    UnknownHost,
    is_public,
    public_addresses,
    resolve,
)
from chalicelib.domain.channel import Channel, ChannelFault
from chalicelib.domain.notice import PushMessage, PushOutcome, PushStatus

TIMEOUT_S = (
    2.5  # of the connection and of the answer: a batch of five that all hang still ends within the function's time
)
SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
REFUSED_FOR_GOOD = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})


class WebhookSender:
    """`ca_file`, `resolve` and `allows` say whom to trust, where hosts are and which addresses may be called."""

    def __init__(
        self,
        *,
        ca_file: str = certifi.where(),
        resolve: Resolve = resolve,
        allows: Callable[[Address], bool] = is_public,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._ca_file, self._resolve, self._allows = ca_file, resolve, allows
        self._timeout_s = timeout_s

    def check(self, url: str) -> ChannelFault | None:
        try:
            host, port, _ = _parts(url)
            public_addresses(host, port, resolve=self._resolve, allows=self._allows)
        except InternalAddress:
            return ChannelFault.INTERNAL
        except (UnknownHost, ValueError):
            return ChannelFault.UNREADABLE
        return None

    def send(self, message: PushMessage, channel: Channel, notice_id: str, now_ms: int) -> PushOutcome:
        host, port, path = _parts(channel.url)
        try:
            (address, *_) = public_addresses(host, port, resolve=self._resolve, allows=self._allows)
        except InternalAddress:
            return PushOutcome(channel.id, PushStatus.REFUSED, "INTERNAL_ADDRESS")
        except UnknownHost:
            return PushOutcome(channel.id, PushStatus.RETRY, "UNKNOWN_HOST")
        body = payload(message, now_ms)
        headers = {
            "Host": host if port == 443 else f"{host}:{port}",
            "Content-Type": "application/json",
            "User-Agent": "green-shield",
            **signature_headers(channel.secret, notice_id, now_ms, body),
        }
        return _outcome(channel.id, lambda: self._post(host, port, path, address, body, headers))

    def _post(
        self, host: str, port: int, path: str, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str]]:
        """(status, headers) of the answer; its body is not read."""
        timeout = urllib3.Timeout(connect=self._timeout_s, read=self._timeout_s)
        with urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, ca_certs=self._ca_file, timeout=timeout
        ) as pool:
            answer: Any = pool.urlopen(
                "POST", path, body, headers, retries=False, redirect=False, preload_content=False
            )
            answer.close()
            return answer.status, answer.headers


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def payload(message: PushMessage, now_ms: int) -> bytes:
    data = dict(message.data)
    sent_at = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    texts = {"title": message.title, "body": message.body}
    told = {"type": data.pop("kind", ""), "timestamp": sent_at, "data": texts | data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature_headers(secret: str, notice_id: str, now_ms: int, body: bytes) -> dict[str, str]:
    """HMAC-SHA256 over `id.timestamp.body`. The id is the notice's, however often it is sent; the timestamp is in seconds."""
    key, sent_at_s = base64.b64decode(secret.removeprefix(SECRET_PREFIX)), str(now_ms // 1000)
    digest = hmac.new(key, b".".join((notice_id.encode(), sent_at_s.encode(), body)), hashlib.sha256).digest()
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": sent_at_s,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _parts(url: str) -> tuple[str, int, str]:
    """(host, port, path with query). Raises ValueError for what is no URL of a webhook."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "https" or not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError("no URL of a webhook")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(character) <= 32 or ord(character) > 126 for character in parts.hostname + path):
        raise ValueError("not percent-encoded")
    return parts.hostname, parts.port or 443, path


def _outcome(channel_id: str, post: Callable[[], tuple[int, Mapping[str, str]]]) -> PushOutcome:
    try:
        status, headers = post()
    except HTTPError as error:  # no answer, or none that is HTTP; the text may quote the URL, so its kind must do
        return PushOutcome(channel_id, PushStatus.RETRY, type(error).__name__)
    if 200 <= status < 300:
        return PushOutcome(channel_id, PushStatus.SENT)
    is_lost = status in REFUSED_FOR_GOOD or 300 <= status < 400
    wait = headers.get("Retry-After", "")
    after_s = float(wait) if wait.isascii() and wait.isdigit() else None
    return PushOutcome(
        channel_id, PushStatus.REFUSED if is_lost else PushStatus.RETRY, f"HTTP_{status}", retry_after_s=after_s
    )
