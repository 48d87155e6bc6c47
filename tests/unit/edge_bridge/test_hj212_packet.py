"""Data segments to packets and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.hj212.answers import ExeRtn, QnRtn, data_answer, done, heartbeat, notice_answer, request_answer
from green_shield_bridge.hj212.deviations import GUESSED, Deviation
from green_shield_bridge.hj212.packet import Malformed, Packet, Reason, Version, encode, encode_segment, parse
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.times import format_qn, format_time, parse_time

HEAD = "QN=20240601080000123;ST=31;CN=2011;PW=secret;MN=MADEUP01;Flag=5;"
CP = "CP=&&DataTime=20240601080000;a21026-Rtd=12.5,a21026-Flag=N&&"
# 2024-06-01 00:00:00 UTC
EIGHT_IN_BEIJING_MS = 1_717_200_000_000

UNUSABLE = {
    "nothing at all": (b"", Reason.CP_MISSING),
    "no CP": (HEAD.encode(), Reason.CP_MISSING),
    "a CP that does not end": ((HEAD + "CP=&&DataTime=1").encode(), Reason.CP_UNTERMINATED),
    "no CN": (b"ST=31;MN=MADEUP01;CP=&&&&", Reason.CN_MISSING),
    "a CN that is no number": (b"ST=31;CN=20x1;MN=MADEUP01;CP=&&&&", Reason.CN_MISSING),
    "a CN of other digits": ("ST=31;CN=２０１１;MN=MADEUP01;CP=&&&&".encode(), Reason.CN_MISSING),
}


@pytest.mark.parametrize(("data", "reason"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_malformed_is_so_even_to_the_tolerant(data, reason):
    for tolerant in (False, True):
        found = parse(data, tolerant=tolerant)
        assert isinstance(found, Malformed)
        assert found.reason is reason


# What is sent; what is odd about it; what the tolerant makes of it.
ODD = {
    "QN after CN": (
        "ST=31;CN=2011;QN=20240601080000123;PW=1;MN=M;Flag=4;CP=&&&&",
        {Deviation.FIELD_ORDER},
        {"cn": "2011"},
    ),
    "FLAG in capitals": ("ST=31;CN=2011;PW=1;MN=M;FLAG=5;CP=&&&&", {Deviation.FIELD_CASE}, {"flag": 5}),
    "an empty PW": ("ST=31;CN=2011;PW=;MN=M;Flag=4;CP=&&&&", {Deviation.PW_MISSING}, {"pw": ""}),
    "no MN": ("ST=91;CN=3012;PW=1;CP=&&RS=1&&", {Deviation.MN_MISSING}, {"mn": ""}),
    "PNO larger than PNUM": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=6;PNUM=1;PNO=3;CP=&&&&",
        {Deviation.NUMBERS_SWAPPED},
        {"pnum": 3, "pno": 1},
    ),
    "numbers that Flag does not announce": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;PNUM=3;PNO=1;CP=&&&&",
        {Deviation.NUMBERS_UNANNOUNCED},
        {"pnum": 3, "pno": 1},
    ),
    "numbers that Flag announces and that do not come": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=7;CP=&&&&",
        {Deviation.NUMBERS_MISSING},
        {"pnum": None, "pno": None},
    ),
    "a PNO of zero": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=6;PNUM=3;PNO=0;CP=&&&&",
        {Deviation.NUMBERS_MALFORMED},
        {"pnum": None, "pno": None},
    ),
    "a Flag that is no number": ("ST=31;CN=2011;PW=1;MN=M;Flag=x;CP=&&&&", {Deviation.FLAG_MALFORMED}, {"flag": None}),
    "a version to come": ("ST=31;CN=2011;PW=1;MN=M;Flag=13;CP=&&&&", {Deviation.VERSION_UNKNOWN}, {"flag": 13}),
    "a field given twice": ("ST=31;CN=2011;PW=1;MN=M;MN=N;Flag=4;CP=&&&&", {Deviation.FIELD_REPEATED}, {"mn": "M"}),
    "a separator before the head and one behind the tail": (
        ";ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&&&;",
        {Deviation.STRAY_SEPARATOR},
        {"cn": "2011"},
    ),
    "a separator at the end of CP": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&a-Rtd=1;&&",
        {Deviation.STRAY_SEPARATOR},
        {"items": ((("a-Rtd", "1"),),)},
    ),
    "text that is no field": ("ST=31;CN=2011;PW=1;xyz;MN=M;Flag=4;CP=&&&&", {Deviation.FIELD_MALFORMED}, {"mn": "M"}),
    "an item without a value": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&a-Rtd;b-Rtd=2&&",
        {Deviation.ITEM_MALFORMED},
        {"items": ((("b-Rtd", "2"),),)},
    ),
    "-td for -Rtd": ("ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&LA-td=1&&", {Deviation.RTD_MISSPELT}, {"cn": "2011"}),
    "a Flag of no factor": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&a-Rtd=1;Flag=N&&",
        {Deviation.FLAG_OF_NOTHING},
        {"cn": "2011"},
    ),
    "a QN of 18 digits": (
        "QN=202406010800001234;ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&&&",
        {Deviation.QN_MALFORMED},
        {"qn": "202406010800001234"},
    ),
    "a DataTime with milliseconds": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&DataTime=20240601080000123&&",
        {Deviation.TIME_MILLISECONDS},
        {"data_time_ms": EIGHT_IN_BEIJING_MS + 123},
    ),
    "a DataTime that is none": (
        "ST=31;CN=2011;PW=1;MN=M;Flag=4;CP=&&DataTime=2024060108000050&&",
        {Deviation.TIME_MALFORMED},
        {"data_time_ms": None},
    ),
}


@pytest.mark.parametrize(("text", "deviations", "expected"), ODD.values(), ids=ODD.keys())
def test_oddities_are_told_and_where_the_meaning_is_in_doubt_strict_refuses(text, deviations, expected):
    tolerant, strict = parse(text.encode(), tolerant=True), parse(text.encode())
    assert isinstance(tolerant, Packet)
    assert set(tolerant.deviations) == deviations
    assert {name: getattr(tolerant, name) for name in expected} == expected
    if deviations & GUESSED:
        assert strict == Malformed(Reason.GUESSED, tolerant.deviations)
    else:
        assert strict == tolerant


def test_bytes_that_are_no_utf_8_are_told():
    assert parse(b"ST=31;CN=2011;PW=1;MN=\xff;Flag=4;CP=&&&&") == Malformed(Reason.GUESSED, (Deviation.ENCODING,))


def test_a_packet_as_it_should_be():
    packet = parse((HEAD + CP).encode())
    assert packet == Packet(
        "2011", "MADEUP01", "31", "secret", "20240601080000123", 5, cp_text=CP.removeprefix("CP=&&").removesuffix("&&")
    )
    assert packet.deviations == ()
    assert packet.items == ((("DataTime", "20240601080000"),), (("a21026-Rtd", "12.5"), ("a21026-Flag", "N")))
    assert packet.data_time_ms == EIGHT_IN_BEIJING_MS
    assert (packet.version, packet.is_answer_wanted, packet.is_part) == (Version.HJ2017, True, False)
    assert (packet.value("a21026-Rtd"), packet.value("a21026-Max")) == ("12.5", None)


def test_neither_password_nor_key_shows_in_a_repr():
    packet = parse((HEAD + "CP=&&NewPW=hidden&&").encode())
    assert "secret" not in repr(packet)
    assert "hidden" not in repr(packet)


VERSIONS = [
    (None, 2005),
    (0, 2005),
    (1, 2005),
    (3, 2005),
    (4, 2017),
    (5, 2017),
    (7, 2017),
    (8, 2025),
    (9, 2025),
    (13, 2025),
]


@pytest.mark.parametrize(("flag", "year"), VERSIONS)
def test_the_version_is_in_the_flag(flag, year):
    assert Packet("2011", flag=flag).version.name == f"HJ{year}"


def test_every_recorded_body_parses_and_encodes_back_with_the_crc_stated(shared_data):
    for line in (shared_data / "hj212" / "bodies.jsonl").read_text().splitlines():
        row = json.loads(line)
        packet = parse(row["body"].encode())
        assert isinstance(packet, Packet)
        assert packet.cn == row["cn"]
        assert encode(packet).decode() == f"##{row['len']:04d}{row['body']}{row['crc_hj212_computed']}\r\n"


def test_every_recorded_frame_parses_when_tolerant(shared_data):
    for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines():
        row = json.loads(line)
        splitter = Splitter()
        (frame,) = splitter.feed(row["frame"].encode()) + splitter.timeout()
        packet = parse(frame.data, tolerant=True)
        assert isinstance(packet, Packet)
        assert packet.cn == row["cn"]
        if not packet.deviations:
            assert encode_segment(packet) == frame.data


REFUSED = [
    {"mn": "a;b"},
    {"pw": "a&b"},
    {"qn": "1\r\n"},
    {"cp_text": "a=1&&"},
    {"cp_text": "a=1&"},
    {"extra": (("a", ";"),)},
]


@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_a_field_that_would_end_itself_is_not_sent(fields):
    with pytest.raises(ValueError, match="allowed"):
        encode_segment(Packet("1062", **fields))


WORD = st.text(st.characters(codec="utf-8", exclude_characters=";&,=\r\n", exclude_categories=("Cs",)), max_size=12)
FIELD = st.tuples(WORD, WORD).map("=".join)
ITEM = st.lists(FIELD, min_size=1, max_size=3).map(",".join)
PACKETS = st.builds(
    Packet,
    cn=st.integers(1000, 9999).map(str),
    mn=WORD,
    st=st.sampled_from(["21", "31", "44"]),
    pw=WORD,
    qn=st.one_of(st.just(""), st.integers(0, 4_000_000_000_000).map(format_qn)),
    flag=st.one_of(st.none(), st.sampled_from([0, 1, 4, 5, 8, 9])),
    cp_text=st.lists(ITEM, max_size=5).map(";".join),
)


@given(PACKETS)
def test_what_is_encoded_parses_to_the_same(packet):
    (frame,) = Splitter().feed(encode(packet))
    assert frame.length_ok
    assert frame.crc_ok
    assert parse(frame.data, tolerant=True) == packet


REQUEST_2005 = Packet("1062", "MADEUP01", "32", "pw", "20240601080000123", 3)
REQUEST_2017 = Packet("1062", "MADEUP01", "32", "pw", "20240601080000123", 5)
REQUEST_2025 = Packet("1062", "MADEUP01", "32", "pw", "20240601080000123", 11, 2, 1)
ANSWERS = {
    "2005 echoes QN in CP and keeps Flag with 9011": (
        request_answer(REQUEST_2005, QnRtn.OK),
        "ST=91;CN=9011;PW=pw;MN=MADEUP01;Flag=0;CP=&&QN=20240601080000123;QnRtn=1&&",
    ),
    "2005 has no Flag with 9012": (
        done(REQUEST_2005, ExeRtn.OK),
        "ST=91;CN=9012;PW=pw;MN=MADEUP01;CP=&&QN=20240601080000123;ExeRtn=1&&",
    ),
    "2005 has no QN to echo where none came": (data_answer(Packet("2011", "M")), "ST=91;CN=9014;PW=;MN=M;CP=&&&&"),
    "2017 echoes QN in the head": (
        request_answer(REQUEST_2017, QnRtn.WRONG_PW),
        "QN=20240601080000123;ST=91;CN=9011;PW=pw;MN=MADEUP01;Flag=4;CP=&&QnRtn=3&&",
    ),
    "2017 says done": (
        done(REQUEST_2017, ExeRtn.NO_DATA),
        "QN=20240601080000123;ST=91;CN=9012;PW=pw;MN=MADEUP01;Flag=4;CP=&&ExeRtn=100&&",
    ),
    "2025 keeps its version and neither numbers nor the wish for an answer": (
        data_answer(REQUEST_2025),
        "QN=20240601080000123;ST=91;CN=9014;PW=pw;MN=MADEUP01;Flag=8;CP=&&&&",
    ),
    "a heartbeat": (
        heartbeat("MADEUP01", "pw", "31", "20240601080000123"),
        "QN=20240601080000123;ST=31;CN=9015;PW=pw;MN=MADEUP01;Flag=9;CP=&&&&",
    ),
    "a heartbeat is answered as a notice": (
        notice_answer(heartbeat("MADEUP01", "pw", "31", "20240601080000123")),
        "QN=20240601080000123;ST=91;CN=9013;PW=pw;MN=MADEUP01;Flag=8;CP=&&&&",
    ),
}


@pytest.mark.parametrize(("answer", "text"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers(answer, text):
    assert encode_segment(answer).decode() == text


NO_TIMES = [
    "",
    "2024",
    "20240230000000",
    "20240101240000",
    "20240101000060",
    "2024010100000a",
    "２０２４０１０１００００００",
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_none(text):
    assert parse_time(text) == (None, Deviation.TIME_MALFORMED)


@given(st.integers(-62_135_596_800_000, 253_402_214_400_000 - 1))
def test_times_come_back(epoch_ms):
    assert parse_time(format_qn(epoch_ms)) == (epoch_ms, Deviation.TIME_MILLISECONDS)
    assert parse_time(format_time(epoch_ms)) == (epoch_ms - epoch_ms % 1000, None)
