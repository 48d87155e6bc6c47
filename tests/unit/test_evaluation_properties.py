"""What holds of evaluation whatever the readings: where uploads are cut, how often they come, and what a state may be."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from chalicelib.domain.evaluation import Change, Decision
from chalicelib.domain.state import Phase, pack_state, unpack_state
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plant import NOMINAL, START_MS, Plant, columns

POINTS = {**NOMINAL, "temperature-2": {"indicator": "reactor_temperature", "threshold": 181.0}}
LEVELS = {
    "temperature": st.sampled_from([170.0, 181.79, 181.99, 182.0, 184.0, 195.0, 700.0]),
    "temperature-2": st.sampled_from([170.0, 183.0, 200.0]),
    "voc": st.sampled_from([25.0, 30.0, 38.0, 39.0, 48.0, 90.0]),
    "steam": st.sampled_from([100.0, 109.0, 125.0]),
}
FLAGS = st.sampled_from("NNNNNNNNDMC")
Reading = tuple[int, str, float, str]


@st.composite
def polls(draw: st.DrawFn) -> list[list[Reading]]:
    """Readings in order of time, grouped by instant: polls of some points, at one stamp or a few milliseconds apart."""
    at_ms, instants = START_MS, []
    for _ in range(draw(st.integers(2, 24))):
        at_ms += draw(st.sampled_from([1_000, 60_000, 60_000, 60_000, 300_000, 700_000]))
        names = draw(st.lists(st.sampled_from(list(POINTS)), min_size=1, unique=True))
        rows = [(name, draw(LEVELS[name]), draw(FLAGS)) for name in names]
        if draw(st.booleans()):
            instants.append([(at_ms, *row) for row in rows])
        else:
            instants += [[(at_ms + 7 * n, *row)] for n, row in enumerate(rows)]
    return instants


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


@settings(max_examples=120, deadline=None)
@given(polls(), st.data())
def test_it_makes_no_difference_between_which_instants_uploads_are_cut(instants: list[list[Reading]], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(instants)))) | {0, len(instants)})
    whole = run(flat(instants))
    pieces = run(*(flat(instants[a:b]) for a, b in pairwise(cuts)))
    assert without_blocks(pieces.decisions) == without_blocks(whole.decisions)
    assert pieces.state == whole.state


@settings(max_examples=60, deadline=None)
@given(polls(), st.data())
def test_an_upload_that_comes_again_at_any_time_changes_nothing(instants: list[list[Reading]], data: st.DataObject) -> None:
    uploads = [instant for instant in instants if instant]
    once = run(*uploads)
    plant, sent = Plant(POINTS), 0
    for upload in uploads:
        plant.upload(columns(upload))
        sent += 1
        again = uploads[data.draw(st.integers(0, sent - 1))]
        state = plant.state
        assert plant.upload(columns(again)) == []
        assert plant.state == state
    assert without_blocks(plant.decisions) == without_blocks(once.decisions)


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


@settings(max_examples=120, deadline=None)
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


@settings(max_examples=120, deadline=None)
@given(polls())
def test_every_decision_has_bounded_arithmetic_and_exceeding_legs(instants: list[list[Reading]]) -> None:
    for decision in run(flat(instants)).decisions:
        why = decision.why
        if why is None:
            continue
        assert 0.2 - 1e-6 <= why.coefficient <= 1.0
        assert why.warning_threshold <= why.composite_score <= 100.0
        assert all(term.deviation >= 1.0 - 1e-9 for term in why.terms if term.role != "energy")
        assert decision.onset_ms <= decision.at_ms
