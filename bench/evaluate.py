"""evaluate.readings_per_s: decoded blocks through the pure evaluation, on one core.

Measured on blocks as uploads bring them, on a calm plant, and on one that stands past its triggers all the time; the figure is
the slower of the two. Every unit is watched as well, at its model's own interval. The floor is the bare loop: the same readings in order of time, a dict lookup and a comparison each.
"""

from collections.abc import Callable
from dataclasses import replace

from bench import plant
from bench.figure import Figure, alternate
from bench.watching import Watching, models_of
from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.evaluation import evaluate
from chalicelib.domain.plan import make_plan
from chalicelib.domain.reading import Series
from chalicelib.domain.state import EnterpriseState

TARGET = 100_000.0
POINTS, EACH, BLOCKS = 20, 50, 10
HOT = {"reactor_temperature": 1.25, "voc": 1.8, "reactor_pressure": 1.6, "cod": 2.4}


def figures() -> list[Figure]:
    known = plant.profile(POINTS)
    calm = [
        plant.readings(known, EACH, start_ms=plant.START_MS + n * EACH * plant.STEP_MS, seed=n) for n in range(BLOCKS)
    ]
    hot = [tuple(_heated(one, known) for one in block) for block in calm]
    calm_s, hot_s, floor_s = alternate(_evaluation(known, calm), _evaluation(known, hot), _bare_loop(calm))
    count = POINTS * EACH * BLOCKS
    note = f"{BLOCKS} blocks of {POINTS} points x {EACH}; calm {count / calm_s:,.0f}/s, past its triggers {count / hot_s:,.0f}/s"
    slower = count / max(calm_s, hot_s)
    return [Figure("evaluate.readings_per_s", slower, "1/s", count / floor_s, TARGET, higher_is_better=True, note=note)]


def _heated(one: Series, known: Profile) -> Series:
    factor = HOT.get(known.points_by_id[one.point_id].indicator, 1.0)
    return replace(one, values=[round(value * factor, 2) for value in one.values])


def _evaluation(known: Profile, blocks: list[tuple[Series, ...]]) -> Callable[[], None]:
    catalogue, models = shipped(), models_of(known)

    def work() -> None:
        state, watching = EnterpriseState(), Watching(known, models)
        for n, block in enumerate(blocks):
            state, *_ = evaluate(state, make_plan(known, catalogue), block, block_id=str(n))
            watching.fold(block)

    return work


def _bare_loop(blocks: list[tuple[Series, ...]]) -> Callable[[], None]:
    limits = {one.point_id: 1e9 for block in blocks for one in block}

    def work() -> None:
        for block in blocks:
            rows = sorted((t, one.point_id, v) for one in block for t, v in zip(one.times_ms, one.values, strict=True))
            for _, point_id, value in rows:
                if value > limits[point_id]:
                    raise AssertionError

    return work
