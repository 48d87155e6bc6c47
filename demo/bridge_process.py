"""Bridges as processes of their own, one for each enterprise, with configurations written for the demo's devices."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from demo.plant import HOST, Device, Plant
from demo.scenario import enterprise_of
from demo.station import Station

BRIDGE_ID = "lvyuan-bridge-1"
STOP_WAIT_S = 20


class BridgeProcess:
    """`green-shield-bridge run`, which can be killed and started again on the same spool."""

    def __init__(
        self, home: Path, api: str, plant: Plant, devices: Sequence[Device | Station], poll_interval_s: float,
        bridge_id: str = BRIDGE_ID,
    ) -> None:  # fmt: skip
        self.bridge_id = bridge_id
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._config, self._key = home / "bridge.yaml", home / "bridge-key.pem"
        self.public_key_pem = self._keygen()
        settings = {"bridge_id": bridge_id, **_configuration(self._key, home, api, plant, devices, poll_interval_s)}
        self._config.write_text(yaml.safe_dump(settings))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self._home / "bridge.log").open("ab")
        words = ["run", "--config", str(self._config), "--stats-file", str(self._home / "stats.json")]
        self._process = subprocess.Popen([*_BRIDGE, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def stats(self) -> Mapping[str, int]:
        """The bridge's own counters, as last written; empty before the first."""
        try:
            known: dict[str, int] = json.loads((self._home / "stats.json").read_text())
        except FileNotFoundError:
            return {}
        return known

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is left in the spool. False if something still is when the time is up."""
        deadline = time.monotonic() + timeout_s
        seen_ms = self.stats().get("time_ms", 0)
        while time.monotonic() < deadline:
            now = self.stats()
            if now.get("time_ms", 0) > seen_ms + 1000 and not now["spool_rows"] and not now["in_memory"]:
                return True
            time.sleep(0.3)
        return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keygen(self) -> str:
        done = subprocess.run([*_BRIDGE, "keygen", "--out", str(self._key)], check=True, capture_output=True, text=True)
        return done.stdout.strip() + "\n"


class Bridges:
    """One bridge for each enterprise that has devices here."""

    def __init__(
        self, home: Path, api: str, plant: Plant, devices: Sequence[Device | Station], poll_interval_s: float
    ) -> None:
        own: dict[str, list[Device | Station]] = {}
        for device in devices:
            own.setdefault(enterprise_of(device), []).append(device)
        self.by_enterprise = {
            one: BridgeProcess(home / one, api, plant, its, poll_interval_s, f"{one}-bridge-1")
            for one, its in own.items()
        }

    def start(self) -> None:
        for bridge in self.by_enterprise.values():
            bridge.start()

    def stop(self) -> None:
        for bridge in self.by_enterprise.values():
            bridge.stop()

    def drain(self, timeout_s: float) -> bool:
        """Wait until no spool has anything left."""
        return all(bridge.drain(timeout_s) for bridge in self.by_enterprise.values())

    def stats(self) -> Mapping[str, int]:
        """What all have produced."""
        return {"produced": sum(bridge.stats().get("produced", 0) for bridge in self.by_enterprise.values())}


_BRIDGE = (sys.executable, "-m", "green_shield_bridge")


def _configuration(
    key: Path, home: Path, api: str, plant: Plant, devices: Sequence[Device | Station], poll_interval_s: float
) -> dict[str, Any]:
    return {
        "server": {"url": api},
        "key_file": str(key),
        "spool": {"path": str(home / "spool.sqlite")},
        # The demo counts every reading, so every poll is forwarded, in small batches that go out at once.
        "upload": {"max_batch_age_s": 1.0, "default_interval_s": 1.0, "retry_max_s": 5.0},
        "sources": [
            _hj212(device, home)
            if isinstance(device, Station)
            else _modbus(device, plant.port(device.name), poll_interval_s)
            for device in devices
        ],
    }


def _modbus(device: Device, port: int, poll_interval_s: float) -> dict[str, Any]:
    return {
        "name": device.name,
        "kind": "modbus_tcp",
        "host": HOST,
        "port": port,
        "device_id": device.device_id,
        "address_base": 0,
        "poll_interval_s": poll_interval_s,
        "timeout_s": 2.0,
        "forward": "all",
        "points": [{"point": p.point_id, "register": p.address, "type": p.type} for p in device.points],
    }


def _hj212(station: Station, home: Path) -> dict[str, Any]:
    password = home / f"{station.name}.pw"
    password.touch(0o600)
    password.write_text(station.password)
    return {
        "name": station.name,
        "kind": "hj212_server",
        "listen": HOST,
        "port": station.port,
        "forward": "all",
        "stations": [
            {
                "mn": station.mn,
                "password_file": str(password),
                "points": [{"point": p.point_id, "factor": p.factor} for p in station.points],
            }
        ],
    }
