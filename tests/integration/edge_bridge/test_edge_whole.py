"""The whole bridge with what is not a Modbus reading: commands down, HJ 212 stations, a platform to forward to."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyModbusTCP.server import ModbusServer

from demo.plant import Plant
from demo.station import FactorPoint, Station
from green_shield_bridge.hj212.answers import data_answer
from green_shield_bridge.hj212.frames import Frame
from green_shield_bridge.hj212.packet import Packet, encode, parse
from green_shield_bridge.hj212.splitter import Splitter
from infra.local.processes import free_port

REGISTER = 40
PASSWORD = "314159"
MN = "A1B2C3D4E5F60718"


@pytest.fixture
def pump() -> Iterator[ModbusServer]:
    """A device that takes writes, by a Modbus library of its own."""
    server = ModbusServer("127.0.0.1", free_port(), no_block=True)
    server.start()
    yield server
    server.stop()


def command(measure: str, *, id_: str = "c-1", value: float | None = None, expires_in_s: float = 60) -> dict[str, Any]:
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_in_s)
    return {"id": id_, "measure": measure, "value": value, "expires_at": expires_at.isoformat()}


def allowing(pump: ModbusServer) -> list[str]:
    """The reactor is the pump, and start_cooling writes its register 40."""
    allowed = f"{{measure: start_cooling, source: reactor, register: {REGISTER}, type: uint16, min: 0, max: 80}}"
    return [f"shutdown_s: 1 => shutdown_s: 1\ncommands:\n  allow: [{allowed}]"]


def results(park) -> dict[str, dict[str, Any]]:
    return {result["id"]: result for report in park.reports for result in report["commands"]}


def test_a_measure_is_carried_out_once_read_back_and_reported(park, plant, configure, bridge, pump, wait_for):
    configure(extra=[*allowing(pump), f"port: {plant.port('reactor')} => port: {pump.port}"])
    park.orders = [command("start_cooling", value=55.0), command("start_cooling", id_="c-2", value=81.0)]
    bridge.start()
    wait_for(lambda: results(park).keys() == {"c-1", "c-2"}, within_s=15)
    done, refused = results(park)["c-1"], results(park)["c-2"]
    assert (done["state"], done["value"], done["read_back"]) == ("done", 55.0, 55.0)
    assert (refused["state"], refused["code"]) == ("refused", "out_of_limits")
    assert pump.data_bank.get_holding_registers(REGISTER, 1) == [55]
    pump.data_bank.set_holding_registers(REGISTER, [7])
    seen = len(park.uploads)
    wait_for(lambda: len(park.uploads) > seen + 2)  # the park says them again with every answer
    assert pump.data_bank.get_holding_registers(REGISTER, 1) == [7]


def test_without_a_word_in_the_configuration_nothing_is_written(park, plant, configure, bridge, pump, wait_for):
    configure(extra=[f"port: {plant.port('reactor')} => port: {pump.port}"])
    park.orders = [command("start_cooling", value=55.0)]
    bridge.start()
    wait_for(lambda: "c-1" in results(park), within_s=15)
    assert (results(park)["c-1"]["state"], results(park)["c-1"]["code"]) == ("refused", "not_allowed")
    assert pump.data_bank.get_holding_registers(REGISTER, 1) == [0]


@pytest.fixture
def station(tmp_path) -> Station:
    """A data logger whose readings the park knows as p-so2, once a second."""
    (tmp_path / "station.pw").touch(0o600)
    (tmp_path / "station.pw").write_text(PASSWORD)
    return Station("stack", [FactorPoint("p-so2", "a21026", 81.5)], mn=MN, password=PASSWORD, port=free_port())


def with_station(station: Station) -> list[str]:
    point = "{point: p-so2, factor: a21026}"
    source = f"""sources:
  - name: stack
    kind: hj212_server
    port: {station.port}
    stations: [{{mn: {MN}, password_file: station.pw, points: [{point}]}}]"""
    return [f"sources: => {source}"]


def test_a_data_loggers_readings_survive_a_kill_and_are_stored_once(
    park, configure, process, station, wait_for, tmp_path
):
    configure(extra=with_station(station))
    process.start()
    with Plant([station]) as logger:
        wait_for(lambda: len(park.values_of("p-so2")) >= 2, within_s=15)
        process.kill()
        process.start()
        seen = len(park.values_of("p-so2"))
        wait_for(lambda: len(park.values_of("p-so2")) >= seen + 2, within_s=15)
        logger.unplug("stack")
        answered = logger.reads_served("stack")
    wait_for(lambda: len(park.values_of("p-so2")) >= answered)
    assert set(park.values_of("p-so2")) == {81.5}
    assert len(park.values_of("p-so2")) == answered
    assert park.duplicates == 0
    assert PASSWORD not in (tmp_path / "bridge.log").read_text()


class Platform:
    """A superior platform: answers every packet that wants it, and remembers them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.packets: list[Packet] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", self.port), self._loop).result(
            5
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                for frame in splitter.feed(data):
                    packet = parse(frame.data) if isinstance(frame, Frame) else None
                    if isinstance(packet, Packet):
                        self.packets.append(packet)
                        writer.write(encode(data_answer(packet)))
        writer.close()


def test_a_platform_gets_the_readings_too(park, configure, bridge, wait_for, tmp_path):
    platform = Platform()
    (tmp_path / "platform.pw").touch(0o600)
    (tmp_path / "platform.pw").write_text(PASSWORD)
    forward = (
        f"forward:\n  - {{name: city, host: 127.0.0.1, port: {platform.port}, mn: {MN}, password_file: platform.pw, st: '31',"
        " live_interval_s: 1, points: [{point: p-voc, factor: a24088}]}"
    )
    configure(extra=[f"shutdown_s: 1 => shutdown_s: 1\n{forward}"])
    bridge.start()
    wait_for(lambda: any("a24088-Rtd=41.5" in one.cp_text for one in platform.packets), within_s=15)
    assert {one.mn for one in platform.packets} == {MN}
    assert park.stored
