"""Senders of channels against a stand-in on loopback: what each answer means, how long a dead line takes, and whom we never call.

The product calls public addresses only; here the resolver and the rule of what may be called are the test's own.
"""

import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.addresses import InternalAddress, UnknownHost, is_public, public_addresses
from chalicelib.adapters.apprise_sender import CHATS, AppriseSender
from chalicelib.adapters.channel_repo import RowChannelRepo
from chalicelib.adapters.channel_sender import ChannelSenders
from chalicelib.adapters.memory_channels import FakeChannelSender
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.webhook import WebhookSender, new_secret, signature_headers
from chalicelib.domain.channel import Audience, Channel, ChannelFault
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.notice import NoticeKind, PushMessage, PushStatus
from chalicelib.ports import ChannelSender

HOST, SECRET = "hook.example.cn", new_secret()
NOW_MS = 1_772_416_800_000
MESSAGE = PushMessage(
    "【3级预警】一厂 R1", "请联合处置。", (("task_id", "t-1"), ("kind", "task_dispatched")), "n-1", urgent=True
)


class Receiver(BaseHTTPRequestHandler):
    """Answers as its class is told, and keeps what it was sent."""

    status: ClassVar[int] = 200
    headers_out: ClassVar[dict[str, str]] = {}
    hangs_s: ClassVar[float] = 0.0
    garbage: ClassVar[bool] = False
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        time.sleep(self.hangs_s)
        if self.garbage:
            self.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")
            return
        self.send_response(self.status)
        for name, value in {"Content-Length": "0", **self.headers_out}.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> type[Receiver]:
    return type("Fresh", (Receiver,), {"seen": []})


