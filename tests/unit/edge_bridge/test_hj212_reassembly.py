"""Messages in parts."""

from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.hj212.deviations import Deviation
from green_shield_bridge.hj212.packet import Packet, parse
from green_shield_bridge.hj212.readings import readings
from green_shield_bridge.hj212.reassembly import Assembler, Incomplete

NOW_MS = 1_000_000


def part(pno: int, pnum: int = 3, cp: str | None = None, qn: str = "20240601080000001", mn: str = "M") -> Packet:
    cp = f"DataTime=20240601080000;a{pno}-Avg={pno}" if cp is None else cp
    head = f"QN={qn};" if qn else ""
    found = parse(f"{head}ST=31;CN=2051;PW=1;MN={mn};Flag=7;PNUM={pnum};PNO={pno};CP=&&{cp}&&".encode())
    assert isinstance(found, Packet)
    return found


def factors(packet: Packet) -> list[str]:
    return [reading.factor for reading in readings(packet)]


def test_a_part_that_never_comes_is_told_after_the_timeout():
    assembler = Assembler(timeout_ms=60_000)
    assert assembler.add(part(1), NOW_MS) == []
    assert assembler.add(part(3), NOW_MS + 50_000) == []
    assert assembler.next_expiry_ms() == NOW_MS + 60_000
    assert assembler.expired(NOW_MS + 59_999) == []
    (given_up,) = assembler.expired(NOW_MS + 60_000)
    assert given_up.missing == (2,)
    assert factors(given_up.packet) == ["a1", "a3"]
    assert assembler.expired(NOW_MS + 999_999) == []
    assert assembler.next_expiry_ms() is None


def test_a_huge_number_of_parts_is_not_listed_in_full():
    assembler = Assembler(timeout_ms=1)
    assembler.add(part(1, pnum=999_999_999), 0)
    (given_up,) = assembler.expired(1)
    assert given_up.missing[0] == 2
    assert len(given_up.missing) <= 100


def test_more_messages_than_have_room_give_up_the_oldest():
    assembler = Assembler(max_messages=2)
    for number in (1, 2):
        assert assembler.add(part(1, mn=f"M{number}"), NOW_MS) == []
    (given_up,) = assembler.add(part(1, mn="M3"), NOW_MS)
    assert isinstance(given_up, Incomplete)
    assert given_up.packet.mn == "M1"


def test_more_bytes_than_have_room_give_up_the_oldest():
    assembler = Assembler(max_bytes=250)
    assert assembler.add(part(1, mn="M1"), NOW_MS) == []
    (given_up,) = assembler.add(part(1, mn="M2", cp="x=" + "1" * 200), NOW_MS)
    assert given_up.packet.mn == "M1"
    (alone,) = assembler.add(part(2, mn="M3", cp="x=" + "1" * 300), NOW_MS)[-1:]
    assert alone.packet.mn == "M3"
    assert assembler.next_expiry_ms() is None


@given(st.permutations([1, 2, 3]), st.lists(st.sampled_from([1, 2, 3]), max_size=4))
def test_parts_in_any_order_and_more_than_once_make_one_message(order, repeats):
    assembler = Assembler()
    came = []
    for pno in [order[0], order[1], *(r for r in repeats if r != order[2]), order[2]]:
        came += assembler.add(part(pno), NOW_MS)
    (whole,) = came
    assert factors(whole) == ["a1", "a2", "a3"]
    assert (whole.pnum, whole.pno, whole.flag) == (None, None, 5)
    assert len(assembler.expired(NOW_MS + 60_000)) == 0


def test_a_whole_message_passes_straight_through():
    single = part(1, pnum=1)
    assert Assembler().add(single, NOW_MS) == [single]


def test_without_qn_parts_belong_together_by_their_time():
    assembler = Assembler()
    other = part(2, 2, "DataTime=20240601080100;a2-Avg=2", qn="")
    assert assembler.add(part(1, 2, qn=""), NOW_MS) == []
    assert assembler.add(other, NOW_MS) == []
    (whole,) = assembler.add(part(2, 2, qn=""), NOW_MS)
    assert factors(whole) == ["a1", "a2"]


def test_parts_of_different_stations_stay_apart():
    assembler = Assembler()
    assert assembler.add(part(1, 2, mn="M1"), NOW_MS) == []
    assert assembler.add(part(2, 2, mn="M2"), NOW_MS) == []


def test_a_part_without_a_time_has_that_of_the_part_before():
    assembler = Assembler()
    assembler.add(part(2, 2, "a2-Avg=2"), NOW_MS)
    (whole,) = assembler.add(part(1, 2), NOW_MS)
    assert {reading.time_ms for reading in readings(whole)} == {whole.data_time_ms}


def test_deviations_of_all_parts_are_kept():
    assembler = Assembler()
    assembler.add(part(1, 2), NOW_MS)
    (whole,) = assembler.add(part(2, 2, "a-Avg=1;"), NOW_MS)
    assert whole.deviations == (Deviation.STRAY_SEPARATOR,)
