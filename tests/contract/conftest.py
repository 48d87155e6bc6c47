"""The three stores that rows live in: memory, moto in this process, and AWS's own DynamoDB Local."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Rows

STORES = ("memory", "moto", "dynamodb_local")
ENDPOINT = "GREENSHIELD_DYNAMODB_LOCAL"
REQUIRED = "GREENSHIELD_DYNAMODB_LOCAL_REQUIRED"
REGION = "cn-north-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": REGION}
NUMBERS = count(1)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The endpoint of a running DynamoDB Local: the one that is named, or one that we start."""
    if given := os.environ.get(ENDPOINT):
        yield given
        return
    with ExitStack() as stack:
        try:
            from infra.dynamodb_local import DynamoDbLocalError, running

            try:
                endpoint = stack.enter_context(running())
            except DynamoDbLocalError as error:
                _do_without(str(error))
        except ImportError as error:
            _do_without(str(error))
        yield endpoint


def _do_without(why: str) -> None:
    message = f"no DynamoDB Local: {why}; set {ENDPOINT} to the endpoint of one that runs"
    if os.environ.get(REQUIRED):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def moto_tables() -> Iterator[Callable[[], Rows]]:
    from moto import mock_aws

    with mock_aws(), credentials():
        yield Tables(None)


@pytest.fixture(scope="session")
def local_tables(dynamodb_local: str) -> Iterator[Callable[[], Rows]]:
    with credentials():
        yield Tables(dynamodb_local)


@contextmanager
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


class Tables:
    """Makes tables, all over one client: making a client takes longer than most tests."""

    def __init__(self, endpoint: str | None) -> None:
        import boto3

        from chalicelib.adapters.dynamo.rows import connect

        self._client = boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint)
        self._connection = connect(region=REGION, host=endpoint)

    def __call__(self) -> Rows:
        """An empty on-demand table with string keys pk and sk, as infra/template.yaml declares it."""
        from chalicelib.adapters.dynamo.rows import DynamoRows

        name = f"rows-{os.getpid()}-{next(NUMBERS)}"
        self._client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        return DynamoRows(name, self._connection)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Which store a test runs on."""
    return str(request.param)


@pytest.fixture
def new_rows(store: str, request: pytest.FixtureRequest) -> Callable[[], Rows]:
    """Makes an empty table."""
    if store == "memory":
        return MemoryRows
    tables: Callable[[], Rows] = request.getfixturevalue(
        {"moto": "moto_tables", "dynamodb_local": "local_tables"}[store]
    )
    return tables


@pytest.fixture
def rows(new_rows: Callable[[], Rows]) -> Rows:
    return new_rows()


@pytest.fixture
def raced_rows(store: str, rows: Rows) -> Rows:
    """For tests with threads. moto copies tables for a transaction without a lock, so races on it are its own."""
    if store == "moto":
        pytest.skip("moto does not isolate threads from each other")
    return rows
