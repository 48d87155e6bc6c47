"""A why-card in words: natural in both languages, and never saying more than the numbers do."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain import coupling
from chalicelib.domain.warning import WhyCard
from chalicelib.domain.way_back import ways_back
from chalicelib.domain.why_words import Voice, clears_at, clipped, floored, plain, shortened, unit_word
from tests.why_cards import Given, above, card, cards, drop, limit, outside, rise, term

CHINESE, ENGLISH = (
    Voice(language, {key: one.name[language] for key, one in shipped().indicators.items()})
    for language in ("zh-CN", "en")
)
HOT = card(above(182.6, 180.0, 2.0), rise(45.6, 30.0, 0.3), rise(112.0, 100.0, 0.1, "steam_flow"))


@pytest.mark.parametrize(
    ("role", "known", "chinese", "english"),
    [
        pytest.param(
            "safety", above(182.6, 180.0, 2.0),
            "反应釜温度182.6℃，比阈值180℃高2.6℃，达触发幅度的1.3倍",
            "Reactor temperature 182.6 ℃: 2.6 ℃ over the threshold of 180 ℃, 1.3 times its trigger",
            id="over a threshold",
        ),
        pytest.param(
            "response", rise(45.6, 30.0, 0.3),
            "非甲烷总烃45.6mg/m³，较自学习基线30mg/m³上升52%，达触发幅度的1.7倍",
            "Non-methane hydrocarbons 45.6 mg/m³: 52 % above the learnt baseline of 30 mg/m³, 1.7 times its trigger",
            id="above what was learnt",
        ),
        pytest.param(
            "energy", rise(104.0, 100.0, 0.1, "steam_flow", learnt=False),
            "蒸汽流量104mg/m³，较标称值100mg/m³上升4%，达触发幅度的0.4倍",
            "Steam flow 104 mg/m³: 4 % above the nominal value of 100 mg/m³, 0.4 times its trigger",
            id="above the nominal value, short of the trigger",
        ),
        pytest.param(
            "response", drop(56.0, 80.0, 0.15),
            "能效56%，较自学习基线80%下降30%，达触发幅度的2.0倍",
            "Energy efficiency 56 %: 30 % below the learnt baseline of 80 %, 2.0 times its trigger",
            id="below what was learnt",
        ),
        pytest.param(
            "response", limit(31.0, 20.0),
            "颗粒物31mg/m³，为限值20mg/m³的1.5倍",
            "Particulate matter 31 mg/m³: 1.5 times the limit of 20 mg/m³",
            id="over a limit",
        ),
        pytest.param(
            "safety", outside(-75.0, -60.0, -20.0),
            "窑炉压力-75Pa，超出控制范围（-60～-20Pa）15Pa，达触发幅度的1.7倍",
            "Kiln pressure -75 Pa: 15 Pa outside the band of -60 to -20 Pa, 1.7 times its trigger",
            id="below a band",
        ),
        pytest.param(
            "energy", rise(99.0, 100.0, 0.1, "steam_flow"),
            "蒸汽流量99mg/m³，未见偏离",
            "Steam flow 99 mg/m³: no deviation",
            id="not deviating at all",
        ),
    ],
)  # fmt: skip
def test_what_a_term_says(role: str, known: Given, chinese: str, english: str) -> None:
    assert CHINESE.term(term(role, known)) == chinese
    assert ENGLISH.term(term(role, known)) == english


def test_the_arithmetic_in_one_sentence() -> None:
    said = CHINESE.sum(HOT, 2, is_observed=False, wants_energy=True)
    assert said == (
        "综合偏离幅度1.95，耦合系数0.35；叠加基础风险0.50（行业权重0.5×规模系数1），综合风险67.6分，预警线35分，判为2级预警。"
    )
    assert "tier 2" in ENGLISH.sum(HOT, 2, is_observed=False, wants_energy=True)


def test_what_was_only_observed_is_not_called_a_warning() -> None:
    assert CHINESE.sum(HOT, 1, is_observed=True, wants_energy=True).endswith("未到预警线35分，仅记录观察。")


def test_energy_that_nobody_could_judge_is_said_to_be_left_out() -> None:
    blind = card(above(182.6, 180.0, 2.0), rise(45.6, 30.0, 0.3))
    assert CHINESE.sum(blind, 1, is_observed=False, wants_energy=True).endswith("能耗指标无有效数据，未计入。")
    assert "能耗" not in CHINESE.sum(blind, 1, is_observed=False, wants_energy=False)


def test_the_way_back_in_one_sentence() -> None:
    (way,) = ways_back(HOT, {})
    assert CHINESE.way(way, HOT.terms) == (
        "其余不变，反应釜温度降到181.7℃，或非甲烷总烃降到40.4mg/m³，或蒸汽流量降到102.5mg/m³，耦合系数即低于0.3；"
        "两项同时处置，则反应釜温度降到182.1℃、非甲烷总烃降到42.7mg/m³即可。"
    )


def test_where_no_term_can_do_it_alone_the_sentence_says_so() -> None:
    loud = card(limit(200.0, 20.0), limit(200.0, 20.0))
    both = ways_back(loud, {"dust": (60.0, 20000.0)})
    assert CHINESE.way(both[0], loud.terms).startswith("单靠任何一项都不能使耦合系数低于0.6；两项同时处置，则")
    assert CHINESE.way(both[1], loud.terms) == "单靠任何一项都不能使耦合系数低于0.3；须同时采取其他措施。"


def test_when_a_warning_clears() -> None:
    assert CHINESE.clearing(HOT.terms, 2) == (
        "反应釜温度低于181.8℃且非甲烷总烃低于38.1mg/m³，连续2轮读数如此，预警方可解除；解除前级别只升不降。"
    )
    odd = card(outside(6.8, 0.0, 4.5), drop(56.0, 80.0, 0.15))
    assert ENGLISH.clearing(odd.terms, 2).startswith(
        "The warning clears when Kiln pressure is back within 0 to 4.5 Pa while Energy efficiency is over 69.2 %,"
    )


@pytest.mark.parametrize(
    ("kappa_part", "coefficient", "tier"),
    [(0.2996, "0.29", 1), (0.3 - 1e-12, "0.30", 2), (0.5999, "0.59", 2), (0.6, "0.60", 3)],
)
def test_a_coefficient_short_of_a_bound_does_not_read_as_if_it_had_reached_it(
    kappa_part: float, coefficient: str, tier: int
) -> None:
    near = WhyCard(**{**_fields(HOT), "coefficient": kappa_part})
    said = ENGLISH.sum(near, coupling.tier_of(kappa_part), is_observed=False, wants_energy=False)
    assert f"coefficient of {coefficient};" in said and f"tier {tier}." in said


def _fields(known: WhyCard) -> dict[str, Any]:
    return {name: getattr(known, name) for name in WhyCard.__dataclass_fields__}


@given(cards())
def test_a_term_past_its_trigger_reads_so_and_one_short_of_it_does_not(known: WhyCard) -> None:
    for one in known.terms:
        times = re.search(r"([0-9.]+) times", ENGLISH.term(one))
        if times is not None:
            assert (float(times[1]) >= 1.0) == (one.deviation >= coupling.AT_TRIGGER)
        else:
            assert one.deviation == 0.0


@given(cards())
def test_every_figure_of_a_way_stands_in_its_sentence_in_both_languages(known: WhyCard) -> None:
    for way in ways_back(known, {}):
        named = [plain(value) for value in (*way.alone, *way.together) if value is not None]
        for voice in (CHINESE, ENGLISH):
            said = voice.way(way, known.terms)
            assert [value for value in named if value not in said] == []
            assert plain(way.below) in said


@given(cards())
def test_at_the_value_that_is_named_for_clearing_a_term_is_as_calm_as_it_must_be(known: WhyCard) -> None:
    for one in known.terms:
        if one.band is None:
            ((exact,), (named,)) = one.return_to, clears_at(one)
            assert named <= exact + 1e-6 if one.trigger != "relative_drop" else named >= exact - 1e-6


@given(st.floats(-1e7, 1e7))
def test_a_shortened_value_keeps_five_digits_and_what_stands_before_the_point(value: float) -> None:
    assert shortened(value) == pytest.approx(value, rel=5.1e-5, abs=1e-300)
    assert abs(shortened(value) - value) <= 0.5


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (188.0, "188"), (30.9803, "30.9803"), (1e-5, "0.00001"), (123456.0, "123456"), (-60.0, "-60")],
)
def test_a_number_is_written_without_exponent_or_idle_zeros(value: float, written: str) -> None:
    assert plain(value) == written


def test_rounding_down_forgives_floating_point_only() -> None:
    assert (floored(0.29 / 0.1 * 0.1, 2), floored(2.999, 0), floored(2.9999999999, 0)) == (0.29, 2.0, 3.0)


def test_units_are_written_as_people_do() -> None:
    assert [unit_word(one) for one in ("Cel", "mg/m3", "ug/m3", "%{LEL}", "kg/h")] == [
        "℃",
        "mg/m³",
        "μg/m³",
        "%LEL",
        "kg/h",
    ]


@pytest.mark.parametrize("unit", ["1", "{AQI}"])
def test_a_pure_number_has_no_unit(unit: str) -> None:
    pure = term("response", replace(limit(150.0, 100.0), indicator="air_quality_index", unit=unit))
    assert CHINESE.term(pure) == "空气质量指数150，为限值100的1.5倍"
    assert ENGLISH.term(pure) == "Air quality index 150: 1.5 times the limit of 100"


def test_a_clipped_text_says_that_it_is() -> None:
    assert (clipped("反应釜温度", 5), clipped("反应釜温度", 4)) == ("反应釜温度", "反应釜…")


def test_a_name_that_the_catalogue_no_longer_has_is_the_id() -> None:
    assert Voice("zh-CN", {}).term(term("safety", above(182.6, 180.0, 2.0))).startswith("reactor_temperature182.6")
