"""Anything at all into the codecs: nothing crashes, nothing depends on how a stream is cut, the work stays linear."""

import math
import struct
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from green_shield_bridge.config import ModbusTcpSource
from green_shield_bridge.config.read import as_value
from green_shield_bridge.hj212.factors import canonical_code
from green_shield_bridge.hj212.frames import STRICT, Frame, Garbage, Rules, encode_frame, refusal
from green_shield_bridge.hj212.packet import Malformed, Packet, encode, parse
from green_shield_bridge.hj212.readings import readings
from green_shield_bridge.hj212.reassembly import Assembler
from green_shield_bridge.hj212.sm4 import Undecipherable, decrypt_data_segment
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.modbus.codec import conversion_of, words_to_bytes
from green_shield_bridge.modbus.plan import plan_requests

BODY = b"QN=20240601080000000;ST=31;CN=2011;PW=1;MN=MADEUP01;Flag=5;CP=&&a21026-Rtd=1.5,a21026-Flag=N&&"
GOOD, NEXT = encode_frame(BODY), encode_frame(b"ST=32;CN=2011;PW=1;MN=MADEUP02;CP=&&011-Rtd=2.0&&")


def split(data: bytes, rules: Rules = STRICT, step: int | None = None) -> list[Frame | Garbage]:
    splitter = Splitter(rules)
    pieces = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    return [item for piece in pieces for item in splitter.feed(piece)] + splitter.timeout()


def work(data: bytes, step: int) -> tuple[int, int]:
    """(calls, bytes summed) while splitting."""
    calls = summed = 0

    def count(frame, event, _argument):
        nonlocal calls, summed
        calls += event in ("call", "c_call")
        if event == "call" and frame.f_code.co_name in ("crc16", "modbus_crc16"):
            summed += len(frame.f_locals["data"])

    sys.setprofile(count)
    try:
        split(data, step=step)
    finally:
        sys.setprofile(None)
    return calls, summed


HOSTILE = [
    b"##9999S",
    b"##9995S&&AAAA",
    b"##0050ST=&&AAAA&&AAAA",
    b"##4000ST=1&&0000\r\n",
    b"#",
    b"&",
    b"##0001A",
    b"##9999ABCD",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("step", [1 << 20, 50])
def test_the_work_grows_with_the_input_and_no_faster(pattern, step):
    once = pattern * (30_000 // len(pattern))
    calls, summed = work(once, step)
    calls_twice, summed_twice = work(once * 2, step)
    assert calls_twice <= 2.2 * calls + 100
    assert summed_twice <= 2.2 * summed + 2 * 9999
    assert summed <= 5 * len(once)


BITS = [
    b"##",
    b"&&",
    b"CP=&&",
    b"##9999S",
    b"##0012A",
    b"##0006ST=1;",
    b"&&ABCD",
    b"\r\n",
    b"\n",
    b"12",
    b"#",
    b"&",
    b"x",
    GOOD,
    NEXT,
]
STREAMS = st.lists(st.one_of(st.sampled_from(BITS), st.binary(max_size=12)), max_size=30).map(b"".join)
RULES = st.builds(
    Rules, accept_modbus_crc=st.booleans(), max_data_bytes=st.sampled_from([5, 60, len(BODY) - 1, len(BODY), 9999])
)


@settings(max_examples=300, deadline=None)
@given(STREAMS, RULES, st.lists(st.integers(1, 40), min_size=1))
def test_how_a_stream_is_cut_changes_nothing(stream, rules, sizes):
    splitter, cut, at = Splitter(rules), [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        cut += splitter.feed(stream[at : at + size])
        at += size
    cut += splitter.timeout()
    whole = Splitter(rules)
    assert cut == whole.feed(stream) + whole.timeout()
    assert splitter.line_ends == whole.line_ends


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([GOOD, NEXT, GOOD[:-2], GOOD[:-2] + b"\n", b"\r\n", b"\r", b"\n", b"x", GOOD[:20], b"##"])
    ),
    RULES,
)
def test_frames_that_come_one_by_one_are_those_that_come_at_once(pieces, rules):
    splitter, whole = Splitter(rules), Splitter(rules)
    one_by_one = [item for piece in pieces for item in splitter.feed(piece)] + splitter.timeout()
    assert one_by_one == whole.feed(b"".join(pieces)) + whole.timeout()
    assert splitter.line_ends == whole.line_ends


@settings(max_examples=300, deadline=None)
@given(STREAMS, RULES)
def test_nothing_is_counted_twice_and_every_byte_but_line_ends_is_counted(stream, rules):
    counted = sum(item.size for item in split(stream, rules))
    line_ends = stream.count(b"\r") + stream.count(b"\n")
    assert len(stream) - line_ends <= counted <= len(stream)


TOKENS = [
    "QN=",
    "ST=",
    "CN=2011",
    "CN=",
    "PW=",
    "MN=",
    "Flag=7",
    "FLAG=",
    "PNUM=2",
    "PNO=9",
    "CP=&&",
    "&&",
    ";",
    ",",
    "=",
    "-",
]
TOKENS += [
    "DataTime=20240601080000",
    "DataTime=",
    "a21026-Rtd=",
    "-Rtd=1",
    "SB1-RS=0",
    "-Flag=N",
    "Flag=",
    "1e999",
    "９",
    "\x00",
]
SEGMENTS = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=5)), max_size=30).map("".join)


