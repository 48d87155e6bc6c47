"""scan finds what a device has; simulate plays devices that the bridge then reads as the configuration says."""

import argparse
import asyncio
import shutil
from pathlib import Path

import pytest
import yaml

from green_shield_bridge.config import ConfigError
from green_shield_bridge.config.modbus import MODBUS_SOURCES
from green_shield_bridge.config.read import parse_config, read_config
from green_shield_bridge.modbus import scan, simulate
from green_shield_bridge.modbus.scan import Findings, ScanFailed, as_table, as_yaml, guesses_at, host_and_port
from green_shield_bridge.modbus.sim_server import answer
from green_shield_bridge.modbus.sim_values import SimulationFailed, new_image, read_rows, show
from green_shield_bridge.modbus.simulate import NOWHERE, playing, simulated
from tests.peers.modbus_reader import Memory, until

EXAMPLES = Path(__file__).parents[3] / "edge_bridge" / "examples"

CONFIG = """\
bridge_id: b1
server: {{url: https://park.example}}
key_file: k.pem
spool: {{path: s.db}}
sources:
  - name: d
    kind: modbus_tcp
    host: 127.0.0.1
    port: {port}
    device_id: 5
    poll_interval_s: 0.05
    timeout_s: 1
    address_base: {base}
    points:
{points}
"""


def config_of(*points: str, port: int = 1502, base: int = 0):
    lines = "\n".join(f"      - {{{point}}}" for point in points)
    return parse_config(CONFIG.format(port=port, base=base, points=lines))


POINTS = (
    "point: t, register: 10, type: float32, order: CDAB, invalid: [0x461C3C00]",
    "point: u, register: 12, type: int16, scale: 0.1, offset: -40",
    "point: low, register: 13, type: bit, bit: 0",
    "point: high, register: 13, type: bit, bit: 15",
    "point: v, register: 20, type: int16, scale_register: 22",
    "point: w, register: 21, type: uint16, scale_register: 22, invalid: [0xFFFF]",
    "point: m, register: 30, type: string, length: 2, map: {RUN: 1, STOP: 0}",
    "point: c, register: 4, type: bool, function: coil",
    "point: i, register: 7, type: uint64, order: BADC, function: input",
)
VALUES = {"t": 182.3, "u": -12.3, "low": 1.0, "high": 0.0, "v": -182.34, "w": 400.0, "m": 1.0, "c": 1.0, "i": 2.0**40}


def read_while_playing(config, values):
    """What the bridge's source reads while the devices show values."""
    from green_shield_bridge.clock import Clock
    from green_shield_bridge.sources.modbus import modbus_lines
    from green_shield_bridge.stats import Activity

    async def run():
        async with playing(config.sources, 0) as plant:
            plant.show(values)
            (port,) = plant.ports.values()
            (source,) = config_of(*POINTS, port=port).sources
            sink = Memory(source)
            (line,) = modbus_lines([source], lambda _: sink, Activity(), Clock())
            task = asyncio.create_task(line.run())
            try:
                await until(sink.has_all)
            finally:
                task.cancel()
            return sink.first()

    return asyncio.run(run())


def test_what_is_simulated_is_what_is_read():
    assert read_while_playing(config_of(*POINTS), VALUES) == {name: (value, "N") for name, value in VALUES.items()}


def test_a_value_that_is_missing_is_shown_by_its_marker():
    got = read_while_playing(config_of(*POINTS), {**VALUES, "t": None, "w": None, "m": None})
    assert {name for name, (value, flag) in got.items() if (value, flag) == (None, "D")} == {"t", "w", "m"}


