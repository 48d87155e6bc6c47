"""The line to the park: HTTP/1.1 by httpcore, one connection kept open, certificates verified.

httpcore is httpx without the layer the bridge has no use for: 10 MB less resident and a third less time a request.
"""

import asyncio
import contextlib
import socket
import ssl

import httpcore

from green_shield_bridge.errors import CertificateError
from green_shield_bridge.upload.verdicts import Answer

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_CLOSE_S = 1.0


class LineError(Exception):
    """No answer. It says nothing about whether the park has the block."""


class ParkClient:
    """Raises CertificateError when made with a CA file that cannot be used."""

    def __init__(self, url: str, *, ca_file: str | None, timeout_s: float, user_agent: str) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._user_agent = user_agent
        self._tls = _verifying_context(ca_file) if url.startswith("https:") else None
        self._pool = self._new_pool()
        self._turn = asyncio.Lock()

    async def post(self, path: str, body: bytes, token: str, *, is_gzip: bool) -> Answer:
        """Send one document to a path such as /v1/readings, one request at a time. Raises LineError.

        The time limit is for the whole exchange (connect, send, answer), so that a park that answers a byte a minute, or not
        at all, does not hold the line.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._exchange(path, body, token, is_gzip)
            except TimeoutError as error:
                await self._drop_connection()
                raise LineError(f"no answer within {self._timeout_s:g} s") from error
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
                await self._drop_connection()
                raise LineError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        await self._pool.aclose()

    async def _exchange(self, path: str, body: bytes, token: str, is_gzip: bool) -> Answer:
        headers: dict[bytes | str, bytes | str] = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json, application/problem+json",
            "Prefer": "return=minimal",  # an answer that names every series is longer than the upload
            "User-Agent": self._user_agent,
        }
        if is_gzip:
            headers["Content-Encoding"] = "gzip"
        async with self._pool.stream("POST", f"{self._url}{path}", headers=headers, content=body) as response:
            answer = bytearray()
            async for chunk in response.aiter_stream():
                answer += chunk
                if len(answer) > MAX_ANSWER_BYTES:
                    raise httpcore.RemoteProtocolError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        names = {name.decode("ascii", "replace").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, names, bytes(answer))

    async def _drop_connection(self) -> None:
        """A connection that failed once is never trusted again."""
        pool, self._pool = self._pool, self._new_pool()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await pool.aclose()

    def _new_pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=1,
            keepalive_expiry=60.0,
            retries=0,
            socket_options=_socket_options(self._timeout_s),
        )


def _socket_options(timeout_s: float) -> list[tuple[int, int, int]]:
    """A peer that has gone is noticed by the kernel too, also between requests."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(timeout_s * 1000))))
    return options


def _verifying_context(ca_file: str | None) -> ssl.SSLContext:
    """Certificates and host names are always checked; `ca_file` stands in for the system's authorities."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise CertificateError(f"server.ca_file {ca_file}: cannot be used ({error})") from error
