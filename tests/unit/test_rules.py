"""Each rule that the catalogue ships, from readings to tier 1, 2 and 3, and back."""

import pytest

from chalicelib.adapters.catalogue import shipped
from tests.plant import Plant, changes
from tests.rule_cases import CASES, IDS, Case


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
