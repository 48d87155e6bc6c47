"""Measure the bridge against 50 devices of 100 registers, write build/bench_edge.json and print it.

Every process is one of its own: the devices, the sink, the bridge as it runs in a plant, and the floor, which reads the same
devices in the same run by raw sockets.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from green_shield_bridge.upload.identity import make_key_file

DEVICES, REGISTERS = 50, 100
OUT = Path(__file__).resolve().parent.parent / "build" / "bench_edge.json"
TARGETS = {
    "cpu_s_per_1000_readings": 0.011,
    "rss_mb": 60.0,
    "poll_jitter_ms_p99": 20.0,
    "read_to_sink_ms_p50": 100.0,
    "max_readings_per_s": 35_000.0,
}
HIGHER_IS_BETTER = ("max_readings_per_s",)
_NOTHING: dict[str, Any] = {"readings": 0, "ages_ms": []}
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Peer:
    """A process that answers a line with a line."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self._line()

    def ask(self) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@dataclass(frozen=True, slots=True)
class Load:
    """How the devices are read, and for how long. `urgent`: register 2 crosses its trigger with every poll."""

    interval_s: float
    seconds: float
    urgent: bool = False
    warm_up_s: float = 6.0


@dataclass(frozen=True, slots=True)
class Measured:
    cpu_s: float
    rss_mb: float
    seconds: float
    polls: list[list[float]]
    readings: int
    ages_ms: list[float]

    @property
    def cpu_s_per_1000_readings(self) -> float:
        return self.cpu_s / (sum(map(len, self.polls)) * REGISTERS / 1000)

    @property
    def readings_per_s(self) -> float:
        return self.readings / self.seconds

    def jitter_ms(self, interval_s: float, share: float) -> float:
        """How far the time between two polls of a device was from what was asked."""
        off = [abs(b - a - interval_s) for times in self.polls for a, b in pairwise(times)]
        return 1000 * percentile(off, share)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def measure(command: list[str], load: Load, devices: Peer, sink: Peer | None) -> Measured:
    """Let a reader run, warm up, and count what it takes for a while."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as reader:
        try:
            time.sleep(load.warm_up_s)
            devices.ask()
            if sink:
                sink.ask()
            began_s, cpu_s = time.monotonic(), _cpu_s(reader.pid)
            time.sleep(load.seconds)
            cpu_s, seconds = _cpu_s(reader.pid) - cpu_s, time.monotonic() - began_s
            polls, came = devices.ask(), sink.ask() if sink else _NOTHING
            return Measured(cpu_s, _rss_mb(reader.pid), seconds, polls, came["readings"], came["ages_ms"])
        finally:
            reader.kill()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def bridge_command(folder: Path, load: Load, ports: Sequence[int], park_port: int) -> list[str]:
    """A bridge with a fresh spool and every register of every device as a point that is forwarded at each poll."""
    folder.mkdir()
    make_key_file(str(folder / "bridge.key"))
    config = {
        "bridge_id": "bench",
        "key_file": "bridge.key",
        "server": {"url": f"http://127.0.0.1:{park_port}"},
        "spool": {"path": "spool.db"},
        "sources": [_source(at, port, load) for at, port in enumerate(ports)],
    }
    (folder / "bridge.yaml").write_text(json.dumps(config))
    return [sys.executable, "-m", "green_shield_bridge", "run", "--config", str(folder / "bridge.yaml")]


def _source(device: int, port: int, load: Load) -> dict[str, Any]:
    points: list[dict[str, Any]] = [
        {"point": f"d{device:02}-p{at}", "register": at, "type": "uint16"} for at in range(REGISTERS)
    ]
    if load.urgent:
        points[2]["trigger"] = {"above": 0.5}
    return {
        "name": f"d{device:02}",
        "kind": "modbus_tcp",
        "host": "127.0.0.1",
        "port": port,
        "poll_interval_s": load.interval_s,
        "address_base": 0,
        "forward": "all",
        "points": points,
    }


@contextmanager
def peers() -> Iterator[tuple[Peer, Peer]]:
    devices, sink = Peer("bench.edge_device", str(DEVICES)), Peer("bench.edge_sink")
    try:
        yield devices, sink
    finally:
        devices.end()
        sink.end()


def run(seconds: float) -> dict[str, Any]:
    """All figures, from one run."""
    steady, urgent, flat_out = Load(1.0, seconds), Load(1.0, seconds, urgent=True), Load(0.1, seconds / 2)
    with tempfile.TemporaryDirectory() as name, peers() as (devices, sink):
        folder = Path(name)

        def bridge(label: str, load: Load) -> Measured:
            return measure(bridge_command(folder / label, load, devices.first, sink.first), load, devices, sink)

        def floor(label: str, load: Load) -> Measured:
            command = [sys.executable, "-m", "bench.edge_floor", str(folder / f"{label}.db"), str(load.interval_s)]
            return measure([*command, *map(str, devices.first)], load, devices, None)

        least = floor("floor", steady)
        at_ease = bridge("steady", steady)
        hurried = bridge("urgent", urgent)
        most = bridge("most", flat_out)
        most_of_floor = floor("floor-most", flat_out)
    values = {
        "cpu_s_per_1000_readings": at_ease.cpu_s_per_1000_readings,
        "rss_mb": at_ease.rss_mb,
        "poll_jitter_ms_p99": at_ease.jitter_ms(1.0, 0.99),
        "read_to_sink_ms_p50": median(hurried.ages_ms),
        "max_readings_per_s": most.readings_per_s,
    }
    floors = {
        "cpu_s_per_1000_readings": least.cpu_s_per_1000_readings,
        "rss_mb": least.rss_mb,
        "poll_jitter_ms_p99": least.jitter_ms(1.0, 0.99),
        "max_readings_per_s": sum(map(len, most_of_floor.polls)) * REGISTERS / most_of_floor.seconds,
    }
    more = {
        "readings_per_s_at_sink": at_ease.readings_per_s,
        "read_to_sink_ms_p99": percentile(hurried.ages_ms, 0.99),
        "cpu_s_per_1000_readings_urgent": hurried.cpu_s_per_1000_readings,
        "cpu_s_per_1000_readings_flat_out": most.cpu_s_per_1000_readings,
        "rss_mb_flat_out": most.rss_mb,
        "poll_jitter_ms_p99_urgent": hurried.jitter_ms(1.0, 0.99),
        "polled_readings_per_s_flat_out": sum(map(len, most.polls)) * REGISTERS / most.seconds,
    }
    return document(values, floors, more, seconds)


def document(
    values: dict[str, float], floors: dict[str, float], more: dict[str, float], seconds: float
) -> dict[str, Any]:
    """What build/bench_edge.json holds. `ratio`: how many times dearer than the floor."""
    ratios = {
        name: floor / values[name] if name in HIGHER_IS_BETTER else values[name] / floor
        for name, floor in floors.items()
    }
    met = {
        name: values[name] >= target if name in HIGHER_IS_BETTER else values[name] <= target
        for name, target in TARGETS.items()
    }
    load = {"devices": DEVICES, "registers": REGISTERS, "seconds": seconds}
    numbers = {"floor": floors, "ratio": ratios, "more": more}
    rounded = {key: {name: _short(value) for name, value in group.items()} for key, group in numbers.items()}
    return {**{k: _short(v) for k, v in values.items()}, **rounded, "target": TARGETS, "met": met, "load": load}


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def show(figures: dict[str, Any], console: Console) -> None:
    table = Table(
        title=f"bench-edge: {DEVICES} devices x {REGISTERS} registers",
        caption="ratio: how many times dearer than its floor",
    )
    for heading in ("figure", "value", "floor", "ratio", "target", "met"):
        table.add_column(heading, justify="left" if heading in ("figure", "met") else "right", no_wrap=True)
    for name, target in TARGETS.items():
        sign = ">=" if name in HIGHER_IS_BETTER else "<="
        row = [
            f"{group[name]:,.4g}" if name in group else "-" for group in (figures, figures["floor"], figures["ratio"])
        ]
        table.add_row(name, *row, f"{sign} {target:,g}", "[green]yes[/]" if figures["met"][name] else "[red]no[/]")
    for name, value in figures["more"].items():
        table.add_row(f"[dim]{name}", f"[dim]{value:,.4g}")
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="how long each load is measured (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="where to write the figures (default: build/bench_edge.json)"
    )
    parser.add_argument("--strict", action="store_true", help="exit with status 1 if a target is not met")
    chosen = parser.parse_args()
    figures = run(chosen.seconds)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    console = Console()
    show(figures, console if console.is_terminal else Console(width=116))
    return 1 if chosen.strict and not all(figures["met"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
