"""Drills: what a scenario says becomes readings in which the ordinary fold finds just that, for every rule that ships."""

import pytest

from chalicelib.adapters.catalogue import shipped
from chalicelib.adapters.drill_repo import shipped_scenarios
from chalicelib.domain.drill import Act, Drill, DrillAction, DrillState, Scenario, Target, moved
from chalicelib.domain.drill_data import due_now, readings_of, rule_of
from chalicelib.domain.errors import IllegalTransition
from chalicelib.domain.evaluation import evaluate
from chalicelib.domain.plan import Plan
from chalicelib.domain.reading import Series
from chalicelib.domain.state import EnterpriseState, PointState
from tests.plant import Plant
from tests.rule_cases import CASES, IDS, Case

# A fault is there or not, and no gauge shows five times the noise limit: their readings go as far as they can be true.
LESS = {"exhaust-fault-voc": {2: 1, 3: 2}, "station-leak-noise": {3: 2}}
NOW_MS = 1_772_416_800_000


def act(deviation: float, after_min: int = 0, for_min: int = 30, name: str = "onset", *rules: str) -> Act:
    return Act(name, {"safety": deviation, "response": deviation, "energy": 0.5}, after_min, for_min, rules)


def drill_at(unit_id: str, *acts: Act) -> Drill:
    scenario = Scenario("s", {"zh-CN": "x", "en": "x"}, {"zh-CN": "x", "en": "x"}, acts)
    targets = (Target("acme", unit_id),)
    return Drill("d", "x", scenario, targets, ("p",), NOW_MS, 60, "c", NOW_MS, DrillState.RUNNING, NOW_MS)


def played(plan: Plan, drill: Drill, at_min: int, state: EnterpriseState) -> list[tuple[Series, ...] | None]:
    (unit_id,) = (one.unit_id for one in drill.targets)
    bound = rule_of(unit_id, drill.scenario.acts, plan)
    assert bound is not None
    at_ms = NOW_MS + at_min * 60_000
    return [readings_of(one, bound, plan, state, at_ms) for one in due_now(drill, {unit_id: bound}, at_ms)]


def plan_of(case: Case) -> Plan:
    return Plant(case.points, unit_type=case.unit_type, industry=case.industry).plan


@pytest.mark.parametrize(("deviation", "tier"), [(1.2, 1), (2.0, 2), (5.0, 3)])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_test_data_open_the_warning_that_the_scenario_asks_for_and_clear_it(
    case: Case, deviation: float, tier: int
) -> None:
    plan = plan_of(case)
    drill = drill_at(plan.profile.units[0].id, act(deviation, 0, 30, "onset", case.rule))
    (onset,) = played(plan, drill, 0, EnterpriseState())
    assert onset is not None
    found = evaluate(EnterpriseState(), plan, onset)
    own = [one for one in found.decisions if one.rule_id == case.rule]
    most = LESS.get(case.rule, {}).get(tier, tier)
    assert [(one.change.value, one.tier) for one in own] == [("opened", most)]
    assert own[0].at_ms <= NOW_MS
    *_, calm = played(plan, drill, 30, EnterpriseState())
    assert calm is not None
    after = evaluate(found.state, plan, calm)
    assert [one.change.value for one in after.decisions if one.rule_id == case.rule] == ["cleared"]


def test_test_data_begin_at_what_the_unit_has_really_learnt() -> None:
    plan = plan_of(CASES[0])
    drill = drill_at(plan.profile.units[0].id, act(2.0))
    (voc,) = (one.id for one in plan.profile.points if one.indicator == "voc")
    learnt = EnterpriseState({voc: PointState(1, True, 60.0, 60.0, 1.0, 30.0, 40)})
    (series,) = played(plan, drill, 0, learnt)
    assert series is not None
    values = next(one.values for one in series if one.point_id == voc)
    assert (values[0], values[-1]) == (60.0, 96.0)  # twice the trigger of 30 %


def test_an_act_that_another_goes_on_from_does_not_end() -> None:
    plan = plan_of(CASES[0])
    drill = drill_at(plan.profile.units[0].id, act(2.0, 0, 40), act(5.0, 10, 30, "worse"))
    bound = rule_of(drill.targets[0].unit_id, drill.scenario.acts, plan)
    assert bound is not None
    due = due_now(drill, {drill.targets[0].unit_id: bound}, NOW_MS + 40 * 60_000)
    assert [(one.act.id, one.deviates) for one in due] == [("onset", True), ("worse", True), ("worse", False)]


def test_a_unit_without_a_threshold_cannot_be_drilled() -> None:
    points = {name: {k: v for k, v in one.items() if k != "threshold"} for name, one in CASES[0].points.items()}
    plan = Plant(points, unit_type=CASES[0].unit_type, industry=CASES[0].industry).plan
    assert played(plan, drill_at(plan.profile.units[0].id, act(2.0)), 0, EnterpriseState()) == [None]


def test_every_shipped_scenario_names_rules_that_there_are() -> None:
    rules = {rule.id for rule in shipped().rules}
    for scenario in shipped_scenarios():
        assert {rule for one in scenario.acts for rule in one.rules} <= rules
        assert scenario.title.keys() == scenario.text.keys() == {"zh-CN", "en"} and scenario.lasts_min <= 60


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (DrillState.PLANNED, DrillAction.END),
        (DrillState.ENDED, DrillAction.START),
        (DrillState.ENDED, DrillAction.CANCEL),
        (DrillState.CANCELLED, DrillAction.START),
        (DrillState.CANCELLED, DrillAction.END),
    ],
)
def test_nothing_comes_back_from_an_end(state: DrillState, action: DrillAction) -> None:
    drill = drill_at("u", act(2.0))
    object.__setattr__(drill, "state", state)
    with pytest.raises(IllegalTransition):
        moved(drill, action, NOW_MS)
