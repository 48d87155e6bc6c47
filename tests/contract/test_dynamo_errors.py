"""What DynamoDB refuses, in our words: a conflict, busy, or as it is."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import PynamoDBException

from chalicelib.adapters.dynamo.rows import CONTENTION_TRIES, DynamoRows, connect
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import Busy

LONE = (Put(Row("p", "s"), Expect.ABSENT),)
SEVERAL = (Put(Row("p", "s"), Expect.ABSENT), Delete("p", "t"))
Answer = tuple[int, dict[str, Any]]


def error(code: str, *reasons: str) -> Answer:
    body: dict[str, Any] = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPHeaders": {}}}
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return 400, body


OK: Answer = (200, {})
Answering = Callable[..., DynamoRows]


@pytest.fixture
def answering(moto_tables: Callable[[], Rows]) -> Answering:
    """A table whose next answers are given; the last one goes on for ever. No answer leaves the client unparsed."""

    def make(*answers: Answer | Exception) -> DynamoRows:
        rows = DynamoRows("t", connect(region="cn-north-1"), pause_s=0.0)
        waiting = list(answers)

        def answer(**_: Any) -> Any:
            one = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(one, Exception):
                raise one
            status, body = one
            return type("Response", (), {"status_code": status})(), body

        rows.connection.client.meta.events.register_first("before-call.dynamodb", answer)
        return rows

    return make


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        pytest.param(error("ConditionalCheckFailedException"), RowConflict, id="a condition that does not hold"),
        pytest.param(error("ProvisionedThroughputExceededException"), Busy, id="too much for the table"),
        pytest.param(error("ThrottlingException"), Busy, id="too much for the account"),
        pytest.param(error("RequestLimitExceeded"), Busy, id="too many requests"),
        pytest.param(error("InternalServerError"), Busy, id="a failure inside DynamoDB"),
        pytest.param(error("TransactionConflictException"), Busy, id="a transaction that never ends"),
        pytest.param(ReadTimeoutError(endpoint_url="http://d"), Busy, id="no answer"),
        pytest.param(ConnectTimeoutError(endpoint_url="http://d"), Busy, id="no connection in time"),
        pytest.param(EndpointConnectionError(endpoint_url="http://d"), Busy, id="no connection"),
        pytest.param(error("ValidationException"), PynamoDBException, id="an item that is too large"),
        pytest.param(error("ResourceNotFoundException"), PynamoDBException, id="a table that there is not"),
        pytest.param(error("AccessDeniedException"), PynamoDBException, id="no right to write"),
    ],
)
def test_a_lone_write_meets(answering: Answering, answer: Answer, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        answering(answer).commit(LONE)


@pytest.mark.parametrize(
    ("reasons", "raised"),
    [
        pytest.param(("ConditionalCheckFailed", "None"), RowConflict, id="a condition that does not hold"),
        pytest.param(
            ("ConditionalCheckFailed", "TransactionConflict"), RowConflict, id="a condition, and another transaction"
        ),
        pytest.param(("None", "TransactionConflict"), Busy, id="a transaction that never ends"),
        pytest.param(("ThrottlingError", "None"), Busy, id="too much for the table"),
        pytest.param(("ProvisionedThroughputExceeded", "None"), Busy, id="too much for its capacity"),
        pytest.param(("ValidationError", "None"), PynamoDBException, id="an item that is too large"),
    ],
)
def test_a_transaction_is_cancelled_by(answering: Answering, reasons: tuple[str, ...], raised: type[Exception]) -> None:
    with pytest.raises(raised):
        answering(error("TransactionCanceledException", *reasons)).commit(SEVERAL)


def test_a_write_that_meets_a_transaction_under_way_is_tried_again(answering: Answering) -> None:
    under_way = error("TransactionConflictException")
    answering(*[under_way] * (CONTENTION_TRIES - 1), OK).commit(LONE)
    cancelled = error("TransactionCanceledException", "None", "TransactionConflict")
    answering(cancelled, cancelled, OK).commit(SEVERAL)
    with pytest.raises(RowConflict):
        answering(cancelled, error("TransactionCanceledException", "ConditionalCheckFailed", "None")).commit(SEVERAL)


@pytest.mark.parametrize("read", ["get", "query", "get_many", "count"])
def test_a_read_of_a_busy_table_is_busy(answering: Answering, read: str) -> None:
    rows = answering(error("ThrottlingException"))
    reads: dict[str, Callable[[], object]] = {
        "get": lambda: rows.get("p", "s"),
        "query": lambda: rows.query("p"),
        "get_many": lambda: rows.get_many([("p", "s")]),
        "count": lambda: rows.count("p"),
    }
    with pytest.raises(Busy):
        reads[read]()
