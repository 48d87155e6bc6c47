"""Readings forwarded to a superior platform: a real one (the bridge's own server), and ones that misbehave."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from green_shield_bridge.clock import Clock
from green_shield_bridge.config.hj212 import Forward
from green_shield_bridge.config.read import as_value
from green_shield_bridge.errors import KeyFileError
from green_shield_bridge.forward.forwarder import Forwarder
from green_shield_bridge.hj212.answers import QnRtn, data_answer, request_answer
from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.wire import frame_of
from green_shield_bridge.log import JsonLines
from tests.integration.edge_bridge.hj212_plant import (
    MINUTE_MS,
    NOW_MS,
    PASSWORD,
    Device,
    Disk,
    serving,
    source,
    station,
)

HOUR_MS = 60 * MINUTE_MS
BEGIN_MS = NOW_MS // HOUR_MS * HOUR_MS
KEY_TEXT = "0123456789abcdeffedcba9876543210"


@dataclass
class Machine:
    """A clock that a test sets; waiting is real."""

    now_ms: int = BEGIN_MS

    def clock(self) -> Clock:
        return Clock(wall_ms=lambda: self.now_ms)


def platform_at(port: int, folder: Path, **options: Any) -> Forward:
    secret = folder / "platform-pw"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    points = [{"point": "so2", "factor": "a21026"}, {"point": "flow", "factor": "a00000", "total_of_rate_per": "h"}]
    data = {"name": "city", "host": "127.0.0.1", "port": port, "mn": "MN1", "password_file": str(secret), "st": "31"}
    return as_value(Forward, {**data, "timeout_s": 0.1, "retry_max_s": 0.05, "points": points, **options})


@contextlib.asynccontextmanager
async def forwarding(config: Forward, folder: Path, machine: Machine) -> AsyncIterator[Forwarder]:
    forwarder = Forwarder(config, machine.clock(), str(folder / "forward.db"))
    await forwarder.step(machine.now_ms)
    running = asyncio.create_task(forwarder.run())
    try:
        yield forwarder
    finally:
        running.cancel()
        await asyncio.wait([running])
        await forwarder.close()


async def ten_minutes(forwarder: Forwarder, machine: Machine) -> None:
    """A reading a minute; live packets, one of ten minutes."""
    for minute in range(1, 11):
        machine.now_ms = BEGIN_MS + minute * MINUTE_MS
        forwarder.take(machine.now_ms - 1_000, [("so2", float(minute), "N"), ("flow", 60.0, "N"), ("other", 1.0, "N")])
        machine.now_ms += 11_000
        await forwarder.step(machine.now_ms)


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 -- a plain counter
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("version", "key"),
    [("2005", False), ("2017", False), ("2025", False), ("2025", True)],
    ids=["2005", "2017", "2025", "2025 encrypted"],
)
def test_live_and_minute_data_reach_a_platform_that_speaks_the_same_edition(tmp_path, version, key):
    (tmp_path / "sm4").write_text(KEY_TEXT)
    (tmp_path / "sm4").chmod(0o600)
    options: dict[str, Any] = {"version": version, **({"sm4_key_file": str(tmp_path / "sm4")} if key else {})}
    points = [
        {"point": "so2-live", "factor": "a21026"},
        {"point": "so2-mean", "factor": "a21026", "data": "minute"},
        {"point": "flow-total", "factor": "a00000", "data": "minute", "field": "Cou"},
    ]

    async def story() -> None:
        disk, machine = Disk(), Machine()
        superior = source([station(tmp_path, points=points, **options)])
        async with serving(superior, disk, tmp_path) as server:
            config = platform_at(server.port, tmp_path, **{**options, "timeout_s": 5})
            async with forwarding(config, tmp_path, machine) as forwarder:
                await ten_minutes(forwarder, machine)
                await until(lambda: len(disk.on_disk) == 12)
                await until(lambda: forwarder.status()[0].detail.startswith("0 packets wait"))
                assert forwarder.status()[0].state == "ok"
        lives = sorted(row for row in disk.on_disk if row[1] == 0)
        assert lives == [(BEGIN_MS + n * MINUTE_MS, 0, float(n), "N") for n in range(1, 11)]
        assert sorted(row for row in disk.on_disk if row[1]) == [(BEGIN_MS, 1, 5.5, "N"), (BEGIN_MS, 2, 10.0, "N")]

    asyncio.run(story())


@dataclass
class Platform:
    """Answers each packet as the next entry of `script` says, the last one for ever: None is silence, "close" hangs up."""

    script: list[Callable[[Packet], Packet] | str | None]
    heard: list[Packet] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Device(reader, writer)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while True:
                packet = await peer.hears(30)
                self.heard.append(packet)
                step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if step == "close":
                    break
                if callable(step):
                    peer.send(frame_of(step(packet)))
        writer.close()


@contextlib.asynccontextmanager
async def listening(platform: Platform) -> AsyncIterator[int]:
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def refused(code: QnRtn) -> Callable[[Packet], Packet]:
    return lambda packet: request_answer(packet, code)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([None, data_answer], id="silent once"),
        pytest.param([None, None, None, None, None, data_answer], id="silent until the line counts as lost"),
        pytest.param(["close", "close", data_answer], id="hanging up"),
        pytest.param([refused(QnRtn.WRONG_CRC), data_answer], id="seeing a wrong check sum"),
        pytest.param(
            [refused(QnRtn.WRONG_PW), refused(QnRtn.WRONG_PW), data_answer], id="not knowing the station at first"
        ),
    ],
)
def test_every_packet_reaches_a_platform_that_comes_to_its_senses(tmp_path, script):
    async def story() -> None:
        platform, machine = Platform(script), Machine()
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
            await until(lambda: forwarder.status()[0].polls == 11)
            assert forwarder.status()[0].failed == 0
        assert len({(packet.cn, packet.data_time_ms) for packet in platform.heard}) == 11

    asyncio.run(story())


def test_a_packet_refused_for_good_does_not_block_the_rest(tmp_path):
    async def story() -> None:
        platform, machine = Platform([refused(QnRtn.WRONG_CN), data_answer]), Machine()
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
            await until(lambda: forwarder.status()[0].polls == 10)
            assert forwarder.status()[0].failed == 1

    asyncio.run(story())


def test_what_waits_survives_a_restart_and_goes_when_the_platform_is_there(tmp_path):
    async def story() -> None:
        platform, machine = Platform([data_answer]), Machine()
        async with forwarding(platform_at(9, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
            await until(lambda: forwarder.status()[0].state == "lost")
            assert forwarder.status()[0].detail.startswith("11 packets wait")
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await until(lambda: forwarder.status()[0].polls == 11)
        assert len({(packet.cn, packet.data_time_ms) for packet in platform.heard}) == len(platform.heard) == 11

    asyncio.run(story())


def test_live_data_go_before_what_waits_from_an_outage(tmp_path):
    async def story() -> None:
        platform, machine = Platform([data_answer]), Machine()
        async with forwarding(platform_at(9, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await until(lambda: forwarder.status()[0].polls == 11)
        first, second, *_ = platform.heard
        assert (first.cn, first.data_time_ms) == ("2011", BEGIN_MS + 10 * MINUTE_MS)
        assert second.data_time_ms == BEGIN_MS + 9 * MINUTE_MS

    asyncio.run(story())


def test_readings_that_nobody_takes_away_are_bounded_and_counted(tmp_path):
    forwarder = Forwarder(platform_at(9, tmp_path), Machine().clock(), str(tmp_path / "forward.db"))
    for at in range(100_010):
        forwarder.take(BEGIN_MS + at, [("so2", 1.0, "N")])
    assert forwarder.lost == 10
    asyncio.run(forwarder.close())


def test_a_damaged_outbox_is_set_aside_and_the_rest_goes_on(tmp_path):
    (tmp_path / "forward.db").write_bytes(b"this is no database" * 300)

    async def story() -> None:
        platform, machine = Platform([data_answer]), Machine()
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
            await until(lambda: forwarder.status()[0].polls == 11)

    asyncio.run(story())
    assert (tmp_path / "forward.db.damaged").exists()


def test_a_password_that_others_may_read_is_refused(tmp_path):
    config = platform_at(9, tmp_path)
    (tmp_path / "platform-pw").chmod(0o640)
    with pytest.raises(KeyFileError, match="0640"):
        Forwarder(config, Machine().clock(), str(tmp_path / "forward.db"))


def test_no_password_is_in_any_log_line(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        platform, machine = Platform([refused(QnRtn.WRONG_CN), None, None, None, None, "close", data_answer]), Machine()
        async with listening(platform) as port, forwarding(platform_at(port, tmp_path), tmp_path, machine) as forwarder:
            await ten_minutes(forwarder, machine)
            await until(lambda: forwarder.status()[0].polls == 10)
            assert PASSWORD not in repr(forwarder.status())

    asyncio.run(story())
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any("forward_line_lost" in line for line in lines)
    assert not [line for line in lines if PASSWORD in line]
