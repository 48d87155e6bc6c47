"""The monitor: answers on a socket file and on loopback, is bounded, and never stops the bridge."""

import asyncio
import json
import os
import socket
import stat
from contextlib import asynccontextmanager

import pytest

from green_shield_bridge.operate.monitor import MAX_CONNECTIONS, Monitor
from green_shield_bridge.operate.monitor_http import MAX_HEAD_BYTES, Refused, asked_path
from green_shield_bridge.operate.unix_socket import SocketTaken, address_of, listen, socket_path

SNAPSHOT = {
    "version": "0.1.0",
    "bridge_id": "plant-a",
    "started_ms": 0,
    "now_ms": 1,
    "counters": {"produced": 3},
    "sources": [],
    "crashed": [],
    "spool": {
        "id": "s", "path": "/s", "bytes": 1, "oldest_waiting_ms": None, "newest_ms": None, "waiting": 0,
        "refusing": None, "gaps_open": 0, "gaps": [],
    },
    "upload": {"last_ack_ms": None, "last_error": None, "retrying_since_ms": None, "backlog": 0, "live": 0},
    "clock": {"offset_ms": 0, "jumps": 0},
}  # fmt: skip


async def is_well():
    return None


async def is_stuck():
    await asyncio.Event().wait()


@pytest.fixture
def spool(tmp_path):
    return str(tmp_path / "spool.db")


@asynccontextmanager
async def running(spool, *, snapshot=lambda: SNAPSHOT, probe=is_well, port=None, **limits):
    monitor = Monitor(snapshot, probe, **{"request_s": 1.0, **limits})
    await monitor.start(spool, port)
    try:
        yield monitor
    finally:
        await monitor.stop()


async def exchange(spool, request):
    """The whole answer to some bytes on the socket file."""
    with address_of(socket_path(spool)) as address:
        reader, writer = await asyncio.open_unix_connection(address)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


