"""Plays the Modbus devices of a configuration on loopback, with values from a CSV file.

Each line becomes a port of 127.0.0.1, with all devices of the line behind it; serial lines become TCP ones. A row's values appear together.

Simulated values must never pass for real ones: a configuration that is written for them has a spool of its own, uploads to nobody unless
an address is given, and names no further platform and no station that reports by itself.
"""

import argparse
import asyncio
import csv
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from green_shield_bridge.config.modbus import MODBUS_SOURCES, ModbusSource
from green_shield_bridge.modbus.sim_server import Image, SimulatedLine
from green_shield_bridge.modbus.sim_values import Row, SimulationFailed, new_image, read_rows, show

HOST = "127.0.0.1"
LOOP_PAUSE_S = 1.0
# Of the port that discards (RFC 863), where nobody listens: what is uploaded there waits for ever.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Playing:
    """The devices while they run: `ports` by line."""

    ports: Mapping[str, int]
    images: Sequence[tuple[ModbusSource, Image]]

    def show(self, values: Mapping[str, float | None]) -> None:
        """Raises SimulationFailed."""
        for source, image in self.images:
            show(image, source, values)

    async def play(self, rows: Sequence[Row], *, speed: float, is_looping: bool) -> None:
        """Show one row after the other, each at its time. Raises SimulationFailed."""
        while True:
            begun_s = asyncio.get_running_loop().time()
            values: dict[str, float | None] = {}
            for row in rows:
                await asyncio.sleep(begun_s + row.time_s / speed - asyncio.get_running_loop().time())
                values.update(row.values)
                self.show(values)
            if not is_looping:
                return
            await asyncio.sleep(LOOP_PAUSE_S / speed)


@asynccontextmanager
async def playing(sources: Sequence[ModbusSource], port_base: int) -> AsyncIterator[Playing]:
    """Listen for every line of the sources, on ports from `port_base` up (0: free ones). Raises SimulationFailed."""
    lines: dict[str, dict[int, Image]] = {}
    images: list[tuple[ModbusSource, Image]] = []
    for source in sources:
        of_line = lines.setdefault(source.line, {})
        image = of_line.setdefault(source.device_id, new_image(source))
        for function, registers in new_image(source).items():
            image[function].update(registers)
        images.append((source, image))
    servers: dict[str, asyncio.Server] = {}
    try:
        for number, (line, of_line) in enumerate(lines.items()):
            servers[line] = await _listen(of_line, port_base + number if port_base else 0)
        yield Playing({line: server.sockets[0].getsockname()[1] for line, server in servers.items()}, images)
    finally:
        for server in servers.values():
            server.close()


async def _listen(images: Mapping[int, Image], port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(lambda: SimulatedLine(images), HOST, port)
    except OSError as error:
        raise SimulationFailed(f"port {port} of {HOST} cannot be used: {error.strerror}") from error


def simulated(document: dict[str, Any], folder: Path, ports: Mapping[str, int], lines: Sequence[str]) -> dict[str, Any]:
    """A configuration's plain data with its Modbus sources on loopback, and those only. `lines`: of each source in order, or empty.

    Spool and server are left to the caller. Relative paths of the key and the CA file count from the original's `folder`, wherever
    the copy lies.
    """
    copy = {key: value for key, value in document.items() if key != "forward"}
    copy["key_file"] = str(folder / document["key_file"])
    copy["server"] = _with_whole_path(document["server"], "ca_file", folder)
    copy["sources"] = [
        {key: value for key, value in source.items() if key not in _OF_SERIAL_LINES}
        | {"kind": "modbus_tcp", "host": HOST, "port": ports[line]}
        for source, line in zip(document["sources"], lines, strict=True)
        if line
    ]
    return copy


_OF_SERIAL_LINES = frozenset(("serial_port", "baudrate", "parity", "stopbits", "bytesize"))


def _with_whole_path(holder: Mapping[str, Any], key: str, folder: Path) -> dict[str, Any]:
    return {**holder, key: str(folder / holder[key])} if holder.get(key) is not None else dict(holder)


def run(options: argparse.Namespace) -> int:
    """The command `simulate`. Returns the exit status. Raises BridgeError."""
    from green_shield_bridge.config.read import read_config

    if options.server and not options.write_config:
        raise SimulationFailed("--server goes with --write-config")
    if options.write_config and Path(options.write_config).resolve() == Path(options.config).resolve():
        raise SimulationFailed(f"--write-config: {options.write_config} is the configuration that is played")
    config = read_config(options.config)
    sources = [source for source in config.sources if isinstance(source, MODBUS_SOURCES)]
    if not sources:
        raise SimulationFailed(f"{options.config}: there is no Modbus source to play")
    rows = _rows_of(options.csv, [point.point for source in sources for point in source.points])
    lines = [source.line if isinstance(source, MODBUS_SOURCES) else "" for source in config.sources]
    try:
        asyncio.run(_run(options, sources, rows, lines))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 0


def _rows_of(file: str, points: Iterable[str]) -> list[Row]:
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as lines:
            return read_rows(lines, points)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SimulationFailed(f"{file}: {error}") from error
    except SimulationFailed as error:
        raise SimulationFailed(f"{file}: {error}") from error


async def _run(
    options: argparse.Namespace, sources: Sequence[ModbusSource], rows: Sequence[Row], lines: Sequence[str]
) -> None:
    async with playing(sources, options.port_base) as plant:
        for line, port in plant.ports.items():
            names = ", ".join(source.name for source in sources if source.line == line)
            print(f"{line} -> {HOST}:{port}  {names}", flush=True)
        if options.write_config:
            _write_config(options, plant.ports, lines)
        await plant.play(rows, speed=options.speed, is_looping=options.loop)


def _write_config(options: argparse.Namespace, ports: Mapping[str, int], lines: Sequence[str]) -> None:
    import yaml

    from green_shield_bridge.config.read import parse_config
    from green_shield_bridge.config.yaml_lines import load

    original, target = Path(options.config), Path(options.write_config)
    document = load(original.read_text(encoding="utf-8"), str(original)).data
    copy = simulated(document, original.resolve().parent, ports, lines)
    copy["server"]["url"] = options.server or NOWHERE
    copy["spool"] = {**document["spool"], "path": f"{target.stem}.simulated.db"}
    text = yaml.safe_dump(copy, sort_keys=False, allow_unicode=True)
    parse_config(text, str(target))
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SimulationFailed(f"{target}: {error.strerror}") from error
    print(f"written: {target}: {_told(copy, len(lines))}", flush=True)


def _told(copy: Mapping[str, Any], sources: int) -> str:
    left_out = sources - len(copy["sources"])
    where = "uploads to nobody" if copy["server"]["url"] == NOWHERE else f"uploads to {copy['server']['url']}"
    others = f", leaves out {left_out} source(s) that speak no Modbus" if left_out else ""
    return f"{where}, keeps its readings in {copy['spool']['path']} beside it{others}"
