"""A whole park in this process behind an HTTP port: the real app and its handlers, for real bridges to upload to."""

import gzip
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from chalicelib.adapters.tokens import Ed25519Verifier
from chalicelib.bootstrap import BRIDGE_AUDIENCE, SystemClock
from tests.park import Park


class ServedPark:
    """`stored` counts the readings of each point that were acknowledged. Requests are taken one at a time, each with what follows it."""

    def __init__(self) -> None:
        self.park = Park(clock=SystemClock(), signatures=Ed25519Verifier(BRIDGE_AUDIENCE))
        self.stored: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        serve = self._serve

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status, body = serve(
                    self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))
                )
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's log is the app's."""

        return Handler

    def _serve(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        with self._lock:
            answer = self.park.client.http.request("POST", path, headers=headers, body=body)
            if answer.status_code == 202:
                plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
                for series in json.loads(plain)["series"]:
                    self.stored[series["point"]] += len(series["times"])
            self.park.pump()
            return answer.status_code, answer.body
