"""A plant to measure with: registered points and readings as sensors give them, the same in every run.

A signal wanders about its level (an autoregressive process), with the sensor's noise on top, rounded to what the instrument
shows: two or three significant decimals, nothing that compresses better than real data does.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
from chalicelib.domain.person import Bridge
from chalicelib.domain.reading import Series

START_MS = 1_772_416_800_000
STEP_MS = 30_000
ENTERPRISE = Enterprise("acme", "Acme", "91110000MA01A2B34H", "circular_chemical", "medium", "east")


@dataclass(frozen=True, slots=True)
class Signal:
    """`wander` and `noise` are standard deviations in the indicator's unit; `places` what the instrument shows."""

    indicator: str
    level: float
    wander: float
    noise: float
    places: int
    threshold: float | None = None
    nominal: float | None = None


REACTOR = (
    Signal("reactor_temperature", 172.0, 2.5, 0.2, 1, threshold=190.0),
    Signal("voc", 31.4, 2.2, 0.4, 2, nominal=30.0),
    Signal("steam_flow", 231.0, 6.0, 1.5, 1, nominal=230.0),
    Signal("reactor_pressure", 412.5, 5.0, 0.6, 1, threshold=500.0),
    Signal("cod", 38.25, 1.8, 0.3, 2),
)


def profile(points: int) -> Profile:
    """Reactors of five points each, until there are so many points."""
    units = tuple(Unit(f"acme-r{n}", "acme", f"R{n}", "reactor") for n in range(1, -(-points // len(REACTOR)) + 1))
    wanted = [
        Point(f"{unit.id}-{s.indicator}", "acme", unit.id, s.indicator, nominal=s.nominal, threshold=s.threshold)
        for unit in units
        for s in REACTOR
    ]
    return Profile(ENTERPRISE, units, tuple(wanted[:points]))


def readings(plant: Profile, each: int, *, start_ms: int = START_MS, seed: int = 1) -> tuple[Series, ...]:
    """So many readings of each point, one every 30 s."""
    chance = random.Random(seed)
    times = [start_ms + n * STEP_MS for n in range(each)]
    signals = {signal.indicator: signal for signal in REACTOR}
    return tuple(
        Series(point.id, times, list(_values(signals[point.indicator], each, chance)), "N" * each)
        for point in plant.points
    )


def _values(signal: Signal, count: int, chance: random.Random) -> Iterator[float]:
    keep, away = 0.97, chance.gauss(0.0, signal.wander)
    for _ in range(count):
        away = keep * away + chance.gauss(0.0, signal.wander * sqrt(1 - keep * keep))
        yield round(signal.level + away + chance.gauss(0.0, signal.noise), signal.places)


def uuid7(at_ms: int) -> UUID:
    """A client-made id of that instant (RFC 9562, 5.7)."""
    return UUID(int=at_ms << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62))


def bridge(public_key_pem: str) -> Bridge:
    return Bridge("acme-bridge", "acme", public_key_pem)
