"""Requests to a device: asked one at a time, asked again in time, told how they ended; and when the bridge wants something."""

import pytest

from green_shield_bridge.hj212 import commands
from green_shield_bridge.hj212.commands import MAX_WAITING, Address, Exchange, Kind, Outcome, Request, Result
from green_shield_bridge.hj212.packet import Packet, Version
from green_shield_bridge.hj212.qn import QnMaker
from green_shield_bridge.hj212.readings import HOUR, MINUTE
from green_shield_bridge.hj212.times import parse_time
from green_shield_bridge.hj212.wishes import DAY_MS, Wanted, Wishes

NOW_MS, _ = parse_time("20260801101500")
TO = Address("MN1", "secret-7", "31", Version.HJ2017)


def exchange(*requests: Request) -> Exchange:
    one = Exchange(QnMaker(), timeout_s=10, resends=3, execution_timeout_s=60)
    for request in requests:
        one.add(request)
    return one


def answer(cn: str, cp_text: str, to: Packet) -> Packet:
    name, _, value = cp_text.partition("=")
    return Packet(cn, "MN1", "91", "secret-7", to.qn, 4, items=(((name, value),),))


def sent(one: Exchange, now_s: float) -> Packet:
    packet = one.due(TO, now_s, NOW_MS)
    assert isinstance(packet, Packet)
    return packet


@pytest.mark.parametrize(
    ("cn", "cp_text", "outcome"),
    [
        pytest.param("9011", "QnRtn=3", Outcome(Kind.SET_TIME, Result.REFUSED, 3, 1), id="refused"),
        pytest.param("9011", "QnRtn=x", Outcome(Kind.SET_TIME, Result.REFUSED, None, 1), id="an answer without a code"),
        pytest.param("9012", "ExeRtn=2", Outcome(Kind.SET_TIME, Result.FAILED, 2, 1), id="taken and not carried out"),
        pytest.param("9012", "ExeRtn=1", Outcome(Kind.SET_TIME, Result.DONE, 1, 1), id="done"),
        pytest.param(
            "9012", "ExeRtn=100", Outcome(Kind.SET_TIME, Result.DONE, 100, 1), id="done, and there are no data"
        ),
    ],
)
def test_an_answer_ends_a_request(cn, cp_text, outcome):
    one = exchange(commands.set_time())
    packet = sent(one, 0.0)
    assert one.heard(answer(cn, cp_text, packet), 1.0) == outcome
    assert one.next_s is None
    assert one.counts[Kind.SET_TIME, outcome.result] == 1


def test_silence_is_asked_three_more_times_with_the_same_packet_and_then_told():
    one = exchange(commands.set_time())
    first = sent(one, 0.0)
    assert one.due(TO, 9.9, NOW_MS) is None
    assert [one.due(TO, at_s, NOW_MS + 1) for at_s in (10.0, 20.0, 30.0)] == [first] * 3
    assert one.due(TO, 40.0, NOW_MS) == Outcome(Kind.SET_TIME, Result.NO_ANSWER, None, 4)
    assert one.due(TO, 50.0, NOW_MS) is None


def test_a_device_that_took_a_request_and_never_ends_it_is_told_after_its_time():
    one = exchange(commands.set_time())
    assert one.heard(answer("9011", "QnRtn=1", sent(one, 0.0)), 5.0) is None
    assert one.due(TO, 64.9, NOW_MS) is None
    assert one.due(TO, 65.0, NOW_MS) == Outcome(Kind.SET_TIME, Result.NOT_ENDED, None, 1)


def test_an_answer_to_another_request_ends_nothing():
    one = exchange(commands.set_time())
    packet = sent(one, 0.0)
    other = Packet("9012", "MN1", "91", "", "20200101000000000", 4, items=((("ExeRtn", "1"),),))
    assert one.heard(other, 1.0) is None
    assert one.heard(answer("9012", "ExeRtn=1", packet), 1.0) is not None
    assert one.heard(answer("9012", "ExeRtn=1", packet), 1.0) is None


def test_one_request_at_a_time_in_the_order_asked():
    one = exchange(commands.set_live_interval(30), commands.set_time())
    first = sent(one, 0.0)
    assert (first.cn, first.cp_text, first.flag, first.st) == ("1062", "RtdInterval=30", 5, "31")
    assert one.due(TO, 1.0, NOW_MS) is None
    one.heard(answer("9012", "ExeRtn=1", first), 1.0)
    second = sent(one, 1.0)
    assert (second.cn, second.cp_text) == ("1012", "SystemTime=20260801101500")
    assert second.qn != first.qn


