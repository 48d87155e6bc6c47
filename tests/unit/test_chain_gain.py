"""What a change at a giver would do at a receiver, as arithmetic."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.chain import Carried, Link, Place
from chalicelib.domain.chain_gain import STEPS, Gain, RuleGain, Side, Span, Unknown, gain_of
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.law import Fit, Law, Measured, UnitLaws
from chalicelib.domain.plan import make_plan
from chalicelib.domain.state import EnterpriseState, PointState

NOW_MS = 1_772_416_800_000
CARRIED = Carried("reactor_temperature", 250.0, "Cel")


def side(eid: str, **values: float) -> Side:
    one = Enterprise(eid, eid, "91110000MA01A2B34H", "circular_chemical", "medium", "east")
    points = (
        Point(f"{eid}-t", eid, "u-" + eid, "reactor_temperature", threshold=180.0),
        Point(f"{eid}-v", eid, "u-" + eid, "voc", nominal=30.0),
        Point(f"{eid}-s", eid, "u-" + eid, "steam_flow", nominal=100.0),
    )
    profile = Profile(one, (Unit("u-" + eid, eid, "R", "reactor"),), points)
    known = {f"{eid}-{name}": PointState(NOW_MS, True, value) for name, value in values.items()}
    return Side(make_plan(profile, shipped()), EnterpriseState(points=known))


def link(share: float = 0.5, damping: float = 1.0) -> Link:
    return Link("l", Place("a", "u-a"), Place("b", "u-b"), "m", (CARRIED,), share, damping, 0)


def laws(slope: float, width: float, steam: float = 0.0) -> UnitLaws:
    cause = Measured("b-t", "reactor_temperature", Dimension.SAFETY)

    def law(point: str, indicator: str, dimension: Dimension, b: float) -> Law:
        fit = Fit(0, b, b - width, b + width, 60_000, 60_000, 999, 0.9, 50.0, 250.0, 0.1, 0.1)
        return Law(cause, Measured(point, indicator, dimension), fit)

    found = (law("b-v", "voc", Dimension.ENVIRONMENT, slope), law("b-s", "steam_flow", Dimension.ENERGY, steam))
    return UnitLaws("b", "u-b", NOW_MS, 0, NOW_MS, found)


def gains(known: UnitLaws | None, share: float = 0.5, **values: float) -> list[RuleGain | Unknown]:
    found = gain_of(link(share), CARRIED, side("a", t=200.0), side("b", **values), known, NOW_MS)
    assert isinstance(found, Gain) and [one.by for one in found.steps] == [-by for by in STEPS]
    rules = [one for step in found.steps for one in step.rules]
    return [one if isinstance(one, RuleGain) else one.reason for one in rules]


levels: Any = st.fixed_dictionaries({"t": st.floats(150, 240), "v": st.floats(1, 200), "s": st.floats(1, 300)})
slopes, widths = st.floats(0.0, 0.1), st.floats(0.0, 0.05)


@given(levels, slopes, widths, st.floats(0.01, 1.0))
def test_an_estimate_lies_within_its_interval_and_the_risk_within_its_scale(
    values: dict[str, float], slope: float, width: float, share: float
) -> None:
    for one in gains(laws(slope, width), share, **values):
        assert isinstance(one, RuleGain)
        assert one.score.low <= one.score.estimate <= one.score.high
        assert one.coefficient.low <= one.coefficient.estimate <= one.coefficient.high
        assert 0.0 <= one.score.low <= one.score.high <= 100.0


@given(levels, slopes, st.floats(0.01, 1.0))
def test_where_all_rises_with_the_cause_less_of_it_never_raises_the_risk_and_more_less_lowers_it_more(
    values: dict[str, float], slope: float, share: float
) -> None:
    found = gains(laws(slope, 0.0, slope), share, **values)
    scores = [one.score.estimate for one in found if isinstance(one, RuleGain)]
    assert len(scores) == len(STEPS) and scores == sorted(scores, reverse=True)
    assert all(isinstance(one, RuleGain) and one.score_change.estimate <= 1e-9 for one in found)


@given(levels, slopes, widths)
def test_a_wider_law_says_less(values: dict[str, float], slope: float, width: float) -> None:
    sharp, blunt = gains(laws(slope, width / 2), **values), gains(laws(slope, width), **values)
    for one, other in zip(sharp, blunt, strict=True):
        assert isinstance(one, RuleGain) and isinstance(other, RuleGain)
        assert other.score.low <= one.score.low + 1e-9 and one.score.high <= other.score.high + 1e-9


@given(levels)
def test_what_passes_nothing_on_changes_nothing(values: dict[str, float]) -> None:
    for one in gains(laws(0.05, 0.01), 0.0, **values):
        assert isinstance(one, RuleGain) and one.score_change == Span(0.0, 0.0, 0.0)


def test_without_laws_the_rule_is_unknown_and_no_number_is_made_up() -> None:
    assert gains(None, t=190.0, v=54.0, s=110.0) == [Unknown.NOT_LEARNT] * len(STEPS)


def test_an_energy_reading_that_is_missing_is_left_as_it_is_and_said() -> None:
    (first, *_) = gains(laws(0.05, 0.01), t=190.0, v=54.0)
    assert isinstance(first, RuleGain) and first.is_energy_held
