"""docs/coupling.md, when a rule fires, escalates and clears: refusals first."""

from dataclasses import replace
from math import inf, nan

import pytest

from chalicelib.domain.evaluation import Change
from chalicelib.domain.reading import Quality
from chalicelib.domain.state import Phase
from tests.plant import MINUTE_S, NOMINAL, START_MS, Plant, above, catalogue_with, changes, columns, shipped

HOT = {"temperature": 182.0, "voc": 39.0}
CALM = {"temperature": 175.0, "voc": 30.0}
FLAGGED = [quality for quality in Quality if quality is not Quality.NORMAL]


# what does not fire


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"temperature": 181.99, "voc": 90.0}, id="1.99 degC over, whatever the VOC"),
        pytest.param({"temperature": 220.0, "voc": 38.97}, id="VOC up by 29.9 %, whatever the temperature"),
        pytest.param({"temperature": 220.0, "voc": 30.0}, id="temperature alone"),
        pytest.param({"temperature": 170.0, "voc": 300.0}, id="VOC alone"),
        pytest.param({"temperature": 170.0, "voc": 30.0, "steam": 900.0}, id="energy alone"),
        pytest.param({"temperature": 220.0}, id="temperature without any VOC"),
        pytest.param({"voc": 300.0}, id="VOC without any temperature"),
    ],
)
def test_no_warning_by(values: dict[str, float]) -> None:
    plant = Plant()
    assert plant.stays(0, 10, **values) == []
    assert plant.rule().phase is Phase.IDLE


def test_one_evaluation_past_both_triggers_is_not_enough() -> None:
    plant = Plant()
    assert plant.reads(0, **HOT) == []
    assert plant.rule().hits == 1


def test_hits_that_are_not_consecutive_do_not_add_up() -> None:
    plant = Plant()
    for minute in range(0, 20, 2):
        assert plant.reads(minute * MINUTE_S, **HOT) == []
        assert plant.reads((minute + 1) * MINUTE_S, **CALM) == []


def test_a_catalogue_may_ask_for_a_longer_on_delay() -> None:
    plant = Plant(catalogue=catalogue_with(on_delay=4))
    assert plant.stays(0, 3, **HOT) == []
    assert changes(plant.reads(3 * MINUTE_S, **HOT)) == ["opened 1"]


@pytest.mark.parametrize("flag", FLAGGED, ids=[quality.name.lower() for quality in FLAGGED])
@pytest.mark.parametrize("leg", ["temperature", "voc"])
def test_a_reading_marked_invalid_never_fires(leg: str, flag: Quality) -> None:
    plant = Plant()
    values = {**HOT, leg: (HOT[leg] * 2, flag.value)}
    assert plant.stays(0, 6, **values) == []
    assert plant.rule().uncertain


@pytest.mark.parametrize("value", [nan, -51.0, 600.1, 1e300, inf], ids=str)
def test_a_value_that_cannot_be_true_never_fires(value: float) -> None:
    plant = Plant()
    assert plant.stays(0, 6, temperature=value, voc=60.0) == []
    assert plant.rule().uncertain


def test_an_invalid_reading_in_between_starts_the_on_delay_anew() -> None:
    plant = Plant()
    assert plant.reads(0, **HOT) == []
    assert plant.reads(60, temperature=(183.0, "D"), voc=39.0) == []
    assert plant.reads(120, **HOT) == []
    assert changes(plant.reads(180, **HOT)) == ["opened 1"]


def test_an_invalid_reading_makes_a_calm_rule_uncertain_until_the_next_good_one() -> None:
    plant = Plant()
    plant.reads(0, temperature=175.0, voc=(30.0, "C"))
    assert plant.rule().uncertain
    plant.reads(60, **CALM)
    assert not plant.rule().uncertain and not plant.state.rules


def test_legs_further_apart_than_the_association_window_never_fire() -> None:
    plant = Plant()
    plant.reads(0, temperature=190.0)
    for n in range(5):
        assert plant.reads(600.001 + n * 60, voc=60.0) == []


def test_legs_within_the_association_window_fire() -> None:
    plant = Plant()
    plant.reads(0, temperature=190.0)
    assert plant.reads(540, voc=60.0) == []
    assert changes(plant.reads(600, voc=60.0)) == ["opened 2"]


