"""A by-product over what its receiver takes: who is warned along the chain, in which order, when it is expected, under which parent."""

from typing import Any

import pytest

from chalicelib.adapters.rows import Row
from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.chain_alert import GAP_MS
from tests.acts import the_task
from tests.park import START_MS, Park

LIMIT = 50.0
PLANTS = "bcdef"  # with acme they are six
# (id, giver, receiver, minutes). acme -> b -> c -> d -> e -> b is a ring, f takes from d, and e gives back to acme.
LINKS = [
    ("ab", "acme", "b", 30),
    ("bc", "b", "c", 60),
    ("cd", "c", "d", 20),
    ("de", "d", "e", 15),
    ("df", "d", "f", 10),
    ("eb", "e", "b", 5),
    ("ea", "e", "acme", 5),
]


def link(giver: str, receiver: str, minutes: int, **changes: Any) -> dict[str, Any]:
    ends = {
        name: {"enterprise_id": one, "unit_id": f"{one}-r1"} for name, one in (("giver", giver), ("receiver", receiver))
    }
    carries = [{"indicator": "voc", "upper": LIMIT, "unit": "mg/m3"}]
    return {**ends, "material": f"{giver} 溶剂", "carries": carries, "share": 0.5, "lead_time_min": minutes} | changes


@pytest.fixture
def park() -> Park:
    park = Park().register()
    admin = park.as_("admin")
    for n, one in enumerate(PLANTS):
        park.put_plant(admin, one, f"91110000MA01A2C{n:02d}X")
        admin.put(f"/v1/people/people-{one}", {"name": one, "role": "enterprise", "enterprise_id": one})
    for id, giver, receiver, minutes in LINKS:
        admin.put(f"/v1/chain/links/{id}", link(giver, receiver, minutes))
    return park


def notices(park: Park, person: str, *kinds: str) -> list[dict[str, Any]]:
    return [one for one in park.as_(person).get("/v1/inbox?limit=100")["items"] if one["kind"] in kinds]


def told(park: Park) -> dict[str, list[str]]:
    """By enterprise, what its people were told of the chain."""
    readers = {"acme": "enterprise", "other": "enterprise_other"} | {one: f"people-{one}" for one in PLANTS}
    return {
        one: [n["kind"] for n in found]
        for one, person in readers.items()
        if (found := notices(park, person, "chain_intake", "chain_farther"))
    }


def chain_tasks(park: Park) -> dict[str, dict[str, Any]]:
    found = [one for one in park.as_("committee").get("/v1/tasks?limit=100")["items"] if one["kind"] == "chain"]
    assert len(found) == len({one["enterprise_id"] for one in found})
    return {one["enterprise_id"]: one for one in found}


def alert(park: Park) -> dict[str, Any]:
    (one,) = park.as_("committee").get("/v1/chain/alerts")["items"]
    return park.as_("committee").get(f"/v1/chain/alerts/{one['id']}")


def test_a_by_product_within_the_limits_of_its_receivers_warns_nobody(park: Park) -> None:
    park.reads(voc=LIMIT)
    assert told(park) == {} and chain_tasks(park) == {}
    assert park.as_("committee").get("/v1/chain/alerts")["items"] == []


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        pytest.param([60.0], "C", id="a reading under calibration"),
        pytest.param([1e9], "N", id="a value that cannot be true"),
        pytest.param([40.0, 60.0, 40.0], "NNN", id="a spike of one reading"),
    ],
)
def test_what_is_no_excess_warns_nobody(park: Park, values: list[float], flags: str) -> None:
    times = [START_MS + n * 60_000 for n in range(len(values))]
    park.upload([{"point": "acme-voc", "times": times, "values": values, "flags": list(flags)}])
    park.pump()
    assert told(park) == {} and chain_tasks(park) == {}


def test_a_chain_of_six_with_a_ring_is_warned_in_the_order_of_arrival_each_once_under_one_parent(park: Park) -> None:
    park.reads(voc=60.0)
    found = alert(park)
    assert [(one["enterprise_id"], one["delay_min"], one["link_id"]) for one in found["warned"]] == [
        ("b", 30, "ab"),
        ("c", 90, "bc"),
        ("d", 110, "cd"),
        ("f", 120, "df"),
        ("e", 125, "de"),
    ]
    assert [one["effect"] for one in found["warned"]] == [0.5, 0.25, 0.125, 0.0625, 0.0625]
    assert [one["expected_at"] for one in found["warned"]] == [
        rfc3339(START_MS + minutes * 60_000) for minutes in (30, 90, 110, 120, 125)
    ]
    assert told(park) == {"b": ["chain_intake"], **{one: ["chain_farther"] for one in "cdef"}}
    tasks = chain_tasks(park)
    parent = tasks.pop("acme")
    assert found["parent_id"] == parent["id"] and parent["parent_id"] == ""
    assert {(one, task["tier"], task["parent_id"]) for one, task in tasks.items()} == {
        ("b", 2, parent["id"]),
        ("c", 1, parent["id"]),
        ("d", 1, parent["id"]),
        ("e", 1, parent["id"]),
        ("f", 1, parent["id"]),
    }
    assert {one["id"] for one in tasks.values()} == {one["task_id"] for one in found["warned"]}


