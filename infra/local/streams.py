"""How a DynamoDB stream reaches a function on the local stack: as AWS documents it.

ministack 1.5 hands a stream's records to a function but forgets what the function answers: a reported failure is lost, a raised one
is retried for ever, and every other mapping waits meanwhile. Here each mapping has its own line of work, and its settings count:
ReportBatchItemFailures, BisectBatchOnFunctionError, MaximumRetryAttempts, MaximumRecordAgeInSeconds and the on-failure destination
(AWS Lambda developer guide, "Process DynamoDB records with Lambda" and "Configuring partial batch response").

Invariants: the oldest segment is worked first; a position moves only past records that are done or were given up to the destination.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

RETRY_PAUSE_S = 1.0
# What AWS takes when a mapping does not say: retry until the record is a day old.
UNLIMITED = -1

Record = dict[str, Any]
Mapping = dict[str, Any]
Execute = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a stream that is handed over as one batch."""

    start: int
    count: int
    tries: int = 0

    @property
    def end(self) -> int:
        return self.start + self.count

    def halves(self) -> tuple["Segment", "Segment"]:
        """Splitting does not use up a try."""
        middle = self.count // 2
        return Segment(self.start, middle, self.tries), Segment(self.start + middle, self.count - middle, self.tries)

    def rest_from(self, position: int) -> "Segment":
        return Segment(position, self.end - position, self.tries + 1)


_segments: dict[str, list[Segment]] = {}


def _execute(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = lambda_svc._execute_function(function, event)
    return answer


def poll() -> bool:
    """Start what can be started. Stands in for lambda_svc._poll_dynamodb_streams, on its polling thread."""
    started = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        account_token, region_token = _request_account_id.set(account), _request_region.set(region)
        try:
            if is_ready(mapping):
                lambda_svc._dispatch_esm_batch(mapping["UUID"], deliver, mapping)
                started = True
        finally:
            _request_account_id.reset(account_token)
            _request_region.reset(region_token)
    return started


def is_ready(mapping: Mapping) -> bool:
    """Whether the mapping is on, idle, not pausing, and has records to read."""
    table = stream_table(mapping)
    if table is None or not mapping.get("Enabled", True) or function_of(mapping) is None:
        return False
    if lambda_svc._esm_inflight.get(mapping["UUID"], 0) or pause_left_s(mapping) > 0:
        return False
    return bool(position(mapping, table) < dynamodb.stream_end_position(table))


def stream_table(mapping: Mapping) -> str | None:
    """The table whose live stream the mapping reads, or None."""
    source = mapping.get("EventSourceArn", "")
    try:
        spec = parse_arn(source)
    except ArnParseError:
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(spec) if spec.service == "dynamodb" else None
    table = found and dynamodb._tables.get(found[0])
    return found[0] if found and table and table.get("LatestStreamArn") == source else None


def function_of(mapping: Mapping) -> dict[str, Any] | None:
    function: dict[str, Any] | None
    function, _config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    return function


def pause_left_s(mapping: Mapping) -> float:
    return float(lambda_svc._esm_backoff_until.get(mapping["UUID"], 0)) - time.time()


def position(mapping: Mapping, table: str) -> int:
    """Where the mapping reads on. A new one starts where it was told to; none is outside what the stream holds."""
    horizon, end = dynamodb.stream_start_position(table), dynamodb.stream_end_position(table)
    fresh = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
    found = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], fresh)
    return int(min(max(found, horizon), end))


def deliver(mapping: Mapping) -> None:
    """Hand over segments until the stream is read up or one failed."""
    table, function = stream_table(mapping), function_of(mapping)
    while table is not None and function is not None and deliver_one(mapping, table, function):
        pass


def deliver_one(mapping: Mapping, table: str, function: dict[str, Any], execute: Execute = _execute) -> bool:
    """Hand over the oldest segment. Returns whether to go on at once."""
    line = _segments.setdefault(mapping["UUID"], [])
    start = position(mapping, table)
    if not line or line[0].start != start:
        line[:] = next_segment(mapping, table, start)
    if not line:
        return False
    segment = line[0]
    records = dynamodb.stream_records_since(table, segment.start, segment.count)
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    if not wanted:
        return move_past(mapping, line, segment.end)
    result = execute(function, {"Records": wanted})
    if result.get("throttle"):
        return pause(mapping)
    failed_at = first_failure(mapping, segment, records, result)
    if failed_at is None:
        mapping["LastProcessingResult"] = f"OK - {len(wanted)} records"
        return move_past(mapping, line, segment.end)
    mapping["LastProcessingResult"] = "FAILED"
    return retry_or_give_up(mapping, function, line, records, failed_at, result)


def next_segment(mapping: Mapping, table: str, start: int) -> list[Segment]:
    count = len(dynamodb.stream_records_since(table, start, int(mapping.get("BatchSize", 100))))
    return [Segment(start, count)] if count else []


def move_past(mapping: Mapping, line: list[Segment], end: int) -> bool:
    line[:] = [segment for segment in line if segment.end > end]
    lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = end
    return True


def pause(mapping: Mapping) -> bool:
    lambda_svc._esm_backoff_until[mapping["UUID"]] = time.time() + RETRY_PAUSE_S
    return False


def first_failure(mapping: Mapping, segment: Segment, records: list[Record], result: dict[str, Any]) -> int | None:
    """The position that has to be tried again first, or None. A raised error is the segment's beginning."""
    if result.get("error"):
        return segment.start
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return None
    reported = reported_failures(result.get("body"))
    places = {record["dynamodb"]["SequenceNumber"]: segment.start + place for place, record in enumerate(records)}
    # An identifier that is none of the batch's makes Lambda take the whole batch as failed.
    return min((places.get(name, segment.start) for name in reported), default=None)


def reported_failures(body: Any) -> list[str]:
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return []
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    return [str(failure.get("itemIdentifier", "")) for failure in failures or []]


def retry_or_give_up(
    mapping: Mapping,
    function: dict[str, Any],
    line: list[Segment],
    records: list[Record],
    failed_at: int,
    result: dict[str, Any],
) -> bool:
    segment = line[0]
    can_split = bool(result.get("error") and mapping.get("BisectBatchOnFunctionError") and segment.count > 1)
    reason = exhausted(mapping, segment, records, can_split=can_split)
    if failed_at > segment.start:
        move_past(mapping, line, failed_at)
        line[0] = segment.rest_from(failed_at)
    elif reason:
        failed = records[: segment.count]
        lambda_svc._send_ddb_stream_failure_record(mapping, function, failed, mapping["EventSourceArn"], result, reason)
        return move_past(mapping, line, segment.end)
    elif can_split:
        line[:1] = segment.halves()
    else:
        line[0] = replace(segment, tries=segment.tries + 1)
    return pause(mapping)


def exhausted(mapping: Mapping, segment: Segment, records: list[Record], *, can_split: bool) -> str | None:
    """Why the segment is not tried again, in AWS's word, or None."""
    oldest_s = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in records)
    max_age_s = int(mapping.get("MaximumRecordAgeInSeconds", UNLIMITED))
    if max_age_s != UNLIMITED and time.time() - oldest_s > max_age_s:
        return "MaxRecordAgeExceeded"
    max_retries = int(mapping.get("MaximumRetryAttempts", UNLIMITED))
    if max_retries != UNLIMITED and segment.tries >= max_retries and not can_split:
        return "RetryAttemptsExhausted"
    return None