def test_the_association_window_is_the_rule_s_own() -> None:
    plant = Plant(catalogue=catalogue_with(window_ms=30_000))
    plant.reads(0, temperature=190.0)
    assert plant.reads(31, voc=60.0) == []
    assert plant.reads(45, voc=60.0) == []


def test_the_window_is_event_time_so_that_silence_alone_changes_nothing() -> None:
    live, late = Plant(), Plant()
    for plant, start_s in ((live, 0.0), (late, -86_400.0)):
        assert changes(plant.stays(start_s, 2, **HOT)) == ["opened 1"]


def test_a_point_without_a_threshold_never_fires() -> None:
    plant = Plant({**NOMINAL, "temperature": {"indicator": "reactor_temperature"}})
    assert plant.stays(0, 5, temperature=500.0, voc=300.0) == []
    assert plant.rule().uncertain


def test_a_relative_trigger_without_nominal_value_waits_for_thirty_readings() -> None:
    plant = Plant({**NOMINAL, "voc": {"indicator": "voc"}})
    assert plant.stays(0, 5, temperature=200.0, voc=300.0) == []
    plant.stays(300, 30, **CALM)
    assert changes(plant.stays(3000, 2, temperature=200.0, voc=300.0)) == ["opened 3"]


def test_a_unit_without_a_point_for_a_leg_has_no_such_rule() -> None:
    plant = Plant({"temperature": NOMINAL["temperature"]})
    assert plant.plan.rules == ()
    assert plant.stays(0, 3, temperature=500.0) == []


def test_units_that_no_rule_asks_for_are_not_remembered() -> None:
    plant = Plant({**NOMINAL, "n1/noise": {"indicator": "noise"}})
    plant.reads(0, **{"n1/noise": 120.0}, **CALM)
    assert set(plant.state.points) == {"temperature", "voc"}


def test_readings_of_another_unit_do_not_couple() -> None:
    plant = Plant(
        {
            "r1/temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
            "r1/voc": {"indicator": "voc", "nominal": 30.0},
            "r2/temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
            "r2/voc": {"indicator": "voc", "nominal": 30.0},
        }
    )
    crossed = {"r1/temperature": 190.0, "r1/voc": 30.0, "r2/temperature": 170.0, "r2/voc": 60.0}
    assert plant.stays(0, 5, **crossed) == []


# what fires


def test_exactly_2_degrees_and_30_percent_fire_at_the_second_evaluation() -> None:
    plant = Plant()
    assert plant.reads(0, **HOT) == []
    (decision,) = plant.reads(60, **HOT)
    assert (decision.change, decision.tier) == (Change.OPENED, 1)
    assert decision.onset_ms == START_MS
    assert decision.at_ms == START_MS + 60_000
    assert decision.why is not None
    assert decision.why.coefficient == pytest.approx(0.2, abs=1e-9)
    assert decision.why.composite_score == pytest.approx(60.0)


def test_an_on_delay_of_one_fires_at_once() -> None:
    plant = Plant(catalogue=catalogue_with(on_delay=1))
    assert changes(plant.reads(0, **HOT)) == ["opened 1"]


def test_a_warning_that_stays_open_says_so_once() -> None:
    plant = Plant()
    plant.stays(0, 60, **HOT)
    assert changes(plant.decisions) == ["opened 1"]


def test_the_same_coupled_risk_has_the_same_id_in_every_replay() -> None:
    first, second = Plant(), Plant()
    first.stays(0, 2, **HOT)
    second.stays(0, 2, **HOT)
    assert first.decisions[0].warning_id == second.decisions[0].warning_id


def test_another_onset_is_another_warning() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    plant.stays(120, 2, **CALM)
    plant.stays(240, 2, **HOT)
    assert changes(plant.decisions) == ["opened 1", "cleared 1", "opened 1"]
    assert plant.decisions[0].warning_id == plant.decisions[1].warning_id != plant.decisions[2].warning_id


@pytest.mark.parametrize(
    ("steam", "magnitude"),
    [
        pytest.param(100.0, 1.0, id="no rise adds nothing"),
        pytest.param(110.0, 1.25, id="energy at its trigger adds a quarter"),
        pytest.param(120.0, 1.5, id="energy at twice its trigger adds half"),
        pytest.param(300.0, 1.5, id="energy beyond that adds no more"),
        pytest.param((300.0, "D"), 1.0, id="an invalid energy reading adds nothing"),
    ],
)
def test_energy_weighs(steam: float, magnitude: float) -> None:
    plant = Plant()
    (decision,) = plant.stays(0, 2, steam=steam, **HOT)
    assert decision.why is not None
    assert decision.why.magnitude == pytest.approx(magnitude)


