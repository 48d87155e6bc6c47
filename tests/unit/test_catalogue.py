"""The shipped catalogue says what a park starts with, and a broken document is refused by the name of its field."""

from collections.abc import Callable
from copy import deepcopy
from math import log
from typing import Any

import pytest

from chalicelib.adapters.catalogue import InvalidDocument, parse, shipped, shipped_document
from chalicelib.domain.catalogue import ChainPolicy, ChainShare, Chattering, Grouping, TriggerKind, UnitRole
from chalicelib.domain.dimension import Dimension

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    document = deepcopy(shipped_document())
    change(document)
    return document


def wrong(document: dict[str, Any]) -> list[str]:
    """The fields that a document is refused for."""
    with pytest.raises(InvalidDocument) as refused:
        parse(document)
    return [".".join(map(str, path)) for path, _ in refused.value.wrong]


def put(*path: Any, to: Any) -> Change:
    def change(document: Any) -> None:
        *way, last = path
        for step in way:
            document = document[step]
        document[last] = to

    return change


def drop(*path: Any) -> Change:
    def change(document: Any) -> None:
        *way, last = path
        for step in way:
            document = document[step]
        del document[last]

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param(put("colour", to="green"), "colour", id="a field that there is not"),
        pytest.param(drop("version"), "version", id="no version"),
        pytest.param(put("version", to=""), "version", id="an empty version"),
        pytest.param(put("kappa", to=0), "kappa", id="a kappa of zero"),
        pytest.param(put("kappa", to=float("nan")), "kappa", id="a kappa that is no number"),
        pytest.param(put("baseline", "half_life_s", to=0), "baseline.half_life_s", id="a half-life of zero"),
        pytest.param(put("baseline", "minimum_readings", to=0), "baseline.minimum_readings", id="a baseline of no readings"),
        pytest.param(drop("indicators", "voc", "unit"), "indicators.voc.unit", id="an indicator without unit"),
        pytest.param(drop("indicators", "voc", "name", "en"), "indicators.voc.name", id="a name in one language only"),
        pytest.param(put("indicators", "voc", "name", "fr", to="COV"), "indicators.voc.name", id="a name in a third language"),
        pytest.param(put("indicators", "voc", "dimension", to="luck"), "indicators.voc.dimension", id="a fourth dimension"),
        pytest.param(put("indicators", "voc", "plausible", to=[5, 5]), "indicators.voc.plausible", id="a range without width"),
        pytest.param(put("indicators", "voc", "limit", to=0), "indicators.voc.limit", id="a limit of zero"),
        pytest.param(put("rules", 0, "safety", "indicator", to="heat"), "rules.0.safety.indicator", id="an unknown indicator"),
        pytest.param(put("rules", 0, "energy", "indicator", to="heat"), "rules.0.energy.indicator", id="an unknown energy indicator"),
        pytest.param(put("rules", 1, "industry", to="mining"), "rules.1.industry", id="an industry without weight"),
        pytest.param(put("rules", 1, "id", to="reactor-temperature-voc"), "rules.1.id", id="a rule id twice"),
        pytest.param(put("rules", 0, "response", "trigger", "kind", to="feels_bad"), "rules.0.response.trigger.kind", id="an unknown trigger"),
        pytest.param(drop("rules", 0, "safety", "trigger", "amount"), "rules.0.safety.trigger", id="a trigger without its amount"),
        pytest.param(put("rules", 0, "safety", "trigger", "amount", to=-2), "rules.0.safety.trigger.amount", id="a negative amount"),
        pytest.param(put("rules", 1, "response", "trigger", "amount", to=2), "rules.1.response.trigger", id="an amount for a limit"),
        pytest.param(put("rules", 0, "safety", "trigger", "ammount", to=2), "rules.0.safety.trigger.ammount", id="a misspelt field"),
        pytest.param(drop("rules", 0, "response"), "rules.0.response", id="a rule without response"),
        pytest.param(put("rules", 0, "window_s", to=0), "rules.0.window_s", id="a window of zero"),
        pytest.param(put("rules", 0, "on_delay", to=0), "rules.0.on_delay", id="an on-delay of zero"),
        pytest.param(put("rules", 0, "off_delay", to=1.5), "rules.0.off_delay", id="an off-delay of one and a half"),
        pytest.param(put("version", to="east / 2"), "version", id="a version that cannot stand in a path"),
        pytest.param(put("indicators", "voc", "standard", to="GB 0"), "indicators.voc.standard", id="a standard without title"),
        pytest.param(drop("indicators", "voc", "standard"), "indicators.voc.clause", id="a clause of no standard"),
        pytest.param(put("rules", 0, "standards", to=["GB 0"]), "rules.0.standards.0", id="a rule on a standard without title"),
        pytest.param(put("rules", 0, "unit_type", to="oven"), "rules.0.unit_type", id="an unknown unit type"),
        pytest.param(put("rules", 0, "industry", to="hydrogen"), "rules.0.industry", id="a unit type that the industry does not have"),
        pytest.param(put("rules", 0, "response", "indicator", to="so2"), "rules.0.response.indicator", id="an indicator of other unit types"),
        pytest.param(put("unit_types", "kiln", "industries", to=["green_building_materials", "mining"]), "unit_types.kiln.industries.1", id="a unit type in an industry without weight"),
        pytest.param(put("unit_types", "boiler", "energy", 2, to="heat"), "unit_types.boiler.energy.2", id="a unit type with an unknown indicator"),
        pytest.param(put("unit_types", "boiler", "energy", 1, to="nox"), "unit_types.boiler.energy.1", id="an indicator under another dimension"),
        pytest.param(put("unit_types", "boiler", "roles", "load", to="voc"), "unit_types.boiler.roles.load", id="a role of a foreign indicator"),
        pytest.param(put("unit_types", "boiler", "roles", to={"colour": "so2"}), "unit_types.boiler.roles.colour.[key]", id="an unknown role"),
        pytest.param(drop("unit_types", "boiler", "energy"), "unit_types.boiler.energy", id="a unit type without a dimension"),
        pytest.param(put("rules", 0, "minimum_hold_s", to=-1), "rules.0.minimum_hold_s", id="a negative hold"),
        pytest.param(put("rules", 0, "inhibited_by", to=["rain"]), "rules.0.inhibited_by", id="a parent that is no rule"),
        pytest.param(put("rules", 0, "inhibited_by", to=["reactor-temperature-voc"]), "rules.0.inhibited_by", id="a rule that inhibits itself"),
        pytest.param(put("grouping", "wait_s", to=-1), "grouping.wait_s", id="a negative wait"),
        pytest.param(put("grouping", "flood_count", to=0), "grouping.flood_count", id="a flood of none"),
        pytest.param(put("chattering", "count", to=1), "chattering.count", id="chattering of one"),
        pytest.param(put("stale_after_s", to=0), "stale_after_s", id="stale at once"),
        pytest.param(put("sampling", "industries", to={"mining": [[0, 9]]}), "sampling.industries.mining", id="intervals of an industry without weight"),
        pytest.param(put("sampling", "industries", to={"hydrogen": []}), "sampling.industries.hydrogen", id="an industry without interval for base risk 0"),
        pytest.param(put("rules", 0, "hysteresis", to=1), "rules.0.hysteresis", id="a hysteresis that never clears"),
        pytest.param(drop("rules", 0, "environment_requirement", "zh-CN"), "rules.0.environment_requirement", id="no Chinese requirement"),
        pytest.param(put("industry_weights", "hydrogen", to=1.5), "industry_weights.hydrogen", id="a weight above 1"),
        pytest.param(drop("warning_thresholds", "hydrogen"), "warning_thresholds", id="an industry without warning threshold"),
        pytest.param(put("warning_thresholds", "hydrogen", to=101), "warning_thresholds.hydrogen", id="a threshold above 100"),
        pytest.param(drop("size_factors", "small"), "size_factors", id="a size without factor"),
        pytest.param(drop("sampling", "tier_s", 3), "sampling.tier_s", id="a tier without sampling interval"),
        pytest.param(put("sampling", "tier_s", 3, to=0), "sampling.tier_s.3", id="a sampling interval of zero"),
        pytest.param(put("sampling", "base_risk_s", to=[[0.3, 900]]), "sampling.base_risk_s", id="no interval for base risk 0"),
        pytest.param(put("sampling", "base_risk_s", to=[[0.3, 9], [0.45, 9], [0, 9]]), "sampling.base_risk_s", id="base risks that do not fall"),
        pytest.param(drop("deadlines", 1), "deadlines", id="a tier without deadline"),
        pytest.param(put("deadlines", 4, to={"finish_s": 5}), "deadlines", id="a fourth tier"),
        pytest.param(put("deadlines", 2, "finish_s", to=0), "deadlines.2.finish_s", id="a deadline of zero"),
        pytest.param(drop("score", "late", 2), "score.late", id="a tier without points for being late"),
        pytest.param(put("score", "chain", "share_of", to=1.5), "score.chain.share_of", id="partners that share more than all"),
        pytest.param(put("score", "chain", "most", to=-1), "score.chain.most", id="a negative bound on what partners share"),
        pytest.param(put("score", "chain", "mark", to=101), "score.chain.mark", id="a mark that nobody reaches"),
        pytest.param(put("chain", "hysteresis", to=1), "chain.hysteresis", id="an alert that never ends"),
        pytest.param(put("chain", "off_delay", to=0), "chain.off_delay", id="an end without a reading"),
        pytest.param(put("chain", "hourly_prices", to={"voc": 0}), "chain.hourly_prices.voc", id="a price of nothing"),
        pytest.param(put("chain", "hourly_prices", to={"gold": 1}), "chain.hourly_prices.gold", id="a price of an unknown indicator"),
        pytest.param(put("chain", "currency", to="yuan"), "chain.currency", id="a currency that has no code"),
    ],
)  # fmt: skip
def test_a_broken_document_is_refused_by_the_name_of_its_field(change: Change, field: str) -> None:
    assert wrong(changed(change)) == [field]