def serve(receiver: type[Receiver], context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), receiver)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for HOST that signs itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    begun = datetime.now(UTC) - timedelta(hours=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@pytest.fixture
def https_port(receiver: type[Receiver], certificate: tuple[Path, ssl.SSLContext]) -> Iterator[int]:
    yield from serve(receiver, certificate[1])


@pytest.fixture
def http_port(receiver: type[Receiver]) -> Iterator[int]:
    yield from serve(receiver)


def loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
def webhooks(certificate: tuple[Path, ssl.SSLContext]) -> WebhookSender:
    return WebhookSender(
        ca_file=str(certificate[0]), resolve=loopback, allows=lambda one: one.is_loopback, timeout_s=0.5
    )


def hook(port: int, host: str = HOST) -> Channel:
    return Channel("hook", "hook", f"https://{host}:{port}/in?park=1", secret=SECRET)


def verify_of_the_guide(*, now_s: float) -> Callable[[str, Mapping[str, str], bytes], bool]:
    """The function that docs/channels.md gives to receivers, at an instant."""
    guide = (Path(__file__).resolve().parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(guide.split("```python\n")[1].split("```")[0], names)  # noqa: S102
    names["time"] = SimpleNamespace(time=lambda: now_s)
    return names["verify"]  # type: ignore[no-any-return]


class TestWebhook:
    def test_a_message_is_signed_so_that_ten_lines_can_verify_it(
        self, webhooks: WebhookSender, https_port: int, receiver: type[Receiver]
    ) -> None:
        assert webhooks.send(MESSAGE, hook(https_port), "n-1", NOW_MS).status is PushStatus.SENT
        ((path, headers, body),) = receiver.seen
        verify = verify_of_the_guide(now_s=NOW_MS // 1000)
        assert verify(SECRET, headers, body)
        assert not verify(new_secret(), headers, body)
        assert not verify(SECRET, headers, body + b" ")
        assert not verify(SECRET, headers | {"webhook-id": "n-2"}, body)
        assert not verify_of_the_guide(now_s=NOW_MS // 1000 + 301)(SECRET, headers, body)
        assert (path, headers["webhook-id"], headers["webhook-timestamp"]) == ("/in?park=1", "n-1", "1772416800")
        assert headers["host"] == f"{HOST}:{https_port}"
        assert json.loads(body) == {
            "type": "task_dispatched",
            "timestamp": "2026-03-02T02:00:00.000+00:00",
            "data": {"title": MESSAGE.title, "body": MESSAGE.body, "task_id": "t-1"},
        }

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            pytest.param(200, PushStatus.SENT, id="taken"),
            pytest.param(204, PushStatus.SENT, id="taken without a word"),
            pytest.param(410, PushStatus.REFUSED, id="gone"),
            pytest.param(401, PushStatus.REFUSED, id="not let in"),
            pytest.param(302, PushStatus.REFUSED, id="sent elsewhere, where we do not go"),
            pytest.param(307, PushStatus.REFUSED, id="sent elsewhere with the body"),
            pytest.param(408, PushStatus.RETRY, id="too slow for them"),
            pytest.param(429, PushStatus.RETRY, id="too much for them"),
            pytest.param(500, PushStatus.RETRY, id="their fault"),
            pytest.param(503, PushStatus.RETRY, id="not now"),
        ],
    )
    def test_an_answer_means(
        self, webhooks: WebhookSender, https_port: int, receiver: type[Receiver], status: int, outcome: PushStatus
    ) -> None:
        receiver.status, receiver.headers_out = status, {"Location": f"https://{HOST}:{https_port}/elsewhere"}
        assert webhooks.send(MESSAGE, hook(https_port), "n-1", NOW_MS).status is outcome
        assert [path for path, _, _ in receiver.seen] == ["/in?park=1"]

    def test_a_pause_that_is_asked_for_is_told_on(
        self, webhooks: WebhookSender, https_port: int, receiver: type[Receiver]
    ) -> None:
        receiver.status, receiver.headers_out = 429, {"Retry-After": "40"}
        assert webhooks.send(MESSAGE, hook(https_port), "n-1", NOW_MS).retry_after_s == 40.0

    @pytest.mark.parametrize(
        "fault", [{"hangs_s": 2.0}, {"garbage": True}], ids=["an answer that does not come", "one that is no HTTP"]
    )
    def test_is_a_retry_within_the_timeout(
        self, webhooks: WebhookSender, https_port: int, receiver: type[Receiver], fault: dict[str, Any]
    ) -> None:
        for name, value in fault.items():
            setattr(receiver, name, value)
        begun_s = time.monotonic()
        assert webhooks.send(MESSAGE, hook(https_port), "n-1", NOW_MS).status is PushStatus.RETRY
        assert time.monotonic() - begun_s < 1.5

    def test_nobody_listening_is_a_retry(self, webhooks: WebhookSender) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        assert webhooks.send(MESSAGE, hook(port), "n-1", NOW_MS).status is PushStatus.RETRY

    def test_a_certificate_of_another_host_is_not_sent_to(
        self, webhooks: WebhookSender, https_port: int, receiver: type[Receiver]
    ) -> None:
        outcome = webhooks.send(MESSAGE, hook(https_port, "other.example.cn"), "n-1", NOW_MS)
        assert (outcome.status, receiver.seen) == (PushStatus.RETRY, [])

    def test_a_host_that_has_moved_inside_since_it_was_registered_is_not_called(
        self, https_port: int, receiver: type[Receiver], certificate: tuple[Path, ssl.SSLContext]
    ) -> None:
        moved = WebhookSender(ca_file=str(certificate[0]), resolve=loopback)
        outcome = moved.send(MESSAGE, hook(https_port), "n-1", NOW_MS)
        assert (outcome.status, outcome.reason, receiver.seen) == (PushStatus.REFUSED, "INTERNAL_ADDRESS", [])

    def test_the_name_is_looked_up_once_so_that_it_cannot_move_between_check_and_call(
        self, https_port: int, receiver: type[Receiver], certificate: tuple[Path, ssl.SSLContext]
    ) -> None:
        asked: list[str] = []

        def rebinding(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

        sender = WebhookSender(
            ca_file=str(certificate[0]), resolve=rebinding, allows=lambda one: one.is_loopback, timeout_s=0.5
        )
        assert sender.send(MESSAGE, hook(https_port), "n-1", NOW_MS).status is PushStatus.SENT
        assert asked == [HOST]

    @pytest.mark.parametrize(
        "url",
        [
            pytest.param("http://hook.example.cn/in", id="not encrypted"),
            pytest.param("https:///in", id="no host"),
            pytest.param("https://li:pass@hook.example.cn/in", id="a password in the URL"),
            pytest.param("https://hook.example.cn/a b", id="a blank"),
            pytest.param("https://hook.example.cn/a\r\nX-Evil: 1", id="a line break"),
            pytest.param("https://hook.example.cn:99999/", id="no port"),
            pytest.param("https://[::1/", id="half an address"),
        ],
    )
    def test_a_url_that_is_none_of_a_webhook_is_refused(self, webhooks: WebhookSender, url: str) -> None:
        assert webhooks.check(url) is ChannelFault.UNREADABLE

    def test_a_signature_stands_as_the_standard_s_own_example_has_it(self) -> None:
        """standard-webhooks/spec, the reference libraries' test vector."""
        secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
        found = signature_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, body)
        assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
            "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
            "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
        ],
    )  # fmt: skip
    def test_is_not_called(self, address: str) -> None:
        assert not is_public(ip_address(address))

    @pytest.mark.parametrize("address", ["1.1.1.1", "114.114.114.114", "2400:3200::1", "::ffff:1.1.1.1"])
    def test_is_called(self, address: str) -> None:
        assert is_public(ip_address(address))

    @given(st.ip_addresses())
    def test_what_python_calls_private_is_never_called(self, address: Any) -> None:
        if address.is_private or address.is_loopback or address.is_link_local:
            assert not is_public(address) or (address.version == 6 and address.ipv4_mapped is not None)

    def test_a_host_with_one_internal_address_among_others_is_internal(self) -> None:
        with pytest.raises(InternalAddress):
            public_addresses("h", 443, resolve=lambda *_: ["1.1.1.1", "10.0.0.1"])

    @pytest.mark.parametrize("found", [[], ["no address"]])
    def test_a_host_without_an_address_is_unknown(self, found: list[str]) -> None:
        with pytest.raises(UnknownHost):
            public_addresses("h", 443, resolve=lambda *_: found)

    @pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0", "localhost"])
    def test_loopback_by_another_spelling_is_internal(self, host: str) -> None:
        with pytest.raises(InternalAddress):
            public_addresses(host, 443)