async def get(spool, path):
    head, _, body = (await exchange(spool, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())).partition(
        b"\r\n\r\n"
    )
    return int(head.split()[1]), body


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"\r\n\r\n", 400, id="nothing"),
        pytest.param(b"GET\r\n\r\n", 400, id="no path"),
        pytest.param(b"GET health HTTP/1.1\r\n\r\n", 400, id="a path without its slash"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, id="TLS"),
        pytest.param(b"POST /health HTTP/1.1\r\n\r\n", 405, id="another method"),
        pytest.param(b"GET /health HTTP/2.0\r\n\r\n", 505, id="another version"),
        pytest.param(b"GET /secrets HTTP/1.1\r\n\r\n", 404, id="another path"),
        pytest.param(
            b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, id="a name that is not this machine's"
        ),
        pytest.param(b"GET /health HTTP/1.1\r\nHost: [::1\r\n\r\n", 403, id="a name that is none"),
        pytest.param(b"GET /health HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n", 400, id="two names"),
        pytest.param(b"GET /" + b"x" * MAX_HEAD_BYTES, 431, id="a head without end"),
        pytest.param(b"GET /health HTTP/1.1\r\n", 408, id="half a head and then silence"),
    ],
)
def test_it_refuses(spool, request_bytes, status):
    async def scenario():
        async with running(spool, request_s=0.2):
            return await exchange(spool, request_bytes)

    assert int(asyncio.run(scenario()).split()[1]) == status


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9108", "[::1]:9108", "LOCALHOST"])
def test_every_name_of_this_machine_is_served(host):
    assert asked_path(f"GET /metrics?x=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) == "/metrics"


def test_a_refusal_says_why():
    with pytest.raises(Refused, match="GET only"):
        asked_path(b"DELETE /health HTTP/1.1\r\n\r\n")


def test_a_snapshot_that_fails_is_told_and_stops_nothing(spool):
    def fails():
        raise RuntimeError("no snapshot")

    async def scenario():
        async with running(spool, snapshot=fails):
            return await get(spool, "/status"), await get(spool, "/live")

    (status, body), (live, _) = asyncio.run(scenario())
    assert status == 500 and b"no snapshot" not in body
    assert live == 200


def test_one_too_many_is_sent_away_and_the_others_are_served_later(spool):
    async def scenario():
        async with running(spool, request_s=30):
            waiting = [await asyncio.open_unix_connection(socket_path(spool)) for _ in range(MAX_CONNECTIONS)]
            await asyncio.sleep(0.05)
            refused = await exchange(spool, b"")
            for _, writer in waiting:
                writer.close()
            await asyncio.sleep(0.05)
            return refused, await get(spool, "/live")

    refused, (status, _) = asyncio.run(scenario())
    assert refused.startswith(b"HTTP/1.1 503 ") and status == 200


def test_a_caller_that_does_not_read_is_cut_off(spool):
    big = {**SNAPSHOT, "bridge_id": "x" * 8_000_000}

    async def scenario():
        async with running(spool, snapshot=lambda: big, request_s=0.2) as monitor:
            _, writer = await asyncio.open_unix_connection(socket_path(spool), limit=1_000)
            writer.write(b"GET /status HTTP/1.1\r\n\r\n")
            await asyncio.sleep(0.6)
            open_ones = len(monitor._connections)
            writer.transport.abort()
            return open_ones

    assert asyncio.run(scenario()) == 0


def test_health_metrics_and_status_are_served(spool):
    async def scenario():
        async with running(spool):
            return [await get(spool, path) for path in ("/health", "/metrics", "/status")]

    health, metrics, status = asyncio.run(scenario())
    assert (health[0], json.loads(health[1])) == (200, {"healthy": True, "reasons": []})
    assert metrics[0] == 200 and b"\ngreen_shield_bridge_readings_produced_total 3.0\n" in metrics[1]
    assert (status[0], json.loads(status[1])) == (200, SNAPSHOT)


def test_illness_is_503_with_its_reasons(spool):
    ill = {**SNAPSHOT, "crashed": ["reactor"]}

    async def scenario():
        async with running(spool, snapshot=lambda: ill):
            return await get(spool, "/health")

    status, body = asyncio.run(scenario())
    assert status == 503 and json.loads(body)["reasons"][0]["code"] == "source_crashed"


def test_a_bridge_that_makes_no_progress_is_not_live(spool):
    async def scenario():
        async with running(spool, probe=is_stuck, live_s=0.1):
            return await get(spool, "/live")

    assert asyncio.run(scenario())[0] == 503


def test_the_port_is_on_loopback_and_can_be_changed(spool):
    first, second = free_port(), free_port()

    async def scenario():
        async with running(spool, port=first) as monitor:
            before = await is_open(first)
            await monitor.listen_on(second)
            return before, await is_open(first), await is_open(second), monitor._tcp.sockets[0].getsockname()[0]

    assert asyncio.run(scenario()) == (True, False, True, "127.0.0.1")


async def is_open(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def test_a_port_that_is_taken_leaves_the_socket_file_at_work(spool):
    async def scenario():
        with socket.create_server(("127.0.0.1", 0)) as other:
            async with running(spool, port=other.getsockname()[1]):
                return await get(spool, "/live")

    assert asyncio.run(scenario())[0] == 200


def test_the_socket_file_is_for_its_owner_alone_and_goes_at_the_end(spool):
    async def scenario():
        async with running(spool):
            return stat.S_IMODE(os.stat(socket_path(spool)).st_mode)

    assert asyncio.run(scenario()) == 0o600
    assert not os.path.exists(socket_path(spool))


def test_what_a_killed_bridge_left_is_replaced(spool):
    listen(socket_path(spool)).close()
    assert os.path.exists(socket_path(spool))

    async def scenario():
        async with running(spool):
            return await get(spool, "/live")

    assert asyncio.run(scenario())[0] == 200


def test_a_socket_on_which_somebody_answers_is_left_alone(spool):
    with listen(socket_path(spool)), pytest.raises(SocketTaken, match="another process answers"):
        listen(socket_path(spool))


def test_a_file_that_is_no_socket_is_left_alone(spool, tmp_path):
    (tmp_path / "spool.db.sock").write_text("mine")
    with pytest.raises(SocketTaken, match="not a socket"):
        listen(socket_path(spool))
    assert (tmp_path / "spool.db.sock").read_text() == "mine"


def test_where_no_socket_can_be_the_bridge_goes_on(tmp_path):
    async def scenario():
        async with running(str(tmp_path / "no such folder" / "spool.db")):
            return True

    assert asyncio.run(scenario())


def test_a_path_longer_than_a_socket_address_works(tmp_path):
    folder = tmp_path / ("d" * 120)
    folder.mkdir()

    async def scenario():
        async with running(str(folder / "spool.db")):
            return await get(str(folder / "spool.db"), "/live")

    assert asyncio.run(scenario())[0] == 200
