"""The check sums of HJ 212 senders."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.hj212.crc import crc16, modbus_crc16
from green_shield_bridge.hj212.frames import Crc, crc_variant


def by_the_annex(data: bytes) -> int:
    """HJ 212-2017, annex A, step by step."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            low_bit, crc = crc & 1, crc >> 1
            if low_bit:
                crc ^= 0xA001
    return crc


def by_the_modbus_guide(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            low_bit, crc = crc & 1, crc >> 1
            if low_bit:
                crc ^= 0xA001
    return crc


@given(st.binary(max_size=200))
def test_the_sum_is_the_one_of_the_annex(data):
    assert crc16(data) == by_the_annex(data)


@pytest.mark.parametrize("size", [*range(70), 255, 256, 257, 1023, 1024, 1025, 9999])
def test_every_length_is_summed_in_full(size):
    data = bytes((7 * place + place // 251) % 256 for place in range(size))
    assert crc16(data) == by_the_annex(data)
    assert size == 0 or crc16(data[:-1] + bytes([data[-1] ^ 1])) != crc16(data)


def test_only_256_sums_can_occur():
    assert len({crc16(b"ST=32;%d" % number) for number in range(20_000)}) == 256


@given(st.binary(max_size=200))
def test_modbus_is_the_one_of_the_guide(data):
    assert modbus_crc16(data) == by_the_modbus_guide(data)


def test_modbus_has_its_well_known_check_value():
    assert modbus_crc16(b"123456789") == 0x4B37


def test_recorded_bodies_have_the_sums_stated(shared_data):
    for line in (shared_data / "hj212" / "bodies.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert f"{crc16(row['body'].encode()):04X}" == row["crc_hj212_computed"]


VARIANTS = {
    "the sum of the standard is hj212": (by_the_annex(b"CP=&&&&"), Crc.HJ212),
    "plain Modbus with its high byte first is modbus": (by_the_modbus_guide(b"CP=&&&&"), Crc.MODBUS),
    "plain Modbus with its low byte first is modbus_swapped": (
        int.from_bytes(by_the_modbus_guide(b"CP=&&&&").to_bytes(2, "little"), "big"),
        Crc.MODBUS_SWAPPED,
    ),
    "any other is none": (by_the_annex(b"CP=&&&&") ^ 1, Crc.NONE),
}


@pytest.mark.parametrize(("given_sum", "expected"), VARIANTS.values(), ids=VARIANTS.keys())
def test_variants(given_sum, expected):
    assert crc_variant(b"CP=&&&&", given_sum) is expected
