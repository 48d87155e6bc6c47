"""The commands beside a running bridge, each as its own process or in this one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from green_shield_bridge.cli.main import main
from green_shield_bridge.operate.status_client import NoBridge, ask, ask_status


@pytest.fixture
def running(configure, process, wait_for):
    """A bridge as its own process, that has uploaded something; its folder."""

    def start(**options):
        folder = configure(**options)
        process.start()
        wait_for(lambda: process.stats().get("acked", 0) > 0, within_s=30)
        return folder

    return start


@pytest.fixture
def served(configure, bridge, wait_for):
    """The folder of a bridge within this process that has uploaded something, and whose socket answers."""
    folder = configure()
    bridge.start()
    wait_for(lambda: bridge.stats().get("acked", 0) > 0)
    return folder


def socket_of(folder):
    return str(folder / "spool.db.sock")


def config_of(folder):
    return str(folder / "bridge.yaml")


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v1/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing on the terminal."""


@contextmanager
def a_healthy_park():
    """The address of a park that says it is up."""
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(5)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def change(folder, old, new):
    file = folder / "bridge.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_status_shows_what_the_bridge_reads_and_sends(served, capsys):
    assert main(["status", "--once", "--config", config_of(served)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"reactor +modbus_tcp +127\.0\.0\.1:\d+.* ok +3 ", out)
    assert re.search(r"boiler +modbus_tcp +127\.0\.0\.1:\d+.* ok +1 ", out)
    assert "upload" in out and "last yes" in out


def test_the_snapshot_agrees_with_the_counters(served):
    now = ask_status(socket_of(served))
    counters = now["counters"]
    waiting = now["spool"]["waiting"]
    assert counters["produced"] == counters["acked"] + counters["quarantined"] + counters["dropped"] + waiting
    assert {row["name"]: row["points"] for row in now["sources"]} == {"reactor": 3, "boiler": 1}
    assert now["upload"]["last_ack_ms"] <= now["now_ms"]
    assert now["crashed"] == [] and now["spool"]["refusing"] is None


def test_a_dead_device_is_seen_by_name_and_is_not_the_bridges_illness(served, plant, wait_for):
    plant.unplug("boiler")
    wait_for(lambda: states(served)["boiler"] in ("lost", "suspended"))
    assert states(served)["reactor"] == "ok"
    assert ask(socket_of(served), "/health")[0] == 200


def states(folder):
    return {row["name"]: row["state"] for row in ask_status(socket_of(folder))["sources"]}


def test_metrics_are_on_the_port_of_the_configuration(running):
    port = free_port()
    running(extra=[f"shutdown_s: 1 => shutdown_s: 1\nmonitor: {{port: {port}}}"])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    assert re.search(r'^green_shield_bridge_source_up\{kind="modbus_tcp",source="reactor"\} 1\.0$', text, re.MULTILINE)
    assert re.search(r"^green_shield_bridge_readings_acked_total [1-9]", text, re.MULTILINE)


def test_sighup_exchanges_a_point_and_loses_nothing(running, process, plant, wait_for):
    folder = running()
    pid = ask_status(socket_of(folder))["counters"]["pid"]
    change(folder, "- {point: p-voc, register: 4, type: float32}", "- {point: p-other, register: 4, type: float32}")
    process.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reloaded" in events(process), within_s=30)
    before = process.stats()["acked"]
    wait_for(lambda: process.stats()["acked"] > before)
    counters = ask_status(socket_of(folder))["counters"]
    assert counters["pid"] == pid
    assert process.stop() == 0
    end = json.loads(process.stats_file.read_text())
    assert end["produced"] == end["acked"] + end["quarantined"] + end["dropped"] + end["spool_rows"]
    assert "crashed" not in " ".join(events(process))


def test_sighup_with_a_mistake_in_the_file_changes_nothing(running, process, wait_for):
    folder = running()
    change(folder, "type: int16", "type: int17")
    process.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reload_refused" in events(process), within_s=30)
    before = process.stats()["acked"]
    wait_for(lambda: process.stats()["acked"] > before)
    refusal = next(event for event in process.events() if event["event"] == "reload_refused")
    assert "type" in refusal["detail"] and refusal["code"] == "config"


def events(process):
    return [event["event"] for event in process.events()]


def test_export_goes_on_beside_the_bridge_and_writes_what_waits(served, park, wait_for, capsys):
    park.close()
    wait_for(lambda: ask_status(socket_of(served))["spool"]["waiting"] > 20)
    assert main(["export", "--config", config_of(served), "--point", "p-temperature"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "point,time,value,flag,row,batch"
    assert len(lines) > 3
    assert all(re.fullmatch(r"p-temperature,[-0-9]+T[:.0-9]+\+08:00,178\.25,N,\d+,.*", line) for line in lines[1:])


def test_without_the_bridge_status_tells_what_waits_in_the_file(running, park, process, wait_for, capsys):
    folder = running()
    park.close()
    wait_for(lambda: ask_status(socket_of(folder))["spool"]["waiting"] > 0)
    process.kill()
    assert main(["status", "--json", "--config", config_of(folder)]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["running"] is False and document["spool"]["waiting"] > 0


def test_a_bridge_that_was_killed_leaves_no_socket_in_the_way(running, process, wait_for):
    folder = running()
    process.kill()
    assert os.path.exists(socket_of(folder))
    process.start()
    wait_for(lambda: is_live(folder), within_s=30)


def is_live(folder):
    try:
        return ask(socket_of(folder), "/live")[0] == 200
    except NoBridge:
        return False


def test_no_secret_is_in_the_log_of_a_day_with_every_trouble(running, park, plant, process, wait_for):
    folder = running()
    park.script += ["401", "500", "429:0", "page", "cut", "409"]
    plant.unplug("boiler")
    wait_for(lambda: not park.script)
    change(folder, "type: int16", "type: int17")
    process.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reload_refused" in events(process), within_s=30)
    assert process.stop() == 0
    text = (folder / "bridge.log").read_text()
    key = "".join((folder / "bridge.key").read_text().splitlines()[1:-1])
    assert park.tokens and key
    assert [secret for secret in (key, *park.tokens, *(t.split(".")[2] for t in park.tokens)) if secret in text] == []
    assert "Bearer" not in text and "PRIVATE KEY" not in text


def test_check_reads_every_source_and_asks_the_park(configure, park, tmp_path, capsys):
    folder = configure()
    with a_healthy_park() as url:
        change(folder, park.url, url)
        assert main(["check", "--config", config_of(folder)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"ok +park ", out)
    assert "p-temperature = 178.25, p-pressure = 2.5, p-voc = 41.5" in out
    assert "p-steam = -12.3" in out
    assert "2 of 2 sources ok" in out


def test_check_names_the_source_that_does_not_answer(configure, park, plant, capsys):
    folder = configure()
    plant.unplug("boiler")
    with a_healthy_park() as url:
        change(folder, park.url, url)
        assert main(["check", "--config", config_of(folder), "--json"]) == 5
    tried = {one["name"]: one for one in json.loads(capsys.readouterr().out)["sources"]}
    assert (tried["reactor"]["is_ok"], tried["boiler"]["is_ok"]) == (True, False)
    assert "no answer" in tried["boiler"]["problem"]


def test_check_stores_nothing(configure, capsys):
    folder = configure()
    main(["check", "--config", config_of(folder)])
    assert sorted(Path(folder).iterdir()) == [folder / "bridge.key", folder / "bridge.yaml"]
    assert capsys.readouterr().out


def test_the_live_table_comes_on_a_terminal_and_q_ends_it(served):
    leader, follower = os.openpty()
    command = [
        sys.executable,
        "-m",
        "green_shield_bridge",
        "status",
        "--interval-s",
        "0.2",
        "--socket",
        socket_of(served),
    ]
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=subprocess.PIPE) as table:
        os.close(follower)
        seen = b""
        while b"reactor" not in seen:
            seen += os.read(leader, 65_536)
        os.write(leader, b"q")
        with suppress(OSError):  # a terminal that nobody uses any more ends so
            while os.read(leader, 65_536):
                pass
        assert table.wait(10) == 0
    os.close(leader)


def test_scan_shows_the_registers_of_a_device(plant, capsys):
    assert main(["scan", f"127.0.0.1:{plant.port('boiler')}", "--device-id", "7", "--from", "10", "--count", "1"]) == 0
    assert "-123" in capsys.readouterr().out


def test_simulate_plays_a_file_and_writes_the_configuration_for_it(configure, tmp_path, capsys):
    folder = configure()
    (folder / "values.csv").write_text("time,p-temperature,p-steam\n2026-03-01T00:00:00Z,180.5,3.2\n")
    arguments = ["--csv", str(folder / "values.csv"), "--port-base", "0", "--write-config", str(folder / "played.yaml")]
    assert main(["simulate", "--config", config_of(folder), *arguments]) == 0
    assert "reactor" in capsys.readouterr().out
    assert main(["check", "--offline", "--config", str(folder / "played.yaml")]) == 0
