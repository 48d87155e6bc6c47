"""The two clocks, one for when a plant measured, one for how long to wait; and what is done when the first is wrong.

A plant's computer loses its battery, or somebody sets its time by hand. A reading under a wrong time is worth little, and a
clock set back gives two values one time. So `Discipline` watches the wall clock against a steady one, and holds it against the
time in the park's answers. Invariants of what it gives out:

- a jump of the wall clock does not move it once the park's time is known or the bridge has run for a while;
- where the park's time differs by more than the tolerance, the park is right;
- the two lowest bits of a millisecond count restarts and steps back, so that no instant is ever given twice by steps of time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

JUMP_MS = 2_000
TOLERANCE_MS = 30_000
# Until then a jump without a word from the park is taken for a machine that has just learnt the time.
SETTLED_S = 600.0
_EPOCHS = 4

Reaction = Literal["held", "followed", "corrected"]


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def steady_s() -> float:
    """Seconds that no setting of the clock changes, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clock:
    wall_ms: Callable[[], int] = wall_ms
    monotonic_s: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock went by `by_ms` (negative: back). `reaction`: held off, followed, or set right by the park's time."""

    at_ms: int
    by_ms: int
    reaction: Reaction


class Discipline:
    """Gives out the time of readings. `epoch`: how often the bridge was started with its spool; counts on at steps back."""

    def __init__(
        self,
        on_jump: Callable[[Jump], None] = lambda _jump: None,
        *,
        epoch: int = 0,
        raw_ms: Callable[[], int] = wall_ms,
        raw_steady_s: Callable[[], float] = steady_s,
    ) -> None:
        self.on_jump = on_jump
        self.epoch = epoch
        self._raw_ms = raw_ms
        self._raw_steady_s = raw_steady_s
        self._seen_ms, self._seen_s = raw_ms(), raw_steady_s()
        self._started_s = self._seen_s
        self._last_step = 0
        self._is_park_known = False
        self.offset_ms = 0
        self.jumps = 0

    def now_ms(self) -> int:
        """Epoch milliseconds, in steps of four."""
        wall, steady = self._raw_ms(), self._raw_steady_s()
        by_ms = wall - self._seen_ms - (steady - self._seen_s) * 1000
        self._seen_ms, self._seen_s = wall, steady
        if not -JUMP_MS < by_ms < JUMP_MS:
            self._jumped(round(by_ms))
        return self._marked(wall)

    def park_said(self, date_s: float) -> None:
        """The park's answer carried this time, to the second."""
        self._is_park_known = True
        now_ms = self.now_ms()
        behind_ms = round(date_s * 1000) - now_ms
        if not -TOLERANCE_MS <= behind_ms <= TOLERANCE_MS:
            self.offset_ms += behind_ms
            self._tell(behind_ms, "corrected")

    def _jumped(self, by_ms: int) -> None:
        if self._is_park_known or self._seen_s - self._started_s > SETTLED_S:
            self.offset_ms -= by_ms
            self._tell(by_ms, "held")
        else:
            self._tell(by_ms, "followed")

    def _tell(self, by_ms: int, reaction: Reaction) -> None:
        self.jumps += 1
        self.on_jump(Jump(self._marked(self._seen_ms), by_ms, reaction))

    def _marked(self, raw_ms: int) -> int:
        step = (raw_ms + self.offset_ms) // _EPOCHS
        if step < self._last_step:
            self.epoch += 1
        self._last_step = step
        return step * _EPOCHS + self.epoch % _EPOCHS
