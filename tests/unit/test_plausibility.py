"""Marks: what honest signals do not get, first; then what each kind is found by."""

from collections.abc import Sequence
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.mark import Mark, MarkKind, Roles
from chalicelib.domain.plausibility import find_marks
from chalicelib.domain.reading import Series
from chalicelib.domain.signal import Signal, signal_of

START_MS, STEP_MS = 1_772_416_800_000, 30_000
HOUR, DAY = 120, 2880  # readings
WIDE = (-1e6, 1e6)


def signal(
    values: Sequence[float], flags: str | None = None, *, name: str = "p", plausible: tuple[float, float] = WIDE,
    rate: float | None = None,
) -> Signal:  # fmt: skip
    times = [START_MS + n * STEP_MS for n in range(len(values))]
    return signal_of(Series(name, times, list(values), flags or "N" * len(values)), plausible, rate)


def noise(count: int = DAY, *, level: float = 30.0, share: float = 0.02, seed: int = 1, places: int = 2) -> list[float]:
    chance = np.random.default_rng(seed)
    return [round(float(v), places) for v in level * (1.0 + share * chance.standard_normal(count))]


def wandering(count: int = DAY, *, level: float = 30.0, seed: int = 1, places: int = 2) -> list[float]:
    """A slow signal: an autoregressive walk about its level, with an instrument's noise on top."""
    chance = np.random.default_rng(seed)
    away, found = 0.0, []
    for _ in range(count):
        away = 0.98 * away + 0.01 * level * float(chance.standard_normal())
        found.append(round(level + away + 0.003 * level * float(chance.standard_normal()), places))
    return found


def kinds(marks: Sequence[Mark]) -> set[MarkKind]:
    return {mark.kind for mark in marks}


def indices(mark: Mark) -> tuple[int, int]:
    return (mark.from_ms - START_MS) // STEP_MS, (mark.until_ms - START_MS) // STEP_MS


def share_marked(marks: Sequence[Mark], count: int) -> float:
    return sum(mark.readings for mark in marks) / count


# what is right is left alone


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 5000.0), st.floats(0.001, 0.25), st.integers(0, 3))
def test_a_noisy_signal_has_less_than_one_percent_marks(seed: int, level: float, share: float, places: int) -> None:
    marks = find_marks([signal(noise(1000, level=level, share=share, seed=seed, places=places))])
    assert share_marked(marks, 1000) < 0.01


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 5000.0), st.integers(0, 3))
def test_a_slow_signal_has_less_than_one_percent_marks(seed: int, level: float, places: int) -> None:
    marks = find_marks([signal(wandering(1000, level=level, seed=seed, places=places))])
    assert share_marked(marks, 1000) < 0.01


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="no reading"),
        pytest.param([5.0], id="one reading"),
        pytest.param([0.0] * DAY, id="an idle device"),
        pytest.param([84.9] * DAY, id="a set point"),
        pytest.param([55.3] * 1000 + [59.4] * 800 + [55.3] * 1080, id="a set point that was changed"),
        pytest.param([13.1] * 300 + [13.2] * 40 + [13.1] * 300 + [13.0] * 500, id="a coarse instrument"),
        pytest.param(noise(1000) + noise(1000, level=300.0), id="a real tenfold step"),
        pytest.param(noise(1000) + noise(400, level=300.0) + noise(1000, seed=2), id="a release that lasts for hours"),
        pytest.param(noise(1000) + [30.0 * 1.12**n for n in range(20)] + noise(500, level=290.0), id="a steep rise"),
        pytest.param(noise(1000) + [0.0] * 500 + noise(1000, seed=2), id="a device that stood idle for a while"),
        pytest.param([round(30 + 8 * float(np.sin(n / 20)), 1) for n in range(DAY)], id="a wave"),
        pytest.param([float(n % 97) for n in range(30)], id="too few readings to tell"),
    ],
)
def test_what_is_right_is_not_marked(values: list[float]) -> None:
    assert find_marks([signal(values)]) == ()


# single readings


