"""Signals and systemd: what a running bridge does when told, and what it tells."""

import asyncio
import os
import signal
import socket
from contextlib import asynccontextmanager

import pytest

from green_shield_bridge.config.read import read_config
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.operate.operation import operated
from green_shield_bridge.operate.sd_notify import Notifier
from green_shield_bridge.operate.unix_socket import socket_path

TEXT = """
bridge_id: plant-a
key_file: bridge.key
server: {url: "http://127.0.0.1:1"}
spool: {path: spool.db}
sources:
  - {name: reactor, kind: modbus_tcp, host: 127.0.0.1, address_base: 0, poll_interval_s: 1, points: [{point: p, register: 0, type: int16}]}
"""


class FakeBridge:
    """Remembers what it was told; refuses a configuration with the id of another bridge."""

    def __init__(self):
        self.stops = 0
        self.configs = []
        self.has_reloaded = asyncio.Event()

    def stop(self):
        self.stops += 1

    async def reload(self, config):
        if config.bridge_id != "plant-a":
            raise BridgeError("bridge_id: cannot change while running")
        self.configs.append(config)
        self.has_reloaded.set()

    def snapshot(self):
        raise AssertionError("nobody asked")

    async def probe(self):
        return None


@pytest.fixture
def config_file(tmp_path):
    file = tmp_path / "bridge.yaml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def systemd(tmp_path):
    """Where systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "notify"))
        inbox.setblocking(False)
        yield inbox


def told(inbox):
    words = []
    while True:
        try:
            words.append(inbox.recv(4_096).decode().partition("\n")[0])
        except BlockingIOError:
            return words


@asynccontextmanager
async def running(config_file):
    bridge = FakeBridge()
    async with operated(bridge, read_config(config_file), str(config_file)):
        yield bridge


async def happens(condition, within_s=8.0):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- of things that tell nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        pytest.param(TEXT.replace("int16", "int17"), "reload_refused", id="a mistake in the file"),
        pytest.param(TEXT.replace("plant-a", "plant-b"), "reload_refused", id="what the bridge cannot change"),
    ],
)
def test_a_reload_that_cannot_be_is_logged_and_changes_nothing(config_file, text, event, caplog):
    async def scenario():
        async with running(config_file) as bridge:
            config_file.write_text(text)
            os.kill(os.getpid(), signal.SIGHUP)
            await happens(lambda: event in caplog.messages)
            return bridge.configs, bridge.stops

    assert asyncio.run(scenario()) == ([], 0)


def test_sighup_reads_the_file_again_and_systemd_hears_of_it(config_file, systemd, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

    async def scenario():
        async with running(config_file) as bridge:
            config_file.write_text(TEXT.replace("poll_interval_s: 1", "poll_interval_s: 2"))
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.wait_for(bridge.has_reloaded.wait(), 8)
            words = told(systemd)
            await happens(lambda: words.extend(told(systemd)) or (words[-1] == "READY=1" and len(words) > 1))
            return bridge.configs[0].sources[0].poll_interval_s, words

    assert asyncio.run(scenario()) == (2, ["READY=1", "RELOADING=1", "READY=1"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_stops_the_bridge_and_systemd_hears_of_it(config_file, systemd, tmp_path, monkeypatch, number):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

    async def scenario():
        async with running(config_file) as bridge:
            os.kill(os.getpid(), number)
            await happens(lambda: bridge.stops == 1)

    asyncio.run(scenario())
    assert told(systemd) == ["READY=1", "STOPPING=1"]


def test_the_socket_file_is_there_while_the_bridge_runs_and_no_longer(config_file, tmp_path):
    path = socket_path(str(tmp_path / "spool.db"))

    async def scenario():
        async with running(config_file):
            _, writer = await asyncio.open_unix_connection(path)
            writer.close()

    asyncio.run(scenario())
    assert not os.path.exists(path)


async def fed_for(notifier, probe, seconds):
    task = asyncio.create_task(notifier.feed_watchdog(probe))
    await asyncio.sleep(seconds)
    task.cancel()


def test_the_watchdog_is_not_fed_while_nothing_moves(systemd, tmp_path):
    async def is_stuck():
        await asyncio.Event().wait()

    asyncio.run(fed_for(Notifier(str(tmp_path / "notify"), watchdog_s=0.1), is_stuck, 0.3))
    assert told(systemd) == []


def test_the_watchdog_is_fed_twice_in_its_time(systemd, tmp_path):
    async def is_well():
        return None

    asyncio.run(fed_for(Notifier(str(tmp_path / "notify"), watchdog_s=0.2), is_well, 0.45))
    assert 3 <= len(told(systemd)) <= 5


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        pytest.param({}, None, id="no watchdog"),
        pytest.param({"WATCHDOG_USEC": "120000000"}, 120.0, id="one for whoever it finds"),
        pytest.param({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "7"}, 120.0, id="one for this process"),
        pytest.param({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "8"}, None, id="one for another process"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="nonsense"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="one that is off"),
    ],
)
def test_the_environment_says_whether_there_is_a_watchdog(environment, watchdog_s):
    assert Notifier.of(environment, pid=7).watchdog_s == watchdog_s


def test_without_systemd_nothing_is_told_and_nothing_fails():
    Notifier.of({}, pid=7).ready()
    Notifier("/nowhere/notify").ready()