def chats(**how: Any) -> AppriseSender:
    """With Apprise's plain JSON service beside the chats, whose hosts are fixed."""
    return AppriseSender(schemes=CHATS | {"json"}, timeout_s=0.5, **how)


class TestApprise:
    @pytest.mark.parametrize(
        "url",
        ["wecombot://693a91f6-7xxx-4bc4", "dingtalk://secret@token", "feishu://0a1b2c3d4e5f", "mailtos://u:p@qq.com"],
    )
    def test_a_url_of_a_supported_chat_can_be_a_channel_s(self, url: str) -> None:
        assert AppriseSender(resolve=lambda *_: ["1.1.1.1"]).check(url) is None

    @pytest.mark.parametrize(
        "url", ["wecombot://", "mailtos://", "json://example.cn", "file:///etc/passwd", "tgram://x"]
    )
    def test_a_url_of_anything_else_cannot(self, url: str) -> None:
        assert AppriseSender(resolve=lambda *_: ["1.1.1.1"]).check(url) is ChannelFault.UNREADABLE

    @pytest.mark.parametrize("query", ["wkd=yes", "pgppub=http://169.254.169.254/", "pgpprv=/etc/passwd"])
    def test_mail_that_would_fetch_keys_from_somewhere_is_refused(self, query: str) -> None:
        sender = AppriseSender(resolve=lambda *_: ["1.1.1.1"])
        assert sender.check(f"mailtos://u:p@example.cn?{query}") is ChannelFault.UNREADABLE

    @pytest.mark.parametrize("url", ["mailtos://u:p@example.cn", "mailtos://u:p@example.cn?smtp=10.0.0.25"])
    def test_a_mail_server_inside_is_refused_when_it_is_put_and_when_it_is_sent_to(self, url: str) -> None:
        sender = AppriseSender(resolve=lambda *_: ["10.0.0.25"])
        assert sender.check(url) is ChannelFault.INTERNAL
        assert sender.send(MESSAGE, Channel("mail", "mail", url), "n-1", NOW_MS).reason == "INTERNAL_ADDRESS"

    @pytest.mark.parametrize(
        ("status", "outcome"), [(200, PushStatus.SENT), (500, PushStatus.RETRY), (404, PushStatus.RETRY)]
    )
    def test_an_answer_means(self, http_port: int, receiver: type[Receiver], status: int, outcome: PushStatus) -> None:
        receiver.status = status
        channel = Channel("chat", "chat", f"json://127.0.0.1:{http_port}/in")
        assert chats().send(MESSAGE, channel, "n-1", NOW_MS).status is outcome
        ((_, _, body),) = receiver.seen
        assert MESSAGE.title in json.loads(body)["title"]

    @pytest.mark.parametrize("query", ["", "?rto=60&cto=60&retry=5&wait=9&redirect=yes"])
    def test_what_hangs_is_given_up_after_the_timeout_whatever_the_url_asks_for(
        self, http_port: int, receiver: type[Receiver], query: str
    ) -> None:
        receiver.hangs_s = 3.0
        begun_s = time.monotonic()
        channel = Channel("chat", "chat", f"json://127.0.0.1:{http_port}/in{query}")
        assert chats().send(MESSAGE, channel, "n-1", NOW_MS).status is PushStatus.RETRY
        assert (time.monotonic() - begun_s < 2.0, len(receiver.seen)) == (True, 1)

    def test_a_redirect_is_not_followed(self, http_port: int, receiver: type[Receiver]) -> None:
        receiver.status, receiver.headers_out = 307, {"Location": f"http://127.0.0.1:{http_port}/elsewhere"}
        channel = Channel("chat", "chat", f"json://127.0.0.1:{http_port}/in?redirect=yes")
        chats().send(MESSAGE, channel, "n-1", NOW_MS)
        assert [path for path, _, _ in receiver.seen] == ["/in"]

    def test_neither_key_nor_password_reaches_a_log_or_a_reason(
        self, http_port: int, receiver: type[Receiver], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        receiver.status = 500
        sender = chats()
        outcome = sender.send(
            MESSAGE, Channel("c", "c", f"json://u:HUNTER2@127.0.0.1:{http_port}/KEYKEY"), "n-1", NOW_MS
        )
        sender.check("mailtos://u:HUNTER2@")
        told = "\n".join(
            [*(record.getMessage() for record in caplog.records if "urllib3" not in record.name), repr(outcome)]
        )
        assert "HUNTER2" not in told and "KEYKEY" not in told


SENDERS: dict[str, Callable[[], ChannelSender]] = {"fake": FakeChannelSender, "real": ChannelSenders}


@pytest.mark.parametrize("make", SENDERS.values(), ids=SENDERS)
class TestEverySender:
    @pytest.mark.parametrize(
        ("url", "fault"),
        [
            pytest.param("telegram://x", ChannelFault.UNSUPPORTED, id="another service"),
            pytest.param("http://example.cn/", ChannelFault.UNSUPPORTED, id="a webhook that is not encrypted"),
            pytest.param("wecombot://", ChannelFault.UNREADABLE, id="no key"),
            pytest.param("https://127.0.0.1/", ChannelFault.INTERNAL, id="an internal address"),
            pytest.param("wecombot://693a91f6-7xxx-4bc4", None, id="a chat"),
        ],
    )
    def test_a_url_is_checked(self, make: Callable[[], ChannelSender], url: str, fault: ChannelFault | None) -> None:
        assert make().check(url) is fault

    def test_a_secret_can_sign(self, make: Callable[[], ChannelSender]) -> None:
        assert signature_headers(make().new_secret(), "n", NOW_MS, b"")["webhook-signature"].startswith("v1,")


def test_channels_are_kept_replaced_and_taken_away(rows: Rows) -> None:
    channels = RowChannelRepo(rows)
    chat = Channel(
        "chat", "群", "wecombot://key", Audience(Dimension.SAFETY, ("east",)), (NoticeKind.TASK_DISPATCHED,), 2
    )
    own = Channel("own", "li", "https://h/", Audience(person_id="li"), secret="whsec_x", order=1)
    for one in (chat, own, Channel("chat", "旧", "feishu://key"), chat):
        channels.put(one)
    assert channels.all() == (chat, own) and channels.get("own") == own and channels.get("none") is None
    channels.delete("chat")
    channels.delete("chat")
    assert channels.all() == (own,)


def test_a_channel_shows_neither_its_url_nor_its_secret() -> None:
    shown = repr(Channel("own", "li", "https://h/KEY", secret="whsec_SECRET"))
    assert "KEY" not in shown and "SECRET" not in shown
