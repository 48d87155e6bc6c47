"""Asks the park whether it is up, over the line that uploads will take: certificates are verified, nothing is uploaded."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpcore

from green_shield_bridge import __version__
from green_shield_bridge.config.model import Server
from green_shield_bridge.errors import CertificateError

# Beyond it the park may take the bridge's tokens for expired or not yet valid.
CLOCK_TOLERANCE_S = 60.0


@dataclass(frozen=True, slots=True)
class ParkFinding:
    """`clock_s`: how far this machine's clock is ahead of the park's, None where the park did not say."""

    url: str
    is_ok: bool
    problem: str | None
    took_ms: int
    clock_s: float | None = None


async def ask_park(server: Server, timeout_s: float) -> ParkFinding:
    """GET /v1/health. Raises CertificateError where the CA file cannot be used."""
    url, tls, began_s = f"{server.url}/v1/health", _tls(server), time.monotonic()
    status, clock_s, problem = 0, None, None
    try:
        async with asyncio.timeout(timeout_s), httpcore.AsyncConnectionPool(ssl_context=tls, retries=0) as pool:
            status, clock_s = await _ask(pool, url)
    except TimeoutError:
        problem = f"no answer within {timeout_s:g} s"
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        problem = str(error) or type(error).__name__
    took_ms = round((time.monotonic() - began_s) * 1000)
    problem = problem or _problem(status, clock_s)
    return ParkFinding(server.url, problem is None, problem, took_ms, clock_s)


async def _ask(pool: httpcore.AsyncConnectionPool, url: str) -> tuple[int, float | None]:
    """(status, how far this machine's clock is ahead in seconds). The body is of no interest, and not read."""
    headers: dict[bytes | str, bytes | str] = {
        "Accept": "application/json",
        "User-Agent": f"green-shield-bridge/{__version__}",
    }
    async with pool.stream("GET", url, headers=headers) as response:
        date = next((value for name, value in response.headers if name.lower() == b"date"), b"")
        return response.status, _ahead_s(date.decode("latin-1"))


def _ahead_s(date: str) -> float | None:
    try:
        return round(time.time() - parsedate_to_datetime(date).timestamp(), 1)
    except ValueError:
        return None


def _problem(status: int, clock_s: float | None) -> str | None:
    if status != 200:
        return f"/v1/health answers {status}: is server.url right?"
    if clock_s is not None and abs(clock_s) > CLOCK_TOLERANCE_S:
        return f"this machine's clock is {clock_s:+.0f} s from the park's: the park will refuse its tokens"
    return None


def _tls(server: Server) -> ssl.SSLContext | None:
    if not server.url.startswith("https:"):
        return None
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise CertificateError(f"server.ca_file {server.ca_file}: cannot be used ({error})") from error
