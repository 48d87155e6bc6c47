"""A park in one process, for tests: the real app behind chalice's test client, its streams and queues pumped by hand.

The store is whatever the caller gives (memory by default); tokens, media and pushes are the fakes that pass the contract
tests. `pump()` does what the streams and queues do on AWS, until nothing is left to do.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from chalice.test import Client, HTTPResponse

from chalicelib.adapters import memory_media
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_channels import FakeChannelSender
from chalicelib.adapters.models import StoredModels
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Row, Rows
from chalicelib.adapters.sqs import encode
from chalicelib.bootstrap import Services, build, use
from chalicelib.domain.credit_file import SignedJson, SigningKey
from chalicelib.domain.errors import Unauthenticated
from chalicelib.handlers.on_block import on_block
from chalicelib.handlers.on_event import on_event
from chalicelib.handlers.on_photo import on_photo
from chalicelib.handlers.on_push import on_push
from chalicelib.ports import PushRequest
from chalicelib.settings import Settings

START_MS = 1_772_416_800_000  # 2026-03-02T10:00:00+08:00
SETTINGS = Settings(
    readings_table="readings",
    operations_table="operations",
    registry_table="registry",
    photo_bucket="photos",
    model_bucket="models",
    push_queue_url="memory://push",
    oidc_issuer="https://issuer.test",
    oidc_jwks_url="https://issuer.test/jwks.json",
)
PEOPLE: dict[str, dict[str, Any]] = {
    "inspector_safety": {"role": "inspector", "dimension": "safety", "regions": ["east"], "industries": ["circular_chemical"]},
    "inspector_environment": {"role": "inspector", "dimension": "environment", "regions": ["east"], "industries": ["circular_chemical"]},
    "inspector_elsewhere": {"role": "inspector", "dimension": "safety", "regions": ["west"], "industries": ["circular_chemical"]},
    "enterprise": {"role": "enterprise", "enterprise_id": "acme"},
    "enterprise_other": {"role": "enterprise", "enterprise_id": "other"},
    "department_safety": {"role": "department", "dimension": "safety"},
    "department_environment": {"role": "department", "dimension": "environment"},
    "department_elsewhere": {"role": "department", "dimension": "safety", "regions": ["west"]},
    "committee": {"role": "committee"},
    "admin": {"role": "admin"},
}  # fmt: skip


class FakeClock:
    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


class FakeTokens:
    """A person's token is `person:<id>`."""

    def person_id(self, token: str) -> str:
        if not token.startswith("person:"):
            raise Unauthenticated(reason="bad_signature")
        return token.removeprefix("person:")


class FakeSignatures:
    """A bridge's token is `bridge:<id>:<sha256 of the body>`."""

    def key_id(self, token: str) -> str:
        parts = token.split(":")
        if parts[0] != "bridge" or len(parts) != 3:
            raise Unauthenticated(reason="bad_signature")
        return parts[1]

    def is_public_key(self, pem: str) -> bool:
        return pem.startswith("-----BEGIN PUBLIC KEY-----")

    def verify(self, token: str, *, bridge_id: str, public_key_pem: str, body: bytes) -> None:
        if token != f"bridge:{bridge_id}:{hashlib.sha256(body).hexdigest()}":
            raise Unauthenticated(reason="body_mismatch")


class FakeSigner:
    """Signs nothing; all is as if it had, the same in every run."""

    def key(self) -> SigningKey:
        jwk = {"kty": "EC", "crv": "P-256", "x": "…", "y": "…", "use": "sig", "alg": "ES256", "kid": "0f" * 32}
        return SigningKey(
            "0f" * 32, "CN=示范园区", START_MS, START_MS + 1, ("-----BEGIN CERTIFICATE-----\n…",), jwk, True
        )

    def known_keys(self) -> tuple[SigningKey, ...]:
        return (self.key(),)

    def sign_json(self, payload: bytes) -> SignedJson:
        return SignedJson(payload="eyJ…", protected="eyJhbGciOiJFUzI1NiIs…", signature="MEUC…")

    def sign_pdf(self, pdf: bytes) -> bytes:
        return pdf