REFUSED_ROWS = {
    "no time": ("t\n1\n", "line 1: the first column must be time_s or time"),
    "a column that is no point": ("time_s,x\n0,1\n", "line 1: x is no point of the configuration"),
    "a column twice": ("time_s,t,t\n0,1,2\n", "line 1: a column twice"),
    "no rows": ("time_s,t\n", "line 2: there are no values"),
    "a row of another length": ("time_s,t\n0,1,2\n", "line 2: 3 cells, the header has 2"),
    "words": ("time_s,t\n0,hot\n", "line 2: could not convert string to float: 'hot'"),
    "times that go back": ("time_s,t\n0,1\n5,1\n4,1\n", "the times do not rise: 4 s after 5 s"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED_ROWS.values(), ids=REFUSED_ROWS.keys())
def test_values_that_are_refused(text, message):
    with pytest.raises(SimulationFailed) as caught:
        read_rows(text.splitlines(), ["t"])
    assert str(caught.value) == message


def test_rows_count_from_the_first_and_leave_out_empty_cells():
    text = "time,t,u\n2026-11-23T08:00:00+08:00,1,2\n2026-11-23T00:00:01.500Z,,nan\n"
    rows = read_rows(text.splitlines(), ["t", "u"])
    assert [(row.time_s, dict(row.values)) for row in rows] == [(0.0, {"t": 1.0, "u": 2.0}), (1.5, {"u": None})]


def test_a_value_that_its_register_cannot_hold_is_refused():
    (source,) = config_of("point: u, register: 1, type: uint16").sources
    with pytest.raises(SimulationFailed, match="u: 70000 does not fit in uint16"):
        show(new_image(source), source, {"u": 70000.0})


QUESTIONS = {
    "a register that is not there": ("03 00 02 00 01", "83 02"),
    "a stretch that runs out": ("03 00 00 00 03", "83 02"),
    "a function that is none": ("2b 0e 01 00", "ab 01"),
    "half a question": ("03 00", "83 03"),
    "a register": ("03 00 00 00 02", "03 04 00 07 00 08"),
    "coils": ("01 00 00 00 02", "01 01 02"),
    "a write to what is not there": ("06 00 05 00 01", "86 02"),
    "a write": ("06 00 01 00 09", "06 00 01 00 09"),
    "several": ("10 00 00 00 02 04 00 01 00 02", "10 00 00 00 02"),
}


@pytest.mark.parametrize(("question", "expected"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_simulated_device_answers(question, expected):
    image = {"coil": {0: 0, 1: 1}, "discrete": {}, "holding": {0: 7, 1: 8}, "input": {}}
    assert answer(image, bytes.fromhex(question)).hex(" ") == expected


def simulate_into(copy, original=EXAMPLES / "bridge.yaml", **given):
    """Play one row of a configuration and write its copy; the exit status."""
    csv = copy.parent / "values.csv"
    csv.write_text("time_s,boiler-2-pressure\n0,1.5\n0.05,1.6\n")
    options = {"speed": 1.0, "loop": False, "port_base": 0, "server": None, "write_config": str(copy), **given}
    return simulate.run(argparse.Namespace(config=str(original), csv=str(csv), **options))


def test_a_copy_with_an_address_that_no_bridge_would_take_is_not_written(tmp_path):
    with pytest.raises(ConfigError, match="http is allowed to this machine"):
        simulate_into(tmp_path / "copy.yaml", server="http://park.example")
    assert not (tmp_path / "copy.yaml").exists()


def test_an_address_without_a_copy_is_refused(tmp_path):
    with pytest.raises(SimulationFailed, match="--server goes with --write-config"):
        simulate_into(tmp_path / "copy.yaml", server="http://127.0.0.1:8080", write_config=None)


def test_the_configuration_that_is_played_is_not_written_over(tmp_path):
    shutil.copy(EXAMPLES / "bridge.yaml", tmp_path / "copy.yaml")
    with pytest.raises(SimulationFailed, match="is the configuration that is played"):
        simulate_into(tmp_path / "copy.yaml", tmp_path / "copy.yaml")
    assert (tmp_path / "copy.yaml").read_text() == (EXAMPLES / "bridge.yaml").read_text()


def test_a_configuration_without_modbus_cannot_be_played(tmp_path):
    with pytest.raises(SimulationFailed, match="no Modbus source"):
        simulate_into(tmp_path / "copy.yaml", EXAMPLES / "hj212.yaml")


def test_the_copy_of_a_configuration_points_at_the_devices_and_keeps_its_key(tmp_path):
    copy = tmp_path / "elsewhere" / "copy.yaml"
    copy.parent.mkdir()
    shutil.copy(EXAMPLES / "bridge.yaml", tmp_path / "bridge.yaml")
    assert simulate_into(copy, tmp_path / "bridge.yaml") == 0
    config = read_config(copy)
    assert {(s.kind, s.host) for s in config.sources} == {("modbus_tcp", "127.0.0.1")}
    assert config.key_file == str(tmp_path / "bridge.key")


def test_simulated_values_go_to_nobody_and_into_no_spool_of_real_ones(tmp_path, capsys):
    whole = yaml.safe_load((EXAMPLES / "bridge.yaml").read_text())
    gate = yaml.safe_load((EXAMPLES / "hj212.yaml").read_text())
    whole["sources"] += gate["sources"]
    whole["forward"] = gate["forward"]
    (tmp_path / "plant.yaml").write_text(yaml.safe_dump(whole))
    assert simulate_into(tmp_path / "copy.yaml", tmp_path / "plant.yaml") == 0
    config = read_config(tmp_path / "copy.yaml")
    assert config.server.url == NOWHERE == "http://127.0.0.1:9"
    assert config.spool.path == str(tmp_path / "copy.simulated.db")
    assert (config.forward, [s.kind for s in config.sources if not isinstance(s, MODBUS_SOURCES)]) == ([], [])
    told = "uploads to nobody, keeps its readings in copy.simulated.db beside it, leaves out 1 source(s) that speak no Modbus"
    assert capsys.readouterr().out.splitlines()[-1] == f"written: {tmp_path / 'copy.yaml'}: {told}"


def test_the_copy_uploads_to_an_address_that_was_given(tmp_path, capsys):
    assert simulate_into(tmp_path / "copy.yaml", server="http://127.0.0.1:8080") == 0
    assert read_config(tmp_path / "copy.yaml").server.url == "http://127.0.0.1:8080"
    assert "uploads to http://127.0.0.1:8080" in capsys.readouterr().out


def test_a_serial_line_becomes_a_port_and_the_paths_of_files_whole_ones():
    document = {
        "key_file": "k",
        "server": {"url": "u", "ca_file": "ca.pem"},
        "sources": [
            {"kind": "hj212_server", "port": 7000},
            {"kind": "modbus_rtu", "serial_port": "/dev/x", "parity": "E"},
        ],
    }
    copy = simulated(document, Path("/etc/bridge"), {"/dev/x": 9}, ["", "/dev/x"])
    assert copy["sources"] == [{"kind": "modbus_tcp", "host": "127.0.0.1", "port": 9}]
    assert (copy["key_file"], copy["server"]["ca_file"]) == ("/etc/bridge/k", "/etc/bridge/ca.pem")


def scanned(config, first, count, function="holding"):
    async def run():
        async with playing(config.sources, 0) as plant:
            plant.show(VALUES)
            (port,) = plant.ports.values()
            (source,) = config_of(*POINTS, port=port).sources
            return await scan.scan(source, function, first, count, pause_s=0, progress=told.append)

    told: list[int] = []
    found = asyncio.run(run())
    assert told == sorted(told)
    assert told[-1] == count
    return found


def test_a_scan_finds_what_can_be_read_between_what_cannot():
    found = scanned(config_of(*POINTS), 0, 40)
    assert sorted(found.held) == [10, 11, 12, 13, 20, 21, 22, 30, 31]
    assert [(first, last) for first, last, _ in found.refused] == [(0, 9), (14, 19), (23, 29), (32, 39)]
    assert found.requests < 60


def test_a_scan_of_coils():
    assert scanned(config_of(*POINTS), 0, 10, "coil").held == {4: 1}


def test_a_scan_of_a_function_that_the_device_has_not_says_so():
    found = scanned(config_of(*POINTS), 0, 4, "discrete")
    assert (found.held, [why for *_, why in found.refused]) == ({}, ["exception 2: illegal data address"])


def test_a_scan_of_nobody_fails_with_the_reason():
    (source,) = config_of(*POINTS, port=1).sources
    with pytest.raises(ScanFailed, match=r"127\.0\.0\.1:1 device 5: no connection to 127\.0\.0\.1:1"):
        asyncio.run(scan.scan(source, "holding", 0, 4, pause_s=0, progress=lambda _: None))


def test_a_scan_shows_what_registers_may_mean():
    found = Findings(held={10: 0x4CCD, 11: 0x4336, 12: 0xFFFE}, refused=[(13, 15, "exception 2")], requests=4)
    assert as_table(found, "holding").splitlines()[1:] == [
        "    10   0x4CCD   19661   19661  CDAB 182.3  u32 1288520502",
        "    11   0x4336   17206   17206  ABCD 183  u32 1127677950",
        "    12   0xFFFE   65534      -2",
        "    13 to 15: not readable: exception 2",
        "3 read, 3 not, 4 requests",
    ]


@pytest.mark.parametrize(("high", "low"), [(0, 0), (0x7FC0, 0), (0x7F80, 0)], ids=["zero", "NaN", "infinity"])
def test_no_float_is_guessed_where_none_can_be(high, low):
    assert "ABCD" not in guesses_at(0, {0: high, 1: low})


def test_what_scan_prints_is_a_source():
    (source,) = config_of(*POINTS).sources
    text = as_yaml(Findings(held={10: 0x4CCD, 11: 0x4336}, refused=[(12, 15, "x")]), source, "holding")
    config = parse_config(CONFIG.format(port=1, base=0, points="").split("sources:")[0] + text)
    assert [point.register for point in config.sources[0].points] == [10, 11]
    assert config.sources[0].holes == [[12, 15]]


TARGETS = {
    "plc": ("plc", 502),
    "plc:1502": ("plc", 1502),
    "[2001:db8::1]:1502": ("2001:db8::1", 1502),
    "[2001:db8::1]": ("2001:db8::1", 502),
    "2001:db8::1": ("2001:db8::1", 502),
}


@pytest.mark.parametrize(("target", "expected"), TARGETS.items())
def test_a_target_has_a_port_or_the_usual_one(target, expected):
    assert host_and_port(target) == expected


@pytest.mark.parametrize("target", [":502", "plc:", "plc:x", "plc:70000"])
def test_a_target_that_is_none(target):
    with pytest.raises(ScanFailed):
        host_and_port(target)
