"""Frames and what stands in them: checksums as recorded manuals print them, answers as devices may send them."""

import json

import pytest
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from green_shield_bridge.config.modbus import ModbusRtuSource
from green_shield_bridge.sources.faults import LinkFault
from green_shield_bridge.sources.modbus_link import least_pause_s
from green_shield_bridge.sources.modbus_pdu import (
    ExceptionAnswer,
    GatewayFault,
    WrongAnswer,
    check_echo,
    payload_of,
    write_coil,
    write_registers,
)

NO_ANSWER_TO_THAT = {
    "nothing": b"",
    "another function": b"\x04\x02\x00\x01",
    "an exception of another function": b"\x84\x02",
    "an exception without its code": b"\x83",
    "an exception that goes on": b"\x83\x02\x00",
    "no byte count": b"\x03",
    "a byte count that is too large": b"\x03\x04\x00\x01",
    "a byte count that is too small": b"\x03\x02\x00\x01\x00\x02",
}


@pytest.mark.parametrize("answer", NO_ANSWER_TO_THAT.values(), ids=NO_ANSWER_TO_THAT.keys())
def test_what_is_no_answer_to_a_read(answer):
    with pytest.raises(WrongAnswer):
        payload_of(answer, 3)


@pytest.mark.parametrize("code", [10, 11])
def test_a_gateway_speaks_for_a_silent_device(code):
    with pytest.raises(GatewayFault) as caught:
        payload_of(bytes((0x83, code)), 3)
    assert isinstance(caught.value, LinkFault)


@pytest.mark.parametrize(("code", "is_busy"), [(1, False), (2, False), (4, False), (5, True), (6, True), (99, False)])
def test_an_exception_answer_is_told_by_its_code(code, is_busy):
    with pytest.raises(ExceptionAnswer, match=f"exception {code}: ") as caught:
        payload_of(bytes((0x83, code)), 3)
    assert caught.value.is_busy is is_busy


def test_the_payload_of_an_answer():
    assert payload_of(b"\x03\x04\x00\x01\x00\x02", 3) == b"\x00\x01\x00\x02"


WRITES = {
    "a coil on": (write_coil(4, True), "05 00 04 ff 00", "05 00 04 ff 00"),
    "a coil off": (write_coil(4, False), "05 00 04 00 00", "05 00 04 00 00"),
    "one register": (write_registers(4, b"\x12\x34"), "06 00 04 12 34", "06 00 04 12 34"),
    "two registers": (write_registers(4, b"\x12\x34\x56\x78"), "10 00 04 00 02 04 12 34 56 78", "10 00 04 00 02"),
}


@pytest.mark.parametrize(("question", "frame", "echo"), WRITES.values(), ids=WRITES.keys())
def test_a_write_and_its_echo(question, frame, echo):
    assert question.hex(" ") == frame
    check_echo(bytes.fromhex(echo), question)
    with pytest.raises(WrongAnswer):
        check_echo(bytes.fromhex(echo)[:-1] + b"\x77", question)


SILENCES = [(9_600, "N", 1, 0.003646), (9_600, "E", 1, 0.00401), (1_200, "N", 2, 0.032083), (115_200, "N", 1, 0.00175)]


@pytest.mark.parametrize(("baudrate", "parity", "stopbits", "silence_s"), SILENCES)
def test_the_silence_between_two_frames_is_three_and_a_half_characters(baudrate, parity, stopbits, silence_s):
    source = ModbusRtuSource(
        name="d",
        kind="modbus_rtu",
        serial_port="/dev/ttyS0",
        baudrate=baudrate,
        parity=parity,
        stopbits=stopbits,
        poll_interval_s=1,
        address_base=0,
        points=[],
    )
    assert least_pause_s(source) == pytest.approx(silence_s, abs=1e-6)


def test_every_recorded_frame_gets_the_verdict_of_its_row(shared_data):
    rows = [json.loads(line) for line in (shared_data / "modbus" / "rtu_frames.jsonl").read_text().splitlines()]
    assert {row["crc_ok"] for row in rows} == {True, False}
    for row in rows:
        frame = bytes.fromhex(row["hex"])
        computed = FramerRTU.compute_CRC(frame[:-2]).to_bytes(2, "big")
        assert computed.hex(" ").upper() == row["crc_computed_le"], row["note"]
        assert FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")) is row["crc_ok"], row["note"]


def test_every_recorded_frame_is_taken_or_left_whole(shared_data):
    rows = [json.loads(line) for line in (shared_data / "modbus" / "rtu_frames.jsonl").read_text().splitlines()]
    for row in rows:
        frame = bytes.fromhex(row["hex"])
        _, unit, _, pdu = FramerRTU(DecodePDU(True)).decode(frame)
        assert (unit == frame[0] and pdu == frame[1:-2]) is row["crc_ok"], row["note"]
