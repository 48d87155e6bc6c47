"""The time of a reading stays right and unique whatever becomes of the machine's clock."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.clock import Discipline, Jump

HOUR_MS = 3_600_000
START_MS = 1_772_416_800_000


class Machine:
    """A machine whose wall clock can be set; `ran()` lets time pass."""

    def __init__(self) -> None:
        self.wall_ms, self.steady_s = START_MS, 1_000.0
        self.jumps: list[Jump] = []
        self.clock = self.boot(0)

    def boot(self, epoch: int) -> Discipline:
        self.clock = Discipline(
            self.jumps.append, epoch=epoch, raw_ms=lambda: self.wall_ms, raw_steady_s=lambda: self.steady_s
        )
        return self.clock

    def ran(self, seconds: float) -> int:
        self.steady_s += seconds
        self.wall_ms += round(seconds * 1000)
        return self.clock.now_ms()

    def is_set_by(self, milliseconds: int) -> None:
        self.wall_ms += milliseconds

    def hears_the_park(self, ahead_ms: int = 0) -> None:
        """The park's time is the wall time at the start plus what has really passed, plus `ahead_ms`."""
        true_ms = START_MS + round((self.steady_s - 1_000.0) * 1000)
        self.clock.park_said((true_ms + ahead_ms) / 1000)

    @property
    def reactions(self) -> list[tuple[int, str]]:
        return [(jump.by_ms, jump.reaction) for jump in self.jumps]


@pytest.fixture
def machine():
    return Machine()


def off_ms(machine):
    """How far the given time is from the true one."""
    return machine.clock.now_ms() - (START_MS + round((machine.steady_s - 1_000.0) * 1000))


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS], ids=["an hour ahead", "an hour back"])
def test_a_jump_is_held_off_and_told_once_the_park_is_known(machine, by_ms):
    machine.ran(10)
    machine.hears_the_park()
    machine.is_set_by(by_ms)
    machine.ran(1)
    assert machine.reactions == [(by_ms, "held")]
    assert abs(off_ms(machine)) < 4


def test_a_jump_that_is_set_right_again_leaves_no_trace_in_the_time(machine):
    machine.hears_the_park()
    for by_ms in (HOUR_MS, -HOUR_MS):
        machine.is_set_by(by_ms)
        machine.ran(5)
    assert machine.clock.offset_ms == 0
    assert [reaction for _, reaction in machine.reactions] == ["held", "held"]


def test_a_machine_that_learns_the_time_soon_after_its_start_is_followed(machine):
    machine.ran(30)
    machine.is_set_by(HOUR_MS)
    machine.ran(1)
    assert machine.reactions == [(HOUR_MS, "followed")]
    assert machine.clock.offset_ms == 0


def test_a_bridge_that_has_run_for_long_without_the_park_holds_a_jump_off(machine):
    machine.ran(700)
    machine.is_set_by(-HOUR_MS)
    machine.ran(1)
    assert machine.reactions == [(-HOUR_MS, "held")]


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS], ids=["fast", "slow"])
def test_a_clock_that_was_wrong_from_the_start_is_set_right_by_the_park(machine, by_ms):
    machine.is_set_by(by_ms)
    machine.boot(0)
    machine.ran(5)
    machine.hears_the_park()
    assert abs(off_ms(machine)) < 1_000
    assert machine.reactions[-1][1] == "corrected"


def test_seconds_that_an_answer_was_under_way_correct_nothing(machine):
    machine.hears_the_park(ahead_ms=-20_000)
    machine.ran(1)
    assert machine.jumps == []


def test_slow_drift_is_no_jump(machine):
    for _ in range(100):
        machine.is_set_by(500)
        machine.ran(60)
    assert machine.jumps == []


@given(st.lists(st.tuples(st.integers(-5_000, 5_000), st.floats(0.01, 3)), max_size=3))
def test_no_instant_is_given_twice_by_up_to_three_steps_back(steps):
    machine = Machine()
    given_ms = [machine.ran(0.02 * n) for n in range(1, 30)]
    for by_ms, seconds in steps:
        machine.is_set_by(by_ms)
        given_ms += [machine.ran(seconds + 0.02 * n) for n in range(1, 30)]
    instants = [
        now for now, before in pairwise([*given_ms, 0]) if now != before
    ]  # a source keeps its own next one apart
    assert len(set(instants)) == len(instants)


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 10_000))
def test_two_starts_with_a_clock_set_back_between_them_never_share_an_instant(first, runs, back_ms):
    machine = Machine()
    machine.boot(first)
    before = {machine.ran(0.02) for _ in range(50)}
    machine.is_set_by(-back_ms)
    machine.boot(first + 1 + runs % 3)
    assert before.isdisjoint({machine.ran(0.02) for _ in range(50)})
