"""The command line: exit statuses, help, and what each option allows."""

import json
import os
import re
from pathlib import Path

import pytest

from green_shield_bridge.cli.main import EXIT_STATUSES, main
from green_shield_bridge.cli.options import epoch_ms, instant, time_zone
from green_shield_bridge.upload.identity import make_key_file

COMMANDS = ("run", "check", "status", "health", "scan", "simulate", "export", "keygen", "token")
EDGE = Path(__file__).parents[3] / "edge_bridge"

TEXT = """
bridge_id: plant-a
key_file: bridge.key
server: {url: "http://127.0.0.1:1"}
spool: {path: spool.db}
sources:
  - {name: reactor, kind: modbus_tcp, host: 127.0.0.1, port: 1, address_base: 0, poll_interval_s: 1, timeout_s: 0.2,
     points: [{point: p, register: 0, type: int16}]}
"""


@pytest.fixture
def config(tmp_path):
    make_key_file(str(tmp_path / "bridge.key"))
    file = tmp_path / "bridge.yaml"
    file.write_text(TEXT)
    return str(file)


def refused(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no command"),
        pytest.param(["fly"], id="an unknown command"),
        pytest.param(["run"], id="run without a configuration"),
        pytest.param(["status"], id="status without a place"),
        pytest.param(["status", "--config", "a", "--socket", "b"], id="status with two places"),
        pytest.param(["check", "--config", "a", "--timeout-s", "0"], id="no time at all"),
        pytest.param(["check", "--config", "a", "--timeout-s", "nan"], id="a time that is no number"),
        pytest.param(["export", "--config", "a", "--from", "yesterday"], id="an instant that is none"),
        pytest.param(["export", "--config", "a", "--time-zone", "Mars/Base"], id="an unknown time zone"),
        pytest.param(["export", "--config", "a", "--time-zone", "../../etc/passwd"], id="a time zone that is a path"),
        pytest.param(["export", "--config", "a", "--gaps", "--quarantine"], id="two tables at once"),
        pytest.param(["scan", "h", "--device-id", "256"], id="a device id beyond a byte"),
        pytest.param(["scan", "h", "--function", "all"], id="an unknown function"),
        pytest.param(["simulate", "--config", "a"], id="simulate without values"),
    ],
)
def test_a_wrong_command_line_ends_with_2(arguments, capsys):
    assert refused(arguments) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_for_each_option(command, capsys):
    assert refused([command, "--help"]) == 0
    text = capsys.readouterr().out
    options = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
    assert options or command == "token"
    for option in options:
        assert re.search(rf"^  {option}\b[^\n]*(  \S|\n {{20,}}\S)", text, re.MULTILINE), option


def test_help_lists_every_command_and_every_exit_status(capsys):
    assert refused(["--help"]) == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in text] == []
    assert EXIT_STATUSES.strip() in text


def test_a_mistake_in_the_configuration_ends_with_2_and_names_the_line(config, capsys):
    Path(config).write_text(TEXT.replace("int16", "int17"))
    assert main(["check", "--config", config]) == 2
    assert f"{config}:8: sources[0].points[0].type" in capsys.readouterr().err


def test_a_mistake_is_json_where_json_is_asked_for(config, capsys):
    Path(config).write_text(TEXT.replace("int16", "int17"))
    assert main(["check", "--config", config, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False and document["problems"][0]["line"] == 8


def test_a_key_that_others_can_read_ends_with_2(config, tmp_path, capsys):
    os.chmod(tmp_path / "bridge.key", 0o644)
    assert main(["check", "--config", config, "--offline"]) == 2
    assert "mode is 0644" in capsys.readouterr().err


def test_offline_the_files_are_enough(config, capsys):
    assert main(["check", "--config", config, "--offline"]) == 0
    assert capsys.readouterr().out.startswith("ok: bridge plant-a -> http://127.0.0.1:1, 1 source(s)\n")


def test_nothing_reachable_ends_with_5_and_says_what(config, capsys):
    assert main(["check", "--config", config, "--timeout-s", "2"]) == 5
    out = capsys.readouterr().out
    assert re.search(r"FAILED +park .*(refused|failed)", out)
    assert re.search(r"FAILED +reactor .*no answer: .+", out)
    assert "0 of 1 sources ok" in out


def test_export_of_no_spool_ends_with_3(config, capsys):
    assert main(["export", "--config", config]) == 3
    assert "no such file" in capsys.readouterr().err


def test_a_ca_file_that_is_none_ends_with_2(config, tmp_path, capsys):
    (tmp_path / "ca.pem").write_text("no certificate")
    Path(config).write_text(TEXT.replace('"http://127.0.0.1:1"', "https://127.0.0.1:1, ca_file: ca.pem"))
    assert main(["check", "--config", config]) == 2
    assert "ca_file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2023-11-15T06:13:20+08:00", 1_700_000_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-15T06:13:20", 1_700_000_000_000),
        ("2023-11-15", 1_699_977_600_000),
    ],
    ids=["with an offset", "in UTC", "without offset: in the time zone", "a day: its midnight in the time zone"],
)
def test_an_instant_is_read(text, expected_ms):
    assert epoch_ms(instant(text), time_zone("Asia/Shanghai")) == expected_ms


def unit_file():
    lines = (EDGE / "systemd" / "green-shield-bridge.service").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#"))


def test_the_service_may_take_longer_to_stop_than_the_longest_shutdown():
    longest_s = 120  # Config.shutdown_s
    assert int(unit_file()["TimeoutStopSec"]) > longest_s


def test_the_service_starts_for_ever_as_its_own_user_and_reloads_by_sighup():
    unit = unit_file()
    assert (unit["Type"], unit["Restart"], unit["StartLimitIntervalSec"]) == ("notify", "always", "0")
    assert unit["User"] == "green-shield-bridge"
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert "RestartPreventExitStatus" not in unit


@pytest.mark.parametrize("file", ["Dockerfile", "systemd/green-shield-bridge.service"])
def test_the_commands_of_the_service_files_are_accepted(file, capsys):
    text = (EDGE / file).read_text()
    commands = re.findall(r"green-shield-bridge (run|health)\b(.*)", text.replace('", "', " ").replace('"]', ""))
    commands += [("run", rest) for rest in re.findall(r'CMD \["run (.*)"\]', text)]
    assert commands
    for command, rest in commands:
        refused([command, *rest.split(), "--help"])
        assert "usage:" in capsys.readouterr().out


def test_the_image_runs_as_a_user_without_rights():
    text = (EDGE / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
