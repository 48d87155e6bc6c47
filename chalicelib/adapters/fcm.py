"""Phone push by Firebase Cloud Messaging (HTTP v1) through firebase-admin.

Every device gets exactly one outcome. One send is one attempt: retrying is the queue's work, so neither
firebase-admin nor google-auth may repeat a request or sleep here. A reason is Google's own code or a short word of
ours, never the text of an answer, which may quote a registration token.
"""

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import firebase_admin  # type: ignore[import-untyped]
import google.auth.exceptions
import requests
from firebase_admin import exceptions, messaging
from google.auth.credentials import Credentials
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from chalicelib.domain.notice import Device, PushMessage, PushOutcome, PushStatus

GOOGLE_ENDPOINT = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
# FCM takes 500; firebase-admin starts one thread for each token and keeps 100 connections.
MULTICAST_LIMIT = 100
PAYLOAD_LIMIT_BYTES = 4096
APNS_COLLAPSE_LIMIT_BYTES = 64

_STATUSES: Mapping[str, PushStatus] = {
    "UNREGISTERED": PushStatus.UNREGISTERED,
    # Not "gone": the secret of another project would otherwise make us forget every device.
    "SENDER_ID_MISMATCH": PushStatus.REFUSED,
    "INVALID_ARGUMENT": PushStatus.REFUSED,
    "NOT_FOUND": PushStatus.REFUSED,
}
_CODES: Mapping[type[Exception], str] = {
    messaging.UnregisteredError: "UNREGISTERED",
    messaging.SenderIdMismatchError: "SENDER_ID_MISMATCH",
    messaging.QuotaExceededError: "QUOTA_EXCEEDED",
    messaging.ThirdPartyAuthError: "THIRD_PARTY_AUTH_ERROR",
}
_OAUTH_REFUSALS = frozenset(
    {"invalid_grant", "invalid_client", "invalid_request", "invalid_scope", "unauthorized_client", "access_denied"}
)
# A connection that fell asleep with the function is worth one more try; an answer, whatever it says, is not.
_ONE_ATTEMPT = Retry(total=1, connect=1, read=0, redirect=0, status=0, other=0, respect_retry_after_header=False)
_app_numbers = itertools.count(1)


class ChannelMisconfigured(Exception):
    """The channel cannot work for anyone until an operator mends it. The text holds no secret."""


class FcmChannel:
    """`credentials_json` is a service account's key file, or a function that fetches it at the first send.

    `timeout_s` bounds each connect and each read, so one chunk of devices takes at most about five of it.
    """

    name = "fcm"

    def __init__(
        self, credentials_json: str | Callable[[], str], endpoint: str = GOOGLE_ENDPOINT, timeout_s: float = 3.0
    ) -> None:
        self._credentials_json = credentials_json
        self._endpoint = endpoint.rstrip("/")
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._app: firebase_admin.App | None = None

    def send(self, message: PushMessage, devices: Sequence[Device]) -> list[PushOutcome]:
        """Send to each device once; outcomes stand in the order of `devices`. Raises ChannelMisconfigured."""
        if payload_bytes(message) > PAYLOAD_LIMIT_BYTES:
            return _for_all(devices, PushStatus.REFUSED, "PAYLOAD_TOO_BIG")
        answers = self._answers(message, [device for device in devices if device.token])
        return [next(answers) if d.token else PushOutcome(d.id, PushStatus.REFUSED, "NO_TOKEN") for d in devices]

    def close(self) -> None:
        with self._lock:
            self._forget_app()

    def _answers(self, message: PushMessage, devices: Sequence[Device]) -> Iterator[PushOutcome]:
        if not devices:
            return
        with self._lock:
            app = self._ready_app()
            trouble = self._token_trouble(app)
        if trouble is not None:
            yield from (replace(trouble, device_id=device.id) for device in devices)
            return
        for start in range(0, len(devices), MULTICAST_LIMIT):
            yield from _multicast(message, devices[start : start + MULTICAST_LIMIT], app)

    def _ready_app(self) -> firebase_admin.App:
        if self._app is None:
            account = _service_account(self._credentials_json)
            self._app = firebase_admin.initialize_app(
                _OneAttemptCredentials(account),
                {"projectId": account.project_id, "httpTimeout": self._timeout_s},
                name=f"green-shield-{next(_app_numbers)}",
            )
            _point_at(self._app, self._endpoint)
        return self._app

    def _token_trouble(self, app: firebase_admin.App) -> PushOutcome | None:
        """Get an access token before the threads start: None when there is one, else the outcome of every device."""
        credentials = app.credential.get_credential()
        if credentials.valid:
            return None
        try:
            with requests.Session() as session:
                credentials.refresh(partial(Request(session), timeout=self._timeout_s))
        except google.auth.exceptions.GoogleAuthError as error:
            if (refusal := _oauth_refusal(error)) is None:
                after_s = error.retry_after_s if isinstance(error, _TokenEndpointBusy) else None
                return PushOutcome("", PushStatus.RETRY, "TOKEN_EXCHANGE_FAILED", retry_after_s=after_s)
            # The next send reads the secret again: it may have been rotated.
            self._forget_app()
            raise ChannelMisconfigured(f"fcm: the token endpoint refuses the service account: {refusal}") from error
        return None

    def _forget_app(self) -> None:
        if self._app is not None:
            firebase_admin.delete_app(self._app)
            self._app = None


