"""A reactor under the watch, for tests: recorded-looking rows in, observations out, in the words of the watch."""

from typing import Any

import numpy as np

from chalicelib.adapters.catalogue import shipped
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.adapters.models import StoredModels
from chalicelib.adapters.operations_repos import EVENT_PREFIX, RowObservationRepo
from chalicelib.adapters.watch_repos import RowWatchRepo
from chalicelib.domain.block import Block, pack
from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.observation import Observation
from chalicelib.domain.reading import Series
from chalicelib.domain.unit_watch import Array, WatchModel
from chalicelib.domain.watch_record import WatchVersion
from chalicelib.domain.watch_training import train
from chalicelib.usecases.watch_unit import watch_unit
from tests.plant import START_MS, enterprise

STEP = 180_000
T0 = START_MS // STEP * STEP
INDICATORS = {
    "r1-temperature": "reactor_temperature",
    "r1-pressure": "reactor_pressure",
    "r1-voc": "voc",
    "r1-cod": "cod",
}
POINTS = tuple(INDICATORS)
CENTRE, SPREAD = np.array([170.0, 1.5, 30.0, 60.0]), np.array([1.0, 0.02, 0.8, 2.0])


def normal(count: int, seed: int) -> Array:
    """Readings of a reactor, of which two inner states show in all points."""
    dice = np.random.default_rng(seed)
    state, rows = np.zeros(2), []
    mixing = np.array([[1.0, 0.2], [0.8, -0.3], [0.6, 0.5], [0.1, 0.9]])
    for _ in range(count + 50):
        state = np.array([0.9, 0.7]) * state + dice.normal(size=2) * 0.4
        rows.append(CENTRE + SPREAD * (mixing @ state + dice.normal(size=4) * 0.3))
    return np.array(rows[50:])


def lifted(rows: Array, since: int, until: int | None = None, **points: float) -> Array:
    changed = rows.copy()
    for point, by in points.items():
        at = POINTS.index(f"r1-{point}")
        changed[since:until, at] += by * SPREAD[at]
    return changed


def model() -> WatchModel:
    dimensions = [shipped().indicators[INDICATORS[point]].dimension for point in POINTS]
    return train(normal(600, 1), POINTS, dimensions, interval_ms=STEP)[0]


class Registry:
    known = Profile(
        enterprise(),
        (Unit("r1", "acme", "R1", "reactor"),),
        tuple(Point(p, "acme", "r1", i) for p, i in INDICATORS.items()),
    )
    asked = 0

    def profile(self, enterprise_id: str) -> Profile:
        self.asked += 1
        return self.known


class Catalogues:
    def current(self) -> Any:
        return shipped()


class Clock:
    ms = START_MS

    def now_ms(self) -> int:
        return self.ms


class Contended(RowWatchRepo):
    """Somebody else is first, so many times."""

    times = 0
    commits = 0

    def commit(self, *given: Any, **more: Any) -> None:
        if self.times > 0:
            self.times -= 1
            raise WriteConflict
        self.commits += 1
        super().commit(*given, **more)


class Park:
    def __init__(self, *, is_watched: bool = True) -> None:
        self.operations = MemoryRows()
        self.registry, self.observations = Registry(), RowObservationRepo(self.operations)
        self.watches = Contended(MemoryRows(), self.operations, Clock())
        self.models = StoredModels(MemoryMediaStore())
        self.unusable: tuple[str, ...] = ()
        if is_watched:
            self.activates("v1")

    def activates(self, version: str, points: tuple[str, ...] = POINTS) -> None:
        known = WatchVersion("acme", "r1", version, points, STEP, T0, T0, 600, 0.0, T0)
        self.models.save(known.key, model())
        self.watches.activate(known)

    def judges(self, block: Block) -> tuple[Observation, ...]:
        ports: Any = {"registry": self.registry, "catalogues": Catalogues(), "watches": self.watches,
                      "models": self.models, "observations": self.observations}  # fmt: skip
        done = watch_unit(block, **ports)
        self.unusable = done.unusable
        return done.opened

    def reads(self, rows: Array, first: int = 0, flags: str = "N") -> list[Observation]:
        """The rows in blocks of twenty."""
        cuts = range(0, len(rows), 20)
        return [one for n in cuts for one in self.judges(block_of(rows[n : n + 20], first + n, flags))]

    def told(self) -> list[str]:
        rows = self.operations.query("ENT#acme", prefix=EVENT_PREFIX)
        return [str(row.body["observation_id"]) for row in rows if row.body["kind"] == "observation_opened"]

    def all(self) -> list[Observation]:
        return list(self.observations.listing("acme", None, 100).items)


def block_of(rows: Array, first: int, flags: str = "N") -> Block:
    times = [T0 + (first + n) * STEP for n in range(len(rows))]
    series = [Series(p, times, rows[:, at].tolist(), flags * len(times)) for at, p in enumerate(POINTS)]
    return Block(
        f"b{first}", "acme", "bridge", times[-1] + 5000, times[0], times[-1], rows.size, "d", pack(series), "c-1"
    )
