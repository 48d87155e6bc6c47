"""The bridge as a process, with its folder and its configuration."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.edge_faults.account import End
from tests.edge_faults.plant import Plant

BRIDGE_ID = "bridge-under-test"
COMMIT_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class Setup:
    """How a case wants its bridge; the mappings override single keys of the configuration."""

    interval_s: float = 0.05
    timeout_s: float = 5.0
    server_timeout_s: float = 2.0
    spool: Mapping[str, Any] = field(default_factory=dict)
    upload: Mapping[str, Any] = field(default_factory=dict)
    priorities: Mapping[int, str] = field(default_factory=dict)
    suspend_max_s: float = 1.0
    shutdown_s: float = 10.0

    def document(self, plant: Plant, park_port: int) -> dict[str, Any]:
        """The configuration. JSON is YAML too."""
        return {
            "bridge_id": BRIDGE_ID,
            "key_file": "bridge.key",
            "server": {"url": f"http://127.0.0.1:{park_port}", "timeout_s": self.server_timeout_s},
            "spool": {"path": "spool.db", "commit_interval_s": COMMIT_INTERVAL_S, **self.spool},
            "upload": {"max_batch_age_s": 0.2, "retry_max_s": 0.5, **self.upload},
            "shutdown_s": self.shutdown_s,
            "sources": [self._source(plant, device, port) for device, port in enumerate(plant.ports)],
        }

    def _source(self, plant: Plant, device: int, port: int) -> dict[str, Any]:
        return {
            "name": f"d{device:02}",
            "kind": "modbus_tcp",
            "host": "127.0.0.1",
            "port": port,
            "address_base": 0,
            "poll_interval_s": self.interval_s,
            "timeout_s": self.timeout_s,
            "suspend_max_s": self.suspend_max_s,
            "forward": "all",
            "points": [self._point(plant, device, index) for index in range(plant.points)],
        }

    def _point(self, plant: Plant, device: int, index: int) -> dict[str, Any]:
        point = {"point": plant.point(device, index), "register": 2 * index, "type": "uint32"}
        return point | ({"priority": self.priorities[index]} if index in self.priorities else {})


@dataclass
class BridgeProcess:
    """`ends`: every end of it so far. `clock_file`: it lives in that time."""

    folder: Path
    clock_file: Path | None = None
    ends: list[End] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    began_s: float = 0.0
    last_stats: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        assert not self.is_running()
        entry = ["green_shield_bridge"] if self.clock_file is None else ["tests.edge_faults.warp", str(self.clock_file)]
        command = [sys.executable, "-m", *entry, "run", "--config", str(self.folder / "bridge.yaml")]
        self.began_s = time.monotonic()
        with (self.folder / "bridge.log").open("ab") as log:
            self.process = subprocess.Popen([*command, "--stats-file", str(self._stats_file)], stderr=log)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        assert self.process is not None
        asked_s = time.monotonic()
        self.process.kill()
        self.process.wait(10)
        self.ends.append(End("kill", asked_s, time.monotonic(), self.began_s))

    def stop(self, within_s: float = 40.0) -> int:
        """Ask it to end; returns its exit status. Raises TimeoutExpired."""
        assert self.process is not None
        asked_s = time.monotonic()
        self.process.terminate()
        status = self.process.wait(within_s)
        self.ends.append(End("stop", asked_s, time.monotonic(), self.began_s))
        return status

    def stats(self) -> dict[str, int]:
        """The counters of the process started last; none until it has written some."""
        try:
            stats: dict[str, int] = json.loads(self._stats_file.read_text())
        except FileNotFoundError:
            return {}
        return stats if self.process is not None and stats.get("pid") == self.process.pid else {}

    def events(self) -> list[dict[str, Any]]:
        """The log, as far as it is in lines of JSON."""
        lines = (self.folder / "bridge.log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    @property
    def _stats_file(self) -> Path:
        return self.folder / "stats.json"
