"""A figure: what was measured, and its floor, measured in the same run by alternating rounds."""

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` says how many times dearer the value is than its floor. `note` is for people and not written to the file.

    `target` bounds what `bound` names: the value or the ratio; a rate (`higher_is_better`) from below. None: for information.
    """

    name: str
    value: float | None
    unit: str
    floor: float | None = None
    target: float | None = None
    bound: str = "value"
    higher_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.value or not self.floor:
            return None
        return self.floor / self.value if self.higher_is_better else self.value / self.floor

    @property
    def met(self) -> bool | None:
        """None where there is no target, and where nothing could be measured."""
        measured = self.ratio if self.bound == "ratio" else self.value
        if self.target is None or measured is None:
            return None
        return measured >= self.target if self.higher_is_better and self.bound == "value" else measured <= self.target

    def entry(self) -> dict[str, Any]:
        """As it stands in bench.json."""
        kept = {key: value for key, value in asdict(self).items() if key in ("unit", "target")}
        rounded = {key: _rounded(getattr(self, key)) for key in ("value", "floor", "ratio")}
        entry = {**kept, **rounded, "met": self.met}
        return {key: entry[key] for key in ("value", "unit", "floor", "ratio", "target", "met")}


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def alternate(*works: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, ...]:
    """The median process CPU seconds of each piece of work, run in turns, so that a busy machine slows all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    gc.collect()
    for _ in range(rounds):
        for times, work in zip(taken, works, strict=True):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return tuple(median(times) for times in taken)