def test_every_wrong_field_is_named_at_once() -> None:
    document = changed(put("kappa", to=-1))
    put("deadlines", 2, "finish_s", to=0)(document)
    put("rules", 1, "safety", "indicator", to="heat")(document)
    put("rules", 3, "unit_type", to="oven")(document)
    assert wrong(document) == [
        "kappa",
        "deadlines.2.finish_s",
        "rules.1.safety.indicator",
        "rules.3.unit_type",
    ]


def test_the_shipped_catalogue_has_the_design_s_defaults() -> None:
    known = shipped()
    assert known.kappa == pytest.approx(-log(0.8), abs=1e-15)
    assert (known.baseline_half_life_ms, known.baseline_minimum) == (86_400_000, 30)
    assert known.industry_weights == {
        "circular_chemical": 0.50,
        "hydrogen": 0.50,
        "carbon_capture": 0.40,
        "green_building_materials": 0.35,
        "water_treatment": 0.30,
        "park": 0.30,
        "energy_saving": 0.25,
    }
    assert known.size_factors == {"large": 1.2, "medium": 1.0, "small": 0.85}
    assert set(known.warning_thresholds.values()) == {35}
    assert {t: (d.finish_ms, d.acknowledge_ms) for t, d in known.deadlines.items()} == {
        1: (86_400_000, None),
        2: (28_800_000, 1_800_000),
        3: (7_200_000, 600_000),
    }


