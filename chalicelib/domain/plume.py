"""The Gaussian plume of a steady release near the ground: how much it is diluted, and how wide it is.

Spreads are those of Briggs (1973) for distances of 100 m to 10 km, as Hanna, Briggs and Hosker (1982, table 4.5) print them; the
plume with its reflection at the ground is equation 3.1 of Turner (1970). Averages of about an hour over open ground; buildings,
heavy gases and chemistry are not in it.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, pi

from chalicelib.domain.stability import Stability

TO_A_TENTH = 2.15  # standard deviations to where a Gaussian is a tenth of its peak; Turner 1970, chapter 3
NEAREST_M, FARTHEST_M = 100.0, 10_000.0


class Terrain(StrEnum):
    OPEN = "open"
    URBAN = "urban"


@dataclass(frozen=True, slots=True)
class _Spread:
    """sigma = rate * x * (1 + bend * x) ** power, in metres."""

    rate: float
    bend: float = 0.0
    power: float = 0.0

    def at(self, distance_m: float) -> float:
        return float(self.rate * distance_m * (1 + self.bend * distance_m) ** self.power)


_OPEN = {
    Stability.A: (_Spread(0.22, 1e-4, -0.5), _Spread(0.20)),
    Stability.B: (_Spread(0.16, 1e-4, -0.5), _Spread(0.12)),
    Stability.C: (_Spread(0.11, 1e-4, -0.5), _Spread(0.08, 2e-4, -0.5)),
    Stability.D: (_Spread(0.08, 1e-4, -0.5), _Spread(0.06, 1.5e-3, -0.5)),
    Stability.E: (_Spread(0.06, 1e-4, -0.5), _Spread(0.03, 3e-4, -1.0)),
    Stability.F: (_Spread(0.04, 1e-4, -0.5), _Spread(0.016, 3e-4, -1.0)),
}
_UNSTABLE = (_Spread(0.32, 4e-4, -0.5), _Spread(0.24, 1e-3, 0.5))
_STABLE = (_Spread(0.11, 4e-4, -0.5), _Spread(0.08, 1.5e-3, -0.5))
_URBAN = {
    Stability.A: _UNSTABLE,
    Stability.B: _UNSTABLE,
    Stability.C: (_Spread(0.22, 4e-4, -0.5), _Spread(0.20)),
    Stability.D: (_Spread(0.16, 4e-4, -0.5), _Spread(0.14, 3e-4, -0.5)),
    Stability.E: _STABLE,
    Stability.F: _STABLE,
}
_SPREADS = {Terrain.OPEN: _OPEN, Terrain.URBAN: _URBAN}


def spread_m(distance_m: float, stability: Stability, terrain: Terrain = Terrain.OPEN) -> tuple[float, float]:
    """(sigma_y, sigma_z) in metres at a distance downwind. Raises ValueError where the distance is not positive."""
    if distance_m <= 0:
        raise ValueError(distance_m)
    across, up = _SPREADS[terrain][stability]
    return across.at(distance_m), up.at(distance_m)


def dilution_m2(spread: tuple[float, float], across_m: float = 0.0, up_m: float = 0.0, height_m: float = 0.0) -> float:
    """chi * u / Q in 1/m2 for spreads (sigma_y, sigma_z): times the rate of release, divided by the wind, it is the
    concentration. `height_m` is that of the release, `across_m` and `up_m` where the receptor is. Turner 1970, eq. 3.1."""
    sigma_y, sigma_z = spread
    beside = exp(-0.5 * (across_m / sigma_y) ** 2)
    direct = exp(-0.5 * ((up_m - height_m) / sigma_z) ** 2)
    reflected = exp(-0.5 * ((up_m + height_m) / sigma_z) ** 2)
    return beside * (direct + reflected) / (2 * pi * sigma_y * sigma_z)


def half_width_m(distance_m: float, stability: Stability, terrain: Terrain = Terrain.OPEN) -> float:
    """How far beside its axis the plume has a tenth of what it has on it."""
    return TO_A_TENTH * spread_m(distance_m, stability, terrain)[0]