def test_energy_from_outside_the_window_weighs_nothing() -> None:
    plant = Plant()
    plant.reads(0, steam=300.0)
    (decision,) = plant.stays(601, 2, **HOT)
    assert decision.why is not None
    assert decision.why.magnitude == pytest.approx(1.0)
    assert [term.role for term in decision.why.terms] == ["safety", "response"]


def test_a_point_s_own_limit_goes_before_the_indicator_s() -> None:
    points = {
        "pressure": {"indicator": "reactor_pressure", "threshold": 500.0},
        "cod": {"indicator": "cod", "limit": 100.0},
    }
    plant = Plant(points)
    assert plant.stays(0, 3, pressure=550.0, cod=90.0) == []
    assert changes(plant.stays(180, 2, pressure=550.0, cod=100.0)) == ["opened 1"]


# several points, several stamps


SEVERAL = {
    "t1": {"indicator": "reactor_temperature", "threshold": 180.0},
    "t2": {"indicator": "reactor_temperature", "threshold": 190.0},
    "voc": {"indicator": "voc", "nominal": 30.0},
}


def test_of_several_points_of_one_indicator_the_worst_speaks() -> None:
    plant = Plant(SEVERAL)
    (decision,) = plant.stays(0, 2, t1=183.0, t2=198.0, voc=60.0)
    assert decision.why is not None
    term = decision.why.terms[0]
    assert (term.point_id, term.value, term.reference, term.deviation) == ("t2", 198.0, 190.0, pytest.approx(4.0))


def test_a_faulty_point_does_not_silence_the_one_that_exceeds() -> None:
    plant = Plant(SEVERAL)
    assert changes(plant.stays(0, 2, t1=184.0, t2=(0.0, "D"), voc=39.0)) == ["opened 1"]


def test_a_faulty_point_keeps_the_rule_from_clearing() -> None:
    plant = Plant(SEVERAL)
    plant.stays(0, 2, t1=184.0, t2=170.0, voc=39.0)
    assert plant.stays(120, 10, t1=170.0, t2=(170.0, "D"), voc=30.0) == []
    assert plant.rule().phase is Phase.OPEN and plant.rule().uncertain


def test_points_read_a_moment_apart_in_one_poll_are_one_evaluation() -> None:
    plant = Plant(SEVERAL)
    poll = ({"t1": 183.0}, {"voc": 60.0}, {"t2": 198.0}, {"t1": 183.5})
    for offset_s, values in zip((0.0, 0.012, 0.031), poll, strict=False):
        assert plant.reads(offset_s, **values) == []
    assert plant.rule().hits == 1
    assert plant.reads(60.0, t1=183.0) == [], "the VOC of this poll is not there yet"
    assert changes(plant.reads(60.012, voc=60.0)) == ["opened 2"]


def test_a_leg_that_is_back_a_moment_later_in_the_second_poll_does_not_fire() -> None:
    plant = Plant()
    plant.reads(0.0, temperature=185.0)
    plant.reads(0.01, voc=45.0)
    assert plant.reads(60.0, temperature=185.0) == []
    assert plant.reads(60.01, voc=30.0) == []
    assert plant.rule().phase is Phase.IDLE


def test_a_slow_analyser_beside_a_fast_sensor_fires_by_the_fast_one() -> None:
    plant = Plant()
    plant.reads(0, **HOT)
    assert changes(plant.reads(30, temperature=182.0)) == ["opened 1"]


def test_energy_readings_do_not_count_as_evaluations() -> None:
    plant = Plant()
    plant.reads(0, steam=100.0, **HOT)
    assert plant.stays(10, 5, step_s=10, steam=100.0) == []


# escalation


def test_a_warning_escalates_at_once_and_only_upwards() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert changes(plant.reads(120, temperature=184.0, voc=48.0)) == ["escalated 2"]
    assert changes(plant.reads(180, temperature=192.0, voc=75.0)) == ["escalated 3"]
    assert plant.reads(240, temperature=184.0, voc=48.0) == []
    assert plant.reads(300, **HOT) == []
    assert plant.rule().tier == 3
    assert plant.state.tier_of("r1") == 3