@pytest.mark.parametrize("rule", shipped().rules, ids=[rule.id for rule in shipped().rules])
def test_a_shipped_rule_has_the_design_s_delays_window_and_hysteresis(rule: Any) -> None:
    assert (rule.window_ms, rule.on_delay, rule.off_delay, rule.hysteresis) == (600_000, 2, 2, 0.1)


def test_the_chemical_rule_is_2_degrees_and_30_percent() -> None:
    (rule,) = (one for one in shipped().rules if one.id == "reactor-temperature-voc")
    assert (rule.safety.trigger.kind, rule.safety.trigger.amount) == (TriggerKind.ABOVE_THRESHOLD_BY, 2.0)
    assert (rule.response.trigger.kind, rule.response.trigger.amount) == (TriggerKind.RELATIVE_RISE, 0.3)


@pytest.mark.parametrize(
    ("base_risk", "tier", "interval_s"),
    [
        pytest.param(0.6, 3, 30, id="an open tier 3"),
        pytest.param(0.0, 2, 60, id="an open tier 2, whatever the base risk"),
        pytest.param(0.0, 1, 300, id="an open tier 1"),
        pytest.param(0.45, None, 300, id="base risk from 0.45"),
        pytest.param(0.4499, None, 900, id="base risk below 0.45"),
        pytest.param(0.3, None, 900, id="base risk from 0.3"),
        pytest.param(0.2999, None, 3600, id="base risk below 0.3"),
    ],
)
def test_the_sampling_interval_of_a_unit(base_risk: float, tier: int | None, interval_s: int) -> None:
    assert shipped().sampling_interval_s(base_risk, tier) == interval_s


