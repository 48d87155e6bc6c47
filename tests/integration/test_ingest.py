"""Uploads: what is refused and why, that good series are stored all the same, and that what comes back is what was sent."""

import gzip
import hashlib
import json
import struct
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.messages import TEXTS
from chalicelib.usecases import read_readings
from tests.park import START_MS, Park

DAY_MS = 24 * 3_600_000
BLOCK = str(UUID(int=7))


@pytest.fixture
def park() -> Park:
    return Park().register()


def series(
    point: str = "acme-voc", times: Any = (START_MS,), values: Any = (30.0,), flags: Any = None
) -> dict[str, Any]:
    one = {"point": point, "times": list(times), "values": list(values)}
    return one if flags is None else one | {"flags": list(flags)}


def made_at(at_ms: int, number: int = 1) -> str:
    """A UUIDv7 as a bridge makes it at an instant."""
    return str(UUID(int=at_ms << 80 | 7 << 76 | 2 << 62 | number))


def blocks(park: Park) -> int:
    """How many blocks have gone into the stream."""
    return sum(row.sk.startswith("B#") for row in park.stream)


def minutes(count: int, start_ms: int = START_MS) -> list[int]:
    return [start_ms + 60_000 * number for number in range(count)]


def read(park: Park, from_ms: int, to_ms: int, points: str = "", unit: str = "acme-r1") -> dict[str, Any]:
    query = f"from={quote(rfc3339(from_ms))}&to={quote(rfc3339(to_ms))}" + (f"&points={points}" if points else "")
    return park.as_("enterprise").get(f"/v1/units/{unit}/readings?{query}")


def rows(answer: dict[str, Any], point: str = "acme-voc") -> list[tuple[str, float | None, str]]:
    (one,) = (one for one in answer["series"] if one["point"] == point)
    return list(zip(one["times"], one["values"], one["flags"], strict=True))


def now_rows(park: Park, point: str = "acme-voc") -> list[tuple[str, float | None, str]]:
    return rows(read(park, START_MS - 2 * DAY_MS, START_MS + DAY_MS), point)


