"""The little HTTP/1.1 that health, metrics and status need: GET, one request a connection. Bytes in, bytes out, no socket."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_HEAD_BYTES = 8_192
END_OF_HEAD = b"\r\n\r\n"

_PHRASES = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    content_type: str
    body: bytes

    def encode(self) -> bytes:
        allow = "Allow: GET\r\n" if self.status == 405 else ""
        return (
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n{allow}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        ).encode("ascii") + self.body


class Refused(Exception):
    """A request that is not served; `reply` says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.reply = json_reply(status, {"detail": detail})


def json_reply(status: int, document: object) -> Reply:
    return Reply(status, "application/json", json.dumps(document, ensure_ascii=False).encode() + b"\n")


def asked_path(head: bytes) -> str:
    """The path of a request head (up to and with the empty line), without its query. Raises Refused.

    The Host must be a name of this machine: a web page that lets its own name point to 127.0.0.1 gets nothing.
    """
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.partition(" ")
    if not version.startswith("HTTP/") or not target.startswith("/"):
        raise Refused(400, "not an HTTP request")
    if not version.startswith("HTTP/1."):
        raise Refused(505, "HTTP/1.1 only")
    if method != "GET":
        raise Refused(405, "GET only")
    _check_host(lines[1:])
    return target.partition("?")[0]


def _check_host(headers: list[str]) -> None:
    hosts = [value.strip() for name, _, value in (line.partition(":") for line in headers) if name.lower() == "host"]
    if len(hosts) > 1:
        raise Refused(400, "more than one Host")
    if hosts and _name(hosts[0]) not in _LOOPBACK:
        raise Refused(403, "the Host must be 127.0.0.1, localhost or [::1]")


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
