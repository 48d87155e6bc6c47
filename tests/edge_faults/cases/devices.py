"""One device that is silent, one that thinks for 3 s, one that talks garbage, and 47 that must not feel it."""

import time
from collections.abc import Mapping, Sequence

from tests.edge_faults.account import Answer
from tests.edge_faults.bridge import Setup
from tests.edge_faults.scene import Stage

DEVICES = 50
SECONDS = 20.0
SPECIAL = ({"kind": "silent"}, {"kind": "slow", "delay_s": 3.0}, {"kind": "garbage"})


def bad_ones_among_fifty(stage: Stage) -> None:
    """At 1 s each, 100 registers. The rate is what the devices saw."""
    with stage.scene("bad_devices", Setup(interval_s=1.0), devices=DEVICES, points=50, special=SPECIAL) as scene:
        scene.start()
        scene.run(3.0)
        from_s = time.monotonic()
        scene.run(SECONDS)
        rates = _rates(scene.plant.answered(), from_s, time.monotonic())
        good, slow = rates[: DEVICES - len(SPECIAL)], rates[DEVICES - len(SPECIAL) + 1]
        scene.done |= {"devices": DEVICES, "bad": len(SPECIAL), "seconds": SECONDS, "slow_reads_per_s": slow}
        scene.done["off_asked_rate_percent_max"] = max(abs(rate - 1.0) for rate in good) * 100
        scene.drain()


def _rates(answered: Mapping[str, Sequence[Answer]], from_s: float, to_s: float) -> list[float]:
    """Reads a second of each device within a time, from its first to its last one."""
    rates = []
    for point in sorted(name for name in answered if name.endswith("-00")):
        times = [answer.at_s for answer in answered[point] if from_s <= answer.at_s <= to_s]
        rates.append((len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0)
    return rates
