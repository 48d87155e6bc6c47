"""The local stack's delivery of streams against what AWS documents for event source mappings."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import dynamodb, sqs

from infra.local import streams

ACCOUNT, REGION = "000000000000", "us-east-1"
FUNCTION: dict[str, Any] = {
    "config": {"FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "FunctionName": "f"}
}
RETRIES = 2
Answer = dict[str, Any]


class Reader:
    """A mapping on a table of its own, with a function that remembers its batches and answers by `judge`."""

    def __init__(self, name: str, judge: Callable[[list[str]], Answer], **settings: Any) -> None:
        self.table, self.judge, self.batches = name, judge, list[list[str]]()
        self.mapping = {
            "UUID": name,
            "EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}/stream/2026",
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": RETRIES,
            "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-failures"}},
            **settings,
        }
        sqs._act_create_queue({"QueueName": f"{name}-failures"}, "")

    def write(self, *names: str, age_s: float = 0) -> None:
        dynamodb._stream_records.setdefault(self.table, []).extend(
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "SequenceNumber": name,
                    "Keys": {"sk": {"S": name}},
                    "ApproximateCreationDateTime": time.time() - age_s,
                },
            }
            for name in names
        )

    def run(self) -> None:
        """Deliver until the stream is read up. Pauses between tries are skipped."""
        for _ in range(50):
            streams.deliver_one(self.mapping, self.table, FUNCTION, self.execute)
            if streams.position(self.mapping, self.table) == dynamodb.stream_end_position(self.table):
                return
        pytest.fail(f"{self.table} was not read up: {self.batches}")

    def execute(self, _function: Answer, event: Answer) -> Answer:
        self.batches.append([record["dynamodb"]["SequenceNumber"] for record in event["Records"]])
        return self.judge(self.batches[-1])

    def given_up(self) -> list[tuple[str, int]]:
        """(reason, records) of each message in the failure queue."""
        queue = sqs._queue_by_arn(self.mapping["DestinationConfig"]["OnFailure"]["Destination"])
        bodies = [json.loads(message["body"]) for message in queue["messages"]]
        return [(body["requestContext"]["condition"], body["DDBStreamBatchInfo"]["batchSize"]) for body in bodies]


def fine(_batch: list[str]) -> Answer:
    return {"body": {"batchItemFailures": []}}


def reports_poison(batch: list[str]) -> Answer:
    return {"body": {"batchItemFailures": [{"itemIdentifier": name} for name in batch if name == "poison"]}}


def raises_on_poison(batch: list[str]) -> Answer:
    return {"error": True, "body": {}} if "poison" in batch else fine(batch)


def test_a_good_stream_is_read_in_order_and_once() -> None:
    reader = Reader("good", fine)
    reader.write("a", "b")
    reader.run()
    reader.write("c")
    reader.run()
    assert reader.batches == [["a", "b"], ["c"]]


def test_a_reported_failure_comes_again_with_what_is_behind_it_and_not_with_what_is_done() -> None:
    reader = Reader("reported", reports_poison)
    reader.write("a", "poison", "b")
    reader.run()
    assert reader.batches == [["a", "poison", "b"]] + [["poison", "b"]] * RETRIES
    assert reader.given_up() == [("RetryAttemptsExhausted", 2)]


def test_a_raised_error_splits_the_batch_until_the_poison_is_alone() -> None:
    reader = Reader("raised", raises_on_poison)
    reader.write("a", "poison", "b", "c")
    reader.run()
    assert [batch for batch in reader.batches if "poison" not in batch] == [["a"], ["b", "c"]]
    assert reader.given_up() == [("RetryAttemptsExhausted", 1)]


def test_an_unknown_identifier_counts_as_the_whole_batch() -> None:
    answers = iter([{"body": {"batchItemFailures": [{"itemIdentifier": "?"}]}}])
    reader = Reader("unknown", lambda batch: next(answers, None) or fine(batch))
    reader.write("a", "b")
    reader.run()
    assert reader.batches == [["a", "b"], ["a", "b"]]


def test_what_the_filter_leaves_out_never_reaches_the_function() -> None:
    pattern = '{"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "B#"}]}}}}'
    reader = Reader("filtered", fine, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    reader.write("X#1", "B#1", "X#2")
    reader.run()
    reader.write("X#3")
    reader.run()
    assert reader.batches == [["B#1"]]


def test_a_failing_record_past_its_age_is_given_up_at_the_first_try() -> None:
    reader = Reader("aged", raises_on_poison, MaximumRecordAgeInSeconds=60)
    reader.write("poison", age_s=61)
    reader.run()
    assert reader.batches == [["poison"]]
    assert reader.given_up() == [("MaxRecordAgeExceeded", 1)]


def test_a_throttled_call_uses_up_no_try() -> None:
    answers = iter([{"throttle": True, "error": True}] * 5)
    reader = Reader("throttled", lambda batch: next(answers, None) or fine(batch))
    reader.write("a")
    reader.run()
    assert reader.given_up() == []
