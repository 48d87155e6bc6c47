"""A park that stores as the real one does, remembers in which block everything came, and misbehaves on order.

All parks of a run share one thread. `mode` says what a park does, `script` what it does with the next uploads before that:

    ok               store and say so
    500, 503, ...    that status, nothing stored
    429:<seconds>    with Retry-After
    hang             take the request and never answer
    cut              store, then close the connection without an answer
    late             close without an answer, and store what came only after the next upload
    twice            store the same upload again after the next one
"""

import asyncio
import contextlib
import gzip
import hashlib
import json
import socket
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options

from tests.edge_faults.account import STEP, Gap, Row

HOST = "127.0.0.1"
READINGS, REPORTS = "/v1/readings", "/v1/bridges/reports"
_ANY_TIME: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
_T = TypeVar("_T")


class ParkThread:
    """Where parks run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="parks", daemon=True).start()

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An upload as it came. Times of readings in epoch ms."""

    at_s: float
    step: str
    block_id: str
    readings: int
    oldest_ms: int
    newest_ms: int
    is_repeat: bool


@dataclass
class SinkPark:
    thread: ParkThread
    tells_date: bool = True
    mode: str = "ok"
    script: list[str] = field(default_factory=list)
    public_key: Ed25519PublicKey | None = None
    port: int = 0
    rows: dict[tuple[str, int], tuple[str, float | None, str]] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    gaps: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    reports: int = 0
    duplicates: int = 0
    repeats: int = 0
    conflicts: int = 0
    refused_tokens: int = 0
    asked_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._held: list[dict[str, Any]] = []
        # Bound as long as the park lives and never listening, so that nobody else gets the port while the park is closed.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind((HOST, self.port))
        self.port = self._place.getsockname()[1]

    def open(self) -> None:
        self.thread.do(self._listen())

    def close(self) -> None:
        """Refuse connections, and cut those there are."""
        self.thread.do(self._shut())

    def end(self) -> None:
        self.close()
        self._place.close()

    def gap_list(self) -> list[Gap]:
        return [_gap(gap) for gap in list(self.gaps.values())]

    def ledger(self, *reasons: str) -> int:
        """Readings that the gaps speak of (of some reasons)."""
        return sum(gap.readings for gap in self.gap_list() if not reasons or gap.reason in reasons)

    def rows_by_point(self) -> dict[str, list[Row]]:
        """What is stored, by point. A value that is not of its point's device and place has the number of no answer."""
        by_point: dict[str, list[Row]] = {}
        for (point, time_ms), (_, value, flag) in list(self.rows.items()):
            by_point.setdefault(point, []).append(Row(time_ms, _number(point, value), flag))
        return by_point

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, self.port, reuse_port=True)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._links):
            task.cancel()
        await asyncio.sleep(0.01)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while self._server is not None and await self._request(reader, writer):
                    pass
        finally:
            self._links.discard(task)
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split()[1]
        step = self.script.pop(0) if self.script and path == READINGS else self.mode
        status, document = self._take(path, step, headers, body)
        if step == "hang":
            await asyncio.sleep(3_600)
        if step in ("cut", "late"):
            return False
        writer.write(self._answer(status, step, document))
        await writer.drain()
        return True

    def _answer(self, status: int, step: str, document: dict[str, Any]) -> bytes:
        text = json.dumps(document).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(text)}"]
        if step.startswith("429:"):
            lines.append(f"Retry-After: {step.partition(':')[2]}")
        if self.tells_date:
            lines.append(f"Date: {formatdate(time.time(), usegmt=True)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + text

    def _take(self, path: str, step: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if not self._is_signed(headers, body):
            self.refused_tokens += 1
            return 401, {"code": "token_refused", "title": "Token refused"}
        document = json.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
        if path == READINGS:
            return self._readings(step, document)
        if path != REPORTS:
            return 404, {"code": "not_found", "title": "Not found"}
        return self._report(document) if step in ("ok", "cut", "twice") else _refusal(step)

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether the token is the bridge's and of these bytes. When it was made does not matter: some bridges here live in another time."""
        assert self.public_key is not None
        token = headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(
                token, self.public_key, algorithms=["EdDSA"], audience="green-shield", options=_ANY_TIME
            )
        except jwt.InvalidTokenError:
            return False
        return bool(claims.get("body_sha256") == hashlib.sha256(body).hexdigest())

    def _readings(self, step: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self._note(step, document)
        held, self._held = self._held, []
        if step in ("late", "twice"):
            self._held.append(document)
        outcome = self._store(document) if step in ("ok", "cut", "twice") else _refusal(step)
        for earlier in held:
            self._store(earlier)
        return outcome

    def _note(self, step: str, document: dict[str, Any]) -> None:
        times = [time_ms for series in document["series"] for time_ms in series["times"]]
        is_repeat = any(document["block_id"] == arrival.block_id for arrival in self.arrivals[-200:])
        block_id, now_s = document["block_id"], time.monotonic()
        self.asked_s.append(now_s)
        self.arrivals.append(Arrival(now_s, step, block_id, len(times), min(times), max(times), is_repeat))

    def _store(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        block_id = document["block_id"]
        digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
        is_new = block_id not in self.blocks
        self.repeats += not is_new
        if self.blocks.setdefault(block_id, digest) != digest:
            self.conflicts += 1
            return 409, {"code": "block_conflict", "title": "Same id, other content"}
        if is_new:
            for series in document["series"]:
                self._store_series(block_id, series)
        results = [
            {"index": i, "point": s["point"], "status": 202, "stored": len(s["times"])}
            for i, s in enumerate(document["series"])
        ]
        return 202, {
            "block_id": block_id,
            "results": results,
            "units": [],
            "commands": [],
            "source": document.get("source"),
        }

    def _store_series(self, block_id: str, series: dict[str, Any]) -> None:
        point, times = series["point"], series["times"]
        flags = series.get("flags", "N" * len(times))
        for time_ms, value, flag in zip(times, series["values"], flags, strict=True):
            self.duplicates += (point, time_ms) in self.rows
            self.rows[point, time_ms] = (block_id, value, flag)

    def _report(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.reports += 1
        gaps = document.get("gaps") or []
        for gap in gaps:
            self.gaps[gap["spool"], gap["id"]] = gap
        return 200, {"gaps": [gap["id"] for gap in gaps], "commands_reported": [], "commands": []}


def _refusal(step: str) -> tuple[int, dict[str, Any]]:
    status, _, _ = step.partition(":")
    return int(status) if status.isdigit() else 503, {"code": f"as_told_{status}", "title": "As told"}


def _number(point: str, value: float | None) -> int | None:
    """The number of the answer that a value came in; -1 where it is no value of this point."""
    if value is None:
        return None
    number, place = divmod(int(value), STEP)
    return number if value == int(value) and place == int(point.rpartition("-")[2]) else -1


def _gap(gap: dict[str, Any]) -> Gap:
    points = gap.get("points")
    return Gap(
        gap["reason"], _ms(gap["from"]), _ms(gap["to"]), gap["readings"], None if points is None else frozenset(points)
    )


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).astimezone(UTC).timestamp() * 1000)
