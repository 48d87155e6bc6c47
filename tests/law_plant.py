"""A simulated unit whose law is known: off-gas VOC and steam answer the reactor's temperature after a while.

Temperature wanders (AR(1)), sensors have noise, the responses' own noise fades slowly, some readings are spikes and some are missing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STEP_MS = 300_000
CENTRE = 175.0


@dataclass(frozen=True, slots=True)
class Plant:
    """`voc` and `steam` are the true relative changes for one degree more; `lag` is in samples."""

    voc: float = 0.05
    steam: float = 0.03
    lag: int = 3
    samples: int = 2880
    temperature_sd: float = 3.0
    temperature_keeps: float = 0.97
    noise: float = 0.03
    noise_keeps: float = 0.6
    sensor_noise: float = 0.2

    def run(self, seed: int) -> tuple[Array, Array, Array]:
        """(temperature, voc, steam) on one grid of STEP_MS, NaN where a reading is flagged."""
        chance = np.random.default_rng(seed)
        n = self.samples
        true = CENTRE + fading(chance, n + self.lag, self.temperature_keeps, self.temperature_sd)
        seen = true[self.lag :] + chance.normal(0.0, self.sensor_noise, n)
        seen[chance.random(n) < 0.005] += 80.0
        seen[chance.random(n) < 0.02] = np.nan
        return seen, *(self._answer(chance, true[:n], gain, at) for gain, at in ((self.voc, 30.0), (self.steam, 100.0)))

    def _answer(self, chance: np.random.Generator, cause: Array, gain: float, level: float) -> Array:
        n = len(cause)
        own = fading(chance, n, self.noise_keeps, self.noise) + chance.normal(0.0, self.noise / 2.0, n)
        values: Array = level * np.exp(np.log1p(gain) * (cause - CENTRE) + own)
        values[chance.random(n) < 0.01] *= 10.0
        values[chance.random(n) < 0.02] = np.nan
        return values


def fading(chance: np.random.Generator, n: int, keeps: float, sd: float) -> Array:
    """An AR(1) course with standard deviation `sd`."""
    out, at = np.empty(n), chance.normal(0.0, sd)
    for i, push in enumerate(chance.normal(0.0, sd * np.sqrt(1.0 - keeps**2), n)):
        at = keeps * at + push
        out[i] = at
    return out
