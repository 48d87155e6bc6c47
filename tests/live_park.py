"""A park on the local stack, for tests: plants upload with keys of their own, people use phones, and the AWS side is looked into.

Every plant is an enterprise of its own with two reactors, so tests that share a stack do not meet; the people are those of the demo
park, of whom the safety department has a phone that takes pushes. Every wait has an end.
"""

import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.adapters.catalogue import shipped_document
from chalicelib.adapters.dynamo.rows import item_of
from chalicelib.adapters.rows import Row
from demo.camera import take_photo
from demo.client import Phone
from green_shield_bridge.ids import uuid7
from green_shield_bridge.upload.identity import Identity, public_pem
from infra.local.deploy import STACK, Clients
from infra.local.seed import register_bridge
from infra.local_stack import Stack
from tests.park import credit_code

T = TypeVar("T")
Json = dict[str, Any]
FUNCTIONS = ("api", "evaluate", "relay", "push", "photo", "clock", "learn")
LOGICAL = {name: name.capitalize() for name in FUNCTIONS} | {"api": "APIHandler"}
WAIT_S = 40.0
SITE = {"latitude": 30.7602, "longitude": 121.0214}
HOT = {"temperature": 192.0, "voc": 60.0}  # tier 3
WARM = {"temperature": 182.0, "voc": 39.0}  # tier 1
POINTS: dict[str, Json] = {
    "temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
    "voc": {"indicator": "voc", "nominal": 30.0},
}
ABOUT_A_CALL = ("START ", "END ", "REPORT ")
PUSHED = "department_safety"  # who has a phone
_numbers = count(1)


def eventually(found: Callable[[], T], what: str, *, within_s: float = WAIT_S, every_s: float = 0.1) -> T:
    """The first truthy answer. Fails with `what` and the last answer when the time is up."""
    deadline = time.monotonic() + within_s
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}; last seen: {answer!r}"
        time.sleep(every_s)
    return answer


def quick_catalogue() -> Json:
    """The shipped one for a park of many tests: pushes wait a second for company, and their warnings are no flood."""
    document = shipped_document()
    grouping = {"wait_s": 1, "flood_count": 1000, "flood_window_s": 600}
    return {**document, "version": f"{document['version']}-live", "grouping": grouping}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def written(value: object) -> object:
    """What boto3 parsed, as a stream hands it to a function."""
    return value.timestamp() if isinstance(value, datetime) else b64encode(value).decode()  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class LivePlant:
    """One enterprise: its bridge's key, and what its two reactors r1 and r2 read."""

    id: str
    api: str
    identity: Identity
    committee: Phone  # which sees everything

    def upload(
        self, series: list[Json], *, block_id: str | None = None, correlation_id: str | None = None
    ) -> httpx.Response:
        body = json.dumps({"block_id": block_id or uuid7(now_ms()), "series": series}).encode()
        headers = {
            "Authorization": f"Bearer {self.identity.token_for(body, int(time.time()))}",
            "Content-Type": "application/json",
            "X-Correlation-Id": correlation_id or f"test-{uuid4()}",
        }
        return httpx.post(f"{self.api}/v1/readings", content=body, headers=headers, timeout=60)

    def reads(
        self, values: Mapping[str, float], *, unit: str = "r1", times: int = 2, correlation_id: str | None = None
    ) -> str:
        """One upload with the same values at the last `times` half seconds. Returns its correlation id."""
        end_ms = now_ms()
        at_ms = [end_ms - 500 * back for back in reversed(range(times))]
        series = [
            {"point": f"{self.id}-{unit}-{name}", "times": at_ms, "values": [value] * times}
            for name, value in values.items()
        ]
        answer = self.upload(series, correlation_id=correlation_id)
        assert answer.status_code == 202, answer.text
        assert answer.json()["stored_readings"] == times * len(values), answer.text
        return answer.headers["X-Correlation-Id"]

    def tasks(self) -> list[Json]:
        found = self.committee.get("v1/tasks", state="all", limit=100)["items"]
        return [task for task in found if task["enterprise_id"] == self.id]

    def task_of(self, unit: str = "r1", *, within_s: float = WAIT_S) -> Json:
        """The task of a reactor, as soon as it is there."""
        wanted = f"{self.id}-{unit}"
        return eventually(
            lambda: next((t for t in self.tasks() if t["unit_id"] == wanted), None),
            f"a task of {wanted}",
            within_s=within_s,
        )


