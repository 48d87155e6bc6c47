"""The stand-ins answer as Google does: what they refuse, what they take, and how they are started."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest

from infra.local import standins
from infra.local.standins import GOOGLE_TOKEN_URI, GRANT

ROOT = Path(__file__).resolve().parents[2]
SEND = "/v1/projects/park/messages:send"
MESSAGE = {"token": "token-a", "notification": {"title": "t", "body": "b"}, "data": {"k": "v"}}


@pytest.fixture(scope="module")
def key_pem() -> str:
    return standins.new_private_key_pem()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with standins.running(tmp_path) as it:
        yield it


def call(
    url: str, body: bytes | None = None, method: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, Mapping[str, str]]:
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), dict(error.headers)


def exchange(url: str, key_pem: str, **changes: Any) -> tuple[int, Any]:
    now_s = int(time.time())
    standard = {"iss": "push@park", "scope": "s", "aud": GOOGLE_TOKEN_URI, "iat": now_s, "exp": now_s + 3600}
    claims = {name: value for name, value in {**standard, **changes}.items() if value is not None}
    return grant(url, jwt.encode(claims, key_pem, "RS256"))


def grant(url: str, assertion: str, grant_type: str = GRANT) -> tuple[int, Any]:
    form = urllib.parse.urlencode({"grant_type": grant_type, "assertion": assertion}).encode()
    return call(f"{url}/token", form)[:2]


@pytest.fixture
def authorized(url: str, key_pem: str) -> dict[str, str]:
    _, answer = exchange(url, key_pem)
    return {"Authorization": f"Bearer {answer['access_token']}"}


def send(url: str, headers: Mapping[str, str], message: object = None) -> tuple[int, Any, Mapping[str, str]]:
    return call(url + SEND, json.dumps({"message": message or MESSAGE}).encode(), headers=headers)


class TestTheTokenEndpoint:
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"aud": "https://elsewhere.test/token"}, id="another audience"),
            pytest.param({"iss": None}, id="no issuer"),
            pytest.param({"scope": None}, id="no scope"),
            pytest.param({"exp": None}, id="no expiry"),
            pytest.param({"exp": int(time.time()) + 7200}, id="two hours long"),
            pytest.param({"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, id="expired"),
        ],
    )
    def test_refuses_an_assertion_that_google_would_refuse(
        self, url: str, key_pem: str, changes: dict[str, Any]
    ) -> None:
        status, answer = exchange(url, key_pem, **changes)
        assert (status, answer["error"]) == (400, "invalid_grant")

    @pytest.mark.parametrize("assertion", ["", "a.b", "a.b.c", "W10.W10.W10", jwt.encode({}, "s" * 32, "HS256")])
    def test_refuses_what_is_no_assertion(self, url: str, assertion: str) -> None:
        assert grant(url, assertion)[1]["error"] == "invalid_grant"

    def test_refuses_another_grant(self, url: str) -> None:
        assert grant(url, "a.b.c", "password") == (
            400,
            {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: password"},
        )

    @pytest.mark.parametrize("own", [False, True], ids=["Google's endpoint as audience", "its own as audience"])
    def test_gives_an_access_token_for_an_hour(self, url: str, key_pem: str, own: bool) -> None:
        status, answer = exchange(url, key_pem, aud=f"{url}/token" if own else GOOGLE_TOKEN_URI)
        assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)


class TestSending:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer made-up"}], ids=["no token", "a made-up token"])
    def test_needs_a_token_issued_here(self, url: str, headers: dict[str, str]) -> None:
        status, answer, _ = send(url, headers)
        assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize(
        "message",
        [
            pytest.param({"notification": {}}, id="nobody to send to"),
            pytest.param({**MESSAGE, "data": {"k": 1}}, id="data that is not text"),
            pytest.param({**MESSAGE, "data": {"google.x": "1"}}, id="a reserved key"),
            pytest.param({**MESSAGE, "tokn": "x"}, id="a field that does not exist"),
            pytest.param({**MESSAGE, "data": {"k": "文" * 1400}}, id="more than 4 KB"),
            pytest.param([1], id="a list"),
        ],
    )
    def test_a_message_that_fcm_would_not_take_is_an_invalid_argument(
        self, url: str, authorized: dict[str, str], message: object
    ) -> None:
        status, answer, _ = send(url, authorized, message)
        assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")

    def test_a_body_that_is_not_json_is_an_invalid_argument(self, url: str, authorized: dict[str, str]) -> None:
        assert call(url + SEND, b"{", headers=authorized)[0] == 400

    def test_a_body_without_an_end_is_not_read(self, url: str, authorized: dict[str, str]) -> None:
        assert call(url + SEND, b"x" * 70_000, headers=authorized)[0] == 413

    @pytest.mark.parametrize(
        ("token", "status", "canonical", "code", "retry_after"),
        [
            ("token-unregistered-7", 404, "NOT_FOUND", "UNREGISTERED", None),
            ("token-mismatch-7", 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", None),
            ("token-invalid-7", 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", None),
            ("token-quota-7", 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "60"),
            ("token-unavailable-7", 503, "UNAVAILABLE", "UNAVAILABLE", "2"),
            ("token-internal-7", 500, "INTERNAL", "INTERNAL", None),
            ("token-no-apns-key-7", 401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", None),
        ],
    )
    def test_what_a_token_begins_with_decides_the_answer(
        self,
        url: str,
        authorized: dict[str, str],
        token: str,
        status: int,
        canonical: str,
        code: str,
        retry_after: str | None,
    ) -> None:
        answered, answer, headers = send(url, authorized, {**MESSAGE, "token": token})
        error = answer["error"]
        assert (answered, error["code"], error["status"]) == (status, status, canonical)
        assert error["details"] == [{"@type": standins.FCM_ERROR, "errorCode": code}]
        assert headers.get("Retry-After") == retry_after

    def test_accepted_messages_are_kept_in_order_with_their_time_and_can_be_forgotten(
        self, url: str, authorized: dict[str, str]
    ) -> None:
        before_ms = time.time_ns() // 1_000_000
        for token in ("token-a", "token-unregistered", "token-b"):
            send(url, authorized, {**MESSAGE, "token": token})
        kept = call(f"{url}/messages")[1]
        assert [message["message"]["token"] for message in kept["messages"]] == ["token-a", "token-b"]
        assert kept["answers"] == {"200": 2, "404": 1}
        assert before_ms <= kept["messages"][0]["at_ms"] <= kept["messages"][1]["at_ms"]
        assert kept["messages"][0]["name"].startswith("projects/park/messages/")
        assert len(call(f"{url}/messages?since=1")[1]["messages"]) == 1
        assert call(f"{url}/messages", method="DELETE")[1] == {"forgotten": 2}
        assert call(f"{url}/messages")[1]["total"] == 0


class TestControl:
    @pytest.mark.parametrize(
        "order",
        [b"{", b"[]", b'{"status": 503}', b'{"fail_next": "x"}', b'{"fail_next": 1, "on": "x"}', b'{"fail_nxt": 1}'],
    )
    def test_an_order_that_makes_no_sense_is_refused(self, url: str, order: bytes) -> None:
        assert call(f"{url}/control", order)[0] == 400

    def test_the_next_requests_fail_as_ordered_and_then_no_more(self, url: str, authorized: dict[str, str]) -> None:
        call(f"{url}/control", b'{"fail_next": 2, "status": 503, "retry_after_s": 7}')
        answers = [send(url, authorized) for _ in range(3)]
        assert [status for status, _, _ in answers] == [503, 503, 200]
        assert answers[0][2]["Retry-After"] == "7"
        assert call(f"{url}/control")[1] == {"left": {"send": 0}}

    def test_a_new_order_replaces_the_last_one_of_its_kind(self, url: str, authorized: dict[str, str]) -> None:
        call(f"{url}/control", b'{"fail_next": 9}')
        call(f"{url}/control", b'{"fail_next": 0}')
        assert send(url, authorized)[0] == 200

    def test_access_tokens_can_be_revoked(self, url: str, authorized: dict[str, str]) -> None:
        assert call(f"{url}/control", b'{"revoke_tokens": true}')[1] == {"revoked": 1}
        assert send(url, authorized)[0] == 401


class TestTheRest:
    @pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/v1/projects/p"), ("DELETE", "/control")])
    def test_anything_else_is_not_found(self, url: str, method: str, path: str) -> None:
        assert call(url + path, b"" if method == "POST" else None, method)[0] == 404

    def test_the_key_set_is_the_file_in_the_state_directory_as_it_is_now(self, url: str, tmp_path: Path) -> None:
        assert call(f"{url}/jwks.json")[0] == 404
        (tmp_path / "jwks.json").write_text('{"keys": [1]}')
        assert call(f"{url}/jwks.json")[1] == {"keys": [1]}

    def test_it_is_healthy(self, url: str) -> None:
        assert call(f"{url}/health")[1] == {"status": "ok"}

    def test_a_service_account_has_the_fields_of_googles_key_file(self, key_pem: str) -> None:
        account = json.loads(standins.service_account_json("http://127.0.0.1:1/token", key_pem, "park"))
        assert (account["type"], account["project_id"], account["private_key"]) == ("service_account", "park", key_pem)
        assert account["client_email"] == "push@park.iam.gserviceaccount.com"


def start(tmp_path: Path, port: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "infra.local.standins", "--port", str(port), "--state-dir", str(tmp_path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestTheCommand:
    def test_says_in_one_line_where_it_is_ready_and_ends_politely(self, tmp_path: Path) -> None:
        with start(tmp_path) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert ready["ready"] is True
            assert call(f"{ready['url']}/health")[0] == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) == 0
            assert process.stdout.read() == ""

    def test_a_taken_port_is_a_clear_error(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with start(tmp_path, port) as process:
                said, _ = process.communicate(timeout=10)
                assert process.returncode == 1
        assert json.loads(said) == {"ready": False, "error": f"port {port}: Address already in use"}

    def test_it_listens_on_loopback_only(self, url: str) -> None:
        assert url.startswith("http://127.0.0.1:")
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=1).close()