def test_an_effect_ends_where_it_is_damped_below_the_floor(park: Park) -> None:
    park.as_("admin").put("/v1/chain/links/cd", link("c", "d", 20, damping=0.7))
    park.reads(voc=60.0)
    assert [(one["enterprise_id"], round(one["effect"], 4)) for one in alert(park)["warned"]] == [
        ("b", 0.5),
        ("c", 0.25),
        ("d", 0.0875),
    ]
    assert set(told(park)) == set("bcd")


def test_what_a_plant_takes_in_goes_on_from_the_units_that_it_feeds(park: Park) -> None:
    admin = park.as_("admin")
    admin.put("/v1/units/b-r2", {"enterprise_id": "b", "name": "R2", "type": "reactor", "feeds": ["b-r1"]})
    admin.put("/v1/units/c-r2", {"enterprise_id": "c", "name": "R2", "type": "reactor"})
    for id, giver, receiver, minutes in LINKS[:2]:
        admin.call("DELETE", f"/v1/chain/links/{id}", None, 204, {})
        into_second = {"receiver": {"enterprise_id": receiver, "unit_id": f"{receiver}-r2"}}
        admin.put(f"/v1/chain/links/{id}2", link(giver, receiver, minutes) | into_second)
    park.reads(voc=60.0)
    assert [(one["unit_id"], one["delay_min"]) for one in alert(park)["warned"]] == [("b-r2", 30), ("c-r2", 90)]


def test_receivers_are_told_to_stop_and_to_test_with_their_own_supplier_and_limit(park: Park) -> None:
    park.reads(voc=60.0)
    (direct,), (farther,) = notices(park, "people-b", "chain_intake"), notices(park, "people-c", "chain_farther")
    assert direct["title"] == "【来料超限】请停止接收acme 溶剂、检测库存"
    assert direct["body"] == (
        "acme chemicals供应的acme 溶剂，非甲烷总烃为 60 mg/m3，超过贵单位接收限值 50 mg/m3，预计 2026-03-02 10:30 前后进入R1。"
        "请立即停止接收，隔离并检测已有库存。"
    )
    assert farther["title"] == "【来料风险】请暂停接收b 溶剂、检测库存"
    assert "acme" not in farther["title"] + farther["body"] and "b chemicals" in farther["body"]


def test_the_committee_and_the_departments_are_asked_to_verify(park: Park) -> None:
    park.reads(voc=60.0)
    parent = chain_tasks(park)["acme"]["id"]
    for person in ("committee", "department_safety", "department_environment"):
        (asked,) = notices(park, person, "chain_verify")
        assert asked["task_id"] == parent and "已通知下游 5 家企业" in asked["body"]
    for person in ("department_elsewhere", "inspector_safety", "enterprise", "people-b"):
        assert notices(park, person, "chain_verify") == []


def test_a_limit_in_another_unit_is_told_in_that_of_the_indicator(park: Park) -> None:
    carries = [{"indicator": "voc", "upper": 0.055, "unit": "g/m3"}]
    park.as_("admin").put("/v1/chain/links/ab", link("acme", "b", 30, carries=carries))
    park.reads(voc=54.0)
    assert told(park) == {}
    park.clock.advance(60)
    park.reads(voc=56.0)
    assert "限值 55 mg/m3" in notices(park, "people-b", "chain_intake")[0]["body"]


def test_the_task_of_an_open_warning_of_the_unit_is_the_parent(park: Park) -> None:
    park.runs_hot(voc=45.0)
    warned = the_task(park)
    park.clock.advance(60)
    park.reads(temperature=182.0, voc=60.0)
    tasks = chain_tasks(park)
    assert set(tasks) == set("bcdef")
    assert {one["parent_id"] for one in tasks.values()} == {warned["id"]} == {alert(park)["parent_id"]}


def test_chain_tasks_are_no_warnings_of_their_own(park: Park) -> None:
    park.reads(voc=60.0)
    assert len(chain_tasks(park)) == 6
    assert park.as_("committee").get("/v1/warnings")["items"] == []
    assert all(not one["members"] for one in chain_tasks(park).values())