def test_a_warning_may_open_at_any_tier_and_skip_one() -> None:
    plant = Plant()
    assert changes(plant.stays(0, 2, temperature=192.0, voc=75.0)) == ["opened 3"]
    other = Plant()
    other.stays(0, 2, **HOT)
    assert changes(other.reads(120, temperature=192.0, voc=75.0)) == ["escalated 3"]


def test_doubtful_readings_do_not_escalate() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 5, temperature=(250.0, "T"), voc=300.0) == []
    assert plant.rule().tier == 1


# clearing


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"temperature": 181.8, "voc": 30.0}, id="temperature at the hysteresis"),
        pytest.param({"temperature": 170.0, "voc": 38.1}, id="VOC at the hysteresis"),
        pytest.param({"temperature": 170.0, "voc": 60.0}, id="VOC still up"),
        pytest.param({"temperature": 190.0, "voc": 30.0}, id="temperature still up"),
    ],
)
def test_a_warning_stays_open_with(values: dict[str, float]) -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 20, **values) == []
    assert plant.rule().phase is Phase.OPEN


def test_both_legs_below_the_hysteresis_clear_after_the_off_delay() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.reads(120, temperature=181.79, voc=38.09) == []
    (decision,) = plant.reads(180, temperature=181.79, voc=38.09)
    assert (decision.change, decision.tier, decision.why) == (Change.CLEARED, 1, None)
    assert plant.state.rules == {}


def test_calm_that_is_not_consecutive_does_not_clear() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    for n in range(10):
        assert plant.reads(120 + 120 * n, **CALM) == []
        assert plant.reads(180 + 120 * n, **HOT) == []


def test_a_catalogue_may_ask_for_a_longer_off_delay_and_another_hysteresis() -> None:
    plant = Plant(catalogue=catalogue_with(off_delay=3, hysteresis=0.5))
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 5, temperature=181.5, voc=30.0) == []
    assert plant.stays(420, 2, temperature=180.9, voc=34.0) == []
    assert changes(plant.reads(540, temperature=180.9, voc=34.0)) == ["cleared 1"]


@pytest.mark.parametrize("flag", FLAGGED, ids=[quality.name.lower() for quality in FLAGGED])
def test_invalid_readings_are_no_all_clear(flag: Quality) -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 10, temperature=170.0, voc=(30.0, flag.value)) == []
    assert plant.rule().phase is Phase.OPEN and plant.rule().uncertain


def test_a_leg_that_falls_silent_is_no_all_clear() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 40, temperature=170.0) == []
    assert plant.rule().phase is Phase.OPEN and plant.rule().uncertain


def test_readings_of_one_poll_a_moment_apart_do_not_clear_by_themselves() -> None:
    plant = Plant()
    plant.stays(0, 2, **HOT)
    assert plant.reads(120.00, temperature=170.0) == []
    assert plant.reads(120.01, voc=30.0) == []
    assert plant.reads(180.00, temperature=170.0) == []
    assert changes(plant.reads(180.01, voc=30.0)) == ["cleared 1"]


def test_what_the_why_card_says_brings_it_back_does() -> None:
    plant = Plant()
    (opened,) = plant.stays(0, 2, temperature=188.0, voc=54.0, steam=112.0)
    assert opened.why is not None
    back = {term.point_id: term.return_to[0] for term in opened.why.terms}
    assert plant.stays(120, 5, temperature=back["temperature"], voc=back["voc"]) == []
    below = {name: value - 1e-6 for name, value in back.items()}
    assert changes(plant.stays(420, 2, temperature=below["temperature"], voc=below["voc"])) == ["cleared 3"]


# observations


def low_risk(threshold: float = 61.0, **rule: object) -> Plant:
    """Both triggers give a composite score of 60."""
    catalogue = catalogue_with(**rule)
    return Plant(
        catalogue=replace(
            catalogue, warning_thresholds={**catalogue.warning_thresholds, "circular_chemical": threshold}
        )
    )


def test_below_the_industry_s_warning_threshold_it_is_observed_and_nobody_is_called() -> None:
    plant = low_risk()
    (decision,) = plant.stays(0, 2, **HOT)
    assert decision.change is Change.OBSERVED
    assert plant.rule().phase is Phase.OBSERVED
    assert plant.state.tier_of("r1") is None


def test_at_the_warning_threshold_a_warning_opens() -> None:
    assert changes(low_risk(60.0).stays(0, 2, **HOT)) == ["opened 1"]