@settings(max_examples=500, deadline=None)
@given(st.one_of(SEGMENTS.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=100)), st.booleans())
def test_any_bytes_are_a_packet_or_malformed(data, tolerant):
    packet = parse(data, tolerant=tolerant)
    if isinstance(packet, Malformed):
        return
    for reading in readings(packet):
        assert (reading.value is None and reading.flag != "N") or math.isfinite(reading.value)
        assert reading.flag in "NFMSDCTB"
        canonical_code(reading.factor)
    Assembler().add(packet, 0)
    try:
        (again,) = split(encode(packet))
    except ValueError:
        return  # it holds what cannot be sent
    assert parse(again.data, tolerant=True) == packet


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=100), st.binary(max_size=64).map(lambda b: b"CP=&&" + b.hex().encode() + b"&&")))
def test_any_bytes_open_or_are_undecipherable(segment):
    try:
        opened = decrypt_data_segment(bytes(16), segment)
    except Undecipherable:
        return
    assert opened.endswith(b"&&")


@settings(max_examples=200, deadline=None)
@given(STREAMS, RULES)
def test_whatever_is_not_refused_holds_its_sum(stream, rules):
    for frame in split(stream, rules):
        if isinstance(frame, Frame) and refusal(frame, rules) is None:
            assert frame.crc_ok or rules.accept_modbus_crc
            assert isinstance(parse(frame.data, tolerant=True), Packet | Malformed)


NUMBERS = ["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
ORDERS = st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"])
NUMBER = st.fixed_dictionaries(
    {"type": st.sampled_from(NUMBERS), "function": st.sampled_from(["holding", "input"]), "order": ORDERS},
    optional={"scale": st.sampled_from([0.1, -2.5, 1e280]), "offset": st.sampled_from([-40.0, 0.5])},
)
SCALED = st.fixed_dictionaries({"type": st.sampled_from(NUMBERS[:6]), "scale_register": st.integers(200, 203)})
BIT = st.fixed_dictionaries({"type": st.just("bit"), "bit": st.integers(0, 15)})
COIL = st.fixed_dictionaries({"type": st.just("bool"), "function": st.sampled_from(["coil", "discrete"])})
TEXT = st.just({"type": "string", "length": 2, "map": {"RUN": 1, "STOP": 0}})
POINTS = st.lists(st.one_of(NUMBER, SCALED, BIT, COIL, TEXT), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(POINTS, st.integers(0, 120), st.data())
def test_any_answer_decodes_to_numbers_and_faults_or_is_refused(wanted, max_gap, data):
    base = {"name": "d", "kind": "modbus_tcp", "host": "h", "poll_interval_s": 1.0, "address_base": 0}
    listed = [{"point": f"p{index}", "register": 8 * index, **point} for index, point in enumerate(wanted)]
    source = as_value(ModbusTcpSource, {**base, "points": listed, "max_gap": max_gap})
    for request in plan_requests(source):
        size = (request.count + 7) // 8 if request.function in ("coil", "discrete") else 2 * request.count
        decoded = request.decode(data.draw(st.binary(min_size=size, max_size=size)))
        assert [flag != "N" for flag in decoded.flags] == [value is None for value in decoded.values]
        assert all(value is None or math.isfinite(value) for value in decoded.values)
        for other in (b"", bytes(size - 1), bytes(size + 1)):
            with pytest.raises(ValueError, match=f"asked for {size}"):
                request.decode(other)


@given(st.lists(st.integers(0, 0xFFFF), max_size=20))
def test_words_are_bytes_in_either_order(words):
    as_sent, swapped = words_to_bytes(words)
    assert struct.unpack(f">{len(words)}H", as_sent) == struct.unpack(f"<{len(words)}H", swapped) == tuple(words)


@given(st.floats(width=32), st.sampled_from([1.0, 0.1, 1e300]))
def test_any_float_is_finite_or_none(raw, scale):
    (value,) = conversion_of("float32", scale).values((raw,))
    assert value is None or math.isfinite(value)
