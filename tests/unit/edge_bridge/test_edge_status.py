"""The command status: a table of the running bridge; the spool file where none runs."""

import asyncio
import copy
import io
import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC

import pytest
from rich.console import Console

from green_shield_bridge.cli.main import main
from green_shield_bridge.frames import pack
from green_shield_bridge.operate.keys import quit_keys
from green_shield_bridge.operate.monitor import Monitor
from green_shield_bridge.operate.spans import bytes_in_words, span
from green_shield_bridge.operate.status_client import NoBridge, ask_status
from green_shield_bridge.operate.status_view import whole
from green_shield_bridge.operate.unix_socket import listen, socket_path
from green_shield_bridge.spool import Loss, Spool

NOW_MS = 1_700_000_600_000


def row(name, state="ok", **changes):
    return {
        "name": name, "kind": "modbus_tcp", "address": "192.0.2.10:502", "state": state, "points": 3,
        "last_value_ms": NOW_MS - 1_500, "polls": 100, "failed": 2, "late": 1, "detail": "", **changes,
    }  # fmt: skip


SNAPSHOT = {
    "version": "0.1.0",
    "bridge_id": "plant-a",
    "started_ms": NOW_MS - 7_200_000,
    "now_ms": NOW_MS,
    "counters": {"produced": 10, "acked": 8},
    "sources": [row("boiler"), row("reactor", "lost", detail="no answer within 3 s")],
    "crashed": [],
    "spool": {
        "id": "s", "path": "/var/spool.db", "bytes": 4_200_000, "oldest_waiting_ms": NOW_MS - 90_000, "newest_ms": NOW_MS,
        "waiting": 2, "refusing": None, "gaps_open": 1,
        "gaps": [
            {"id": 7, "rows": [1, 9], "from_ms": NOW_MS - 60_000, "to_ms": NOW_MS, "readings": 42, "reason": "disk_full",
             "detail": None}
        ],
    },
    "upload": {"last_ack_ms": NOW_MS - 30_000, "last_error": "no answer", "retrying_since_ms": None, "backlog": 1, "live": 1},
    "clock": {"offset_ms": 0, "jumps": 0},
}  # fmt: skip


def changed(part, **fields):
    made = copy.deepcopy(SNAPSHOT)
    made[part].update(fields)
    return made


def shown(now, **options):
    out = io.StringIO()
    Console(file=out, width=200, no_color=True).print(whole(now, zone=UTC, **options))
    return out.getvalue()


@pytest.fixture
def spool(tmp_path):
    return str(tmp_path / "spool.db")