@dataclass
class LivePark:
    stack: Stack
    fcm_token: str = field(default_factory=lambda: f"token-{uuid4().hex}")

    def __post_init__(self) -> None:
        self.phones["admin"].put("v1/catalogue", quick_catalogue())
        self.phones[PUSHED].put("v1/me/devices/phone-1", {"token": self.fcm_token, "platform": "android"})

    @cached_property
    def aws(self) -> Clients:
        return Clients(self.stack.aws["endpoint"])

    @cached_property
    def phones(self) -> dict[str, Phone]:
        return {role: Phone(self.stack.api, token) for role, token in self.stack.tokens.items()}

    def person(self, role: str) -> str:
        return str(self.stack.ids["people"][role])

    # plants and people

    def plant(self, name: str) -> LivePlant:
        """A newly registered enterprise."""
        made = f"{name}-{next(_numbers)}"
        admin = self.phones["admin"]
        code = credit_code(f"91330400MA2T{next(_numbers):05d}0")
        admin.put(f"v1/enterprises/{made}", {"name": f"{made}化工（测试）", "credit_code": code, "industry": "circular_chemical", "size": "medium", "region": "east"})  # fmt: skip
        for unit in ("r1", "r2"):
            admin.put(f"v1/units/{made}-{unit}", {"enterprise_id": made, "name": f"{unit}反应釜", "type": "reactor"})
            for point, fields in POINTS.items():
                admin.put(f"v1/points/{made}-{unit}-{point}", {"unit_id": f"{made}-{unit}", **fields})
        return LivePlant(made, self.stack.api, self._bridge(made), self.phones["committee"])

    def _bridge(self, enterprise_id: str) -> Identity:
        key = Ed25519PrivateKey.generate()
        bridge_id = f"{enterprise_id}-bridge"
        register_bridge(
            api=self.stack.api, admin_token=self.stack.tokens["admin"], bridge_id=bridge_id, enterprise_id=enterprise_id,
            public_key_pem=public_pem(key.public_key()),
        )  # fmt: skip
        return Identity(bridge_id, key)

    # what people do

    def photographs(self, task: Json, side: str, *, who: str | None = None) -> Json:
        """A photo that was announced, uploaded and judged."""
        phone = self.phones[who or f"inspector_{side}"]
        data = take_photo(f"{task['id'][:10]} {side}", **SITE)
        announced = {"id": str(uuid4()), "dimension": side, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "content_type": "image/jpeg"}  # fmt: skip
        photo = phone.post(f"v1/tasks/{task['id']}/photos", announced)
        phone.upload(photo["upload"], data)
        return self.judged(task, photo["id"], phone)

    def judged(self, task: Json, photo_id: str, phone: Phone) -> Json:
        def seen() -> Json | None:
            photo = phone.get(f"v1/tasks/{task['id']}/photos/{photo_id}")
            return photo if photo["state"] != "expected" else None

        return eventually(seen, f"photo {photo_id} judged")

    def task(self, task: Json) -> Json:
        """The task as it now is."""
        return self.phones["committee"].get(f"v1/tasks/{task['id']}")

    def deliveries(self, task: Json) -> list[Json]:
        """The delivery ledger of a task."""
        found: list[Json] = self.phones["admin"].get(f"v1/tasks/{task['id']}/deliveries")["items"]
        return found

    def inbox(self, task: Json, role: str = PUSHED) -> list[str]:
        """The kinds of what a person was told about a task, newest first."""
        return [
            one["kind"] for one in self.phones[role].get("v1/inbox", limit=100)["items"] if one["task_id"] == task["id"]
        ]

    # Google's stand-in

    def pushes(self, task: Json, kind: str = "task_dispatched") -> list[Json]:
        """What the FCM stand-in accepted about a task, for the phone that takes pushes."""
        messages = httpx.get(f"{self.stack.standins}/messages", timeout=10).json()["messages"]
        mine = [one["message"] for one in messages if one["message"]["token"] == self.fcm_token]
        return [one for one in mine if one["data"]["task_id"] == task["id"] and one["data"]["kind"] == kind]

    def fcm(self, **order: Any) -> None:
        """Tell the stand-in how to answer what comes next; see infra/local/standins.py."""
        httpx.post(f"{self.stack.standins}/control", json=order, timeout=10).raise_for_status()

    # functions, queues, tables, logs

    @cached_property
    def functions(self) -> dict[str, str]:
        """The deployed functions' names."""
        found = self.aws("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
        return {name: physical[logical] for name, logical in LOGICAL.items()}

    @contextmanager
    def broken(self, function: str, setting: str = "GREENSHIELD_OPERATIONS_TABLE") -> Iterator[None]:
        """Deploy a function without one of its settings, so that every call of it crashes; put it right again at the end."""
        variables = self.configuration(function)["Environment"]["Variables"]
        self._configure(function, {name: value for name, value in variables.items() if name != setting})
        try:
            yield
        finally:
            self._configure(function, variables)

    def restart(self, function: str) -> None:
        """Have a function begin anew at its next call."""
        self._configure(function, self.configuration(function)["Environment"]["Variables"])

    def configuration(self, function: str) -> Json:
        return self.aws("lambda").get_function_configuration(FunctionName=self.functions[function])

    def _configure(self, function: str, variables: Mapping[str, str]) -> None:
        name = self.functions[function]
        self.aws("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": dict(variables)})
        eventually(lambda: self.configuration(function)["LastUpdateStatus"] == "Successful", f"{function} updated")

    @contextmanager
    def queue_with(self, url: str, **attributes: str) -> Iterator[None]:
        """Other attributes of a queue for as long as the block."""
        sqs = self.aws("sqs")
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    def attribute(self, url: str, name: str) -> str:
        return self.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]

    def put(self, url: str, *bodies: str) -> None:
        for body in bodies:
            self.aws("sqs").send_message(QueueUrl=url, MessageBody=body)

    def take(self, url: str) -> list[str]:
        """Take all that waits in a queue. Returns the bodies."""
        sqs, taken = self.aws("sqs"), []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
                taken.append(one["Body"])
        return taken

    def count(self, url: str) -> int:
        return int(self.attribute(url, "ApproximateNumberOfMessages"))

    def write(self, table: str, *rows: Row) -> None:
        """Write rows straight into a table, behind the app's back, all at once."""
        puts = [{"PutRequest": {"Item": item_of(row)}} for row in rows]
        self.aws("dynamodb").batch_write_item(RequestItems={self.stack.resources[table]: puts})

    def hand_over_again(self, function: str, batch: Json) -> None:
        """What docs/operations.md does with a stream's failure record: fetch the records, and call the function with them."""
        streams = self.aws("dynamodbstreams")
        iterator = streams.get_shard_iterator(
            StreamArn=batch["streamArn"], ShardId=batch["shardId"], ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]  # fmt: skip
        records = streams.get_records(ShardIterator=iterator, Limit=batch["batchSize"])["Records"]
        assert records[-1]["dynamodb"]["SequenceNumber"] == batch["endSequenceNumber"]
        event = json.dumps({"Records": records}, default=written)
        answer = self.aws("lambda").invoke(FunctionName=self.functions[function], Payload=event.encode())
        assert json.load(answer["Payload"]) == {"batchItemFailures": []}

    def rows(self, table: str, pk: str) -> list[Json]:
        """A partition as the table holds it."""
        found = (
            self.aws("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.stack.resources[table],
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
            )
        )
        return [item for page in found for item in page["Items"]]

    def log(self, function: str, since_ms: int = 0) -> list[str]:
        """What a function wrote, without what Lambda writes about it."""
        return [line for line in self._raw_log(function, since_ms) if line and not line.startswith(ABOUT_A_CALL)]

    def calls(self, function: str, since_ms: int) -> int:
        """How often a function was called and has ended, well or not."""
        return sum(line.startswith("REPORT ") for line in self._raw_log(function, since_ms))

    def _raw_log(self, function: str, since_ms: int) -> list[str]:
        logs, found, more = self.aws("logs"), [], {}
        while True:
            page = logs.filter_log_events(logGroupName=f"/aws/lambda/{STACK}/{function}", startTime=since_ms, **more)
            found += [event["message"].rstrip("\n") for event in page["events"]]
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    def log_of(self, function: str, correlation_id: str) -> list[Json]:
        """The lines of a function that carry a correlation id."""
        parsed = [json.loads(line) for line in self.log(function) if correlation_id in line]
        return [line for line in parsed if line.get("correlation_id") == correlation_id]
