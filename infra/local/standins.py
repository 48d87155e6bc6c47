"""Stand-ins for Google's token endpoint, FCM v1 and an issuer's JWKS, as one small HTTP server on 127.0.0.1.

It answers as Google does, so that the code which runs against it is the deployed one. What it answers is scripted: by
the beginning of a device's token (`SCRIPTED`), or for the next requests by `POST /control`. Messages stay in memory.

    POST /token                            OAuth2 JWT bearer grant (RFC 7523)
    POST /v1/projects/{p}/messages:send    FCM HTTP v1
    GET, DELETE /messages                  what was accepted, oldest first; ?since=N leaves the first N out
    POST /control                          {"fail_next": 2, "status": 503, "retry_after_s": 1, ...}: see `Script`;
                                           {"revoke_tokens": true} makes every access token invalid
    GET /control                           how many failures are left
    GET /jwks.json                         the file of that name in the state directory
    GET /health
"""

import argparse
import base64
import binascii
import contextlib
import json
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HOST = "127.0.0.1"
# google-auth names Google's endpoint as the audience, wherever the token_uri points.
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_LIFETIME_S = 3600
MAX_BODY_BYTES = 64 * 1024
PAYLOAD_LIMIT_BYTES = 4096
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_SEND = re.compile(r"/v1/projects/([a-z0-9:.-]+)/messages:send")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, a JSON body, and the headers that matter."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Script:
    """What the next requests of one kind get instead of a normal answer. `drop` closes the connection unanswered."""

    fail_next: int
    status: int = 503
    error_code: str = ""
    retry_after_s: int | str | None = None
    delay_s: float = 0.0
    drop: bool = False
    on: str = "send"

    def is_valid(self) -> bool:
        numbers = isinstance(self.fail_next, int) and isinstance(self.status, int)
        return numbers and isinstance(self.delay_s, int | float) and self.on in ("send", "token")

    def answer(self) -> Answer:
        if self.on == "token":
            return Answer(self.status, {"error": self.error_code or "internal_failure"})
        return fcm_error(self.status, self.error_code, retry_after_s=self.retry_after_s)


def fcm_error(status: int, error_code: str = "", message: str = "", retry_after_s: int | str | None = None) -> Answer:
    """An error as FCM words it: the canonical status, and FCM's own code in the details."""
    canonical, default_code, default_message = _CANONICAL.get(status, ("UNKNOWN", "", "Unknown error."))
    code = error_code or default_code
    details = [{"@type": FCM_ERROR, "errorCode": code}] if code else []
    error = {"code": status, "message": message or default_message, "status": canonical, "details": details}
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Answer(status, {"error": error}, headers)


