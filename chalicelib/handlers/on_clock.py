"""Once a minute: deadlines, warnings that are no longer held, calls that nobody has seen, photos that have not come, steps of plans that are late,
objections that nobody judged, alerts of the chain that are over, drills, courses that are due, and whether the catalogue is due for review.
One that fails stops no other.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.acting import Author, acting
from chalicelib.bootstrap import Services, ports_of
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.end_chain_alerts import end_chain_alerts
from chalicelib.usecases.escalate_channels import escalate_channels
from chalicelib.usecases.miss_photos import miss_photos
from chalicelib.usecases.object_to_score import remind_of_objections
from chalicelib.usecases.review_catalogue import ask_for_review
from chalicelib.usecases.sync_operations import retry_held
from chalicelib.usecases.watch_alarms import watch_alarms
from chalicelib.usecases.watch_deadlines import watch_deadlines
from chalicelib.usecases.watch_drills import ask_for_drill, watch_drills
from chalicelib.usecases.watch_plans import watch_plans
from chalicelib.usecases.watch_training import watch_training

JOBS: tuple[Callable[..., Any], ...] = (
    watch_deadlines,
    watch_alarms,
    retry_held,
    escalate_channels,
    miss_photos,
    ask_for_review,
    watch_plans,
    end_chain_alerts,
    remind_of_objections,
    watch_drills,
    ask_for_drill,
    watch_training,
)
# What of it goes on in the room of a running drill. Channels are not called there, and nothing is due by the calendar.
IN_DRILLS: tuple[Callable[..., Any], ...] = (watch_deadlines, watch_alarms, retry_held, miss_photos)


def on_clock(services: Services) -> int:
    """How many tasks missed a deadline. Raises FunctionFailed after the last job where one failed, so that the alarm rings."""
    done, failed = _run(JOBS, services)
    failed = _run_in_drills(services) or failed
    missed = int(done.get("watch_deadlines", 0))
    if missed:
        count("DeadlineMissed", missed)
    logger.info("clock ran", extra=done)
    if failed is not None:
        raise FunctionFailed(failed) from None
    return missed


def _run_in_drills(services: Services) -> Exception | None:
    """What goes on in each drill's room; the last failure."""
    failed: Exception | None = None
    try:
        running = services.drills.running()
    except Exception as error:  # noqa: BLE001
        logger.error("clock failed", extra={"job": "running drills", **described(error)})
        return error
    for drill in running:
        _, broken = _run(IN_DRILLS, services.in_drill(drill.id))
        failed = broken or failed
    return failed


def _run(jobs: tuple[Callable[..., Any], ...], services: Services) -> tuple[dict[str, Any], Exception | None]:
    """(what each job returned, the last failure). One that fails stops no other; those of modules that are off rest."""
    done: dict[str, Any] = {}
    failed: Exception | None = None
    for job in (one for one in jobs if services.runs(one.__name__)):
        try:
            with acting(Author(id="clock")):
                done[job.__name__] = job(**ports_of(job, services))
        except Exception as error:  # noqa: BLE001
            logger.error("clock failed", extra={"job": job.__name__, **described(error)})
            failed = error
    return done, failed
