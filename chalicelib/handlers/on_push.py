"""The push queue: deliver each notice; what time may heal comes back later, with growing pauses."""

from typing import Any

from chalicelib.adapters.sqs import backoff_s, decode
from chalicelib.bootstrap import Services, ports_of
from chalicelib.domain.channel import is_channel
from chalicelib.domain.errors import RetryLater
from chalicelib.handlers.batch import Record, message_id, process
from chalicelib.observability import count, logger
from chalicelib.usecases.push import push
from chalicelib.usecases.push_channel import push_channel

FIRST_WAIT_S, LONGEST_WAIT_S = 4.0, 900.0


def on_push(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        request = decode(record["body"])
        logger.set_correlation_id(request.correlation_id)
        run = push_channel if is_channel(request.person_id) else push
        if not services.runs(run.__name__):
            return
        try:
            sent = run(request, **ports_of(run, services.in_drill(request.drill_id)))
        except RetryLater as error:
            _come_back(record, error, services)
            raise
        for delivery in sent:
            count("Push", channel=delivery.channel, status=delivery.status.value)
        logger.info("push done", extra={"sent": len(sent)})

    return process(event["Records"], work, stage="push", identify=message_id, ordered=False)


def _come_back(record: Record, error: RetryLater, services: Services) -> None:
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    wait_s = max(backoff_s(attempt, base_s=FIRST_WAIT_S, cap_s=LONGEST_WAIT_S), error.after_s or 0.0)
    services.queue.delay(record["receiptHandle"], wait_s)
