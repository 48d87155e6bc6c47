"""Once a minute: deadlines, warnings that are no longer held, calls that nobody has seen, photos that have not come, steps of plans that are late, and whether the catalogue is due for review. One that fails stops no other."""

from collections.abc import Callable
from typing import Any

from chalicelib.acting import Author, acting
from chalicelib.bootstrap import Services, ports_of
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.escalate_channels import escalate_channels
from chalicelib.usecases.miss_photos import miss_photos
from chalicelib.usecases.review_catalogue import ask_for_review
from chalicelib.usecases.sync_operations import retry_held
from chalicelib.usecases.watch_alarms import watch_alarms
from chalicelib.usecases.watch_deadlines import watch_deadlines
from chalicelib.usecases.watch_plans import watch_plans

JOBS: tuple[Callable[..., Any], ...] = (
    watch_deadlines,
    watch_alarms,
    retry_held,
    escalate_channels,
    miss_photos,
    ask_for_review,
    watch_plans,
)


def on_clock(services: Services) -> int:
    """How many tasks missed a deadline. Raises FunctionFailed after the last job where one failed, so that the alarm rings."""
    done: dict[str, Any] = {}
    failed: Exception | None = None
    for job in (one for one in JOBS if services.runs(one.__name__)):
        try:
            with acting(Author(id="clock")):
                done[job.__name__] = job(**ports_of(job, services))
        except Exception as error:  # noqa: BLE001
            logger.error("clock failed", extra={"job": job.__name__, **described(error)})
            failed = error
    missed = int(done.get("watch_deadlines", 0))
    if missed:
        count("DeadlineMissed", missed)
    logger.info("clock ran", extra=done)
    if failed is not None:
        raise FunctionFailed(failed) from None
    return missed
