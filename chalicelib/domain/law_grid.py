"""A unit's history on an even grid: minute means of valid readings, then means over the unit's own sampling step.

Memory is bounded by points x minutes, whatever the number of readings.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.reading import NORMAL, Series

Array = NDArray[np.float64]
MINUTE_MS = 60_000
MAX_STEP_MINUTES = 24 * 60


class Minutes:
    """Minute means of each wanted point in from_ms <= t < to_ms. `plausible` says by point which values can be true."""

    def __init__(self, plausible: Mapping[str, tuple[float, float]], from_ms: int, to_ms: int) -> None:
        self.from_ms = from_ms
        self.count = -(-(to_ms - from_ms) // MINUTE_MS)
        self._to_ms = to_ms
        self._plausible = plausible
        self._sums = {point: np.zeros(self.count) for point in plausible}
        self._counts = {point: np.zeros(self.count, dtype=np.int32) for point in plausible}

    def add(self, series: Iterable[Series]) -> None:
        """Take the readings in; what is flagged, implausible or outside the window is left out."""
        for one in series:
            if one.point_id in self._plausible:
                self._add(one)

    def _add(self, one: Series) -> None:
        times, values = np.asarray(one.times_ms, dtype=np.int64), np.asarray(one.values, dtype=float)
        low, high = self._plausible[one.point_id]
        normal = np.frombuffer(one.flags.encode("ascii"), dtype=np.uint8) == ord(NORMAL)
        good = normal & (values >= low) & (values <= high) & (times >= self.from_ms) & (times < self._to_ms)
        at = (times[good] - self.from_ms) // MINUTE_MS
        np.add.at(self._sums[one.point_id], at, values[good])
        np.add.at(self._counts[one.point_id], at, 1)

    def leave_out(self, point_id: str, from_ms: int, to_ms: int) -> None:
        """Forget what a point read in from_ms <= t < to_ms."""
        first, last = (min(max((t - self.from_ms) // MINUTE_MS, 0), self.count) for t in (from_ms, to_ms))
        self._counts[point_id][first:last] = 0
        self._sums[point_id][first:last] = 0.0

    def sampling_minutes(self, point_id: str) -> int:
        """The usual number of minutes from one reading to the next; 1 where there are fewer than two."""
        gaps = np.diff(np.flatnonzero(self._counts[point_id]))
        return min(max(int(np.median(gaps)), 1), MAX_STEP_MINUTES) if len(gaps) else 1

    def on_grid(self, point_id: str, step_minutes: int) -> Array:
        """Means over steps of so many minutes since the window began; NaN where there was no valid reading."""
        steps = -(-self.count // step_minutes)
        pad = steps * step_minutes - self.count
        sums = np.pad(self._sums[point_id], (0, pad)).reshape(steps, step_minutes).sum(axis=1)
        counts = np.pad(self._counts[point_id], (0, pad)).reshape(steps, step_minutes).sum(axis=1)
        out: Array = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return out

    def pair(self, cause: str, response: str) -> tuple[Array, Array, int]:
        """(cause, response, step in minutes): both on the grid of the one that is sampled less often."""
        step = max(self.sampling_minutes(point) for point in (cause, response))
        return self.on_grid(cause, step), self.on_grid(response, step), step