def payload_bytes(message: PushMessage) -> int:
    """The size FCM counts: the notification and the data, keys and values, in UTF-8."""
    payload = {"notification": {"title": message.title, "body": message.body}, "data": dict(message.data)}
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


class _TokenEndpointBusy(google.auth.exceptions.RefreshError):
    def __init__(self, status: int, retry_after_s: float | None) -> None:
        super().__init__(f"token endpoint answered {status}", retryable=True)  # type: ignore[no-untyped-call]
        self.retry_after_s = retry_after_s


class _OneAttemptCredentials(Credentials):
    """A service account's access token, without what google-auth does besides.

    google-auth's own class retries the exchange with sleeps, and before a request may ask iamcredentials.googleapis.com
    for regional boundaries, in a thread of its own. AuthorizedSession refreshes on every 401, which FCM also answers
    for an iPhone when the project has no APNs key: hence the least age.
    """

    LEAST_AGE_S = 60.0

    def __init__(self, account: service_account.Credentials) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._account = account
        self._refreshed_at_s: float | None = None
        self._refreshing = threading.Lock()

    def refresh(self, request: Callable[..., Any]) -> None:
        with self._refreshing:
            if self._refreshed_at_s is not None and time.monotonic() - self._refreshed_at_s < self.LEAST_AGE_S:
                return
            self._account.refresh(partial(_refuse_to_wait, request))  # type: ignore[no-untyped-call]
            self.token, self.expiry = self._account.token, self._account.expiry
            self._refreshed_at_s = time.monotonic()


def _refuse_to_wait(request: Callable[..., Any], **call: Any) -> Any:
    response = request(**call)
    if response.status == 429 or response.status >= 500:
        raise _TokenEndpointBusy(response.status, _retry_after_s(response.headers))
    return response


def _service_account(source: str | Callable[[], str]) -> service_account.Credentials:
    text = source if isinstance(source, str) else source()
    try:
        info = json.loads(text)
    except ValueError as error:
        raise ChannelMisconfigured("fcm: the service account is not JSON") from error
    if not isinstance(info, dict) or info.get("type") != "service_account" or not info.get("project_id"):
        raise ChannelMisconfigured("fcm: not a service account's key file with a project_id")
    try:
        account: service_account.Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            info, scopes=[SCOPE]
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise ChannelMisconfigured("fcm: the service account's fields or its private key cannot be read") from error
    return account


