"""A month that is over, settled by the packaged functions: counted, settled, published, and what follows from it."""

import json
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Row
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.month import previous_month
from chalicelib.domain.score import month_of
from chalicelib.domain.times import month_span
from tests.e2e.test_watch import answer_of_learn
from tests.live_park import LivePark, LivePlant, eventually, now_ms

CHINA = ZoneInfo("Asia/Shanghai")


def test_a_month_that_is_over_is_settled_and_brings_its_measures(live: LivePark) -> None:
    plant = live.plant("settled")
    month = previous_month(previous_month(month_of(now_ms(), CHINA)))
    was_registered_in(live, plant, month)
    live.restart("learn")  # a process that knows the plant believes for some seconds what it read

    def settled() -> bool:
        answer_of_learn(live)
        time.sleep(1)
        return bool(live.phones["committee"].get(f"v1/enterprises/{plant.id}/results")["items"])

    eventually(settled, "the month's result", within_s=60)
    (result, *_) = reversed(live.phones["committee"].get(f"v1/enterprises/{plant.id}/results")["items"])
    assert (result["month"], result["score"], result["grade"]) == (month, 100.0, "benchmark")
    measures = eventually(
        lambda: live.phones["committee"].get(f"v1/enterprises/{plant.id}/measures")["items"], "the grade's measures"
    )
    assert "subsidy" in {one["measure"] for one in measures}
    an_hour_passes(live, "publish_rankings")
    assert answer_of_learn(live) is None
    ranking = live.phones["committee"].get("v1/rankings", month=month)
    assert [one["enterprise_id"] for one in ranking["items"]] == [plant.id]


def was_registered_in(live: LivePark, plant: LivePlant, month: str) -> None:
    """As if it had been there since that month began."""
    since_ms = month_span(month, CHINA)[0]
    for pk, sk in ((f"ENT#{plant.id}", "ENT"), ("ENTERPRISES", plant.id)):
        (body,) = (row["body"]["S"] for row in live.rows("RegistryTableName", pk) if row["sk"]["S"] == sk)
        known = from_body(Enterprise, json.loads(body))
        live.write("RegistryTableName", Row(pk, sk, to_body(replace(known, registered_at_ms=since_ms)), version=9))


def an_hour_passes(live: LivePark, job: str) -> None:
    """As if the job had been done long ago."""
    live.write("RegistryTableName", Row(f"LEARNT#{job}", "#all", {"enterprise_id": "", "unit_id": "all", "at_ms": 0}))
