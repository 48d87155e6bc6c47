"""One loop for every queue and stream: a result for each record; only the failed ones are reported.

Of a stream the first failure ends the loop: what comes after it in order must not overtake it. What keeps failing goes to the
dead-letter queue after the retries set in infra. `work` says whose request a record belongs to by logger.set_correlation_id.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.acting import Author, acting
from chalicelib.observability import FunctionFailed, count, described, logger

Record = Mapping[str, Any]


def process(
    records: Sequence[Record],
    work: Callable[[Record], None],
    *,
    stage: str,
    identify: Callable[[Record], str],
    ordered: bool,
) -> dict[str, list[dict[str, str]]]:
    """Run `work` on each record and answer as ReportBatchItemFailures asks.

    Raises FunctionFailed where the first record of several of a stream fails: only a raised error makes Lambda split the batch
    until the bad record is alone, so that it alone is given up after the retries.
    """
    failed: list[dict[str, str]] = []
    for at, record in enumerate(records):
        try:
            with acting(Author(id=stage)):
                work(record)
        # Any failure of one record must not take the others with it; the record itself is retried, then dead-lettered.
        except Exception as error:  # noqa: BLE001
            logger.warning("record failed", extra={"stage": stage, **described(error)})
            count("RecordFailed", stage=stage)
            if ordered and at == 0 and len(records) > 1:
                raise FunctionFailed(error) from None
            failed.append({"itemIdentifier": identify(record)})
            if ordered:
                break
        finally:
            logger.set_correlation_id(None)
    return {"batchItemFailures": failed}


def stream_sequence(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def message_id(record: Record) -> str:
    return str(record["messageId"])