def _point_at(app: firebase_admin.App, endpoint: str) -> None:
    """Set where messages go and how often they are tried: firebase-admin has no public option for either.

    Its own policy repeats a 500 or 503 four times, waits out any Retry-After, and so can stall a function for minutes.
    """
    service = messaging._get_messaging_service(app)
    if service._fcm_url != f"{GOOGLE_ENDPOINT}/v1/projects/{app.project_id}/messages:send":
        raise ChannelMisconfigured("fcm: this firebase-admin builds its address in another way; see _point_at")
    service._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"
    service._client.session.mount(
        service._fcm_url,  # the longest prefix wins over the adapters that firebase-admin mounted
        HTTPAdapter(pool_connections=1, pool_maxsize=MULTICAST_LIMIT, max_retries=_ONE_ATTEMPT),
    )


def _multicast(message: PushMessage, devices: Sequence[Device], app: firebase_admin.App) -> list[PushOutcome]:
    multicast = _multicast_message(message, [device.token for device in devices])
    try:
        batch = messaging.send_each_for_multicast(multicast, app=app)
    except exceptions.FirebaseError:
        # Something other than an answer failed in one of the threads, and the library drops the answers of the others.
        return _for_all(devices, PushStatus.RETRY, "UNKNOWN")
    return [_outcome(device, response) for device, response in zip(devices, batch.responses, strict=True)]


def _multicast_message(message: PushMessage, tokens: list[str]) -> messaging.MulticastMessage:
    return messaging.MulticastMessage(
        tokens=tokens,
        notification=messaging.Notification(title=message.title, body=message.body),
        data=dict(message.data),
        android=messaging.AndroidConfig(
            priority="high" if message.urgent else "normal",
            collapse_key=message.collapse_key,
            ttl=timedelta(seconds=message.ttl_s),
            # collapse_key folds what waits on the server; the tag folds what the phone already shows.
            notification=messaging.AndroidNotification(sound="default", tag=message.collapse_key),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-priority": "10" if message.urgent else "5",
                "apns-push-type": "alert",
                "apns-collapse-id": _apns_collapse_id(message.collapse_key),
                "apns-expiration": str(int(time.time()) + message.ttl_s),
            },
            payload=messaging.APNSPayload(
                messaging.Aps(
                    alert=messaging.ApsAlert(title=message.title, body=message.body),
                    sound="default",
                    # What is urgent breaks through a focus and a summary; it does not break through silence.
                    custom_data={"interruption-level": "time-sensitive" if message.urgent else "active"},
                )
            ),
        ),
    )


def _apns_collapse_id(key: str) -> str:
    return key if len(key.encode()) <= APNS_COLLAPSE_LIMIT_BYTES else hashlib.sha256(key.encode()).hexdigest()


def _outcome(device: Device, response: messaging.SendResponse) -> PushOutcome:
    if response.success:
        return PushOutcome(device.id, PushStatus.SENT, provider_id=response.message_id or "")
    reason, http = _code(response.exception), response.exception.http_response
    return PushOutcome(
        device.id,
        _STATUSES.get(reason, PushStatus.RETRY),
        reason,
        retry_after_s=_retry_after_s(http.headers) if http is not None else None,
    )


def _code(error: exceptions.FirebaseError) -> str:
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    if error.code == exceptions.UNKNOWN and error.http_response is not None:
        return f"HTTP_{error.http_response.status_code}"
    return str(error.code)


def _for_all(devices: Sequence[Device], status: PushStatus, reason: str) -> list[PushOutcome]:
    return [PushOutcome(device.id, status, reason) for device in devices]


def _oauth_refusal(error: google.auth.exceptions.GoogleAuthError) -> str | None:
    """OAuth's code for "these credentials are wrong", or None for anything that time may heal. RFC 6749, 5.2."""
    answer = error.args[1] if len(error.args) > 1 else None
    code = answer.get("error") if isinstance(answer, Mapping) else None
    return code if code in _OAUTH_REFUSALS else None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header; a date is read against the answer's own Date. RFC 9110, 10.2.3."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