REFUSALS = [
    pytest.param(series("acme-presure"), "unknown_point", id="a point nobody registered"),
    pytest.param(series("x" * 5000), "unknown_point", id="a point with an endless name"),
    pytest.param(series("温度"), "unknown_point", id="a point with a name that no id can have"),
    pytest.param({"times": [START_MS], "values": [1.0]}, "unknown_point", id="a series without a point"),
    pytest.param(series("other-voc"), "wrong_enterprise", id="another enterprise's point"),
    pytest.param(series("acme-steam"), "duplicate_series", id="a point that came before in the same upload"),
    pytest.param({"point": "acme-voc", "values": [1.0]}, "malformed_series", id="a series without times"),
    pytest.param({"point": "acme-voc", "times": START_MS, "values": 1.0}, "malformed_series", id="a number for a list"),
    pytest.param(series() | {"flags": "N"}, "malformed_series", id="a text for the list of flags"),
    pytest.param(series(times=[], values=[]), "empty_series", id="no readings"),
    pytest.param(series(values=[1.0, 2.0]), "length_mismatch", id="more values than times"),
    pytest.param(series(flags="NN"), "length_mismatch", id="more flags than times"),
    pytest.param(series(flags="X"), "unknown_flag", id="a flag that HJ 212 does not have"),
    pytest.param(series(flags=[1]), "unknown_flag", id="a flag that is no letter"),
    pytest.param(series(times=["yesterday"]), "malformed_time", id="a time that is none"),
    pytest.param(series(times=["2026-03-02T10:00:00"]), "malformed_time", id="a time without an offset"),
    pytest.param(series(times=[float(START_MS)]), "malformed_time", id="a time with a fraction"),
    pytest.param(series(times=[True]), "malformed_time", id="a truth value for a time"),
    pytest.param(series(times=[START_MS // 1000]), "malformed_time", id="seconds for milliseconds"),
    pytest.param(series(times=[10**30]), "malformed_time", id="a time beyond all calendars"),
    pytest.param(series(times=[START_MS] * 2, values=[1, 2]), "duplicate_times", id="the same time twice"),
    pytest.param(series(times=[START_MS, START_MS - 1], values=[1, 2]), "times_not_increasing", id="times that fall"),
    pytest.param(series(times=[START_MS + 300_001]), "time_ahead", id="more than five minutes ahead"),
    pytest.param(series(values=["30.0"]), "not_a_number", id="a number written as text"),
    pytest.param(series(values=[False]), "not_a_number", id="a truth value for a number"),
    pytest.param(series(values=[10**400]), "not_a_number", id="a number beyond every double"),
    pytest.param(series(values=[None]), "value_missing", id="no value though the flag says normal"),
    pytest.param(series(values=[None], flags="N"), "value_missing", id="no value and a flag that says normal"),
]


@pytest.mark.parametrize(("bad", "code"), REFUSALS)
def test_a_bad_series_is_refused_by_name_and_the_good_one_is_stored(park: Park, bad: dict[str, Any], code: str) -> None:
    receipt = park.upload([series("acme-steam", values=[100.0]), bad])
    good, refused = receipt["results"]
    assert (receipt["stored_readings"], good["status"], good["stored"]) == (1, 202, 1)
    assert (refused["index"], refused["status"], refused["stored"], refused["error"]["code"]) == (1, 422, 0, code)
    assert refused["error"]["title"] and len(refused["point"]) <= 64 and len(refused["error"]["title"]) < 200
    assert [value for _, value, _ in now_rows(park, "acme-steam")] == [100.0] and now_rows(park) == []


@pytest.mark.parametrize(
    ("prefer", "spoken_of"), [("", [0, 1]), ("return=representation", [0, 1]), ("wait=5, Return=Minimal", [1])]
)
def test_a_bridge_that_wants_little_hears_only_of_what_was_refused(
    park: Park, prefer: str, spoken_of: list[int]
) -> None:
    receipt = park.upload([series("acme-steam", values=[100.0]), series("acme-nothing", values=[1.0])], prefer=prefer)
    assert [one["index"] for one in receipt["results"]] == spoken_of
    assert receipt["stored_readings"] == 1


def test_every_refusal_is_tried_here() -> None:
    known = {key.removeprefix("refusal.") for key in TEXTS["en"] if key.startswith("refusal.")}
    assert {case.values[1] for case in REFUSALS} == known - {"refused_before"}


@pytest.mark.parametrize(("bad", "code"), REFUSALS)
def test_nothing_usable_is_refused_with_the_reason_of_each_series(park: Park, bad: dict[str, Any], code: str) -> None:
    if code == "duplicate_series":
        bad, code = series("acme-steam", values=[None]), "value_missing"
    problem = park.upload([bad, bad], expect=400)
    assert problem["code"] == "nothing_usable"
    assert [one["error"]["code"] for one in problem["results"]] == [code, code]
    assert not park.stream


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"block_id": "17"}, "block_id", id="an id that is neither UUID nor ULID"),
        pytest.param({"block_id": None}, "block_id", id="no id"),
        pytest.param({"series": []}, "series", id="no series"),
        pytest.param({"series": [[]]}, "series.0", id="a series that is no object"),
        pytest.param({"series": [{}] * 2001}, "series", id="thousands of series"),
        pytest.param({"sent_at": "now"}, "sent_at", id="an instant that is none"),
        pytest.param({"enterprise_id": "other"}, "enterprise_id", id="a field of its own making"),
    ],
)
def test_an_upload_that_is_none_is_refused(park: Park, change: dict[str, Any], field: str) -> None:
    body = {"block_id": BLOCK, "series": [series()]} | change
    problem = send(park, body, 400)
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", field)


def test_nesting_at_the_edge_of_what_the_parser_takes_is_no_fault_of_the_server(park: Park) -> None:
    head = b'{"block_id": "%s", "series": [{"point": "acme-voc", "times": [%d], "values": [1], "x": ' % (
        BLOCK.encode(),
        START_MS,
    )
    for depth in range(900, 1001):
        data = head + b"[" * depth + b"]" * depth + b"}]}"
        token = f"Bearer bridge:acme-bridge:{hashlib.sha256(data).hexdigest()}"
        headers = {"Content-Type": "application/json", "Authorization": token}
        assert park.client.http.request("POST", "/v1/readings", headers=headers, body=data).status_code in (
            202,
            400,
            409,
        )


