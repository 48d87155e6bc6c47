"""Rows in DynamoDB, through PynamoDB. Reads are strongly consistent; a lone write is a conditional put, several a transaction.

A write that meets a transaction under way is tried again, so that a conflict always means that a condition did not hold.
"""

import json
import random
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, check_writes
from chalicelib.domain.errors import Busy

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
RETRIES = 3
CONTENTION_TRIES = 8
CONTENTION_PAUSE_S = 0.02
CONDITION_FAILED = frozenset({"ConditionalCheckFailedException", "ConditionalCheckFailed"})
CONTENDED = frozenset({"TransactionConflictException", "TransactionConflict"})
BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "RequestLimitExceeded",
        "InternalServerError",
        "TransactionInProgressException",
        "ServiceUnavailable",
    }
)


class _Item(Model):
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute(null=True)
    blob = BinaryAttribute(null=True, legacy_encoding=False)
    version = NumberAttribute()
    ttl_s = NumberAttribute(null=True)


def connect(*, region: str | None = None, host: str | None = None) -> Connection:
    """A client for all tables of a process: making one costs as much as a hundred reads. No call leaves the process yet."""
    return Connection(
        region=region,
        host=host,
        connect_timeout_seconds=CONNECT_TIMEOUT_S,
        read_timeout_seconds=READ_TIMEOUT_S,
        max_retry_attempts=RETRIES,
    )


class DynamoRows:
    """One table. No call leaves the process before the first read or write."""

    def __init__(
        self,
        table: str,
        connection: Connection | None = None,
        *,
        region: str | None = None,
        pause_s: float = CONTENTION_PAUSE_S,
    ) -> None:
        self.connection = connection or connect(region=region)
        self._model = _model(table, self.connection)
        self._pause_s = pause_s

    def get(self, pk: str, sk: str) -> Row | None:
        with _translated():
            try:
                return _row(self._model.get(pk, sk, consistent_read=True))
            except self._model.DoesNotExist:
                return None

    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        with _translated():
            return [_row(item) for item in self._model.batch_get(list(keys), consistent_read=True)]

    def query(
        self, pk: str, *, prefix: str = "", from_sk: str = "", to_sk: str = "", after: str | None = None, newest_first: bool = False, limit: int | None = None,
    ) -> list[Row]:  # fmt: skip
        start = None if after is None else {"pk": {"S": pk}, "sk": {"S": after}}
        with _translated():
            found = self._model.query(
                pk,
                self._range(prefix, from_sk, to_sk),
                consistent_read=True,
                scan_index_forward=not newest_first,
                last_evaluated_key=start,
                limit=limit,
            )
            return [_row(item) for item in found]

    def count(self, pk: str) -> int:
        with _translated():
            return self._model.count(pk, consistent_read=True)

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        check_writes(writes)
        for again in range(CONTENTION_TRIES):
            try:
                with _translated():
                    return self._write(writes)
            except _Contended:
                time.sleep(self._pause_s * (again + 1) * random.uniform(0.5, 1.5))
        raise Busy(reason="contention")

    def _write(self, writes: Sequence[Put | Delete]) -> None:
        if len(writes) == 1:
            self._write_one(writes[0])
        elif writes:
            self._write_all(writes)

    def _write_one(self, write: Put | Delete) -> None:
        if isinstance(write, Delete):
            self._model(write.pk, write.sk).delete()
        else:
            self._item(write.row).save(condition=self._condition(write))

    def _write_all(self, writes: Sequence[Put | Delete]) -> None:
        with TransactWrite(connection=self.connection) as transaction:
            for write in writes:
                if isinstance(write, Delete):
                    transaction.delete(self._model(write.pk, write.sk))
                else:
                    transaction.save(self._item(write.row), condition=self._condition(write))

    def _range(self, prefix: str, from_sk: str, to_sk: str) -> Condition | None:
        if prefix:
            return self._model.sk.startswith(prefix)
        if from_sk and to_sk:
            return self._model.sk.between(from_sk, to_sk)
        if to_sk:
            return self._model.sk <= to_sk
        return self._model.sk >= from_sk if from_sk else None

    def _condition(self, put: Put) -> Condition | None:
        match put.expect:
            case Expect.ABSENT:
                return self._model.pk.does_not_exist()
            case Expect.VERSION:
                return self._model.version == put.row.version - 1
            case Expect.ANYTHING:
                return None

    def _item(self, row: Row) -> Any:
        return self._model(**_attributes(row))


def _attributes(row: Row) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "sk": row.sk,
        "body": json.dumps(row.body, separators=(",", ":"), ensure_ascii=False) if row.body else None,
        "blob": row.blob or None,
        "version": row.version,
        "ttl_s": row.ttl_s,
    }


def item_of(row: Row) -> dict[str, dict[str, Any]]:
    """A row as DynamoDB stores it (attribute -> {type: value})."""
    return _Item(**_attributes(row)).serialize()


def row_of_image(image: Mapping[str, Any]) -> Row:
    """A row from a stream record's NewImage (DynamoDB JSON)."""
    return Row(
        pk=image["pk"]["S"],
        sk=image["sk"]["S"],
        body=json.loads(image["body"]["S"]) if "body" in image else {},
        blob=b64decode(image["blob"]["B"]) if "blob" in image else b"",
        version=int(image["version"]["N"]),
        ttl_s=int(image["ttl_s"]["N"]) if "ttl_s" in image else None,
    )


def _model(table: str, connection: Connection) -> Any:
    class RowModel(_Item):
        class Meta:
            table_name = table

    # PynamoDB would make a client for each model; all of ours share one.
    own = RowModel._get_connection()
    with suppress(ValueError):  # the connection knows the table already
        connection.add_meta_table(own.get_meta_table())
    own.connection = connection
    return RowModel


def _row(item: Any) -> Row:
    return Row(
        pk=item.pk,
        sk=item.sk,
        body=json.loads(item.body) if item.body else {},
        blob=item.blob or b"",
        version=int(item.version),
        ttl_s=None if item.ttl_s is None else int(item.ttl_s),
    )


class _Contended(Exception):
    """Another transaction holds one of the items just now."""


@contextmanager
def _translated() -> Iterator[None]:
    """PynamoDB's errors in our words; what has no word here goes on as it is, to the dead-letter queue."""
    try:
        yield
    except PynamoDBException as error:
        if isinstance(error.cause, HTTPClientError | NoConnection):
            raise Busy() from error
        codes = _codes(error)
        if codes & CONDITION_FAILED:
            raise RowConflict from error
        if codes & CONTENDED:
            raise _Contended from error
        if codes & BUSY:
            raise Busy() from error
        raise


def _codes(error: PynamoDBException) -> set[str]:
    """What DynamoDB said was wrong: of a cancelled transaction the reasons, else the error's own code."""
    if isinstance(error, TransactWriteError) and error.cancellation_reasons:
        return {reason.code for reason in error.cancellation_reasons if reason is not None}
    return {error.cause_response_code or ""}
