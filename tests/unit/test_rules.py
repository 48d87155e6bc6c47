"""Each rule that the catalogue ships, from readings to tier 1, 2 and 3, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.adapters.catalogue import shipped
from tests.plant import Plant, changes


@dataclass(frozen=True)
class Case:
    """`values` by tier: the least that reaches it; 0 is calm."""

    rule: str
    unit_type: str
    points: Mapping[str, Mapping[str, Any]]
    values: Mapping[int, Mapping[str, float]]
    just_short: tuple[Mapping[str, float], ...]
    industry: str = "circular_chemical"
    dimensions: tuple[str, ...] = field(default=("safety", "environment"))


KILN = {"pressure": {"indicator": "kiln_pressure", "band_low": -60.0, "band_high": -20.0}}
BOILER = {
    "pressure": {"indicator": "boiler_pressure", "threshold": 1.25},
    "so2": {"indicator": "so2", "nominal": 100.0},
    "fuel": {"indicator": "fuel_flow", "nominal": 800.0},
}
BOILER_VALUES = {
    0: {"pressure": 1.1, "so2": 95.0, "fuel": 800.0},
    1: {"pressure": 1.30, "so2": 130.0, "fuel": 800.0},
    2: {"pressure": 1.35, "so2": 160.0, "fuel": 800.0},
    3: {"pressure": 1.45, "so2": 220.0, "fuel": 880.0},
}
CASES = [
    Case(
        "reactor-temperature-voc",
        "reactor",
        {
            "temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
            "voc": {"indicator": "voc", "nominal": 30.0},
            "steam": {"indicator": "steam_flow", "nominal": 100.0},
        },
        {
            0: {"temperature": 170.0, "voc": 30.0, "steam": 100.0},
            1: {"temperature": 182.0, "voc": 39.0, "steam": 100.0},
            2: {"temperature": 184.0, "voc": 48.0, "steam": 100.0},
            3: {"temperature": 188.0, "voc": 60.0, "steam": 112.0},
        },
        ({"temperature": 181.99, "voc": 90.0}, {"temperature": 220.0, "voc": 38.97}),
    ),
    Case(
        "reactor-pressure-cod",
        "reactor",
        {
            "pressure": {"indicator": "reactor_pressure", "threshold": 500.0},
            "cod": {"indicator": "cod"},
            "steam": {"indicator": "steam_flow", "nominal": 100.0},
        },
        {
            0: {"pressure": 420.0, "cod": 30.0, "steam": 100.0},
            1: {"pressure": 550.0, "cod": 60.0, "steam": 100.0},
            2: {"pressure": 600.0, "cod": 90.0, "steam": 100.0},
            3: {"pressure": 750.0, "cod": 180.0, "steam": 110.0},
        },
        ({"pressure": 549.9, "cod": 500.0}, {"pressure": 900.0, "cod": 59.9}),
    ),
    Case(
        "boiler-pressure-so2",
        "boiler",
        BOILER,
        BOILER_VALUES,
        ({"pressure": 1.299, "so2": 400.0}, {"pressure": 2.0, "so2": 129.9}),
    ),
    Case(
        "boiler-pressure-so2",
        "boiler",
        BOILER,
        BOILER_VALUES,
        ({"pressure": 1.2, "so2": 90.0},),
        industry="water_treatment",
    ),
    Case(
        "kiln-pressure-dust",
        "kiln",
        {**KILN, "dust": {"indicator": "dust"}, "fuel": {"indicator": "fuel_flow", "nominal": 800.0}},
        {
            0: {"pressure": -40.0, "dust": 8.0, "fuel": 800.0},
            1: {"pressure": -19.9, "dust": 20.0, "fuel": 800.0},
            2: {"pressure": 0.0, "dust": 40.0, "fuel": 800.0},
            3: {"pressure": 60.0, "dust": 80.0, "fuel": 800.0},
        },
        ({"pressure": -20.0, "dust": 200.0}, {"pressure": 100.0, "dust": 19.9}),
        industry="green_building_materials",
    ),
    Case(
        "kiln-pressure-noise",
        "kiln",
        {**KILN, "noise": {"indicator": "noise"}, "fuel": {"indicator": "fuel_flow", "nominal": 800.0}},
        {
            0: {"pressure": -40.0, "noise": 55.0, "fuel": 800.0},
            1: {"pressure": -61.0, "noise": 65.0, "fuel": 800.0},
            2: {"pressure": -110.0, "noise": 71.5, "fuel": 800.0},
            3: {"pressure": -300.0, "noise": 95.0, "fuel": 880.0},
        },
        ({"pressure": -60.0, "noise": 120.0}, {"pressure": 100.0, "noise": 64.9}),
        industry="green_building_materials",
    ),
    Case(
        "vibration-efficiency",
        "rotating_equipment",
        {
            "vibration": {"indicator": "vibration", "band_low": 0.0, "band_high": 4.5},
            "efficiency": {"indicator": "energy_efficiency", "nominal": 80.0},
        },
        {
            0: {"vibration": 2.0, "efficiency": 80.0},
            1: {"vibration": 4.6, "efficiency": 68.0},
            2: {"vibration": 6.8, "efficiency": 56.0},
            3: {"vibration": 13.5, "efficiency": 20.0},
        },
        ({"vibration": 4.5, "efficiency": 10.0}, {"vibration": 20.0, "efficiency": 68.1}),
        industry="energy_saving",
        dimensions=("safety", "energy"),
    ),
]
IDS = [f"{case.rule} in {case.industry}" for case in CASES]


def plant_of(case: Case) -> Plant:
    return Plant(case.points, unit_type=case.unit_type, industry=case.industry)


def test_every_shipped_rule_has_a_scenario() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in shipped().rules}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_just_short_of_a_trigger_nothing_happens(case: Case) -> None:
    for values in case.just_short:
        assert plant_of(case).stays(0, 5, **{**case.values[0], **values}) == []


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_rule_of_another_industry_or_unit_does_not_judge(case: Case) -> None:
    elsewhere = Plant(case.points, unit_type="tank", industry=case.industry)
    assert elsewhere.stays(0, 5, **case.values[3]) == []


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_readings_open_a_warning_of_their_tier(case: Case, tier: int) -> None:
    plant = plant_of(case)
    assert plant.stays(0, 5, **case.values[0]) == []
    (opened,) = plant.stays(300, 2, **case.values[tier])
    assert (opened.rule_id, opened.tier) == (case.rule, tier)
    assert opened.why is not None
    assert tuple(term.dimension.value for term in opened.why.terms[:2]) == case.dimensions


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_rule_goes_through_all_tiers_and_back(case: Case) -> None:
    plant = plant_of(case)
    plant.stays(0, 2, **case.values[1])
    plant.reads(120, **case.values[2])
    plant.reads(180, **case.values[3])
    plant.stays(240, 2, **case.values[0])
    assert changes(plant.decisions) == ["opened 1", "escalated 2", "escalated 3", "cleared 3"]
    assert len({decision.warning_id for decision in plant.decisions}) == 1
