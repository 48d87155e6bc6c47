"""A state comes back from its bytes as it was."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.state import IDLE, EnterpriseState, Phase, PointState, RuleState, pack_state, unpack_state

DOUBLES = st.floats(allow_nan=False)
POINTS = st.builds(
    PointState,
    last_ms=st.integers(-(2**62), 2**62),
    valid=st.booleans(),
    value=DOUBLES,
    mean=DOUBLES,
    scale=DOUBLES,
    weight=DOUBLES,
    count=st.integers(0, 2**32 - 1),
    step=st.integers(0, 255),
    moves=st.integers(0, 16),
    level=DOUBLES,
    trusted_ms=st.integers(0, 2**62),
    doubted=st.none() | DOUBLES,
)
RULES = st.builds(
    RuleState,
    phase=st.sampled_from(Phase),
    onset_ms=st.none() | st.integers(0, 2**53),
    hits=st.integers(0, 1000),
    calm=st.integers(0, 1000),
    round_ms=st.integers(0, 2**53),
    tier=st.integers(0, 3),
    warning_id=st.text(max_size=30),
    uncertain=st.booleans(),
)
NAMES = st.text(max_size=12)
STATES = st.builds(
    EnterpriseState,
    points=st.dictionaries(NAMES, POINTS, max_size=6),
    rules=st.dictionaries(st.tuples(NAMES, NAMES), RULES, max_size=4),
)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        zlib.compress(b""),
        zlib.compress(struct.pack("<I", 2) + b"{}"),
        zlib.compress(struct.pack("<I", 25) + b'{"v":99,"p":[],"r":[]}   '),
        zlib.compress(struct.pack("<I", 23) + b'{"v":1,"p":["a"],"r":[]}'),
        pack_state(EnterpriseState({"p": PointState(1, True, 2.0)}))[:-4],
    ],
    ids=[
        "nothing",
        "garbage",
        "an empty stream",
        "no fields",
        "another version",
        "a point without its row",
        "cut short",
    ],
)
def test_what_is_no_state_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        unpack_state(payload)


@settings(max_examples=150, deadline=None)
@given(STATES)
def test_a_state_comes_back_as_it_was(state: EnterpriseState) -> None:
    back = unpack_state(pack_state(state))
    assert back == state
    assert {n: struct.pack("<d", p.mean) for n, p in back.points.items()} == {
        n: struct.pack("<d", p.mean) for n, p in state.points.items()
    }


def test_a_state_from_before_the_gate_goes_on_from_its_valid_readings() -> None:
    head = b'{"v":1,"p":["a","b"],"r":[["u","r","open",5,2,0,5,1,"w",false]]}'
    old = struct.Struct("<q?ddddI")
    rows = old.pack(60, True, 30.0, 29.0, 0.5, 12.0, 40) + old.pack(60, False, 0.0, 29.0, 0.5, 12.0, 40)
    state = unpack_state(zlib.compress(struct.pack("<I", len(head)) + head + rows))
    assert state.points == {
        "a": PointState(60, True, 30.0, 29.0, 0.5, 12.0, 40),
        "b": PointState(60, False, 0.0, 29.0, 0.5, 12.0, 40),
    }
    assert state.tier_of("u") == 1
    assert unpack_state(pack_state(state)) == state


def test_the_tier_of_a_unit_is_the_highest_that_is_open() -> None:
    rules = {
        ("r1", "a"): RuleState(Phase.OPEN, tier=1),
        ("r1", "b"): RuleState(Phase.OPEN, tier=2),
        ("r1", "c"): RuleState(Phase.OBSERVED, tier=3),
        ("r2", "a"): RuleState(Phase.OPEN, tier=3),
    }
    state = EnterpriseState({}, rules)
    assert [state.tier_of(unit) for unit in ("r1", "r2", "r3")] == [2, 3, None]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        pytest.param(IDLE, False, id="idle"),
        pytest.param(RuleState(onset_ms=5, hits=1), True, id="about to open"),
        pytest.param(RuleState(Phase.OPEN, onset_ms=5), True, id="open"),
        pytest.param(RuleState(Phase.OBSERVED, onset_ms=5), False, id="observed"),
        pytest.param(RuleState(uncertain=True), False, id="uncertain"),
    ],
)
def test_which_rules_keep_a_baseline_from_learning(rule: RuleState, holds: bool) -> None:
    assert rule.holds_baseline is holds
