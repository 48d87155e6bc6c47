"""The bridge as a device of a superior platform: what it sends, what counts as confirmed, what it does on request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.forward.client import Client, End, Ended, Settings
from green_shield_bridge.forward.composing import Outlet, Sample, Summary, cp_texts, live_items, plain, summary_items
from green_shield_bridge.forward.outbox import Outbox, Row
from green_shield_bridge.hj212.commands import Address
from green_shield_bridge.hj212.packet import Packet, Version, encode_segment, parse
from green_shield_bridge.hj212.readings import HOUR, LIVE, MINUTE, readings
from green_shield_bridge.hj212.times import parse_time

NOW_MS, _ = parse_time("20260801101500")
TO = Address("MN1", "secret-7", "31", Version.HJ2017)
SO2, FLOW = Outlet("a21026"), Outlet("a00000", digits=1, rate_s=3_600)
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def client() -> Client:
    return Client(TO, Settings(60), timeout_s=10, resends=3)


def answer(packet: Packet, cn: str, cp_text: str = "", qn: str | None = None) -> Packet:
    sent = Packet(cn, "MN1", "91", "secret-7", packet.qn if qn is None else qn, 4, cp_text=cp_text)
    parsed = parse(encode_segment(sent))
    assert isinstance(parsed, Packet)
    return parsed


@pytest.mark.parametrize(
    ("cn", "cp_text", "ended"),
    [
        pytest.param("9014", "", Ended(End.CONFIRMED), id="9014 is a yes"),
        pytest.param("9011", "QnRtn=1", None, id="9011 with 1 says nothing of data"),
        pytest.param("9013", "", None, id="9013 says nothing of data"),
        pytest.param(
            "9011", "QnRtn=3", Ended(End.UNKNOWN_TO_PLATFORM, 3), id="a refused password concerns all we send"
        ),
        pytest.param(
            "9011", "QnRtn=4", Ended(End.UNKNOWN_TO_PLATFORM, 4), id="an unknown station concerns all we send"
        ),
        pytest.param("9011", "QnRtn=8", Ended(End.REFUSED, 8), id="a refused command concerns this packet"),
        pytest.param("9011", "QnRtn=9", None, id="a wrong check sum may be right next time"),
    ],
)
def test_what_an_answer_means(cn, cp_text, ended):
    one = client()
    packet = one.offer("2011", "DataTime=20260801101500", "20260801101500001", 0.0)
    assert one.heard(answer(packet, cn, cp_text)) == ended
    assert one.is_free is (ended is not None)


def test_an_answer_to_another_packet_confirms_nothing():
    one = client()
    packet = one.offer("2011", "DataTime=20260801101500", "20260801101500001", 0.0)
    assert one.heard(answer(packet, "9014", qn="20260801101400000")) is None
    assert one.heard(answer(packet, "9014", qn="")) == Ended(End.CONFIRMED)


def test_silence_is_answered_with_the_same_packet_three_times_and_then_the_line_is_lost():
    one = client()
    packet = one.offer("2011", "DataTime=20260801101500", "20260801101500001", 0.0)
    assert one.due(9.9) is None
    assert [one.due(at_s) for at_s in (10.0, 20.0, 30.0)] == [packet] * 3
    assert one.due(40.0) == Ended(End.LOST)
    assert one.is_free


def test_what_is_refused_each_time_is_refused_for_good():
    one = client()
    packet = one.offer("2011", "DataTime=20260801101500", "20260801101500001", 0.0)
    for at_s in (10.0, 20.0, 30.0):
        one.heard(answer(packet, "9011", "QnRtn=100"))
        assert one.due(at_s) == packet
    assert one.due(40.0) == Ended(End.REFUSED, 100)


def request(cn: str, cp_text: str = "", **changes: str) -> Packet:
    head = {"mn": "MN1", "pw": "secret-7", **changes}
    sent = Packet(cn, head["mn"], "31", head["pw"], "20260801101500999", 5, cp_text=cp_text)
    parsed = parse(encode_segment(sent))
    assert isinstance(parsed, Packet)
    return parsed


@pytest.mark.parametrize(
    ("packet", "replies"),
    [
        pytest.param(request("1011", pw="guess"), [("9011", "QnRtn=3")], id="a wrong password"),
        pytest.param(request("1011", mn="MN2"), [("9011", "QnRtn=4")], id="another station"),
        pytest.param(request("1012", "SystemTime=20200101000000"), [("9011", "QnRtn=2")], id="its clock is its own"),
        pytest.param(request("1072", "NewPW=x"), [("9011", "QnRtn=2")], id="its password is its own"),
        pytest.param(request("1062", "RtdInterval=0"), [("9011", "QnRtn=2")], id="an interval that is none"),
        pytest.param(request("1999"), [("9011", "QnRtn=8")], id="a command nobody knows"),
        pytest.param(request("9013"), [], id="an answer is no request"),
        pytest.param(
            request("1011"),
            [("9011", "QnRtn=1"), ("1011", "SystemTime=20260801101500"), ("9012", "ExeRtn=1")],
            id="the time",
        ),
        pytest.param(
            request("1061"), [("9011", "QnRtn=1"), ("1061", "RtdInterval=60"), ("9012", "ExeRtn=1")], id="its interval"
        ),
        pytest.param(
            request("1062", "RtdInterval=30"), [("9011", "QnRtn=1"), ("9012", "ExeRtn=1")], id="another interval"
        ),
    ],
)
def test_what_a_request_is_answered_with(packet, replies):
    assert [(reply.cn, reply.cp_text) for reply in client().replies(packet, NOW_MS)] == replies


def test_live_data_are_switched_off_and_on_and_their_interval_set():
    one = client()
    one.replies(request("2012"), NOW_MS)
    assert not one.settings.is_live_on
    one.replies(request("2011"), NOW_MS)
    one.replies(request("1062", "RtdInterval=30"), NOW_MS)
    assert one.settings == Settings(30)


def test_values_read_back_as_they_were():
    items = live_items(
        [Sample(SO2, 12.5, "N"), Sample(FLOW, None, "B"), Sample(Outlet("w01018", scale=1_000), 0.0125, "T")]
    )
    [text] = cp_texts(NOW_MS, items)
    packet = parse(f"CN=2011;MN=M;CP=&&{text}&&".encode())
    assert isinstance(packet, Packet)
    assert [(r.factor, r.value, r.flag, r.time_ms) for r in readings(packet)] == [
        ("a21026", 12.5, "N", NOW_MS),
        ("w01018", 12.5, "T", NOW_MS),
    ]
    assert "a00000-Flag=B" in text
    assert "a00000-Rtd" not in text


def test_a_summary_has_least_mean_most_and_what_has_flowed():
    items = summary_items([Summary(SO2, 3, 2.0, 1.0, 3.0, "N"), Summary(FLOW, 2, 120.0, 100.0, 140.0, "N")], 600)
    assert items == [
        "a21026-Min=1,a21026-Avg=2,a21026-Max=3,a21026-Flag=N",
        "a00000-Cou=20,a00000-Min=100,a00000-Avg=120,a00000-Max=140,a00000-Flag=N",
    ]
    assert summary_items([Summary(SO2, 0, 0.0, 0.0, 0.0, "M")], 600) == ["a21026-Flag=M"]
    [turned] = summary_items([Summary(Outlet("x", scale=-1.0), 2, 2.0, 1.0, 3.0, "N")], 600)
    assert turned.startswith("x-Min=-3,x-Avg=-2,x-Max=-1")


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_a_number_reads_back_to_its_digits(value, digits):
    text = plain(value, digits)
    assert float(text) == pytest.approx(value, abs=0.51 * 10**-digits, rel=1e-12)
    assert "e" not in text


@given(st.lists(st.integers(1, 120), max_size=60))
def test_no_packet_is_longer_than_allowed_and_no_item_is_lost(lengths):
    items = [f"{at:03d}{'x' * length}" for at, length in enumerate(lengths)]
    texts = cp_texts(NOW_MS, items, 300)
    assert [item for text in texts for item in text.split(";")[1:]] == items
    assert all(len(text) <= 300 and text.startswith("DataTime=20260801101500;") for text in texts)


def outbox(folder, max_packets: int = 1_000) -> Outbox:
    return Outbox(folder / "out.db", [SO2, FLOW], max_packets=max_packets)


def waiting(box: Outbox, live_since_ms: int = 2**60):
    found = []
    while one := box.next(live_since_ms):
        found.append((one.cn, one.time_ms, one.cp))
        box.done(one.number)
    return found


def test_a_span_is_summed_up_once_when_it_is_over_and_whoever_dies_in_between(tmp_path):
    begin = NOW_MS // HOUR_MS * HOUR_MS
    box = outbox(tmp_path)
    box.close_spans(MINUTE, 10 * MINUTE_MS, begin)
    box.add([Row("a21026", begin + at * MINUTE_MS, float(at), "N") for at in range(10)])
    box.add([Row("a21026", begin + 1, None, "B"), Row("a21026", begin, 99.0, "N"), Row("gone", begin, 1.0, "N")])
    box.close_spans(MINUTE, 10 * MINUTE_MS, begin + 10 * MINUTE_MS - 1)
    assert box.waiting == 0
    box.close_spans(MINUTE, 10 * MINUTE_MS, begin + 10 * MINUTE_MS)
    box.close()
    again = outbox(tmp_path)
    again.close_spans(MINUTE, 10 * MINUTE_MS, begin + 10 * MINUTE_MS)
    assert again.waiting == 1
    [(cn, time_ms, cp)] = waiting(again)
    assert (cn, time_ms) == (MINUTE, begin)
    assert cp.endswith(";a21026-Min=0,a21026-Avg=4.5,a21026-Max=9,a21026-Flag=N")


def test_spans_from_before_a_long_stop_are_summed_up_after_it(tmp_path):
    begin = NOW_MS // HOUR_MS * HOUR_MS
    box = outbox(tmp_path)
    for cn, span_ms in ((MINUTE, 10 * MINUTE_MS), (HOUR, HOUR_MS)):
        box.close_spans(cn, span_ms, begin)
    box.add([Row("a21026", begin + MINUTE_MS, 5.0, "N")])
    later = begin + 13 * HOUR_MS
    for cn, span_ms in ((MINUTE, 10 * MINUTE_MS), (HOUR, HOUR_MS)):
        box.close_spans(cn, span_ms, later)
    box.forget(later)
    assert [(cn, time_ms) for cn, time_ms, _ in waiting(box)] == [(MINUTE, begin), (HOUR, begin)]


def test_live_data_have_the_latest_value_of_the_interval_and_go_first(tmp_path):
    box = outbox(tmp_path)
    box.add(
        [
            Row("a21026", NOW_MS - 30_000, 1.0, "N"),
            Row("a21026", NOW_MS - 10_000, 2.0, "N"),
            Row("a00000", NOW_MS - 61_000, 7.0, "N"),
        ]
    )
    box.close_spans(MINUTE, MINUTE_MS, NOW_MS)
    box.close_live(NOW_MS, NOW_MS - 60_000)
    first = box.next(NOW_MS - 120_000)
    assert first is not None
    assert (first.cn, first.cp) == (LIVE, "DataTime=20260801101500;a21026-Rtd=2,a21026-Flag=N")
    assert [cn for cn, *_ in waiting(box)] == [MINUTE, LIVE]


def test_too_many_packets_lose_the_oldest_and_say_so(tmp_path):
    box = outbox(tmp_path, max_packets=10)
    for at in range(15):
        box.add([Row("a21026", NOW_MS + at * MINUTE_MS, 1.0, "N")])
        box.close_live(NOW_MS + at * MINUTE_MS, NOW_MS + at * MINUTE_MS - 1)
    assert (box.waiting, box.dropped) == (10, 5)
    assert next(time_ms for _, time_ms, _ in waiting(box)) == NOW_MS + 5 * MINUTE_MS
