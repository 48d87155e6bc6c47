"""The end of an alert of the chain: who may take again, when, and when nobody is told."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.block import Block
from chalicelib.domain.chain_alert import LATE_MS
from chalicelib.handlers.on_clock import on_clock
from chalicelib.ports import BlockRepo
from chalicelib.usecases.end_chain_alerts import end_chain_alerts
from tests.acts import closes
from tests.park import START_MS, Park

LIMIT, MINUTE_MS = 50.0, 60_000
CALM = LIMIT * 0.9  # the limit less the hysteresis


def link(giver: str, receiver: str, **changes: Any) -> dict[str, Any]:
    ends = {
        name: {"enterprise_id": one, "unit_id": f"{one}-r1"} for name, one in (("giver", giver), ("receiver", receiver))
    }
    carries = [{"indicator": "voc", "upper": LIMIT, "unit": "mg/m3"}]
    return {**ends, "material": f"{giver} 溶剂", "carries": carries, "share": 0.5, "lead_time_min": 30} | changes


@pytest.fixture
def park() -> Park:
    """acme gives to other, which gives to a third."""
    park = Park().register()
    admin = park.as_("admin")
    park.put_plant(admin, "third", "91110000MA01A2B67R")
    admin.put("/v1/people/people-third", {"name": "third", "role": "enterprise", "enterprise_id": "third"})
    for giver, receiver in (("acme", "other"), ("other", "third")):
        admin.put(f"/v1/chain/links/{giver}-{receiver}", link(giver, receiver))
    return park


def told(park: Park, person: str = "enterprise_other") -> list[str]:
    found = park.as_(person).get("/v1/inbox?limit=100")["items"]
    return [one["kind"] for one in found if one["kind"] in ("chain_resume", "chain_over")]


def alerts(park: Park) -> list[dict[str, Any]]:
    return park.as_("committee").get("/v1/chain/alerts")["items"]  # type: ignore[no-any-return]


def verifies(park: Park) -> None:
    """The park's joint group accepts what was done at the giver."""
    found = park.as_("committee").get("/v1/tasks?state=open")["items"]
    (task,) = (one for one in found if (one["kind"], one["unit_id"]) == ("chain", "acme-r1"))
    assert closes(park, task)["state"] == "closed"


def minute(park: Park, seconds: float = 60) -> None:
    park.clock.advance(seconds)
    on_clock(park.services)
    park.pump()