def test_an_observation_is_recorded_once() -> None:
    plant = low_risk()
    plant.stays(0, 30, **HOT)
    assert [d.change for d in plant.decisions] == [Change.OBSERVED]


def test_an_observation_that_gets_worse_becomes_a_warning_of_the_same_id() -> None:
    plant = low_risk()
    plant.stays(0, 2, **HOT)
    (opened,) = plant.reads(120, temperature=183.0, voc=45.0)
    assert opened.change is Change.OPENED
    assert opened.warning_id == plant.decisions[0].warning_id
    assert opened.onset_ms == START_MS


def test_an_observation_ends_without_a_word() -> None:
    plant = low_risk()
    plant.stays(0, 2, **HOT)
    assert plant.stays(120, 2, **CALM) == []
    assert plant.state.rules == {}


# the baseline within evaluation


def test_until_thirty_readings_the_nominal_value_stands_in() -> None:
    plant = Plant()
    plant.stays(0, 29, temperature=170.0, voc=20.0)
    assert plant.stays(29 * 60, 2, temperature=190.0, voc=38.9) == [], "30 % above 20, not above 30"


def test_from_thirty_readings_on_the_learnt_baseline_counts() -> None:
    plant = Plant()
    plant.stays(0, 30, temperature=170.0, voc=20.0)
    assert plant.stays(1800, 2, temperature=182.0, voc=25.98) == []
    assert plant.state.points["voc"].mean == pytest.approx(20.0, rel=0.005)


def test_a_value_30_percent_above_the_learnt_baseline_fires_at_the_second_evaluation() -> None:
    plant = Plant()
    plant.stays(0, 40, temperature=170.0, voc=20.0)
    (opened,) = plant.stays(2400, 2, temperature=182.0, voc=26.0)
    assert opened.why is not None
    response = opened.why.terms[1]
    assert response.baseline_learnt
    assert response.reference == 20.0


def test_a_false_start_holds_the_baseline_only_while_it_lasts() -> None:
    plant = Plant()
    plant.stays(0, 10, **CALM)
    plant.reads(600, **HOT)
    assert plant.state.points["voc"].count == 10
    plant.stays(660, 3, **CALM)
    assert plant.state.points["voc"].count == 13


def test_invalid_readings_are_not_learnt() -> None:
    plant = Plant()
    plant.stays(0, 40, temperature=170.0, voc=(900.0, "C"))
    assert plant.state.points["voc"].count == 0


def test_only_points_with_a_relative_trigger_learn() -> None:
    plant = Plant()
    plant.stays(0, 5, temperature=170.0, voc=30.0, steam=100.0)
    counts = {name: point.count for name, point in plant.state.points.items()}
    assert counts == {"temperature": 0, "voc": 5, "steam": 5}


def test_the_baseline_is_frozen_while_the_unit_has_an_open_warning() -> None:
    plant = Plant()
    plant.stays(0, 40, **CALM, steam=100.0)
    plant.stays(2400, 2, temperature=190.0, voc=60.0, steam=100.0)
    frozen = plant.state.points["voc"]
    plant.stays(2520, 300, temperature=190.0, voc=60.0, steam=130.0)
    after = plant.state.points
    assert (after["voc"].mean, after["voc"].count) == (frozen.mean, frozen.count)
    assert after["steam"].mean == pytest.approx(100.0)
    plant.stays(30_000, 3, **CALM, steam=100.0)
    assert plant.state.points["voc"].count > frozen.count


def test_an_open_warning_of_another_unit_freezes_nothing() -> None:
    both = {
        f"{unit}/{name}": {**fields}
        for unit in ("r1", "r2")
        for name, fields in (("temperature", NOMINAL["temperature"]), ("voc", NOMINAL["voc"]))
    }
    plant = Plant(both)
    hot, calm = {"r1/temperature": 190.0, "r1/voc": 60.0}, {"r2/temperature": 170.0, "r2/voc": 30.0}
    plant.stays(0, 10, **hot, **calm)
    assert plant.state.points["r2/voc"].count == 10
    assert plant.state.points["r1/voc"].count == 0


def test_an_observation_does_not_freeze_the_baseline() -> None:
    plant = low_risk()
    plant.stays(0, 10, **HOT)
    assert plant.state.points["voc"].count == 9, "all but the one that might have been an onset"


