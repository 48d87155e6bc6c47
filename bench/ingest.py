"""ingest.cpu_us_per_reading: what the API spends on an upload, in processor time of its process.

In: the Lambda event as API Gateway sends it (base64), chalice's routing, a real Ed25519 token bound to the body, gunzip, JSON,
every check, packing, digest, two DynamoDB calls through PynamoDB and botocore (store the block, read the state for the sampling
advice), the answer, the log line and the metric. The registry is in the process's cache, as in a warm function.
Out: the network, the store's own work (a loopback stub in another process) and Lambda's runtime loop.

The floor, in turns with it: gunzip and json.loads of the same bytes, and one PutItem of the same block by the same botocore
client over the same loopback.
"""

import gzip
import hashlib
import json
import os
import sys
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench import dynamo_stub, plant
from bench.figure import ROUNDS, Figure, alternate
from chalicelib.adapters.block_repo import block_row
from chalicelib.adapters.dynamo.rows import DynamoRows, connect, item_of
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import READINGS, Delete, Put
from chalicelib.bootstrap import Services, build, use
from chalicelib.domain.block import Block, pack
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.reading import Series
from chalicelib.settings import Settings

TARGET = 4.0
UPLOADS = 12  # in a round
SHAPES = ((10, 10), (20, 50))  # points x readings of each
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
SETTINGS = Settings(
    readings_table="readings",
    operations_table="operations",
    registry_table="registry",
    photo_bucket="photos",
    model_bucket="models",
    push_queue_url="http://localhost/push",
    oidc_issuer="https://issuer.test",
    oidc_jwks_url="https://issuer.test/jwks.json",
)


def figures() -> list[Figure]:
    with dynamo_stub.running() as url, environment(url), _quiet():
        return [_figure(points, each) for points, each in SHAPES]


def _figure(points: int, each: int) -> Figure:
    known = plant.profile(points)
    key = seed(known)
    services = build(SETTINGS)
    use(services)
    now_ms = time.time_ns() // 1_000_000
    series = plant.readings(known, each, start_ms=now_ms - each * plant.STEP_MS)
    rounds = _uploads(series, key, (ROUNDS + 1) * UPLOADS)
    floor = _floor_of(series, services)
    body = body_of(series, UUID(int=0))
    per_upload, least = alternate(
        lambda: _repeat(lambda: _post(next(rounds))),
        lambda: _repeat(lambda: floor(body)),
    )
    readings = UPLOADS * points * each
    name = "ingest.cpu_us_per_reading" + ("" if (points, each) == SHAPES[-1] else f".{points}x{each}")
    return Figure(
        name,
        per_upload / readings * 1e6,
        "us",
        floor=least / readings * 1e6,
        target=TARGET,
        bound="ratio",
        note=f"{points} points x {each} readings, {len(body)} bytes gzip; floor: gunzip + json.loads + one PutItem",
    )


def cpu_per_upload_s(points: int, each: int) -> float:
    """Within `environment`."""
    return (_figure(points, each).value or 0.0) * points * each / 1e6


def _repeat(work: Callable[[], None]) -> None:
    for _ in range(UPLOADS):
        work()


@contextmanager
def environment(url: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL_DYNAMODB=url, POWERTOOLS_LOG_LEVEL="INFO")
    try:
        yield
    finally:
        use(None)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Log lines and metrics are written as in the function, but to nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def seed(known: Profile) -> Ed25519PrivateKey:
    """Put a registry into the store behind the environment. Returns its bridge's private key."""
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    client: Any = connect().client

    class Seeding(MemoryRows):
        def commit(self, writes: Sequence[Put | Delete]) -> None:
            for write in writes:
                assert isinstance(write, Put)
                client.put_item(TableName=SETTINGS.registry_table, Item=item_of(write.row))
            super().commit(writes)

    registry = build(SETTINGS, rows=lambda _: Seeding()).registry
    registry.put_enterprise(known.enterprise)
    for unit in known.units:
        registry.put_unit(unit)
    for point in known.points:
        registry.put_point(point)
    registry.put_bridge(plant.bridge(pem))
    return key


def _uploads(series: tuple[Series, ...], key: Ed25519PrivateKey, count: int) -> Iterator[dict[str, Any]]:
    return iter([event_of(body_of(series, plant.uuid7(time.time_ns() // 1_000_000)), key) for _ in range(count)])


def body_of(series: tuple[Series, ...], block_id: UUID) -> bytes:
    wire = [{"point": s.point_id, "times": list(s.times_ms), "values": list(s.values)} for s in series]
    text = json.dumps({"block_id": str(block_id), "series": wire}, separators=(",", ":"))
    return gzip.compress(text.encode(), 6, mtime=0)


def event_of(body: bytes, key: Ed25519PrivateKey) -> dict[str, Any]:
    now_s = int(time.time())
    claims = {
        "iss": "acme-bridge", "sub": "acme-bridge", "aud": "green-shield", "iat": now_s, "exp": now_s + 300,
        "jti": os.urandom(8).hex(), "body_sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    token = jwt.encode(claims, key, "EdDSA", {"kid": "acme-bridge"})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    return {
        "resource": "/v1/readings",
        "path": "/v1/readings",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/readings",
            "httpMethod": "POST",
            "path": "/v1/readings",
            "identity": {},
        },
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _post(event: dict[str, Any]) -> None:
    from app import app

    answer = app(event, None)
    if answer["statusCode"] != 202:
        sys.exit(f"the upload was refused: {answer['body']}")


def _client(rows: DynamoRows) -> Any:
    return rows.connection.client


def _floor_of(series: tuple[Series, ...], services: Services) -> Callable[[bytes], None]:
    rows = services.rows(READINGS)
    assert isinstance(rows, DynamoRows)
    last_ms = max(one.times_ms[-1] for one in series)
    block = Block("floor", "acme", "acme-bridge", last_ms, last_ms, last_ms, 1, "0" * 64, pack(series))
    item, client = item_of(block_row(block)), _client(rows)

    def floor(body: bytes) -> None:
        json.loads(zlib.decompress(body, wbits=31))
        client.put_item(TableName="readings", Item=item)

    return floor