@contextmanager
def a_bridge(spool, now=SNAPSHOT):
    """A monitor on a thread of its own."""
    loop, is_up = asyncio.new_event_loop(), threading.Event()

    async def is_well():
        return None

    async def start():
        monitor = Monitor(lambda: now, is_well)
        await monitor.start(spool, None)
        is_up.set()
        return monitor

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    monitor = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(monitor.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def filled(spool):
    made = Spool(spool)
    made.series_of(["a", "b"])
    made.append([pack(1_700_000_000_000 + n, [(1, 1.5, "N"), (2, None, "D")]) for n in range(5)])
    made.note([Loss("disk_full", 1_700_000_000_000, 1_700_000_060_000, 17, detail="no room")])
    made.close()


def test_without_a_bridge_and_without_a_spool_it_says_both_and_ends_with_4(spool, capsys):
    assert main(["status", "--once", "--socket", socket_path(spool)]) == 4
    out = capsys.readouterr().out
    assert "no bridge answers" in out and "no such file" in out


def test_without_a_bridge_it_shows_the_spool_file_and_ends_with_4(spool, capsys):
    filled(spool)
    assert main(["status", "--once", "--socket", socket_path(spool)]) == 4
    out = capsys.readouterr().out
    assert "no bridge answers" in out
    assert "10 readings wait" in out and "disk_full" in out and "no room" in out
    assert "2023-11-15 06:13:20+0800" in out


def test_without_a_bridge_json_says_so_too(spool, capsys):
    filled(spool)
    assert main(["status", "--json", "--socket", socket_path(spool)]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["running"] is False
    assert document["spool"]["waiting"] == 10
    assert document["spool"]["gaps"][0]["readings"] == 17


def test_a_stale_socket_is_no_bridge(spool):
    listen(socket_path(spool)).close()
    with pytest.raises(NoBridge, match="Connection refused"):
        ask_status(socket_path(spool))


def says_something_else(connection):
    connection.recv(4_096)
    connection.sendall(b"220 mail.example ESMTP\r\n")


def says_nothing(connection):
    connection.recv(4_096)


def hangs_up_at_once(_connection):
    """Without having read what it was asked."""


@pytest.mark.parametrize(
    "behave", [says_something_else, says_nothing, hangs_up_at_once], ids=lambda behave: behave.__name__
)
def test_something_else_that_answers_is_no_bridge(spool, behave):
    with listen(socket_path(spool)) as server:
        server.setblocking(True)

        def answer():
            connection, _ = server.accept()
            behave(connection)
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NoBridge, match="not a bridge"):
            ask_status(socket_path(spool))
        thread.join(5)


def test_a_bridge_that_hangs_is_given_up(spool):
    with listen(socket_path(spool)), pytest.raises(NoBridge, match="timed out"):
        ask_status(socket_path(spool), timeout_s=0.1)


def test_json_is_the_snapshot(spool, capsys):
    with a_bridge(spool):
        assert main(["status", "--json", "--socket", socket_path(spool)]) == 0
    assert json.loads(capsys.readouterr().out) == {"running": True, **SNAPSHOT}


def test_once_is_plain_text_where_there_is_no_terminal(spool, capsys):
    with a_bridge(spool):
        assert main(["status", "--socket", socket_path(spool)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "reactor" in out and "boiler" in out


@pytest.mark.parametrize(
    ("now", "words"),
    [
        pytest.param(SNAPSHOT, ["1.5 s ago", "no answer within 3 s", "lost"], id="sources and what is wrong with them"),
        pytest.param(SNAPSHOT, ["2 readings wait", "4.2 MB", "1.5 min ago"], id="the spool and the lag"),
        pytest.param(SNAPSHOT, ["30.0 s ago", "1 live, 1 backlog", "10 produced, 8 acked"], id="the upload"),
        pytest.param(SNAPSHOT, ["disk_full", "42", "2023-11-14 22:22:20+0000"], id="the gaps"),
        pytest.param(
            changed("spool", refusing="spool_full"), ["refuses readings: spool_full"], id="a disk that refuses"
        ),
        pytest.param(
            changed("upload", retrying_since_ms=NOW_MS - 3_600_000),
            ["no answer since 1.0 h ago: no answer"],
            id="a silent park",
        ),
    ],
)
def test_the_table_shows(now, words):
    text = shown(now)
    assert [word for word in words if word not in text] == []


def test_a_source_in_trouble_stands_first():
    text = shown(SNAPSHOT)
    assert text.index("reactor") < text.index("boiler")


def test_sources_beyond_the_terminal_are_counted():
    now = {**SNAPSHOT, "sources": [row(f"d{n:04}") for n in range(500)] + [row("ill", "lost")]}
    text = shown(now, height=40)
    assert "18 of 501" in text and "ill" in text and len(text.splitlines()) <= 40


def test_names_are_no_markup():
    assert "[red]x[/]" in shown({**SNAPSHOT, "sources": [row("[red]x[/]")]})


@pytest.mark.parametrize(("keys", "is_over"), [(b"x", False), (b"q", True), (b"abcQ", True)])
def test_q_ends_the_live_table(keys, is_over):
    leader, follower = os.openpty()
    with os.fdopen(follower) as stdin, quit_keys(stdin) as wait_for_quit:
        os.write(leader, keys)
        assert wait_for_quit(0.2) is is_over
    os.close(leader)


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0.0 s"),
        (1_500, "1.5 s"),
        (90_000, "1.5 min"),
        (5_400_000, "1.5 h"),
        (129_600_000, "1.5 d"),
        (-1_500, "-1.5 s"),
    ],
)
def test_durations_are_told_in_their_largest_unit(duration_ms, text):
    assert span(duration_ms) == text


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 B"), (1_500, "1.5 kB"), (1_500_000, "1.5 MB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_are_told_in_their_largest_unit(size, text):
    assert bytes_in_words(size) == text


@pytest.mark.parametrize(
    ("now", "status"),
    [pytest.param(SNAPSHOT, 0, id="well"), pytest.param(changed("spool", refusing="spool_full"), 6, id="ill")],
)
def test_health_is_the_exit_status(spool, now, status, capsys):
    with a_bridge(spool, now):
        assert main(["health", "--socket", socket_path(spool)]) == status
        assert main(["health", "--live", "--socket", socket_path(spool)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["healthy"] is (status == 0)


def test_health_without_a_bridge_ends_with_4(spool, capsys):
    assert main(["health", "--socket", socket_path(spool)]) == 4
    assert "no bridge answers" in capsys.readouterr().err
