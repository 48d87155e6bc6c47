"""Reduction targets: what cannot be one, who sees which, and how far the points are."""

from typing import Any

import pytest

from mobile_api_spec.walk_context import TARGET
from tests.park import Park, credit_code

WHERE = "/v1/targets/voc-east"
PLAIN = {"form": "at_most", "value": 35.0, "unit": "mg/m3", "baseline": None}


@pytest.fixture
def park() -> Park:
    return Park().register()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"indicator": None}, "indicator", "invalid", id="of nothing"),
        pytest.param({"total": "carbon"}, "indicator", "invalid", id="of an indicator and a total"),
        pytest.param({"indicator": "joy"}, "indicator", "unknown_indicator", id="of an indicator that there is not"),
        pytest.param({"industry": "farming"}, "industry", "one_of", id="of an industry that there is not"),
        pytest.param({"unit": "mg/m3"}, "unit", "wrong_unit", id="that reduces by no share"),
        pytest.param({"baseline": None}, "baseline", "missing", id="that reduces from nothing"),
        pytest.param(
            {"baseline": {"value": 1, "unit": "kPa", "period": "2025"}}, "baseline.unit", "wrong_unit",
            id="that reduces from what the indicator cannot be told in",
        ),
        pytest.param(PLAIN | {"unit": "t"}, "unit", "wrong_unit", id="in a unit of something else"),
        pytest.param({"to_month": "2025-12"}, "to_month", "at_least", id="that ends before it begins"),
        pytest.param({"source": {"title": "x", "url": "javascript:1"}}, "source.url", "pattern", id="with no address"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_target_is_refused_by_field(
    park: Park, changes: dict[str, Any], field: str, code: str
) -> None:
    problem = park.as_("committee").put(WHERE, TARGET | changes, expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_target_comes_back_as_it_was_registered_and_nothing_is_lost(park: Park) -> None:
    for _ in range(2):
        put = park.as_("committee").put(WHERE, TARGET)
    assert {**put, **TARGET} == put | {"source": TARGET["source"]} and put["form_text"] == "较基准下降"
    park.as_("department_environment").put(WHERE, TARGET | {"value": 20})
    park.as_("admin").call("DELETE", WHERE, None, 204, {})
    park.as_("admin").get(WHERE, expect=404)
    assert park.as_("admin").get("/v1/targets")["items"] == []
    told = [
        (o["by"], o["is_removed"], o["target"]["value"]) for o in park.as_("admin").get(f"{WHERE}/history")["items"]
    ]
    assert told == [("admin", True, 20), ("department_environment", False, 20), ("committee", False, 10)]


def test_an_enterprise_sees_what_concerns_it_and_others_what_is_of_their_regions(park: Park) -> None:
    committee = park.as_("committee")
    for name, changes in {
        "mine": {}, "all": {"industry": None}, "hydrogen": {"industry": "hydrogen"}, "west": {"region": "west"},
    }.items():  # fmt: skip
        committee.put(f"/v1/targets/{name}", TARGET | changes)
    people = ("enterprise", "inspector_safety", "inspector_elsewhere", "department_elsewhere", "committee")
    seen = {who: {one["id"] for one in park.as_(who).get("/v1/targets")["items"]} for who in people}
    assert seen == {
        "enterprise": {"mine", "all"},
        "inspector_safety": {"mine", "all", "hydrogen"},
        "inspector_elsewhere": {"west"},
        "department_elsewhere": {"west"},
        "committee": {"mine", "all", "hydrogen", "west"},
    }
    for path in ("", "/history", "/progress"):
        park.as_("enterprise").get(f"/v1/targets/hydrogen{path}", expect=404)
    found = committee.get("/v1/targets?region=east&industry=hydrogen")["items"]
    assert {one["id"] for one in found} == {"all", "hydrogen"}


def learnt(park: Park, **levels: float) -> None:
    for _ in range(30):
        park.clock.advance(60)
        for eid, voc in levels.items():
            park.reads(eid=eid, voc=voc)


def test_how_far_the_points_are_is_told_from_what_was_learnt_of_them(park: Park) -> None:
    park.as_("committee").put(WHERE, TARGET)  # 10 % below 40 mg/m3
    found = park.as_("committee").get(f"{WHERE}/progress")
    assert (found["is_measured"], found["points"], found["unknown"], "mean" in found) == (True, 0, 2, False)
    learnt(park, acme=35.0, other=45.0)
    found = park.as_("committee").get(f"{WHERE}/progress")
    assert (found["goal"], found["points"], found["met"], found["unknown"]) == (36.0, 2, 1, 0)
    assert found["mean"] == pytest.approx(40.0)
    assert [one["point_id"] for one in found["farthest"]] == ["other-voc"]


def test_an_enterprise_learns_of_its_own_points_only(park: Park) -> None:
    park.as_("committee").put(WHERE, TARGET)
    learnt(park, acme=35.0, other=45.0)
    found = park.as_("enterprise").get(f"{WHERE}/progress")
    assert (found["points"], found["met"], found["farthest"]) == (1, 1, []) and found["mean"] == pytest.approx(35.0)


def test_points_of_other_industries_and_regions_do_not_count(park: Park) -> None:
    park.as_("committee").put(WHERE, TARGET)
    learnt(park, acme=35.0)
    west = {
        "name": "x",
        "credit_code": credit_code("91110000MA01A2B50N"),
        "industry": "circular_chemical",
        "size": "medium",
        "region": "west",
    }
    park.as_("admin").put("/v1/enterprises/other", west)
    found = park.as_("committee").get(f"{WHERE}/progress")
    assert (found["points"], found["unknown"]) == (1, 0)


def test_a_value_in_another_unit_is_turned_into_the_indicators(park: Park) -> None:
    park.as_("committee").put(WHERE, TARGET | PLAIN | {"value": 0.04, "unit": "g/m3"})
    learnt(park, acme=35.0, other=45.0)
    found = park.as_("committee").get(f"{WHERE}/progress")
    assert (found["goal"], found["met"]) == (40.0, 1)


def test_of_a_total_only_the_target_is_known(park: Park) -> None:
    total = TARGET | {"indicator": None, "total": "energy", "form": "at_most", "unit": "t{SCE}", "baseline": None}
    park.as_("committee").put(WHERE, total)
    found = park.as_("committee").get(f"{WHERE}/progress")
    assert found["is_measured"] is False and "goal" not in found and found["target"]["total_text"] == "综合能源消费量"