def test_with_two_warnings_on_a_unit_the_baseline_stays_frozen_until_both_are_clear() -> None:
    points = {
        **NOMINAL,
        "pressure": {"indicator": "reactor_pressure", "threshold": 500.0},
        "cod": {"indicator": "cod", "limit": 60.0},
    }
    plant = Plant(points)
    plant.stays(0, 2, **HOT, pressure=600.0, cod=90.0)
    assert sorted(d.rule_id for d in plant.decisions) == ["reactor-pressure-cod", "reactor-temperature-voc"]
    count = plant.state.points["voc"].count
    plant.stays(120, 5, **CALM, pressure=600.0, cod=90.0)
    assert plant.state.points["voc"].count == count
    plant.stays(420, 5, **CALM, pressure=400.0, cod=10.0)
    assert plant.state.points["voc"].count > count


def test_the_weight_of_old_readings_decays_through_an_open_warning() -> None:
    plant = Plant()
    plant.stays(0, 40, **CALM)
    weight = plant.state.points["voc"].weight
    plant.stays(2400, 2, temperature=190.0, voc=60.0)
    plant.reads(2400 + 86_400, temperature=190.0, voc=60.0)
    assert plant.state.points["voc"].weight == pytest.approx(weight / 2, rel=0.05)


# order


def test_the_same_upload_again_changes_nothing() -> None:
    plant = Plant()
    rows = [(START_MS + n * 60_000, p, v, "N") for n in range(5) for p, v in (("temperature", 185.0), ("voc", 45.0))]
    plant.upload(columns(rows))
    state = plant.state
    assert plant.upload(columns(rows)) == []
    assert plant.state == state


def test_readings_not_newer_than_the_last_of_their_point_change_nothing() -> None:
    plant = Plant()
    plant.stays(0, 3, **CALM)
    state = plant.state
    assert plant.stays(-600, 5, temperature=250.0, voc=300.0) == []
    assert plant.state == state


def test_an_uploads_series_may_come_in_any_order() -> None:
    rows = [(START_MS + n * 60_000, p, v, "N") for n in range(3) for p, v in (("temperature", 185.0), ("voc", 45.0))]
    one, other = Plant(), Plant()
    one.upload(columns(rows))
    other.upload(tuple(reversed(columns(rows))))
    assert one.decisions == other.decisions
    assert one.state == other.state


def test_decisions_come_in_event_order_across_units() -> None:
    both = {f"{u}/{n}": {**NOMINAL[n]} for u in ("r1", "r2") for n in ("temperature", "voc")}
    plant = Plant(both)
    rows = []
    for unit, start_s in (("r2", 0), ("r1", 90)):
        for n in range(2):
            at_ms = START_MS + (start_s + n * 60) * 1000
            rows += [(at_ms, f"{unit}/temperature", 185.0, "N"), (at_ms, f"{unit}/voc", 45.0, "N")]
    plant.upload(columns(rows))
    assert [d.unit_id for d in plant.decisions] == ["r2", "r1"]


# the why-card


def test_the_why_card_holds_every_term_of_the_decision() -> None:
    plant = Plant()
    (opened,) = plant.stays(0, 2, temperature=188.0, voc=54.0, steam=112.0)
    why = opened.why
    assert why is not None
    assert [(t.role, t.point_id, t.value, t.unit) for t in why.terms] == [
        ("safety", "temperature", 188.0, "Cel"),
        ("response", "voc", 54.0, "mg/m3"),
        ("energy", "steam", 112.0, "kg/h"),
    ]
    assert [t.deviation for t in why.terms] == pytest.approx([4.0, 0.8 / 0.3, 1.2])
    assert (why.rule_id, why.rule_version, why.catalogue_version) == ("reactor-temperature-voc", 1, shipped().version)
    assert (why.industry_weight, why.size_factor, why.base_risk) == (0.5, 1.0, 0.5)
    assert why.composite_score == pytest.approx(100 * (1 - 0.5 * (1 - why.coefficient)))
    assert why.block_ids == ("block-2",)
    assert all(term.measured_at_ms == opened.at_ms for term in why.terms)
    assert not any(term.baseline_learnt for term in why.terms)


def test_a_trigger_changed_in_the_catalogue_counts() -> None:
    plant = Plant(catalogue=catalogue_with(safety=above(10.0)))
    assert plant.stays(0, 3, temperature=189.9, voc=60.0) == []
    assert changes(plant.stays(180, 2, temperature=190.0, voc=39.0)) == ["opened 1"]