class FakeQueue:
    """What is put with a delay waits for it where `keeps_delays`; else it comes at once, for tests that have no eye for seconds."""

    def __init__(self, clock: FakeClock) -> None:
        self.waiting: deque[PushRequest] = deque()
        self.delays: list[float] = []
        self.keeps_delays = False
        self._clock, self._delayed = clock, list[tuple[int, PushRequest]]()

    def put(self, requests: Any, *, delay_s: int = 0) -> None:
        if delay_s and self.keeps_delays:
            self._delayed += [(self._clock.ms + delay_s * 1000, one) for one in requests]
        else:
            self.waiting.extend(requests)

    def ripen(self) -> None:
        """Let what has waited long enough be received."""
        self.waiting.extend(one for due_ms, one in self._delayed if due_ms <= self._clock.ms)
        self._delayed = [(due_ms, one) for due_ms, one in self._delayed if due_ms > self._clock.ms]

    def delay(self, receipt_handle: str, seconds: float) -> None:
        self.delays.append(seconds)


class Park:
    """The park, its people (`as_`), its plant (`upload`) and what AWS does in between (`pump`)."""

    def __init__(
        self, make_rows: Callable[[Callable[[Row], None]], Mapping[str, Rows]] | None = None, **overrides: object
    ) -> None:
        from app import app

        self.clock = FakeClock()
        self.queue = FakeQueue(self.clock)
        self.stream: deque[Row] = deque()
        self.failures = 0
        rows = (make_rows or memory_rows)(self.stream.append)
        defaults: dict[str, object] = {
            "rows": rows.__getitem__,
            "clock": self.clock,
            "tokens": FakeTokens(),
            "signatures": FakeSignatures(),
            "queue": self.queue,
            "channel": memory_media.FakePushChannel(),
            "sender": FakeChannelSender(),
            "credit_signer": FakeSigner(),
            "media": memory_media.MemoryMediaStore(),
            "models": StoredModels(memory_media.MemoryMediaStore()),
        }
        self.services: Services = build(SETTINGS, **{**defaults, **overrides})
        use(self.services)
        self.client = Client(app)
        self._blocks = 0

    # people

    def as_(self, person: str) -> "Caller":
        return Caller(self, f"person:{person}")

    def register(self) -> "Park":
        """Two enterprises, a reactor each, everyone in PEOPLE, and a bridge each."""
        from chalicelib.domain.person import Person, Role

        self.services.registry.put_person(Person("admin", "admin", Role.ADMIN))
        admin = self.as_("admin")
        for eid, code in (("acme", "91110000MA01A2B34H"), ("other", "91110000MA01A2B50N")):
            self.put_plant(admin, eid, code)
        for person, fields in PEOPLE.items():
            admin.put(f"/v1/people/{person}", {"name": person, **fields}, expect=200)
        self.pump()
        return self

    def put_plant(self, admin: "Caller", eid: str, code: str) -> None:
        enterprise = {
            "name": f"{eid} chemicals",
            "credit_code": credit_code(code),
            "industry": "circular_chemical",
            "size": "medium",
            "region": "east",
        }
        admin.put(f"/v1/enterprises/{eid}", enterprise, expect=200)
        admin.put(f"/v1/units/{eid}-r1", {"enterprise_id": eid, "name": "R1", "type": "reactor"}, expect=200)
        points = {
            "temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
            "voc": {"indicator": "voc", "nominal": 30.0},
            "steam": {"indicator": "steam_flow", "nominal": 100.0},
        }
        for name, fields in points.items():
            admin.put(f"/v1/points/{eid}-{name}", {"unit_id": f"{eid}-r1", **fields}, expect=200)
        admin.put(
            f"/v1/bridges/{eid}-bridge",
            {"enterprise_id": eid, "public_key_pem": "-----BEGIN PUBLIC KEY-----"},
            expect=200,
        )

    # the plant

    def upload(
        self,
        series: list[dict[str, Any]],
        *,
        eid: str = "acme",
        block_id: str | None = None,
        source: Mapping[str, Any] | None = None,
        compress: bool = False,
        prefer: str = "",
        expect: int = 202,
    ) -> dict[str, Any]:
        self._blocks += 1
        sent = {"block_id": block_id or str(UUID(int=self._blocks)), "series": series}
        body = json.dumps(sent if source is None else sent | {"source": source}).encode()
        return self.sends(f"{eid}-bridge", "/v1/readings", body, compress=compress, prefer=prefer, expect=expect)

    def report(self, body: Mapping[str, Any], *, bridge: str = "acme-bridge", expect: int = 200) -> dict[str, Any]:
        return self.sends(bridge, "/v1/bridges/reports", json.dumps(body).encode(), expect=expect)

    def sends(
        self, bridge: str, path: str, body: bytes, *, compress: bool = False, prefer: str = "", expect: int
    ) -> dict[str, Any]:
        """What a bridge posts, signed for the very bytes."""
        data = gzip.compress(body) if compress else body
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if compress else {})
        headers |= {"Prefer": prefer} if prefer else {}
        headers["Authorization"] = f"Bearer bridge:{bridge}:{hashlib.sha256(data).hexdigest()}"
        return answer(self.client.http.request("POST", path, headers=headers, body=data), expect)

    def reads(self, *, eid: str = "acme", at_ms: int | None = None, flag: str = "N", **values: float) -> None:
        """One reading of each named point, now or at an instant, through upload and evaluation."""
        at = self.clock.ms if at_ms is None else at_ms
        self.upload(
            [
                {"point": f"{eid}-{name}", "times": [at], "values": [value], "flags": [flag]}
                for name, value in values.items()
            ],
            eid=eid,
        )
        self.pump()

    def runs_hot(
        self, *, temperature: float = 182.0, voc: float = 39.0, steam: float = 100.0, minutes: int = 2
    ) -> None:
        """Readings past both triggers, one a minute."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.reads(temperature=temperature, voc=voc, steam=steam)

    # what AWS does in between

    def pump(self) -> None:
        """Deliver streams and queues until all are empty. A failed push message stays for the next pump."""
        again: list[PushRequest] = []
        self.queue.ripen()
        while self.stream or self.queue.waiting:
            while self.stream:
                self._deliver(self.stream.popleft())
            if self.queue.waiting:
                request = self.queue.waiting.popleft()
                again += [request] if self._push(request) else []
        self.queue.waiting.extend(again)

    def _deliver(self, row: Row) -> None:
        event = {"Records": [stream_record(row)]}
        handler = on_block if row.sk.startswith("B#") else on_event
        self.failures += len(handler(event, self.services)["batchItemFailures"])

    def _push(self, request: PushRequest) -> bool:
        record = {
            "messageId": "m",
            "receiptHandle": "r",
            "body": encode(request),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        return bool(on_push({"Records": [record]}, self.services)["batchItemFailures"])

    def photo_lands(self, key: str) -> None:
        body = json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})
        failed = on_photo({"Records": [{"messageId": "m", "body": body}]}, self.services)["batchItemFailures"]
        assert not failed
        self.pump()


class Caller:
    """One signed-in person."""

    def __init__(self, park: Park, token: str) -> None:
        self._park, self._token = park, token

    def get(self, path: str, *, expect: int = 200, **headers: str) -> dict[str, Any]:
        return self.call("GET", path, None, expect, headers)

    def put(self, path: str, body: Any, *, expect: int = 200, **headers: str) -> dict[str, Any]:
        return self.call("PUT", path, body, expect, headers)

    def post(self, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> dict[str, Any]:
        return self.call("POST", path, body, expect, headers)

    def call(self, method: str, path: str, body: Any, expect: int | None, headers: Mapping[str, str]) -> dict[str, Any]:
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = b"" if body is None else json.dumps(body).encode()
        return answer(self._park.client.http.request(method, path, headers=sent, body=data), expect)


def answer(response: HTTPResponse, expect: int | None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.body) if response.body else {}
    assert expect is None or response.status_code == expect, f"{response.status_code}: {body}"
    return body


def memory_rows(on_insert: Callable[[Row], None]) -> dict[str, Rows]:
    return {READINGS: MemoryRows(on_insert), OPERATIONS: MemoryRows(on_insert), REGISTRY: MemoryRows()}


def stream_record(row: Row) -> dict[str, Any]:
    """A row as DynamoDB's stream would show it."""
    image: dict[str, Any] = {"pk": {"S": row.pk}, "sk": {"S": row.sk}, "version": {"N": str(row.version)}}
    if row.body:
        image["body"] = {"S": json.dumps(row.body)}
    if row.blob:
        image["blob"] = {"B": b64encode(row.blob).decode()}
    event = "INSERT" if row.version == 1 else "MODIFY"
    return {"eventName": event, "dynamodb": {"NewImage": image, "SequenceNumber": "1"}}


def credit_code(stem: str) -> str:
    """A unified social credit code with a right check digit, made from the first 17 characters of any."""
    from stdnum.cn import uscc

    return stem[:17] + uscc.calc_check_digit(stem[:17])
