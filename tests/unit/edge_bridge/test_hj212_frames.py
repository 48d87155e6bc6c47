"""Frames out of a byte stream: what is refused, what is delimited all the same, and that nothing good is lost."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.hj212.crc import crc16, modbus_crc16
from green_shield_bridge.hj212.deviations import Deviation
from green_shield_bridge.hj212.frames import STRICT, Frame, Garbage, Rules, encode_frame, refusal
from green_shield_bridge.hj212.splitter import Splitter

TOLERANT = Rules(tolerant=True)
MODBUS = Rules(accept_modbus_crc=True)
BODY = b"QN=20240601080000000;ST=31;CN=2011;PW=123456;MN=MADEUP00000001;Flag=5;CP=&&a21026-Rtd=1.5,a21026-Flag=N&&"
SECOND = b"ST=32;CN=2011;PW=123456;MN=MADEUP00000002;CP=&&DataTime=20240601080000;011-Rtd=2.0&&"
GOOD, NEXT = encode_frame(BODY), encode_frame(SECOND)


def sent(body: bytes = BODY, *, digits: bytes | None = None, crc: bytes | None = None, end: bytes = b"\r\n") -> bytes:
    digits = b"%04d" % len(body) if digits is None else digits
    return b"##" + digits + body + (b"%04X" % crc16(body) if crc is None else crc) + end


def split(data: bytes, rules: Rules = STRICT, step: int | None = None) -> list[Frame | Garbage]:
    """Everything that comes out, at the end by timeout."""
    splitter = Splitter(rules)
    pieces = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    return [item for piece in pieces for item in splitter.feed(piece)] + splitter.timeout()


def frames(items):
    return [item for item in items if isinstance(item, Frame)]


def good(items):
    return [frame.data for frame in frames(items) if frame.crc_ok and frame.length_ok]


WRONG_CRC = b"%04X" % (crc16(BODY) ^ 1)
MODBUS_CRC = modbus_crc16(BODY)
# What is sent; refused by strict, by tolerant, by one that takes Modbus CRC; deviations.
ODD = {
    "a wrong CRC is refused by all": (
        sent(crc=WRONG_CRC),
        (Deviation.CRC_WRONG,) * 3,
        {Deviation.CRC_WRONG},
    ),
    "plain Modbus CRC is refused but where it is configured": (
        sent(crc=b"%04X" % MODBUS_CRC),
        (Deviation.CRC_MODBUS, Deviation.CRC_MODBUS, None),
        {Deviation.CRC_MODBUS},
    ),
    "plain Modbus CRC with its bytes swapped too": (
        sent(crc=MODBUS_CRC.to_bytes(2, "little").hex().upper().encode()),
        (Deviation.CRC_MODBUS_SWAPPED, Deviation.CRC_MODBUS_SWAPPED, None),
        {Deviation.CRC_MODBUS_SWAPPED},
    ),
    "a length that says less is refused by strict": (
        sent(digits=b"0040"),
        (Deviation.LENGTH_WRONG, None, Deviation.LENGTH_WRONG),
        {Deviation.LENGTH_WRONG},
    ),
    "a length that says more is refused by strict": (
        sent(digits=b"0140"),
        (Deviation.LENGTH_WRONG, None, Deviation.LENGTH_WRONG),
        {Deviation.LENGTH_WRONG},
    ),
    "three digits of length are refused by strict": (
        sent(digits=b"%03d" % len(BODY)),
        (Deviation.LENGTH_DIGITS, None, Deviation.LENGTH_DIGITS),
        {Deviation.LENGTH_DIGITS},
    ),
    "eight digits of which four are the length are refused by strict": (
        sent(digits=b"0001%04d" % len(BODY)),
        (Deviation.LENGTH_DIGITS, None, Deviation.LENGTH_DIGITS),
        {Deviation.LENGTH_DIGITS},
    ),
    "a wrong length and a wrong CRC are refused by all": (
        sent(digits=b"0140", crc=WRONG_CRC),
        (Deviation.CRC_WRONG,) * 3,
        {Deviation.CRC_WRONG, Deviation.LENGTH_WRONG},
    ),
    "a frame as it should be is refused by none": (GOOD, (None,) * 3, set()),
    "a lower-case CRC is refused by none": (sent(b"CP=&&&&", crc=b"%04x" % crc16(b"CP=&&&&")), (None,) * 3, set()),
    "more than 1024 bytes are refused by none": (
        sent(b"CP=&&" + b"a" * 1500 + b"&&"),
        (None,) * 3,
        {Deviation.OVERSIZE},
    ),
}


@pytest.mark.parametrize(("data", "refused", "deviations"), ODD.values(), ids=ODD.keys())
def test_verdicts(data, refused, deviations):
    for rules, reason in zip((STRICT, TOLERANT, MODBUS), refused, strict=True):
        (frame,) = split(data, rules)
        assert refusal(frame, rules) is reason
        assert set(frame.deviations) - {Deviation.CRC_LOWER_CASE} == deviations


def test_a_lower_case_crc_is_told():
    body = next(body for n in range(99) if not f"{crc16(body := b'ST=%d' % n):04X}".isdigit())
    (frame,) = split(sent(body, crc=b"%04x" % crc16(body)))
    assert frame.deviations == (Deviation.CRC_LOWER_CASE,)


def test_neither_the_password_nor_anything_else_of_a_stream_shows_in_a_repr():
    items = split(b"PW=123456" + GOOD)
    assert [type(item) for item in items] == [Garbage, Frame]
    assert "123456" not in repr(items)


def test_every_recorded_frame_gets_the_verdict_its_row_says(shared_data):
    for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines():
        row = json.loads(line)
        for rules in (STRICT, TOLERANT, MODBUS):
            (frame,) = split(row["frame"].encode(), rules)
            verdict = (frame.crc_ok, frame.length_ok, frame.crc, frame.crc_given, frame.length_given, len(frame.data))
            expected = ("crc_ok", "len_ok", "crc_variant", "crc_given", "len_given", "len_actual")
            assert verdict == tuple(row[name] for name in expected)
            has_crc = row["crc_ok"] or (rules is MODBUS and row["crc_variant"].startswith("modbus"))
            assert (refusal(frame, rules) is None) == (has_crc and (rules is TOLERANT or row["len_ok"]))


TAILS = {"\r\n": None, "\n": Deviation.LF_ONLY, "": Deviation.NO_CRLF}


def test_the_line_end_of_every_recorded_frame_is_told(shared_data):
    for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines():
        row = json.loads(line)
        splitter = Splitter()
        splitter.feed(row["frame"].encode())
        splitter.timeout()
        expected = TAILS[row["tail"]]
        assert splitter.line_ends == (Counter([expected]) if expected else Counter())


@pytest.mark.parametrize(
    "between", [b"", b"\r\n", b"\x00\xff garbage # & ", b"##", b"##12 && ", b"##9999ST=", b"&&ABCD"]
)
@pytest.mark.parametrize("step", [None, 1, 2, 7])
def test_all_recorded_good_frames_come_out_of_one_stream_in_order(shared_data, between, step):
    rows = [json.loads(line) for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines()]
    wanted = [row["frame"] for row in rows if row["crc_ok"] and row["len_ok"]]
    stream = between.join(frame.encode() for frame in wanted)
    assert good(split(stream, step=step)) == [frame[6:].rstrip()[:-4].encode() for frame in wanted]


def test_all_recorded_good_frames_come_out_between_the_bad_ones(shared_data):
    rows = [json.loads(line) for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines()]
    wanted = [row["frame"][6:].rstrip()[:-4].encode() for row in rows if row["crc_ok"] and row["len_ok"]]
    items = split("".join(row["frame"] for row in rows).encode())
    assert good(items) == wanted
    assert len(frames(items)) == len(rows)


def test_a_length_that_lies_swallows_no_good_frame_behind_it():
    splitter = Splitter()
    (lying, honest) = splitter.feed(sent(digits=b"9000", crc=WRONG_CRC) + NEXT)
    assert (lying.data, lying.length_ok) == (BODY, False)
    assert honest.data == SECOND
    assert not splitter.is_waiting


def test_a_frame_that_never_ends_is_given_up_by_timeout():
    splitter = Splitter()
    assert splitter.feed(GOOD[:-20]) == []
    assert splitter.is_waiting
    (garbage,) = splitter.timeout()
    assert garbage.size == len(GOOD) - 20
    assert not splitter.is_waiting
    assert good(splitter.feed(NEXT)) == [SECOND]


def test_a_frame_cut_short_gives_way_to_the_next():
    assert good(split(GOOD[:50] + NEXT)) == [SECOND]


def test_a_mark_of_a_frame_inside_the_data_ends_nothing():
    body = b"ST=31;CN=3020;CP=&&i11001-Info=##0012ab ## &&ABCD ##9999ST=1&&"
    for step in (None, 1):
        assert good(split(sent(body) + NEXT, step=step)) == [body, SECOND]


def test_a_factor_that_reads_as_hex_does_not_end_the_data():
    body = b"ST=31;CN=2011;CP=&&a21026-Rtd=1.5&&"
    (frame,) = split(sent(body, digits=b"0099"), TOLERANT)
    assert frame.data == body


def test_a_frame_longer_than_allowed_is_not_waited_for():
    splitter = Splitter(Rules(max_data_bytes=50))
    assert good(splitter.feed(GOOD + NEXT)) == []
    splitter = Splitter(Rules(max_data_bytes=90))
    assert good(splitter.feed(GOOD + NEXT)) == [SECOND]


@pytest.mark.parametrize("size", [0, 10_000])
def test_a_limit_that_no_length_can_have_is_refused(size):
    with pytest.raises(ValueError, match="allowed: 1 to 9999"):
        Rules(max_data_bytes=size)


def test_data_too_long_for_four_digits_are_not_sent():
    with pytest.raises(ValueError, match="allowed: at most 9999"):
        encode_frame(b"a" * 10_000)


def test_memory_stays_bounded_whatever_comes():
    for piece in (b"##9999ST=1;", b"x", b"\r\n", b"##", sent(digits=b"9999", end=b"")):
        splitter = Splitter()
        for _ in range(40_000 // len(piece) + 1):
            splitter.feed(piece)
        assert len(splitter._buffer) < 3 * 9999


@given(st.binary(max_size=300).filter(lambda data: b"##" not in data and b"&&" not in data), st.binary(max_size=20))
def test_what_is_encoded_comes_back(data, before):
    body = b"ST=1;" + data
    assert good(split(before.replace(b"#", b"") + encode_frame(body))) == [body]
