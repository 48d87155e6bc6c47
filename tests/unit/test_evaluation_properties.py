"""What holds of evaluation whatever the readings: where uploads are cut, how often they come, and what a state may be."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.evaluation import Change, Decision
from chalicelib.domain.state import Phase, pack_state, unpack_state
from tests.plant import NOMINAL, START_MS, Plant, columns

POINTS = {**NOMINAL, "temperature-2": {"indicator": "reactor_temperature", "threshold": 181.0}}
LEVELS = {
    "temperature": (170.0, 181.79, 181.99, 182.0, 184.0, 195.0, 700.0),
    "temperature-2": (170.0, 183.0, 200.0),
    "voc": (25.0, 30.0, 38.0, 39.0, 48.0, 90.0),
    "steam": (100.0, 109.0, 125.0),
}
GAPS_S = (1, 60, 60, 60, 300, 700)
Reading = tuple[int, str, float, str]


def make_polls(chance: random.Random, count: int) -> list[list[Reading]]:
    """Readings in order of time, grouped by instant: polls of some points, at one stamp or a few milliseconds apart."""
    at_ms, instants = START_MS, []
    hot = False
    for _ in range(count):
        at_ms += chance.choice(GAPS_S) * 1000
        hot = hot if chance.random() < 0.7 else not hot
        names = chance.sample(list(POINTS), chance.randint(1, len(POINTS)))
        rows = [(name, _value(name, hot, chance), chance.choice("N" * 12 + "DMC")) for name in names]
        if chance.random() < 0.5:
            instants.append([(at_ms, *row) for row in rows])
        else:
            instants += [[(at_ms + 7 * n, *row)] for n, row in enumerate(rows)]
    return instants


def _value(name: str, hot: bool, chance: random.Random) -> float:
    """Mostly past the trigger while hot, mostly not while calm, and whatever else now and then."""
    levels = LEVELS[name]
    half = levels[len(levels) // 2 :] if hot else levels[: len(levels) // 2]
    return chance.choice(half if chance.random() < 0.8 else levels)


def polls() -> st.SearchStrategy[list[list[Reading]]]:
    return st.builds(make_polls, st.integers(0, 2**32).map(random.Random), st.integers(2, 40))


def flat(instants: Sequence[list[Reading]]) -> list[Reading]:
    return [reading for instant in instants for reading in instant]


def without_blocks(decisions: Sequence[Decision]) -> list[Decision]:
    """Decisions but for the ids of the blocks that brought the readings."""
    return [d if d.why is None else replace(d, why=replace(d.why, block_ids=())) for d in decisions]


def run(*uploads: Sequence[Reading]) -> Plant:
    plant = Plant(POINTS)
    for readings in uploads:
        plant.upload(columns(readings))
    return plant


@settings(max_examples=80, deadline=None)
@given(polls(), st.data())
def test_it_makes_no_difference_between_which_instants_uploads_are_cut(
    instants: list[list[Reading]], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(instants)), max_size=6)) | {0, len(instants)})
    whole = run(flat(instants))
    pieces = run(*(flat(instants[a:b]) for a, b in pairwise(cuts)))
    assert without_blocks(pieces.decisions) == without_blocks(whole.decisions)
    assert pieces.state == whole.state


@settings(max_examples=60, deadline=None)
@given(polls(), st.integers(0, 2**32))
def test_an_upload_that_comes_again_at_any_time_changes_nothing(instants: list[list[Reading]], seed: int) -> None:
    chance, plant = random.Random(seed), Plant(POINTS)
    for sent, upload in enumerate(instants, 1):
        plant.upload(columns(upload))
        again = instants[chance.randrange(sent)]
        state = plant.state
        assert plant.upload(columns(again)) == []
        assert plant.state == state
    assert without_blocks(plant.decisions) == without_blocks(run(*instants).decisions)


@settings(max_examples=60, deadline=None)
@given(polls(), st.integers(0, 24))
def test_a_state_that_was_stored_goes_on_as_if_it_had_not_been(instants: list[list[Reading]], cut: int) -> None:
    straight, stored = Plant(POINTS), Plant(POINTS)
    for n, instant in enumerate(instants):
        straight.upload(columns(instant))
        stored.upload(columns(instant))
        if n == cut:
            stored.state = unpack_state(pack_state(stored.state))
    assert stored.state == straight.state
    assert stored.decisions == straight.decisions


@settings(max_examples=80, deadline=None)
@given(polls())
def test_a_warning_s_life_is_opened_then_escalated_upwards_then_cleared(instants: list[list[Reading]]) -> None:
    plant = run(flat(instants))
    lives: dict[str, list[Decision]] = {}
    for decision in plant.decisions:
        lives.setdefault(decision.warning_id, []).append(decision)
    for life in lives.values():
        first, *others = life
        assert first.change is Change.OPENED
        assert all(d.change in (Change.ESCALATED, Change.CLEARED) for d in others)
        assert all(d.change is not Change.CLEARED for d in life[:-1])
        raised = [d.tier for d in life if d.change is not Change.CLEARED]
        assert raised == sorted(set(raised))
    for rule in plant.state.rules.values():
        assert rule.phase is not Phase.OPEN or (rule.tier in (1, 2, 3) and rule.warning_id in lives)


@settings(max_examples=80, deadline=None)
@given(polls())
def test_every_decision_has_bounded_arithmetic_and_exceeding_legs(instants: list[list[Reading]]) -> None:
    for decision in run(flat(instants)).decisions:
        why = decision.why
        if why is None:
            continue
        assert 0.2 - 1e-6 <= why.coefficient <= 1.0 or decision.change is Change.ESCALATED
        assert why.warning_threshold <= why.composite_score <= 100.0
        exceeds = [term.deviation >= 1.0 - 1e-9 for term in why.terms if term.role != "energy"]
        assert all(exceeds) or decision.change is Change.ESCALATED
        assert decision.onset_ms <= decision.at_ms
