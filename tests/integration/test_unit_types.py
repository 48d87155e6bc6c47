"""What is registered must fit the catalogue: a unit's type its industry, a point's indicator its unit's type."""

import pytest

from chalicelib.domain.enterprise import Point, Unit
from tests.park import Park


@pytest.fixture
def park() -> Park:
    return Park().register()


def allowed(answer: dict[str, list[dict[str, str]]], field: str) -> str:
    (error,) = answer["errors"]
    assert error["field"] == field
    return error["detail"]


@pytest.mark.parametrize("kind", ["oven", "storage_tank"], ids=["unknown", "of another industry"])
def test_a_unit_of_a_type_that_the_industry_does_not_have_is_refused_with_those_it_has(park: Park, kind: str) -> None:
    body = {"enterprise_id": "acme", "name": "X", "type": kind}
    refused = park.as_("admin").put("/v1/units/acme-x", body, expect=400)
    assert "boiler, exhaust_treatment, reactor, rotating_equipment, treatment_line" in allowed(refused, "type")


@pytest.mark.parametrize("indicator", ["heat", "so2"], ids=["unknown", "of another unit type"])
def test_a_point_of_an_indicator_that_the_unit_type_does_not_have_is_refused(park: Park, indicator: str) -> None:
    refused = park.as_("admin").put("/v1/points/acme-x", {"unit_id": "acme-r1", "indicator": indicator}, expect=400)
    assert "cod, power, purge_component, reactor_pressure" in allowed(refused, "indicator")


def test_a_unit_type_of_any_industry_may_stand_in_each(park: Park) -> None:
    body = {"enterprise_id": "acme", "name": "B1", "type": "boiler"}
    assert park.as_("admin").put("/v1/units/acme-b1", body)["type"] == "boiler"


def test_what_was_stored_before_and_fits_no_type_is_taken_and_judged_by_no_rule(park: Park) -> None:
    registry = park.services.registry
    registry.put_unit(Unit("acme-x", "acme", "X", "oven"))
    registry.put_point(Point("acme-heat", "acme", "acme-x", "heat"))
    registry.put_point(Point("acme-so2", "acme", "acme-r1", "so2"))
    park.reads(heat=9.0, so2=900.0)
    park.runs_hot()
    assert park.failures == 0
    assert [one["rule_id"] for one in park.as_("committee").get("/v1/warnings")["items"]] == ["reactor-temperature-voc"]
