"""How the catalogue's rules are bound to what an enterprise has registered."""

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.plan import make_plan
from tests.plant import Plant, enterprise


def test_a_rule_without_a_point_for_safety_or_response_is_not_bound() -> None:
    assert Plant({"voc": {"indicator": "voc"}}).plan.rules == ()
    assert Plant({"temperature": {"indicator": "reactor_temperature"}}).plan.rules == ()


def test_a_rule_without_a_point_for_energy_is_bound() -> None:
    (bound,) = Plant({"temperature": {"indicator": "reactor_temperature"}, "voc": {"indicator": "voc"}}).plan.rules
    assert bound.energy is None
    assert bound.deciding == {"temperature", "voc"}


def test_a_rule_of_another_industry_is_not_bound() -> None:
    points = {"temperature": {"indicator": "reactor_temperature"}, "voc": {"indicator": "voc"}}
    assert Plant(points, industry="hydrogen").plan.rules == ()


def test_rules_are_bound_once_for_each_unit_of_their_type() -> None:
    units = (Unit("r1", "acme", "R1", "reactor"), Unit("r2", "acme", "R2", "reactor"), Unit("k1", "acme", "K1", "kiln"))
    points = tuple(
        Point(f"{unit.id}-{name}", "acme", unit.id, indicator)
        for unit in units
        for name, indicator in (("t", "reactor_temperature"), ("v", "voc"), ("p", "reactor_pressure"), ("c", "cod"))
    )
    plan = make_plan(Profile(enterprise(), units, points), shipped())
    assert [bound.key for bound in plan.rules] == [
        ("r1", "reactor-temperature-voc"),
        ("r1", "reactor-pressure-cod"),
        ("r2", "reactor-temperature-voc"),
        ("r2", "reactor-pressure-cod"),
    ]
    assert [bound.key for bound in plan.rules_of_point["r2-v"]] == [("r2", "reactor-temperature-voc")]


def test_every_point_of_an_indicator_is_bound() -> None:
    names = ("t1", "t2", "t3")
    points = {**{name: {"indicator": "reactor_temperature"} for name in names}, "voc": {"indicator": "voc"}}
    (bound,) = Plant(points).plan.rules
    assert bound.safety.point_ids == names


def test_a_point_may_serve_two_rules() -> None:
    points = {
        "pressure": {"indicator": "kiln_pressure", "band_low": -60.0, "band_high": -20.0},
        "dust": {"indicator": "dust"},
        "noise": {"indicator": "noise"},
    }
    plan = Plant(points, unit_type="kiln", industry="green_building_materials").plan
    assert {bound.rule.id for bound in plan.rules_of_point["pressure"]} == {"kiln-pressure-dust", "kiln-pressure-noise"}


def test_only_points_that_a_relative_trigger_asks_for_learn() -> None:
    plan = Plant().plan
    assert plan.learning == {"voc", "steam"}


def test_base_risk_and_threshold_come_from_industry_and_size() -> None:
    plan = Plant(size="large").plan
    assert (plan.industry_weight, plan.size_factor, plan.base_risk, plan.warning_threshold) == (0.5, 1.2, 0.6, 35)