def calms(park: Park, *, minutes: int = 30, step: int = 10, voc: float = CALM) -> None:
    for _ in range(minutes // step + 1):
        minute(park, step * 60)
        park.reads(voc=voc)


def test_an_alert_that_is_calm_and_verified_ends_and_its_receivers_are_told(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    minute(park)
    (alert,) = alerts(park)
    assert alert["ended_at"] == rfc3339(park.clock.ms)
    assert told(park) == ["chain_resume"] and told(park, "people-third") == ["chain_over"]
    assert told(park, "enterprise") == told(park, "committee") == []


def test_what_they_are_told(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    minute(park)
    (direct,) = (n for n in park.as_("enterprise_other").get("/v1/inbox")["items"] if n["kind"] == "chain_resume")
    (farther,) = (n for n in park.as_("people-third").get("/v1/inbox")["items"] if n["kind"] == "chain_over")
    assert direct["title"] == "【来料恢复】acme 溶剂可恢复接收"
    assert direct["body"] == (
        "acme chemicals供应的acme 溶剂自 2026-03-02 10:10 起稳定在贵单位接收限值以内，现场核查已通过。"
        "已隔离的库存检测合格后，R1可恢复接收。"
    )
    assert "acme" not in farther["title"] + farther["body"] and "other chemicals" in farther["body"]


def test_an_alert_that_nobody_has_verified_stands_however_calm_it_is(park: Park) -> None:
    park.reads(voc=60.0)
    calms(park, minutes=120)
    minute(park)
    assert told(park) == [] and "ended_at" not in alerts(park)[0]
    verifies(park)
    minute(park)
    assert told(park) == ["chain_resume"]


@pytest.mark.parametrize(
    ("readings", "flag"),
    [
        pytest.param([(10, CALM), (30, CALM)], "N", id="not for long enough"),
        pytest.param([(10, CALM), (20, CALM + 0.1), (50, CALM)], "N", id="in between hardly under the limit"),
        pytest.param([(10, CALM), (20, 60.0), (45, CALM)], "N", id="over again in between"),
        pytest.param([(50, CALM)], "N", id="one reading only"),
        pytest.param([(10, CALM), (50, CALM)], "C", id="under calibration"),
        pytest.param([(n, -1e9) for n in (10, 50)], "N", id="values that cannot be true"),
    ],
)
def test_what_is_no_calm_tells_nobody(park: Park, readings: list[tuple[int, float]], flag: str) -> None:
    park.reads(voc=60.0)
    verifies(park)
    for at, value in readings:
        park.clock.ms = START_MS + at * MINUTE_MS
        park.reads(voc=value, flag=flag)
    minute(park)
    assert told(park) == [] and "ended_at" not in alerts(park)[0]


def test_silence_is_no_all_clear_and_neither_is_calm_that_is_long_past(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    minute(park, 3600)
    assert told(park) == []
    for at in (70, 110):
        park.clock.ms = START_MS + at * MINUTE_MS
        park.reads(voc=CALM)
    park.clock.advance(LATE_MS / 1000)
    minute(park, 1)
    assert told(park) == [] and "ended_at" not in alerts(park)[0]


def test_an_end_is_told_once(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    for _ in range(3):
        minute(park)
        park.reads(voc=CALM)
    ended = alerts(park)
    minute(park)
    assert told(park) == ["chain_resume"] and alerts(park) == ended


def test_what_is_over_again_after_the_end_is_another_alert_however_soon(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    minute(park)
    park.reads(voc=60.0)  # within an hour of the first
    newest, first = alerts(park)
    assert "ended_at" not in newest and first["ended_at"]
    found = park.as_("enterprise_other").get("/v1/inbox?limit=100")["items"]
    assert sum(one["kind"] == "chain_intake" for one in found) == 2


def test_readings_of_the_ended_alert_that_come_late_begin_none_and_end_nothing_twice(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    minute(park)
    before = alerts(park)
    park.reads(at_ms=START_MS + 5 * MINUTE_MS, voc=70.0)
    minute(park)
    assert alerts(park) == before and told(park) == ["chain_resume"]


def test_an_excess_that_comes_late_but_before_the_end_is_told_holds_it_back(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    park.reads(at_ms=START_MS + 25 * MINUTE_MS, voc=60.0)  # among readings that were calm
    minute(park)
    assert told(park) == []
    calms(park)
    minute(park)
    assert told(park) == ["chain_resume"] and len(alerts(park)) == 1


def test_alerts_that_came_late_have_no_end(park: Park) -> None:
    park.clock.advance(3 * 3600)
    park.reads(at_ms=START_MS, voc=60.0)
    calms(park)
    minute(park)
    assert told(park) == [] and "ended_at" not in alerts(park)[0]


def test_two_alerts_of_a_unit_end_together_when_both_are_verified(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    park.clock.advance(2 * 3600)
    park.reads(voc=60.0)
    assert len(alerts(park)) == 2
    calms(park)
    minute(park)
    assert told(park) == []
    verifies(park)
    minute(park)
    assert told(park) == ["chain_resume"] and all(one["ended_at"] for one in alerts(park))


def test_whoever_is_held_along_the_same_way_by_another_alert_is_told_by_that_ones_end(park: Park) -> None:
    park.as_("admin").put("/v1/people/people-acme", {"name": "x", "role": "enterprise", "enterprise_id": "acme"})
    park.reads(voc=60.0)
    verifies(park)
    park.reads(eid="other", voc=60.0)  # what other gives is over, too
    calms(park)
    minute(park)
    assert told(park) == ["chain_resume"] and told(park, "people-third") == []


def test_a_receiver_whose_link_was_taken_away_is_told_nothing(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    park.as_("admin").call("DELETE", "/v1/chain/links/acme-other", None, 204, {})
    calms(park)
    minute(park)
    assert told(park) == [] and told(park, "people-third") == ["chain_over"] and alerts(park)[0]["ended_at"]


def test_a_limit_that_was_made_stricter_is_the_one_to_be_under(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    stricter = [{"indicator": "voc", "upper": 40.0, "unit": "mg/m3"}]
    park.as_("admin").put("/v1/chain/links/acme-other", link("acme", "other", carries=stricter))
    calms(park, voc=37.0)
    minute(park)
    assert told(park) == []
    calms(park, voc=36.0)
    minute(park)
    assert told(park) == ["chain_resume"]


def test_each_sees_when_what_concerns_them_ended(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    minute(park)
    id = alerts(park)[0]["id"]
    for person in ("enterprise", "enterprise_other", "people-third", "inspector_safety"):
        assert park.as_(person).get(f"/v1/chain/alerts/{id}")["ended_at"]
    park.as_("department_elsewhere").get(f"/v1/chain/alerts/{id}", expect=404)


class Raced:
    """Blocks that another one is stored and judged behind, right after they were read."""

    def __init__(self, blocks: BlockRepo, then: Callable[[], None]) -> None:
        self._blocks, self._then = blocks, then

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> list[Block]:
        found = list(self._blocks.between(enterprise_id, from_ms, to_ms))
        self._then()
        return found


def test_an_excess_that_is_stored_and_judged_while_the_end_is_decided_holds_it_back(park: Park) -> None:
    park.reads(voc=60.0)
    verifies(park)
    calms(park)
    park.clock.advance(60)
    raced = Raced(park.services.blocks, lambda: park.reads(voc=60.0))
    assert end_chain_alerts(chain_desk=park.services.chain_desk, blocks=raced) == 0  # type: ignore[arg-type]
    park.pump()
    assert told(park) == [] and "ended_at" not in alerts(park)[0]
    calms(park)
    minute(park)
    assert told(park) == ["chain_resume"]


REASON = {"reason": "在线仪表停运，现场取样合格"}


def ends_by_hand(park: Park, person: str = "committee", *, expect: int = 200, **changes: Any) -> dict[str, Any]:
    return park.as_(person).post(f"/v1/chain/alerts/{alerts(park)[0]['id']}/end", REASON | changes, expect=expect)


@pytest.mark.parametrize(
    ("person", "expect"),
    [("enterprise", 403), ("inspector_safety", 403), ("admin", 403), ("department_elsewhere", 404)],
)
def test_an_alert_is_ended_by_hand_by_departments_and_committee_that_see_the_giver(
    park: Park, person: str, expect: int
) -> None:
    park.reads(voc=60.0)
    park.clock.advance(1900)
    ends_by_hand(park, person, expect=expect)
    assert "ended_at" not in alerts(park)[0]


def test_while_readings_say_that_it_goes_on_nobody_can_end_it(park: Park) -> None:
    park.reads(voc=60.0)
    assert ends_by_hand(park, expect=409)["state"] == "over"
    park.clock.advance(1799)
    ends_by_hand(park, expect=409)
    park.clock.advance(1)
    assert ends_by_hand(park)["ended_at"] == rfc3339(park.clock.ms)


def test_who_was_told_to_stop_hears_that_somebody_has_ended_it_and_not_why(park: Park) -> None:
    park.reads(voc=60.0)
    park.clock.advance(1900)
    id = ends_by_hand(park)["id"]
    park.pump()
    for person, supplier in (("enterprise_other", "acme chemicals"), ("people-third", "other chemicals")):
        (one,) = (n for n in park.as_(person).get("/v1/inbox")["items"] if n["kind"] == "chain_released")
        assert supplier in one["body"] and "取样" not in one["body"]
        assert "end_reason" not in park.as_(person).get(f"/v1/chain/alerts/{id}")
    assert park.as_("enterprise").get(f"/v1/chain/alerts/{id}")["end_reason"] == REASON["reason"]


def test_ending_by_hand_twice_is_once_and_another_reason_comes_too_late(park: Park) -> None:
    park.reads(voc=60.0)
    park.clock.advance(1900)
    first = ends_by_hand(park)
    park.clock.advance(60)
    assert ends_by_hand(park) == first
    assert ends_by_hand(park, reason="另一原因", expect=409)["state"] == "ended"
    ends_by_hand(park, "department_safety", expect=409)


def test_what_is_over_after_it_was_ended_by_hand_is_another_alert(park: Park) -> None:
    park.reads(voc=60.0)
    park.clock.advance(1900)
    ends_by_hand(park)
    park.reads(voc=60.0)
    assert len(alerts(park)) == 2


def test_an_alert_that_came_late_cannot_be_ended(park: Park) -> None:
    park.clock.advance(3 * 3600)
    park.reads(at_ms=START_MS, voc=60.0)
    assert ends_by_hand(park, expect=409)["state"] == "late"
