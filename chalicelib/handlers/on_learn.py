"""Once an hour: what the park learns from its own history, unit by unit, those first that were looked at longest ago.

A run ends before its time does; the next goes on where it stopped. A unit that fails stops no other: it is logged, counted, and its
turn comes again like everyone's. A job is one line of JOBS.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chalicelib.bootstrap import Services
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.find_sensor_faults import find_sensor_faults
from chalicelib.usecases.train_watch import renew_watch

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LATE_MS = HOUR_MS  # a window begins so long before the last run's end: readings come late
BUDGET_MS = 12 * 60_000  # of the function's fifteen minutes: one unit more may take some


@dataclass(frozen=True, slots=True)
class Job:
    """`run` takes (services, enterprise, unit) and says in a word what came of it. It is due `every_ms` for each unit."""

    name: str
    every_ms: int
    run: Callable[[Services, str, str], str]


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    last_ms: int
    job: str
    enterprise_id: str
    unit_id: str


def _renew_watch(services: Services, enterprise_id: str, unit_id: str) -> str:
    return renew_watch(
        enterprise_id,
        unit_id,
        registry=services.registry,
        catalogues=services.catalogues,
        blocks=services.blocks,
        warnings=services.warnings,
        observations=services.observations,
        watches=services.watches,
        models=services.models,
        clock=services.clock,
    )


def _find_sensor_faults(services: Services, enterprise_id: str, unit_id: str) -> str:
    now_ms = services.clock.now_ms()
    done_ms = services.learning.done("find_sensor_faults").get((enterprise_id, unit_id), 0)
    changed = find_sensor_faults(
        unit_id,
        max(done_ms, now_ms - DAY_MS) - LATE_MS,
        now_ms,
        registry=services.registry,
        catalogues=services.catalogues,
        blocks=services.blocks,
        observations=services.observations,
    )
    return f"{len(changed)} changed"


JOBS = (
    Job("renew_watch", 7 * DAY_MS, _renew_watch),
    Job("find_sensor_faults", HOUR_MS, _find_sensor_faults),
)


def on_learn(services: Services, jobs: tuple[Job, ...] = JOBS) -> int:
    """How many turns were taken. Raises FunctionFailed after the last of them where one failed, so that the alarm rings."""
    began_ms = services.clock.now_ms()
    by_name = {job.name: job for job in jobs}
    failed: Exception | None = None
    taken = 0
    for turn in sorted(_due(services, jobs, began_ms)):
        if services.clock.now_ms() >= began_ms + BUDGET_MS:
            break
        failed = _take(turn, by_name[turn.job], services) or failed
        taken += 1
    logger.info("learnt", extra={"turns": taken})
    if failed is not None:
        raise FunctionFailed(failed) from None
    return taken


def _due(services: Services, jobs: tuple[Job, ...], now_ms: int) -> Iterator[Turn]:
    for job in jobs:
        done = services.learning.done(job.name)
        for enterprise in services.registry.enterprises():
            profile = services.registry.profile(enterprise.id)
            for unit in profile.units if profile else ():
                last_ms = done.get((enterprise.id, unit.id), 0)
                if now_ms >= last_ms + job.every_ms:
                    yield Turn(last_ms, job.name, enterprise.id, unit.id)


def _take(turn: Turn, job: Job, services: Services) -> Exception | None:
    said = {"job": turn.job, "enterprise_id": turn.enterprise_id, "unit_id": turn.unit_id}
    try:
        outcome = job.run(services, turn.enterprise_id, turn.unit_id)
    # Whatever is wrong with one unit, the others learn.
    except Exception as error:  # noqa: BLE001
        logger.error("learning failed", extra=said | described(error))
        count("LearningFailed", job=turn.job)
        problem: Exception | None = error
    else:
        logger.info("learning done", extra=said | {"outcome": outcome})
        problem = None
    services.learning.mark(turn.job, turn.enterprise_id, turn.unit_id, services.clock.now_ms())
    return problem