def send(park: Park, body: Any, expect: int, *, compress: bool = False) -> dict[str, Any]:
    """An upload in the very bytes that are given, or as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    data = gzip.compress(data) if compress else data
    token = f"bridge:acme-bridge:{hashlib.sha256(data).hexdigest()}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    headers |= {"Content-Encoding": "gzip"} if compress else {}
    answer = park.client.http.request("POST", "/v1/readings", headers=headers, body=data)
    assert answer.status_code == expect, answer.body
    return dict(json.loads(answer.body))


def test_the_same_upload_again_is_answered_alike_and_stored_once(park: Park) -> None:
    first = park.upload([series(), series("acme-presure")], block_id=BLOCK)
    park.clock.advance(30)
    assert park.upload([series(), series("acme-presure")], block_id=BLOCK) == first
    assert blocks(park) == 1


@pytest.mark.parametrize(
    ("again", "compress"),
    [
        pytest.param(b'{"series": [{"values":[30.0], "times":[%d], "point":"acme-voc"}], "block_id":"%s"}', False, id="spelt in another order"),
        pytest.param(b'{"block_id":"%s","series":[{"point":"acme-voc","times":[%d],"values":[30]}]}', False, id="with 30 for 30.0"),
        pytest.param(b'{"block_id":"%s","series":[{"point":"acme-voc","times":[%d],"values":[30.0]}]}', True, id="compressed"),
        pytest.param(b'{"block_id":"%s","sent_at":"2026-03-02T10:01:00Z","series":[{"point":"acme-voc","times":[%d],"values":[30.0]}]}', False, id="sent later"),
    ],
)  # fmt: skip
def test_the_same_upload_in_other_clothes_is_the_same(park: Park, again: bytes, compress: bool) -> None:
    first = send(park, {"block_id": BLOCK, "series": [series()]}, 202)
    values = (START_MS, BLOCK.encode()) if again.index(b"%d") < again.index(b"%s") else (BLOCK.encode(), START_MS)
    assert send(park, again % values, 202, compress=compress) == first and blocks(park) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([series(values=[30.5])], id="another value"),
        pytest.param([series(times=[START_MS - 1])], id="another time"),
        pytest.param([series(flags="D")], id="another flag"),
        pytest.param([series("acme-steam")], id="another point"),
        pytest.param([series(), series("acme-steam")], id="one more series"),
    ],
)
def test_the_same_id_with_other_content_is_refused_and_changes_nothing(park: Park, other: list[dict[str, Any]]) -> None:
    park.upload([series()], block_id=BLOCK)
    problem = park.upload(other, block_id=BLOCK, expect=409)
    assert (problem["code"], problem["id"]) == ("content_conflict", BLOCK)
    assert [(value, flag) for _, value, flag in now_rows(park)] == [(30.0, "N")] and blocks(park) == 1


def test_two_enterprises_may_make_the_same_id(park: Park) -> None:
    park.upload([series()], block_id=BLOCK)
    park.upload([series("other-voc")], block_id=BLOCK, eid="other")
    assert blocks(park) == 2


def test_a_repeat_never_calls_stored_what_the_block_does_not_hold(park: Park) -> None:
    """The clock of the plant is ahead: the first time refuses a series that a repeat, minutes later, would take."""
    sent = [series(), series("acme-steam", times=[START_MS + 310_000])]
    first = park.upload(sent, block_id=BLOCK)
    park.clock.advance(120)
    again = park.upload(sent, block_id=BLOCK)
    assert [one["error"]["code"] for one in (first["results"][1], again["results"][1])] == [
        "time_ahead",
        "refused_before",
    ]
    assert [one["stored"] for one in again["results"]] == [1, 0] and again["stored_readings"] == first[
        "stored_readings"
    ]
    assert park.upload(sent[1:])["stored_readings"] == 1 and len(now_rows(park, "acme-steam")) == 1


def test_a_full_upload_is_stored_and_one_reading_more_is_refused(park: Park) -> None:
    full = series(times=range(START_MS - 20_000, START_MS), values=[30.0] * 20_000)
    more = series("acme-steam", values=[100.0])
    problem = park.upload([full, more], expect=413)
    assert (problem["code"], problem["what"], problem["given"], problem["allowed"]) == (
        "too_large",
        "readings",
        20_001,
        20_000,
    )
    assert not park.stream
    assert park.upload([full, series("acme-presure")])["stored_readings"] == 20_000


def test_a_day_is_stored_and_a_millisecond_more_is_refused(park: Park) -> None:
    day = series(times=[START_MS - DAY_MS, START_MS], values=[30.0, 31.0])
    more = series("acme-steam", times=[START_MS - DAY_MS - 1], values=[100.0])
    assert park.upload([day, more], expect=413)["what"] == "span_s"
    assert park.upload([day])["stored_readings"] == 2


def test_five_minutes_ahead_is_within_what_clocks_may_differ(park: Park) -> None:
    assert park.upload([series(times=[START_MS + 300_000])])["stored_readings"] == 1


AGES_MS = st.integers(0, DAY_MS) | st.integers(0, 3_600_000)
MOMENTS = st.lists(AGES_MS.map(lambda age_ms: START_MS - age_ms), min_size=1, max_size=40, unique=True).map(sorted)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)
FLAGGED = st.tuples(st.none() | DOUBLES, st.sampled_from("FMSDCTB"))
NORMAL = st.tuples(DOUBLES, st.just("N"))


def as_sent(moment_ms: int, number: int) -> int | str:
    """Both spellings of an instant, by turns."""
    return moment_ms if number % 2 else rfc3339(moment_ms)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(moments=MOMENTS, data=st.data())
def test_what_is_read_back_is_what_was_sent_bit_for_bit(moments: list[int], data: st.DataObject) -> None:
    park = Park().register()
    pairs = data.draw(st.lists(NORMAL | FLAGGED, min_size=len(moments), max_size=len(moments)))
    values, flags = zip(*pairs, strict=True)
    times = [as_sent(moment, number) for number, moment in enumerate(moments)]
    block_id = data.draw(st.sampled_from([BLOCK, made_at(START_MS), made_at(moments[-1])]))
    park.upload([series(times=times, values=values, flags=flags)], block_id=block_id, compress=True)
    expected = [(rfc3339(m), bits(v), f) for m, v, f in zip(moments, values, flags, strict=True)]
    assert [(time, bits(value), flag) for time, value, flag in now_rows(park)] == expected


@pytest.mark.parametrize(
    "value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 2.0**53 + 2, -1 / 3, 123456.789012]
)
def test_an_awkward_double_comes_back_as_it_was(park: Park, value: float) -> None:
    park.upload([series(values=[value])])
    assert [bits(back) for _, back, _ in now_rows(park)] == [bits(value)]


def bits(value: float | None) -> bytes | None:
    return None if value is None else struct.pack("<d", value)


def test_late_and_disordered_uploads_are_read_in_the_order_of_measuring(park: Park) -> None:
    for start in (20, 0, 10, 5):
        park.upload(
            [
                series(
                    times=minutes(5, START_MS - 3_600_000 + start * 60_000), values=[float(start + n) for n in range(5)]
                )
            ]
        )
    assert [value for _, value, _ in now_rows(park)] == [*map(float, range(15)), *map(float, range(20, 25))]


@pytest.mark.parametrize(
    "made_ms",
    [
        pytest.param(START_MS, id="an id made as the readings were"),
        pytest.param(START_MS - 11 * 60_000, id="an id from before the readings"),
        pytest.param(START_MS + 3 * 3_600_000, id="an id from hours after the readings"),
        pytest.param(0, id="an id of a clock that was never set"),
        pytest.param(2**48 - 1, id="an id from the end of time"),
    ],
)
def test_readings_are_found_whatever_the_clock_that_made_the_id(park: Park, made_ms: int) -> None:
    park.upload([series()], block_id=made_at(made_ms))
    assert [value for _, value, _ in now_rows(park)] == [30.0]


FIRST, SECOND = made_at(START_MS, 1), made_at(START_MS, 2)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param((FIRST, SECOND), id="both live"),
        pytest.param((SECOND, FIRST), id="both live, the second made first"),
        pytest.param((BLOCK, FIRST), id="a late block before a live one"),
        pytest.param((FIRST, BLOCK), id="a live block before a late one"),
    ],
)
def test_of_a_reading_that_two_uploads_carry_the_first_stored_is_given(park: Park, ids: tuple[str, str]) -> None:
    park.upload([series(times=minutes(3, START_MS - 600_000), values=[1.0, 2.0, 3.0])], block_id=ids[0])
    park.clock.advance(1)
    park.upload([series(times=minutes(3, START_MS - 480_000), values=[99.0, 4.0, 5.0])], block_id=ids[1])
    assert [value for _, value, _ in now_rows(park)] == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_range_holds_its_beginning_and_not_its_end(park: Park) -> None:
    park.upload([series(times=minutes(3, START_MS - 120_000), values=[1.0, 2.0, 3.0])])
    assert [value for _, value, _ in rows(read(park, START_MS - 120_000, START_MS))] == [1.0, 2.0]


def test_only_the_points_that_are_asked_for_are_given(park: Park) -> None:
    park.upload([series(), series("acme-steam", values=[100.0])])
    answer = read(park, START_MS, START_MS + 1, "acme-steam")
    assert [(one["point"], one["indicator"], one["unit"]) for one in answer["series"]] == [
        ("acme-steam", "steam_flow", "kg/h")
    ]


def test_a_point_of_another_unit_is_not_found(park: Park) -> None:
    query = f"from={quote(rfc3339(START_MS))}&to={quote(rfc3339(START_MS + 1))}&points=other-voc"
    problem = park.as_("enterprise").get(f"/v1/units/acme-r1/readings?{query}", expect=404)
    assert (problem["what"], problem["id"]) == ("point", "other-voc")


def test_a_long_range_comes_in_pages_that_miss_and_repeat_nothing(park: Park) -> None:
    """Three points every four seconds for most of a day: more than one answer holds."""
    first_ms, points = START_MS - 80_000_000, ("acme-temperature", "acme-voc", "acme-steam")
    moments = range(first_ms, START_MS, 4000)
    for point in points:
        park.upload([series(point, times=moments, values=[0.5] * len(moments))])
    page = read(park, first_ms, START_MS)
    found = {point: rows(page, point) for point in points}
    assert read_readings.MAX_READINGS - len(points) < sum(map(len, found.values())) <= read_readings.MAX_READINGS
    rest = park.as_("enterprise").get(
        f"/v1/units/acme-r1/readings?from={quote(page['next_from'])}&to={quote(rfc3339(START_MS))}"
    )
    assert "next_from" not in rest
    for point in points:
        times = [time for time, _, _ in found[point] + rows(rest, point)]
        assert times == [rfc3339(moment) for moment in moments]


def test_a_flagged_reading_is_kept_and_never_judged(park: Park) -> None:
    for _ in range(3):
        park.clock.advance(60)
        park.reads(temperature=188.0, voc=54.0, steam=112.0, flag="D")
    assert [flag for _, _, flag in now_rows(park)] == ["D"] * 3
    assert park.as_("committee").get("/v1/warnings")["items"] == []


@pytest.mark.parametrize(
    ("temperature", "voc", "steam", "tier", "interval_s"),
    [
        pytest.param(170.0, 30.0, 100.0, None, 300, id="calm: by the base risk of a medium chemical plant"),
        pytest.param(182.0, 39.0, 100.0, 1, 300, id="tier 1: five minutes"),
        pytest.param(184.0, 45.0, 100.0, 2, 60, id="tier 2: a minute"),
        pytest.param(188.0, 54.0, 112.0, 3, 30, id="tier 3: half a minute"),
    ],
)
def test_the_answer_says_how_often_to_sample(
    park: Park, temperature: float, voc: float, steam: float, tier: int | None, interval_s: int
) -> None:
    park.runs_hot(temperature=temperature, voc=voc, steam=steam)
    park.clock.advance(60)
    (advice,) = park.upload([series(times=[park.clock.ms])])["units"]
    assert (advice["unit"], advice.get("tier"), advice["sampling_interval_s"]) == ("acme-r1", tier, interval_s)
    assert set(advice["points"]) == {"acme-temperature", "acme-voc", "acme-steam"}


def test_sampling_goes_back_when_the_plant_does(park: Park) -> None:
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    park.runs_hot(temperature=170.0, voc=30.0)
    park.clock.advance(60)
    (advice,) = park.upload([series(times=[park.clock.ms])])["units"]
    assert (advice.get("tier"), advice["sampling_interval_s"]) == (None, 300)