_CANONICAL = {
    400: ("INVALID_ARGUMENT", "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
    401: ("UNAUTHENTICATED", "", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "", "The caller does not have permission"),
    404: ("NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    429: ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded."),
    500: ("INTERNAL", "INTERNAL", "Internal error encountered."),
    503: ("UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
}
SCRIPTED: Mapping[str, Answer] = {
    "token-unregistered": fcm_error(404),
    "token-mismatch": fcm_error(403, "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "token-invalid": fcm_error(400),
    "token-quota": fcm_error(429, retry_after_s=60),
    "token-unavailable": fcm_error(503, retry_after_s=2),
    "token-internal": fcm_error(500),
    "token-no-apns-key": fcm_error(401, "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
}


class StandIns:
    """The behaviour, without HTTP. One lock guards everything that several requests change."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._lock = threading.Lock()
        self._messages: list[Json] = []
        self._answers: dict[str, int] = {}
        self._scripts: list[Script] = []
        self._access_tokens: dict[str, float] = {}
        self._token_exchanges = 0

    def count(self, outcome: str) -> None:
        """One more answer of FCM's: its status, or `dropped`."""
        with self._lock:
            self._answers[outcome] = self._answers.get(outcome, 0) + 1

    def next_script(self, on: str) -> Script | None:
        with self._lock:
            for script in self._scripts:
                if script.on == on and script.fail_next > 0:
                    script.fail_next -= 1
                    return script
        return None

    def control(self, order: Any) -> Answer:
        if order == {"revoke_tokens": True}:
            return self.revoke_tokens()
        try:
            script = Script(**order)
        except TypeError as error:
            return Answer(400, {"error": str(error)})
        if not script.is_valid():
            return Answer(400, {"error": "`on` is send or token; fail_next, status and delay_s are numbers"})
        with self._lock:
            self._scripts = [s for s in self._scripts if s.on != script.on] + [script]
        return self.controls()

    def controls(self) -> Answer:
        with self._lock:
            return Answer(200, {"left": {script.on: script.fail_next for script in self._scripts}})

    def messages(self, since: int) -> Answer:
        with self._lock:
            return Answer(
                200,
                {
                    "messages": self._messages[since:],
                    "total": len(self._messages),
                    "answers": dict(self._answers),
                    "token_exchanges": self._token_exchanges,
                },
            )

    def forget_messages(self) -> Answer:
        with self._lock:
            forgotten = len(self._messages)
            self._messages.clear()
            self._answers.clear()
            self._token_exchanges = 0
        return Answer(200, {"forgotten": forgotten})

    def exchange(self, form: Mapping[str, str], url: str) -> Answer:
        with self._lock:
            self._token_exchanges += 1
        if form.get("grant_type") != GRANT:
            return _oauth_error("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        if (fault := assertion_fault(form.get("assertion", ""), url, time.time())) is not None:
            return _oauth_error("invalid_grant", fault)
        token = "ya29." + secrets.token_urlsafe(24)
        with self._lock:
            self._access_tokens[token] = time.time() + TOKEN_LIFETIME_S
        return Answer(200, {"access_token": token, "expires_in": TOKEN_LIFETIME_S - 1, "token_type": "Bearer"})

    def send(self, project: str, authorization: str, request: Any) -> Answer:
        answer = self._judge(project, authorization, request)
        if answer.status == 200:
            accepted = {"project": project, "name": answer.body["name"], "message": request["message"]}
            with self._lock:
                self._messages.append({"at_ms": time.time_ns() // 1_000_000, **accepted})
        return answer

    def _judge(self, project: str, authorization: str, request: Any) -> Answer:
        if not self._is_known(authorization.removeprefix("Bearer ")):
            return fcm_error(401)
        if (fault := message_fault(request)) is not None:
            return fault
        token = request["message"]["token"]
        scripted = next((answer for prefix, answer in SCRIPTED.items() if token.startswith(prefix)), None)
        return scripted or Answer(200, {"name": f"projects/{project}/messages/{secrets.token_hex(8)}"})

    def _is_known(self, access_token: str) -> bool:
        with self._lock:
            return self._access_tokens.get(access_token, 0.0) > time.time()

    def revoke_tokens(self) -> Answer:
        with self._lock:
            revoked = len(self._access_tokens)
            self._access_tokens.clear()
        return Answer(200, {"revoked": revoked})

    def jwks(self) -> Answer:
        try:
            text = (self._state_dir / "jwks.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return Answer(404, {"error": "no jwks.json in the state directory"})
        return Answer(200, json.loads(text), {"Cache-Control": "max-age=300"})


def assertion_fault(assertion: str, audience: str, now_s: float) -> str | None:
    """What Google would say against the assertion, or None. Its signature is not checked: no public key is known."""
    try:
        header, claims = (json.loads(_unpadded(part)) for part in assertion.split(".")[:2])
    except (ValueError, binascii.Error):
        return "Bad Request"
    if assertion.count(".") != 2 or not isinstance(header, dict) or not isinstance(claims, dict):
        return "Bad Request"
    if header.get("alg") != "RS256" or not claims.get("iss") or not claims.get("scope"):
        return "Invalid JWT Signature."
    if claims.get("aud") not in (GOOGLE_TOKEN_URI, audience):
        return "Invalid JWT: the audience is not this endpoint."
    issued_s, expires_s = claims.get("iat"), claims.get("exp")
    if not isinstance(issued_s, int) or not isinstance(expires_s, int):
        return "Invalid JWT: iat and exp are numbers."
    if not issued_s - 60 <= now_s < expires_s <= issued_s + TOKEN_LIFETIME_S:
        return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    return None


def message_fault(request: Any) -> Answer | None:
    """What FCM would say against the request's form, or None."""
    message = request.get("message") if isinstance(request, dict) else None
    if not isinstance(message, dict):
        return _bad_field("message", "Invalid JSON payload received.")
    if unknown := set(message) - {"token", "notification", "data", "android", "apns", "webpush", "fcm_options"}:
        return _bad_field(f"message.{min(unknown)}", f"Unknown name at 'message': {min(unknown)}")
    if not isinstance(message.get("token"), str) or not message["token"]:
        return _bad_field("message", "Recipient of the message is not set.")
    for name, value in message.get("data", {}).items():
        if not isinstance(value, str):
            return _bad_field("message.data", f"Invalid value at 'message.data' (TYPE_STRING), {name}")
        if name in ("from", "gcm", "message_type") or name.startswith(("google.", "gcm.")):
            return _bad_field("message.data", f"Invalid data payload key: {name}")
    payload = {key: message[key] for key in ("notification", "data") if key in message}
    if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) > PAYLOAD_LIMIT_BYTES:
        return fcm_error(400, message="Android message is too big")
    return None


def _bad_field(path: str, description: str) -> Answer:
    violation = {"@type": BAD_REQUEST, "fieldViolations": [{"field": path, "description": description}]}
    error = {"code": 400, "message": description, "status": "INVALID_ARGUMENT", "details": [violation]}
    return Answer(400, {"error": error})


def _oauth_error(code: str, description: str) -> Answer:
    return Answer(400, {"error": code, "error_description": description})


def _unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "green-shield-standins"
    sys_version = ""
    timeout = 30
    wbufsize = -1  # one write for head and body: two would wait for each other's acknowledgement
    server: "_Server"

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        match path:
            case "/health":
                self._reply(Answer(200, {"status": "ok"}))
            case "/messages":
                since = query.get("since", ["0"])[0]
                self._reply(self.server.standins.messages(int(since) if since.isdecimal() else 0))
            case "/control":
                self._reply(self.server.standins.controls())
            case "/jwks.json":
                self._reply(self.server.standins.jwks())
            case _:
                self._reply(_NOT_FOUND)

    def do_DELETE(self) -> None:
        is_messages = urlsplit(self.path).path == "/messages"
        self._reply(self.server.standins.forget_messages() if is_messages else _NOT_FOUND)

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        path = urlsplit(self.path).path
        if path == "/token":
            self._token(body)
        elif (send := _SEND.fullmatch(path)) is not None:
            self._send(send[1], body)
        elif path == "/control":
            self._reply(self.server.standins.control(_json(body)))
        else:
            self._reply(_NOT_FOUND)

    def _token(self, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode("ascii", "replace")).items()}
        script = self.server.standins.next_script("token")
        url = f"http://{self.headers.get('Host', '')}/token"
        self._act(script) if script else self._reply(self.server.standins.exchange(form, url))

    def _send(self, project: str, body: bytes) -> None:
        standins, script = self.server.standins, self.server.standins.next_script("send")
        if script:
            standins.count("dropped" if script.drop else str(script.status))
            self._act(script)
            return
        answer = standins.send(project, self.headers.get("Authorization", ""), _json(body))
        standins.count(str(answer.status))
        self._reply(answer)

    def _act(self, script: Script) -> None:
        time.sleep(script.delay_s)
        if script.drop:
            self.close_connection = True
        else:
            self._reply(script.answer())

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._reply(Answer(413 if length.isdecimal() else 411, {"error": "a Content-Length, and not so long"}))
            return None
        return self.rfile.read(int(length))

    def _reply(self, answer: Answer) -> None:
        body = json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests carry tokens and pushes: nothing of them is printed."""


_NOT_FOUND = Answer(404, {"error": "not found"})


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a multicast opens up to a hundred connections at once

    def __init__(self, port: int, standins: StandIns) -> None:
        self.standins = standins
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def running(state_dir: Path | str, port: int = 0) -> Iterator[str]:
    """The stand-ins in this process, for tests: yields their URL and stops them at the end."""
    server = _Server(port, StandIns(Path(state_dir)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def new_private_key_pem() -> str:
    """A fresh RSA key: the repository holds none."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


def service_account_json(token_uri: str, private_key_pem: str, project_id: str = "green-shield-local") -> str:
    """A service account's key file as Google's console hands it out, for a stand-in's token endpoint."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": project_id,
            "private_key_id": "local",
            "private_key": private_key_pem,
            "client_email": f"push@{project_id}.iam.gserviceaccount.com",
            "client_id": "0",
            "token_uri": token_uri,
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.standins",
        description="Stand-ins for Google's token endpoint, FCM v1 and an issuer's JWKS, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="where jwks.json is read from")
    options = parser.parse_args(arguments)
    try:
        server = _Server(options.port, StandIns(options.state_dir))
    except OSError as error:
        print(json.dumps({"ready": False, "error": f"port {options.port}: {error.strerror}"}), flush=True)
        return 1
    # shutdown() waits for serve_forever(), which runs in the thread that handles the signal.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(json.dumps({"ready": True, "url": server.url}), flush=True)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever(0.1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
