"""A bridge with a small plant in front of it, and a park that misbehaves on order behind it."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.plant import Device, Plant, RegisterPoint
from green_shield_bridge.bridge import Bridge, open_bridge
from green_shield_bridge.config.read import read_config
from green_shield_bridge.operate.monitor import Monitor
from green_shield_bridge.operate.status_client import NoBridge, ask_status
from green_shield_bridge.operate.unix_socket import socket_path
from green_shield_bridge.upload.identity import make_key_file
from tests.integration.edge_bridge.fake_park import BRIDGE_ID, FakePark


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
        """The counters of the process started last; none until it answers, and of one that has ended what it wrote last."""
        if self.process is None:
            return {}
        if self.process.poll() is None:
            try:
                stats = ask_status(socket_path(str(self.folder / "spool.db")))["counters"]
            except NoBridge:
                return {}
        else:
            stats = json.loads(self.stats_file.read_text()) if self.stats_file.exists() else {}
        return stats if stats.get("pid") == self.process.pid else {}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "bridge.log").read_text().splitlines()]


class BridgeThread:
    """The bridge within the test's process: quicker to start, for whatever needs neither a kill nor a signal nor its log."""

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
        config = read_config(self._folder / "bridge.yaml")
        async with open_bridge(config) as self._bridge:
            monitor = Monitor(self._bridge.snapshot, self._bridge.probe)
            await monitor.start(config.spool.path, config.monitor.port)
            self._loop = asyncio.get_running_loop()
            is_up.set()
            try:
                await self._bridge.run()
            finally:
                await monitor.stop()

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

BRIDGE_YAML = """\
bridge_id: {bridge_id}
server: {{url: "{park}", timeout_s: 1.0}}
key_file: bridge.key
spool: {{path: spool.db, commit_interval_s: 0.02}}
upload: {{max_batch_age_s: 0.2, retry_max_s: 0.3}}
shutdown_s: 1
sources:
  - name: reactor
    kind: modbus_tcp
    host: 127.0.0.1
    port: {reactor}
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
    port: {boiler}
    device_id: 7
    address_base: 1
    poll_interval_s: {poll_interval_s}
    timeout_s: 0.5
    suspend_max_s: 0.2
    forward: {forward}
    points:
      - {{point: p-steam, register: 11, type: int16, scale: 0.1}}
"""


@pytest.fixture
def configure(tmp_path: Path, plant: Plant, park: FakePark) -> Configure:
    """Writes bridge.yaml (and a key) for the plant and the park; keywords override the top of it."""

    def write(
        *, forward: str = "all", poll_interval_s: float = 0.05, trigger_above: float = 1e9, extra: Sequence[str] = ()
    ) -> Path:
        key = tmp_path / "bridge.key"
        if not key.exists():
            park.public_key = make_key_file(str(key))
        text = BRIDGE_YAML.format(
            bridge_id=BRIDGE_ID,
            park=park.url,
            reactor=plant.port("reactor"),
            boiler=plant.port("boiler"),
            forward=forward,
            poll_interval_s=poll_interval_s,
            trigger_above=trigger_above,
        )
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
