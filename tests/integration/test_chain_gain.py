"""What a change at a giver would do for its receiver: only what is known, and to each only what they may see."""

from dataclasses import replace
from math import exp
from typing import Any

import pytest

from chalicelib.adapters.catalogue import parse, shipped_document
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Fit, Law, Measured, NoLaw, Unclaimed, UnitLaws
from tests.park import Park

FIT = Fit(
    intercept=-5.18, slope=0.05, slope_low=0.045, slope_high=0.055, lag_ms=900_000, step_ms=300_000, n=8123, r2=0.93,
    valid_from=150.0, valid_to=195.0, spread=0.034, sustained=0.071,
)  # fmt: skip
TEMPERATURE = Measured("other-temperature", "reactor_temperature", Dimension.SAFETY)
VOC, STEAM = (
    Measured("other-voc", "voc", Dimension.ENVIRONMENT),
    Measured("other-steam", "steam_flow", Dimension.ENERGY),
)
HOT = {"temperature": 190.0, "voc": 54.0, "steam": 110.0}
WHERE = "/v1/chain/links/l-1/optimisation"


def link(indicator: str = "reactor_temperature", unit: str = "Cel", upper: float = 250.0) -> dict[str, Any]:
    ends = {
        name: {"enterprise_id": one, "unit_id": f"{one}-r1"} for name, one in (("giver", "acme"), ("receiver", "other"))
    }
    carries = [{"indicator": indicator, "upper": upper, "unit": unit}]
    return {**ends, "material": "蒸汽", "carries": carries, "share": 0.5, "damping": 0.4, "lead_time_min": 30}


@pytest.fixture
def park() -> Park:
    park = Park().register()
    park.as_("admin").put("/v1/chain/links/l-1", link())
    for eid in ("acme", "other"):
        park.reads(eid=eid, **HOT)
    return park


def learnt(park: Park, *laws: Law, unclaimed: tuple[Unclaimed, ...] = ()) -> None:
    park.services.laws.add(UnitLaws("other", "other-r1", park.clock.ms, 0, park.clock.ms, laws, unclaimed))


def asked(park: Park, person: str = "committee", **headers: str) -> dict[str, Any]:
    (one,) = park.as_(person).get(WHERE, **headers)["indicators"]
    return one  # type: ignore[no-any-return]


def rule(step: dict[str, Any]) -> dict[str, Any]:
    (found,) = (one for one in step["rules"] if "voc" in one["rule_id"] or len(step["rules"]) == 1)
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("person", ["inspector_elsewhere", "department_elsewhere"])
def test_the_figures_of_a_link_between_others_are_not_there(park: Park, person: str) -> None:
    park.as_(person).get(WHERE, expect=404)
    park.as_(person).get("/v1/chain/links/none/optimisation", expect=404)


def test_without_a_law_nothing_is_supposed_but_what_the_link_says(park: Park) -> None:
    found = asked(park)
    assert [one["percent"] for one in found["steps"]] == [-5.0, -10.0, -20.0]
    assert [one["arrives_percent"] for one in found["steps"]] == [-1.0, -2.0, -4.0]
    first = found["steps"][0]
    by_point = {one["point"]: one for one in first["responses"]}
    assert by_point["other-temperature"]["percent"] == {"estimate": -1.0, "low": -1.0, "high": -1.0}
    assert {by_point[one]["reason"] for one in ("other-voc", "other-steam")} == {"not_learnt"}
    assert all("percent" not in by_point[one] for one in ("other-voc", "other-steam"))
    assert rule(first)["reason"] == "not_learnt" and "score_change" not in rule(first)
    assert rule(first)["reason_text"] == "下游单元尚未学习到该关系，不作推测"


def test_a_pair_of_which_no_law_is_claimed_stays_unknown(park: Park) -> None:
    learnt(park, unclaimed=(Unclaimed(TEMPERATURE, VOC, NoLaw.NO_LINK, 8000),))
    by_point = {one["point"]: one.get("reason") for one in asked(park)["steps"][0]["responses"]}
    assert by_point == {"other-temperature": None, "other-voc": "no_law", "other-steam": "not_learnt"}