def test_values_that_come_keep_a_request_alive():
    one = exchange(commands.fetch_hours(NOW_MS - DAY_MS, NOW_MS, Version.HJ2017))
    packet = sent(one, 0.0)
    assert packet.cp_text == "BeginTime=20260731101500,EndTime=20260801101500"
    for at_s in (50.0, 100.0, 150.0):
        one.heard(Packet("2061", "MN1", "31", "", packet.qn, 5), at_s)
        assert one.due(TO, at_s + 59.0, NOW_MS) is None


def test_a_lost_connection_ends_what_was_under_way_and_keeps_what_waits():
    one = exchange(commands.set_live_interval(30), commands.set_time())
    sent(one, 0.0)
    assert one.lost() == Outcome(Kind.SET_LIVE_INTERVAL, Result.LOST, None, 1)
    assert one.lost() is None
    assert sent(one, 5.0).cn == "1012"


def test_the_queue_is_bounded_and_the_same_wish_is_queued_once():
    one = exchange(*[commands.set_time()] * 5)
    sent(one, 0.0)
    assert one.next_s == 10.0
    fetches = [commands.fetch_hours(at, at + 1, Version.HJ2017) for at in range(MAX_WAITING + 1)]
    assert [one.add(fetch) for fetch in fetches][-1] == Outcome(Kind.FETCH_HOURS, Result.NO_ROOM)


def test_no_secret_is_in_an_address():
    assert "secret-7" not in repr(TO)


def wished(requests: list[Request]) -> list[str]:
    return [request.cp_text(NOW_MS) or request.kind for request in requests]


def test_nothing_is_wanted_where_nothing_is_switched_on():
    none = Wishes(Wanted())
    assert none.at_login({}, Version.HJ2017, NOW_MS) == []
    assert [none.at_live_data(NOW_MS - 900_000, NOW_MS) for _ in range(5)] == [[]] * 5
    assert none.at_values([(0, True)], NOW_MS) == []
    assert none.at_time_asked(NOW_MS) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [(Version.HJ2005, ["RtdInterval=30"]), (Version.HJ2017, ["RtdInterval=30", "MinInterval=10"])],
    ids=["2005 knows no minute interval", "2017 knows both"],
)
def test_intervals_are_set_at_login(version, expected):
    wishes = Wishes(Wanted(live_interval_s=30, minute_interval_min=10))
    assert wished(wishes.at_login({}, version, NOW_MS)) == expected


@pytest.mark.parametrize(
    ("drifts_s", "is_set"),
    [
        pytest.param([-10, -10, -10, -10], False, id="a clock that is nearly right"),
        pytest.param([-900, -900, -901], True, id="a clock that is steadily late"),
        pytest.param([900, 901, 900], True, id="a clock that is steadily early"),
        pytest.param([-900, -840, -780, -720, -660], False, id="a backlog that is being sent"),
        pytest.param([-900, -900], False, id="too few to tell"),
    ],
)
def test_a_clock_is_set_when_it_is_off_steadily(drifts_s, is_set):
    wishes = Wishes(Wanted(sets_time=True))
    asked = [request for drift in drifts_s for request in wishes.at_live_data(NOW_MS + drift * 1_000, NOW_MS)]
    assert bool(asked) is is_set


def test_a_clock_is_set_once_a_day_and_again_after_a_login():
    wishes = Wishes(Wanted(sets_time=True))

    def count(now_ms: int) -> int:
        return sum(len(wishes.at_live_data(now_ms - 900_000, now_ms)) for _ in range(5))

    assert [count(NOW_MS), count(NOW_MS + 1), count(NOW_MS + DAY_MS)] == [1, 0, 1]
    wishes.at_login({}, Version.HJ2017, NOW_MS)
    assert count(NOW_MS + DAY_MS + 1) == 1


@pytest.mark.parametrize(
    ("hours", "count"),
    [(None, 0), (1, 0), (5, 1), (30, 2), (24 * 30, 7)],
    ids=["never seen", "no gap", "five hours", "two days", "a month is a week"],
)
def test_missed_hours_are_fetched_a_day_at_a_time_and_a_week_at_most(hours, count):
    wishes = Wishes(Wanted(history=frozenset({HOUR})))
    newest = None if hours is None else NOW_MS - hours * 3_600_000
    requests = wishes.at_login({HOUR: newest, MINUTE: NOW_MS - DAY_MS}, Version.HJ2025, NOW_MS)
    assert len(requests) == count
    assert all(text.count(";") == 1 for text in wished(requests))


def test_a_sample_is_kept_once_when_a_value_crosses():
    wishes = Wishes(Wanted(keeps_sample=True))
    states = [[(0, False)], [(0, True)], [(0, True)], [(0, False)], [(0, True)]]
    assert [len(wishes.at_values(state, NOW_MS + at)) for at, state in enumerate(states)] == [0, 1, 0, 0, 0]
    assert len(wishes.at_values([(1, True)], NOW_MS + 600_001)) == 1
