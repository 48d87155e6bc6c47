"""A park that misbehaves on order, and a bridge with a small plant in front of it."""

import asyncio
import contextlib
import gzip
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from demo.plant import Device, Plant, RegisterPoint
from green_shield_bridge.bridge import Bridge, open_bridge
from green_shield_bridge.config import read_config
from green_shield_bridge.identity import make_key_file

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
    "halt" (close at once); "page" (200 with a web page); "ok".
    """

    script: list[str] = field(default_factory=list)
    refused_points: dict[str, str] = field(default_factory=dict)
    intervals: dict[str, float] = field(default_factory=dict)
    max_readings: int = 20_000
    public_key: Ed25519PublicKey | None = None

    def __post_init__(self) -> None:
        self.uploads: list[Upload] = []
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
        step = self.script.pop(0) if self.script else "ok"
        status, extra, document = self._answer(step, headers, body)
        if step == "hang":
            await asyncio.sleep(3_600)
        if step in ("cut", "halt"):
            return False
        text = b"<html>sign in</html>" if step == "page" else json.dumps(document).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n{extra}\r\n".encode() + text)
        await writer.drain()
        return True

    def _answer(self, step: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, Any]]:
        document = json.loads(gzip.decompress(body))
        is_stored = step in ("ok", "cut") and self._readings(document) <= self.max_readings
        self.uploads.append(Upload(document["block_id"], hashlib.sha256(body).hexdigest(), document, is_stored))
        self._check_token(headers["authorization"].removeprefix("Bearer "), body)
        if self._readings(document) > self.max_readings:
            return 413, "", {"code": "too_large", "title": "Too large"}
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
        return 202, "", {"block_id": document["block_id"], "results": results, "units": units, "commands": []}

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


@dataclass
class BridgeProcess:
    """The bridge as its own process, as in a plant."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def stats_file(self) -> Path:
        return self.folder / "stats.json"

    def start(self) -> None:
        command = [sys.executable, "-m", "green_shield_bridge", "run", "--config", str(self.folder / "bridge.yaml")]
        with (self.folder / "bridge.log").open("ab") as out:
            self.process = subprocess.Popen([*command, "--stats-file", str(self.stats_file)], stderr=out)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(5)

    def stop(self, within_s: float = 10) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(within_s)

    def stats(self) -> dict[str, int]:
        """The counters of the process started last; none until it has written some."""
        stats: dict[str, int] = json.loads(self.stats_file.read_text()) if self.stats_file.exists() else {}
        return stats if self.process is not None and stats.get("pid") == self.process.pid else {}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "bridge.log").read_text().splitlines()]


class BridgeThread:
    """The bridge within the test's process: quicker to start, for whatever does not need a kill or a signal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bridge: Bridge | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(is_up)), daemon=True)
        self._thread.start()
        assert is_up.wait(5)

    async def _run(self, is_up: threading.Event) -> None:
        async with open_bridge(read_config(self._folder / "bridge.yaml")) as self._bridge:
            self._loop = asyncio.get_running_loop()
            is_up.set()
            await self._bridge.run()

    def stop(self) -> None:
        if self._bridge is None or self._thread is None or not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._bridge.stop)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def stats(self) -> dict[str, int]:
        return self._bridge.stats() if self._bridge else {}


@pytest.fixture
def park() -> Iterator[FakePark]:
    park = FakePark()
    park.open()
    yield park
    park.close()


@pytest.fixture
def plant() -> Iterator[Plant]:
    plant = Plant(
        [
            Device(
                "reactor",
                [RegisterPoint("p-temperature", 0), RegisterPoint("p-pressure", 2), RegisterPoint("p-voc", 4)],
            ),
            Device("boiler", [RegisterPoint("p-steam", 10, "int16", scale=0.1)], device_id=7),
        ]
    )
    with plant:
        plant.set_many({"p-temperature": 178.25, "p-pressure": 2.5, "p-voc": 41.5, "p-steam": -12.3})
        yield plant


Configure = Callable[..., Path]


@pytest.fixture
def configure(tmp_path: Path, plant: Plant, park: FakePark) -> Configure:
    """Writes bridge.yaml (and a key) for the plant and the park; keywords override the top of it."""

    def write(
        *, forward: str = "all", poll_interval_s: float = 0.05, trigger_above: float = 1e9, extra: Sequence[str] = ()
    ) -> Path:
        key = tmp_path / "bridge.key"
        if not key.exists():
            park.public_key = make_key_file(str(key))
        text = f"""
bridge_id: {BRIDGE_ID}
server: {{url: "{park.url}", timeout_s: 1.0}}
key_file: bridge.key
spool: {{path: spool.db, commit_interval_s: 0.02}}
upload: {{max_batch_age_s: 0.2, retry_max_s: 0.3}}
shutdown_s: 1
sources:
  - name: reactor
    kind: modbus_tcp
    host: 127.0.0.1
    port: {plant.port("reactor")}
    address_base: 0
    poll_interval_s: {poll_interval_s}
    timeout_s: 0.5
    suspend_max_s: 0.2
    forward: {forward}
    points:
      - {{point: p-temperature, register: 0, type: float32, trigger: {{above: {trigger_above}}}}}
      - {{point: p-pressure, register: 2, type: float32}}
      - {{point: p-voc, register: 4, type: float32}}
  - name: boiler
    kind: modbus_tcp
    host: 127.0.0.1
    port: {plant.port("boiler")}
    device_id: 7
    address_base: 1
    poll_interval_s: {poll_interval_s}
    timeout_s: 0.5
    suspend_max_s: 0.2
    forward: {forward}
    points:
      - {{point: p-steam, register: 11, type: int16, scale: 0.1}}
"""
        for old, new in (pair.split(" => ") for pair in extra):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "bridge.yaml").write_text(text)
        return tmp_path

    return write


@pytest.fixture
def process(tmp_path: Path) -> Iterator[BridgeProcess]:
    process = BridgeProcess(tmp_path)
    yield process
    if process.process is not None and process.process.poll() is None:
        process.kill()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[BridgeThread]:
    bridge = BridgeThread(tmp_path)
    yield bridge
    bridge.stop()


def wait_for(condition: Callable[[], bool], within_s: float = 8.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., None]:
    return wait_for
