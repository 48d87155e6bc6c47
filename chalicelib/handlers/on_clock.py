"""Once a minute: deadlines."""

from chalicelib.bootstrap import Services
from chalicelib.observability import count, logger
from chalicelib.usecases.watch_deadlines import watch_deadlines


def on_clock(services: Services) -> int:
    missed = watch_deadlines(tasks=services.tasks, clock=services.clock)
    if missed:
        count("DeadlineMissed", missed)
    logger.info("clock ran", extra={"missed": missed})
    return missed
