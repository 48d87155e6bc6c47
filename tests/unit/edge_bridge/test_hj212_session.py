"""One connection, fed with bytes: who is let in, what is refused and why, what is stored before it is answered."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from green_shield_bridge.hj212.frames import Rules, encode_frame
from green_shield_bridge.hj212.packet import Packet, Version
from green_shield_bridge.hj212.readings import readings
from green_shield_bridge.hj212.session import Accounted, Cut, Data, Heard, Limits, Say, Session
from green_shield_bridge.hj212.station import Station
from green_shield_bridge.hj212.times import format_time, parse_time
from green_shield_bridge.hj212.wire import frame_of

NOW_MS, _ = parse_time("20260801101502")
AT = "DataTime=20260801101500"
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
STATION = Station("MN1", "secret-7", frozenset({"31"}))
LIMITS = Limits(
    max_data_bytes=1_024, max_garbage=200, max_refused=5, login_timeout_s=30, idle_timeout_s=600, packet_timeout_s=10
)


def live(**changes) -> Packet:
    packet = Packet(
        "2011", "MN1", "31", "secret-7", "20260801101502001", 5, cp_text=f"{AT};a21026-Rtd=12.5,a21026-Flag=N"
    )
    return replace(packet, **changes)


def session(station: Station = STATION, limits: Limits = LIMITS) -> Session:
    return Session({station.mn: station}, limits, 0.0)


def events_of(data: bytes, station: Station = STATION):
    return session(station).feed(data, 1.0, NOW_MS)


def refusals(events) -> list[str]:
    return [event.refused for event in events if isinstance(event, Accounted) and event.refused]


def said(events) -> list[tuple[str, str]]:
    return [(event.packet.cn, event.packet.cp_text) for event in events if isinstance(event, Say)]


REFUSED = [
    pytest.param(frame_of(live(mn="MN2")), STATION, "mn_unknown", "QnRtn=4", id="a device that nobody registered"),
    pytest.param(frame_of(live(pw="guess")), STATION, "pw_wrong", "QnRtn=3", id="a wrong password"),
    pytest.param(frame_of(live(pw="")), STATION, "pw_wrong", "QnRtn=3", id="no password"),
    pytest.param(
        frame_of(live(pw="")),
        replace(STATION, rules=Rules(tolerant=True)),
        "pw_wrong",
        "QnRtn=3",
        id="no password, even tolerant",
    ),
    pytest.param(frame_of(live(st="32")), STATION, "st_wrong", "QnRtn=5", id="a system the station must not send"),
    pytest.param(frame_of(live())[:-6] + b"0000\r\n", STATION, "crc_wrong", "QnRtn=9", id="a wrong check sum"),
    pytest.param(
        frame_of(live()), replace(STATION, version=Version.HJ2025), "version_differs", "QnRtn=6", id="another edition"
    ),
    pytest.param(frame_of(live(cn="9999")), STATION, "cn_unknown", "QnRtn=8", id="a command nobody knows"),
    pytest.param(
        frame_of(live(cp_text="DataTime=20990101000000;a21026-Rtd=1")),
        STATION,
        "time_ahead",
        "QnRtn=2",
        id="a time to come",
    ),
    pytest.param(
        frame_of(live(cp_text="DataTime=19991231235959;a21026-Rtd=1")),
        STATION,
        "time_too_early",
        "QnRtn=2",
        id="a time before 2000",
    ),
    pytest.param(frame_of(live(cp_text="a21026-Rtd=1")), STATION, "time_missing", "QnRtn=2", id="data without a time"),
    pytest.param(
        frame_of(live(cp_text=f"{AT};a21026-Rtd")), STATION, "item_malformed", "QnRtn=100", id="an item without a value"
    ),
    pytest.param(
        frame_of(live(flag=9)),
        replace(STATION, sm4_key=KEY),
        "not_encrypted",
        "QnRtn=100",
        id="clear text where a key is set",
    ),
    pytest.param(
        frame_of(live(flag=9), bytes(16)),
        replace(STATION, sm4_key=KEY),
        "undecipherable",
        "QnRtn=100",
        id="another key",
    ),
]


@pytest.mark.parametrize(("data", "station", "reason", "answer"), REFUSED)
def test_what_is_refused_is_counted_told_and_never_stored(data, station, reason, answer):
    events = events_of(data, station)
    assert refusals(events) == [reason]
    assert said(events) == [("9011", answer)]
    assert not [event for event in events if isinstance(event, Data)]


@pytest.mark.parametrize(
    "changes",
    [pytest.param({"flag": 4}, id="no answer wanted"), pytest.param({"flag": None}, id="no Flag at all")],
)
def test_a_refusal_is_silent_where_no_answer_is_wanted(changes):
    assert said(events_of(frame_of(live(pw="guess", **changes)))) == []


def test_a_wrong_password_is_no_login():
    cut = session()
    cut.feed(frame_of(live(pw="guess")), 1.0, NOW_MS)
    assert cut.mns == set()
    assert cut.tick(30.0, NOW_MS)[-1] == Cut("no_login")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n" * 80, "garbage", id="a web browser"),
        pytest.param(b"x" * 300 + frame_of(live()), "garbage", id="a lot of noise before a good packet"),
        pytest.param(frame_of(live(mn="MN2")) * 5, "refused", id="a stranger that insists"),
        pytest.param(frame_of(live(pw="guess")) * 5, "refused", id="somebody who tries passwords"),
    ],
)
def test_who_talks_nonsense_is_cut(data, reason):
    assert events_of(data)[-1] == Cut(reason)


def test_good_packets_pay_for_the_noise_between_them():
    noisy = session()
    for at_s in range(20):
        events = noisy.feed(b"noise" * 20 + frame_of(live()), float(at_s), NOW_MS)
        assert not [event for event in events if isinstance(event, Cut)]


def test_a_frame_that_trickles_in_is_given_up_after_its_time():
    slow = session()
    frame = frame_of(live())
    for at_s, byte in enumerate(frame[:11]):
        slow.feed(bytes([byte]), float(at_s), NOW_MS)
    assert slow.next_s <= 20.0
    assert refusals(slow.tick(20.0, NOW_MS)) == ["garbage"]
    assert refusals(slow.feed(frame_of(live()), 21.0, NOW_MS)) == []


def test_an_idle_station_is_cut_later_than_a_stranger():
    known = session()
    known.feed(frame_of(live()), 0.0, NOW_MS)
    assert not known.tick(599.0, NOW_MS)
    assert known.tick(600.0, NOW_MS) == [Cut("idle")]


def test_data_come_with_the_answer_that_may_follow_once_they_are_on_disk():
    events = events_of(frame_of(live()))
    [data] = [event for event in events if isinstance(event, Data)]
    assert [(answer.cn, answer.qn, answer.flag) for answer in data.answers] == [("9014", "20260801101502001", 4)]
    assert said(events) == []
    assert [(r.factor, r.value, r.flag) for r in readings(data.packet)] == [("a21026", 12.5, "N")]


@pytest.mark.parametrize(
    ("answers", "flag", "count"),
    [("auto", 5, 1), ("auto", 4, 0), ("always", 4, 1), ("never", 5, 0)],
    ids=["asked", "not asked", "always", "never"],
)
def test_the_configuration_says_when_answers_go_out(answers, flag, count):
    events = events_of(frame_of(live(flag=flag)), replace(STATION, answers=answers))
    [data] = [event for event in events if isinstance(event, Data)]
    assert len(data.answers) == count


@pytest.mark.parametrize(
    ("cn", "cp_text", "answer"),
    [
        pytest.param("9015", "", "9013", id="a heartbeat is a notice"),
        pytest.param("1013", "PolId=a21026", "9013", id="a question for the time is a notice"),
        pytest.param("2081", f"{AT};RestartTime=20260801100000", "9014", id="a restart is data"),
        pytest.param("3020", f"{AT};i11001-Info=abc", "9014", id="a line of the device's log is data"),
    ],
)
def test_what_has_no_readings_is_answered_at_once(cn, cp_text, answer):
    events = events_of(frame_of(live(cn=cn, cp_text=cp_text)))
    assert [cn for cn, _ in said(events)] == [answer]
    assert [event.packet.cn for event in events if isinstance(event, Heard)] == [cn]


def test_answers_to_requests_are_heard_and_not_answered():
    taken = Packet("9011", "MN1", "91", "secret-7", "20260801101502001", 4, cp_text="QnRtn=1")
    events = events_of(frame_of(taken), replace(STATION, version=Version.HJ2017))
    assert [event.packet.value("QnRtn") for event in events if isinstance(event, Heard)] == ["1"]
    assert said(events) == []


def part(pno: int, cp_text: str, qn: str = "20260801101502001") -> bytes:
    return frame_of(live(flag=7, pnum=2, pno=pno, cp_text=cp_text, qn=qn))


@pytest.mark.parametrize("qn", ["20260801101502001", ""], ids=["with QN", "without QN"])
def test_parts_are_kept_and_answered_one_by_one_and_share_their_time(qn):
    one = session()
    first = one.feed(part(1, f"{AT};a21026-Rtd=1", qn), 1.0, NOW_MS)
    second = one.feed(part(2, "a21002-Rtd=2", qn), 2.0, NOW_MS)
    both = [event for event in first + second if isinstance(event, Data)]
    assert [[r.factor for r in readings(data.packet)] for data in both] == [["a21026"], ["a21002"]]
    assert {data.packet.data_time_ms for data in both} == {parse_time("20260801101500")[0]}
    assert [len(data.answers) for data in both] == [1, 1]
    assert one.tick(100.0, NOW_MS) == []


def test_a_part_before_its_time_waits_for_the_rest_of_the_message():
    one = session()
    assert not [e for e in one.feed(part(2, "a21002-Rtd=2"), 1.0, NOW_MS) if isinstance(e, Data)]
    events = one.feed(part(1, f"{AT};a21026-Rtd=1"), 2.0, NOW_MS)
    first, whole = [event for event in events if isinstance(event, Data)]
    assert [r.factor for r in readings(first.packet)] == ["a21026"]
    assert [r.factor for r in readings(whole.packet)] == ["a21026", "a21002"]
    assert [len(first.answers), len(whole.answers)] == [1, 1]


def test_a_message_that_never_becomes_whole_is_counted_and_its_timeless_part_not_answered():
    one = session()
    one.feed(part(2, "a21002-Rtd=2"), 1.0, NOW_MS)
    assert one.next_s <= 11.0
    events = one.tick(11.0, NOW_MS)
    assert refusals(events) == ["message_incomplete", "time_missing"]
    assert not [event for event in events if isinstance(event, Data)]


def test_encrypted_data_are_read_with_the_stations_key():
    events = events_of(frame_of(live(flag=9), KEY), replace(STATION, sm4_key=KEY))
    [data] = [event for event in events if isinstance(event, Data)]
    assert [(r.factor, r.value) for r in readings(data.packet)] == [("a21026", 12.5)]


def test_a_tolerant_station_gets_its_data_together_with_what_was_wrong():
    tolerant = replace(STATION, rules=Rules(tolerant=True, accept_modbus_crc=True))
    segment = frame_of(live())[6:-6].replace(b"Flag=5", b"FLAG=5").replace(b"Rtd=12.5", b"td=12.5")
    frame = encode_frame(segment)
    events = events_of(b"##%03d" % len(segment) + frame[6:], tolerant)
    [accounted] = [event for event in events if isinstance(event, Accounted)]
    assert set(accounted.deviations) >= {"length_digits", "field_case", "rtd_misspelt"}
    assert [event for event in events if isinstance(event, Data)]
    assert refusals(events_of(encode_frame(segment))) == ["rtd_misspelt"]


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 300), max_size=8), minutes=st.lists(st.integers(0, 14), min_size=1, max_size=4))
def test_events_do_not_depend_on_how_the_bytes_were_cut(cuts, minutes):
    packets = [live(cp_text=f"DataTime=2026080110{m:02}00;a21026-Rtd={m}") for m in minutes]
    stream = b"".join(frame_of(packet) for packet in packets)
    whole, cut = session(), session()
    places = sorted({0, len(stream), *(place for place in cuts if place < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    by_pieces = [event for piece in pieces for event in cut.feed(piece, 1.0, NOW_MS)]
    assert [e for e in by_pieces if isinstance(e, Data)] == [
        e for e in whole.feed(stream, 1.0, NOW_MS) if isinstance(e, Data)
    ]
    assert len([e for e in by_pieces if isinstance(e, Data)]) == len(minutes)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_bytes_make_a_session_fail(pieces):
    one = session(replace(STATION, rules=Rules(tolerant=True, accept_modbus_crc=True), sm4_key=KEY))
    for at_s, piece in enumerate(pieces):
        one.feed(piece, float(at_s), NOW_MS)
        one.tick(float(at_s), NOW_MS)
    assert not [event for event in one.tick(29.0, NOW_MS) if isinstance(event, Data)]


def test_no_secret_is_in_what_an_event_prints():
    text = repr(events_of(frame_of(live()))) + repr(session()) + repr(replace(STATION, sm4_key=KEY))
    assert "secret-7" not in text
    assert repr(KEY) not in text


def test_the_clock_of_the_machine_does_not_move_beijing_time(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert format_time(parse_time("20260801101500")[0]) == "20260801101500"
