"""Advice: refused with a reason where it cannot be given, and else the smallest change that is enough and within what was seen."""

from dataclasses import replace
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.advice import Advice, Declined, NoAdvice, advise
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Fit, Law, Measured, UnitLaws
from chalicelib.domain.law_words import advice_sentence, law_sentence
from tests.plant import START_MS, Plant

NOW_S = 60.0
UNIT = "r1"
FIT = Fit(
    intercept=log(30.0) - 175.0 * 0.05, slope=0.05, slope_low=0.045, slope_high=0.055, lag_ms=900_000, step_ms=300_000, n=5000, r2=0.9,
    valid_from=165.0, valid_to=195.0, spread=0.03, sustained=0.05,
)  # fmt: skip


def measured(point: str, indicator: str, dimension: Dimension) -> Measured:
    return Measured(point, indicator, dimension)


TEMPERATURE = measured("temperature", "reactor_temperature", Dimension.SAFETY)
VOC = measured("voc", "voc", Dimension.ENVIRONMENT)
STEAM = measured("steam", "steam_flow", Dimension.ENERGY)


def learnt(*laws: Law) -> UnitLaws:
    return UnitLaws("acme", UNIT, START_MS, START_MS - 9, START_MS, laws)


REACTOR = learnt(
    Law(TEMPERATURE, VOC, FIT), Law(TEMPERATURE, STEAM, replace(FIT, slope=0.03, slope_low=0.028, slope_high=0.032))
)


def ask(
    plant: Plant, laws: UnitLaws | None, rule: str = "reactor-temperature-voc", at_s: float = NOW_S
) -> Advice | NoAdvice:
    (bound,) = (one for one in plant.plan.rules if one.rule.id == rule)
    found = advise(bound, plant.plan, plant.state, laws, START_MS + round(at_s * 1000))
    assert (found.unit_id, found.rule_id) == bound.key
    return found.reason if isinstance(found, Declined) else found


def reactor(temperature: Any = 184.0, voc: Any = 45.0) -> Plant:
    plant = Plant()
    plant.reads(NOW_S, temperature=temperature, voc=voc, steam=110.0)
    return plant


def given_advice(plant: Plant, laws: UnitLaws | None = REACTOR, rule: str = "reactor-temperature-voc") -> Advice:
    found = ask(plant, laws, rule)
    assert isinstance(found, Advice), found
    return found


# what is refused


@pytest.mark.parametrize(
    ("plant", "laws", "reason"),
    [
        pytest.param(Plant(), REACTOR, NoAdvice.STALE, id="nothing was ever read"),
        pytest.param(reactor(temperature=(184.0, "D")), REACTOR, NoAdvice.INVALID, id="the cause is flagged"),
        pytest.param(reactor(voc=(45.0, "T")), REACTOR, NoAdvice.INVALID, id="the response is flagged"),
        pytest.param(reactor(), None, NoAdvice.NOT_LEARNT, id="the unit was not learnt"),
        pytest.param(reactor(), learnt(), NoAdvice.NO_LAW, id="no law was claimed"),
        pytest.param(reactor(), learnt(Law(TEMPERATURE, STEAM, FIT)), NoAdvice.NO_LAW, id="the law is of another response"),
        pytest.param(reactor(temperature=175.0, voc=30.0), REACTOR, NoAdvice.WITHIN_LIMITS, id="nothing is wrong"),
        pytest.param(reactor(temperature=175.0, voc=0.0), REACTOR, NoAdvice.OUTSIDE_VALIDITY, id="the response has no logarithm"),
        pytest.param(reactor(temperature=199.0), REACTOR, NoAdvice.OUTSIDE_VALIDITY, id="the cause is beyond what was seen"),
        pytest.param(reactor(voc=300.0), REACTOR, NoAdvice.OUTSIDE_VALIDITY, id="the target would be beyond what was seen"),
        pytest.param(
            reactor(temperature=184.0, voc=45.0), learnt(Law(TEMPERATURE, VOC, replace(FIT, slope=-0.05, slope_low=-0.055, slope_high=-0.045))),
            NoAdvice.OPPOSED, id="what helps one leg hurts the other",
        ),
    ],
)  # fmt: skip
def test_no_advice_and_why(plant: Plant, laws: UnitLaws | None, reason: NoAdvice) -> None:
    assert ask(plant, laws) is reason


def test_a_reading_is_too_old_after_the_window_and_one_sampling_interval() -> None:
    plant = reactor()
    (bound,) = (one for one in plant.plan.rules if one.rule.id == "reactor-temperature-voc")
    interval_s = plant.catalogue.sampling_interval_s(plant.plan.base_risk, None, "circular_chemical")
    oldest_s = NOW_S + bound.rule.window_ms / 1000 + interval_s
    assert isinstance(ask(plant, REACTOR, at_s=oldest_s), Advice)
    assert ask(plant, REACTOR, at_s=oldest_s + 1) is NoAdvice.STALE


