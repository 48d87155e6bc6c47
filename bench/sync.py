"""sync.*: what a phone's sync costs, with 200 open tasks of tier 2 and 3, each with its why-card, contacts and two photos.

The tasks come about as in the park, through uploads, evaluation, dispatch and projection; their packs and feeds are then put into
DynamoDB as moto has it, and the calls that leave the process are counted there by the client itself. Of the calls, signing in reads the
person from the registry each time (one GetItem); it is counted in none of the figures, for every route has it.
The floor of the size is the same answer's tasks alone, each compressed by itself: what 200 answers of one task would weigh.
"""

import gzip
import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.figure import Figure
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import OPERATIONS, REGISTRY, Put, Rows
from chalicelib.bootstrap import use
from tests.acts import JPEG, FakeInspector, photo_body
from tests.park import PEOPLE, Park, credit_code, memory_rows

ENTERPRISES, UNITS = 20, 10
CODES = "0123456789ABCDEFGHJKLMNPQRTUWXY"
MAX_FIRST_CALLS, MAX_DELTA_CALLS, MAX_FIRST_KB = 3, 1, 300
MUCH = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "cn-north-1"}
INSPECTORS = {side: f"inspector_{side}" for side in ("safety", "environment")}


def figures() -> list[Figure]:
    tables, now_ms = _park_with_tasks()
    with _dynamo(tables) as (park, calls):
        park.clock.ms = now_ms + 3_600_000
        calls.clear()
        first = _get(park, "/v1/sync")
        first_calls = dict(calls)
        body = json.loads(gzip.decompress(first))
        calls.clear()
        delta = json.loads(_plain(_get(park, f"/v1/sync?cursor={body['next_cursor']}")))
        delta_calls = dict(calls)
    if len(body["tasks"]) != ENTERPRISES * UNITS or body["more"] or delta["tasks"]:
        raise RuntimeError(f"{len(body['tasks'])} tasks in the first sync, {len(delta['tasks'])} in the delta")
    apart = sum(len(gzip.compress(json.dumps(one, ensure_ascii=False).encode())) for one in body["tasks"])
    note = f"{len(body['tasks'])} tasks, {sum(len(one['photos']) for one in body['tasks'])} photos"
    return [
        Figure("sync.first_requests", 1, "", None, 1, note=note),
        Figure("sync.first_calls", sum(first_calls.values()), "calls", None, MAX_FIRST_CALLS, note=str(first_calls)),
        Figure("sync.first_kb_gzip", len(first) / 1024, "KB", apart / 1024, MAX_FIRST_KB),
        Figure("sync.delta_calls", sum(delta_calls.values()), "calls", None, MAX_DELTA_CALLS, note=str(delta_calls)),
    ]


def _park_with_tasks() -> tuple[dict[str, MemoryRows], int]:
    tables: dict[str, MemoryRows] = {}

    def keep(on_put: Any) -> dict[str, Rows]:
        tables.update(memory_rows(on_put))  # type: ignore[arg-type]
        return dict(tables)

    park = Park(keep, inspector=FakeInspector()).register()
    admin, numbers = park.as_("admin"), itertools.count(1)
    for n in range(ENTERPRISES):
        park.put_plant(admin, f"e{n:02d}", credit_code(f"911100{n:02d}MA01A2B{CODES[n]}4"))
        for unit in range(UNITS):
            _unit(park, f"e{n:02d}", unit)
    for n in range(ENTERPRISES):
        for unit in range(UNITS):
            park.clock.advance(1200)  # more at once would be a flood, with one task for all
            _runs_hot(park, f"e{n:02d}", unit)
    for task in park.services.tasks.listing("park", None, 1000, open_only=True).items:
        for side, inspector in INSPECTORS.items():
            path = f"/v1/tasks/{task.id}/photos"
            announced = park.as_(inspector).post(path, photo_body(next(numbers), side), expect=201)
            park.services.media.write(announced["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
            park.photo_lands(announced["upload"]["fields"]["key"])
    return tables, park.clock.ms


def _unit(park: Park, eid: str, unit: int) -> None:
    admin, id = park.as_("admin"), f"{eid}-u{unit}"
    admin.put(f"/v1/units/{id}", {"enterprise_id": eid, "name": f"{unit + 1}号聚合反应釜", "type": "reactor"})
    points = {
        "temperature": {"indicator": "reactor_temperature", "threshold": 180.0 + unit},
        "voc": {"indicator": "voc", "nominal": 30.0 + unit},
        "steam": {"indicator": "steam_flow", "nominal": 100.0 + unit},
    }
    for name, fields in points.items():
        admin.put(f"/v1/points/{id}-{name}", {"unit_id": id, **fields})


def _runs_hot(park: Park, eid: str, unit: int) -> None:
    """Two minutes past both triggers, by different amounts in each unit."""
    rise = 8.0 + (unit * 7 + int(eid[1:]) * 3) % 23 / 7
    values = {"temperature": 180.0 + unit + rise, "voc": (30.0 + unit) * (1.6 + rise / 40), "steam": 111.0 + unit}
    for _ in range(2):
        park.clock.advance(60)
        series = [
            {"point": f"{eid}-u{unit}-{name}", "times": [park.clock.ms], "values": [round(value, 2)], "flags": ["N"]}
            for name, value in values.items()
        ]
        park.upload(series, eid=eid)
        park.pump()


@contextmanager
def _dynamo(tables: dict[str, MemoryRows]) -> Iterator[tuple[Park, Counter[str]]]:
    """A park on DynamoDB with what sync reads, and the calls that it makes to the operations table."""
    import boto3
    from moto import mock_aws

    from chalicelib.adapters.dynamo.rows import DynamoRows, connect
    from chalicelib.adapters.s3 import S3MediaStore

    before = {name: os.environ.get(name) for name in MUCH}
    os.environ.update(MUCH)
    try:
        with mock_aws():
            client = boto3.client("dynamodb")
            for name in (OPERATIONS, REGISTRY):
                client.create_table(
                    TableName=f"bench-{name}",
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
                    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                )
            connection, calls = connect(region="cn-north-1"), Counter[str]()
            rows: dict[str, Rows] = {name: DynamoRows(f"bench-{name}", connection) for name in (OPERATIONS, REGISTRY)}
            for name, table in rows.items():
                _copy(tables[name], table)

            def count(params: dict[str, Any], model: Any, **_: Any) -> None:
                calls[model.name] += f"bench-{OPERATIONS}" in str(params["body"])

            connection.client.meta.events.register("before-call.dynamodb", count)
            media = S3MediaStore(boto3.client("s3"), "photos")
            park = Park(lambda _: {**memory_rows(lambda row: None), **rows}, media=media)
            yield park, calls
    finally:
        use(None)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _copy(known: MemoryRows, table: Rows) -> None:
    for pk in known.partitions():
        for row in known.query(pk):
            if pk.startswith("SYNC#") or row.sk == "PACK" or pk in ("PEOPLE", "CATALOGUE", "CATALOGUES"):
                table.commit([Put(row)])


def _get(park: Park, path: str) -> bytes:
    person = INSPECTORS["safety"]
    assert person in PEOPLE
    headers = {"Authorization": f"Bearer person:{person}", "Accept-Encoding": "gzip"}
    answer = park.client.http.request("GET", path, headers=headers)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}: {answer.body!r}")
    return bytes(answer.body)


def _plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