def test_alarm_habits_are_data_and_have_the_issue_s_defaults() -> None:
    known = shipped()
    assert known.grouping == Grouping(wait_ms=10_000, flood_count=10, flood_window_ms=600_000)
    assert (known.chattering, known.stale_after_ms) == (Chattering(count=3, window_ms=3_600_000), 86_400_000)
    bare = shipped_document()
    for name in ("grouping", "chattering", "stale_after_s"):
        del bare[name]
    assert parse(bare) == known, "a document from before they were data means the defaults"


def test_what_goes_for_chains_is_data_and_has_its_defaults() -> None:
    known = shipped()
    assert known.chain == ChainPolicy(hysteresis=0.1, off_delay=2, hold_ms=1_800_000, hourly_prices={}, currency="CNY")
    assert known.score.chain == ChainShare(share_of=0.1, mark=90.0, most=3.0)
    bare = shipped_document()
    del bare["chain"], bare["score"]["chain"]
    assert parse(bare) == known, "a document from before they were data means the defaults"


def test_a_rule_has_its_hold_and_its_parents() -> None:
    assert {rule.minimum_hold_ms for rule in shipped().rules} == {60_000}
    document = changed(put("rules", 1, "inhibited_by", to=["reactor-temperature-voc"]))
    put("rules", 1, "minimum_hold_s", to=0)(document)
    rule = parse(document).rules[1]
    assert (rule.minimum_hold_ms, rule.inhibited_by) == (0, ("reactor-temperature-voc",))


# design.md, section 6: industry, unit, safety, response, energy of each rule
ROWS = {
    ("circular_chemical", "reactor", "reactor_temperature", "voc", "steam_flow"),
    ("circular_chemical", "reactor", "reactor_pressure", "cod", "steam_flow"),
    (None, "boiler", "boiler_pressure", "so2", "fuel_flow"),
    ("circular_chemical", "exhaust_treatment", "oxidizer_temperature", "voc", "power"),
    ("circular_chemical", "exhaust_treatment", "device_fault", "voc", "power"),
    ("green_building_materials", "kiln", "kiln_pressure", "dust", "fuel_flow"),
    ("green_building_materials", "kiln", "kiln_pressure", "noise", "fuel_flow"),
    ("energy_saving", "rotating_equipment", "vibration", "energy_efficiency", None),
    ("carbon_capture", "absorber", "absorber_pressure", "co2_capture_rate", "power"),
    ("hydrogen", "storage_tank", "tank_temperature", "hydrogen_concentration", None),
    ("water_treatment", "treatment_line", "vibration", "effluent_cod", "power"),
    ("water_treatment", "treatment_line", "vibration", "effluent_ammonia", "power"),
    ("water_treatment", "treatment_line", "well_hydrogen_sulphide", "effluent_cod", "power"),
    ("water_treatment", "treatment_line", "well_hydrogen_sulphide", "effluent_ammonia", "power"),
    ("park", "public_station", "combustible_gas", "air_quality_index", None),
    ("park", "public_station", "combustible_gas", "ambient_noise", None),
    ("park", "public_station", "combustible_gas", "sewer_cod", None),
}