def test_an_excess_that_goes_on_warns_once_and_one_after_an_hour_of_calm_warns_anew(park: Park) -> None:
    for _ in range(5):
        park.reads(voc=60.0)
        park.clock.advance(300)
    assert told(park)["b"] == ["chain_intake"]
    park.clock.advance(GAP_MS / 1000)
    park.reads(voc=60.0)
    assert told(park)["b"] == ["chain_intake"] * 2
    assert len(park.as_("committee").get("/v1/chain/alerts")["items"]) == 2


def test_a_receiver_with_a_higher_limit_joins_the_alert_when_that_is_crossed_too(park: Park) -> None:
    higher = [{"indicator": "voc", "upper": 80.0, "unit": "mg/m3"}]
    park.as_("admin").put("/v1/chain/links/ao", link("acme", "other", 15, carries=higher))
    park.reads(voc=60.0)
    assert "other" not in told(park)
    park.clock.advance(60)
    park.reads(voc=90.0)
    assert told(park)["other"] == ["chain_intake"] and told(park)["b"] == ["chain_intake"]
    found = alert(park)
    assert [one["links"] for one in found["crossings"]] == [["ab"], ["ao"]]
    assert chain_tasks(park)["other"]["parent_id"] == found["parent_id"]
    assert len(notices(park, "committee", "chain_verify")) == 2


def test_blocks_and_events_that_come_twice_change_nothing(park: Park) -> None:
    rows: list[Row] = []
    park.upload([{"point": "acme-voc", "times": [START_MS], "values": [60.0]}])
    while park.stream:
        rows.append(park.stream[0])
        park._deliver(park.stream.popleft())
    before = alert(park), told(park), chain_tasks(park)
    park.stream.extend(rows)
    park.pump()
    assert (alert(park), told(park), chain_tasks(park)) == before and park.failures == 0


def test_the_order_in_which_blocks_come_makes_no_second_alert(park: Park) -> None:
    for minute in (4, 0, 2, 3, 1):
        park.reads(at_ms=START_MS + minute * 60_000, voc=60.0)
    assert told(park)["b"] == ["chain_intake"]
    assert len(park.as_("committee").get("/v1/chain/alerts")["items"]) == 1


def test_a_backlog_with_more_excesses_than_one_commit_takes_is_recorded_whole(park: Park) -> None:
    times = [START_MS + n * (GAP_MS + 60_000) for n in range(23)]
    park.clock.ms = times[-1]
    park.upload([{"point": "acme-voc", "times": times, "values": [60.0] * 23}])
    park.pump()
    listed = park.as_("committee").get("/v1/chain/alerts?limit=100")["items"]
    assert len(listed) == 23 and sum(not one["late"] for one in listed) == 2 and park.failures == 0


def test_of_what_comes_late_people_read_and_nobody_is_called(park: Park) -> None:
    park.as_("people-b").put("/v1/me/devices/phone", {"token": "token-of-b", "platform": "android"})
    park.clock.advance(3 * 3600)
    park.reads(at_ms=START_MS, voc=60.0)
    assert told(park)["b"] == ["chain_intake"] and alert(park)["late"] is True
    assert notices(park, "committee", "chain_verify") and chain_tasks(park) == {}
    assert park.services.channel.sent == []
    park.reads(voc=60.0)
    assert told(park)["b"] == ["chain_intake"] * 2 and set(chain_tasks(park)) == {"acme", *"bcdef"}
    assert len(park.services.channel.sent) == 2  # what it takes, and its task


SEES = {
    "enterprise": ("acme", ["b"]),
    "people-b": ("acme", ["b"]),
    "people-c": (None, ["c"]),
    "people-e": (None, ["e"]),
    "inspector_safety": ("acme", ["b", "c", "d", "f", "e"]),
    "department_safety": ("acme", ["b", "c", "d", "f", "e"]),
}


@pytest.mark.parametrize(("person", "seen"), SEES.items())
def test_each_sees_of_an_alert_what_concerns_them(park: Park, person: str, seen: tuple[str | None, list[str]]) -> None:
    park.reads(voc=60.0)
    id = alert(park)["id"]
    found = park.as_(person).get(f"/v1/chain/alerts/{id}")
    assert (found.get("giver", {}).get("enterprise_id"), [one["enterprise_id"] for one in found["warned"]]) == seen
    assert bool(found["crossings"]) is (seen[0] is not None)
    assert [one["id"] for one in park.as_(person).get("/v1/chain/alerts")["items"]] == [id]


@pytest.mark.parametrize("person", ["enterprise_other", "inspector_elsewhere", "department_elsewhere"])
def test_an_alert_is_not_there_for_who_is_not_concerned(park: Park, person: str) -> None:
    park.reads(voc=60.0)
    park.as_(person).get(f"/v1/chain/alerts/{alert(park)['id']}", expect=404)
    assert park.as_(person).get("/v1/chain/alerts")["items"] == []
