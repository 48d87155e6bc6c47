"""Registers to numbers."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.modbus.codec import (
    Unpacker,
    conversion_of,
    encode,
    encode_text,
    shortest_float32,
    shortest_float32s,
    with_swapped_bytes,
    words_to_bytes,
)


def converter(type_, scale=1.0, offset=0.0, invalid=()):
    """Converts one value as a poll converts all of a kind."""
    conversion = conversion_of(type_, scale, offset, [(marker, "D") for marker in invalid])
    return lambda raw: conversion.values((raw,))[0]


# What a device sends for the value, register by register.
VALUES = [
    ("int16", "ABCD", [0xFF85], -123),
    ("int16", "BADC", [0x85FF], -123),
    ("int16", "CDAB", [0xFF85], -123),
    ("int16", "DCBA", [0x85FF], -123),
    ("uint16", "ABCD", [0xFF85], 65413),
    ("uint16", "BADC", [0x85FF], 65413),
    ("int32", "ABCD", [0xFFFE, 0x1DC0], -123456),
    ("int32", "CDAB", [0x1DC0, 0xFFFE], -123456),
    ("int32", "BADC", [0xFEFF, 0xC01D], -123456),
    ("int32", "DCBA", [0xC01D, 0xFEFF], -123456),
    ("uint32", "ABCD", [0x0102, 0x0304], 0x01020304),
    ("uint32", "CDAB", [0x0304, 0x0102], 0x01020304),
    ("uint32", "BADC", [0x0201, 0x0403], 0x01020304),
    ("uint32", "DCBA", [0x0403, 0x0201], 0x01020304),
    ("float32", "ABCD", [0x4336, 0x4CCD], 182.3),
    ("float32", "CDAB", [0x4CCD, 0x4336], 182.3),
    ("float32", "BADC", [0x3643, 0xCD4C], 182.3),
    ("float32", "DCBA", [0xCD4C, 0x3643], 182.3),
    ("int64", "ABCD", [0xFFFF, 0xFFFF, 0xFFFE, 0x1DC0], -123456),
    ("uint64", "ABCD", [0x0102, 0x0304, 0x0506, 0x0708], 0x0102030405060708),
    ("uint64", "CDAB", [0x0708, 0x0506, 0x0304, 0x0102], 0x0102030405060708),
    ("uint64", "BADC", [0x0201, 0x0403, 0x0605, 0x0807], 0x0102030405060708),
    ("uint64", "DCBA", [0x0807, 0x0605, 0x0403, 0x0201], 0x0102030405060708),
    ("float64", "ABCD", [0x4066, 0xC999, 0x9999, 0x999A], 182.3),
    ("float64", "CDAB", [0x999A, 0x9999, 0xC999, 0x4066], 182.3),
    ("float64", "BADC", [0x6640, 0x99C9, 0x9999, 0x9A99], 182.3),
    ("float64", "DCBA", [0x9A99, 0x9999, 0x99C9, 0x6640], 182.3),
]


@pytest.mark.parametrize(
    ("type_", "order", "registers", "expected"), VALUES, ids=[f"{t} sent as {o} in {len(r)}" for t, o, r, _ in VALUES]
)
def test_a_value_is_the_same_in_every_byte_order(type_, order, registers, expected):
    unpack = Unpacker(len(registers), order, [(0, type_)])
    (raw,) = unpack(*words_to_bytes(registers))
    assert converter(type_)(raw) == float(expected)


def test_values_with_gaps_before_between_and_after_come_out_of_one_block():
    registers = [7, 0xFFFF, 9, 9, 0x4336, 0x4CCD, 0, 0]
    unpack = Unpacker(8, "ABCD", [(1, "int16"), (4, "float32")])
    first, second = unpack(*words_to_bytes(registers))
    assert (first, shortest_float32(second)) == (-1, 182.3)


SCALED = [
    ("uint16", 3, 0.1, 0.0, 0.3),
    ("uint16", 1823, 0.1, 0.0, 182.3),
    ("int16", -5, 0.01, 0.0, -0.05),
    ("uint16", 1000, 0.1, -40.0, 60.0),
    ("uint16", 7, 0.1, 0.25, 0.95),
    ("uint16", 12, 10.0, 0.0, 120.0),
    ("int32", 123456, 1e-6, 0.0, 0.123456),
    ("float32", 182.3000030517578, 1.0, 0.0, 182.3),
    ("float32", 0.5, 100.0, 1.0, 51.0),
    ("bool", True, 1.0, 0.0, 1.0),
]


@pytest.mark.parametrize(
    ("type_", "raw", "scale", "offset", "expected"),
    SCALED,
    ids=[f"{t} {r:g} * {s:g} + {o:g}" for t, r, s, o, _ in SCALED],
)
def test_scale_and_offset_leave_no_rounding_noise(type_, raw, scale, offset, expected):
    assert converter(type_, scale, offset)(raw) == expected


NO_VALUE = [
    ("uint16", 0x8000, [0x8000]),
    ("int16", -32768, [0x8000]),
    ("int16", -32768, [-32768]),
    ("uint16", 0xFFFF, [0x8000, 0xFFFF]),
    ("int32", -1, [0xFFFFFFFF]),
    ("float32", struct.unpack(">f", bytes.fromhex("461C3C00"))[0], [0x461C3C00]),
    ("float32", math.nan, []),
    ("float32", math.inf, []),
    ("float64", -math.inf, []),
]


@pytest.mark.parametrize(("type_", "raw", "markers"), NO_VALUE, ids=[f"{t} {r:g}" for t, r, _ in NO_VALUE])
def test_a_marker_a_nan_and_an_infinity_are_no_value(type_, raw, markers):
    assert converter(type_, invalid=markers)(raw) is None


def test_a_value_beside_its_markers_is_a_value():
    assert converter("uint16", invalid=[0x8000, 0xFFFF])(0x8001) == 0x8001


def test_a_float_that_scaling_takes_beyond_the_largest_double_is_no_value():
    assert converter("float64", scale=1e300)(1e300) is None


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_decimal_is_the_same_float32(value):
    short = shortest_float32(value)
    assert struct.pack(">f", short) == struct.pack(">f", value)
    assert len(repr(short)) <= len(repr(value))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]))
def test_every_order_undoes_what_the_device_did(value, order):
    a, b, c, d = value.to_bytes(4, "big")
    sent = {"ABCD": (a, b, c, d), "CDAB": (c, d, a, b), "BADC": (b, a, d, c), "DCBA": (d, c, b, a)}[order]
    registers = [sent[0] << 8 | sent[1], sent[2] << 8 | sent[3]]
    assert Unpacker(2, order, [(0, "uint32")])(*words_to_bytes(registers)) == (value,)


@given(st.lists(st.floats(width=32), min_size=1, max_size=60))
def test_many_shortest_decimals_are_those_of_each(values):
    whole = [value for value in values if math.isfinite(value)]
    shorts = shortest_float32s(values)
    assert [short for short in shorts if math.isfinite(short)] == [shortest_float32(value) for value in whole]
    assert [math.isfinite(short) for short in shorts] == [math.isfinite(value) for value in values]


@given(st.lists(st.sampled_from([0.5, 182.3000030517578, math.nan, math.inf, -math.inf]), min_size=1, max_size=9))
def test_values_converted_together_are_those_converted_alone(raws):
    convert, together = converter("float32", 2.0, 1.0), conversion_of("float32", 2.0, 1.0)
    assert together.values(raws) == [convert(raw) for raw in raws]


NUMBERS = ["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@given(st.sampled_from(NUMBERS), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]), st.integers(0, 30_000))
def test_what_is_encoded_is_decoded(type_, order, steps):
    value = steps / 10
    words = encode(value, type_, order, 0.1, 0.0)
    unpack = Unpacker(len(words) // 2, order, [(0, type_)])
    (raw,) = unpack(words, with_swapped_bytes(words))
    assert converter(type_, 0.1)(raw) == pytest.approx(value, rel=1e-6)


DOES_NOT_FIT = [
    (70_000, "uint16", 1.0),
    (-1, "uint32", 1.0),
    (40_000, "int16", 1.0),
    (400.0, "int16", 0.01),
    (1e39, "float32", 1.0),
    (math.nan, "float32", 1.0),
    (math.inf, "int16", 1.0),
]


@pytest.mark.parametrize(("value", "type_", "scale"), DOES_NOT_FIT, ids=[f"{v:g} in {t}" for v, t, _ in DOES_NOT_FIT])
def test_a_value_that_does_not_fit_is_not_encoded(value, type_, scale):
    with pytest.raises(ValueError, match=r"does not fit|no number"):
        encode(value, type_, scale=scale)


def test_a_text_is_filled_up_and_never_cut():
    assert encode_text("RUN", 2) == b"RUN\0"
    assert encode_text("RUN", 2, "BADC") == b"UR\0N"
    with pytest.raises(ValueError, match="does not fit in 1 registers"):
        encode_text("RUN", 1)
