"""What a configuration may say of Modbus, and every refusal with its line."""

import pytest

from green_shield_bridge.config import ConfigError
from green_shield_bridge.config.read import parse_config

HEAD = """\
bridge_id: b1
server: {url: https://park.example}
key_file: k.pem
spool: {path: s.db}
sources:
"""


def source(name: str, *points: str, **keys: object) -> str:
    said = {"kind": "modbus_tcp", "host": "192.0.2.1", "poll_interval_s": 1, "address_base": 0, **keys}
    lines = [f"    {key}: {value}" for key, value in said.items() if value is not None]
    return "\n".join([f"  - name: {name}", *lines, "    points:", *(f"      - {{{point}}}" for point in points), ""])


def problems(*sources: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(HEAD + "".join(sources))
    return [problem.message for problem in caught.value.problems]


POINTS = {
    "a bit without its number": ("type: bit", "bit: 0 (the lowest) to 15 goes with type bit, and type bit needs it"),
    "a number with a bit": (
        "type: uint16, bit: 3",
        "bit: 0 (the lowest) to 15 goes with type bit, and type bit needs it",
    ),
    "bit 16": ("type: bit, bit: 16", "got 16; allowed: less than or equal to 15"),
    "a text without a map": (
        "type: string, length: 2",
        "type string needs length (in registers) and map (text to number); no other type has them",
    ),
    "a text in an order of two words": (
        "type: string, length: 2, map: {A: 1}, order: CDAB",
        "order: a string has ABCD (first character in the high byte) or BADC",
    ),
    "a text with markers": (
        "type: string, length: 2, map: {A: 1}, invalid: [1]",
        "invalid: a text that is not in map is invalid anyway",
    ),
    "a scaled bit": ("type: bit, bit: 0, scale: 2", "scale, offset: a bit has none"),
    "two scales": (
        "type: int16, scale: 2, scale_register: 9",
        "scale_register goes with an integer type, and without scale and offset",
    ),
    "a float with a scale register": (
        "type: float32, scale_register: 9",
        "scale_register goes with an integer type, and without scale and offset",
    ),
    "a scale register that is not there": (
        "type: int16, scale_register: 65536",
        "got 65536; allowed: 0 to 65535 (address_base is 0)",
    ),
    "a scale beyond all numbers": (
        "type: int16, scale: 1.0e300",
        "scale: no value would be left within what a number can be",
    ),
    "a flag that is none": ("type: int16, invalid: {0x7FFF: X}", "flag 'X'; allowed: F, M, S, D, C, T, B"),
    "a flag that says valid": ("type: int16, invalid: {0x7FFF: N}", "flag 'N'; allowed: F, M, S, D, C, T, B"),
    "a marker in words": ("type: int16, invalid: [none]", "'none' is not a whole number"),
    "markers that are no list": (
        "type: int16, invalid: 5",
        "a list of markers, such as [0x8000, 0xFFFF], or each with its flag, such as {0x7FFF: T}",
    ),
    "a number longer than a request": (
        "type: string, length: 9, map: {A: 1}",
        "a string of 9 registers is longer than max_registers (8)",
    ),
}


@pytest.mark.parametrize(("point", "message"), POINTS.values(), ids=POINTS.keys())
def test_a_point_that_is_refused(point, message):
    assert problems(source("a", f"point: p, register: 1, {point}", max_registers=8)) == [message]


UINT = "point: {}, register: {}, type: uint16"
SERIAL = {"kind": "modbus_rtu", "host": None, "serial_port": "/dev/ttyS0"}


def test_two_sources_on_one_serial_port_must_agree_on_its_settings():
    assert problems(
        source("a", UINT.format("p", 0), **SERIAL), source("b", UINT.format("q", 0), **SERIAL, device_id=2, parity="E")
    ) == ["b and a (sources[0]) share the line /dev/ttyS0, but one says 9600 baud 8E1 and the other 9600 baud 8N1"]


def test_one_port_cannot_speak_both_framings():
    assert problems(
        source("a", UINT.format("p", 0)), source("b", UINT.format("q", 0), kind="modbus_rtu_tcp", device_id=2)
    ) == ["b and a (sources[0]) share the line 192.0.2.1:502, but one says modbus_rtu_tcp and the other modbus_tcp"]


def test_two_sources_of_one_device_must_agree_on_its_registers():
    one, other = source("a", UINT.format("p", 5)), source("b", "point: q, register: 5, type: float32", address_base=1)
    assert problems(one, other) == [
        "q (float32 ABCD at 5) overlaps p (uint16 ABCD at 5) (sources[0].points[0]) in holding register 6"
    ]


def test_a_scale_register_is_no_other_value():
    assert problems(source("a", "point: p, register: 0, type: int16, scale_register: 1", UINT.format("q", 1))) == [
        "q (uint16 ABCD at 1) overlaps the scale register of p (int16 ABCD at 1) (points[0]) in holding register 1"
    ]


def test_a_point_in_a_hole():
    assert problems(source("a", "point: p, register: 3, type: float32", holes="[[4, 9]]")) == [
        "p needs register 4, which holes[0] says never to read"
    ]


def test_a_hole_upside_down():
    assert problems(source("a", UINT.format("p", 0), holes="[[9, 4]]")) == ["holes: [9, 4] ends before it begins"]


def test_a_serial_source_has_no_host():
    (message,) = problems(source("a", UINT.format("p", 0), **{**SERIAL, "host": "h"}))
    assert message.startswith("unknown key; allowed here: ")


LEGAL = {
    "bits of one register, and the register": (
        "point: a, register: 1, type: bit, bit: 0",
        "point: b, register: 1, type: bit, bit: 1",
        "point: c, register: 1, type: uint16",
    ),
    "a scale register of many, and read by itself": (
        "point: a, register: 1, type: int16, scale_register: 3",
        "point: b, register: 2, type: uint16, scale_register: 3",
        "point: c, register: 3, type: int16",
    ),
    "markers of every form": (
        "point: a, register: 1, type: int16, invalid: [0x8000, -1]",
        "point: b, register: 2, type: int16, invalid: {0x7FFF: T, 010: M}",
        "point: c, register: 3, type: int16, invalid: [0x8000, {0x7FFF: T}]",
    ),
}


@pytest.mark.parametrize("points", LEGAL.values(), ids=LEGAL.keys())
def test_what_is_allowed(points):
    assert parse_config(HEAD + source("a", *points)).sources[0].points


def test_markers_are_read_as_they_stand():
    config = parse_config(HEAD + source("a", *LEGAL["markers of every form"]))
    assert [point.invalid for point in config.sources[0].points] == [
        ((0x8000, "D"), (-1, "D")),
        ((0x7FFF, "T"), (10, "M")),
        ((0x8000, "D"), (0x7FFF, "T")),
    ]