def test_what_is_flagged_or_missing_is_no_number() -> None:
    values = noise(20)
    values[4] = nan
    marks = find_marks([signal(values, "N" * 4 + "D" + "N" * 5 + "CCC" + "N" * 7)])
    assert [(mark.kind, *indices(mark)) for mark in marks] == [
        (MarkKind.NOT_A_NUMBER, 4, 4), (MarkKind.NOT_A_NUMBER, 10, 12),
    ]  # fmt: skip


def test_what_lies_outside_the_plausible_range_is_marked_with_its_value() -> None:
    values = noise(40)
    values[7] = -3.0
    (mark,) = find_marks([signal(values, plausible=(0.0, 100.0))])
    assert (mark.kind, mark.evidence) == (MarkKind.OUT_OF_RANGE, (("value", -3.0),))


@pytest.mark.parametrize("places", [-2, -1, 1, 2])
@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_decimal_point_in_the_wrong_place_is_marked_with_its_neighbours(
    places: int, length: int, sign: float
) -> None:
    values = [sign * v for v in noise(400)]
    for n in range(200, 200 + length):
        values[n] *= 10.0**places
    (mark,) = find_marks([signal(values)])
    evidence = dict(mark.evidence)
    assert (mark.kind, indices(mark)) == (MarkKind.DECIMAL_SHIFT, (200, 199 + length))
    assert evidence["places"] == places and evidence["neighbours"] == pytest.approx(30.0, rel=0.1)


def test_a_shift_at_either_end_is_found_from_the_other_side() -> None:
    values = noise(100)
    values[0], values[-1] = values[0] * 10, values[-1] / 10
    assert [indices(mark) for mark in find_marks([signal(values)])] == [(0, 0), (99, 99)]


def test_a_reading_that_jumps_away_and_back_came_impossibly_fast() -> None:
    values = noise(400)
    values[120] = 170.0
    (mark,) = find_marks([signal(values)])
    assert (mark.kind, indices(mark)) == (MarkKind.IMPOSSIBLE_RATE, (120, 120))


def test_a_change_faster_than_the_indicator_s_rate_is_marked() -> None:
    values = [*noise(100, share=0.001), *noise(100, level=45.0, share=0.001)]
    assert find_marks([signal(values)]) == ()
    (mark,) = find_marks([signal(values, rate=0.2)])
    assert (mark.kind, indices(mark)) == (MarkKind.IMPOSSIBLE_RATE, (100, 100))


# shapes


def test_a_signal_that_always_moved_and_stands_still_is_flat() -> None:
    values = wandering()
    values[1500:1700] = [values[1500]] * 200
    (mark,) = find_marks([signal(values)])
    assert mark.kind is MarkKind.FLAT_LINE and mark.readings == 200
    assert dict(mark.evidence)["chance_log10"] < -6


def test_an_analyser_at_the_end_of_its_range_is_clipped() -> None:
    values = [min(v, 31.0) for v in noise()]
    marks = find_marks([signal(values)])
    assert kinds(marks) == {MarkKind.CEILING_CLIPPING}
    assert sum(mark.readings for mark in marks) == sum(v == 31.0 for v in values)


def test_a_fraction_that_stays_while_the_whole_part_changes_is_marked() -> None:
    values = noise(600, level=300.0)
    values[200:240] = [int(v) + 0.37 for v in values[200:240]]
    (mark,) = find_marks([signal(values)])
    first, last = indices(mark)
    assert mark.kind is MarkKind.IDENTICAL_DECIMALS and first in range(199, 203) and last in range(237, 242)


def test_a_stretch_that_was_copied_is_marked_at_its_second_place() -> None:
    values = wandering(2000)
    values[1500:1600] = values[300:400]
    (mark,) = find_marks([signal(values)])
    first, last = indices(mark)
    assert mark.kind is MarkKind.IDENTICAL_DECIMALS and 1495 <= first <= 1500 and 1599 <= last <= 1604


# points of a unit against each other


ROLES = Roles(load="load", treatment_power="power", emissions=("voc",))


