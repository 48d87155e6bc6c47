"""Foresight: how likely a coupled warning opens in a region in each hour of the next days, and how far that can be trusted.

The event is that at least one coupled warning of any tier has its onset in the hour. A probability is the base rate (climatology),
moved by the weather as far as history supports it, and calibrated. It is shown only where the back-test found it better than the
base rate alone, beyond chance; otherwise the base rate stands alone and the verdict says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from math import exp, log

from chalicelib.domain.climatology import Climatology, cell_of
from chalicelib.domain.foresight_features import features
from chalicelib.domain.weather import HOUR_MS, Weather, hour_of

AHEAD_HOURS = 72
MIN_HOURS = 180 * 24
MIN_EVENTS = 40
OUTERMOST = 5.0


class Verdict(StrEnum):
    SKILFUL = "skilful"
    NO_SKILL = "no_skill"  # the back-test did not beat the base rate beyond chance
    THIN = "thin"  # fewer than MIN_HOURS observed hours, or MIN_EVENTS hours with a warning
    UNFITTED = "unfitted"  # nothing was learnt for the region yet


@dataclass(frozen=True, slots=True)
class Model:
    """logit p = a + b * l with l = logit(base rate) + intercept + sum of weight * z, z = (feature - mean) / scale.

    (a, b) calibrate: `calibration`. Weights stand in the order of foresight_features.FEATURES. Beyond OUTERMOST scales a
    feature counts as if it were there: weather that history hardly knows decides nothing alone.
    """

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    calibration: tuple[float, float]

    def probability(self, base_rate: float, given: Sequence[float]) -> float:
        z = (
            min(OUTERMOST, max(-OUTERMOST, (x - m) / s)) for x, m, s in zip(given, self.means, self.scales, strict=True)
        )
        moved = sum(w * one for w, one in zip(self.weights, z, strict=True))
        a, b = self.calibration
        return expit(a + b * (logit(base_rate) + self.intercept + moved))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Of `hours` with about the same probability (mean `forecast`), the share in which a warning opened."""

    forecast: float
    observed: float
    hours: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """Time-forward over `blocks`: each is forecast from what was known before it, with the weather that was observed.

    `skill` is Brier's skill score 1 - brier / brier_climatology, `skill_low` the end of its one-sided 95 % interval.
    """

    from_ms: int
    to_ms: int
    blocks: int
    hours: int
    events: int
    brier: float
    brier_climatology: float
    skill: float
    skill_low: float
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Foresight:
    """What was learnt for a region from `hours` observed hours of from_ms <= t < to_ms, `events` of them with a warning."""

    region: str
    fitted_at_ms: int
    from_ms: int
    to_ms: int
    hours: int
    events: int
    verdict: Verdict
    climatology: Climatology
    model: Model | None = None
    backtest: Backtest | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """One hour to come. `history_hours` stand behind the base rate. `probability` None: the base rate is all that is known."""

    hour_ms: int
    base_rate: float
    history_hours: int
    probability: float | None


def outlook(known: Foresight, weather: Weather, now_ms: int, zone: tzinfo) -> tuple[Outlook, ...]:
    """The hours to come, from the present one on; none where there is no history at all.

    `weather` reaches foresight_features.LOOK_BACK_MS back.
    """
    if known.hours == 0:
        return ()
    first_ms = hour_of(now_ms)
    return tuple(_outlook(known, weather, first_ms + ahead * HOUR_MS, zone) for ahead in range(AHEAD_HOURS))


def _outlook(known: Foresight, weather: Weather, hour_ms: int, zone: tzinfo) -> Outlook:
    cell = cell_of(hour_ms, zone)
    base_rate = known.climatology.rate(cell)
    given = features(hour_ms, weather) if known.verdict is Verdict.SKILFUL else None
    probability = None if known.model is None or given is None else known.model.probability(base_rate, given)
    return Outlook(hour_ms, base_rate, known.climatology.count(cell), probability)


def logit(p: float) -> float:
    return log(p / (1 - p))


def expit(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
