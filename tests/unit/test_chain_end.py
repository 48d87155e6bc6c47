"""When what is given counts as back within its receivers' limits."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.catalogue import ChainPolicy
from chalicelib.domain.chain import Carried, Link, Place
from chalicelib.domain.chain_alert import ChainAlert, Crossing, Episode, Excess, Giving, Over, follow
from chalicelib.domain.chain_end import Bound, bounds_of, calm_since, ended, is_going_on
from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.reading import Series

NOW_MS, MINUTE_MS = 1_772_416_800_000, 60_000
POLICY = ChainPolicy(hysteresis=0.1, off_delay=2, hold_ms=30 * MINUTE_MS)
BOUNDS = {"p": Bound(50.0, (0.0, 1000.0), True)}


def series(*rows: tuple[int, float], point: str = "p", flags: str = "") -> Series:
    """Rows of (minutes ago, value)."""
    ordered = sorted(rows, reverse=True)
    times = [NOW_MS - ago * MINUTE_MS for ago, _ in ordered]
    return Series(point, times, [value for _, value in ordered], flags or "N" * len(ordered))


def since(*given: Series, bounds: dict[str, Bound] | None = None, policy: ChainPolicy = POLICY) -> int | None:
    """How many minutes ago it became calm."""
    found = calm_since(bounds or BOUNDS, given, policy, NOW_MS)
    return None if found is None else (NOW_MS - found) // MINUTE_MS


def test_it_is_calm_since_the_first_reading_after_the_last_that_was_not() -> None:
    assert since(series((90, 20.0), (60, 46.0), (50, 45.0), (20, 30.0), (10, 30.0))) == 50


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([], id="no readings"),
        pytest.param([series((40, 30.0))], id="one reading"),
        pytest.param([series((29, 30.0), (0, 30.0))], id="a minute short of the hold"),
        pytest.param([series((300, 30.0), (121, 30.0))], id="calm that is long past"),
        pytest.param([series((60, 30.0), (0, 46.0))], id="the last one hardly under the limit"),
        pytest.param([series((60, 30.0), (0, 30.0), flags="ND")], id="the last one faulty"),
        pytest.param([series((60, 30.0), (0, 30.0), point="q")], id="readings of another point"),
    ],
)
def test_it_is_not_calm(given: list[Series]) -> None:
    assert since(*given) is None


def test_a_limit_below_zero_has_its_hysteresis_below_it() -> None:
    cold = {"p": Bound(-40.0, (-200.0, 1000.0), True)}
    assert since(series((60, -43.0), (0, -43.0)), bounds=cold) is None
    assert since(series((60, -44.0), (0, -44.0)), bounds=cold) == 60


def test_another_point_of_the_same_holds_it_back_where_it_is_over_and_not_where_it_is_silent() -> None:
    both = BOUNDS | {"q": Bound(50.0, (0.0, 1000.0), False)}
    calm = series((60, 30.0), (0, 30.0))
    assert since(calm, bounds=both) == 60
    assert since(calm, series((5, 60.0), point="q"), bounds=both) is None
    assert since(calm, series((50, 60.0), (40, 30.0), (5, 30.0), point="q"), bounds=both) == 40


rows = st.lists(st.tuples(st.integers(0, 200), st.floats(0, 100)), unique_by=lambda one: one[0], max_size=15)


@given(rows, st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_order_and_the_cut_of_uploads_make_no_difference(
    drawn: list[tuple[int, float]], parts: int, random: Random
) -> None:
    cut = [series(*drawn[n::parts]) for n in range(parts)]
    random.shuffle(cut)
    assert since(*cut) == since(series(*drawn))


@given(rows, st.integers(0, 200))
def test_one_more_reading_over_the_limit_never_makes_it_calm_earlier(drawn: list[tuple[int, float]], at: int) -> None:
    before, after = since(series(*drawn)), since(series(*[one for one in drawn if one[0] != at], (at, 60.0)))
    assert after is None or (before is not None and after <= before)


@given(rows)
def test_whatever_is_calm_has_been_so_for_the_hold_without_a_reading_over_it(drawn: list[tuple[int, float]]) -> None:
    found = since(series(*drawn))
    if found is not None:
        later = [(ago, value) for ago, value in drawn if ago <= found]
        assert all(value <= 45.0 for _, value in later) and len(later) >= 2
        assert found - min(ago for ago, _ in later) >= 30 and min(ago for ago, _ in later) <= 120


GIVER = Place("a", "u")
LINK = Link("l", GIVER, Place("b", "v"), "m", (Carried("voc", 0.04, "g/m3"), Carried("dust", 20.0, "mg/m3")), 1, 1, 0)
ALERT = ChainAlert(
    "c", GIVER, 1, False, (Crossing("c", 0, GIVER, 1, False, "b", (Excess("l", "voc", "a-voc", 60.0, 50.0),)),)
)


def profile() -> Profile:
    one = Enterprise("a", "a", "91110000MA01A2B34H", "circular_chemical", "medium", "east")
    points = tuple(Point(id, "a", "u", indicator) for id, indicator in (("a-voc", "voc"), ("a-dust", "dust")))
    return Profile(one, (Unit("u", "a", "u", "reactor"),), points)


def test_what_is_to_be_under_is_all_that_a_crossed_link_carries_by_its_limits_as_they_now_are() -> None:
    found = bounds_of([ALERT], [LINK], profile(), shipped())
    assert {point: (round(one.upper, 6), one.was_over) for point, one in found.items()} == {
        "a-voc": (40.0, True),
        "a-dust": (20.0, False),
    }


def test_of_a_link_that_was_taken_away_the_limit_is_what_it_was() -> None:
    found = bounds_of([ALERT], [], profile(), shipped())
    assert {point: (one.upper, one.was_over) for point, one in found.items()} == {"a-voc": (50.0, True)}


def test_an_excess_within_the_hold_needs_no_reading() -> None:
    giving = Giving((Episode("c", "u", NOW_MS - 9, NOW_MS - 9, ("l",), False),))
    assert is_going_on(giving, "c", POLICY, NOW_MS) and not is_going_on(giving, "d", POLICY, NOW_MS)
    assert not is_going_on(giving, "c", POLICY, NOW_MS + POLICY.hold_ms)


def over(at_ms: int) -> Over:
    return Over(at_ms, GIVER, Excess("l", "voc", "a-voc", 60.0, 50.0))


def test_after_an_end_a_reading_from_before_joins_and_one_from_after_begins_anew() -> None:
    giving, _ = follow(Giving(), [over(NOW_MS)], NOW_MS, "b")
    (first,) = giving.episodes
    calm = ended(giving, first.alert_id, NOW_MS + 600_000)
    assert follow(calm, [over(NOW_MS + 599_999)], NOW_MS + 600_000, "b")[1] == ()
    after, crossings = follow(calm, [over(NOW_MS + 600_000)], NOW_MS + 600_000, "b")
    assert len(crossings) == 1 and crossings[0].alert_id != first.alert_id and len(after.episodes) == 2
    assert follow(after, [over(NOW_MS), over(NOW_MS + 600_000)], NOW_MS + 600_000, "b") == (after, ())


UNIT = Bound(50.0, (0.0, 1000.0), True)
steps = st.tuples(
    st.sampled_from([10, 15, 20, 35]), st.sampled_from([30.0, 30.0, 47.0, 60.0]), st.sampled_from([0, 0, 0, 15, 90])
)
arriving = st.lists(steps, min_size=1, max_size=40).map(
    lambda drawn: [(sum(gap for gap, _, _ in drawn[: n + 1]), value, late) for n, (_, value, late) in enumerate(drawn)]
)


@given(arriving)
def test_in_whatever_order_readings_come_no_end_is_told_over_an_excess_that_is_known_and_none_after_it_is_missed(
    drawn: list[tuple[int, float, int]],
) -> None:
    """(minute measured, value, minutes late): each arrival is followed and then looked at as the clock does."""
    state, calm_ms, known = Giving(), dict[str, int](), list[tuple[int, float]]()
    for minute, value, late in sorted(drawn, key=lambda one: (one[0] + one[2], one[0])):
        at_ms, now_ms = NOW_MS + minute * MINUTE_MS, NOW_MS + (minute + late) * MINUTE_MS
        known.append((at_ms, value))
        if value > UNIT.upper:
            state, _ = follow(state, [over(at_ms)], now_ms, "b")
            if at_ms >= max(calm_ms.values(), default=0):
                standing = [one for one in state.episodes if one.alert_id not in calm_ms]
                assert any(one.first_ms <= at_ms <= one.last_ms for one in standing)
        for one in [each for each in state.episodes if each.alert_id not in calm_ms]:
            found = _calm(known, now_ms)
            if found is not None and not is_going_on(state, one.alert_id, POLICY, now_ms):
                calm_ms[one.alert_id] = found
                state = ended(state, one.alert_id, found)
                assert all(value <= 45.0 for at_ms, value in known if at_ms >= found)


def _calm(known: list[tuple[int, float]], now_ms: int) -> int | None:
    ordered = sorted(one for one in known if one[0] <= now_ms)
    rows = Series("p", [at_ms for at_ms, _ in ordered], [value for _, value in ordered], "N" * len(ordered))
    return calm_since({"p": UNIT}, [rows], POLICY, now_ms)