def test_a_point_without_a_threshold_gives_nothing_to_aim_at() -> None:
    plant = Plant({"temperature": {"indicator": "reactor_temperature"}, "voc": {"indicator": "voc", "nominal": 30.0}})
    plant.reads(NOW_S, temperature=184.0, voc=45.0)
    assert ask(plant, REACTOR) is NoAdvice.NO_REFERENCE


# what is advised


def test_the_change_is_enough_even_at_the_weak_end_of_the_law() -> None:
    found = given_advice(reactor(temperature=184.0, voc=45.0))
    assert found.target == pytest.approx(184.0 + log(30.0 * 1.27 / 45.0) / 0.045, abs=0.1)
    voc, steam = found.effects
    assert (voc.response, steam.response, voc.lag_ms) == (VOC, STEAM, 900_000)
    assert 45.0 * (1.0 + voc.change_high) < 30.0 * 1.27
    assert voc.change_low < voc.change < voc.change_high < 0.0
    assert steam.change == pytest.approx(exp(0.03 * (found.target - 184.0)) - 1.0)


@given(st.floats(165.0, 195.0), st.floats(5.0, 120.0))
def test_advice_is_enough_within_what_was_seen_and_never_more_than_needed(temperature: float, voc: float) -> None:
    found = ask(reactor(temperature, voc), REACTOR)
    if not isinstance(found, Advice):
        assert found in (NoAdvice.WITHIN_LIMITS, NoAdvice.OUTSIDE_VALIDITY)
        return

    def is_enough(target: float) -> bool:
        weak = 0.045 if voc >= 30.0 * 1.27 else 0.05
        return target < 181.8 and voc * exp(weak * (target - temperature)) < 30.0 * 1.27

    assert FIT.valid_from <= found.target <= FIT.valid_to
    assert is_enough(found.target) and not is_enough(found.target + 0.21)


@pytest.mark.parametrize(
    ("pressure", "target"),
    [pytest.param(40.0, 19.0, id="down into the band"), pytest.param(-60.0, -49.0, id="up into the band")],
)
def test_a_kiln_is_led_back_into_its_band_from_either_side(pressure: float, target: float) -> None:
    kiln = Plant(
        {"pressure": {"indicator": "kiln_pressure", "band_low": -50.0, "band_high": 20.0}, "dust": {"indicator": "dust", "limit": 20.0}},
        unit_type="kiln", industry="green_building_materials",
    )  # fmt: skip
    kiln.reads(NOW_S, pressure=pressure, dust=10.0)
    known = replace(FIT, slope=0.001, slope_low=0.0009, slope_high=0.0011, valid_from=-100.0, valid_to=60.0)
    law = Law(
        measured("pressure", "kiln_pressure", Dimension.SAFETY), measured("dust", "dust", Dimension.ENVIRONMENT), known
    )
    assert given_advice(kiln, learnt(law), "kiln-pressure-dust").target == target


def test_an_efficiency_that_dropped_is_raised_again() -> None:
    fan = Plant(
        {
            "vibration": {"indicator": "vibration", "band_low": 0.0, "band_high": 7.1},
            "efficiency": {"indicator": "energy_efficiency", "nominal": 80.0},
        },
        unit_type="rotating_equipment", industry="energy_saving",
    )  # fmt: skip
    fan.reads(NOW_S, vibration=8.0, efficiency=60.0)
    known = replace(FIT, slope=-0.05, slope_low=-0.055, slope_high=-0.045, valid_from=2.0, valid_to=12.0)
    law = Law(
        measured("vibration", "vibration", Dimension.SAFETY),
        measured("efficiency", "energy_efficiency", Dimension.ENERGY),
        known,
    )
    found = given_advice(fan, learnt(law), "vibration-efficiency")
    assert 60.0 * exp(-0.045 * (found.target - 8.0)) > 80.0 * (1.0 - 0.15 * 0.9)
    assert found.effects[0].change > 0.0


# words


def test_a_law_is_told_for_one_unit_or_for_less_where_less_was_seen() -> None:
    catalogue = Plant().catalogue
    assert law_sentence(REACTOR.laws[:1], catalogue, "zh-CN") == "反应釜温度每升高1℃：非甲烷总烃 +5.1%（+4.6%～+5.7%）"
    boiler = Law(measured("p", "boiler_pressure", Dimension.SAFETY), VOC, replace(FIT, valid_from=1.0, valid_to=1.3))
    assert law_sentence([boiler], catalogue, "en").startswith(
        "Boiler pressure up by 0.1 MPa: Non-methane hydrocarbons +0.5"
    )


def test_advice_is_told_as_one_would_say_it() -> None:
    plant = reactor(temperature=184.0, voc=45.0)
    found = given_advice(plant)
    assert advice_sentence(found, "1号反应釜", plant.catalogue, "zh-CN") == (
        f"把1号反应釜的反应釜温度从184℃降到{found.target:g}℃：非甲烷总烃预计下降16.9%（15.3%～18.4%），蒸汽流量预计下降10.5%（9.8%～11.2%）"
    )
