"""A configuration is right, or every mistake in it is named with its line."""

from pathlib import Path

import pytest

from green_shield_bridge.config import ConfigError
from green_shield_bridge.config.read import parse_config, read_config

EXAMPLE = Path(__file__).parents[3] / "edge_bridge" / "examples" / "bridge.yaml"

GOOD = """\
bridge_id: b1
server:
  url: https://park.example
key_file: k.pem
spool:
  path: s.db
sources:
  - name: reactor
    kind: modbus_tcp
    host: 192.0.2.1
    poll_interval_s: 1
    address_base: 0
    points:
      - point: p1
        register: 0
        type: float32
      - point: p2
        register: 2
        type: uint16
"""


def problems(text):
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "bridge.yaml")
    return [str(problem) for problem in caught.value.problems]


WRONG = {
    "a misspelt key": (
        "type: float32",
        "typ: float32",
        [
            "14: sources[0].points[0].type: is missing (how the register is coded)",
            "16: sources[0].points[0].typ: unknown key; allowed here: point, trigger, priority, register, function, "
            "type, order, scale, offset, invalid, bit, length, map, scale_register",
        ],
    ),
    "an unknown type": (
        "type: float32",
        "type: float23",
        [
            "16: sources[0].points[0].type: got 'float23'; allowed: 'bool', 'bit', 'int16', 'uint16', 'int32', 'uint32', "
            "'int64', 'uint64', 'float32', 'float64' or 'string'"
        ],
    ),
    "the address base left out": (
        "    address_base: 0\n",
        "",
        [
            "8: sources[0].address_base: is missing (0: registers count from 0 as in the frames; "
            "1: from 1 as in most manuals)"
        ],
    ),
    "a number in quotes": (
        "register: 2",
        'register: "2"',
        ["18: sources[0].points[1].register: got '2'; allowed: integer"],
    ),
    "a port that is none": (
        "host: 192.0.2.1",
        "host: 192.0.2.1\n    port: 70000",
        ["11: sources[0].port: got 70000; allowed: less than or equal to 65535"],
    ),
    "register 0 where registers count from 1": (
        "address_base: 0",
        "address_base: 1",
        ["15: sources[0].points[0].register: got 0, a float32 ends at 1; allowed: 1 to 65536 (address_base is 1)"],
    ),
    "a value that runs past the last register": (
        "register: 2\n        type: uint16",
        "register: 65535\n        type: uint32",
        [
            "18: sources[0].points[1].register: got 65535, a uint32 ends at 65536; "
            "allowed: 0 to 65535 (address_base is 0)"
        ],
    ),
    "registers that overlap with another meaning": (
        "register: 2",
        "register: 1",
        [
            "18: sources[0].points[1].register: p2 (uint16 ABCD at 1) overlaps p1 (float32 ABCD at 0) (points[0]) "
            "in holding register 1"
        ],
    ),
    "a point read twice": (
        "point: p2",
        "point: p1",
        ["17: sources[0].points[1].point: 'p1' is already read by sources[0].points[0]; a point has one source"],
    ),
    "plain http to another machine": (
        "https://park.example",
        "http://park.example",
        ["3: server.url: http is allowed to this machine (127.0.0.1, ::1, localhost) only; use https"],
    ),
    "a user in the URL": (
        "https://park.example",
        "https://me@park.example",
        ["3: server.url: allowed: https://host[:port][/path], without user, query or fragment"],
    ),
    "an id with a space": (
        "bridge_id: b1",
        "bridge_id: b 1",
        ["1: bridge_id: got 'b 1'; allowed: letters, digits and . _ : - (1 to 128 of them, a letter or digit first)"],
    ),
    "a bool from a holding register": (
        "type: uint16",
        "type: bool",
        [
            "17: sources[0].points[1]: type bool goes with function coil or discrete, "
            "every other type with holding or input"
        ],
    ),
    "a marker too large for its type": (
        "type: uint16",
        "type: uint16\n        invalid: [0x10000]",
        ["17: sources[0].points[1]: invalid: 65536 does not fit in the 16 bits of uint16"],
    ),
    "two triggers": (
        "type: uint16",
        "type: uint16\n        trigger: {above: 1, below: 0}",
        ["20: sources[0].points[1].trigger: give exactly one of above, below, outside"],
    ),
    "a band upside down": (
        "type: uint16",
        "type: uint16\n        trigger: {outside: [8, 1]}",
        ["20: sources[0].points[1].trigger: outside: the first number must be smaller than the second"],
    ),
    "a trigger that is not a number": (
        "type: uint16",
        "type: uint16\n        trigger: {above: .nan}",
        ["20: sources[0].points[1].trigger.above: got nan; allowed: a finite number"],
    ),
    "a scale of nothing": (
        "type: uint16",
        "type: uint16\n        scale: 0",
        ["17: sources[0].points[1]: scale: 0 would make every value the same"],
    ),
    "a key given twice": (
        "key_file: k.pem",
        "key_file: k.pem\nkey_file: l.pem",
        ["5: key_file: given twice; first on line 4"],
    ),
    "a tag": (
        "path: s.db",
        "path: !!python/name:os.system x",
        ["6: spool.path: tag tag:yaml.org,2002:python/name:os.system is not allowed"],
    ),
    "no YAML": ("  path: s.db", "  path: [s.db", ["7: (syntax): not YAML: expected ',' or ']', but got ':'"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_refused(old, new, expected):
    assert GOOD.count(old) == 1
    assert problems(GOOD.replace(old, new)) == expected


COMMANDS = (
    GOOD
    + """\
  - name: stack
    kind: hj212_server
    port: 5212
    stations:
      - mn: "A1"
        password_file: a.pw
        points: [{point: so2, factor: a21026}]
commands:
  allow:
    - measure: start_cooling
      source: reactor
      register: 65535
      function: coil
      type: bool
      value: 1
    - measure: boost_exhaust
      source: reactor
      register: 65534
      type: float32
      min: 20
      max: 80
"""
)

WRONG_COMMANDS = {
    "a source that is not there": (
        "source: reactor\n      register: 65535",
        "source: boiler\n      register: 65535",
        ["30: commands.allow[0].source: 'boiler' is no Modbus source of this file; allowed: reactor"],
    ),
    "a source that speaks HJ 212": (
        "source: reactor\n      register: 65534",
        "source: stack\n      register: 65534",
        ["36: commands.allow[1].source: 'stack' is no Modbus source of this file; allowed: reactor"],
    ),
    "a value that runs past the last register": (
        "register: 65534",
        "register: 65535",
        [
            "37: commands.allow[1].register: got 65535, a float32 ends at 65536; "
            "allowed: 0 to 65535 (address_base of reactor is 0)"
        ],
    ),
    "a register before the first": (
        "register: 65535",
        "register: -1",
        [
            "31: commands.allow[0].register: got -1, a bool ends at -1; "
            "allowed: 0 to 65535 (address_base of reactor is 0)"
        ],
    ),
    "a register that is never to be read": (
        "    address_base: 0",
        "    holes: [[65535, 65535]]\n    address_base: 0",
        ["38: commands.allow[1].register: is read back after a write, but holes[0] of reactor says never to read it"],
    ),
    "a measure twice": (
        "boost_exhaust",
        "start_cooling",
        ["35: commands.allow[1].measure: 'start_cooling' is already allowed by allow[0]; a measure has one register"],
    ),
    "a limit that the type cannot hold": (
        "type: float32\n      min: 20",
        "type: uint16\n      min: -20",
        ["39: commands.allow[1].min: -20 does not fit in uint16, with this scale and offset"],
    ),
    "a coil that is neither on nor off": (
        "value: 1",
        "value: 2",
        ["34: commands.allow[0].value: got 2; a coil takes 0 or 1"],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), WRONG_COMMANDS.values(), ids=WRONG_COMMANDS.keys())
def test_a_command_that_could_not_be_carried_out_is_refused(old, new, expected):
    assert COMMANDS.count(old) == 1
    assert problems(COMMANDS.replace(old, new)) == expected


def test_commands_may_write_up_to_the_last_register_of_either_base():
    assert len(parse_config(COMMANDS).commands.allow) == 2
    from_one = COMMANDS.replace("address_base: 0", "address_base: 1").replace("register: 65535", "register: 65536")
    from_one = from_one.replace("register: 0\n", "register: 5\n").replace("register: 65534", "register: 1")
    assert [one.register for one in parse_config(from_one).commands.allow] == [65_536, 1]


def test_several_mistakes_are_told_at_once_in_line_order():
    text = GOOD.replace("float32", "float23").replace("register: 2", "register: two").replace("b1", "'*'")
    assert [problem.split(":")[0] for problem in problems(text)] == ["1", "16", "18"]


@pytest.mark.parametrize("text", ["", "just text", "[1, 2]"], ids=["nothing", "text", "a list"])
def test_what_is_no_configuration_at_all(text):
    assert problems(text)


def test_every_line_of_the_message_names_the_file():
    with pytest.raises(ConfigError) as caught:
        parse_config("bridge_id: b1", "plant.yaml")
    assert all(line.startswith("plant.yaml:1: ") for line in str(caught.value).splitlines())
    assert caught.value.exit_status == 2


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "none.yaml")


def test_numbers_are_read_as_they_look():
    text = GOOD.replace("register: 0", "register: 010").replace("register: 2", "register: 0x10")
    points = parse_config(text).sources[0].points
    assert [point.register for point in points] == [10, 16]


@pytest.mark.parametrize("name", ["no", "on", "1:30", "2026-01-01"])
def test_text_stays_text(name):
    assert parse_config(GOOD.replace("name: reactor", f"name: {name}")).sources[0].name == name


def test_the_example_is_right_and_its_paths_count_from_its_folder():
    config = read_config(EXAMPLE)
    assert [source.name for source in config.sources][:2] == ["reactor-1", "boiler-1"]
    assert config.spool.path == str(EXAMPLE.parent / "spool.db")
    assert config.key_file == str(EXAMPLE.parent / "bridge.key")
