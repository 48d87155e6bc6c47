"""Once a minute: deadlines, warnings that are no longer held, and whether the catalogue is due for review."""

from chalicelib.bootstrap import Services
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.review_catalogue import ask_for_review
from chalicelib.usecases.watch_alarms import watch_alarms
from chalicelib.usecases.watch_deadlines import watch_deadlines


def on_clock(services: Services) -> int:
    try:
        missed = watch_deadlines(tasks=services.tasks, clock=services.clock)
        ask_for_review(
            reviews=services.reviews, catalogues=services.catalogues, clock=services.clock, zone=services.zone
        )
        released = watch_alarms(desk=services.desk)
    except Exception as error:  # noqa: BLE001
        logger.error("clock failed", extra=described(error))
        raise FunctionFailed(error) from None
    if missed:
        count("DeadlineMissed", missed)
    logger.info("clock ran", extra={"missed": missed, "released": released})
    return missed
