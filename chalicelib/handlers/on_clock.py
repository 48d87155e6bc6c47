"""Once a minute: deadlines, and warnings that are no longer held."""

from chalicelib.bootstrap import Services
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.watch_alarms import watch_alarms
from chalicelib.usecases.watch_deadlines import watch_deadlines


def on_clock(services: Services) -> int:
    try:
        missed = watch_deadlines(tasks=services.tasks, clock=services.clock)
        released = watch_alarms(desk=services.desk)
    except Exception as error:  # noqa: BLE001
        logger.error("clock failed", extra=described(error))
        raise FunctionFailed(error) from None
    if missed:
        count("DeadlineMissed", missed)
    logger.info("clock ran", extra={"missed": missed, "released": released})
    return missed
