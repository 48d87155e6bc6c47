"""Fuzz HJ 212: any bytes, cut anywhere, through splitter, packets, readings, reassembly and decryption.

python edge_bridge/fuzz/hj212.py -max_total_time=60 [corpus folder]
"""

import math
import sys
from collections.abc import Sequence
from contextlib import suppress

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["green_shield_bridge"]):
    from green_shield_bridge.hj212.factors import canonical_code
    from green_shield_bridge.hj212.frames import Frame, Rules, refusal
    from green_shield_bridge.hj212.packet import Packet, encode, parse
    from green_shield_bridge.hj212.readings import readings
    from green_shield_bridge.hj212.reassembly import Assembler
    from green_shield_bridge.hj212.sm4 import Undecipherable, decrypt_data_segment
    from green_shield_bridge.hj212.splitter import Splitter

KEY = bytes(16)


def one_input(data: bytes) -> None:
    """The first byte says the rules and how the rest is cut."""
    how, stream = data[0] if data else 0, data[1:]
    rules = Rules(tolerant=how & 1 == 1, accept_modbus_crc=how & 2 == 2, max_data_bytes=(60, 9999)[how >> 2 & 1])
    whole = Splitter(rules)
    items = whole.feed(stream) + whole.timeout()
    check_cut(stream, rules, 1 + (how >> 3), items)
    if sum(item.size for item in items) > len(stream):
        raise AssertionError("more came out than went in")
    assembler = Assembler(max_messages=2, max_bytes=500)
    for item in items:
        if isinstance(item, Frame):
            check_frame(item, rules, assembler)
    assembler.expired(10**9)


def check_cut(stream: bytes, rules: Rules, step: int, expected: Sequence[object]) -> None:
    splitter = Splitter(rules)
    cut = [item for at in range(0, len(stream), step) for item in splitter.feed(stream[at : at + step])]
    if cut + splitter.timeout() != expected:
        raise AssertionError(f"cut into pieces of {step} something else comes out")


def check_frame(frame: Frame, rules: Rules, assembler: Assembler) -> None:
    refusal(frame, rules)
    with suppress(Undecipherable):
        decrypt_data_segment(KEY, frame.data)
    parse(frame.data)
    packet = parse(frame.data, tolerant=True)
    if isinstance(packet, Packet):
        check_packet(packet)
        assembler.add(packet, 0)


def check_packet(packet: Packet) -> None:
    for reading in readings(packet):
        if (reading.value is None) == (reading.flag == "N") and reading.value is None:
            raise AssertionError("a value is missing and nothing says why")
        if reading.value is not None and not math.isfinite(reading.value):
            raise AssertionError("a value is no number")
        canonical_code(reading.factor)
    try:
        sent = encode(packet)
    except ValueError:
        return  # it holds what cannot be sent
    splitter = Splitter()
    (frame,) = splitter.feed(sent) + splitter.timeout()
    if not isinstance(frame, Frame) or parse(frame.data, tolerant=True) != packet:
        raise AssertionError("what was sent does not come back")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
