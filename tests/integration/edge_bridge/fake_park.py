"""A park that misbehaves on order."""

import asyncio
import contextlib
import gzip
import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BRIDGE_ID = "bridge-test"


@dataclass
class Upload:
    """One request as the park saw it."""

    block_id: str
    sha256: str
    document: dict[str, Any]
    is_stored: bool


@dataclass
class FakePark:
    """Stores blocks as the real park does, unless the next entry of `script` says what to do instead.

    Entries: "500", "401", "409", "503"; "429:<Retry-After>"; "hang"; "cut" (store, then close without an answer);
    "halt" (close at once); "page" (200 with a web page); "ok". `report_script` does the same for reports: "404", "500", ...
    `poison`: a block with the value 666 of this point is answered with 500, every time. `orders`: commands sent with every answer.
    """

    report_script: list[str] = field(default_factory=list)
    poison: str | None = None
    orders: list[dict[str, Any]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    refused_points: dict[str, str] = field(default_factory=dict)
    intervals: dict[str, float] = field(default_factory=dict)
    max_readings: int = 20_000
    public_key: Ed25519PublicKey | None = None

    def __post_init__(self) -> None:
        self.uploads: list[Upload] = []
        self.reports: list[dict[str, Any]] = []
        self.gaps: dict[tuple[str, int], dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.blocks: dict[str, str] = {}
        self.stored: dict[tuple[str, int], float | None] = {}
        self.flags: dict[tuple[str, int], str] = {}
        self.duplicates = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(5)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._request(reader, writer):
                pass
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        if head[0].startswith("POST /v1/bridges/reports "):
            return await self._say(writer, *self._report(headers, body))
        step = self.script.pop(0) if self.script else "ok"
        status, extra, document = self._answer(step, headers, body)
        if step == "hang":
            await asyncio.sleep(3_600)
        if step in ("cut", "halt"):
            return False
        return await self._say(writer, status, extra, b"<html>sign in</html>" if step == "page" else document)

    async def _say(
        self, writer: asyncio.StreamWriter, status: int, extra: str, document: dict[str, Any] | bytes
    ) -> bool:
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n{extra}\r\n".encode() + text)
        await writer.drain()
        return True

    def _report(self, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, Any]]:
        document = json.loads(gzip.decompress(body))
        self.reports.append(document)
        self._check_token(headers["authorization"].removeprefix("Bearer "), body)
        step = self.report_script.pop(0) if self.report_script else "ok"
        if step != "ok":
            return int(step), "", {"code": f"code_{step}", "detail": "as scripted"}
        for gap in document["gaps"]:
            assert self.gaps.setdefault((gap["spool"], gap["id"]), gap) == gap
        reported = [result["id"] for result in document["commands"]]
        told = {"gaps": [gap["id"] for gap in document["gaps"]], "commands_reported": reported, "commands": self.orders}
        return 200, "", told

    def _answer(self, step: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, Any]]:
        document = json.loads(gzip.decompress(body))
        is_poison = any(s["point"] == self.poison and 666.0 in s["values"] for s in document["series"])
        is_stored = step in ("ok", "cut") and not is_poison and self._readings(document) <= self.max_readings
        self.uploads.append(Upload(document["block_id"], hashlib.sha256(body).hexdigest(), document, is_stored))
        self._check_token(headers["authorization"].removeprefix("Bearer "), body)
        if self._readings(document) > self.max_readings:
            return 413, "", {"code": "too_large", "title": "Too large"}
        if is_poison:
            return 500, "", {"code": "code_500", "detail": "cannot digest it"}
        if is_stored:
            return self._store(document)
        status, _, retry_after = step.partition(":")
        extra = f"Retry-After: {retry_after}\r\n" if retry_after else ""
        return int(status) if status.isdigit() else 200, extra, {"code": f"code_{status}", "detail": "as scripted"}

    def _readings(self, document: dict[str, Any]) -> int:
        return sum(len(s["times"]) for s in document["series"])

    def _check_token(self, token: str, body: bytes) -> None:
        assert self.public_key is not None
        self.tokens.append(token)
        claims = jwt.decode(token, self.public_key, algorithms=["EdDSA"], audience="green-shield")
        assert claims["body_sha256"] == hashlib.sha256(body).hexdigest()
        assert claims["iss"] == claims["sub"] == jwt.get_unverified_header(token)["kid"] == BRIDGE_ID

    def _store(self, document: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        content = json.dumps(document, sort_keys=True)
        is_new = document["block_id"] not in self.blocks
        if self.blocks.setdefault(document["block_id"], content) != content:
            return 409, "", {"code": "block_conflict", "detail": "same id, other content"}
        results = [self._store_series(i, s, is_new) for i, s in enumerate(document["series"])]
        units = [{"unit": p, "sampling_interval_s": s, "tier": None, "points": [p]} for p, s in self.intervals.items()]
        return 202, "", {"block_id": document["block_id"], "results": results, "units": units, "commands": self.orders}

    def _store_series(self, index: int, series: dict[str, Any], is_new: bool) -> dict[str, Any]:
        point = series["point"]
        if point in self.refused_points:
            error = {"code": self.refused_points[point], "title": "Refused", "detail": f"{point} is refused"}
            return {"index": index, "point": point, "status": 422, "stored": 0, "error": error}
        assert all(a < b for a, b in zip(series["times"], series["times"][1:], strict=False))
        for at, time_ms in enumerate(series["times"]):
            self.duplicates += is_new and (point, time_ms) in self.stored
            self.stored[point, time_ms] = series["values"][at]
            self.flags[point, time_ms] = series.get("flags", "N" * len(series["times"]))[at]
        return {"index": index, "point": point, "status": 202, "stored": len(series["times"])}

    def values_of(self, point: str) -> list[float | None]:
        return [value for (p, _), value in sorted(self.stored.items(), key=lambda item: item[0][1]) if p == point]