def test_with_a_law_the_response_the_coefficient_and_the_score_follow_with_its_interval(park: Park) -> None:
    learnt(park, Law(TEMPERATURE, VOC, FIT), unclaimed=(Unclaimed(TEMPERATURE, STEAM, NoLaw.NO_LINK, 8000),))
    step = asked(park)["steps"][1]  # 10 % less there, 2 % here: 190 to 186.2
    voc = next(one for one in step["responses"] if one["point"] == "other-voc")
    changes = {name: exp(slope * -3.8) - 1 for name, slope in (("estimate", 0.05), ("low", 0.055), ("high", 0.045))}
    assert voc["percent"] == {name: pytest.approx(100 * one, abs=1e-3) for name, one in changes.items()}
    assert (voc["basis"], voc["lag_s"], voc["value"]) == ("law", 900.0, 54.0)

    found = rule(step)
    assert found["is_energy_held"] is True

    def score(temperature: float, emission: float) -> float:
        s, e, g = (temperature - 180.0) / 2.0, (emission / 30.0 - 1.0) / 0.3, (110.0 / 100.0 - 1.0) / 0.1
        m = (s * e) ** 0.5 * (1 + 0.25 * min(g, 2.0))
        return 100 * (1 - 0.5 * 0.8**m)  # base risk of a chemical plant of medium size: 0.5

    assert found["before"]["score"] == pytest.approx(score(190.0, 54.0), abs=0.01)
    assert found["score"] == {
        name: pytest.approx(score(186.2, 54.0 * (1 + one)), abs=0.01) for name, one in changes.items()
    }
    assert found["score_change"]["estimate"] == pytest.approx(
        found["score"]["estimate"] - found["before"]["score"], abs=0.011
    )
    assert found["score_change"]["low"] <= found["score_change"]["estimate"] <= found["score_change"]["high"] < 0


@pytest.mark.parametrize(
    ("fit", "unknown"),
    [
        pytest.param(replace(FIT, valid_from=187.0), [False, True, True], id="where the change leads out of it"),
        pytest.param(replace(FIT, valid_to=189.0), [True, True, True], id="where the level is outside now"),
    ],
)
def test_a_law_says_nothing_outside_what_it_has_seen(park: Park, fit: Fit, unknown: list[bool]) -> None:
    learnt(park, Law(TEMPERATURE, VOC, fit))
    found = [rule(step).get("reason") == "outside_validity" for step in asked(park)["steps"]]
    assert found == unknown


def test_what_is_itself_the_response_moves_by_the_link_and_needs_no_law(park: Park) -> None:
    park.as_("admin").put("/v1/chain/links/l-1", link("voc", "mg/m3", 90.0))
    (step, *_) = asked(park)["steps"]
    assert [(one["point"], one["basis"]) for one in step["responses"]] == [("other-voc", "link")]
    found = rule(step)
    assert found["score"]["low"] == found["score"]["high"] < found["before"]["score"]
    assert found["is_energy_held"] is False


@pytest.mark.parametrize(
    ("eid", "reason"),
    [pytest.param("acme", "stale", id="the giver"), pytest.param("other", "stale", id="the receiver")],
)
def test_old_readings_of_either_end_are_not_gone_by(park: Park, eid: str, reason: str) -> None:
    learnt(park, Law(TEMPERATURE, VOC, FIT))
    park.clock.advance(2 * 3600)
    park.reads(eid="other" if eid == "acme" else "acme", **HOT)
    found = asked(park)
    if eid == "acme":
        assert found["reason"] == reason and found["steps"] == [] and "giver_value" not in found
    else:
        assert {rule(step)["reason"] for step in found["steps"]} == {reason}
        by_point = {one["point"]: one["reason"] for one in found["steps"][0]["responses"]}
        assert by_point == {"other-temperature": reason, "other-voc": reason, "other-steam": "not_learnt"}


