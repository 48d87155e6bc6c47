"""A point's readings in a window, as columns to compute with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.mark import Mark, MarkKind
from chalicelib.domain.reading import NORMAL, Series

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A point's readings in the window, in order of time, with what the catalogue says of its indicator."""

    point_id: str
    times_ms: NDArray[np.int64]
    values: Values
    normal: Mask  # not flagged by its source, and a number
    plausible: tuple[float, float]
    max_rate_per_s: float | None = None

    def __len__(self) -> int:
        return len(self.times_ms)

    def mark(self, kind: MarkKind, first: int, last: int, readings: int | None = None, **evidence: float) -> Mark:
        """A mark from the reading `first` to the reading `last`."""
        return Mark(
            kind,
            self.point_id,
            int(self.times_ms[first]),
            int(self.times_ms[last]),
            last - first + 1 if readings is None else readings,
            tuple((name, float(value)) for name, value in evidence.items()),
        )


def signal_of(one: Series, plausible: tuple[float, float], max_rate_per_s: float | None = None) -> Signal:
    values = np.asarray(one.values, dtype=np.float64)
    flags = np.frombuffer(one.flags.encode("ascii"), dtype=np.uint8)
    normal = (flags == ord(NORMAL)) & np.isfinite(values)
    return Signal(one.point_id, np.asarray(one.times_ms, dtype=np.int64), values, normal, plausible, max_rate_per_s)


def without(one: Signal, wrong: Mask) -> Signal:
    """The readings of a signal but for those in the mask."""
    kept = ~wrong
    return Signal(
        one.point_id, one.times_ms[kept], one.values[kept], one.normal[kept], one.plausible, one.max_rate_per_s
    )


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(first, last) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end) - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def step_starts(values: Values) -> NDArray[np.intp]:
    """Where each run of equal values begins."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    return np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1)).astype(np.intp)
