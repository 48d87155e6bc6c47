"""What the enterprises put right in the demonstration, and from when on it can be measured.

A retest is held against the online values of its minute, so people measure in the first minute that is good from its beginning.
"""

import math
import threading
import time
from collections.abc import Callable

from demo.scenario import NORMAL

REPAIR_S = 2.0
READ_S = 4.0  # from a device to the park
MINUTE_S = 60.0
Ramp = Callable[[dict[str, float], float], None]


class Repairs:
    """`ramp` moves points of the plant. Units that the scenario does not know (those of a recording) are as they are."""

    def __init__(self, ramp: Ramp, value: Callable[[str], float]) -> None:
        self._ramp, self._value = ramp, value
        self._good_from: dict[str, float] = {}
        self._lock = threading.Lock()

    def repair(self, unit_id: str) -> None:
        """Bring a unit back to its normal values, once."""
        points = {point: value for point, value in NORMAL.items() if point.rpartition("-")[0] == unit_id}
        with self._lock:
            if unit_id in self._good_from or not points:
                return
            self._good_from[unit_id] = math.inf
        self._ramp(points, REPAIR_S)
        begins = math.ceil((time.time() + READ_S) / MINUTE_S) * MINUTE_S
        self._good_from[unit_id] = begins + READ_S

    def can_be_measured(self, unit_id: str) -> bool:
        is_known = any(point.rpartition("-")[0] == unit_id for point in NORMAL)
        return not is_known or time.time() >= self._good_from.get(unit_id, math.inf)

    def measured(self, point_id: str) -> float:
        """What a good handheld shows beside a point."""
        return float(f"{self._value(point_id) * 1.004:.5g}")