def test_a_flagged_reading_is_not_gone_by(park: Park) -> None:
    park.clock.advance(60)
    park.reads(flag="D", temperature=190.0)
    assert asked(park)["reason"] == "invalid"


def test_what_the_receiver_does_not_measure_is_not_known(park: Park) -> None:
    admin = park.as_("admin")
    admin.put("/v1/units/acme-k", {"enterprise_id": "acme", "name": "K", "type": "boiler"})
    admin.put("/v1/points/acme-so2", {"unit_id": "acme-k", "indicator": "so2"})
    carries = [{"indicator": "so2", "upper": 50.0, "unit": "mg/m3"}]
    giver = {"enterprise_id": "acme", "unit_id": "acme-k"}
    admin.put("/v1/chain/links/l-2", link() | {"giver": giver, "carries": carries, "material": "烟气"})
    (found,) = park.as_("committee").get("/v1/chain/links/l-2/optimisation")["indicators"]
    assert found["reason"] in ("not_measured", "stale") and found["steps"] == []


def test_a_share_of_a_level_below_zero_is_not_reckoned_with(park: Park) -> None:
    park.clock.advance(60)
    park.reads(temperature=-5.0)
    assert asked(park)["reason"] in ("not_positive", "invalid")


SEES = {
    "committee": (True, True),
    "department_safety": (True, True),
    "inspector_safety": (True, True),
    "enterprise": (True, False),
    "enterprise_other": (False, True),
}


@pytest.mark.parametrize(("person", "seen"), SEES.items())
def test_each_reads_figures_of_the_end_that_they_may_see(park: Park, person: str, seen: tuple[bool, bool]) -> None:
    learnt(park, Law(TEMPERATURE, VOC, FIT))
    found = asked(park, person)
    step = found["steps"][0]
    assert ("giver_value" in found, "measured_at" in found, "giver_value" in step) == (seen[0],) * 3
    assert bool(step["responses"]) is seen[1]
    one = rule(step)
    assert [name in one for name in ("before", "after", "coefficient", "score")] == [seen[1]] * 4
    assert one["score_change"]["estimate"] < 0  # how much it would help, both partners hear


def test_costs_are_told_where_the_park_has_named_prices(park: Park) -> None:
    learnt(park, Law(TEMPERATURE, VOC, FIT), Law(TEMPERATURE, STEAM, replace(FIT, slope=0.01, slope_low=0.008, slope_high=0.012)))  # fmt: skip
    by_point = {one["point"]: one for one in asked(park)["steps"][0]["responses"]}
    assert by_point["other-steam"]["cost_reason"] == "no_price" and "cost_per_hour" not in by_point["other-steam"]
    document = shipped_document()
    document |= {"version": "priced", "chain": {"hourly_prices": {"steam_flow": 220.0}}}
    priced(park, document)
    by_point = {one["point"]: one for one in asked(park)["steps"][0]["responses"]}
    saved = {
        name: pytest.approx(110.0 * 220.0 * (exp(slope * -1.9) - 1), abs=0.01)
        for name, slope in (("estimate", 0.01), ("low", 0.012), ("high", 0.008))
    }
    assert by_point["other-steam"]["cost_per_hour"] == saved and by_point["other-steam"]["currency"] == "CNY"
    assert by_point["other-voc"]["cost_reason_text"] == "园区未设定该指标的单价，不计费用"


def test_a_price_is_of_an_indicator_that_the_catalogue_has(park: Park) -> None:
    document = shipped_document() | {"version": "wrong", "chain": {"hourly_prices": {"gold": 1.0}}}
    refused = park.as_("admin").put("/v1/catalogue", document, expect=400)
    assert [one["field"] for one in refused["errors"]] == ["chain.hourly_prices.gold"]


def priced(park: Park, document: dict[str, Any]) -> None:
    assert parse(document).chain.hourly_prices
    park.as_("admin").put("/v1/catalogue", document)