def unit(voc: Sequence[float], power: Sequence[float], load: Sequence[float], flags: str | None = None) -> list[Mark]:
    signals = [signal(voc, flags, name="voc"), signal(power, name="power"), signal(load, name="load")]
    return list(find_marks(signals, ROLES))


def test_treatment_that_is_off_while_the_emission_reads_as_always_is_marked() -> None:
    power = noise(level=90.0, seed=2)
    power[1000:1100] = [0.4] * 100
    found = [mark for mark in unit(noise(), power, noise(level=500.0, seed=3)) if mark.kind is MarkKind.TREATMENT_OFF]
    assert [(mark.point_id, *indices(mark)) for mark in found] == [("voc", 1000, 1099)]
    assert dict(found[0].evidence)["power_share"] < 0.05


@pytest.mark.parametrize(
    "case",
    [
        pytest.param("rises", id="the emission rises, as it should"),
        pytest.param("idle", id="the unit stands still"),
        pytest.param("short", id="for some minutes"),
    ],
)
def test_treatment_that_is_off_is_no_mark_where(case: str) -> None:
    voc, power, load = noise(), noise(level=90.0, seed=2), noise(level=500.0, seed=3)
    length = 10 if case == "short" else 100
    power[1000 : 1000 + length] = [0.4] * length
    if case == "rises":
        voc[1000:1100] = noise(100, level=60.0, seed=5)
    if case == "idle":
        load[1000:1100] = [1.0] * 100
    assert MarkKind.TREATMENT_OFF not in kinds(unit(voc, power, load))


def test_an_emission_that_does_not_move_while_the_load_doubles_is_marked() -> None:
    voc, power, load = noise(), noise(level=90.0, seed=2), noise(level=500.0, seed=3)
    offset = -START_MS // STEP_MS % HOUR + 10 * HOUR
    load[offset + 60 : offset + HOUR] = noise(60, level=1300.0, seed=6)
    voc[offset : offset + HOUR] = noise(HOUR, share=0.001, seed=7)
    (mark,) = (mark for mark in unit(voc, power, load) if mark.kind is MarkKind.EMISSION_FLAT_UNDER_LOAD)
    assert indices(mark) == (offset, offset + HOUR - 1) and dict(mark.evidence)["load_times"] > 2
    moving = unit(noise(), power, load)
    assert MarkKind.EMISSION_FLAT_UNDER_LOAD not in kinds(moving)


def flagged(episodes: Sequence[int], length: int = 3) -> str:
    letters = ["N"] * DAY
    for start in episodes:
        letters[start : start + length] = "D" * length
    return "".join(letters)


def test_flags_that_come_with_high_load_are_marked_and_spare_the_readings_between() -> None:
    load = [1000.0 if n // 60 % 4 == 0 else 500.0 for n in range(DAY)]
    at_high = list(range(0, DAY, 240))[:12]
    (mark,) = (
        m for m in unit(noise(), noise(level=90.0), load, flagged(at_high)) if m.kind is MarkKind.FLAGS_WITH_LOAD
    )
    assert mark.readings == 36 and dict(mark.evidence)["chance"] < 1e-4


def test_flags_at_any_load_and_one_long_fault_are_no_pattern() -> None:
    load = [1000.0 if n // 60 % 4 == 0 else 500.0 for n in range(DAY)]
    evenly = unit(noise(), noise(level=90.0), load, flagged(range(5, DAY, 83)))
    once = unit(noise(), noise(level=90.0), load, flagged([240], length=60))
    assert MarkKind.FLAGS_WITH_LOAD not in kinds(evenly) | kinds(once)


def test_of_a_hundred_honest_units_none_has_a_mark_of_its_points_against_each_other() -> None:
    found = []
    for seed in range(100):
        chance = np.random.default_rng(seed)
        flags = flagged([int(n) for n in chance.integers(0, DAY - 5, 20)])
        load = wandering(level=500.0, seed=seed + 1000)
        marks = unit(wandering(seed=seed), noise(level=90.0, seed=seed), load, flags)
        found += [mark for mark in marks if mark.kind is not MarkKind.NOT_A_NUMBER]
    assert found == []