def test_the_shipped_rules_are_the_design_s_rows() -> None:
    assert {
        (r.industry, r.unit_type, r.safety.indicator, r.response.indicator, r.energy.indicator if r.energy else None)
        for r in shipped().rules
    } == ROWS


@pytest.mark.parametrize("rule", shipped().rules, ids=[rule.id for rule in shipped().rules])
def test_a_shipped_rule_says_which_standards_its_remedies_stand_on(rule: Any) -> None:
    assert rule.standards
    said = " ".join((*rule.safety_standard.values(), *rule.environment_requirement.values()))
    assert any(standard.rpartition("-")[0] in said or standard in said for standard in rule.standards)


def test_every_shipped_limit_of_a_substance_says_where_it_stands() -> None:
    limited = [one for one in shipped().indicators.values() if one.limit is not None]
    assert {one.id for one in limited if one.standard is None} == {"device_fault"}, "one means a fault: no law says so"
    assert all(one.clause for one in limited if one.standard)


def test_a_unit_type_ties_its_indicators_together_by_dimension_and_role() -> None:
    line = shipped().unit_types["treatment_line"]
    assert line.tags[Dimension.SAFETY] == ("vibration", "device_fault", "well_hydrogen_sulphide")
    assert line.roles == {UnitRole.TREATMENT_POWER: "power", UnitRole.LOAD: "wastewater_flow"}
    assert line.occurs_in("water_treatment") and not line.occurs_in("hydrogen")
    assert shipped().unit_types["boiler"].occurs_in("hydrogen")


def test_every_shipped_indicator_belongs_to_a_unit_type() -> None:
    assert {name for one in shipped().unit_types.values() for name in one.indicators} == set(shipped().indicators)


def test_an_industry_and_a_unit_type_that_a_version_does_not_know_are_judged_with_caution() -> None:
    known = shipped()
    assert (known.industry_weight("mining"), known.warning_threshold("mining")) == (0.5, 35)
    assert set(known.indicators_of("oven")) == set(known.indicators)
    assert known.indicators_of("public_station") == (
        "combustible_gas",
        "air_quality_index",
        "ambient_pm25",
        "ambient_noise",
        "sewer_cod",
    )


def test_rules_cannot_inhibit_each_other_in_a_ring() -> None:
    document = changed(put("rules", 0, "inhibited_by", to=[shipped().rules[1].id]))
    put("rules", 1, "inhibited_by", to=[shipped().rules[0].id])(document)
    assert wrong(document) == ["rules.0.inhibited_by"]


def test_an_industry_may_have_intervals_of_its_own() -> None:
    known = parse(changed(put("sampling", "industries", to={"hydrogen": [[0.5, 20], [0, 40]]})))
    assert [known.sampling_interval_s(risk, None, "hydrogen") for risk in (0.6, 0.5, 0.4)] == [20, 20, 40]
    assert known.sampling_interval_s(0.6, None, "carbon_capture") == 300
    assert known.sampling_interval_s(0.6, 3, "hydrogen") == 30, "an open warning's tier says how often"


def test_a_document_read_back_from_json_is_the_same_catalogue() -> None:
    import json

    assert parse(json.loads(json.dumps(shipped_document()))) == shipped()
