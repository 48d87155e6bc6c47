"""A bridge that lives in another time: its wall clock jumps, or all its time runs faster.

    python -m tests.edge_faults.warp CLOCK_FILE run --config bridge.yaml

Before anything of the bridge is imported, the functions of `time` and the wait of the event loop follow the clock file, which the test may change
at any moment. Sockets, disk and devices stay in real time.
"""

import mmap
import selectors
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_REAL_MONOTONIC = time.monotonic
_REAL_TIME = time.time
_SLOT = struct.Struct("<dddd")
_SIZE = 2 * _SLOT.size + 1


@dataclass(frozen=True, slots=True)
class Run:
    """From the real instant `real_s` on, monotonic time is `mono_s` and runs `scale` times as fast; the wall is `ahead_s` before it."""

    real_s: float
    mono_s: float
    scale: float
    ahead_s: float

    def monotonic_s(self, real_s: float) -> float:
        return self.mono_s + (real_s - self.real_s) * self.scale


class WarpedClock:
    """The clock file: two slots and a byte that says which one counts, so that no half-written one is ever read."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _SIZE)

    @classmethod
    def make(cls, file: Path, *, scale: float = 1.0, wall_offset_s: float = 0.0) -> "WarpedClock":
        file.write_bytes(bytes(_SIZE))
        clock = cls(file)
        now_s = _REAL_MONOTONIC()
        clock._write(Run(now_s, now_s, scale, _REAL_TIME() - now_s + wall_offset_s))
        return clock

    def run(self) -> Run:
        return Run(*_SLOT.unpack_from(self._map, self._map[-1] * _SLOT.size))

    def monotonic_s(self) -> float:
        return self.run().monotonic_s(_REAL_MONOTONIC())

    def wall_s(self) -> float:
        run = self.run()
        return run.monotonic_s(_REAL_MONOTONIC()) + run.ahead_s

    def jump(self, by_s: float) -> None:
        """Set the wall clock by so much."""
        run = self.run()
        self._write(replace(run, ahead_s=run.ahead_s + by_s))

    def rescale(self, scale: float) -> None:
        """Run so many times as fast as real time from now on."""
        now_s, run = _REAL_MONOTONIC(), self.run()
        self._write(Run(now_s, run.monotonic_s(now_s), scale, run.ahead_s))

    def _write(self, run: Run) -> None:
        other = 1 - self._map[-1]
        _SLOT.pack_into(self._map, other * _SLOT.size, run.real_s, run.mono_s, run.scale, run.ahead_s)
        self._map[-1] = other


def install(clock: WarpedClock) -> None:
    """Make this process live by the clock."""
    real_gettime, real_sleep = time.clock_gettime, time.sleep
    steady = (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC_RAW)
    warped: dict[str, Callable[..., Any]] = {
        "monotonic": clock.monotonic_s,
        "monotonic_ns": lambda: int(clock.monotonic_s() * 1e9),
        "time": clock.wall_s,
        "time_ns": lambda: int(clock.wall_s() * 1e9),
        "clock_gettime": lambda which: clock.monotonic_s() if which in steady else _wall_or(which, clock, real_gettime),
        "clock_gettime_ns": lambda which: int(time.clock_gettime(which) * 1e9),
        "sleep": lambda seconds: real_sleep(seconds / clock.run().scale),
    }
    for name, function in warped.items():
        setattr(time, name, function)
    _warp_waiting(selectors.DefaultSelector, clock)


def _wall_or(which: int, clock: WarpedClock, real_gettime: Callable[[int], float]) -> float:
    return clock.wall_s() if which == time.CLOCK_REALTIME else real_gettime(which)


def _warp_waiting(selector: Any, clock: WarpedClock) -> None:
    real_select = selector.select

    def select(self: Any, timeout: float | None = None) -> Any:
        return real_select(self, timeout / clock.run().scale if timeout is not None and timeout > 0 else timeout)

    selector.select = select


def main() -> int:
    install(WarpedClock(Path(sys.argv[1])))
    from green_shield_bridge.cli.main import main as bridge

    return bridge(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
