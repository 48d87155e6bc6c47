"""The push channel's contract, held by the fake and by firebase-admin against a stand-in that answers as FCM does."""

import json
import logging
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from firebase_admin import _http_client, messaging  # type: ignore[import-untyped]

from chalicelib.adapters import fcm
from chalicelib.adapters.fcm import ChannelMisconfigured, FcmChannel
from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.domain.notice import Device, PushMessage, PushOutcome, PushStatus
from chalicelib.ports import PushChannel
from infra.local import standins

# firebase-admin 7.7 would rather have installation ids than registration tokens; phones still register with tokens.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated. Use .*fids? instead:DeprecationWarning")

MESSAGE = PushMessage(
    "反应器耦合预警", "请在 30 分钟内确认", (("task_id", "t1"), ("tier", "2")), "notice:1", urgent=True
)


def device(token: str, id: str = "") -> Device:
    return Device(id or token, "p1", token, "android", 0)


def fetch(url: str, body: object = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as answer:
        return json.load(answer)


@dataclass
class Google:
    """The stand-in's other side: what it took, and what it is told to answer."""

    url: str
    private_key_pem: str

    @property
    def credentials_json(self) -> str:
        return standins.service_account_json(f"{self.url}/token", self.private_key_pem)

    @property
    def seen(self) -> Any:
        return fetch(f"{self.url}/messages")

    def answers(self, **order: object) -> None:
        fetch(f"{self.url}/control", order)


@pytest.fixture(scope="module")
def private_key_pem() -> str:
    return standins.new_private_key_pem()


@pytest.fixture
def google(tmp_path: Path, private_key_pem: str) -> Iterator[Google]:
    with standins.running(tmp_path) as url:
        yield Google(url, private_key_pem)


@pytest.fixture
def open_channel(google: Google) -> Iterator[Callable[..., FcmChannel]]:
    opened: list[FcmChannel] = []

    def open_it(credentials: str | Callable[[], str] = google.credentials_json, timeout_s: float = 2.0) -> FcmChannel:
        opened.append(FcmChannel(credentials, google.url, timeout_s))
        return opened[-1]

    yield open_it
    for channel in opened:
        channel.close()


@pytest.fixture
def fcm_channel(open_channel: Callable[..., FcmChannel]) -> FcmChannel:
    return open_channel()


@pytest.fixture(params=["fake", "fcm"])
def channel(request: pytest.FixtureRequest) -> PushChannel:
    return FakePushChannel() if request.param == "fake" else request.getfixturevalue("fcm_channel")


class TestEveryChannel:
    @pytest.mark.parametrize(
        ("token", "status", "reason", "retry_after_s"),
        [
            pytest.param("token-unregistered-1", PushStatus.UNREGISTERED, "UNREGISTERED", None, id="a gone app"),
            pytest.param("token-mismatch-1", PushStatus.REFUSED, "SENDER_ID_MISMATCH", None, id="another project's"),
            pytest.param("token-invalid-1", PushStatus.REFUSED, "INVALID_ARGUMENT", None, id="no token at all"),
            pytest.param("", PushStatus.REFUSED, "NO_TOKEN", None, id="an empty token"),
            pytest.param("token-quota-1", PushStatus.RETRY, "QUOTA_EXCEEDED", 60.0, id="429 with its pause"),
            pytest.param("token-unavailable-1", PushStatus.RETRY, "UNAVAILABLE", 2.0, id="503 with its pause"),
            pytest.param("token-internal-1", PushStatus.RETRY, "INTERNAL", None, id="500 without a pause"),
        ],
    )
    def test_a_device_that_did_not_take_it_says_why(
        self, channel: PushChannel, token: str, status: PushStatus, reason: str, retry_after_s: float | None
    ) -> None:
        assert channel.send(MESSAGE, [device(token, "d1")]) == [
            PushOutcome("d1", status, reason, retry_after_s=retry_after_s)
        ]

    def test_nobody_to_send_to_is_no_outcome(self, channel: PushChannel) -> None:
        assert channel.send(MESSAGE, []) == []

    def test_a_device_that_takes_it_has_the_providers_id(self, channel: PushChannel) -> None:
        (outcome,) = channel.send(MESSAGE, [device("token-of-a-phone", "d1")])
        assert (outcome.device_id, outcome.status, outcome.reason) == ("d1", PushStatus.SENT, "")
        assert outcome.provider_id

    def test_outcomes_stand_in_the_order_of_the_devices_and_one_does_not_hinder_another(
        self, channel: PushChannel
    ) -> None:
        tokens = ["token-a", "token-unregistered", "", "token-b", "token-quota", "token-c"]
        outcomes = channel.send(MESSAGE, [device(token, f"d{i}") for i, token in enumerate(tokens)])
        assert [outcome.device_id for outcome in outcomes] == [f"d{i}" for i in range(6)]
        assert [outcome.status.value for outcome in outcomes] == [
            "sent", "unregistered", "refused", "sent", "retry", "sent",
        ]  # fmt: skip


class TestMisconfiguration:
    @pytest.mark.parametrize(
        "credentials",
        [
            pytest.param("", id="nothing"),
            pytest.param("not json: hunter2", id="not JSON"),
            pytest.param('["hunter2"]', id="a list"),
            pytest.param('{"type": "authorized_user", "project_id": "p", "refresh_token": "hunter2"}', id="a person's"),
            pytest.param('{"type": "service_account", "private_key": "hunter2"}', id="no project"),
            pytest.param(
                '{"type": "service_account", "project_id": "p", "private_key": "hunter2"}', id="fields missing"
            ),
            pytest.param(
                '{"type": "service_account", "project_id": "p", "private_key": "hunter2", "client_email": "e", '
                '"token_uri": "http://127.0.0.1:1/token"}',
                id="a key that is none",
            ),
            pytest.param(
                '{"type": "service_account", "project_id": "p", "private_key": 5, "client_email": "e", '
                '"token_uri": "http://127.0.0.1:1/token"}',
                id="a key that is a number",
            ),
        ],
    )
    def test_credentials_that_cannot_work_are_a_clear_error_without_the_secret(
        self, open_channel: Callable[..., FcmChannel], credentials: str
    ) -> None:
        with pytest.raises(ChannelMisconfigured, match=r"^fcm: ") as caught:
            open_channel(credentials).send(MESSAGE, [device("token-a")])
        assert "hunter2" not in str(caught.value)

    def test_a_service_account_that_google_refuses_is_named_and_read_anew_the_next_time(
        self, google: Google, open_channel: Callable[..., FcmChannel]
    ) -> None:
        reads: list[int] = []

        def secret() -> str:
            reads.append(1)
            return google.credentials_json

        channel = open_channel(secret)
        google.answers(on="token", fail_next=1, status=400, error_code="invalid_grant")
        with pytest.raises(ChannelMisconfigured, match="invalid_grant"):
            channel.send(MESSAGE, [device("token-a")])
        assert channel.send(MESSAGE, [device("token-a")])[0].status is PushStatus.SENT
        assert len(reads) == 2

    def test_nothing_happens_before_the_first_send(self, open_channel: Callable[..., FcmChannel]) -> None:
        def secret() -> str:
            raise AssertionError("read too early")

        assert open_channel(secret).send(MESSAGE, []) == []

    def test_a_payload_over_4_kb_is_refused_here(self, google: Google, fcm_channel: FcmChannel) -> None:
        long = PushMessage("长", "文" * 1366, (), "k", urgent=False)
        assert [o.reason for o in fcm_channel.send(long, [device("token-a")])] == ["PAYLOAD_TOO_BIG"]
        assert google.seen["answers"] == {}

    def test_a_payload_just_under_4_kb_goes_through(self, fcm_channel: FcmChannel) -> None:
        size = fcm.payload_bytes(PushMessage("", "", (), "k", urgent=False))
        longest = PushMessage("", "x" * (4096 - size), (), "k", urgent=False)
        assert fcm_channel.send(longest, [device("token-a")])[0].status is PushStatus.SENT


class TestOutages:
    @pytest.mark.parametrize(
        ("order", "reason"),
        [
            pytest.param({"status": 503, "retry_after_s": 30}, "UNAVAILABLE", id="503"),
            pytest.param({"status": 500}, "INTERNAL", id="500"),
            pytest.param({"status": 429, "retry_after_s": 30}, "QUOTA_EXCEEDED", id="429"),
            pytest.param({"status": 502}, "HTTP_502", id="a gateway's 502"),
            pytest.param({"status": 403}, "PERMISSION_DENIED", id="an API that is not enabled"),
            pytest.param({"drop": True}, "UNAVAILABLE", id="a connection that breaks"),
        ],
    )
    def test_is_one_attempt_at_once_and_a_matter_for_the_queue(
        self, google: Google, fcm_channel: FcmChannel, order: dict[str, object], reason: str
    ) -> None:
        fcm_channel.send(MESSAGE, [device("token-warm-up")])
        google.answers(fail_next=5, **order)
        started_s = time.monotonic()
        (outcome,) = fcm_channel.send(MESSAGE, [device("token-a")])
        assert (outcome.status, outcome.reason) == (PushStatus.RETRY, reason)
        assert fetch(f"{google.url}/control")["left"] == {"send": 4}
        assert time.monotonic() - started_s < 1

    def test_an_answer_that_does_not_come_is_given_up_after_the_timeout(
        self, google: Google, open_channel: Callable[..., FcmChannel]
    ) -> None:
        channel = open_channel(timeout_s=0.3)
        google.answers(fail_next=1, delay_s=2)
        started_s = time.monotonic()
        (outcome,) = channel.send(MESSAGE, [device("token-a")])
        assert (outcome.status, outcome.reason) == (PushStatus.RETRY, "DEADLINE_EXCEEDED")
        assert time.monotonic() - started_s < 1.5

    def test_nobody_listening_is_a_retry(self, google: Google) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        channel = FcmChannel(google.credentials_json, f"http://127.0.0.1:{port}", timeout_s=0.5)
        assert [o.status for o in channel.send(MESSAGE, [device("token-a"), device("token-b")])] == [
            PushStatus.RETRY
        ] * 2
        channel.close()

    def test_a_retry_after_that_is_a_date_is_read_against_the_answers_own_date(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
        google.answers(fail_next=1, status=503, retry_after_s=until)
        (outcome,) = fcm_channel.send(MESSAGE, [device("token-a")])
        assert outcome.retry_after_s == pytest.approx(40, abs=2)

    def test_a_retry_after_that_is_nonsense_is_none(self, google: Google, fcm_channel: FcmChannel) -> None:
        google.answers(fail_next=1, status=503, retry_after_s="soon")
        assert fcm_channel.send(MESSAGE, [device("token-a")])[0].retry_after_s is None

    @pytest.mark.parametrize(
        "order",
        [
            pytest.param({"status": 503}, id="503"),
            pytest.param({"status": 429}, id="429"),
            pytest.param({"status": 400, "error_code": "slow_down"}, id="an error OAuth does not know"),
            pytest.param({"drop": True}, id="a broken connection"),
        ],
    )
    def test_a_token_exchange_that_fails_is_a_retry_for_all_after_one_attempt(
        self, google: Google, fcm_channel: FcmChannel, order: dict[str, object]
    ) -> None:
        google.answers(on="token", fail_next=3, **order)
        started_s = time.monotonic()
        outcomes = fcm_channel.send(MESSAGE, [device("token-a"), device("token-b")])
        assert [(o.status, o.reason) for o in outcomes] == [(PushStatus.RETRY, "TOKEN_EXCHANGE_FAILED")] * 2
        assert time.monotonic() - started_s < 1
        assert fetch(f"{google.url}/control")["left"] == {"token": 2}

    def test_a_missing_apns_key_holds_up_iphones_only_and_does_not_hammer_the_token_endpoint(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        phones = [device(f"token-no-apns-key-{i}") for i in range(20)]
        outcomes = fcm_channel.send(MESSAGE, [*phones, device("token-android")])
        assert {o.reason for o in outcomes[:20]} == {"THIRD_PARTY_AUTH_ERROR"}
        assert {o.status for o in outcomes[:20]} == {PushStatus.RETRY}
        assert outcomes[20].status is PushStatus.SENT
        assert google.seen["token_exchanges"] == 1

    def test_an_access_token_that_google_no_longer_knows_is_a_retry(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        fcm_channel.send(MESSAGE, [device("token-a")])
        google.answers(revoke_tokens=True)
        (outcome,) = fcm_channel.send(MESSAGE, [device("token-a")])
        assert (outcome.status, outcome.reason) == (PushStatus.RETRY, "UNAUTHENTICATED")


class TestWhatGoesOut:
    def test_more_devices_than_one_multicast_takes_are_sent_in_several_and_keep_their_order(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        devices = [device(f"token-{i}") for i in range(2 * fcm.MULTICAST_LIMIT + 1)]
        outcomes = fcm_channel.send(MESSAGE, devices)
        assert [o.device_id for o in outcomes] == [d.id for d in devices]
        assert {m["message"]["token"] for m in google.seen["messages"]} == {d.token for d in devices}
        assert google.seen["token_exchanges"] == 1

    def test_the_message_has_text_data_priority_and_what_folds_it_on_both_platforms(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        fcm_channel.send(MESSAGE, [device("token-a")])
        (sent,) = google.seen["messages"]
        assert sent["project"] == "green-shield-local"
        expires_s = int(sent["message"]["apns"]["headers"].pop("apns-expiration"))
        assert expires_s == pytest.approx(time.time() + MESSAGE.ttl_s, abs=30)
        assert sent["message"] == {
            "token": "token-a",
            "notification": {"title": MESSAGE.title, "body": MESSAGE.body},
            "data": {"task_id": "t1", "tier": "2"},
            "android": {
                "priority": "high",
                "collapse_key": "notice:1",
                "ttl": "86400s",
                "notification": {"sound": "default", "tag": "notice:1"},
            },
            "apns": {
                "headers": {"apns-priority": "10", "apns-push-type": "alert", "apns-collapse-id": "notice:1"},
                "payload": {
                    "aps": {
                        "alert": {"title": MESSAGE.title, "body": MESSAGE.body},
                        "sound": "default",
                        "interruption-level": "time-sensitive",
                    }
                },
            },
        }

    def test_what_is_not_urgent_does_not_wake_the_phone(self, google: Google, fcm_channel: FcmChannel) -> None:
        fcm_channel.send(PushMessage("t", "b", (), "k", urgent=False), [device("token-a")])
        message = google.seen["messages"][0]["message"]
        assert (message["android"]["priority"], message["apns"]["headers"]["apns-priority"]) == ("normal", "5")

    def test_a_collapse_key_too_long_for_apns_is_folded_into_a_digest(
        self, google: Google, fcm_channel: FcmChannel
    ) -> None:
        fcm_channel.send(PushMessage("t", "b", (), "k" * 65, urgent=False), [device("token-a")])
        assert len(google.seen["messages"][0]["message"]["apns"]["headers"]["apns-collapse-id"]) == 64

    def test_no_token_or_key_reaches_a_log_or_a_reason(
        self, google: Google, fcm_channel: FcmChannel, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        tokens = [f"{prefix}-SECRET" for prefix in ("token-fine", *standins.SCRIPTED)]
        outcomes = fcm_channel.send(MESSAGE, [device(token, "d") for token in tokens])
        told = "\n".join([*(r.getMessage() for r in caplog.records), *map(repr, outcomes)])
        assert "SECRET" not in told
        assert "PRIVATE KEY" not in told
        assert "ya29." not in told

    def test_nothing_but_the_endpoint_and_the_token_uri_is_called(
        self, fcm_channel: FcmChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{elsewhere.getsockname()[1]}")
            assert fcm_channel.send(MESSAGE, [device("token-a")])[0].status is PushStatus.SENT
            elsewhere.settimeout(0.3)
            with pytest.raises(TimeoutError):
                elsewhere.accept()


class TestWhatWeTakeFromInsideFirebaseAdmin:
    """It has no public option for where it sends and how often it tries. If one of these fails, read fcm._point_at."""

    def test_the_address_is_still_built_from_one_template_and_kept_in_one_attribute(
        self, fcm_channel: FcmChannel
    ) -> None:
        assert messaging._MessagingService.FCM_URL == "https://fcm.googleapis.com/v1/projects/{0}/messages:send"
        fcm_channel.send(MESSAGE, [device("token-a")])
        service = messaging._get_messaging_service(fcm_channel._app)
        assert service._fcm_url == f"{fcm_channel._endpoint}/v1/projects/green-shield-local/messages:send"

    def test_its_own_retries_would_still_multiply_ours(self) -> None:
        assert _http_client.DEFAULT_RETRY_CONFIG.status == 4

    def test_the_real_endpoint_is_tried_once_as_well(self, google: Google) -> None:
        channel = FcmChannel(google.credentials_json)
        app = channel._ready_app()
        service = messaging._get_messaging_service(app)
        assert service._fcm_url == "https://fcm.googleapis.com/v1/projects/green-shield-local/messages:send"
        assert service._client.session.get_adapter(service._fcm_url).max_retries is fcm._ONE_ATTEMPT
        assert service._client.timeout == 3.0
        channel.close()
