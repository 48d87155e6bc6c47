"""What is logged: JSON lines with ids, codes and counts, the correlation id from upload to push, and nothing secret or personal.

One run of everything, good and bad, is logged once and looked at from many sides.
"""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from hashlib import sha256
from typing import Any

import pytest

from chalicelib.adapters.fcm import FcmChannel
from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.adapters.rows import Row
from chalicelib.domain.photo import RefusalReason
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_event import on_event
from chalicelib.handlers.on_photo import on_photo
from chalicelib.handlers.on_push import on_push
from chalicelib.observability import NAMESPACE, FunctionFailed, logger
from infra.local import standins
from tests.acts import FakeInspector, client_id, judges, photo_body, retest_body, submits, the_task
from tests.park import PEOPLE, Park, credit_code, stream_record

UPLOAD_ID, POISON_ID = "upload-0123456789", "poison-0123456789"
PHOTO = b"\xff\xd8\xff the bytes of a picture that shows a face"
NAME, ENTERPRISE = "网格员某某", "某某化工有限公司"
NOTE, REASON, TEXT, INSTRUMENT = "夜班某某已关闭阀门", "照片里有某某的脸", "某某更换了密封件", "某某的手持仪"
FCM_TOKEN, GONE_TOKEN = "fcm-registration-token-of-a-phone", "token-unregistered-of-another"
TEMPERATURE = 188.125
SECRETS = {
    "a person's token": "person:inspector_safety",
    "a bridge's token": "bridge:acme-bridge",
    "a token that was refused": "a-forged-token",
    "an FCM registration token": FCM_TOKEN,
    "the token of a phone that is gone": GONE_TOKEN,
    "a service account's private key": "PRIVATE KEY",
    "an access token of Google's": "ya29.",
    "a person's name": NAME,
    "an enterprise's name": ENTERPRISE,
    "what was noted on a submission": NOTE,
    "why a side was returned": REASON,
    "what the enterprise did": TEXT,
    "what a retest was measured with": INSTRUMENT,
    "a photo's bytes": "shows a face",
    "a photo's bytes in base64": b64encode(PHOTO).decode()[:24],
    "a photo's hash": sha256(PHOTO).hexdigest(),
    "where a photo was taken": "31.2304",
    "a measured value": str(TEMPERATURE),
    "a bridge's key": "BEGIN PUBLIC KEY",
}


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """What a function writes to its standard output: the logger's lines and the metrics."""
    out = io.StringIO()
    handler = logger.registered_handler
    before = handler.setStream(out)
    try:
        with redirect_stdout(out):
            yield out
    finally:
        handler.setStream(before)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All that a run of everything writes."""
    with standins.running(tmp_path_factory.mktemp("google")) as url, captured() as out:
        account = standins.service_account_json(f"{url}/token", standins.new_private_key_pem())
        park = Park(inspector=FakeInspector(), media=MemoryMediaStore(), channel=FcmChannel(account, url)).register()
        register_people(park)
        work_a_task(park)
        make_trouble(park)
        push_with_a_damaged_account(park, account.replace("BEGIN PRIVATE KEY", "BEGIN DAMAGED PRIVATE KEY"), url)
    return out.getvalue().splitlines()


def register_people(park: Park) -> None:
    admin = park.as_("admin")
    admin.put("/v1/people/inspector_safety", {**PEOPLE["inspector_safety"], "name": NAME})
    code = credit_code("91110000MA01A2B34H")
    fields = {"credit_code": code, "industry": "circular_chemical", "size": "medium", "region": "east"}
    admin.put("/v1/enterprises/acme", {**fields, "name": ENTERPRISE})
    for person in ("inspector_safety", "enterprise", "department_safety"):
        park.as_(person).put("/v1/me/devices/phone", {"token": FCM_TOKEN, "platform": "android"})
    park.as_("committee").put("/v1/me/devices/tablet", {"token": GONE_TOKEN, "platform": "android"})


def work_a_task(park: Park) -> None:
    hot = {"temperature": TEMPERATURE, "voc": 54.0, "steam": 112.0}
    times = [park.clock.ms - 60_000, park.clock.ms]
    series = [{"point": f"acme-{name}", "times": times, "values": [value] * 2} for name, value in hot.items()]
    body = json.dumps({"block_id": client_id(1), "series": series}).encode()
    token = f"bridge:acme-bridge:{sha256(body).hexdigest()}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "X-Correlation-Id": UPLOAD_ID}
    assert park.client.http.request("POST", "/v1/readings", headers=headers, body=body).status_code == 202
    park.pump()
    task = the_task(park)
    for number, (side, reason) in enumerate((("safety", None), ("environment", RefusalReason.UNREADABLE)), start=1):
        sends_photo(park, task, number, side, reason)
        retest = retest_body(number, side, instrument=INSTRUMENT)
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{task['id']}/retests", retest, expect=201)
        submits(park, task, side, NOTE)
    rectification = {"id": client_id(9), "text": TEXT, "photos": []}
    park.as_("enterprise").post(f"/v1/tasks/{task['id']}/rectifications", rectification, expect=201)
    judges(park, task, "safety", "rejected", reason=REASON)
    park.clock.advance(3 * 3600)
    on_clock(park.services)
    submits(park, task, "safety", NOTE)
    judges(park, task, "safety", revision=2)
    assert judges(park, task, "environment")["state"] == "closed"


def sends_photo(park: Park, task: dict[str, Any], number: int, side: str, reason: RefusalReason | None) -> None:
    path = f"/v1/tasks/{task['id']}/photos"
    announced = park.as_(f"inspector_{side}").post(path, photo_body(number, side, PHOTO), expect=201)
    key = announced["upload"]["fields"]["key"]
    park.services.media.write(key, PHOTO, content_type="image/jpeg")
    park.services.inspector.reason = reason
    park.photo_lands(key)


def make_trouble(park: Park) -> None:
    """Every way to fail, with something secret in each."""
    for token in ("a-forged-token", "person:nobody", f"bridge:acme-bridge:{'0' * 64}"):
        park.client.http.request("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})
    inspector = park.as_("inspector_safety")
    inspector.put("/v1/me/devices/phone", {"token": FCM_TOKEN, "platform": NAME}, expect=400)
    inspector.post(f"/v1/tasks/{the_task_that_was(park)}/sides/safety/submission", {"note": NOTE}, expect=409)
    inspector.get("/v1/tasks/no-such-task", expect=404)
    event = {"kind": "side_rejected", "reason": REASON, "note": NAME, "correlation_id": POISON_ID}
    poison = stream_record(Row("ENT#acme", "EVENT#poison", event))
    assert on_event({"Records": [poison]}, park.services)["batchItemFailures"]
    with pytest.raises(FunctionFailed) as raised:
        on_event({"Records": [poison, poison]}, park.services)
    print(json.dumps({"what Lambda logs of it": repr(raised.value)}))
    for body in ("not JSON " + NAME, json.dumps({"person_id": NAME})):
        assert on_push(message(body), park.services)["batchItemFailures"]
        assert on_photo(message(json.dumps({"Records": [{"s3": body}]})), park.services)["batchItemFailures"]


def push_with_a_damaged_account(park: Park, account: str, url: str) -> None:
    park.services.channel = FcmChannel(account, url)
    park.as_("enterprise").put("/v1/me/devices/second", {"token": FCM_TOKEN + "-2", "platform": "ios"})
    notice = park.as_("enterprise").get("/v1/inbox")["items"][0]
    request = {"person_id": "enterprise", "notice_id": notice["id"], "correlation_id": POISON_ID}
    assert on_push(message(json.dumps(request)), park.services)["batchItemFailures"]


def the_task_that_was(park: Park) -> str:
    return str(park.as_("committee").get("/v1/tasks?state=all")["items"][0]["id"])


def message(body: str) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    return {"Records": [{"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes}]}


@pytest.fixture(scope="module")
def logged(lines: list[str]) -> list[dict[str, Any]]:
    """The lines that are not metrics."""
    return [line for line in map(json.loads, lines) if "_aws" not in line]


@pytest.fixture(scope="module")
def metrics(lines: list[str]) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, lines) if "_aws" in line]


def test_the_run_had_everything_in_it(logged: list[dict[str, Any]]) -> None:
    said = {line.get("message") for line in logged}
    assert {
        "request",
        "block judged",
        "event relayed",
        "push done",
        "photo judged",
        "clock ran",
        "record failed",
    } <= said
    assert {line["status"] for line in logged if line.get("message") == "request"} >= {
        200,
        201,
        202,
        400,
        401,
        404,
        409,
    }


@pytest.mark.parametrize("secret", [pytest.param(secret, id=name) for name, secret in SECRETS.items()])
def test_no_line_holds(lines: list[str], secret: str) -> None:
    said = [json.dumps(json.loads(line), ensure_ascii=False) for line in lines]
    assert [line for line in said if secret in line] == []


def test_every_line_is_json_with_a_level_a_time_and_the_service(logged: list[dict[str, Any]]) -> None:
    ours = [line for line in logged if "what Lambda logs of it" not in line]
    assert all(line.keys() >= {"level", "timestamp", "service", "message", "location"} for line in ours)
    assert {line["service"] for line in ours} == {"green-shield"} and {line["level"] for line in ours} == {
        "INFO",
        "WARNING",
    }


def test_every_request_is_logged_once_with_its_route_status_and_correlation_id(logged: list[dict[str, Any]]) -> None:
    requests = [line for line in logged if line.get("message") == "request"]
    assert all(line.keys() >= {"method", "route", "status", "correlation_id"} for line in requests)
    ids = [line["correlation_id"] for line in requests]
    assert ids.count(UPLOAD_ID) == 1 and len(ids) == len(set(ids))
    assert {"/v1/tasks/{task_id}/photos", "/v1/readings"} <= {line["route"] for line in requests}


def test_an_uploads_correlation_id_goes_all_the_way_to_the_push_and_the_end_of_the_task(
    logged: list[dict[str, Any]],
) -> None:
    carried = [line for line in logged if line.get("correlation_id") == UPLOAD_ID]
    steps = [line.get("kind") or line["message"] for line in carried]
    for step in (
        "request",
        "block judged",
        "task_dispatched",
        "push done",
        "photo judged",
        "side_rejected",
        "task_closed",
    ):
        assert step in steps
    first = {step: steps.index(step) for step in ("request", "block judged", "task_dispatched", "push done")}
    assert list(first.values()) == sorted(first.values())


def test_what_fails_is_logged_with_its_kind_place_and_correlation_id(logged: list[dict[str, Any]]) -> None:
    failed = [line for line in logged if line.get("message") == "record failed"]
    assert {line["stage"] for line in failed} == {"relay", "push", "photo"}
    assert {"ChannelMisconfigured", "KeyError", "JSONDecodeError"} <= {line["error"] for line in failed}
    assert all(line["error"] and line["where"].partition(":")[2].isdecimal() for line in failed)
    assert {line.get("correlation_id") for line in failed if line["stage"] == "relay"} == {POISON_ID}


def test_a_correlation_id_does_not_stick_to_what_comes_after_it(logged: list[dict[str, Any]]) -> None:
    assert [line for line in logged if line.get("message") == "clock ran" and "correlation_id" in line] == []


def test_metrics_are_valid_embedded_metrics(metrics: list[dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    names = set()
    for line in metrics:
        assert 1_600_000_000_000 < line["_aws"]["Timestamp"] < 4_000_000_000_000
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        for dimensions in directive["Dimensions"]:
            assert 0 < len(dimensions) <= 30 and all(isinstance(line[name], str) and line[name] for name in dimensions)
        for metric in directive["Metrics"]:
            values = line[metric["Name"]]
            assert all(isinstance(value, int | float) for value in (values if isinstance(values, list) else [values]))
            names.add(metric["Name"])
    assert names == {"ReadingsStored", "Decision", "Push", "Photo", "RecordFailed", "DeadlineMissed"}


def test_no_metric_has_a_dimension_that_grows_with_the_park(metrics: list[dict[str, Any]]) -> None:
    dimensions = {
        name
        for line in metrics
        for one in line["_aws"]["CloudWatchMetrics"]
        for names in one["Dimensions"]
        for name in names
    }
    assert dimensions <= {"service", "stage", "status", "channel", "change", "tier", "state"}
